import { BREAKING_PROBLEMS, type Diagnostic, type LocatedStack, type ProgramPlace } from '@sparrow/protocol';
import type { LogEntry, ProblemEntry } from '@sparrow/runtime/native';

/** Something that broke in the running program, with its place in the project. */
export interface Fault {
  code: ProblemEntry['code'];
  message: string;
  pageId: number;
  /** Path of the page that it happened on; empty before the first one. */
  page: string;
  stack?: string;
  place?: ProgramPlace;
}

export interface FaultOptions {
  /** Asks the simulator's server for the places of a stack; with a problem it is told in the terminal, too. */
  locate(question: { stack: string; problem?: { code: string; message: string; page: string } }): Promise<LocatedStack>;
  diagnostics(): readonly Diagnostic[];
  pageOf(pageId: number): string;
  onLog(entry: LogEntry): void;
  onFault(fault: Fault): void;
}

/** Different problems whose places are kept; one that comes again is not asked for again. */
const KEPT = 200;

/**
 * Makes of what the logic layer reports what a developer reads: one line in the log, and a fault when something broke.
 */
export function createFaults(options: FaultOptions): {
  log(entry: LogEntry): void;
  problem(problem: ProblemEntry): void;
} {
  const known = new Map<string, Promise<LocatedStack>>();
  const locate: FaultOptions['locate'] = (question) => {
    const key = JSON.stringify(question);
    const before = known.get(key);
    if (before) return before;
    // Without its server the phone shows the stack as it is.
    const found = options.locate(question).catch((): LocatedStack => ({ stack: question.stack }));
    known.set(key, found);
    const [oldest] = known.keys();
    if (known.size > KEPT && oldest !== undefined) known.delete(oldest);
    return found;
  };
  /** A script that did not compile throws what the compiler has told already. */
  const isTold = (message: string): boolean =>
    options.diagnostics().some(({ file, line, column }) => line > 0 && message.includes(`(${file}:${line}:${column})`));

  return {
    log(entry) {
      const { stack } = entry;
      if (stack === undefined) options.onLog(entry);
      else void locate({ stack }).then((located) => options.onLog({ ...entry, stack: located.stack }));
    },
    problem({ code, message, stack, pageId }) {
      if (isTold(message)) return;
      const page = options.pageOf(pageId);
      const breaks = BREAKING_PROBLEMS.has(code);
      const question = { stack: stack ?? '', ...(breaks && { problem: { code, message, page } }) };
      void locate(question).then((located) => {
        const shown = { ...(stack !== undefined && { stack: located.stack }) };
        options.onLog({ level: 'error', text: message, pageId, ...shown });
        if (breaks)
          options.onFault({ code, message, pageId, page, ...shown, ...(located.place && { place: located.place }) });
      });
    },
  };
}
