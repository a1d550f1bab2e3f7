import { backoff } from '@sparrow/core';
import type { Closable, Membership } from '../coordinators/coordinator.ts';
import { jsonBytes } from '../frames/frame.ts';
import { KIND } from '../frames/layout.ts';
import type { Link } from '../links/link.ts';
import type { Groups } from './groups.ts';
import type { Replication } from './replication.ts';
import type { PeerSet, RouterState } from './state.ts';

/** What a router says about itself in the coordinator. */
export interface RouterEntry {
  set: string;
  name: string;
  /** Where nodes and routers of the same set dial it. */
  address: string;
  /** Where routers of other sets dial it, when they have a trunk, too. */
  trunk?: string;
}

/** What a router says of its role. */
export interface TermNotice {
  isMain: boolean;
  isReady: boolean;
  isDraining: boolean;
}

export const ROUTERS_PATH = 'routers';

export interface MeshParts {
  state: RouterState;
  replication: Replication;
  groups: Groups;
  entry: RouterEntry;
  dial(entry: RouterEntry): Promise<Link>;
  attach(link: Link): void;
  /** The coordinator lists other routers than before. */
  onMembers(): void;
}

/** Finds the other routers, keeps links to them, and knows which link leads to which set. */
export class Mesh {
  readonly #parts: MeshParts;
  readonly #dialling = new Set<string>();
  #watch: Closable | undefined;
  #members: ReadonlyMap<string, string> | undefined;
  #membership: Membership | undefined;

  constructor(parts: MeshParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    const { state, entry } = this.#parts;
    this.#watch = state.coordinator.watchMembers(ROUTERS_PATH, (members) => this.#onMembers(members));
    this.#membership = await state.coordinator.join(ROUTERS_PATH, idOf(entry), JSON.stringify(entry));
  }

  /** Sets with a router that the coordinator lists; undefined before the first list. */
  sets(): Set<string> | undefined {
    return this.#members && new Set([...this.#members.values()].map((text) => (JSON.parse(text) as RouterEntry).set));
  }

  #onMembers(members: ReadonlyMap<string, string>): void {
    this.#members = members;
    const mine = idOf(this.#parts.entry);
    for (const [id, text] of members) if (mine < id) void this.#connect(JSON.parse(text) as RouterEntry);
    const sets = this.sets();
    for (const [set, peer] of this.#parts.state.peers)
      if (!sets?.has(set) && peer.links.size === 0) this.#parts.state.peers.delete(set);
    this.#parts.onMembers();
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

  async close(): Promise<void> {
    this.#watch?.close();
    await this.#membership?.leave().catch(() => {});
  }
}

const idOf = (entry: { set: string; name: string }): string => `${entry.set}:${entry.name}`;
