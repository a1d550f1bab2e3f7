import type { Clock } from './clock.ts';
import { Deadlines } from './timer-wheel.ts';

const TICK_MS = 20;

/**
 * Calls that wait for their answers, by number, each with a deadline. An answer costs one map operation, however many
 * calls are open; a call that is not answered in time is taken out and told.
 *
 * @example
 * const calls = new PendingCalls<Waiting>({ clock, onLate: (waiting) => waiting.reject(new Error('too late')) });
 * const call = calls.add({ resolve, reject }, 5_000);
 * calls.take(call)?.resolve(answer);
 */
export class PendingCalls<T> {
  readonly #clock: Clock;
  readonly #open = new Map<number, T>();
  readonly #deadlines: Deadlines<number>;
  #last = 0;

  constructor({ clock, onLate }: { clock: Clock; onLate: (waiting: T, call: number) => void }) {
    this.#clock = clock;
    this.#deadlines = new Deadlines({
      clock,
      tickMs: TICK_MS,
      onDue: (call) => {
        const waiting = this.take(call);
        if (waiting !== undefined) onLate(waiting, call);
      },
    });
  }

  get size(): number {
    return this.#open.size;
  }

  /** Opens a call under the next number, 32 bits and never 0. */
  add(waiting: T, withinMs: number): number {
    do this.#last = (this.#last + 1) >>> 0;
    while (this.#last === 0 || this.#open.has(this.#last));
    this.set(this.#last, waiting, withinMs);
    return this.#last;
  }

  /** Opens a call under a number that the caller counts. */
  set(call: number, waiting: T, withinMs: number): void {
    this.#open.set(call, waiting);
    this.#deadlines.add(call, this.#clock.elapsed() + withinMs);
  }

  get(call: number): T | undefined {
    return this.#open.get(call);
  }

  /** Ends a call; undefined when it is not open, e.g. because its answer came already. */
  take(call: number): T | undefined {
    const waiting = this.#open.get(call);
    if (waiting !== undefined) this.#open.delete(call);
    return waiting;
  }

  /** Ends all calls that `isMeant` says yes to. */
  takeWhere(isMeant: (waiting: T) => boolean): T[] {
    const taken: T[] = [];
    for (const [call, waiting] of this.#open)
      if (isMeant(waiting)) {
        this.#open.delete(call);
        taken.push(waiting);
      }
    return taken;
  }

  values(): IterableIterator<T> {
    return this.#open.values();
  }

  /** Stops the deadlines; answers whoever still waited. */
  close(): T[] {
    this.#deadlines.close();
    return this.takeWhere(() => true);
  }
}
