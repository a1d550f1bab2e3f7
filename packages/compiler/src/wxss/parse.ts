import type { Diagnostic } from '@sparrow/protocol';
import postcss, { CssSyntaxError, type Root, type Rule } from 'postcss';
import { createDiagnostic, offsetAt } from '../diagnostics.ts';
import { bracketLimit, sizeLimit } from '../limits.ts';
import { parserWords } from '../parser-words.ts';
import { phrase } from '../phrase.ts';
import type { SourceFile } from '../project/source-tree.ts';

const PIECE_HINT = phrase`correct the style sheet at this place; until then this piece of it is left out`;

/** A sheet with more faults than this is no style sheet at all. */
const MAX_FAULTS = 20;

export interface ParsedSheet {
  root: Root;
  /** Offset of the rule whose } is missing: whatever seems wrong behind it follows from that. */
  unclosedAt?: number;
}

/**
 * Parses a style sheet. What a browser would leave out is left out here, with a warning: half a declaration, a brace
 * too many or too few. A sheet with more faults than a slip of the hand explains is an error and gives undefined.
 */
export function parseSheet(file: SourceFile, diagnostics: Diagnostic[]): ParsedSheet | undefined {
  const limit = bracketLimit(file) ?? sizeLimit(file);
  if (limit) {
    diagnostics.push(limit);
    return undefined;
  }
  const faults: Diagnostic[] = [];
  let text = blankLineComments(file, diagnostics);
  let isUnclosed = false;
  for (;;) {
    try {
      const root = postcss.parse(text, { map: false });
      const cause = isUnclosed ? unclosedRule(root, faults) : undefined;
      if (cause === undefined) {
        diagnostics.push(...faults);
        return { root };
      }
      const before = faults.filter(
        ({ severity, line, column }) => severity !== 'error' && offsetAt(text, { line, column }) < cause,
      );
      diagnostics.push(unclosedFault(file, cause), ...before);
      return { root, unclosedAt: cause };
    } catch (error) {
      if (!(error instanceof CssSyntaxError)) throw error;
      const at = { line: error.line ?? 1, column: error.column ?? 1 };
      const unclosed = /^Unclosed block/.test(error.reason);
      isUnclosed ||= unclosed;
      faults.push(
        unclosed
          ? unclosedFault(file, offsetAt(text, at))
          : createDiagnostic(file, {
              code: 'WXSS_SYNTAX',
              severity: 'warning',
              message: parserWords(error.reason),
              hint: PIECE_HINT,
              at,
            }),
      );
      const mended = mend(text, error.reason, offsetAt(text, at));
      if (mended === text || faults.length > MAX_FAULTS) {
        const { message, chinese } = faults[0]!;
        const { en, zh = en } = phrase`correct the style sheet at this place; until then none of its rules applies`;
        const inChinese = { message: chinese?.message ?? message, hint: zh };
        diagnostics.push({ ...faults[0]!, severity: 'error', hint: en, chinese: inChinese });
        return undefined;
      }
      text = mended;
    }
  }
}

/** What follows a brace that is missing belongs to its rule: much more than a piece is lost. */
function unclosedFault(file: SourceFile, at: number): Diagnostic {
  const message = phrase`the } of this rule is missing: what follows counts as a part of it`;
  return createDiagnostic(file, { code: 'WXSS_SYNTAX', message, hint: PIECE_HINT, at });
}

/**
 * Where the brace is missing. The parser names the block that is open at the end, which may be one around it: a later }
 * has closed the rule in its stead. A style sheet of the original has no nested rules, so the first rule that holds one
 * is meant.
 */
function unclosedRule(root: Root, faults: readonly Diagnostic[]): number | undefined {
  let cause: Rule | undefined;
  root.walkRules((rule) => {
    if (rule.parent?.type !== 'rule') return undefined;
    cause = rule.parent as Rule;
    return false;
  });
  if (cause) return cause.source?.start?.offset;
  const told = faults.find(({ severity }) => severity === 'error');
  return told && offsetAt(root.source?.input.css ?? '', told);
}

/** Removes the cause of a syntax error; offsets stay as they are. */
function mend(text: string, reason: string, offset: number): string {
  if (/^Unclosed block/.test(reason)) return `${text}}`;
  if (/^Unclosed comment/.test(reason)) return `${text}*/`;
  // Up to the end of the declaration, or of the line for a string without end.
  const pattern = /^Unclosed (string|quote|bracket)/.test(reason) ? /[^\n]*/y : /[};]|[^;{}]+/y;
  pattern.lastIndex = offset;
  const length = pattern.exec(text)?.[0].length ?? 0;
  return (
    text.slice(0, offset) + text.slice(offset, offset + length).replace(/[^\n]/g, ' ') + text.slice(offset + length)
  );
}

/** Comments, strings and urls, which may hold `//`; last a line comment with what stands before it. */
const LINE_COMMENTS =
  /\/\*[\s\S]*?(?:\*\/|$)|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|url\([^)\n]*\)?|(^|[\s;{}])\/\/[^\n]*/g;

/** CSS has no line comments, and one hides the rule after it. They are frequent, so they get lost here instead. */
function blankLineComments(file: SourceFile, diagnostics: Diagnostic[]): string {
  let first: number | undefined;
  const text = file.text.replace(LINE_COMMENTS, (token, before: string | undefined, offset: number) => {
    if (before === undefined) return token;
    first ??= offset + before.length;
    return before.padEnd(token.length);
  });
  if (first !== undefined) {
    diagnostics.push(
      createDiagnostic(file, {
        code: 'WXSS_SYNTAX',
        severity: 'warning',
        message: phrase`a style sheet has no line comments`,
        hint: phrase`write /* … */: the official tool refuses // or drops the rule after it`,
        at: first,
      }),
    );
  }
  return text;
}
