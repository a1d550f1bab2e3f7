import { RouterError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { objectId, typeNumber } from '../table/object-id.ts';
import { NOBODY } from '../table/route-table.ts';
import type { Place } from './places.ts';
import type { RouterState } from './state.ts';

export interface PickQuestion {
  type: string;
  /** Keep together: the node of this object when it takes the type. */
  with?: { type: string; key: string };
  /** Not these, as `set/node`. */
  avoid?: string[];
  /** Not in this set. */
  awayFrom?: string;
}

export interface PickAnswer {
  set: string;
  node: string;
}

/** What a place is counted as: what it said, and what was placed on it since then. */
const loadOf = (place: Place): number => place.load + place.picked;

/**
 * Chooses a node for a new object: the one of its companion, else the least loaded of this set that takes the type,
 * else of the other sets. Loads are up to a second old, so what was placed meanwhile is added.
 */
export function pickPlace(state: RouterState, question: PickQuestion): PickAnswer {
  const number = typeNumber(question.type);
  const fits = (place: Place): boolean =>
    place.isAlive &&
    !place.isDraining &&
    place.types.has(number) &&
    state.places.links[place.index] !== undefined &&
    !(question.avoid ?? []).includes(`${place.set}/${place.node}`) &&
    place.set !== question.awayFrom &&
    !(place.set === state.set ? state.isDraining : state.peers.get(place.set)?.isDraining);
  if (question.with) {
    const id = objectId(question.with.type, question.with.key);
    const at = state.table.find(id.low, id.high);
    const place = at < 0 ? undefined : state.places.byIndex[state.table.placeAt(at)];
    if (place && place.index !== NOBODY && fits(place)) {
      place.picked++;
      return { set: place.set, node: place.node };
    }
  }
  let best: Place | undefined;
  for (const place of state.places.all()) {
    if (!fits(place)) continue;
    if (!best) best = place;
    else {
      const isHere = place.set === state.set;
      const bestIsHere = best.set === state.set;
      if (isHere !== bestIsHere ? isHere : loadOf(place) < loadOf(best)) best = place;
    }
  }
  if (!best)
    throw new RouterError('UNREACHABLE', phrase`no node takes objects of type ${question.type}`, {
      hint: phrase`start a node that declares the type, or wait until one is not draining`,
    });
  best.picked++;
  return { set: best.set, node: best.node };
}
