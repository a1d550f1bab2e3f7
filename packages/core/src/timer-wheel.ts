import type { Clock } from './clock.ts';

interface Entry<K> {
  key: K;
  /** Milliseconds UTC. */
  due: number;
  slot: number;
}

/**
 * Deadlines of very many things with one timer: setting, moving and removing one costs the same however many there are.
 * A deadline fires up to one tick late, never early.
 *
 * @example
 * const wheel = new TimerWheel<string>({ clock, tickMs: 1000, onDue: (id) => drop(id) });
 * wheel.set('a', clock.now() + 30_000);
 */
export class TimerWheel<K> {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #onDue: (key: K) => void;
  readonly #slots: Set<Entry<K>>[];
  readonly #entries = new Map<K, Entry<K>>();
  #current = 0;
  #cancel: (() => void) | undefined;

  /** `slots` × `tickMs` is one turn; longer deadlines go round again. */
  constructor(options: { clock: Clock; tickMs: number; slots?: number; onDue: (key: K) => void }) {
    this.#clock = options.clock;
    this.#tickMs = options.tickMs;
    this.#onDue = options.onDue;
    this.#slots = Array.from({ length: options.slots ?? 64 }, () => new Set<Entry<K>>());
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Sets or moves the deadline of `key` (milliseconds UTC). Moving it later touches no slot, so it may be called for every message. */
  set(key: K, due: number): void {
    const known = this.#entries.get(key);
    if (known) {
      if (due >= known.due) {
        known.due = due;
        return;
      }
      this.delete(key);
    }
    const entry = { key, due, slot: 0 };
    this.#entries.set(key, entry);
    this.#place(entry);
    this.#run();
  }

  delete(key: K): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#slots[entry.slot]?.delete(entry);
  }

  /** Forgets everything and stops the timer. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#entries.clear();
    for (const slot of this.#slots) slot.clear();
  }

  #place(entry: Entry<K>): void {
    const ticks = Math.max(1, Math.ceil((entry.due - this.#clock.now()) / this.#tickMs));
    entry.slot = (this.#current + Math.min(ticks, this.#slots.length - 1)) % this.#slots.length;
    this.#slots[entry.slot]?.add(entry);
  }

  #run(): void {
    if (this.#cancel || this.#entries.size === 0) return;
    this.#cancel = this.#clock.after(this.#tickMs, () => {
      this.#cancel = undefined;
      this.#tick();
      this.#run();
    });
  }

  #tick(): void {
    this.#current = (this.#current + 1) % this.#slots.length;
    const slot = this.#slots[this.#current];
    if (!slot?.size) return;
    const entries = [...slot];
    slot.clear();
    const now = this.#clock.now();
    for (const entry of entries) {
      if (entry.due > now) this.#place(entry);
      else {
        this.#entries.delete(entry.key);
        this.#onDue(entry.key);
      }
    }
  }
}
