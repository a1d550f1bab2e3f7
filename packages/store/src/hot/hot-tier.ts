/**
 * Rows of an embedded store that are read often, kept by use within a budget of bytes. They stand encoded in one block
 * of memory: nothing of them is an object, so they cost neither collection nor memory beyond the budget, and what a
 * reader gets is decoded for it alone. Nobody outside of the store handles this.
 */
export interface HotTier {
  /** Place of a row, good until the next `set`; -1 when it is not here. */
  find(key: Uint8Array): number;
  row(place: number): HotRow;
  /** All rows stand in this. */
  readonly bytes: Buffer;
  /**
   * Whether a key that was missed should be kept: only who comes a second time soon is, so that a scan over cold
   * records turns nothing out.
   */
  admits(key: Uint8Array): boolean;
  set(key: Uint8Array, row: { value: Uint8Array; version: number; modified: number; expires: number }): void;
  delete(key: Uint8Array): void;
  /** Bytes of the block that are taken. */
  readonly used: number;
  readonly size: number;
  readonly hits: number;
  readonly misses: number;
}

export interface HotRow {
  /** The value is [start, end) of the block. */
  start: number;
  end: number;
  version: number;
  modified: number;
  expires: number;
}

/**
 * An entry: hash, bytes in all, bytes of the key, bytes of the value, version, state as int32; change and expiry time
 * as doubles; key; value. It begins at a multiple of eight, its unit.
 */
const HEAD = 40;
const READ = 1;
const GONE = 2;
/** The block is filled, and later emptied, in so many parts. */
const PARTS = 64;
const SMALLEST_PART = 16 * 1024;
/** Bytes of the budget beside each key of which is known that it was missed; at most 128 KiB. */
const DOOR_SHARE = 512;
/** Bytes of the budget beside each row it can find. */
const TABLE_SHARE = 128;

export function createHotTier(budget: number): HotTier {
  // Places by hash, open addressing: 0 is free, -1 was freed, else the unit + 1.
  const cells = 1 << Math.max(6, Math.ceil(Math.log2(budget / TABLE_SHARE)));
  const mask = cells - 1;
  const doors = 1 << Math.max(10, Math.min(17, Math.ceil(Math.log2(budget / DOOR_SHARE))));
  const places = new Int32Array(cells);
  const room = Math.max(SMALLEST_PART, budget - cells * 4 - doors);
  const partBytes = Math.max(Math.min(SMALLEST_PART, room), Math.floor(room / PARTS)) & ~7;
  const parts = Math.max(1, Math.floor(room / partBytes));
  // Not touched, so the memory is taken as it is filled.
  const bytes = Buffer.allocUnsafeSlow(parts * partBytes);
  const words = new Int32Array(bytes.buffer);
  const doubles = new Float64Array(bytes.buffer);
  /** Where each part ends. */
  const filled = new Float64Array(parts);
  let part = 0;
  let at = 0;
  let used = 0;
  let size = 0;
  let freed = 0;
  let hits = 0;
  let misses = 0;

  // Keys that were missed lately, by their hash; forgotten when a quarter of it is taken.
  const doorkeeper = new Uint8Array(doors);
  let taken = 0;

  function cellOf(key: Uint8Array, hash: number): number {
    const { length } = key;
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const place = places[i] as number;
      if (place === 0) return -1;
      if (place < 0) continue;
      const word = (place - 1) * 2;
      if (words[word] !== hash || words[word + 2] !== length) continue;
      let here = (place - 1) * 8 + HEAD;
      let j = 0;
      while (j < length && bytes[here] === key[j]) {
        here++;
        j++;
      }
      if (j === length) return i;
    }
  }

  function enter(unit: number, hash: number): void {
    let i = hash & mask;
    while ((places[i] as number) > 0) i = (i + 1) & mask;
    if (places[i] === -1) freed--;
    places[i] = unit + 1;
    size++;
  }

  function leave(i: number): void {
    // In front of a free place nobody has to look further.
    if (places[(i + 1) & mask] === 0) {
      let here = i;
      places[here] = 0;
      for (here = (here - 1) & mask; places[here] === -1; here = (here - 1) & mask) {
        places[here] = 0;
        freed--;
      }
    } else {
      places[i] = -1;
      freed++;
    }
    size--;
  }

  function placeOf(unit: number, hash: number): number {
    let i = hash & mask;
    while (places[i] !== unit + 1) i = (i + 1) & mask;
    return i;
  }

  /** Too many freed places make every search long: all are entered anew. */
  function rehash(): void {
    places.fill(0);
    size = 0;
    freed = 0;
    for (let p = 0; p < parts; p++) {
      const end = p === part ? at : (filled[p] as number);
      for (let here = p * partBytes; here < end; here += words[here / 4 + 1] as number)
        if (((words[here / 4 + 5] as number) & GONE) === 0) enter(here / 8, words[here / 4] as number);
    }
  }

  /** The oldest part is filled anew: who was read since stays, in front, in three quarters of it. */
  function nextPart(): void {
    filled[part] = at;
    part = (part + 1) % parts;
    const start = part * partBytes;
    const end = filled[part] as number;
    let keep = start;
    for (let here = start; here < end; ) {
      const word = here / 4;
      const length = words[word + 1] as number;
      const state = words[word + 5] as number;
      if ((state & GONE) === 0) {
        const i = placeOf(here / 8, words[word] as number);
        if (state === READ && keep - start + length <= partBytes * 0.75) {
          if (keep !== here) {
            bytes.copyWithin(keep, here, here + length);
            places[i] = keep / 8 + 1;
          }
          words[keep / 4 + 5] = 0;
          keep += length;
        } else {
          leave(i);
          used -= length;
        }
      }
      here += length;
    }
    at = keep;
    filled[part] = keep;
  }

  function drop(i: number): void {
    const word = ((places[i] as number) - 1) * 2;
    words[word + 5] = GONE;
    used -= words[word + 1] as number;
    leave(i);
  }

  return {
    bytes,
    find(key) {
      const i = cellOf(key, hashOf(key));
      if (i < 0) {
        misses++;
        return -1;
      }
      hits++;
      const unit = (places[i] as number) - 1;
      words[unit * 2 + 5] = READ;
      return unit;
    },
    row(unit) {
      const word = unit * 2;
      const start = unit * 8 + HEAD + (words[word + 2] as number);
      return {
        start,
        end: start + (words[word + 3] as number),
        version: words[word + 4] as number,
        modified: doubles[unit + 3] as number,
        expires: doubles[unit + 4] as number,
      };
    },
    admits(key) {
      // While there is room everybody comes in.
      if (used < bytes.length * 0.9) return true;
      const hash = hashOf(key);
      const door = (hash ^ (hash >>> 15)) & (doors - 1);
      if (doorkeeper[door] === 1) return true;
      doorkeeper[door] = 1;
      if (++taken > doors / 4) {
        doorkeeper.fill(0);
        taken = 0;
      }
      return false;
    },
    set(key, row) {
      const hash = hashOf(key);
      const old = cellOf(key, hash);
      if (old >= 0) drop(old);
      const length = (HEAD + key.length + row.value.length + 7) & ~7;
      if (length > partBytes / 4) return;
      while (at + length > (part + 1) * partBytes || size > cells * 0.7) nextPart();
      if (size + freed > cells * 0.8) rehash();
      const word = at / 4;
      words[word] = hash;
      words[word + 1] = length;
      words[word + 2] = key.length;
      words[word + 3] = row.value.length;
      words[word + 4] = row.version;
      words[word + 5] = 0;
      doubles[at / 8 + 3] = row.modified;
      doubles[at / 8 + 4] = row.expires;
      bytes.set(key, at + HEAD);
      bytes.set(row.value, at + HEAD + key.length);
      enter(at / 8, hash);
      at += length;
      used += length;
    },
    delete(key) {
      const i = cellOf(key, hashOf(key));
      if (i >= 0) drop(i);
    },
    get used() {
      return used;
    },
    get size() {
      return size;
    },
    get hits() {
      return hits;
    },
    get misses() {
      return misses;
    },
  };
}

/** FNV-1a with a last mixing, as int32. */
function hashOf(key: Uint8Array): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ (key[i] as number), 0x01000193);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
