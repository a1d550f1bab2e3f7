import { RouterError, wireNumber } from '../errors.ts';
import { ENTRY_WORDS } from '../table/route-table.ts';
import { type Authority, CLAIM } from './authority.ts';
import type { Place } from './places.ts';
import type { GivenUp } from './slot-map.ts';
import type { RouterState } from './state.ts';

/** Another router may hold the lease of the set that is to be given up: then it lives, or is being given up already. */
const ELECTION_MS = 5_000;
const AGAIN_MS = 1_000;
const AFFIRM_ENTRIES = 4_096;
const AFFIRM_TRIES = 10;
/** Nobody has decided, as far as is known. */
const OPEN_CODES = [wireNumber('UNREACHABLE'), wireNumber('RETRY'), wireNumber('TIMEOUT')];

interface Parts {
  state: RouterState;
  authority: Authority;
  path: string;
  /** Takes the map as every map is taken. */
  adopt(text: string, version: number): void;
  /** Sets with a router that the coordinator lists; undefined before the first list. */
  listed(): Set<string> | undefined;
}

/**
 * Gives up a set all of whose routers are gone. The evidence is the coordinator's alone: none of its routers was
 * listed for `lostSetMs`, and nobody has its lease. Whoever gives it up holds that lease while it writes the map, so
 * no router of the set leads meanwhile, and one that leads afterwards finds the map changed before it decides
 * anything.
 */
export class LostSets {
  readonly #parts: Parts;
  readonly #waiting = new Map<string, () => void>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The list of routers, or the map, changed. */
  look(): void {
    const { state, listed } = this.#parts;
    const here = listed();
    if (!here || state.isClosed) return;
    const known = new Set(state.slots.sets.filter((set) => state.slots.slotsOf(set).length > 0));
    for (const place of state.places.all()) if (place.isAlive) known.add(place.set);
    known.delete(state.set);
    for (const [set, cancel] of this.#waiting)
      if (here.has(set) || !known.has(set)) {
        cancel();
        this.#waiting.delete(set);
      }
    for (const set of known) if (!here.has(set) && !this.#waiting.has(set)) this.#wait(set, state.times.lostSetMs);
  }

  #wait(set: string, ms: number): void {
    const { state } = this.#parts;
    this.#waiting.set(
      set,
      state.clock.after(ms, () => {
        void this.#giveUp(set)
          .catch((error: unknown) => state.log(`set ${set}: ${error instanceof Error ? error.message : String(error)}`))
          .then(() => {
            // Once more until the map says so, or the set is back.
            if (this.#waiting.delete(set) && !this.#isDone(set) && !state.isClosed) this.#wait(set, AGAIN_MS);
            this.look();
          });
      }),
    );
  }

  #isDone(set: string): boolean {
    const { state, listed } = this.#parts;
    return listed()?.has(set) === true || (state.slots.lost.includes(set) && state.slots.slotsOf(set).length === 0);
  }

  async #giveUp(set: string): Promise<void> {
    const { state, path, adopt } = this.#parts;
    const { coordinator } = state;
    if (state.role !== 'main' || !state.isReady || this.#isDone(set)) return;
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const cancel = state.clock.after(ELECTION_MS, () => resolve(undefined));
    let holds = true;
    const election = await coordinator.elect(`sets/${set}/main`, `${state.set}/${state.name}`, {
      elected: resolve,
      deposed() {
        holds = false;
        resolve(undefined);
      },
    });
    try {
      const term = await promise;
      cancel();
      for (let attempt = 0; attempt < 5; attempt++) {
        const { data, version } = await coordinator.read(path);
        if (version >= 0) adopt(data, version);
        if (term === undefined || !holds || this.#isDone(set) || state.role !== 'main') return;
        const heirs = [state.set];
        for (const peer of state.peers.values())
          if (peer.main && !peer.isDraining && !state.slots.lost.includes(peer.set)) heirs.push(peer.set);
        const text = state.slots.withoutSet(set, heirs, term);
        try {
          adopt(text, await coordinator.compareAndSet(path, text, version));
          state.log(`set ${set} is given up in term ${term}: its slots go to ${heirs.join(', ')}`);
          return;
        } catch (error) {
          if (!(error instanceof RouterError && error.code === 'VERSION_CONFLICT')) throw error;
        }
      }
    } finally {
      await election.resign();
    }
  }

  /**
   * A set was given up: its nodes are gone, and what our nodes have in its slots is told to whoever decides there now.
   */
  onGivenUp({ set, slots }: GivenUp): () => void {
    const { state, authority } = this.#parts;
    const gone: Place[] = [];
    for (const place of state.places.all())
      if (place.set === set && place.isAlive) {
        place.isAlive = false;
        state.places.links[place.index] = undefined;
        gone.push(place);
      }
    const ours = state.role === 'main' ? this.#entriesOf(slots) : new Map<Place, number[]>();
    // When the slots that fell to us are ours to decide.
    return () => {
      if (state.role !== 'main') return;
      authority.sweep(gone, () => {});
      for (const [place, entries] of ours)
        for (let from = 0; from < entries.length; from += AFFIRM_ENTRIES * ENTRY_WORDS)
          this.#affirm(place, Uint32Array.from(entries.slice(from, from + AFFIRM_ENTRIES * ENTRY_WORDS)), AFFIRM_TRIES);
    };
  }

  /** What a former main of ours did not come to: routes to nodes that are gone. */
  onElected(): void {
    const { state, authority } = this.#parts;
    const gone = [...state.places.all()].filter((place) => !place.isAlive && place.set !== state.set);
    if (gone.length > 0) authority.sweep(gone, () => {});
  }

  /** What our own nodes have in some slots, by node. */
  #entriesOf(slots: number[]): Map<Place, number[]> {
    const { table, places, set } = this.#parts.state;
    const found = new Map<Place, number[]>();
    for (const slot of slots)
      table.eachInSlot(slot, (at) => {
        const place = places.byIndex[table.placeAt(at)];
        if (place?.set !== set) return;
        const entries = found.get(place) ?? [];
        found.set(place, entries);
        entries.push(table.segment[at] as number, table.segment[at + 1] as number, table.checkAt(at));
        entries.push(table.termAt(at), table.counterAt(at), table.typeAt(at) << 16);
      });
    return found;
  }

  #affirm(place: Place, entries: Uint32Array, triesLeft: number): void {
    const { state, authority } = this.#parts;
    authority.decideAll({ entries, from: place.index, action: CLAIM.affirm }, (answers) => {
      const again: number[] = [];
      for (let index = 0; index * ENTRY_WORDS < entries.length; index++) {
        const code = answers[index * 3] as number;
        const entry = entries.subarray(index * ENTRY_WORDS, (index + 1) * ENTRY_WORDS);
        const [low = 0, high = 0, , term = 0, counter = 0, meta = 0] = entry;
        if (OPEN_CODES.includes(code)) again.push(...entry);
        else if (code !== 0) authority.revoke(place.index, { low, high, term, counter, type: meta >>> 16 });
      }
      if (again.length === 0 || state.isClosed) return;
      if (triesLeft === 0) state.log(`${again.length / ENTRY_WORDS} objects of ${place.node} could not be affirmed`);
      else state.clock.after(AGAIN_MS, () => this.#affirm(place, Uint32Array.from(again), triesLeft - 1));
    });
  }

  close(): void {
    for (const cancel of this.#waiting.values()) cancel();
    this.#waiting.clear();
  }
}
