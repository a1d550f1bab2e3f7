import { type Diagnostic, rootOfFile } from '@sparrow/protocol';
import { createDiagnostic, type SourceText } from './diagnostics.ts';
import { dirname } from './paths.ts';
import { phrase } from './phrase.ts';

/** A path that one file names of another. */
export interface Reference {
  /** Project path as written there, `..` resolved; a path that climbs out of the project goes on at its root. */
  path: string;
  literal: string;
  /** True when it climbs out of the project: the original takes the root then, and real programs rely on it. */
  climbs: boolean;
  /** Offset in the file that names it. */
  offset: number;
}

/** @param from project path of the file that names it */
export function referenceTo(from: string, literal: string, offset: number): Reference {
  const folder = literal.startsWith('/') ? rootOfFile(from) : dirname(from);
  const parts = folder === '' ? [] : folder.split('/');
  let climbs = false;
  for (const part of literal.replaceAll('\\', '/').split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) climbs = true;
  }
  return { path: parts.join('/'), literal, climbs, offset };
}

/** What to say about a path that climbs out: nothing outside is ever read, the root may happen to hold what is meant. */
export function climbDiagnostic(source: SourceText, { literal, offset }: Reference, found: boolean): Diagnostic {
  return createDiagnostic(source, {
    code: 'PATH_OUTSIDE_PROJECT',
    severity: found ? 'warning' : 'error',
    message: phrase`the path climbs out of the project: ${literal}`,
    hint: found
      ? phrase`it counts from the root of the mini program; write so`
      : phrase`use a path below the root of the mini program`,
    at: offset,
  });
}
