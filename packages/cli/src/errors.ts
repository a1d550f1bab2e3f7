import { type ErrorWords, SparrowError } from '@sparrow/core';
import { CLI_ERRORS_ZH } from './errors.zh.ts';

/** What a person can do wrong at the command line. */
export type CliErrorCode =
  /** An unknown command or option, or a missing argument. */
  | 'USAGE'
  /** The command needs an answer, and there is no terminal to ask in. */
  | 'CONFIRMATION_NEEDED'
  /** `create` would write into a folder that holds something. */
  | 'FOLDER_NOT_EMPTY'
  /** A tool of the machine is missing or failed. */
  | 'TOOL_FAILED'
  /** A signal ended the command before its end. */
  | 'INTERRUPTED';

export class CliError extends SparrowError<CliErrorCode> {
  get chinese(): ErrorWords {
    const words: Record<CliErrorCode, ErrorWords> = CLI_ERRORS_ZH;
    return words[this.code];
  }
}
