/** The Node side of the simulator: packages, relay, files and events for the phones. */

export { renderSVG as qrSvg } from 'uqr';
export { findChromium, launchBrowser } from './browser.ts';
export { type CheckOptions, type CheckPage, type CheckReport, checkPages } from './check.ts';
export type { SimulatorDeps } from './deps.ts';
export { SimulatorError, type SimulatorErrorCode } from './errors.ts';
export { createSimulator, type SimulatorOptions } from './simulator.ts';
