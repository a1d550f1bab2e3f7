import { RouterError } from '../errors.ts';
import type { Link } from '../links/link.ts';
import type { Requests } from '../links/requests.ts';
import { phrase } from '../phrase.ts';
import { objectId, SLOTS } from '../table/object-id.ts';
import { NOBODY } from '../table/route-table.ts';
import { drainNode, drainSet } from './drains.ts';
import type { Mesh } from './mesh.ts';
import { type PickQuestion, pickPlace } from './placement.ts';
import type { Replication } from './replication.ts';
import type { SlotOwnership } from './slot-ownership.ts';
import type { RouterCounters, RouterState } from './state.ts';

export interface TopologyLink {
  to: string;
  role: 'node' | 'router' | 'admin';
  roundTripMs: number | null;
  framesIn: number;
  framesOut: number;
  bytesIn: number;
  bytesOut: number;
  waiting: number;
  full: number;
  superseded: number;
}

export interface TopologyNode {
  set: string;
  node: string;
  types: string[];
  isAlive: boolean;
  isLinked: boolean;
  isDraining: boolean;
  objects: number;
  load: number;
  routes: number;
}

/** A set as one of its routers sees it. Counters only grow: rates are the reader's difference. */
export interface Topology {
  set: string;
  router: string;
  /** Where nodes dial it. */
  address: string;
  role: 'main' | 'standby';
  term: number;
  isReady: boolean;
  isDraining: boolean;
  /** Milliseconds that the lease is still good for; null when it has no end (embedded). */
  leaseMs: number | null;
  routes: number;
  tombstones: number;
  tableBytes: number;
  /** A standby has the whole table. */
  hasStandby: boolean;
  routers: string[];
  sets: { set: string; term: number; isSynced: boolean; isLinked: boolean; routers: string[]; slots: number }[];
  slots: number;
  nodes: TopologyNode[];
  links: TopologyLink[];
  counters: RouterCounters;
  cpuUs: number;
  /**
   * The longest that anything waited for this process since the last look, ms: see perf_hooks.monitorEventLoopDelay.
   */
  longestTurnMs: number;
  rss: number;
}

export interface Lookup {
  type: string;
  key: string;
  id: string;
  found: boolean;
  set?: string;
  node?: string;
  epoch?: { term: number; counter: number };
  /**
   * Seconds that the object has lived on its node, as the node says; null when it does not say. Absent unless asked
   * for.
   */
  heldForSeconds?: number | null;
  /** The set whose main decides about the id. */
  decidedBy: string | null;
}

export function topologyOf(state: RouterState, links: Iterable<Link>): Topology {
  const leaseMs = state.leaseUntil() - performance.now();
  const { user, system } = process.cpuUsage();
  return {
    set: state.set,
    router: state.name,
    address: state.address,
    role: state.role,
    term: state.term,
    isReady: state.role === 'main' && state.isReady,
    isDraining: state.isDraining,
    leaseMs: Number.isFinite(leaseMs) ? Math.max(0, Math.round(leaseMs)) : leaseMs < 0 ? 0 : null,
    routes: state.table.size,
    tombstones: state.table.tombstones,
    tableBytes: state.table.bytes,
    hasStandby: state.hasWarmStandby(),
    routers: [state.name, ...state.siblings.keys()],
    sets: [...state.peers.values()].map((peer) => ({
      set: peer.set,
      term: peer.term,
      isSynced: peer.isSynced,
      isLinked: peer.main !== undefined,
      routers: [...peer.links.keys()],
      slots: state.slots.slotsOf(peer.set).length,
    })),
    slots: state.slots.version < 0 ? 0 : state.slots.slotsOf(state.set).length,
    nodes: [...state.places.all()]
      .filter((place) => place.isAlive)
      .map((place) => ({
        set: place.set,
        node: place.node,
        types: place.typeNames,
        isAlive: place.isAlive,
        isLinked: state.places.links[place.index] !== undefined,
        isDraining: place.isDraining,
        objects: place.objects,
        load: place.load,
        routes: state.table.placeCounts[place.index] ?? 0,
      })),
    links: [...links].map((link) => ({
      to: `${link.other.set}/${link.other.name}`,
      role: link.other.role,
      roundTripMs: Number.isNaN(link.roundTripMs) ? null : link.roundTripMs,
      waiting: link.waiting,
      framesIn: link.counters.framesIn,
      framesOut: link.counters.framesOut,
      bytesIn: link.counters.bytesIn,
      bytesOut: link.counters.bytesOut,
      full: link.counters.full,
      superseded: link.counters.superseded,
    })),
    counters: { ...state.counters },
    cpuUs: user + system,
    longestTurnMs: state.longestTurn(),
    rss: process.memoryUsage.rss(),
  };
}

export function lookUp(state: RouterState, type: string, key: string): Lookup {
  const id = objectId(type, key);
  const at = state.table.find(id.low, id.high);
  const place = at < 0 ? undefined : state.places.byIndex[state.table.placeAt(at)];
  const slot = id.high >>> 20;
  const base = {
    type,
    key,
    id: id.high.toString(16).padStart(8, '0') + id.low.toString(16).padStart(8, '0'),
    decidedBy: state.slots.ownerOf(slot) ?? null,
  };
  if (!place || place.index === NOBODY) return { ...base, found: false };
  return {
    ...base,
    found: true,
    set: place.set,
    node: place.node,
    epoch: { term: state.table.termAt(at), counter: state.table.counterAt(at) },
  };
}

interface AdminParts {
  state: RouterState;
  mesh: Mesh;
  ownership: SlotOwnership;
  requests: Requests;
  replication: Replication;
}

const SINCE_MS = 1_000;

/** Answers the questions that nodes, other routers and operators ask over a link. @throws RouterError */
export async function answerAdmin(
  { state, mesh, ownership, requests, replication }: AdminParts,
  question: Record<string, unknown>,
  link: Link,
): Promise<unknown> {
  const op = String(question.op);
  const text = (name: string): string => {
    const value = question[name];
    if (typeof value === 'string' && value.length > 0 && value.length <= 300) return value;
    throw new RouterError('FRAME_INVALID', phrase`${op} needs ${name}`, {
      hint: phrase`see packages/router/README.md`,
    });
  };
  const isOperator = link.other.role !== 'node';
  if (op === 'topology')
    return topologyOf(state, [
      ...state.nodeLinks.keys(),
      ...state.siblings.values(),
      ...[...state.peers.values()].flatMap((peer) => [...peer.links.values()]),
    ]);
  if (op === 'digest') {
    const place = state.nodeLinks.get(link);
    const index = place?.index ?? NOBODY;
    return { count: state.table.placeCounts[index], digest: state.table.placeDigests[index], term: state.term };
  }
  if (op === 'table-digest') {
    let digest = 0;
    for (const word of state.table.digests) digest = (Math.imul(digest, 31) + word) >>> 0;
    return { value: `${state.table.size}:${digest}` };
  }
  if (op === 'deafen') {
    if (!state.takesFaults || link.other.role !== 'admin')
      throw new RouterError('LINK_REFUSED', phrase`this router takes no faults`, {
        hint: phrase`start it with "faults": true`,
      });
    deafen(state, text('to'), Number(question.ms) || 0);
    return {};
  }
  if (op === 'ping') return { set: state.set, router: state.name, role: state.role };
  if (state.role !== 'main')
    throw new RouterError('UNREACHABLE', phrase`${state.set}/${state.name} is not the main router`, {
      hint: phrase`ask the main`,
    });
  if (op === 'lookup') {
    const found = lookUp(state, text('type'), text('key'));
    return question.since ? { ...found, heldForSeconds: await heldFor(state, requests, found, question) } : found;
  }
  if (op === 'pick') return pickPlace(state, { ...(question as unknown as PickQuestion), type: text('type') });
  if (!isOperator)
    throw new RouterError('LINK_REFUSED', phrase`a node may not ask for ${op}`, {
      hint: phrase`use a link of an operator`,
    });
  if (op === 'give-slots') {
    const slots = (question.slots as unknown[]).filter(
      (slot): slot is number => Number.isInteger(slot) && (slot as number) >= 0 && (slot as number) < SLOTS,
    );
    return { given: await ownership.give(slots, text('to')) };
  }
  if (op === 'drain-node') return drainNode({ state, requests }, text('node'));
  if (op === 'drain-set') return drainSet({ state, requests, mesh, ownership });
  if (op === 'compare') {
    replication.compare();
    return {};
  }
  throw new RouterError('FRAME_INVALID', phrase`there is no question "${op}"`, {
    hint: phrase`see packages/router/README.md`,
  });
}

/** Only the node knows; that of another set is asked by its own main. */
async function heldFor(
  state: RouterState,
  requests: Requests,
  found: Lookup,
  question: Record<string, unknown>,
): Promise<number | null> {
  if (!found.set || !found.node) return null;
  try {
    const link = state.places.byName(found.set, found.node)?.link;
    if (link) {
      const { low, high } = objectId(found.type, found.key);
      return (await requests.ask<{ seconds: number | null }>(link, { op: 'since', low, high }, SINCE_MS)).seconds;
    }
    const main = state.peers.get(found.set)?.main;
    if (!main || question.since === 'here') return null;
    const { type, key } = found;
    const theirs = await requests.ask<Lookup>(main, { op: 'lookup', type, key, since: 'here' }, SINCE_MS);
    return theirs.heldForSeconds ?? null;
  } catch {
    return null;
  }
}

/** Test of the mesh's own patience: this router hears nothing of a link for a while, and still speaks. */
function deafen(state: RouterState, to: string, ms: number): void {
  const links = [
    ...state.nodeLinks.keys(),
    ...state.siblings.values(),
    ...[...state.peers.values()].flatMap((peer) => [...peer.links.values()]),
  ];
  const link = links.find((one) => `${one.other.set}/${one.other.name}` === to);
  if (!link)
    throw new RouterError('UNREACHABLE', phrase`there is no link to ${to}`, {
      hint: phrase`see \`sparrow game topology\``,
    });
  link.pause();
  state.clock.after(Math.min(ms, 60_000), () => !link.isDown && link.resume());
}
