import type { Phrase } from '@sparrow/core';
import { CliError } from './errors.ts';
import { phrase } from './phrase.ts';

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof SIGNALS;

/** A command that somebody may break off: it ends in order at the first signal, and at once at the second. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** What shells expect of a command that this signal ended; undefined while none came. */
  readonly exitCode: number | undefined;
  /** Rejects as soon as a signal comes, whatever becomes of the work. */
  race<T>(work: Promise<T>): Promise<T>;
  /** @param done what had been done by then */
  error(done: Phrase): CliError;
  /** Signals do what they did before. */
  forget(): void;
}

export function createInterruption(): Interruption {
  const controller = new AbortController();
  let came: Signal | undefined;
  const listeners = (Object.keys(SIGNALS) as Signal[]).map((name) => {
    const listener = (): void => {
      if (came !== undefined) process.exit(SIGNALS[name]);
      came = name;
      controller.abort();
    };
    process.on(name, listener);
    return { name, listener };
  });
  const error = (done: Phrase): CliError =>
    new CliError('INTERRUPTED', phrase`${came ?? ''} ended this: ${done}`, {
      hint: phrase`run it again when it may take its time`,
    });
  return {
    signal: controller.signal,
    get exitCode() {
      return came && SIGNALS[came];
    },
    async race(work) {
      const { promise, reject } = Promise.withResolvers<never>();
      const onAbort = (): void => reject(error(phrase`nothing was done yet`));
      controller.signal.addEventListener('abort', onAbort);
      try {
        if (came !== undefined) onAbort();
        return await Promise.race([work, promise]);
      } finally {
        controller.signal.removeEventListener('abort', onAbort);
        work.catch(() => {});
      }
    },
    error,
    forget: () => listeners.forEach(({ name, listener }) => void process.off(name, listener)),
  };
}
