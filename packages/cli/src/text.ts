import { relative } from 'node:path';

/** A path as people like to read it: from the folder they are in when it is below that, else in full. */
export function shortPath(cwd: string, path: string): string {
  const way = relative(cwd, path);
  return way === '' ? '.' : way.startsWith('..') ? path : way;
}

/** Columns a text takes in a terminal: Chinese characters take two. */
export function width(text: string): number {
  let columns = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const wide =
      (code >= 0x1100 && code <= 0x115f) ||
      (code >= 0x2e80 && code <= 0xa4cf) ||
      (code >= 0xac00 && code <= 0xd7a3) ||
      (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0xfe30 && code <= 0xfe6f) ||
      (code >= 0xff00 && code <= 0xff60) ||
      (code >= 0x1f300 && code <= 0x1faff) ||
      (code >= 0x20000 && code <= 0x3fffd);
    columns += wide ? 2 : 1;
  }
  return columns;
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)));
}

/** Rows under a head, in columns. */
export function table(head: string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, i) => Math.max(width(title), ...rows.map((row) => width(row[i] ?? ''))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => pad(cell, widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((columns) => '─'.repeat(columns)).join('  '), ...rows.map(line)];
}
