import type { Phrase } from '@sparrow/core';
import type { Diagnostic } from '@sparrow/protocol';
import { createDiagnostic, type SourceText } from './diagnostics.ts';
import { phrase } from './phrase.ts';

/**
 * What a file may be before a parser sees it. Nobody writes more by hand; what is generated and larger belongs on a server.
 * Parsers are recursive, and some end the whole process or take the square of the time: so these limits come first, and they can
 * name the place.
 */
export const LIMITS = {
  /** Bytes of one template, style sheet, script or JSON file. */
  fileBytes: 2 * 1024 * 1024,
  /** Elements in one another in a template. */
  elements: 200,
  attributes: 1_000,
  /** Characters and operators of one `{{…}}`, and bindings in one text or attribute. */
  expression: 8_000,
  operators: 1_500,
  bindings: 1_000,
  /** `{{` that nothing closes: each is looked for to the end of the file. */
  openBindings: 20,
  /** Brackets in one another in JSON, scripts, style sheets and expressions. */
  brackets: 200,
  scriptBrackets: 1_000,
  /** Style sheets that one sheet imports, directly or not. */
  imports: 1_000,
  /** Findings of one file. */
  findings: 100,
} as const;

/** A file that a limit keeps from being compiled. */
export function tooComplex(source: SourceText, what: Phrase, at?: number): Diagnostic {
  return createDiagnostic(source, {
    code: 'TOO_COMPLEX',
    message: what,
    hint: phrase`divide the file, or load such data from a server; until then it is left out`,
    at,
  });
}

export function sizeLimit(source: SourceText): Diagnostic | undefined {
  if (source.text.length <= LIMITS.fileBytes) return undefined;
  return tooComplex(
    source,
    phrase`the file has ${(source.text.length / 1024 / 1024).toFixed(1)} MB, compiled are 2 MB at most`,
  );
}

/** Strings and comments of JSON, JavaScript and CSS, then the brackets. Regular expressions count as what they look like. */
const TOKENS = /"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'|\/\*[\s\S]*?(?:\*\/|$)|[([{]|[)\]}]/g;

/** Says where brackets stand in one another too deeply. */
export function bracketLimit(source: SourceText, limit: number = LIMITS.brackets): Diagnostic | undefined {
  const at = tooDeepAt(source.text, limit);
  return at === undefined
    ? undefined
    : tooComplex(source, phrase`more than ${limit} brackets stand in one another`, at);
}

/** Offset of the first bracket that stands too deeply. */
export function tooDeepAt(text: string, limit: number, start = 0, end = text.length): number | undefined {
  let depth = 0;
  const piece = start === 0 && end === text.length ? text : text.slice(start, end);
  for (const { 0: token, index } of piece.matchAll(TOKENS)) {
    if (token === '(' || token === '[' || token === '{') {
      depth += 1;
      if (depth > limit) return start + index;
    } else if (token === ')' || token === ']' || token === '}') depth = Math.max(0, depth - 1);
  }
  return undefined;
}

/** The first findings of a file, errors before warnings: placing thousands of them takes the square of the time. */
export function mostImportant<T>(findings: readonly T[], isError: (finding: T) => boolean): T[] {
  if (findings.length <= LIMITS.findings) return [...findings];
  return [...findings.filter(isError), ...findings.filter((finding) => !isError(finding))].slice(0, LIMITS.findings);
}
