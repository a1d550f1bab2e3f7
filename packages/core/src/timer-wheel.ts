import type { Clock } from './clock.ts';

/**
 * Deadlines of very many things with one timer. An item is put into the list of its tick and never taken out, so
 * whatever is done long before its deadline costs nothing here. Whoever is told asks first whether the item still
 * matters. An item is told up to two ticks late, never early.
 */
export class Deadlines<T> {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #onDue: (item: T) => void;
  readonly #ticks = new Map<number, T[]>();
  /** Where the last item went; the next one mostly goes there, too. */
  #lastTick = -1;
  #lastItems: T[] = [];
  #next = 0;
  /** While items are told: the last tick of this round. */
  #round: number | undefined;
  #cancel: (() => void) | undefined;

  constructor(options: { clock: Clock; tickMs: number; onDue: (item: T) => void }) {
    this.#clock = options.clock;
    this.#tickMs = options.tickMs;
    this.#onDue = options.onDue;
  }

  /** @param due in milliseconds of `clock.elapsed()` */
  add(item: T, due: number): void {
    const wanted = Math.ceil(due / this.#tickMs);
    // Whoever is told may add: that comes in the next round at the earliest, and does not move the place of this one.
    const tick = this.#round === undefined ? wanted : Math.max(wanted, this.#round + 1);
    if (tick !== this.#lastTick) {
      this.#lastTick = tick;
      this.#lastItems = this.#ticks.get(tick) ?? [];
      this.#ticks.set(tick, this.#lastItems);
    }
    this.#lastItems.push(item);
    if (this.#round !== undefined) return;
    if (this.#cancel) this.#next = Math.min(this.#next, tick);
    else {
      this.#next = Math.min(tick, Math.floor(this.#clock.elapsed() / this.#tickMs));
      this.#run();
    }
  }

  /** Forgets everything and stops the timer. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#lastTick = -1;
    this.#ticks.clear();
  }

  #run(): void {
    this.#cancel = this.#clock.after(this.#tickMs, () => {
      this.#cancel = undefined;
      const now = Math.floor(this.#clock.elapsed() / this.#tickMs);
      this.#round = now;
      try {
        // After a long sleep fewer ticks have a list than went by.
        if (now - this.#next > this.#ticks.size) {
          for (const tick of [...this.#ticks.keys()].sort((a, b) => a - b)) if (tick <= now) this.#due(tick);
        } else for (let tick = this.#next; tick <= now; tick++) this.#due(tick);
      } finally {
        this.#round = undefined;
        this.#next = now + 1;
        if (this.#ticks.size > 0) this.#run();
      }
    });
  }

  #due(tick: number): void {
    const items = this.#ticks.get(tick);
    if (!items) return;
    this.#ticks.delete(tick);
    if (tick === this.#lastTick) this.#lastTick = -1;
    for (const item of items) this.#onDue(item);
  }
}

interface Entry<K> {
  key: K;
  /** In milliseconds of `clock.elapsed()`. */
  due: number;
  /** The tick's list that holds this entry is due then. */
  listed: number;
}

/**
 * Deadlines that are moved and taken back by key. Moving one later touches no list, so it may be called for every
 * message.
 *
 * @example
 * const wheel = new TimerWheel<string>({ clock, tickMs: 1000, onDue: (id) => drop(id) });
 * wheel.set('a', 30_000);
 */
export class TimerWheel<K> {
  readonly #clock: Clock;
  readonly #entries = new Map<K, Entry<K>>();
  readonly #deadlines: Deadlines<Entry<K>>;

  constructor({ clock, tickMs, onDue }: { clock: Clock; tickMs: number; onDue: (key: K) => void }) {
    this.#clock = clock;
    this.#deadlines = new Deadlines({
      clock,
      tickMs,
      onDue: (entry) => {
        if (this.#entries.get(entry.key) !== entry) return;
        if (entry.due > entry.listed) this.#list(entry);
        else {
          this.#entries.delete(entry.key);
          onDue(entry.key);
        }
      },
    });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Sets or moves the deadline of `key` to so many milliseconds from now. */
  set(key: K, withinMs: number): void {
    const due = this.#clock.elapsed() + withinMs;
    const known = this.#entries.get(key);
    if (known && due >= known.due) {
      known.due = due;
      return;
    }
    // An earlier deadline takes a new entry; the old one is passed over when its tick comes.
    const entry = { key, due, listed: due };
    this.#entries.set(key, entry);
    this.#list(entry);
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }

  /** Forgets everything and stops the timer. */
  close(): void {
    this.#entries.clear();
    this.#deadlines.close();
  }

  #list(entry: Entry<K>): void {
    entry.listed = entry.due;
    this.#deadlines.add(entry, entry.due);
  }
}
