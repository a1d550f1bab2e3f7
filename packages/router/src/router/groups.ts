import { type FrameView, jsonBytes } from '../frames/frame.ts';
import { FLAG, KIND, OFFSET } from '../frames/layout.ts';
import type { Link } from '../links/link.ts';
import { groupKey } from './group-key.ts';
import type { RouterState } from './state.ts';

export interface GroupChange {
  join?: string[];
  leave?: string[];
}

/**
 * Who is to get a broadcast: for each group the node links with members, and the other sets with such nodes. One frame
 * goes to each node and one to each set; the node hands it to its members.
 */
export class Groups {
  readonly #state: RouterState;
  readonly #nodes = new Map<string, Set<Link>>();
  readonly #sets = new Map<string, Set<string>>();

  constructor(state: RouterState) {
    this.#state = state;
  }

  /** A node tells which groups it has members of. */
  onNode(link: Link, change: GroupChange): void {
    const first: string[] = [];
    const last: string[] = [];
    for (const key of change.join ?? []) {
      const links = this.#nodes.get(key) ?? new Set<Link>();
      this.#nodes.set(key, links);
      if (links.size === 0) first.push(key);
      links.add(link);
    }
    for (const key of change.leave ?? []) {
      const links = this.#nodes.get(key);
      if (!links?.delete(link) || links.size > 0) continue;
      this.#nodes.delete(key);
      last.push(key);
    }
    this.#tell({ join: first, leave: last });
  }

  onNodeDown(link: Link): void {
    const last: string[] = [];
    for (const [key, links] of this.#nodes) {
      if (!links.delete(link) || links.size > 0) continue;
      this.#nodes.delete(key);
      last.push(key);
    }
    this.#tell({ leave: last });
  }

  /** Another set's router tells which groups its set has members of. */
  onSet(set: string, change: GroupChange): void {
    for (const key of change.join ?? []) {
      const sets = this.#sets.get(key) ?? new Set<string>();
      this.#sets.set(key, sets.add(set));
    }
    for (const key of change.leave ?? []) {
      const sets = this.#sets.get(key);
      if (sets?.delete(set) && sets.size === 0) this.#sets.delete(key);
    }
  }

  onSetDown(set: string): void {
    for (const [key, sets] of this.#sets) if (sets.delete(set) && sets.size === 0) this.#sets.delete(key);
  }

  /** Everything that our set has, for a link that is new. */
  introduce(link: Link): void {
    for (let keys = [...this.#nodes.keys()]; keys.length > 0; keys = keys.slice(5_000))
      link.sendHeader({ kind: KIND.setGroups }, jsonBytes({ join: keys.slice(0, 5_000) }));
  }

  fanOut(frame: FrameView, from: Link): void {
    const state = this.#state;
    state.counters.broadcasts++;
    const key = groupKey(frame.targetLow, frame.targetHigh);
    const isInner = (frame.flags & FLAG.inner) !== 0;
    const copy = frame.copy();
    for (const link of this.#nodes.get(key) ?? []) if (link === from || !link.isDown) this.#send(link, copy);
    if (isInner) return;
    copy[OFFSET.flags] = (copy[OFFSET.flags] as number) | FLAG.inner;
    for (const set of this.#sets.get(key) ?? []) {
      const main = state.peers.get(set)?.main;
      if (main) this.#send(main, copy);
      else state.counters.undeliverable++;
    }
  }

  #send(link: Link, frame: Uint8Array): void {
    if (link.send(frame)) this.#state.counters.forwarded++;
    else this.#state.counters.undeliverable++;
  }

  #tell(change: GroupChange): void {
    if (!change.join?.length && !change.leave?.length) return;
    for (const peer of this.#state.peers.values())
      for (const link of peer.links.values()) link.sendHeader({ kind: KIND.setGroups }, jsonBytes(change));
  }
}
