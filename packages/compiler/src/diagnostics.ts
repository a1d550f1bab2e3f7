import { Phrase } from '@sparrow/core';
import { type Diagnostic, type DiagnosticCode, diagnosticIn } from '@sparrow/protocol';

/** Where a finding belongs: a text with the name that the user knows it by. */
export interface SourceText {
  /** Path inside the project folder, as shown to the user. */
  display: string;
  text: string;
}

export interface Position {
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
}

export interface Finding {
  code: DiagnosticCode;
  /** A plain text comes from a parser, in whose language it is. */
  message: string | Phrase;
  hint: Phrase;
  /** Default: `error`. */
  severity?: Diagnostic['severity'];
  /** Offset in the text, or a position; without both the whole file is meant. */
  at?: number | Position | undefined;
}

export function positionAt(text: string, offset: number): Position {
  const end = Math.max(0, Math.min(offset, text.length));
  let line = 1;
  let start = 0;
  for (let next = text.indexOf('\n'); next >= 0 && next < end; next = text.indexOf('\n', start)) {
    line += 1;
    start = next + 1;
  }
  return { line, column: end - start + 1 };
}

/** Offset of a position; past the end of its line it is the end of the line. */
export function offsetAt(text: string, position: Position): number {
  let start = 0;
  for (let line = 1; line < position.line; line += 1) {
    const next = text.indexOf('\n', start);
    if (next < 0) return text.length;
    start = next + 1;
  }
  const end = text.indexOf('\n', start);
  return Math.min(start + position.column - 1, end < 0 ? text.length : end);
}

const CONTEXT_LINES = 2;
const MAX_COLUMNS = 160;

/**
 * The line of a position with two lines above and below and a caret under the column. Long lines (minified code) are
 * cut to a window of 160 columns around the caret.
 */
export function codeFrame(text: string, { line, column }: Position): string {
  const lines = text.split('\n');
  if (line < 1 || line > lines.length) return '';
  const first = Math.max(1, line - CONTEXT_LINES);
  const last = Math.min(lines.length, line + CONTEXT_LINES);
  const width = String(last).length;
  const from = column > MAX_COLUMNS - 20 ? column - MAX_COLUMNS / 2 : 0;
  const out: string[] = [];
  for (let number = first; number <= last; number += 1) {
    const shown = (lines[number - 1] ?? '').replace(/\r$/, '').slice(from, from + MAX_COLUMNS);
    const label = String(number).padStart(width);
    out.push(`${number === line ? '>' : ' '} ${label} | ${shown}`.trimEnd());
    if (number === line) {
      // Tabs before the caret stay tabs, so that it stands under its column in any terminal.
      const lead = shown.slice(0, Math.max(0, column - 1 - from)).replace(/[^\t]/g, ' ');
      out.push(`  ${' '.repeat(width)} | ${lead}^`);
    }
  }
  return out.join('\n');
}

export function createDiagnostic(source: SourceText, finding: Finding): Diagnostic {
  const { code, severity = 'error', at } = finding;
  return { code, severity, ...words(finding), ...placeOf(source, at) };
}

/** @param at offset, or a position; the whole file is meant without */
export function placeOf(
  source: SourceText,
  at: number | Position | undefined,
): Pick<Diagnostic, 'file' | 'line' | 'column' | 'frame'> {
  const position = typeof at === 'number' ? positionAt(source.text, at) : at;
  return {
    file: source.display,
    line: position?.line ?? 0,
    column: position?.column ?? 0,
    frame: position ? codeFrame(source.text, position) : '',
  };
}

/** The sentences of a finding, as they go into the package. */
export function words({ code, message, hint }: Finding): Pick<Diagnostic, 'message' | 'hint' | 'chinese'> {
  const plain = { code, message: String(message), hint: hint.en };
  const { message: inChinese, hint: fix } = diagnosticIn('zh', plain);
  const zh = message instanceof Phrase ? message.zh : undefined;
  return { message: plain.message, hint: plain.hint, chinese: { message: zh ?? inChinese, hint: hint.zh ?? fix } };
}
