import type { FrameView } from '../frames/frame.ts';
import type { Link } from '../links/link.ts';
import type { Mesh, TermNotice } from './mesh.ts';
import type { Replication } from './replication.ts';
import type { SlotOwnership } from './slot-ownership.ts';
import type { RouterState } from './state.ts';

/** A new main without a table waits for the other sets until nothing has come from them for this long. */
const FIRST_SYNC_MS = 15_000;

export interface LeadParts {
  state: RouterState;
  replication: Replication;
  mesh: Mesh;
  ownership: SlotOwnership;
  /** The role, the term or readiness changed. */
  changed(): void;
}

/** Who leads each set, by the terms that are announced; and what this router does when it leads, or leads no more. */
export class Lead {
  readonly #parts: LeadParts;
  /** Counts leads and their ends: what was begun in an earlier one is over. */
  #leads = 0;
  #wasSynced = false;
  /** The term of the main whose table we asked for. */
  #followed = 0;

  constructor(parts: LeadParts) {
    this.#parts = parts;
  }

  /** Says whether the lead of now goes on. */
  current(): () => boolean {
    const { state } = this.#parts;
    const lead = this.#leads;
    return () => lead === this.#leads && state.role === 'main' && !state.isClosed;
  }

  onTerm(frame: FrameView, link: Link): void {
    const { state, replication, mesh } = this.#parts;
    const { term } = frame;
    const { role, set } = link.other;
    const notice = frame.json<TermNotice>();
    if (role === 'node' || set === state.set) {
      const leads = role === 'router' && notice.isMain;
      if (role === 'router') link.term = leads ? term : 0;
      if (term > state.term) {
        // Somebody has seen a later main than us.
        if (state.role === 'main' && state.hasFencing) this.depose(`term ${term} was seen`);
        state.term = term;
      }
      // A node may have told us of the term before the main itself does.
      if (leads) this.#follow(link);
      return;
    }
    const peer = mesh.peerOf(set);
    link.term = notice.isMain ? term : 0;
    if (!notice.isMain) {
      if (peer.main === link) {
        peer.main = undefined;
        mesh.refreshLinks(set);
      }
      return;
    }
    if (term < peer.term) return;
    const isNew = peer.main !== link;
    peer.main = link;
    peer.term = term;
    peer.isDraining = notice.isDraining;
    mesh.refreshLinks(set);
    if (state.role === 'main' && isNew) replication.subscribe(link, 'own');
  }

  /** The election says that we lead. */
  async onElected(term: number): Promise<void> {
    const { state, replication, ownership } = this.#parts;
    const lead = ++this.#leads;
    const isOver = (): boolean => lead !== this.#leads || state.isClosed;
    await ownership.readMap(isOver);
    if (isOver()) return;
    // Terms rise: who was elected after us has told us already, and leads. Its term is not ours to take.
    if (term < state.term) {
      state.log(`not main of ${state.set}: term ${state.term} was seen before the lead in term ${term} began`);
      return;
    }
    const isWarm = [...state.siblings.values()].some((link) => replication.isSynced(link)) || this.#wasSynced;
    for (const link of state.siblings.values()) replication.unsubscribe(link);
    this.#followed = 0;
    state.role = 'main';
    state.term = term;
    state.counter = 0;
    state.isReady = isWarm;
    ownership.onElected();
    state.log(`main of ${state.set} in term ${state.term}${isWarm ? '' : ', getting the table'}`);
    for (const peer of state.peers.values()) if (peer.main) replication.subscribe(peer.main, 'own');
    this.#parts.changed();
    if (!isWarm) {
      await this.#firstSync(isOver);
      if (isOver() || state.role !== 'main') return;
      state.isReady = true;
      this.#parts.changed();
    }
    await ownership.takeShare(isOver);
  }

  /** As standby: gets the table of the main of our set, once for each of its terms. */
  #follow(link: Link): void {
    const { state, replication } = this.#parts;
    if (state.role !== 'standby' || link.term === 0 || link.term < state.term) return;
    if (this.#followed === link.term && replication.isSubscribed(link)) return;
    this.#followed = link.term;
    replication.subscribe(link, 'all');
  }

  /** The table of our main, or of another set, is here. */
  onSynced(link: Link): void {
    const { state } = this.#parts;
    if (link.other.set === state.set) this.#wasSynced = true;
    else this.#parts.mesh.peerOf(link.other.set).isSynced = true;
  }

  /** We lead no more. */
  depose(reason: string): void {
    const { state } = this.#parts;
    this.#leads++;
    if (state.role !== 'main') return;
    state.role = 'standby';
    state.isReady = false;
    this.#wasSynced = false;
    state.log(`no longer main of ${state.set}: ${reason}`);
    this.#parts.changed();
    for (const link of state.siblings.values()) this.#follow(link);
  }

  /** Our set was given up: what it decided is void, what it knows is out of date. */
  onGivenUp(): void {
    const { state, replication } = this.#parts;
    this.#wasSynced = false;
    for (const peer of state.peers.values()) peer.isSynced = false;
    // A main that leads since then is followed already, and waits for what we confirm.
    const lostIn = state.slots.losses[state.set] ?? 0;
    for (const link of state.siblings.values()) if (link.term < lostIn) replication.unsubscribe(link);
    if (state.role === 'main') this.depose('the set was given up');
  }

  async #firstSync(isOver: () => boolean): Promise<void> {
    const { state, mesh } = this.#parts;
    let end = state.clock.elapsed() + FIRST_SYNC_MS;
    let routes = -1;
    while (state.clock.elapsed() < end && !isOver()) {
      const others = mesh.sets();
      others?.delete(state.set);
      // As long as something comes it is worth waiting for.
      if (state.table.size !== routes) end = state.clock.elapsed() + FIRST_SYNC_MS;
      routes = state.table.size;
      if (others && [...others].every((set) => state.peers.get(set)?.isSynced)) return;
      await new Promise<void>((resolve) => {
        state.clock.after(10, resolve);
      });
    }
    state.log('ready without the tables of all other sets');
  }
}
