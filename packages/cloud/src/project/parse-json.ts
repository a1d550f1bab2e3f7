import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { readIfThere } from '../state/atomic-file.ts';

/**
 * Reads a JSON file; undefined when there is none.
 *
 * @throws CloudError PROJECT_INVALID with line and column. V8's own message has them only for some faults.
 */
export function readJsonFile(file: string): unknown {
  const text = readIfThere(file)?.replace(/^\uFEFF/, '');
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    const before = text.slice(0, jsonErrorAt(text)).split('\n');
    const place = phrase`line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
    throw new CloudError('PROJECT_INVALID', phrase`${file} is not JSON at ${place}: ${(error as Error).message}`, {
      hint: phrase`correct the file at that place; comments and commas before a closing bracket are not allowed`,
      cause: error,
    });
  }
}

const TOKEN =
  /\s*(?:([{}[\],:])|"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/uy;

/** Offset of the first token that cannot stand where it stands (RFC 8259); the length of the text when it only ends too early. */
export function jsonErrorAt(text: string): number {
  const open: string[] = [];
  let expects: 'value' | 'key' | 'colon' | 'end' = 'value';
  let first = false;
  TOKEN.lastIndex = 0;
  for (;;) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) return from + (/^\s*/.exec(text.slice(from))?.[0].length ?? 0);
    const mark = match[1];
    const token = match[0].trimStart();
    const at = from + match[0].length - token.length;
    const inside = open.at(-1);
    const closes = (mark === '}' && inside === '{') || (mark === ']' && inside === '[');
    if (closes && (expects === 'end' || first)) {
      open.pop();
      expects = 'end';
    } else if (expects === 'value' && (mark === undefined || mark === '{' || mark === '[')) {
      if (mark !== undefined) open.push(mark);
      first = mark !== undefined;
      expects = mark === '{' ? 'key' : mark === '[' ? 'value' : 'end';
      continue;
    } else if (expects === 'key' && token.startsWith('"')) expects = 'colon';
    else if (expects === 'colon' && mark === ':') expects = 'value';
    else if (expects === 'end' && mark === ',' && inside !== undefined) expects = inside === '{' ? 'key' : 'value';
    else return at;
    first = false;
  }
}
