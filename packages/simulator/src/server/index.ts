/** The Node side of the simulator: packages, relay, files and events for the phones. */

export { SimulatorError, type SimulatorErrorCode } from './errors.ts';
export { createSimulator, type SimulatorDeps, type SimulatorOptions } from './simulator.ts';
