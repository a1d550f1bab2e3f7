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

/**
 * Moves everything off a node of this set. From then on nothing new is placed on it; where the drain fails, it takes
 * new objects again. @param awayFrom a set into which nothing is moved
 * @throws RouterError UNREACHABLE when the node is not linked or its link falls, TIMEOUT
 */
export async function drainNode({ state, requests }: NodeParts, node: string, awayFrom?: string): Promise<Drained> {
  const place = state.places.byName(state.set, node);
  if (!place?.link) {
    const where = [...state.places.all()].find((other) => other.node === node && other.isAlive);
    throw new RouterError('UNREACHABLE', phrase`node ${node} is not linked to set ${state.set}`, {
      hint: where ? phrase`it belongs to set ${where.set}: ask that set` : phrase`see \`sparrow game topology\``,
    });
  }
  const wasDraining = place.isDraining;
  place.isDraining = true;
  try {
    return await requests.ask(place.link, { op: 'drain', ...(awayFrom !== undefined && { awayFrom }) }, DRAIN_MS);
  } catch (error) {
    place.isDraining = wasDraining;
    throw error;
  }
}

/**
 * Moves everything off this set: the objects of its nodes, then its slots. Where that fails, the set and its nodes take
 * new objects again; what has moved stays where it is now, and whoever asks again moves the rest.
 *
 * @throws RouterError UNREACHABLE when there is no other set, and what a node or the coordinator says
 */
export async function drainSet(parts: SetParts): Promise<Drained & { slots: number }> {
  const { state, mesh, ownership } = parts;
  const others = [...state.peers.values()].filter((peer) => peer.main && !peer.isDraining);
  if (others.length === 0)
    throw new RouterError('UNREACHABLE', phrase`there is no other set to take over`, { hint: phrase`add a set first` });
  const places = [...state.places.all()].filter((place) => place.set === state.set && place.isAlive && place.link);
  const marked = places.filter((place) => !place.isDraining);
  const wasDraining = state.isDraining;
  state.isDraining = true;
  mesh.tellAll();
  try {
    const drained = { moved: 0, left: 0, slots: 0 };
    for (const place of places) {
      // It ended meanwhile.
      if (!place.isAlive || !place.link) continue;
      const { moved, left } = await drainNode(parts, place.node, state.set);
      drained.moved += moved;
      drained.left += left;
    }
    const mine = state.slots.slotsOf(state.set);
    for (const [nth, { set }] of others.entries())
      drained.slots += await ownership.give(
        mine.filter((_, index) => index % others.length === nth),
        set,
      );
    return drained;
  } catch (error) {
    for (const place of marked) place.isDraining = false;
    state.isDraining = wasDraining;
    mesh.tellAll();
    throw error;
  }
}
