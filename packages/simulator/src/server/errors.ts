import { type ErrorWords, SparrowError } from '@sparrow/core';
import { SIMULATOR_ERRORS_ZH } from './errors.zh.ts';

export type SimulatorErrorCode =
  /** What runs in the browser has not been built yet. */
  | 'BROWSER_PARTS_MISSING'
  /** There is no Chromium to look with. */
  | 'BROWSER_NOT_FOUND'
  /** The browser ended in the middle of a check; the report has the pages that were seen before. */
  | 'BROWSER_DIED';

/** What can go wrong in the simulator's server. */
export class SimulatorError extends SparrowError<SimulatorErrorCode> {
  get chinese(): ErrorWords {
    const words: Record<SimulatorErrorCode, ErrorWords> = SIMULATOR_ERRORS_ZH;
    return words[this.code];
  }
}
