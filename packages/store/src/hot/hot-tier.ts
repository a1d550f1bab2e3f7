/** Decoded records of an embedded store, kept by use within a budget of bytes. Nobody outside of the store handles it. */
export interface HotTier<T> {
  get(key: string): T | undefined;
  /** Whether a key that was missed should be kept: only who comes a second time soon is, so that a scan over cold records turns nothing out. */
  admits(key: string): boolean;
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
const DOORKEEPER = 1 << 17;

export function createHotTier<T>(budget: number): HotTier<T> {
  const entries = new Map<string, Slot<T>>();
  let bytes = 0;
  let hits = 0;
  let misses = 0;

  // Keys that were missed lately, by their hash; forgotten when a quarter of it is taken.
  const doorkeeper = new Uint8Array(DOORKEEPER);
  let taken = 0;

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
    admits(key) {
      // While there is room everybody comes in.
      if (bytes < budget * 0.9) return true;
      let hash = 0x811c9dc5;
      for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
      const at = (hash ^ (hash >>> 15)) & (DOORKEEPER - 1);
      if (doorkeeper[at] === 1) return true;
      doorkeeper[at] = 1;
      if (++taken > DOORKEEPER / 4) {
        doorkeeper.fill(0);
        taken = 0;
      }
      return false;
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
