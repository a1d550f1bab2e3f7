import type { ProblemCode } from '@sparrow/protocol';
import type { Invoker } from '../bridge/index.ts';
import type { ProblemEntry } from '../wx/developer/contract.ts';

export type ProblemKind = ProblemEntry['kind'];

/** Tells the native layer, and through it the developer, what happened in the logic layer. */
export interface Reporter {
  problem(kind: ProblemKind, code: ProblemCode, error: unknown): void;
  /** A console for the mini program's code that is shown in the log panel, too. */
  readonly console: Console;
  /** Runs user code; an error is reported, not thrown. */
  guard<T>(where: string, run: () => T): T | undefined;
  onError(listener: (message: string) => void): void;
}

const LEVELS = ['debug', 'info', 'log', 'warn', 'error'] as const;
/** Longer texts are cut: a log line is to be read. In characters. */
const MAX_LOG_TEXT = 10_000;

/**
 * @param stackOf what of a stack is told: places in the program, as the source maps count them
 */
export function createReporter(
  invoker: Invoker,
  currentPage: () => number,
  stackOf: (stack: string) => string,
): Reporter {
  const listeners: ((message: string) => void)[] = [];
  const native = globalThis.console;

  function send(level: (typeof LEVELS)[number], args: unknown[]): void {
    const stack = args.find((arg): arg is Error => arg instanceof Error)?.stack;
    const text = args.map(printable).join(' ').slice(0, MAX_LOG_TEXT);
    void invoker
      .invoke('log', { level, text, pageId: currentPage(), ...(stack && { stack: stackOf(stack) }) })
      .catch(() => {});
  }

  const shown = Object.create(native) as Console;
  for (const level of LEVELS) {
    shown[level] = (...args: unknown[]) => {
      native[level](...args);
      send(level, args);
    };
  }

  const reporter: Reporter = {
    console: shown,
    onError: (listener) => {
      listeners.push(listener);
    },
    problem(kind, code, error) {
      const message = printable(error);
      const stack = error instanceof Error ? error.stack : undefined;
      native.error(error);
      void invoker
        .invoke('problem', { kind, code, message, pageId: currentPage(), ...(stack && { stack: stackOf(stack) }) })
        .catch(() => {});
      for (const listener of listeners) listener(`${message}\n${stack ?? ''}`);
    },
    guard(where, run) {
      try {
        const result = run();
        // Lifecycle functions are often async; what they throw counts the same.
        if (result instanceof Promise)
          result.catch((error: unknown) => reporter.problem('script', 'UNCAUGHT', annotate(where, error)));
        return result;
      } catch (error) {
        reporter.problem('script', 'UNCAUGHT', annotate(where, error));
        return undefined;
      }
    },
  };
  return reporter;
}

function annotate(where: string, error: unknown): Error {
  if (!(error instanceof Error)) return new Error(`${printable(error)} (in ${where})`);
  try {
    error.message = `${error.message} (in ${where})`;
  } catch {
    // A frozen error keeps its message.
  }
  return error;
}

function printable(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === 'function') return `[Function ${value.name}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const seen = new Set<object>();
  try {
    return JSON.stringify(value, (_key, item: unknown) => {
      if (typeof item === 'object' && item !== null) {
        if (seen.has(item)) return '[circular]';
        seen.add(item);
      }
      if (typeof item === 'bigint') return `${item}n`;
      if (typeof item === 'function') return `[Function ${item.name}]`;
      return item;
    });
  } catch {
    return Object.prototype.toString.call(value);
  }
}
