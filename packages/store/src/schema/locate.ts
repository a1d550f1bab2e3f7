import type { Phrase } from '@sparrow/core';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';

/** A place in a `.proto`, both from 1. */
export interface Place {
  line: number;
  column: number;
}

export function placeAt(source: string, offset: number): Place {
  const before = source.slice(0, Math.max(0, offset));
  const line = before.split('\n').length;
  return { line, column: offset - before.lastIndexOf('\n') };
}

/** The block of a message, comments blanked out so that they are not searched. */
export function findMessage(source: string, name: string): { start: number; text: string } | undefined {
  const clean = blankComments(source);
  const match = new RegExp(`\\bmessage\\s+(${name})\\s*\\{`).exec(clean);
  if (!match) return undefined;
  const start = match.index + match[0].length;
  let depth = 1;
  let end = start;
  for (; end < clean.length && depth > 0; end++) {
    if (clean[end] === '{') depth++;
    else if (clean[end] === '}') depth--;
  }
  return { start, text: clean.slice(start, end) };
}

export function blankComments(source: string): string {
  return source.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (text) =>
    text[0] === '/' ? text.replace(/[^\n]/g, ' ') : text,
  );
}

/** Where in the message a pattern stands, or the message itself. */
export function placeIn(source: string, message: string, pattern?: RegExp): Place {
  const block = findMessage(source, message);
  if (!block) return { line: 1, column: 1 };
  const at = pattern ? block.text.search(pattern) : -1;
  if (at >= 0) return placeAt(source, block.start + at);
  const head = blankComments(source).search(new RegExp(`\\bmessage\\s+${message}\\b`));
  return placeAt(source, head);
}

export function invalid(
  file: string,
  place: Place,
  message: string | Phrase,
  hint: Phrase,
  cause?: unknown,
): StoreError {
  return new StoreError('SCHEMA_INVALID', phrase`${file}:${place.line}:${place.column}: ${message}`, { hint, cause });
}
