import type { Row } from '../engines/kv-engine.ts';

/**
 * Rows of hot keys that a process read from shards, for reads that may be some milliseconds old. A process never reads
 * older than it wrote: a write of a slot turns out what was read of it before, and what is being read while it is under
 * way.
 */
export interface KeyCache {
  /** A row (undefined: there was none) that was read at most `maxAgeMs` ago. */
  find(slot: number, key: string, maxAgeMs: number): { row: Row | undefined } | undefined;
  /** Before a row is read: what `keep` needs to know whether somebody wrote meanwhile. */
  begin(slot: number): { at: number; writes: number };
  keep(slot: number, key: string, row: Row | undefined, begun: { at: number; writes: number }): void;
  /** A write of the slot begins, or has ended, whatever became of it. */
  wrote(slot: number): void;
  readonly bytes: number;
  readonly hits: number;
}

interface Kept {
  row: Row | undefined;
  /** When its read began. */
  at: number;
  writes: number;
  bytes: number;
}

/** What an entry takes beside its row. */
const OVERHEAD = 200;

export function createKeyCache(options: { slots: number; bytes: number }): KeyCache {
  const entries = new Map<string, Kept>();
  const writes = new Uint32Array(options.slots);
  let bytes = 0;
  let hits = 0;

  function drop(key: string): void {
    const kept = entries.get(key);
    if (!kept) return;
    bytes -= kept.bytes;
    entries.delete(key);
  }

  return {
    find(slot, key, maxAgeMs) {
      const kept = entries.get(key);
      if (!kept) return undefined;
      if (kept.writes !== writes[slot] || performance.now() - kept.at > maxAgeMs) {
        drop(key);
        return undefined;
      }
      hits++;
      return kept;
    },
    begin: (slot) => ({ at: performance.now(), writes: writes[slot] as number }),
    keep(slot, key, row, begun) {
      if (begun.writes !== writes[slot]) return;
      drop(key);
      const own = (row?.value.length ?? 0) + key.length * 2 + OVERHEAD;
      if (own > options.bytes / 8) return;
      entries.set(key, { row, ...begun, bytes: own });
      bytes += own;
      for (const first of entries.keys()) {
        if (bytes <= options.bytes) break;
        drop(first);
      }
    },
    wrote(slot) {
      writes[slot] = ((writes[slot] as number) + 1) >>> 0;
    },
    get bytes() {
      return bytes;
    },
    get hits() {
      return hits;
    },
  };
}
