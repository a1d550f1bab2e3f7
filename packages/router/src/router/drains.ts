import { RouterError } from '../errors.ts';
import type { Requests } from '../links/requests.ts';
import { phrase } from '../phrase.ts';
import type { Mesh } from './mesh.ts';
import type { SlotOwnership } from './slot-ownership.ts';
import type { RouterState } from './state.ts';

const DRAIN_MS = 120_000;

/** What came of a drain: objects that moved, and those that cannot. */
export interface Drained {
  moved: number;
  left: number;
}

interface NodeParts {
  state: RouterState;
  requests: Requests;
}

interface SetParts extends NodeParts {
  mesh: Mesh;
  ownership: SlotOwnership;
}

/** What can be drained: a node, or a set. */
interface Drainable {
  isDraining: boolean;
  readonly drains: Set<symbol>;
}

/** Stands for all drains that are over and have done what they were to do. */
const DONE = Symbol('done');

/** Nothing new is placed there until the last mark is gone. Several drains may run at once: each has its own. */
function mark(target: Drainable, drain: symbol): void {
  target.drains.add(drain);
  target.isDraining = true;
}

function unmark(target: Drainable, drain: symbol): void {
  target.drains.delete(drain);
  target.isDraining = target.drains.size > 0;
}

function markDone(target: Drainable, drain: symbol): void {
  if (target.drains.delete(drain)) target.drains.add(DONE);
}

/**
 * Moves everything off a node of this set. From then on nothing new is placed on it; where the drain fails, it takes
 * new objects again, unless another drain keeps them away.
 *
 * @throws RouterError UNREACHABLE when the node is not linked or its link falls, TIMEOUT
 */
export async function drainNode(parts: NodeParts, node: string): Promise<Drained> {
  const place = parts.state.places.byName(parts.state.set, node);
  const drain = Symbol(`drain of ${node}`);
  if (place) mark(place, drain);
  try {
    const drained = await askToDrain(parts, node);
    if (place) markDone(place, drain);
    return drained;
  } catch (error) {
    if (place) unmark(place, drain);
    throw error;
  }
}

/** @param awayFrom a set into which nothing is moved */
async function askToDrain({ state, requests }: NodeParts, node: string, awayFrom?: string): Promise<Drained> {
  const link = state.places.byName(state.set, node)?.link;
  if (link) return requests.ask(link, { op: 'drain', ...(awayFrom !== undefined && { awayFrom }) }, DRAIN_MS);
  const where = [...state.places.all()].find((other) => other.node === node && other.isAlive);
  throw new RouterError('UNREACHABLE', phrase`node ${node} is not linked to set ${state.set}`, {
    hint: where ? phrase`it belongs to set ${where.set}: ask that set` : phrase`see \`sparrow game topology\``,
  });
}

/**
 * Moves everything off this set: the objects of its nodes, then its slots. Where that fails, the set and its nodes take
 * new objects again, unless another drain keeps them away; what has moved stays where it is now, and whoever asks again
 * moves the rest.
 *
 * @throws RouterError UNREACHABLE when there is no other set, and what a node or the coordinator says
 */
export async function drainSet(parts: SetParts): Promise<Drained & { slots: number }> {
  const { state, mesh, ownership } = parts;
  const others = [...state.peers.values()].filter((peer) => peer.main && !peer.isDraining);
  if (others.length === 0)
    throw new RouterError('UNREACHABLE', phrase`there is no other set to take over`, { hint: phrase`add a set first` });
  const places = [...state.places.all()].filter((place) => place.set === state.set && place.isAlive && place.link);
  const drain = Symbol(`drain of ${state.set}`);
  const marked = [state, ...places];
  for (const target of marked) mark(target, drain);
  mesh.tellAll();
  try {
    const drained = { moved: 0, left: 0, slots: 0 };
    for (const place of places) {
      // It ended meanwhile.
      if (!place.isAlive || !place.link) continue;
      const { moved, left } = await askToDrain(parts, place.node, state.set);
      drained.moved += moved;
      drained.left += left;
    }
    const mine = state.slots.slotsOf(state.set);
    for (const [nth, { set }] of others.entries())
      drained.slots += await ownership.give(
        mine.filter((_, index) => index % others.length === nth),
        set,
      );
    for (const target of marked) markDone(target, drain);
    return drained;
  } catch (error) {
    for (const target of marked) unmark(target, drain);
    mesh.tellAll();
    throw error;
  }
}
