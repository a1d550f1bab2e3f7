import type { Link } from '../links/link.ts';
import { typeNumber } from '../table/object-id.ts';

/** A node as the table names it: 16 bits in an entry. Numbers are a router's own; links translate them. */
export interface Place {
  readonly index: number;
  readonly set: string;
  readonly node: string;
  readonly incarnation: string;
  readonly types: Set<number>;
  readonly typeNames: string[];
  /** The node's own link, when it is linked to this router. */
  link: Link | undefined;
  isAlive: boolean;
  isDraining: boolean;
  /** The drains that keep new objects away from it. */
  readonly drains: Set<symbol>;
  /** What the node last said: objects and a number that grows with its work. */
  objects: number;
  load: number;
  /** Placements since then. */
  picked: number;
  cancelGrace: (() => void) | undefined;
}

/** What is told about a place to other routers. */
export interface PlaceInfo {
  index: number;
  set: string;
  node: string;
  incarnation: string;
  types: string[];
  isAlive: boolean;
}

/** The nodes that a router knows, of all sets. */
export class Places {
  /** By index; 0 is NOBODY. */
  readonly byIndex: (Place | undefined)[] = [undefined];
  /** By index: the link that leads to a place. What the data path reads. */
  readonly links: (Link | undefined)[] = [undefined];
  readonly #byKey = new Map<string, Place>();
  readonly #free: number[] = [];

  /** @throws RangeError when 65,535 nodes are known already */
  findOrAdd(set: string, node: string, incarnation: string, types: string[] = []): { place: Place; isNew: boolean } {
    const key = `${set}\n${node}\n${incarnation}`;
    const known = this.#byKey.get(key);
    if (known) {
      for (const type of types) this.#addType(known, type);
      return { place: known, isNew: false };
    }
    const index = this.#free.shift() ?? this.byIndex.length;
    if (index > 65_535) throw new RangeError('a mesh has at most 65,535 nodes');
    const place: Place = {
      index,
      set,
      node,
      incarnation,
      types: new Set(),
      typeNames: [],
      link: undefined,
      isAlive: true,
      isDraining: false,
      drains: new Set(),
      objects: 0,
      load: 0,
      picked: 0,
      cancelGrace: undefined,
    };
    for (const type of types) this.#addType(place, type);
    this.byIndex[index] = place;
    this.links[index] = undefined;
    this.#byKey.set(key, place);
    return { place, isNew: true };
  }

  #addType(place: Place, type: string): void {
    if (place.typeNames.includes(type)) return;
    place.typeNames.push(type);
    place.types.add(typeNumber(type));
  }

  /** The living place of a node by name. */
  byName(set: string, node: string): Place | undefined {
    for (const place of this.#byKey.values())
      if (place.set === set && place.node === node && place.isAlive) return place;
    return undefined;
  }

  /** Forgets a dead place that no route names any more; its number is used again. */
  forget(place: Place): void {
    this.#byKey.delete(`${place.set}\n${place.node}\n${place.incarnation}`);
    this.byIndex[place.index] = undefined;
    this.links[place.index] = undefined;
    this.#free.push(place.index);
  }

  *all(): Generator<Place> {
    yield* this.#byKey.values();
  }

  info(place: Place): PlaceInfo {
    const { index, set, node, incarnation, typeNames, isAlive } = place;
    return { index, set, node, incarnation, types: typeNames, isAlive };
  }
}
