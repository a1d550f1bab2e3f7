import { type ErrorWords, SparrowError } from '@sparrow/core';
import { SIMULATOR_ERRORS_ZH } from './errors.zh.ts';

export type SimulatorErrorCode = 'BROWSER_PARTS_MISSING' | 'BROWSER_NOT_FOUND' | 'CHECK_FAILED';

/** What can go wrong in the simulator's server. */
export class SimulatorError extends SparrowError<SimulatorErrorCode> {
  get chinese(): ErrorWords {
    const words: Record<SimulatorErrorCode, ErrorWords> = SIMULATOR_ERRORS_ZH;
    return words[this.code];
  }
}
