import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { SparrowError } from '@sparrow/core';
import type { Io } from './io.ts';
import { phrase } from './phrase.ts';

/** Form of an error in `--json`. */
export interface ErrorReport {
  error: { code: string; message: string; hint: string; log?: string };
}

/**
 * Shows an error in the shape of the house: code and one line, what caused it, how to mend it, where the log is.
 *
 * @returns what `--json` prints of it.
 */
export function reportError(io: Io, error: unknown, log = writeErrorLog(error)): ErrorReport {
  const known = error instanceof SparrowError;
  const code = known ? error.code : 'INTERNAL';
  const text = error instanceof Error ? error.message : String(error);
  const told = known ? error.told : phrase`Sparrow broke: ${text}`;
  const advice = known ? error.advice : phrase`this is a fault of Sparrow: please report it with the log`;
  const [first = '', ...rest] = io.tell(told).split('\n');
  const cause = error instanceof Error && error.cause !== undefined ? causeText(error.cause) : '';
  const news = cause !== '' && !text.includes(cause) ? cause : undefined;
  io.warn('');
  io.warn(phrase`  ${io.paint(['red', 'bold'], code)}: ${first}`);
  for (const line of rest) io.warn(`    ${line}`);
  if (news !== undefined) io.warn(phrase`  Cause: ${news}`);
  io.warn(phrase`  Fix: ${advice}`);
  if (log) io.warn(io.paint('dim', phrase`  Log: ${log}`));
  io.warn('');
  return { error: { code, message: text, hint: advice.en, ...(log === undefined ? {} : { log }) } };
}

/** Keeps the whole error with its stacks, for the report of a fault. Undefined when even that is not possible. */
function writeErrorLog(error: unknown): string | undefined {
  try {
    const folder = join(tmpdir(), `sparrow-${userInfo().username}`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, 'last-error.log');
    const about = `${new Date().toISOString()} node ${process.version} ${process.argv.slice(2).join(' ')}`;
    writeFileSync(file, `${about}\n\n${inspect(error, { depth: 5 })}\n`, { mode: 0o600 });
    return file;
  } catch {
    return undefined;
  }
}

function causeText(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n')[0] ?? '';
}
