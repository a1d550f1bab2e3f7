import type { Diagnostic, LogLine } from '@sparrow/protocol';
import { phrase } from './phrase.ts';

/** Findings of one build that get a line; the rest is counted. */
const LINES = 20;

/** Writes what a build newly found into the log, each finding once for as long as it is there, and returns it. */
export function createDiagnosticLog(
  log: (line: Omit<LogLine, 'time'>) => void,
): (diagnostics: readonly Diagnostic[]) => Diagnostic[] {
  let known = new Set<string>();
  return (diagnostics) => {
    const found = new Map(diagnostics.map((diagnostic) => [nameOf(diagnostic), diagnostic]));
    const fresh = [...found].filter(([name]) => !known.has(name)).map(([, diagnostic]) => diagnostic);
    known = new Set(found.keys());
    for (const { frame: _, ...finding } of fresh.slice(0, LINES)) {
      const { severity, code, file, line, column, message, hint } = finding;
      log({
        source: 'compiler',
        level: severity === 'error' ? 'error' : 'warn',
        text: `${code} ${file}${line > 0 ? `:${line}:${column}` : ''} ${message} · ${hint}`,
        finding,
      });
    }
    if (fresh.length > LINES) log(moreFindings(fresh.length - LINES));
    return fresh;
  };
}

const nameOf = ({ code, file, line, column, message }: Diagnostic): string =>
  JSON.stringify([code, file, line, column, message]);

function moreFindings(count: number): Omit<LogLine, 'time'> {
  const { en, zh } = phrase`… and ${count} more findings`;
  return { source: 'compiler', level: 'warn', text: en, ...(zh !== undefined && { zh }) };
}
