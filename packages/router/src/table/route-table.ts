import { SLOTS, slotOf } from './object-id.ts';

/** Words of an entry, in the table and on the wire: id low, id high, check, term, counter, type << 16 | place. */
export const ENTRY_WORDS = 6;
/** The place of a tombstone. */
export const NOBODY = 0;

const LOW = 0;
const HIGH = 1;
const CHECK = 2;
const TERM = 3;
const COUNTER = 4;
const META = 5;

const FIRST_CAPACITY = 12;
/** A segment grows by a third when it is three quarters full: between 32 and 43 bytes a route. */
const MAX_LOAD = 0.75;
const GROWTH = 4 / 3;
const TO_UNIT = 2 ** -32;

/** A route in words; the table keeps it in six of them. */
export interface Route {
  low: number;
  high: number;
  /** Tells two names that share the 64 bits of the id. */
  check: number;
  term: number;
  counter: number;
  type: number;
  /** NOBODY for a tombstone. */
  place: number;
}

/** The route of one entry, at a place. */
export const routeOf = (entries: Uint32Array, at: number, place = 1): Route => ({
  low: entries[at + LOW] as number,
  high: entries[at + HIGH] as number,
  check: entries[at + CHECK] as number,
  term: entries[at + TERM] as number,
  counter: entries[at + COUNTER] as number,
  type: (entries[at + META] as number) >>> 16,
  place,
});

/** Epochs are compared first by term, then by counter. Negative: a is older. */
export function compareEpochs(aTerm: number, aCounter: number, bTerm: number, bCounter: number): number {
  return aTerm !== bTerm ? aTerm - bTerm : aCounter - bCounter;
}

/**
 * Where every object lives: id → type, place, epoch. One segment of typed-array open addressing for each slot of ids,
 * so that growing moves one 4,096th of the routes at a time, a slot can be compared, sent and replaced as a whole, and
 * there is no limit of 2^24 entries. Entries sit at the place that their low word says and are probed linearly;
 * deletion shifts back.
 */
export class RouteTable {
  /** Live routes. */
  size = 0;
  /** Entries that say that a route was removed. */
  tombstones = 0;
  /** The segment of the last `find`; an entry's words are in it from the index that `find` answered. */
  segment: Uint32Array;
  /** Live routes a slot, and the xor of their hashes. */
  readonly counts = new Uint32Array(SLOTS);
  readonly digests = new Uint32Array(SLOTS);
  /** Live routes a place, and the xor of their hashes. */
  readonly placeCounts = new Uint32Array(65_536);
  readonly placeDigests = new Uint32Array(65_536);

  readonly #segments: Uint32Array[] = [];
  /** Entries in each segment, tombstones included. */
  readonly #used = new Uint32Array(SLOTS);
  readonly #capacities = new Uint32Array(SLOTS).fill(FIRST_CAPACITY);

  constructor() {
    for (let slot = 0; slot < SLOTS; slot++) this.#segments.push(new Uint32Array(FIRST_CAPACITY * ENTRY_WORDS));
    this.segment = this.#segments[0] as Uint32Array;
  }

  /** Index of the entry in `segment`, -1 when the id is unknown. Tombstones are found, too. */
  find(low: number, high: number): number {
    const slot = high >>> 20;
    const segment = (this.segment = this.#segments[slot] as Uint32Array);
    const words = segment.length;
    let at = Math.floor(low * (words / ENTRY_WORDS) * TO_UNIT) * ENTRY_WORDS;
    for (;;) {
      if (segment[at + TERM] === 0) return -1;
      if (segment[at] === low && segment[at + HIGH] === high) return at;
      at += ENTRY_WORDS;
      if (at === words) at = 0;
    }
  }

  checkAt(at: number): number {
    return this.segment[at + CHECK] as number;
  }
  termAt(at: number): number {
    return this.segment[at + TERM] as number;
  }
  counterAt(at: number): number {
    return this.segment[at + COUNTER] as number;
  }
  placeAt(at: number): number {
    return (this.segment[at + META] as number) & 0xffff;
  }
  typeAt(at: number): number {
    return (this.segment[at + META] as number) >>> 16;
  }
  /** The route of the last `find` in words. */
  routeAt(at: number): Route {
    return {
      low: this.segment[at] as number,
      high: this.segment[at + HIGH] as number,
      check: this.checkAt(at),
      term: this.termAt(at),
      counter: this.counterAt(at),
      type: this.typeAt(at),
      place: this.placeAt(at),
    };
  }

  /** Writes an entry over whatever the id had. Place NOBODY leaves a tombstone. */
  set(route: Route): void {
    const { low, high, check, term, counter, type, place } = route;
    const slot = slotOf(high);
    let at = this.find(low, high);
    if (at < 0) {
      if ((this.#used[slot] as number) + 1 > (this.#capacities[slot] as number) * MAX_LOAD) this.#grow(slot);
      at = this.#freePlace(this.#segments[slot] as Uint32Array, low);
      this.segment = this.#segments[slot] as Uint32Array;
      (this.#used[slot] as number)++;
    } else this.#uncount(slot, at);
    const segment = this.segment;
    segment[at + LOW] = low;
    segment[at + HIGH] = high;
    segment[at + CHECK] = check;
    segment[at + TERM] = term;
    segment[at + COUNTER] = counter;
    segment[at + META] = (type << 16) | place;
    if (place === NOBODY) this.tombstones++;
    else {
      const hash = entryHash(low, high, term, counter);
      this.size++;
      (this.counts[slot] as number)++;
      (this.digests[slot] as number) ^= hash;
      (this.placeCounts[place] as number)++;
      (this.placeDigests[place] as number) ^= hash;
    }
  }

  /** Takes an entry out altogether. */
  remove(low: number, high: number): boolean {
    const at = this.find(low, high);
    if (at < 0) return false;
    const slot = slotOf(high);
    this.#uncount(slot, at);
    (this.#used[slot] as number)--;
    shiftBack(this.segment, at);
    return true;
  }

  /**
   * Calls back for each entry of a slot, tombstones included; `segment` is set. Entries must not be removed meanwhile.
   */
  eachInSlot(slot: number, visit: (at: number) => void): void {
    const segment = (this.segment = this.#segments[slot] as Uint32Array);
    for (let at = 0; at < segment.length; at += ENTRY_WORDS) if (segment[at + TERM] !== 0) visit(at);
  }

  /** Entries of a slot, tombstones included. */
  usedOf(slot: number): number {
    return this.#used[slot] as number;
  }

  /** A slot's entries one behind the other, written to `target` from word `to`; how many words they are. */
  exportSlot(slot: number, target: Uint32Array, to: number): number {
    const segment = this.#segments[slot] as Uint32Array;
    let out = to;
    for (let at = 0; at < segment.length; at += ENTRY_WORDS) {
      if (segment[at + TERM] === 0) continue;
      for (let word = 0; word < ENTRY_WORDS; word++) target[out + word] = segment[at + word] as number;
      out += ENTRY_WORDS;
    }
    return out - to;
  }

  /** Forgets a slot and makes room for `count` entries. */
  clearSlot(slot: number, count = 0): void {
    this.eachInSlot(slot, (at) => this.#uncount(slot, at));
    this.#used[slot] = 0;
    const capacity = Math.max(FIRST_CAPACITY, Math.ceil(count / MAX_LOAD) + 1);
    this.#capacities[slot] = capacity;
    this.#segments[slot] = new Uint32Array(capacity * ENTRY_WORDS);
  }

  /** Bytes of the table's arrays. */
  get bytes(): number {
    let total = 4 * SLOTS * 4 + 2 * 4 * 65_536;
    for (const capacity of this.#capacities) total += capacity * ENTRY_WORDS * 4;
    return total;
  }

  #uncount(slot: number, at: number): void {
    const segment = this.segment;
    const place = (segment[at + META] as number) & 0xffff;
    if (place === NOBODY) {
      this.tombstones--;
      return;
    }
    const hash = entryHash(
      segment[at] as number,
      segment[at + HIGH] as number,
      segment[at + TERM] as number,
      segment[at + COUNTER] as number,
    );
    this.size--;
    (this.counts[slot] as number)--;
    (this.digests[slot] as number) ^= hash;
    (this.placeCounts[place] as number)--;
    (this.placeDigests[place] as number) ^= hash;
  }

  #freePlace(segment: Uint32Array, low: number): number {
    const words = segment.length;
    let at = Math.floor(low * (words / ENTRY_WORDS) * TO_UNIT) * ENTRY_WORDS;
    while (segment[at + TERM] !== 0) {
      at += ENTRY_WORDS;
      if (at === words) at = 0;
    }
    return at;
  }

  #grow(slot: number): void {
    const old = this.#segments[slot] as Uint32Array;
    const capacity = Math.ceil((this.#capacities[slot] as number) * GROWTH);
    const segment = new Uint32Array(capacity * ENTRY_WORDS);
    for (let from = 0; from < old.length; from += ENTRY_WORDS) {
      if (old[from + TERM] === 0) continue;
      const at = this.#freePlace(segment, old[from] as number);
      for (let word = 0; word < ENTRY_WORDS; word++) segment[at + word] = old[from + word] as number;
    }
    this.#capacities[slot] = capacity;
    this.#segments[slot] = segment;
  }
}

/** One word that stands for an entry in digests. */
export function entryHash(low: number, high: number, term: number, counter: number): number {
  let h = Math.imul(low ^ (high >>> 3), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13) ^ counter, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16) ^ term, 0x9e3779b1);
  return (h ^ (h >>> 15)) >>> 0;
}

/** Closes the gap at `hole` so that every later entry is still reached from its own place. */
function shiftBack(segment: Uint32Array, hole: number): void {
  const words = segment.length;
  const capacity = words / ENTRY_WORDS;
  let gap = hole;
  let at = hole;
  for (;;) {
    at += ENTRY_WORDS;
    if (at === words) at = 0;
    if (segment[at + TERM] === 0) break;
    const home = Math.floor((segment[at] as number) * capacity * TO_UNIT) * ENTRY_WORDS;
    // Stays when its own place lies behind the gap, going round.
    const stays = gap <= at ? gap < home && home <= at : gap < home || home <= at;
    if (stays) continue;
    for (let word = 0; word < ENTRY_WORDS; word++) segment[gap + word] = segment[at + word] as number;
    gap = at;
  }
  segment.fill(0, gap, gap + ENTRY_WORDS);
}
