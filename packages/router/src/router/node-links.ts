import type { FormerLinks } from '../links/former-links.ts';
import type { Link } from '../links/link.ts';
import { typeNumber } from '../table/object-id.ts';
import type { Authority } from './authority.ts';
import type { Groups } from './groups.ts';
import type { Place } from './places.ts';
import type { Replication } from './replication.ts';
import type { RouterState } from './state.ts';

export interface NodeLinksParts {
  state: RouterState;
  groups: Groups;
  replication: Replication;
  authority: Authority;
  formers: FormerLinks;
  /** Says our role to a link. */
  tell(link: Link): void;
}

/** The nodes of this router's set: which of them are linked, which may come back, which are gone. */
export class NodeLinks {
  readonly #parts: NodeLinksParts;
  readonly #typeNames = new Map<number, string>();

  constructor(parts: NodeLinksParts) {
    this.#parts = parts;
  }

  /** A node's link is open. */
  onLink(link: Link): void {
    const { state, replication, tell } = this.#parts;
    const { name: node, types = [], incarnation } = link.other;
    if (!this.#declare(types, link)) return;
    for (const other of [...state.places.all()])
      if (other.set === state.set && other.node === node && other.incarnation !== incarnation && other.isAlive)
        this.#lose(other, 'it started anew');
    const { place } = state.places.findOrAdd(state.set, node, incarnation, types);
    place.cancelGrace?.();
    place.cancelGrace = undefined;
    const former = place.link;
    place.isAlive = true;
    place.link = link;
    state.places.links[place.index] = link;
    state.nodeLinks.set(link, place);
    if (former && former !== link) former.destroy('replaced by a newer link');
    replication.announcePlace(place);
    tell(link);
  }

  onDown(link: Link, reason: string): void {
    const { state, groups } = this.#parts;
    groups.onNodeDown(link);
    const place = state.nodeLinks.get(link);
    state.nodeLinks.delete(link);
    if (!place || place.link !== link) return;
    place.link = undefined;
    state.places.links[place.index] = undefined;
    state.log(`link to node ${place.node} is down: ${reason}`);
    this.#await(place);
  }

  onGoodbye(link: Link): void {
    const place = this.#parts.state.nodeLinks.get(link);
    if (place) this.#lose(place, 'it left');
  }

  /** This router leads: nodes that it knows without a link have their time to come back. */
  awaitAll(): void {
    const { state } = this.#parts;
    for (const place of state.places.all()) if (place.set === state.set) this.#await(place);
  }

  close(): void {
    for (const place of this.#parts.state.places.all()) place.cancelGrace?.();
  }

  /** False when two types of the mesh would have the same number. */
  #declare(types: string[], link: Link): boolean {
    const { state } = this.#parts;
    for (const type of types) {
      const known = this.#typeNames.get(typeNumber(type));
      if (known !== undefined && known !== type) {
        link.destroy(`type ${type} has the same number as ${known}: rename one`);
        state.log(`node ${link.other.name} was refused: types ${type} and ${known} have the same number`);
        return false;
      }
      this.#typeNames.set(typeNumber(type), type);
    }
    return true;
  }

  /** A node without a link may come back for a while. */
  #await(place: Place): void {
    const { clock, times } = this.#parts.state;
    if (!place.isAlive || place.link || place.cancelGrace) return;
    place.cancelGrace = clock.after(times.nodeGraceMs, () => {
      place.cancelGrace = undefined;
      if (!place.link) this.#lose(place, `it did not come back within ${times.nodeGraceMs} ms`);
    });
  }

  #lose(place: Place, reason: string): void {
    const { state, formers, replication, authority } = this.#parts;
    if (!place.isAlive) return;
    place.cancelGrace?.();
    place.cancelGrace = undefined;
    place.isAlive = false;
    state.places.links[place.index] = undefined;
    if (state.role !== 'main') return;
    formers.giveUp({ set: state.set, name: place.node, incarnation: place.incarnation });
    state.log(`node ${place.node} of ${place.set} is gone: ${reason}`);
    replication.announcePlace(place);
    authority.sweep(place, () => {
      // Its number may be used again when tombstones of its routes are gone everywhere.
      state.clock.after(state.times.tombstoneMs, () => {
        if (!place.isAlive && (state.table.placeCounts[place.index] ?? 0) === 0) state.places.forget(place);
      });
    });
  }
}
