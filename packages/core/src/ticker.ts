/**
 * Looks every `tickMs` for as long as there is something to look after, with a timer that keeps no process alive. For
 * those who hold what waits in lists of their own and take it out when it is done; `Deadlines` keeps everything until
 * it is due, which is too much of what is large and long over.
 *
 * @example
 * const ticker = new Ticker(20, (now) => refuseLate(waiting, now) > 0);
 * waiting.push(job);
 * ticker.start();
 */
export class Ticker {
  readonly #tickMs: number;
  readonly #look: (now: number) => boolean;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param look is given `performance.now()`, and answers whether it is to look again */
  constructor(tickMs: number, look: (now: number) => boolean) {
    this.#tickMs = tickMs;
    this.#look = look;
  }

  /** Called whenever there is something to look after; nothing when it looks already. */
  start(): void {
    if (this.#timer) return;
    this.#timer = setInterval(() => {
      if (!this.#look(performance.now())) this.stop();
    }, this.#tickMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
