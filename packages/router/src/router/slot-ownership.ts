import { backoff } from '@sparrow/core';
import type { Closable } from '../coordinators/coordinator.ts';
import { RouterError } from '../errors.ts';
import { type FrameView, jsonBytes } from '../frames/frame.ts';
import { KIND } from '../frames/layout.ts';
import type { Link } from '../links/link.ts';
import type { Requests } from '../links/requests.ts';
import { phrase } from '../phrase.ts';
import { SLOTS } from '../table/object-id.ts';
import type { Authority } from './authority.ts';
import { LostSets } from './lost-sets.ts';
import type { Mesh } from './mesh.ts';
import type { Replication } from './replication.ts';
import { type GivenUp, SLOTS_PATH } from './slot-map.ts';
import { decides, type RouterState } from './state.ts';

interface Handover {
  slots: number[];
  term: number;
  map: string;
  version: number;
  /** What the giver has in each of the slots: live routes and their digest. Older versions do not say it. */
  digests?: number[];
}

/** A set that was just given slots waits this long for the giver's last words. */
const HANDOVER_MS = 3_000;
/** When they are missing, they are fetched; until that can be done it is tried again after this. */
const FETCH_AGAIN_MS = 200;
/** Others may write the map at the same time: it is read and written again so often. */
const GIVE_TRIES = 5;

export interface SlotOwnershipParts {
  state: RouterState;
  replication: Replication;
  requests: Requests;
  authority: Authority;
  mesh: Mesh;
  /** Says whether the lead of now goes on. */
  lead(): () => boolean;
  /** The set of this router was given up. */
  onGivenUp(): void;
  /** The role, the term or readiness changed. */
  changed(): void;
}

/** Which slots this set decides about: takes its share of them, gives some away, follows the map in the coordinator. */
export class SlotOwnership {
  readonly #parts: SlotOwnershipParts;
  readonly #lostSets: LostSets;
  #watch: Closable | undefined;

  constructor(parts: SlotOwnershipParts) {
    this.#parts = parts;
    const { state, authority, mesh } = parts;
    this.#lostSets = new LostSets({
      state,
      authority,
      path: SLOTS_PATH,
      adopt: (text, version) => this.#adopt(text, version),
      listed: () => mesh.sets(),
    });
  }

  start(): void {
    const { coordinator } = this.#parts.state;
    this.#watch = coordinator.watchValue(SLOTS_PATH, (text, version) => {
      this.#adopt(text, version);
      this.#lostSets.look();
    });
  }

  /** The coordinator lists other routers than before. */
  onMembers(): void {
    this.#lostSets.look();
  }

  onElected(): void {
    const { state } = this.#parts;
    state.pendingSlots.clear();
    state.leavingSlots.clear();
    this.#lostSets.onElected();
  }

  /**
   * Whoever leads anew first sees what was decided while it did not: its set may have been given up. And it writes the
   * map once more as it is, so that who is about to give the set up on older evidence finds another version there and
   * looks again.
   */
  async readMap(isOver: () => boolean): Promise<void> {
    const { state } = this.#parts;
    for (let attempt = 0; !isOver(); attempt++)
      try {
        const { data, version } = await state.coordinator.read(SLOTS_PATH);
        if (version < 0) return;
        this.#adopt(data, version);
        if (isOver()) return;
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

  /** Takes a later map. Slots that come to us by it wait for what their giver still has to say. */
  #adopt(text: string, version: number): void {
    const { state } = this.#parts;
    const owners = state.slots.owners;
    const before = new Set(state.slots.slotsOf(state.set));
    const isFirst = state.slots.version < 0;
    const givenUp = state.slots.parse(text, version);
    if (isFirst) return;
    const fallen = new Set(this.#onGivenUp(givenUp, before));
    if (state.role !== 'main') return;
    const given = state.slots.slotsOf(state.set).filter((slot) => !before.has(slot) && !fallen.has(slot));
    for (const slot of given) state.pendingSlots.add(slot);
    for (const [giver, slots] of Map.groupBy(given, (slot) => owners[slot] ?? ''))
      state.clock.after(HANDOVER_MS, () => void this.#acceptLate(slots, giver));
  }

  /**
   * The giver wrote the map, and its last words did not come: it went away, or the link between us broke. What it, or
   * whoever leads its set now, has in the slots is fetched, as long as there is anybody.
   */
  async #acceptLate(slots: readonly number[], giver: string): Promise<void> {
    const { state, mesh } = this.#parts;
    const leads = this.#parts.lead();
    const end = state.clock.elapsed() + state.times.lostSetMs;
    while (leads()) {
      const late = slots.filter((slot) => state.pendingSlots.has(slot));
      if (late.length === 0) return;
      const main = state.peers.get(giver)?.main;
      const isThere = main !== undefined || mesh.sets()?.has(giver) !== false;
      if (main && (await this.#fetch(main, late))) return this.#accept(late);
      if (!isThere || state.clock.elapsed() > end) {
        state.log(`slots: nobody of set ${giver} says what it decided last about ${late.length} of them`);
        return this.#accept(late);
      }
      await new Promise<void>((resolve) => {
        state.clock.after(FETCH_AGAIN_MS, resolve);
      });
    }
  }

  /** Gets slots that are about to be ours as their giver left them. False when that failed. */
  async #fetch(giver: Link, slots: readonly number[]): Promise<boolean> {
    const { requests, replication } = this.#parts;
    try {
      // Snapshots that were on their way already are here with the answer.
      await requests.ask(giver, { op: 'ping' });
      return await replication.pull(giver, slots);
    } catch {
      return false;
    }
  }

  /** Sets were given up; answers the slots that fell to us by that. */
  #onGivenUp(givenUp: readonly GivenUp[], before: ReadonlySet<number>): number[] {
    const { state, replication, mesh } = this.#parts;
    if (givenUp.length === 0) return [];
    const after: (() => void)[] = [];
    const fallen: number[] = [];
    for (const one of givenUp) {
      if (one.set === state.set) {
        this.#parts.onGivenUp();
        continue;
      }
      const peer = state.peers.get(one.set);
      if (peer) {
        peer.term = Math.max(peer.term, state.slots.losses[one.set] ?? 0);
        for (const link of peer.links.values()) if (link.term < peer.term) replication.unsubscribe(link);
        if (peer.main && peer.main.term < peer.term) peer.main = undefined;
        mesh.refreshLinks(one.set);
      }
      after.push(this.#lostSets.onGivenUp(one));
      fallen.push(...one.slots.filter((slot) => state.slots.ownerOf(slot) === state.set && !before.has(slot)));
    }
    const finish = (): void => {
      for (const call of after) call();
    };
    // Nobody has last words about these.
    if (fallen.length === 0 || state.role !== 'main') finish();
    else {
      for (const slot of fallen) state.pendingSlots.add(slot);
      void this.#accept(fallen).then(finish);
    }
    return fallen;
  }

  /**
   * The first set takes all slots; a later one asks the others for its share, until it has it: they may be out of reach
   * for a while.
   */
  async takeShare(isOver: () => boolean): Promise<void> {
    const { state, requests } = this.#parts;
    for (let attempt = 0; !isOver(); attempt++) {
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
            throw new RouterError('UNREACHABLE', phrase`set ${owner} has no main`, {
              hint: phrase`wait for its election`,
            });
          // Every second, third … of theirs: what is there is spread evenly.
          const theirs = state.slots.slotsOf(owner);
          const step = theirs.length / share;
          const slots = Array.from({ length: share }, (_, nth) => theirs[Math.floor(nth * step)] as number);
          await requests.ask(main, { op: 'give-slots', slots, to: state.set });
        }
        return;
      } catch (error) {
        if (attempt < 5 || attempt % 60 === 0)
          state.log(`slots: ${error instanceof Error ? error.message : String(error)}`);
        await new Promise<void>((resolve) => {
          state.clock.after(backoff(attempt, { baseMs: 50, maxMs: 1_000 }), resolve);
        });
      }
    }
  }

  /**
   * Gives slots to another set: the map is changed, then our last words follow. While nobody knows whether the map says
   * so already, this set does not decide about them: the other one may do so soon, however late we hear of it.
   *
   * @throws RouterError UNREACHABLE when that set has no main, and what the coordinator says
   */
  async give(slots: readonly number[], to: string): Promise<number> {
    const { state, replication } = this.#parts;
    const main = state.peers.get(to)?.main;
    if (!main)
      throw new RouterError('UNREACHABLE', phrase`set ${to} has no main`, { hint: phrase`wait for its election` });
    const ours = slots.filter((slot) => decides(state, slot));
    // What was decided about them is on its way before anybody else decides.
    replication.flush();
    for (const slot of ours) state.leavingSlots.add(slot);
    const digests = ours.flatMap((slot) => this.#digestOf(slot));
    const { map, version, term } = await this.#writeMap(ours, to);
    (state.peers.get(to)?.main ?? main).sendHeader(
      { kind: KIND.handover, term },
      jsonBytes({ slots: ours, term, map, version, digests } satisfies Handover),
    );
    return ours.length;
  }

  /** Writes that slots belong to another set now. When it ends, in whichever way, it is known whose they are. */
  async #writeMap(ours: readonly number[], to: string): Promise<{ map: string; version: number; term: number }> {
    const { state } = this.#parts;
    const leads = this.#parts.lead();
    for (let attempt = 1; ; attempt++) {
      const { term } = state;
      const map = state.slots.withOwner(ours, to);
      let failure: unknown;
      try {
        const version = await state.coordinator.compareAndSet(SLOTS_PATH, map, state.slots.version);
        this.#adopt(map, version);
        if (leads()) for (const slot of ours) state.leavingSlots.delete(slot);
        return { map, version, term };
      } catch (error) {
        failure = error;
      }
      // It may have been written although it failed, or be written yet: whoever writes the map anew knows.
      await this.readMap(() => !leads());
      if (!leads()) throw failure;
      const isDone = ours.every((slot) => state.slots.ownerOf(slot) === to);
      const isConflict = failure instanceof RouterError && failure.code === 'VERSION_CONFLICT';
      const goesOn =
        isConflict && attempt < GIVE_TRIES && ours.every((slot) => state.slots.ownerOf(slot) === state.set);
      if (goesOn && !isDone) continue;
      for (const slot of ours) state.leavingSlots.delete(slot);
      if (!isDone) throw failure;
      return { map: state.slots.text, version: state.slots.version, term };
    }
  }

  onHandover(frame: FrameView, link: Link): void {
    const { state, mesh } = this.#parts;
    const { slots, term, map, version, digests } = frame.json<Handover>();
    if (state.role !== 'main' || link.term < mesh.peerOf(link.other.set).term) return;
    this.#adopt(map, version);
    // Who waited for too long has fetched them, and decides.
    const open = slots.filter((slot) => state.pendingSlots.has(slot));
    const differing = slots.filter((slot, nth) => {
      const [count, digest] = this.#digestOf(slot);
      return digests && state.pendingSlots.has(slot) && (digests[nth * 2] !== count || digests[nth * 2 + 1] !== digest);
    });
    if (differing.length === 0) void this.#accept(open, term);
    // The link between us broke, and some of its changes did not come. Where this fails it is tried again later.
    else
      void this.#fetch(link, differing).then((isDone) => {
        if (isDone) void this.#accept(open, term);
      });
  }

  #digestOf(slot: number): [count: number, digest: number] {
    const { counts, digests } = this.#parts.state.table;
    return [counts[slot] as number, digests[slot] as number];
  }

  /** Epochs that we make from here on are later than the giver's. */
  async #accept(slots: number[], term?: number): Promise<void> {
    const { state, authority } = this.#parts;
    if (!(await authority.newTerm(term))) return;
    for (const slot of slots) state.pendingSlots.delete(slot);
    this.#parts.changed();
  }

  close(): void {
    this.#watch?.close();
    this.#lostSets.close();
  }
}
