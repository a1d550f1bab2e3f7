import { type ErrorWords, SparrowError } from '@sparrow/core';
import { COMPILER_ERRORS_ZH } from './errors.zh.ts';

export type CompilerErrorCode =
  /** The folder holds no app.json. */
  | 'NO_PROJECT'
  /** A name of the project would be written outside of the package's folder. */
  | 'PATH_OUTSIDE_PACKAGE'
  /** The compiler was used after `close()`. */
  | 'CLOSED';

/** Thrown for wrong use of the compiler. Faults of the project are diagnostics of the manifest, never this. */
export class CompilerError extends SparrowError<CompilerErrorCode> {
  get chinese(): ErrorWords {
    const words: Record<CompilerErrorCode, ErrorWords> = COMPILER_ERRORS_ZH;
    return words[this.code];
  }
}
