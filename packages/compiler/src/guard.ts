import type { Diagnostic } from '@sparrow/protocol';
import { createDiagnostic } from './diagnostics.ts';
import { sizeLimit, tooComplex } from './limits.ts';
import { phrase } from './phrase.ts';
import type { SourceFile } from './project/source-tree.ts';

/** A compiler cannot go on after this file: its process or its module is in an undefined state. */
export class CompileBroken extends Error {
  readonly file: SourceFile;
  constructor(file: SourceFile, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'CompileBroken';
    this.file = file;
  }
}

/** A file that broke a compiler or took too long. It is left out as long as its text is the same. */
export interface Outcast {
  path: string;
  hash: string;
  reason: 'broke' | 'slow';
  /** What the compiler threw; empty when its process ended. */
  message: string;
}

export interface CompileGuard {
  outcasts: readonly Outcast[];
  /** Told of every file before it is compiled: when nothing more is heard, it is the one. */
  onFile(file: SourceFile): void;
}

/**
 * Compiles one file. What is too large is not begun, and what breaks our own code is a fault of the file and not the end of the
 * build.
 *
 * @param left what stands in for the file when it is left out
 */
export function guarded<T>(guard: CompileGuard, file: SourceFile, compute: () => T, left: (found: Diagnostic) => T): T {
  const outcast = guard.outcasts.find(({ path, hash }) => path === file.path && hash === file.hash);
  if (outcast) return left(outcastDiagnostic(file, outcast));
  const large = sizeLimit(file);
  if (large) return left(large);
  guard.onFile(file);
  const settle = (error: unknown): T => {
    if (error instanceof CompileBroken) throw error;
    if (error instanceof RangeError) return left(tooComplex(file, phrase`the file nests too deeply`));
    throw new CompileBroken(file, error);
  };
  try {
    const value = compute();
    return value instanceof Promise ? (value.catch(settle) as T) : value;
  } catch (error) {
    return settle(error);
  }
}

function outcastDiagnostic(file: SourceFile, { reason, message }: Outcast): Diagnostic {
  if (reason === 'slow') return tooComplex(file, phrase`the file takes too long to compile`);
  return createDiagnostic(file, {
    code: 'COMPILER_BROKE',
    message: phrase`the compiler gave up on this file: ${message === '' ? phrase`it ended` : message}`,
    hint: phrase`it may nest too deeply, or hold a very long expression; divide it`,
  });
}
