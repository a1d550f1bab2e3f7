import { SparrowError } from '@sparrow/core';

/** `NO_PROJECT`: the folder holds no app.json; `CLOSED`: the compiler was used after `close()`. */
export type CompilerErrorCode = 'NO_PROJECT' | 'CLOSED';

/** Thrown for wrong use of the compiler. Faults of the project are diagnostics of the manifest, never this. */
export class CompilerError extends SparrowError<CompilerErrorCode> {}
