import type { Clock } from '@sparrow/core';

const TICK_MS = 20;

/**
 * Deadlines of questions, most of which are answered long before: a number is put into the list of its tick and never taken out,
 * so an answer costs nothing here. Whoever is told asks first whether the question is still open. Up to one tick late, never early.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #onDue: (call: number) => void;
  readonly #ticks = new Map<number, number[]>();
  /** Where the last one went; the next mostly goes there, too. */
  #lastTick = -1;
  #lastCalls: number[] = [];
  #next = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, onDue: (call: number) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  add(call: number, withinMs: number): void {
    const tick = Math.ceil((this.#clock.now() + withinMs) / TICK_MS) + 1;
    if (tick !== this.#lastTick) {
      this.#lastTick = tick;
      this.#lastCalls = this.#ticks.get(tick) ?? [];
      this.#ticks.set(tick, this.#lastCalls);
    }
    this.#lastCalls.push(call);
    if (!this.#cancel) {
      this.#next = Math.floor(this.#clock.now() / TICK_MS);
      this.#run();
    } else if (tick < this.#next) this.#next = tick;
  }

  #run(): void {
    this.#cancel = this.#clock.after(TICK_MS, () => {
      this.#cancel = undefined;
      const now = Math.floor(this.#clock.now() / TICK_MS);
      if (now - this.#next > this.#ticks.size) {
        // After a long sleep the ticks that have a list are fewer than those that went by.
        for (const tick of [...this.#ticks.keys()].sort((a, b) => a - b)) if (tick <= now) this.#due(tick);
        this.#next = now + 1;
      } else while (this.#next <= now) this.#due(this.#next++);
      if (this.#ticks.size > 0) this.#run();
    });
  }

  #due(tick: number): void {
    const calls = this.#ticks.get(tick);
    if (!calls) return;
    this.#ticks.delete(tick);
    if (tick === this.#lastTick) this.#lastTick = -1;
    for (const call of calls) this.#onDue(call);
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#ticks.clear();
  }
}
