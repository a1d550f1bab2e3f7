import { SLOTS } from '../table/object-id.ts';

/** Where the coordinator keeps the map. */
export const SLOTS_PATH = 'slots';

/** What a new map says about a set that was given up: the slots it had as far as we knew. */
export interface GivenUp {
  set: string;
  slots: number[];
}

interface MapText {
  sets: string[];
  owners: string;
  lost?: string[];
  losses?: Record<string, number>;
}

/** Which set decides about which slot of ids. Kept in the coordinator as JSON. */
export class SlotMap {
  sets: string[] = [];
  /** Sets that were given up and have not come back. */
  lost: string[] = [];
  /** The term in which a set was given up last: what it did in lower terms is void. */
  losses: Record<string, number> = {};
  version = -1;
  readonly #owners = new Uint8Array(SLOTS);

  /** The set that decides about a slot; undefined before the first map. */
  ownerOf(slot: number): string | undefined {
    return this.sets[this.#owners[slot] as number];
  }

  /** Takes a later map; answers the sets that were given up since the one before. */
  parse(text: string, version: number): GivenUp[] {
    if (version <= this.version) return [];
    const { sets, owners, lost = [], losses = {} } = JSON.parse(text) as MapText;
    const givenUp = Object.keys(losses)
      .filter((set) => (losses[set] as number) > (this.losses[set] ?? 0))
      .map((set) => ({ set, slots: this.slotsOf(set) }));
    this.sets = sets;
    this.lost = lost;
    this.losses = losses;
    this.#owners.set(Buffer.from(owners, 'base64'));
    this.version = version;
    return givenUp;
  }

  /** The text of this map with some slots given to another set. */
  withOwner(slots: Iterable<number>, set: string): string {
    const sets = this.sets.includes(set) ? this.sets : [...this.sets, set];
    const owners = this.#owners.slice();
    for (const slot of slots) owners[slot] = sets.indexOf(set);
    return this.#text(sets, owners, { lost: this.lost.filter((one) => one !== set), losses: this.losses });
  }

  /** The text of this map with a set given up in a term: its slots are dealt out to the heirs. */
  withoutSet(set: string, heirs: string[], term: number): string {
    const sets = [...new Set([...this.sets, ...heirs])];
    const owners = this.#owners.slice();
    for (const [nth, slot] of this.slotsOf(set).entries())
      owners[slot] = sets.indexOf(heirs[nth % heirs.length] as string);
    return this.#text(sets, owners, {
      lost: [...new Set([...this.lost, set])],
      losses: { ...this.losses, [set]: term },
    });
  }

  /** The text of this map. */
  get text(): string {
    return this.#text(this.sets, this.#owners, { lost: this.lost, losses: this.losses });
  }

  #text(sets: string[], owners: Uint8Array, rest: Pick<MapText, 'lost' | 'losses'>): string {
    return JSON.stringify({ sets, owners: Buffer.from(owners).toString('base64'), ...rest } satisfies MapText);
  }

  /** The set that decides, for each slot. */
  get owners(): (string | undefined)[] {
    return Array.from(this.#owners, (number) => this.sets[number]);
  }

  slotsOf(set: string): number[] {
    const slots: number[] = [];
    for (let slot = 0; slot < SLOTS; slot++) if (this.ownerOf(slot) === set) slots.push(slot);
    return slots;
  }
}
