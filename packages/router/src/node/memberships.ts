import { jsonBytes } from '../frames/frame.ts';
import { KIND } from '../frames/layout.ts';
import type { Link } from '../links/link.ts';
import { groupKey } from '../router/group-key.ts';
import type { IdMap } from '../table/id-map.ts';
import { type ObjectId, objectId } from '../table/object-id.ts';
import type { Hosted } from './hosted.ts';
import type { Audience } from './object.ts';

/** Groups that are told in one frame. */
const KEYS_A_FRAME = 5_000;

export interface MembershipsParts {
  types: string[];
  /** Every open link to a router of the set. */
  links(): Iterable<Link>;
  here: IdMap<Hosted>;
}

/** Which objects of this node are in which groups, and what the routers know of it. */
export class Memberships {
  readonly #parts: MembershipsParts;
  readonly #members = new Map<string, Set<Hosted>>();
  readonly #typesByKey: Map<string, string>;

  constructor(parts: MembershipsParts) {
    this.#parts = parts;
    this.#typesByKey = new Map(parts.types.map((type) => [typeKey(type), type]));
  }

  join(object: Hosted, group: string): void {
    this.joinKey(object, groupKeyOf(group));
  }

  leave(object: Hosted, group: string): void {
    this.#leaveKey(object, groupKeyOf(group));
  }

  /** An object that is gone joins nothing; one that is on its way takes its groups along. */
  joinKey(object: Hosted, key: string): void {
    if (object.state === 'gone') return;
    object.groups.add(key);
    const all = this.#members.get(key);
    if (all) {
      all.add(object);
      return;
    }
    this.#members.set(key, new Set([object]));
    this.#tell({ join: [key] });
  }

  /** Joins the groups that came along with an object. */
  joinAll(object: Hosted): void {
    for (const key of object.groupList) this.joinKey(object, key);
  }

  leaveAll(object: Hosted): void {
    for (const key of object.groupList) this.#leaveKey(object, key);
  }

  /** Everything that we have members of, for a link that is new. */
  introduce(link: Link): void {
    const all = [...this.#members.keys(), ...this.#typesByKey.keys(), WORLD];
    for (let from = 0; from < all.length; from += KEYS_A_FRAME)
      link.sendHeader({ kind: KIND.groups }, jsonBytes({ join: all.slice(from, from + KEYS_A_FRAME) }));
  }

  /** Whoever gets a broadcast to this target. */
  audience(low: number, high: number): Iterable<Hosted> {
    const key = groupKey(low, high);
    if (key === WORLD) return this.#parts.here.values();
    const type = this.#typesByKey.get(key);
    return type === undefined ? (this.#members.get(key) ?? []) : this.#ofType(type);
  }

  *#ofType(type: string): Generator<Hosted> {
    for (const object of this.#parts.here.values()) if (object.id.type === type) yield object;
  }

  #leaveKey(object: Hosted, key: string): void {
    object.groups.delete(key);
    const all = this.#members.get(key);
    if (!all?.delete(object) || all.size > 0) return;
    this.#members.delete(key);
    this.#tell({ leave: [key] });
  }

  #tell(change: { join?: string[]; leave?: string[] }): void {
    for (const link of this.#parts.links()) link.sendHeader({ kind: KIND.groups }, jsonBytes(change));
  }
}

const keyOf = (id: ObjectId): string => groupKey(id.low, id.high);
const groupKeyOf = (group: string): string => keyOf(objectId('@group', group));
const typeKey = (type: string): string => keyOf(objectId('@type', type));
const WORLD = keyOf(objectId('@world', ''));

/** The target id of a broadcast. */
export function audienceId(to: Audience): ObjectId {
  if (to === 'world') return objectId('@world', '');
  return 'group' in to ? objectId('@group', to.group) : objectId('@type', to.type);
}
