import { backoff } from '@sparrow/core';

/** Tries work until it is done; a lost connection is no reason to give up. */
export class Persistence {
  readonly #log: (line: string) => void;
  #isClosed = false;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Ends early when `isOver` says that nobody wants it any more. */
  async keep(work: () => Promise<void>, what: string, isOver: () => boolean = () => false): Promise<void> {
    for (let attempt = 0; !this.#isClosed && !isOver(); attempt++) {
      try {
        await work();
        return;
      } catch (error) {
        if (attempt % 10 === 9) this.#log(`${what}: ${error instanceof Error ? error.message : String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, backoff(attempt, { baseMs: 20, maxMs: 1_000 })));
      }
    }
  }

  /** Waits for `ms` at most; the work goes on behind that, until it is done or the session's end does it. */
  async keepFor(ms: number, work: () => Promise<void>, what: string): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([this.keep(work, what), late]);
    clearTimeout(timer);
  }

  close(): void {
    this.#isClosed = true;
  }
}
