import { backoff } from '@sparrow/core';
import type { Closable, Membership } from '../coordinators/coordinator.ts';
import { RouterError } from '../errors.ts';
import { type FrameView, jsonBytes } from '../frames/frame.ts';
import { KIND } from '../frames/layout.ts';
import type { Link } from '../links/link.ts';
import type { Requests } from '../links/requests.ts';
import { SLOTS } from '../table/object-id.ts';
import type { Authority } from './authority.ts';
import type { Groups } from './groups.ts';
import { LostSets } from './lost-sets.ts';
import type { Replication } from './replication.ts';
import { decides, type PeerSet, type RouterState } from './state.ts';

/** What a router says about itself in the coordinator. */
export interface RouterEntry {
  set: string;
  name: string;
  /** Where nodes and routers of the same set dial it. */
  address: string;
  /** Where routers of other sets dial it, when they have a trunk, too. */
  trunk?: string;
}

interface TermNotice {
  isMain: boolean;
  isReady: boolean;
  isDraining: boolean;
}

interface Handover {
  slots: number[];
  term: number;
  map: string;
  version: number;
}

export const ROUTERS_PATH = 'routers';
export const SLOTS_PATH = 'slots';
/** A set that was just given slots waits this long for the giver's last words. */
const HANDOVER_MS = 3_000;
/** A new main without a table waits for the other sets until nothing has come from them for this long. */
const FIRST_SYNC_MS = 15_000;

export interface MeshParts {
  state: RouterState;
  replication: Replication;
  groups: Groups;
  requests: Requests;
  authority: Authority;
  entry: RouterEntry;
  dial(entry: RouterEntry): Promise<Link>;
  attach(link: Link): void;
  /** The role, the term or readiness changed. */
  changed(): void;
}

/** Finds the other routers, keeps links to them, and agrees with them on who leads and who decides. */
export class Mesh {
  readonly #parts: MeshParts;
  readonly #dialling = new Set<string>();
  readonly #watches: Closable[] = [];
  #members: ReadonlyMap<string, string> | undefined;
  #membership: Membership | undefined;
  #leads = 0;
  readonly #lostSets: LostSets;

  constructor(parts: MeshParts) {
    this.#parts = parts;
    const { state, authority } = parts;
    this.#lostSets = new LostSets({
      state,
      authority,
      path: SLOTS_PATH,
      adopt: (text, version) => this.#adopt(text, version),
      listed: () =>
        this.#members && new Set([...this.#members.values()].map((one) => (JSON.parse(one) as RouterEntry).set)),
    });
  }

  async start(): Promise<void> {
    const { state, entry } = this.#parts;
    const { coordinator } = state;
    this.#watches.push(
      coordinator.watchValue(SLOTS_PATH, (text, version) => this.#onSlots(text, version)),
      coordinator.watchMembers(ROUTERS_PATH, (members) => this.#onMembers(members)),
    );
    this.#membership = await coordinator.join(ROUTERS_PATH, idOf(entry), JSON.stringify(entry));
  }

  // Links.

  #onMembers(members: ReadonlyMap<string, string>): void {
    this.#members = members;
    const mine = idOf(this.#parts.entry);
    for (const [id, text] of members) if (mine < id) void this.#connect(JSON.parse(text) as RouterEntry);
    const sets = new Set([...members.values()].map((text) => (JSON.parse(text) as RouterEntry).set));
    for (const [set, peer] of this.#parts.state.peers)
      if (!sets.has(set) && peer.links.size === 0) this.#parts.state.peers.delete(set);
    this.#lostSets.look();
  }

  /** Dials until there is a link, as long as the router is listed. */
  async #connect(entry: RouterEntry): Promise<void> {
    const id = idOf(entry);
    const { state } = this.#parts;
    if (this.#dialling.has(id) || this.#linkTo(entry)) return;
    this.#dialling.add(id);
    for (let attempt = 0; !state.isClosed && this.#members?.has(id) && !this.#linkTo(entry); attempt++) {
      try {
        this.#parts.attach(await this.#parts.dial(JSON.parse(this.#members.get(id) as string) as RouterEntry));
        break;
      } catch (error) {
        if (attempt === 3) state.log(`cannot reach ${id}: ${error instanceof Error ? error.message : String(error)}`);
        await new Promise<void>((resolve) => {
          state.clock.after(backoff(attempt, { baseMs: 50, maxMs: 1_000 }), resolve);
        });
      }
    }
    this.#dialling.delete(id);
  }

  #linkTo(entry: RouterEntry): Link | undefined {
    const { state } = this.#parts;
    return entry.set === state.set ? state.siblings.get(entry.name) : state.peers.get(entry.set)?.links.get(entry.name);
  }

  peerOf(set: string): PeerSet {
    const { peers } = this.#parts.state;
    let peer = peers.get(set);
    if (!peer) {
      peer = {
        set,
        links: new Map(),
        main: undefined,
        term: this.#parts.state.slots.losses[set] ?? 0,
        isDraining: false,
        isSynced: false,
      };
      peers.set(set, peer);
    }
    return peer;
  }

  /** A link to another router is open. */
  onLink(link: Link): void {
    const { state, groups } = this.#parts;
    const { set, name } = link.other;
    const links = set === state.set ? state.siblings : this.peerOf(set).links;
    const former = links.get(name);
    links.set(name, link);
    if (former && former !== link) former.destroy('replaced by a newer link');
    this.tell(link);
    groups.introduce(link);
  }

  onDown(link: Link): void {
    const { state, groups, replication } = this.#parts;
    const { set, name } = link.other;
    replication.onDown(link);
    if (set === state.set) {
      if (state.siblings.get(name) === link) state.siblings.delete(name);
    } else {
      const peer = state.peers.get(set);
      if (peer?.links.get(name) === link) peer.links.delete(name);
      if (peer?.main === link) {
        peer.main = undefined;
        this.refreshLinks(set);
      }
      if (peer && peer.links.size === 0) groups.onSetDown(set);
    }
    const text = this.#members?.get(`${set}:${name}`);
    if (text && idOf(this.#parts.entry) < `${set}:${name}` && !state.isClosed)
      void this.#connect(JSON.parse(text) as RouterEntry);
  }

  /** Points the places of a set at the link that leads there now. */
  refreshLinks(set: string): void {
    const { places, peers } = this.#parts.state;
    for (const place of places.all())
      if (place.set === set)
        places.links[place.index] = !place.isAlive
          ? undefined
          : set === this.#parts.state.set
            ? place.link
            : peers.get(set)?.main;
  }

  // Terms.

  /** Says our role to a link. */
  tell(link: Link): void {
    const { state } = this.#parts;
    const isMain = state.role === 'main';
    const notice: TermNotice = { isMain, isReady: isMain && state.isReady, isDraining: state.isDraining };
    link.sendHeader({ kind: KIND.term, term: state.term }, jsonBytes(notice));
  }

  tellAll(): void {
    const { state } = this.#parts;
    for (const link of state.nodeLinks.keys()) this.tell(link);
    for (const link of state.siblings.values()) this.tell(link);
    for (const peer of state.peers.values()) for (const link of peer.links.values()) this.tell(link);
  }

  onTerm(frame: FrameView, link: Link): void {
    const { state, replication } = this.#parts;
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
    const peer = this.peerOf(set);
    link.term = notice.isMain ? term : 0;
    if (!notice.isMain) {
      if (peer.main === link) {
        peer.main = undefined;
        this.refreshLinks(set);
      }
      return;
    }
    if (term < peer.term) return;
    const isNew = peer.main !== link;
    peer.main = link;
    peer.term = term;
    peer.isDraining = notice.isDraining;
    this.refreshLinks(set);
    if (state.role === 'main' && isNew) replication.subscribe(link, 'own');
  }

  /** The election says that we lead. */
  async onElected(term: number): Promise<void> {
    const { state, replication } = this.#parts;
    const lead = ++this.#leads;
    await this.#readMap(lead);
    if (lead !== this.#leads || state.isClosed) return;
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
    state.pendingSlots.clear();
    this.#lostSets.onElected();
    state.log(`main of ${state.set} in term ${state.term}${isWarm ? '' : ', getting the table'}`);
    for (const peer of state.peers.values()) if (peer.main) replication.subscribe(peer.main, 'own');
    this.#parts.changed();
    if (!isWarm) {
      await this.#firstSync(lead);
      if (lead !== this.#leads || state.role !== 'main' || state.isClosed) return;
      state.isReady = true;
      this.#parts.changed();
    }
    await this.#takeSlots(lead);
  }

  #wasSynced = false;
  /** The term of the main whose table we asked for. */
  #followed = 0;

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
    else this.peerOf(link.other.set).isSynced = true;
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

  async #firstSync(lead: number): Promise<void> {
    const { state } = this.#parts;
    let end = performance.now() + FIRST_SYNC_MS;
    let routes = -1;
    while (performance.now() < end && lead === this.#leads && !state.isClosed) {
      const others = new Set([...(this.#members?.values() ?? [])].map((text) => (JSON.parse(text) as RouterEntry).set));
      others.delete(state.set);
      // As long as something comes it is worth waiting for.
      if (state.table.size !== routes) end = performance.now() + FIRST_SYNC_MS;
      routes = state.table.size;
      if (this.#members && [...others].every((set) => state.peers.get(set)?.isSynced)) return;
      await new Promise<void>((resolve) => {
        state.clock.after(10, resolve);
      });
    }
    state.log('ready without the tables of all other sets');
  }

  // Slots.

  /**
   * Whoever leads anew first sees what was decided while it did not: its set may have been given up. And it writes the
   * map once more as it is, so that who is about to give the set up on older evidence finds another version there and
   * looks again.
   */
  async #readMap(lead: number): Promise<void> {
    const { state } = this.#parts;
    for (let attempt = 0; lead === this.#leads && !state.isClosed; attempt++)
      try {
        const { data, version } = await state.coordinator.read(SLOTS_PATH);
        if (version < 0) return;
        this.#adopt(data, version);
        if (lead !== this.#leads) return;
        this.#adopt(data, await state.coordinator.compareAndSet(SLOTS_PATH, data, version));
        return;
      } catch (error) {
        if (error instanceof RouterError && error.code === 'VERSION_CONFLICT') continue;
        if (attempt % 10 === 9) state.log(`slots: ${error instanceof Error ? error.message : String(error)}`);
        await new Promise<void>((resolve) => {
          state.clock.after(backoff(attempt, { baseMs: 10, maxMs: 500 }), resolve);
        });
      }
  }

  /** Takes a later map, and what it says of sets that were given up; answers the slots that fell to us by that. */
  #adopt(text: string, version: number): Set<number> {
    const { state, replication } = this.#parts;
    const before = new Set(state.slots.slotsOf(state.set));
    const isFirst = state.slots.version < 0;
    const givenUp = state.slots.parse(text, version);
    if (isFirst) return new Set();
    const after: (() => void)[] = [];
    const fallen: number[] = [];
    for (const one of givenUp) {
      if (one.set === state.set) {
        // What this set decided is void; what it knows is out of date.
        this.#wasSynced = false;
        for (const peer of state.peers.values()) peer.isSynced = false;
        // A main that leads since then is followed already, and waits for what we confirm.
        const lostIn = state.slots.losses[one.set] ?? 0;
        for (const link of state.siblings.values()) if (link.term < lostIn) replication.unsubscribe(link);
        if (state.role === 'main') this.depose('the set was given up');
        continue;
      }
      const peer = state.peers.get(one.set);
      if (peer) {
        peer.term = Math.max(peer.term, state.slots.losses[one.set] ?? 0);
        for (const link of peer.links.values()) if (link.term < peer.term) replication.unsubscribe(link);
        if (peer.main && peer.main.term < peer.term) peer.main = undefined;
        this.refreshLinks(one.set);
      }
      after.push(this.#lostSets.onGivenUp(one));
      fallen.push(...one.slots.filter((slot) => state.slots.ownerOf(slot) === state.set && !before.has(slot)));
    }
    if (givenUp.length === 0) return new Set();
    const finish = (): void => {
      for (const call of after) call();
    };
    // Nobody has last words about these.
    if (fallen.length === 0 || state.role !== 'main') finish();
    else {
      for (const slot of fallen) state.pendingSlots.add(slot);
      void this.#accept(fallen).then(finish);
    }
    return new Set(fallen);
  }

  #onSlots(text: string, version: number): void {
    const { state } = this.#parts;
    const before = new Set(state.slots.version < 0 ? [] : state.slots.slotsOf(state.set));
    const isFirst = state.slots.version < 0;
    const fallen = this.#adopt(text, version);
    this.#lostSets.look();
    if (isFirst || state.role !== 'main') return;
    const given = state.slots.slotsOf(state.set).filter((slot) => !before.has(slot) && !fallen.has(slot));
    if (given.length === 0) return;
    for (const slot of given) state.pendingSlots.add(slot);
    state.clock.after(HANDOVER_MS, () => {
      // The giver went away between writing the map and its last words.
      const late = given.filter((slot) => state.pendingSlots.has(slot));
      if (late.length > 0 && state.role === 'main') void this.#accept(late);
    });
  }

  /** The first set takes all slots; a later one asks the others for its share. */
  async #takeSlots(lead: number): Promise<void> {
    const { state, requests } = this.#parts;
    for (let attempt = 0; attempt < 20 && lead === this.#leads && !state.isClosed; attempt++) {
      try {
        const { data, version } = await state.coordinator.read(SLOTS_PATH);
        if (version < 0) {
          const all = Array.from({ length: SLOTS }, (_, slot) => slot);
          const text = state.slots.withOwner(all, state.set);
          state.slots.parse(text, await state.coordinator.compareAndSet(SLOTS_PATH, text, -1));
          this.#parts.changed();
          return;
        }
        this.#adopt(data, version);
        if (state.slots.slotsOf(state.set).length > 0) {
          this.#parts.changed();
          return;
        }
        const owners = state.slots.sets.filter((set) => state.slots.slotsOf(set).length > 0);
        const share = Math.floor(SLOTS / (owners.length + 1) / owners.length);
        for (const owner of owners) {
          const main = state.peers.get(owner)?.main;
          if (!main)
            throw new RouterError('UNREACHABLE', `set ${owner} has no main`, { hint: 'wait for its election' });
          // Every second, third … of theirs: what is there is spread evenly.
          const theirs = state.slots.slotsOf(owner);
          const step = theirs.length / share;
          const slots = Array.from({ length: share }, (_, nth) => theirs[Math.floor(nth * step)] as number);
          await requests.ask(main, { op: 'give-slots', slots, to: state.set });
        }
        return;
      } catch (error) {
        state.log(`slots: ${error instanceof Error ? error.message : String(error)}`);
        await new Promise<void>((resolve) => {
          state.clock.after(backoff(attempt, { baseMs: 50, maxMs: 1_000 }), resolve);
        });
      }
    }
  }

  /**
   * Gives slots to another set: first the map is changed, then our last increments and the hand-over follow each
   * other.
   */
  async giveSlots(slots: number[], to: string): Promise<number> {
    const { state, replication } = this.#parts;
    const main = state.peers.get(to)?.main;
    if (!main) throw new RouterError('UNREACHABLE', `set ${to} has no main`, { hint: 'wait for its election' });
    const ours = slots.filter((slot) => decides(state, slot));
    const map = state.slots.withOwner(ours, to);
    const version = await state.coordinator.compareAndSet(SLOTS_PATH, map, state.slots.version);
    replication.flush();
    state.slots.parse(map, version);
    main.sendHeader(
      { kind: KIND.handover, term: state.term },
      jsonBytes({ slots: ours, term: state.term, map, version } satisfies Handover),
    );
    return ours.length;
  }

  onHandover(frame: FrameView, link: Link): void {
    const { state } = this.#parts;
    const { slots, term, map, version } = frame.json<Handover>();
    if (state.role !== 'main' || link.term < this.peerOf(link.other.set).term) return;
    for (const slot of slots) state.pendingSlots.add(slot);
    this.#adopt(map, version);
    void this.#accept(slots, term);
  }

  /** Epochs that we make from here on are later than the giver's. */
  async #accept(slots: number[], term?: number): Promise<void> {
    const { state, authority } = this.#parts;
    if (!(await authority.newTerm(term))) return;
    for (const slot of slots) state.pendingSlots.delete(slot);
    this.#parts.changed();
  }

  async close(): Promise<void> {
    this.#lostSets.close();
    for (const watch of this.#watches) watch.close();
    await this.#membership?.leave().catch(() => {});
  }
}

const idOf = (entry: { set: string; name: string }): string => `${entry.set}:${entry.name}`;
