/** The Node side of the simulator: packages, relay, files and events for the phones. */

export { renderSVG as qrSvg } from 'uqr';
export { findChromium, launchBrowser } from './browser.ts';
export { checkPages } from './check.ts';
export type { CheckError, CheckErrorKind, CheckOptions, CheckPage, CheckReport } from './check-report.ts';
export type { SimulatorDeps } from './deps.ts';
export { SimulatorError, type SimulatorErrorCode } from './errors.ts';
export { createSimulator, type SimulatorOptions } from './simulator.ts';
