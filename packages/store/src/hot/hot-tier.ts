/** Decoded records of an embedded store, kept by use within a budget of bytes. Nobody outside of the store handles it. */
export interface HotTier<T> {
  get(key: string): T | undefined;
  /** `bytes` is what the entry is thought to take in memory. */
  set(key: string, value: T, bytes: number): void;
  delete(key: string): void;
  clear(): void;
  readonly bytes: number;
  readonly size: number;
  readonly hits: number;
  readonly misses: number;
}

interface Slot<T> {
  value: T;
  bytes: number;
  used: boolean;
}

/** What a Map entry and its key take beside the record. */
const OVERHEAD = 160;

export function createHotTier<T>(budget: number): HotTier<T> {
  const entries = new Map<string, Slot<T>>();
  let bytes = 0;
  let hits = 0;
  let misses = 0;

  /** Second chance: who was read since the last turn goes to the end instead of out. */
  function evict(): void {
    for (const [key, slot] of entries) {
      if (bytes <= budget) return;
      entries.delete(key);
      if (slot.used) {
        slot.used = false;
        entries.set(key, slot);
      } else bytes -= slot.bytes;
    }
  }

  return {
    get(key) {
      const slot = entries.get(key);
      if (!slot) {
        misses++;
        return undefined;
      }
      hits++;
      slot.used = true;
      return slot.value;
    },
    set(key, value, size) {
      const old = entries.get(key);
      const own = size + key.length * 2 + OVERHEAD;
      if (own > budget / 8) return;
      if (old) bytes -= old.bytes;
      entries.set(key, { value, bytes: own, used: false });
      bytes += own;
      if (bytes > budget) evict();
    },
    delete(key) {
      const old = entries.get(key);
      if (!old) return;
      bytes -= old.bytes;
      entries.delete(key);
    },
    clear() {
      entries.clear();
      bytes = 0;
    },
    get bytes() {
      return bytes;
    },
    get size() {
      return entries.size;
    },
    get hits() {
      return hits;
    },
    get misses() {
      return misses;
    },
  };
}
