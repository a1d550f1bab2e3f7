import { SLOTS } from '../table/object-id.ts';

/** Which set decides about which slot of ids. Kept in the coordinator as JSON. */
export class SlotMap {
  sets: string[] = [];
  version = -1;
  readonly #owners = new Uint8Array(SLOTS);

  /** The set that decides about a slot; undefined before the first map. */
  ownerOf(slot: number): string | undefined {
    return this.sets[this.#owners[slot] as number];
  }

  parse(text: string, version: number): void {
    if (version <= this.version) return;
    const { sets, owners } = JSON.parse(text) as { sets: string[]; owners: string };
    this.sets = sets;
    this.#owners.set(Buffer.from(owners, 'base64'));
    this.version = version;
  }

  /** The text of this map with some slots given to another set. */
  withOwner(slots: Iterable<number>, set: string): string {
    const sets = this.sets.includes(set) ? this.sets : [...this.sets, set];
    const owners = this.#owners.slice();
    for (const slot of slots) owners[slot] = sets.indexOf(set);
    return JSON.stringify({ sets, owners: Buffer.from(owners).toString('base64') });
  }

  slotsOf(set: string): number[] {
    const slots: number[] = [];
    for (let slot = 0; slot < SLOTS; slot++) if (this.ownerOf(slot) === set) slots.push(slot);
    return slots;
  }
}
