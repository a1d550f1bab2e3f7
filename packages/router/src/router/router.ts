import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Clock, createId, systemClock } from '@sparrow/core';
import type { Coordinator } from '../coordinators/coordinator.ts';
import { RouterError } from '../errors.ts';
import type { FrameView } from '../frames/frame.ts';
import { FIRST_CONTROL_KIND, KIND } from '../frames/layout.ts';
import { FormerLinks } from '../links/former-links.ts';
import type { Identity, Link, LinkHandler, LinkLimits } from '../links/link.ts';
import { openLink } from '../links/open-link.ts';
import { refuseFrame } from '../links/refusal.ts';
import { Requests } from '../links/requests.ts';
import { typeNumber } from '../table/object-id.ts';
import type { Listener, Transport, Wire } from '../transports/transport.ts';
import { answerAdmin, type Topology, topologyOf } from './admin.ts';
import { Authority, CLAIM } from './authority.ts';
import { Forwarder } from './forwarder.ts';
import { type GroupChange, Groups } from './groups.ts';
import { type Leadership, leadByElection } from './leadership.ts';
import { Mesh, type RouterEntry } from './mesh.ts';
import { onMove } from './moves.ts';
import type { Place, PlaceInfo } from './places.ts';
import { Replication } from './replication.ts';
import { createState, DEFAULT_TIMES, type RouterCounters, type RouterTimes } from './state.ts';

export interface RouterOptions {
  /** The set, e.g. `a`; up to 200 characters. */
  set: string;
  /** Unique in the set. */
  name: string;
  coordinator: Coordinator;
  /** Where nodes and routers reach it. Several for one process: e.g. TCP for others and message ports for workers. */
  listen: { transport: Transport; address: string }[];
  /** Carries what goes between sets, e.g. NATS; without it the first of `listen` does. */
  trunk?: { transport: Transport; address: string };
  /** The secret of all links. */
  key?: string;
  limits?: Partial<LinkLimits>;
  times?: Partial<RouterTimes>;
  clock?: Clock;
  /** Versions of the protocol to speak. */
  protocol?: { min: number; max: number };
  /** Who says whether this router leads; by default it takes part in the election itself. */
  leadership?: Leadership;
  log?: (line: string) => void;
  /** The address under which another router is reached from here, e.g. through a gateway of the region. */
  dialThrough?: (address: string, to: { set: string; name: string }) => Promise<string>;
  /** Operators may do faults to it (default false): for development, never for a game with players. */
  faults?: boolean;
  /** Off only where a test shows what fencing is for. */
  fencing?: boolean;
}

export interface Router {
  readonly address: string;
  readonly addresses: string[];
  readonly role: 'main' | 'standby';
  readonly isReady: boolean;
  readonly term: number;
  readonly routes: number;
  readonly counters: RouterCounters;
  topology(): Topology;
  /** True when this and the other router have the same live routes. */
  digest(): { routes: number; digest: number };
  close(): Promise<void>;
}

/** How often it is looked whether the event loop waits, ms. */
const TURN_MS = 5;

/** One router of a set: main when it is elected, standby otherwise. */
export async function createRouter(options: RouterOptions): Promise<Router> {
  const { set, name, coordinator, key, limits, clock = systemClock, protocol } = options;
  const identity: Identity = { role: 'router', set, name, incarnation: createId('inc') };
  const state = createState({
    set,
    name,
    clock,
    coordinator,
    times: { ...DEFAULT_TIMES, ...options.times },
    log: options.log ?? (() => {}),
    hasFencing: options.fencing ?? true,
    takesFaults: options.faults ?? false,
  });
  const links = new Set<Link>();
  const openOptions = {
    self: identity,
    key,
    limits,
    clock,
    protocol,
    formerOf: (id: string, other: Identity) =>
      [...links].find((link) => link.id === id && link.other.incarnation === other.incarnation) ??
      formers.find(id, other),
  };
  const requests = new Requests(clock);
  const groups = new Groups(state);
  const forwarder = new Forwarder(state, groups);
  const replication = new Replication(state, (link) => mesh.onSynced(link));
  const authority = new Authority(state, replication);
  const leadership = options.leadership ?? leadByElection(coordinator, `sets/${set}/main`, name);
  state.leaseUntil = leadership.leaseUntil;
  state.hasWarmStandby = () => replication.hasStandby;
  const turns = monitorEventLoopDelay({ resolution: TURN_MS });
  turns.enable();
  state.longestTurn = () => {
    const longest = Math.max(0, turns.max / 1e6 - TURN_MS);
    turns.reset();
    return longest;
  };
  const formers = new FormerLinks({
    clock,
    graceMs: state.times.nodeGraceMs,
    refuse: (frame, code) => forwarder.refuseLater(frame, code),
  });
  const typeNames = new Map<number, string>();

  const handler: LinkHandler = {
    frame(frame, link) {
      if (frame.kind < FIRST_CONTROL_KIND) {
        if (frame.kind === KIND.movedMark) return;
        if (link.other.role === 'router' && isStale(link)) {
          state.counters.stale++;
          refuseFrame(state.counters, frame, link, 'UNREACHABLE');
          return;
        }
        forwarder.forward(frame, link);
      } else {
        forwarder.flush();
        try {
          control(frame, link);
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          state.log(`${link.other.set}/${link.other.name}: ${message}`);
          link.destroy(`a control frame that cannot be understood: ${message}`);
        }
      }
    },
    chunkEnd: () => forwarder.flush(),
    down(link, reason) {
      links.delete(link);
      requests.onDown(link);
      if (!state.isClosed) formers.remember(link);
      if (link.other.role === 'router') {
        state.log(`link to ${link.other.set}/${link.other.name} is down: ${reason}`);
        const wasMain = state.peers.get(link.other.set)?.main === link;
        mesh.onDown(link);
        if (wasMain) authority.onSetDown(link.other.set);
      } else if (link.other.role === 'node') onNodeDown(link, reason);
    },
  };

  /** A frame of a main that is none any more. */
  function isStale(link: Link): boolean {
    if (!state.hasFencing || link.other.set === set) return false;
    return link.term < (state.peers.get(link.other.set)?.term ?? 0);
  }

  function control(frame: FrameView, link: Link): void {
    const { kind } = frame;
    const { role } = link.other;
    const place = state.nodeLinks.get(link);
    if (kind === KIND.request) {
      void requests.onRequest(frame, link, (question) =>
        answerAdmin({ state, mesh, requests, replication, leadership }, question, link),
      );
    } else if (kind === KIND.response) requests.onResponse(frame);
    else if (kind === KIND.goodbye) onGoodbye(link);
    else if (role === 'node' && place) {
      if (kind === KIND.register) authority.onNode(frame, link, place, frame.method === 1 ? CLAIM.reject : CLAIM.kick);
      else if (kind === KIND.unregister) authority.onNode(frame, link, place, CLAIM.remove);
      else if (kind === KIND.affirm) authority.onNode(frame, link, place, CLAIM.affirm);
      else if (kind === KIND.move) onMove({ state, authority }, frame, link, place);
      else if (kind === KIND.groups) groups.onNode(link, frame.json<GroupChange>());
      else if (kind === KIND.term) mesh.onTerm(frame, link);
      else if (kind === KIND.load) {
        const { objects, load } = frame.json<{ objects: number; load: number }>();
        Object.assign(place, { objects, load, picked: 0 });
      } else notAllowed(kind, link);
    } else if (role === 'router') {
      if (kind === KIND.term) mesh.onTerm(frame, link);
      else if (kind === KIND.subscribe) replication.onSubscribe(frame, link);
      else if (kind === KIND.places) onPlaces(frame.json<PlaceInfo[]>(), link);
      else if (kind === KIND.increment) replication.onIncrement(frame, link);
      else if (kind === KIND.snapshot) replication.onSnapshot(frame, link);
      else if (kind === KIND.synced) replication.onSynced(frame, link);
      else if (kind === KIND.digests) replication.onDigests(frame, link);
      else if (kind === KIND.pullSlots) replication.onPullSlots(frame, link);
      else if (kind === KIND.mirrored) replication.onMirrored(frame, link);
      else if (kind === KIND.claim) authority.onClaim(frame, link);
      else if (kind === KIND.claimed) authority.onClaimed(frame);
      else if (kind === KIND.setGroups) groups.onSet(link.other.set, frame.json<GroupChange>());
      else if (kind === KIND.setLoads) onSetLoads(frame);
      else if (kind === KIND.handover) mesh.onHandover(frame, link);
      else if (kind === KIND.revoke) onRevoke(frame, link);
      else notAllowed(kind, link);
    } else notAllowed(kind, link);
  }

  function notAllowed(kind: number, link: Link): void {
    throw new RouterError('FRAME_INVALID', `frame kind ${kind} is not allowed on a link to a ${link.other.role}`, {
      hint: 'the other side speaks another protocol',
    });
  }

  // Nodes.

  function onNodeLink(link: Link): void {
    const { node, types } = { node: link.other.name, types: link.other.types ?? [] };
    for (const type of types) {
      const known = typeNames.get(typeNumber(type));
      if (known !== undefined && known !== type) {
        link.destroy(`type ${type} has the same number as ${known}: rename one`);
        state.log(`node ${node} was refused: types ${type} and ${known} have the same number`);
        return;
      }
      typeNames.set(typeNumber(type), type);
    }
    for (const other of [...state.places.all()])
      if (other.set === set && other.node === node && other.incarnation !== link.other.incarnation && other.isAlive)
        loseNode(other, 'it started anew');
    const { place } = state.places.findOrAdd(set, node, link.other.incarnation, types);
    place.cancelGrace?.();
    place.cancelGrace = undefined;
    const former = place.link;
    place.isAlive = true;
    place.link = link;
    state.places.links[place.index] = link;
    state.nodeLinks.set(link, place);
    if (former && former !== link) former.destroy('replaced by a newer link');
    replication.announcePlace(place);
    mesh.tell(link);
  }

  function onNodeDown(link: Link, reason: string): void {
    groups.onNodeDown(link);
    const place = state.nodeLinks.get(link);
    state.nodeLinks.delete(link);
    if (!place || place.link !== link) return;
    place.link = undefined;
    state.places.links[place.index] = undefined;
    state.log(`link to node ${place.node} is down: ${reason}`);
    awaitNode(place);
  }

  /** A node without a link may come back for a while. */
  function awaitNode(place: Place): void {
    if (!place.isAlive || place.link || place.cancelGrace) return;
    place.cancelGrace = clock.after(state.times.nodeGraceMs, () => {
      place.cancelGrace = undefined;
      if (!place.link) loseNode(place, `it did not come back within ${state.times.nodeGraceMs} ms`);
    });
  }

  function onGoodbye(link: Link): void {
    const place = state.nodeLinks.get(link);
    if (place) loseNode(place, 'it left');
  }

  function loseNode(place: Place, reason: string): void {
    if (!place.isAlive) return;
    place.cancelGrace?.();
    place.cancelGrace = undefined;
    place.isAlive = false;
    state.places.links[place.index] = undefined;
    if (state.role !== 'main') return;
    formers.giveUp({ set, name: place.node, incarnation: place.incarnation });
    state.log(`node ${place.node} of ${place.set} is gone: ${reason}`);
    replication.announcePlace(place);
    authority.sweep(place, () => {
      // Its number may be used again when tombstones of its routes are gone everywhere.
      clock.after(state.times.tombstoneMs, () => {
        if (!place.isAlive && (state.table.placeCounts[place.index] ?? 0) === 0) state.places.forget(place);
      });
    });
  }

  // Other routers.

  function onPlaces(infos: PlaceInfo[], link: Link): void {
    for (const place of replication.onPlaces(infos, link)) {
      if (place.set === set && state.role === 'main') continue;
      place.isAlive = false;
      authority.sweep(place, () => {});
    }
    for (const info of infos) mesh.refreshLinks(info.set);
  }

  function onRevoke(frame: FrameView, link: Link): void {
    const entry = new Uint32Array(frame.copyPayload().buffer);
    const place = state.places.byIndex[replication.translate(link, (entry[5] as number) & 0xffff)];
    place?.link?.sendHeader({ kind: KIND.revoke }, new Uint8Array(entry.buffer));
  }

  function onSetLoads(frame: FrameView): void {
    for (const { set: theirs, node, load, objects, isDraining } of frame.json<
      { set: string; node: string; load: number; objects: number; isDraining: boolean }[]
    >()) {
      const place = state.places.byName(theirs, node);
      if (place && theirs !== set) Object.assign(place, { load, objects, isDraining, picked: 0 });
    }
  }

  function attach(link: Link): void {
    if (state.isClosed) {
      link.destroy('closed');
      return;
    }
    links.add(link);
    if (link.other.role === 'node' && link.other.set !== set) {
      state.log(`node ${link.other.name} belongs to set ${link.other.set}`);
      link.destroy(`this is set ${set}`);
      return;
    }
    link.handle(handler);
    if (link.other.role === 'router') mesh.onLink(link);
    else if (link.other.role === 'node') onNodeLink(link);
  }

  const onWire = (wire: Wire): void => {
    openLink(wire, 'accept', openOptions).then(attach, (error: unknown) =>
      state.log(`refused ${wire.peer}: ${error instanceof Error ? error.message : String(error)}`),
    );
  };

  // Start.

  const listeners: Listener[] = [];
  for (const { transport, address } of options.listen) listeners.push(await transport.listen(address, onWire));
  const trunk = options.trunk && (await options.trunk.transport.listen(options.trunk.address, onWire));
  if (trunk) listeners.push(trunk);
  const [first] = options.listen;
  const entry: RouterEntry = {
    set,
    name,
    address: listeners[0]?.address ?? '',
    ...(trunk && { trunk: trunk.address }),
  };
  state.address = entry.address;
  const mesh: Mesh = new Mesh({
    state,
    replication,
    groups,
    requests,
    authority,
    entry,
    async dial(to) {
      const useTrunk = options.trunk && to.trunk && to.set !== set;
      const transport = useTrunk ? options.trunk?.transport : first?.transport;
      if (!transport)
        throw new RouterError('ADDRESS_FAILED', 'this router has no transport', { hint: 'give `listen`' });
      const listed = useTrunk ? (to.trunk as string) : to.address;
      const address = (await options.dialThrough?.(listed, to)) ?? listed;
      const former = formers.latest(to);
      return openLink(await transport.dial(address), 'dial', { ...openOptions, former });
    },
    attach,
    changed() {
      mesh.tellAll();
      if (state.role === 'main') for (const place of state.places.all()) if (place.set === set) awaitNode(place);
    },
  });
  state.onNewTerm = () => mesh.tellAll();
  await mesh.start();
  let cancelTimers: (() => void)[] = [];
  const every = (ms: number, call: () => void): void => {
    let cancel = clock.after(ms, function tick() {
      call();
      cancel = clock.after(ms, tick);
    });
    cancelTimers.push(() => cancel());
  };
  every(state.times.antiEntropyMs, () => state.role === 'main' && replication.compare());
  every(1_000, () => {
    replication.sweepTombstones();
    if (state.role === 'main') tellLoads();
  });
  await leadership.start({
    elected: (term) => void mesh.onElected(term),
    deposed: () => mesh.depose('the lease is gone'),
  });

  function tellLoads(): void {
    const loads = [...state.places.all()]
      .filter((place) => place.set === set && place.isAlive)
      .map(({ node, load, objects, isDraining }) => ({ set, node, load, objects, isDraining }));
    const bytes = new TextEncoder().encode(JSON.stringify(loads));
    // Version 1 of the protocol does not know loads: such a set places only on its own nodes.
    for (const { main } of state.peers.values())
      if (main && main.version >= 2) main.sendHeader({ kind: KIND.setLoads }, bytes);
  }

  return {
    address: entry.address,
    addresses: listeners.map((listener) => listener.address),
    get role() {
      return state.role;
    },
    get isReady() {
      return state.role === 'main' && state.isReady;
    },
    get term() {
      return state.term;
    },
    get routes() {
      return state.table.size;
    },
    counters: state.counters,
    topology: () => topologyOf(state, links),
    digest() {
      let digest = 0;
      for (const word of state.table.digests) digest = (Math.imul(digest, 31) + word) >>> 0;
      return { routes: state.table.size, digest };
    },
    async close() {
      if (state.isClosed) return;
      state.isClosed = true;
      turns.disable();
      for (const cancel of cancelTimers) cancel();
      cancelTimers = [];
      await mesh.close();
      await leadership.close();
      authority.close();
      formers.close();
      for (const place of state.places.all()) place.cancelGrace?.();
      for (const link of [...links]) link.close();
      await Promise.all(listeners.map((listener) => listener.close()));
    },
  };
}
