import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Clock, createId, systemClock } from '@sparrow/core';
import type { Coordinator } from '../coordinators/coordinator.ts';
import { RouterError } from '../errors.ts';
import { type FrameView, jsonBytes } from '../frames/frame.ts';
import { FIRST_CONTROL_KIND, KIND } from '../frames/layout.ts';
import { FormerLinks } from '../links/former-links.ts';
import type { LinkLimits } from '../links/limits.ts';
import type { Identity, Link, LinkHandler } from '../links/link.ts';
import { type OpenOptions, openLink } from '../links/open-link.ts';
import { refuseFrame } from '../links/refusal.ts';
import { Requests } from '../links/requests.ts';
import { phrase } from '../phrase.ts';
import type { Listener, Transport, Wire } from '../transports/transport.ts';
import { type Topology, topologyOf } from './admin.ts';
import { Authority } from './authority.ts';
import { Control } from './control.ts';
import { Forwarder } from './forwarder.ts';
import { Groups } from './groups.ts';
import { Lead } from './lead.ts';
import { type Leadership, leadByElection } from './leadership.ts';
import { Mesh, type RouterEntry } from './mesh.ts';
import { NodeLinks } from './node-links.ts';
import { Replication } from './replication.ts';
import { SlotOwnership } from './slot-ownership.ts';
import { createState, DEFAULT_TIMES, type RouterCounters, type RouterState, type RouterTimes } from './state.ts';

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
const SECOND_MS = 1_000;

/** One router of a set: main when it is elected, standby otherwise. */
export async function createRouter(options: RouterOptions): Promise<Router> {
  const router = new SetRouter(options);
  await router.start();
  return router;
}

/**
 * Puts the parts of a router together. `Mesh` finds the other routers, `Lead` knows who leads, `SlotOwnership` which
 * slots this set decides about, `Authority` decides whose an object is, `Replication` keeps tables the same, `Forwarder`
 * is the way of the messages, `NodeLinks` knows the nodes, `Control` hands control frames to them, `FormerLinks` keeps
 * what a link that fell did not carry.
 */
class SetRouter implements Router {
  readonly #options: RouterOptions;
  readonly #state: RouterState;
  readonly #clock: Clock;
  readonly #links = new Set<Link>();
  readonly #requests: Requests;
  readonly #groups: Groups;
  readonly #forwarder: Forwarder;
  readonly #replication: Replication;
  readonly #authority: Authority;
  readonly #formers: FormerLinks;
  readonly #nodeLinks: NodeLinks;
  readonly #leadership: Leadership;
  readonly #handler: LinkHandler;
  readonly #openOptions: OpenOptions;
  readonly #turns = monitorEventLoopDelay({ resolution: TURN_MS });
  readonly #listeners: Listener[] = [];
  readonly #timers = new Set<() => void>();
  readonly #mesh: Mesh;
  readonly #lead: Lead;
  readonly #ownership: SlotOwnership;
  readonly #control: Control;
  /** What the others read about us; addresses are known when we listen. */
  readonly #entry: RouterEntry;

  constructor(options: RouterOptions) {
    const { set, name, coordinator, key, limits, clock = systemClock, protocol } = options;
    this.#options = options;
    this.#clock = clock;
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
    this.#state = state;
    this.#requests = new Requests(clock);
    this.#groups = new Groups(state);
    this.#forwarder = new Forwarder(state, this.#groups);
    this.#replication = new Replication(state, (link) => this.#lead.onSynced(link));
    this.#authority = new Authority(state, this.#replication);
    this.#formers = new FormerLinks({
      clock,
      graceMs: state.times.nodeGraceMs,
      refuse: (frame, code) => this.#forwarder.refuseLater(frame, code),
    });
    this.#nodeLinks = new NodeLinks({
      state,
      groups: this.#groups,
      replication: this.#replication,
      authority: this.#authority,
      formers: this.#formers,
      tell: (link) => this.#mesh.tell(link),
    });
    this.#leadership = options.leadership ?? leadByElection(coordinator, `sets/${set}/main`, name);
    this.#handler = {
      frame: (frame, link) => this.#onFrame(frame, link),
      chunkEnd: () => this.#forwarder.flush(),
      down: (link, reason) => this.#onDown(link, reason),
    };
    this.#openOptions = {
      self: { role: 'router', set, name, incarnation: createId('inc') },
      key,
      limits,
      clock,
      protocol,
      formerOf: (id, other) => this.#formerOf(id, other),
    };
    this.#entry = { set, name, address: '' };
    this.#mesh = this.#createMesh();
    this.#ownership = this.#createOwnership();
    this.#lead = new Lead({
      state,
      replication: this.#replication,
      mesh: this.#mesh,
      ownership: this.#ownership,
      changed: () => this.#onChanged(),
    });
    this.#control = new Control({
      state,
      mesh: this.#mesh,
      lead: this.#lead,
      ownership: this.#ownership,
      requests: this.#requests,
      replication: this.#replication,
      authority: this.#authority,
      groups: this.#groups,
      nodeLinks: this.#nodeLinks,
    });
    this.#turns.enable();
    state.leaseUntil = this.#leadership.leaseUntil;
    state.hasWarmStandby = () => this.#replication.hasStandby;
    state.onNewTerm = () => this.#mesh.tellAll();
    state.longestTurn = () => {
      const longest = Math.max(0, this.#turns.max / 1e6 - TURN_MS);
      this.#turns.reset();
      return longest;
    };
  }

  async start(): Promise<void> {
    const { listen, trunk: wanted } = this.#options;
    const onWire = (wire: Wire): void => {
      openLink(wire, 'accept', this.#openOptions).then(
        (link) => this.#attach(link),
        (error: unknown) =>
          this.#state.log(`refused ${wire.peer}: ${error instanceof Error ? error.message : String(error)}`),
      );
    };
    for (const { transport, address } of listen) this.#listeners.push(await transport.listen(address, onWire));
    this.#entry.address = this.#listeners[0]?.address ?? '';
    this.#state.address = this.#entry.address;
    const trunk = wanted && (await wanted.transport.listen(wanted.address, onWire));
    if (trunk) {
      this.#listeners.push(trunk);
      this.#entry.trunk = trunk.address;
    }
    this.#ownership.start();
    await this.#mesh.start();
    const isMain = (): boolean => this.#state.role === 'main';
    this.#every(this.#state.times.antiEntropyMs, () => isMain() && this.#replication.compare());
    this.#every(SECOND_MS, () => {
      this.#replication.sweepTombstones();
      if (isMain()) this.#tellLoads();
    });
    await this.#leadership.start({
      elected: (term) => void this.#lead.onElected(term),
      deposed: () => this.#lead.depose('the lease is gone'),
    });
  }

  #createMesh(): Mesh {
    return new Mesh({
      state: this.#state,
      replication: this.#replication,
      groups: this.#groups,
      entry: this.#entry,
      dial: (to) => this.#dial(to),
      attach: (link) => this.#attach(link),
      onMembers: () => this.#ownership.onMembers(),
    });
  }

  #createOwnership(): SlotOwnership {
    return new SlotOwnership({
      state: this.#state,
      replication: this.#replication,
      requests: this.#requests,
      authority: this.#authority,
      mesh: this.#mesh,
      lead: () => this.#lead.current(),
      onGivenUp: () => this.#lead.onGivenUp(),
      changed: () => this.#onChanged(),
    });
  }

  /** The role, the term or readiness changed. */
  #onChanged(): void {
    this.#mesh.tellAll();
    if (this.#state.role === 'main') this.#nodeLinks.awaitAll();
  }

  async #dial(to: RouterEntry): Promise<Link> {
    const { trunk, listen, dialThrough, set } = this.#options;
    const useTrunk = trunk !== undefined && to.trunk !== undefined && to.set !== set;
    const transport = useTrunk ? trunk.transport : listen[0]?.transport;
    if (!transport)
      throw new RouterError('ADDRESS_FAILED', phrase`this router has no transport`, { hint: phrase`give \`listen\`` });
    const listed = useTrunk ? (to.trunk as string) : to.address;
    const address = (await dialThrough?.(listed, to)) ?? listed;
    const former = this.#formers.latest(to);
    return openLink(await transport.dial(address), 'dial', { ...this.#openOptions, former });
  }

  #attach(link: Link): void {
    const { set } = this.#options;
    const { other } = link;
    if (this.#state.isClosed) {
      link.destroy('closed');
      return;
    }
    this.#links.add(link);
    if (other.role === 'node' && other.set !== set) {
      this.#state.log(`node ${other.name} belongs to set ${other.set}`);
      link.destroy(`this is set ${set}`);
      return;
    }
    link.handle(this.#handler);
    if (other.role === 'router') this.#mesh.onLink(link);
    else if (other.role === 'node') this.#nodeLinks.onLink(link);
  }

  #formerOf(id: string, other: Identity): Link | undefined {
    for (const link of this.#links) if (link.id === id && link.other.incarnation === other.incarnation) return link;
    return this.#formers.find(id, other);
  }

  #onFrame(frame: FrameView, link: Link): void {
    const { counters, log } = this.#state;
    if (frame.kind >= FIRST_CONTROL_KIND) {
      this.#forwarder.flush();
      try {
        this.#control.onFrame(frame, link);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        log(`${link.other.set}/${link.other.name}: ${message}`);
        link.destroy(`a control frame that cannot be understood: ${message}`);
      }
    } else if (frame.kind === KIND.movedMark) return;
    else if (link.other.role === 'router' && this.#isStale(link)) {
      counters.stale++;
      refuseFrame(counters, frame, link, 'UNREACHABLE');
    } else this.#forwarder.forward(frame, link);
  }

  /** A frame of a main that is none any more. */
  #isStale(link: Link): boolean {
    const { hasFencing, set, peers } = this.#state;
    if (!hasFencing || link.other.set === set) return false;
    return link.term < (peers.get(link.other.set)?.term ?? 0);
  }

  #onDown(link: Link, reason: string): void {
    const { role, set, name } = link.other;
    this.#links.delete(link);
    this.#requests.onDown(link);
    if (!this.#state.isClosed) this.#formers.remember(link);
    if (role === 'node') this.#nodeLinks.onDown(link, reason);
    if (role !== 'router') return;
    this.#state.log(`link to ${set}/${name} is down: ${reason}`);
    const wasMain = this.#state.peers.get(set)?.main === link;
    this.#mesh.onDown(link);
    if (wasMain) this.#authority.onSetDown(set);
  }

  #every(ms: number, call: () => void): void {
    const arm = (): void => {
      const cancel = this.#clock.after(ms, () => {
        this.#timers.delete(cancel);
        call();
        if (!this.#state.isClosed) arm();
      });
      this.#timers.add(cancel);
    };
    arm();
  }

  #tellLoads(): void {
    const { places, peers, set } = this.#state;
    const loads = [...places.all()]
      .filter((place) => place.set === set && place.isAlive)
      .map(({ node, load, objects, isDraining }) => ({ set, node, load, objects, isDraining }));
    const bytes = jsonBytes(loads);
    // Version 1 of the protocol does not know loads: such a set places only on its own nodes.
    for (const { main } of peers.values())
      if (main && main.version >= 2) main.sendHeader({ kind: KIND.setLoads }, bytes);
  }

  get address(): string {
    return this.#state.address;
  }
  get addresses(): string[] {
    return this.#listeners.map((listener) => listener.address);
  }
  get role(): 'main' | 'standby' {
    return this.#state.role;
  }
  get isReady(): boolean {
    return this.#state.role === 'main' && this.#state.isReady;
  }
  get term(): number {
    return this.#state.term;
  }
  get routes(): number {
    return this.#state.table.size;
  }
  get counters(): RouterCounters {
    return this.#state.counters;
  }

  topology(): Topology {
    return topologyOf(this.#state, this.#links);
  }

  digest(): { routes: number; digest: number } {
    let digest = 0;
    for (const word of this.#state.table.digests) digest = (Math.imul(digest, 31) + word) >>> 0;
    return { routes: this.#state.table.size, digest };
  }

  async close(): Promise<void> {
    if (this.#state.isClosed) return;
    this.#state.isClosed = true;
    this.#turns.disable();
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#ownership.close();
    await this.#mesh.close();
    await this.#leadership.close();
    this.#authority.close();
    this.#formers.close();
    this.#nodeLinks.close();
    for (const link of [...this.#links]) link.close();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }
}
