import { type FrameView, jsonBytes, wordBytes, words } from '../frames/frame.ts';
import { KIND } from '../frames/layout.ts';
import type { Link } from '../links/link.ts';
import { SLOTS, slotOf } from '../table/object-id.ts';
import { compareEpochs, ENTRY_WORDS, NOBODY, type Route } from '../table/route-table.ts';
import type { Place, PlaceInfo } from './places.ts';
import { decides, type RouterState } from './state.ts';

/** Entries in one increment frame at most. */
const INCREMENT_ENTRIES = 20_000;
/** Entries of a snapshot that one turn of the event loop sends at most, so that nothing else waits long. */
const SNAPSHOT_ENTRIES_A_TURN = 30_000;
/** Bytes of snapshots that wait in a link at most. */
const SNAPSHOT_BYTES = 4 * 1024 * 1024;
const TOMBSTONES = 1 << 20;
/** Slots that were asked for are here after this, or are asked for anew. */
const PULL_MS = 10_000;

/** A router that gets our changes: the standby all of them, another set those of the slots that we decide about. */
interface Subscriber {
  link: Link;
  scope: 'all' | 'own';
  /** Number of the last increment frame. */
  sequence: number;
  /** Slots still to be sent as a whole: each once, however often it is asked for until then. */
  slots: Set<number>;
  isPumping: boolean;
  isSynced: boolean;
  /** Last increment frame that a standby has confirmed. */
  mirrored: number;
}

/** A router whose changes we get. */
interface Source {
  link: Link;
  expected: number;
  /** Its place numbers → ours. */
  places: number[];
  isSynced: boolean;
}

/** Slots that are fetched as a whole. */
interface Pull {
  link: Link;
  slots: Set<number>;
  settle(isDone: boolean): void;
}

interface Waiting {
  sequence: number;
  done: (isCovered: boolean) => void;
}

/**
 * Keeps tables the same: whole slots on request, then increments with a sequence; a gap is a new request. Both travel
 * in one queue of a link, so a slot that arrives is exactly what it was between two increments.
 */
export class Replication {
  readonly #state: RouterState;
  readonly #subscribers = new Map<Link, Subscriber>();
  readonly #sources = new Map<Link, Source>();
  readonly #pulls = new Set<Pull>();
  /** Subscribers that get everything: standbys. */
  #mirrors = 0;
  #all = new Uint32Array(1024 * ENTRY_WORDS);
  #allWords = 0;
  #own = new Uint32Array(1024 * ENTRY_WORDS);
  #ownWords = 0;
  #isScheduled = false;
  #waiting: Waiting[] = [];
  /** Tombstones by age: low, high, seconds. */
  readonly #graves = new Uint32Array(TOMBSTONES * 3);
  #firstGrave = 0;
  #lastGrave = 0;
  readonly #onSynced: (link: Link) => void;

  constructor(state: RouterState, onSynced: (link: Link) => void) {
    this.#state = state;
    this.#onSynced = onSynced;
  }

  /** Writes an entry and puts it into the increments. */
  change(route: Route): void {
    const { low, high, place } = route;
    this.#state.table.set(route);
    if (place === NOBODY) this.#bury(low, high);
    if (this.#subscribers.size === 0) return;
    if (this.#mirrors > 0) {
      if (this.#allWords + ENTRY_WORDS > this.#all.length) this.#all = longer(this.#all);
      this.#allWords = put(this.#all, this.#allWords, route);
    }
    if (decides(this.#state, slotOf(high))) {
      if (this.#ownWords + ENTRY_WORDS > this.#own.length) this.#own = longer(this.#own);
      this.#ownWords = put(this.#own, this.#ownWords, route);
    }
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.flush());
  }

  /** Sends the increments that have come together. */
  flush(): void {
    this.#isScheduled = false;
    if (this.#allWords + this.#ownWords === 0) return;
    for (const subscriber of this.#subscribers.values()) {
      const isAll = subscriber.scope === 'all';
      const changes = isAll ? this.#all : this.#own;
      const size = isAll ? this.#allWords : this.#ownWords;
      for (let from = 0; from < size; from += INCREMENT_ENTRIES * ENTRY_WORDS) {
        const part = changes.subarray(from, Math.min(size, from + INCREMENT_ENTRIES * ENTRY_WORDS));
        subscriber.sequence++;
        // A subscriber that is far behind gets a gap and asks again, instead of a queue without end.
        if (subscriber.link.waiting < subscriber.link.limits.controlBytes / 2)
          subscriber.link.sendHeader({ kind: KIND.increment, call: subscriber.sequence }, wordBytes(part));
      }
    }
    this.#allWords = 0;
    this.#ownWords = 0;
  }

  /**
   * Calls back with true when the standby has what was changed so far. Without a standby that is in step it calls back
   * with false: at once, or when the standby fell before it had it.
   */
  afterMirrored(done: (isCovered: boolean) => void): void {
    const standby = this.#standby();
    if (!standby) {
      done(false);
      return;
    }
    this.flush();
    if (standby.mirrored >= standby.sequence) done(true);
    else this.#waiting.push({ sequence: standby.sequence, done });
  }

  #count(): void {
    this.#mirrors = 0;
    for (const { scope } of this.#subscribers.values()) if (scope === 'all') this.#mirrors++;
  }

  #standby(): Subscriber | undefined {
    for (const subscriber of this.#subscribers.values())
      if (subscriber.scope === 'all' && subscriber.isSynced) return subscriber;
    return undefined;
  }

  onMirrored(frame: FrameView, link: Link): void {
    const subscriber = this.#subscribers.get(link);
    if (!subscriber) return;
    subscriber.mirrored = frame.call;
    if (subscriber === this.#standby()) this.#release(subscriber.mirrored, true);
  }

  /** Those who wait for a standby that is none any more. */
  #releaseAll(): void {
    this.#release(Number.POSITIVE_INFINITY, false);
  }

  #release(sequence: number, isCovered: boolean): void {
    let ready = 0;
    while (ready < this.#waiting.length && (this.#waiting[ready] as Waiting).sequence <= sequence) ready++;
    if (ready === 0) return;
    const done = this.#waiting.slice(0, ready);
    this.#waiting = this.#waiting.slice(ready);
    for (const waiting of done) waiting.done(isCovered);
  }

  /** Tells the other routers about a place: it is new, or gone. */
  announcePlace(place: Place): void {
    this.flush();
    const bytes = jsonBytes([this.#state.places.info(place)]);
    for (const { link } of this.#subscribers.values()) link.sendHeader({ kind: KIND.places }, bytes);
  }

  // As a publisher.

  onSubscribe(frame: FrameView, link: Link): void {
    const scope = frame.method === 1 ? 'all' : 'own';
    this.flush();
    const theirs = words(frame);
    const { table } = this.#state;
    const slots = new Set<number>();
    for (let slot = 0; slot < SLOTS; slot++) {
      if (scope === 'own' && !decides(this.#state, slot)) continue;
      if (table.counts[slot] !== theirs[slot * 2] || table.digests[slot] !== theirs[slot * 2 + 1]) slots.add(slot);
    }
    const subscriber: Subscriber = {
      link,
      scope,
      sequence: 0,
      slots,
      isPumping: false,
      isSynced: false,
      mirrored: 0,
    };
    this.#subscribers.set(link, subscriber);
    this.#count();
    this.#releaseAll();
    const places = [...this.#state.places.all()].map((place) => this.#state.places.info(place));
    for (let from = 0; from < places.length || from === 0; from += 1_000)
      link.sendHeader({ kind: KIND.places, call: from === 0 ? 1 : 0 }, jsonBytes(places.slice(from, from + 1_000)));
    this.#pump(subscriber);
  }

  onPullSlots(frame: FrameView, link: Link): void {
    const subscriber = this.#subscribers.get(link);
    if (!subscriber) return;
    for (const slot of words(frame)) if (slot < SLOTS) subscriber.slots.add(slot);
    subscriber.isSynced = false;
    this.#pump(subscriber);
  }

  #pump(subscriber: Subscriber): void {
    if (subscriber.isPumping) return;
    subscriber.isPumping = true;
    const step = (): void => {
      const { link, slots } = subscriber;
      if (link.isDown || this.#subscribers.get(link) !== subscriber) return;
      this.flush();
      let sent = 0;
      for (const slot of slots) {
        if (sent >= SNAPSHOT_ENTRIES_A_TURN || link.waiting >= SNAPSHOT_BYTES) break;
        slots.delete(slot);
        const count = this.#state.table.usedOf(slot);
        const entries = new Uint32Array(count * ENTRY_WORDS);
        this.#state.table.exportSlot(slot, entries, 0);
        link.sendHeader({ kind: KIND.snapshot, method: slot }, wordBytes(entries));
        sent += count + 8;
      }
      if (slots.size > 0) {
        setImmediate(step);
        return;
      }
      subscriber.isPumping = false;
      subscriber.isSynced = true;
      link.sendHeader({ kind: KIND.synced, call: subscriber.sequence });
    };
    step();
  }

  /** Sends digests of what each subscriber has from us. */
  compare(): void {
    const { table } = this.#state;
    for (const { link, scope, isSynced } of this.#subscribers.values()) {
      if (!isSynced) continue;
      const digests: number[] = [];
      this.flush();
      for (let slot = 0; slot < SLOTS; slot++)
        if (scope === 'all' || decides(this.#state, slot))
          digests.push(slot, table.counts[slot] as number, table.digests[slot] as number);
      link.sendHeader({ kind: KIND.digests }, wordBytes(Uint32Array.from(digests)));
    }
  }

  // As a subscriber.

  /** Asks a router for everything in which we differ, and for its changes from then on. */
  subscribe(link: Link, scope: 'all' | 'own'): void {
    const known = this.#sources.get(link);
    this.#sources.set(link, { link, expected: 1, places: known?.places ?? [], isSynced: false });
    const { table } = this.#state;
    const digests = new Uint32Array(SLOTS * 2);
    for (let slot = 0; slot < SLOTS; slot++) {
      digests[slot * 2] = table.counts[slot] as number;
      digests[slot * 2 + 1] = table.digests[slot] as number;
    }
    link.sendHeader({ kind: KIND.subscribe, method: scope === 'all' ? 1 : 0 }, wordBytes(digests));
  }

  isSubscribed(link: Link): boolean {
    return this.#sources.has(link);
  }

  isSynced(link: Link): boolean {
    return this.#sources.get(link)?.isSynced === true;
  }

  unsubscribe(link: Link): void {
    this.#sources.delete(link);
    this.#endPulls(link);
  }

  /** Asks a router whose changes we get for slots as they are there now; false when they did not come. */
  pull(link: Link, slots: readonly number[]): Promise<boolean> {
    if (slots.length === 0) return Promise.resolve(true);
    if (link.isDown || !this.#sources.has(link)) return Promise.resolve(false);
    return new Promise((resolve) => {
      const settle = (isDone: boolean): void => {
        cancel();
        this.#pulls.delete(pull);
        resolve(isDone);
      };
      const pull: Pull = { link, slots: new Set(slots), settle };
      const cancel = this.#state.clock.after(PULL_MS, () => settle(false));
      this.#pulls.add(pull);
      link.sendHeader({ kind: KIND.pullSlots }, wordBytes(Uint32Array.from(slots)));
    });
  }

  #pulled(link: Link, slot: number): void {
    for (const pull of this.#pulls)
      if (pull.link === link && pull.slots.delete(slot) && pull.slots.size === 0) pull.settle(true);
  }

  #endPulls(link: Link): void {
    for (const pull of this.#pulls) if (pull.link === link) pull.settle(false);
  }

  /** Our number for a place of the other side's numbering; NOBODY when it never told. */
  translate(link: Link, place: number): number {
    return this.#sources.get(link)?.places[place] ?? NOBODY;
  }

  /** Learns the other side's numbers; answers the places that are gone. */
  onPlaces(infos: PlaceInfo[], link: Link): Place[] {
    const source = this.#sources.get(link);
    if (!source) return [];
    const gone: Place[] = [];
    for (const info of infos) {
      const { place, isNew } = this.#state.places.findOrAdd(info.set, info.node, info.incarnation, info.types);
      source.places[info.index] = place.index;
      // A node that was taken for lost and came back to its set.
      if (info.isAlive && (info.set === link.other.set || link.other.set === this.#state.set)) place.isAlive = true;
      // What we decide about may live there: the others must know our number for it.
      if (isNew) this.announcePlace(place);
      if (!info.isAlive && (place.isAlive || isNew)) gone.push(place);
    }
    return gone;
  }

  onIncrement(frame: FrameView, link: Link): void {
    const source = this.#sources.get(link);
    if (!source) return;
    if (frame.call !== source.expected) {
      this.#state.counters.gaps++;
      this.#state.log(`a gap in the changes of ${link.other.set}/${link.other.name}: pulling again`);
      this.subscribe(link, link.other.set === this.#state.set ? 'all' : 'own');
      return;
    }
    source.expected++;
    const entries = words(frame);
    for (let at = 0; at < entries.length; at += ENTRY_WORDS) this.#apply(entries, at, source);
    if (link.other.set === this.#state.set) link.sendHeader({ kind: KIND.mirrored, call: frame.call });
  }

  onSnapshot(frame: FrameView, link: Link): void {
    const source = this.#sources.get(link);
    const slot = frame.method;
    if (!source || slot >= SLOTS) return;
    const isTheirs = link.other.set !== this.#state.set;
    // It was on its way when the slot became ours: what we decided since then is later.
    if (isTheirs && decides(this.#state, slot)) return;
    const entries = words(frame);
    const { table } = this.#state;
    // It is about to be ours. Who had it before us has the last word about it, and that may be a main who has lost it.
    if (isTheirs && this.#state.pendingSlots.has(slot)) {
      for (let at = 0; at < entries.length; at += ENTRY_WORDS) this.#apply(entries, at, source);
      this.#pulled(link, slot);
      return;
    }
    // A route that the other side does not have is gone; increments tell our own standby so.
    if (this.#mirrors > 0) {
      const theirs = new Set<number>();
      for (let at = 0; at < entries.length; at += ENTRY_WORDS)
        theirs.add((entries[at] as number) * 0x100000 + ((entries[at + 1] as number) & 0xfffff));
      const missing: Route[] = [];
      table.eachInSlot(slot, (at) => {
        const low = table.segment[at] as number;
        const high = table.segment[at + 1] as number;
        if (table.placeAt(at) !== NOBODY && !theirs.has(low * 0x100000 + (high & 0xfffff)))
          missing.push(table.routeAt(at));
      });
      for (const route of missing) this.change({ ...route, place: NOBODY });
      for (let at = 0; at < entries.length; at += ENTRY_WORDS) this.#apply(entries, at, source);
      return;
    }
    table.clearSlot(slot, entries.length / ENTRY_WORDS);
    for (let at = 0; at < entries.length; at += ENTRY_WORDS) this.#apply(entries, at, source);
  }

  onSynced(frame: FrameView, link: Link): void {
    const source = this.#sources.get(link);
    if (!source) return;
    if (frame.call >= source.expected) source.expected = frame.call + 1;
    source.isSynced = true;
    if (link.other.set === this.#state.set) link.sendHeader({ kind: KIND.mirrored, call: frame.call });
    this.#onSynced(link);
  }

  onDigests(frame: FrameView, link: Link): void {
    const source = this.#sources.get(link);
    if (!source?.isSynced) return;
    const theirs = words(frame);
    const { table, slots } = this.#state;
    const { set } = link.other;
    const differing: number[] = [];
    for (let at = 0; at < theirs.length; at += 3) {
      const slot = theirs[at] as number;
      // While we do not know that it decides there, what it has says nothing.
      if (set !== this.#state.set && slots.ownerOf(slot) !== set) continue;
      if (table.counts[slot] !== theirs[at + 1] || table.digests[slot] !== theirs[at + 2]) differing.push(slot);
    }
    if (differing.length === 0) return;
    this.#state.counters.diverged += differing.length;
    link.sendHeader({ kind: KIND.pullSlots }, wordBytes(Uint32Array.from(differing)));
  }

  #apply(entries: Uint32Array, at: number, source: Source): void {
    const low = entries[at] as number;
    const high = entries[at + 1] as number;
    const term = entries[at + 3] as number;
    const counter = entries[at + 4] as number;
    const meta = entries[at + 5] as number;
    const theirs = meta & 0xffff;
    const place = theirs === NOBODY ? NOBODY : source.places[theirs];
    // A place that was never announced: the next comparison brings the entry again.
    if (place === undefined) return;
    const { table } = this.#state;
    const known = table.find(low, high);
    if (known >= 0) {
      const order = compareEpochs(term, counter, table.termAt(known), table.counterAt(known));
      if (order < 0 || (order === 0 && table.placeAt(known) === place)) return;
    }
    this.change({ low, high, check: entries[at + 2] as number, term, counter, type: meta >>> 16, place });
  }

  // Tombstones.

  #bury(low: number, high: number): void {
    const at = (this.#lastGrave % TOMBSTONES) * 3;
    if (this.#lastGrave - this.#firstGrave >= TOMBSTONES) this.#open(this.#firstGrave++);
    this.#graves[at] = low;
    this.#graves[at + 1] = high;
    this.#graves[at + 2] = Math.floor(performance.now() / 1000);
    this.#lastGrave++;
  }

  #open(grave: number): void {
    const at = (grave % TOMBSTONES) * 3;
    const low = this.#graves[at] as number;
    const high = this.#graves[at + 1] as number;
    const { table } = this.#state;
    const found = table.find(low, high);
    if (found >= 0 && table.placeAt(found) === NOBODY) table.remove(low, high);
  }

  /** Takes out tombstones that are old enough, some at a time. */
  sweepTombstones(): void {
    const oldest = Math.floor((performance.now() - this.#state.times.tombstoneMs) / 1000);
    for (let count = 0; count < 50_000 && this.#firstGrave < this.#lastGrave; count++) {
      if ((this.#graves[(this.#firstGrave % TOMBSTONES) * 3 + 2] as number) > oldest) return;
      this.#open(this.#firstGrave++);
    }
  }

  /** A link is gone. */
  onDown(link: Link): void {
    const wasStandby = this.#subscribers.get(link)?.scope === 'all';
    this.#subscribers.delete(link);
    this.#count();
    this.unsubscribe(link);
    if (wasStandby && !this.#standby()) this.#releaseAll();
  }

  get waitingForStandby(): number {
    return this.#waiting.length;
  }

  get hasStandby(): boolean {
    return this.#standby() !== undefined;
  }
}

function put(target: Uint32Array, to: number, { low, high, check, term, counter, type, place }: Route): number {
  target[to] = low;
  target[to + 1] = high;
  target[to + 2] = check;
  target[to + 3] = term;
  target[to + 4] = counter;
  target[to + 5] = (type << 16) | place;
  return to + ENTRY_WORDS;
}

function longer(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const next = new Uint32Array(array.length * 2);
  next.set(array);
  return next;
}
