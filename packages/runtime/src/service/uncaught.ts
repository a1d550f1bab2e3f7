import type { Reporter } from './reporter.ts';

/** Reports what nobody in the program caught. @param onRejection hears of promises that were rejected, too */
export function watchUncaught(
  reporter: Reporter,
  onRejection: (rejection: { reason: unknown; promise: Promise<unknown> }) => void,
): void {
  globalThis.addEventListener('error', (event) => {
    event.preventDefault();
    reporter.problem('script', 'UNCAUGHT', thrownBy(event as ErrorEvent));
  });
  globalThis.addEventListener('unhandledrejection', (event) => {
    event.preventDefault();
    const { reason, promise } = event as PromiseRejectionEvent;
    onRejection({ reason, promise });
    // Failed wx calls reject with a plain object; WeChat prints those without counting them as errors of the script.
    if (isFailedCall(reason)) reporter.console.warn('Unhandled promise rejection', reason);
    else reporter.problem('script', 'UNHANDLED_REJECTION', reason);
  });
}

/** Puts the component's name and the method's behind what an error says. */
export function located(error: unknown, info: { method: string; is: string }): unknown {
  if (error instanceof Error && info.is && !error.message.includes(info.is)) {
    try {
      error.message = `${error.message} (in ${info.is}, ${info.method})`;
    } catch {
      // A frozen error keeps its message.
    }
  }
  return error;
}

/** What a tool reads of a failure: the stack of an error, the message of a call to wx that failed. */
export const told = (error: unknown): string =>
  isFailedCall(error) ? (error as { errMsg: string }).errMsg : String((error as Error | undefined)?.stack ?? error);

/** What a script threw. What is no error has no stack, but the browser knows where it was thrown. */
function thrownBy({ error, message, filename, lineno, colno }: ErrorEvent): unknown {
  if (error instanceof Error) return error;
  const made = new Error(message);
  made.stack = `${message}\n    at ${filename}:${lineno}:${colno}`;
  return made;
}

function isFailedCall(reason: unknown): boolean {
  return !(reason instanceof Error) && typeof (reason as { errMsg?: unknown } | null)?.errMsg === 'string';
}
