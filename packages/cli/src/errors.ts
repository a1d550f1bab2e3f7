import { SparrowError } from '@sparrow/core';

/** What a person can do wrong at the command line. */
export type CliErrorCode =
  /** An unknown command or option, or a missing argument. */
  | 'USAGE'
  /** The command needs an answer, and there is no terminal to ask in. */
  | 'CONFIRMATION_NEEDED'
  /** `create` would write into a folder that holds something. */
  | 'FOLDER_NOT_EMPTY'
  /** A tool of the machine is missing or failed. */
  | 'TOOL_FAILED';

export class CliError extends SparrowError<CliErrorCode> {}
