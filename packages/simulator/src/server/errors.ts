import { SparrowError } from '@sparrow/core';

export type SimulatorErrorCode = 'BROWSER_PARTS_MISSING' | 'BROWSER_NOT_FOUND' | 'CHECK_FAILED';

/** What can go wrong in the simulator's server. */
export class SimulatorError extends SparrowError<SimulatorErrorCode> {}
