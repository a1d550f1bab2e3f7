import { backoff, type Clock } from '@sparrow/core';
import type { Closable, Coordinator } from '../coordinators/coordinator.ts';
import { type FrameView, jsonBytes } from '../frames/frame.ts';
import { KIND } from '../frames/layout.ts';
import { FormerLinks } from '../links/former-links.ts';
import type { LinkLimits } from '../links/limits.ts';
import type { Identity, Link, LinkHandler } from '../links/link.ts';
import { openLink } from '../links/open-link.ts';
import { ROUTERS_PATH, type RouterEntry } from '../router/mesh.ts';
import { SLOTS_PATH } from '../router/slot-map.ts';
import { typeNumber } from '../table/object-id.ts';
import type { Transport } from '../transports/transport.ts';

export interface RouterLinksOptions {
  self: Identity;
  transport: Transport;
  /** Addresses of the set's routers, or where they are listed. */
  routers: string[] | Coordinator;
  key?: string | undefined;
  limits?: Partial<LinkLimits> | undefined;
  protocol?: { min: number; max: number } | undefined;
  clock: Clock;
  handler: LinkHandler;
  onOpen(link: Link): void;
  /** Our set was given up: we belong to another now, under another name. */
  onAdopted?(self: Identity): void;
  /** Another main leads. */
  onMain(main: Link | undefined): void;
  /** A frame of ours that a link did not carry before it fell, and no later one took over. */
  refused(frame: FrameView, code: 'UNREACHABLE' | 'TIMEOUT'): void;
  log(line: string): void;
}

/** A link that is not back by then is given up, as the routers do. */
const GRACE_MS = 3_000;

/** A node's links to all routers of its set, and which of them leads: the one that announced the highest term. */
export class RouterLinks {
  main: Link | undefined;
  /** The highest term that was seen. */
  term = 0;
  readonly links = new Map<string, Link>();
  readonly #options: RouterLinksOptions;
  #self: Identity;
  #lost: string[] = [];
  #entries: RouterEntry[] | undefined;
  readonly #dialling = new Set<string>();
  #wanted = new Set<string>();
  readonly #watches: Closable[] = [];
  #isClosed = false;
  readonly #formers: FormerLinks;
  /** The link that fell last, by address. */
  readonly #fallen = new Map<string, Link>();

  constructor(options: RouterLinksOptions) {
    this.#options = options;
    this.#formers = new FormerLinks({
      clock: options.clock,
      graceMs: GRACE_MS,
      refuse: (frame, code) => options.refused(frame, code),
    });
    const { routers, self } = options;
    this.#self = self;
    if (Array.isArray(routers)) this.#want(routers);
    else
      this.#watches.push(
        routers.watchMembers(ROUTERS_PATH, (members) => {
          this.#entries = [...members.values()].map((text) => JSON.parse(text) as RouterEntry);
          this.#choose();
        }),
        routers.watchValue(SLOTS_PATH, (text) => {
          this.#lost = (JSON.parse(text) as { lost?: string[] }).lost ?? [];
          this.#choose();
        }),
      );
  }

  /** The routers of our set; when it was given up, those of one that lives. */
  #choose(): void {
    const entries = this.#entries;
    if (!entries || this.#isClosed) return;
    const { set, name } = this.#self;
    // A router of ours that is listed again leads before the map says that its set is back.
    if (this.#lost.includes(set) && !entries.some((entry) => entry.set === set)) {
      const living = [...new Set(entries.map((entry) => entry.set))].filter((one) => !this.#lost.includes(one)).sort();
      const heir = living[typeNumber(name) % living.length];
      if (heir === undefined) return;
      this.#options.log(`${set}/${name}: the set was given up, we go to ${heir}`);
      this.#self = { ...this.#self, set: heir, name: `${name}@${set}` };
      this.#wanted = new Set();
      for (const link of [...this.links.values()]) link.destroy('its set was given up');
      this.term = 0;
      this.#options.onAdopted?.(this.#self);
    }
    this.#want(entries.filter((entry) => entry.set === this.#self.set).map((entry) => entry.address));
  }

  #want(addresses: string[]): void {
    this.#wanted = new Set(addresses);
    for (const address of addresses) void this.#connect(address);
  }

  async #connect(address: string): Promise<void> {
    if (this.#dialling.has(address) || this.links.has(address)) return;
    this.#dialling.add(address);
    const { transport, key, limits, protocol, clock, log } = this.#options;
    for (let attempt = 0; !this.#isClosed && this.#wanted.has(address); attempt++) {
      try {
        const self = this.#self;
        const former = this.#fallen.get(address);
        const wire = await transport.dial(address);
        const link = await openLink(wire, 'dial', { self, key, limits, clock, protocol, former });
        if (this.#isClosed || self !== this.#self) link.destroy('closed');
        else this.#attach(address, link);
        break;
      } catch (error) {
        if (attempt % 20 === 3) log(`cannot link to ${address}: ${error instanceof Error ? error.message : error}`);
        await new Promise<void>((resolve) => {
          clock.after(backoff(attempt, { baseMs: 30, maxMs: 500 }), resolve);
        });
      }
    }
    this.#dialling.delete(address);
  }

  #attach(address: string, link: Link): void {
    const { handler, onOpen } = this.#options;
    this.links.set(address, link);
    link.handle({
      frame: (frame, from) => (frame.kind === KIND.term ? this.#onTerm(frame, from) : handler.frame(frame, from)),
      ...(handler.chunkEnd && { chunkEnd: handler.chunkEnd }),
      ...(handler.drained && { drained: handler.drained }),
      down: (from, reason) => {
        if (this.links.get(address) === link) this.links.delete(address);
        if (!this.#isClosed) {
          this.#formers.remember(link);
          this.#fallen.set(address, link);
        }
        if (this.main === link) this.#setMain(undefined);
        handler.down(from, reason);
        if (this.#wanted.has(address)) void this.#connect(address);
      },
    });
    onOpen(link);
  }

  #onTerm(frame: FrameView, link: Link): void {
    const { isMain, isReady } = frame.json<{ isMain: boolean; isReady: boolean }>();
    const { term } = frame;
    link.term = isMain ? term : 0;
    if (!isMain) {
      if (this.main === link) this.#setMain(undefined);
      return;
    }
    if (term < this.term) {
      // It does not know yet that it leads no more.
      this.#tell(link);
      return;
    }
    const isHigher = term > this.term;
    this.term = term;
    if (isHigher) for (const other of this.links.values()) if (other !== link) this.#tell(other);
    if (isHigher && this.main && this.main !== link) this.#setMain(undefined);
    // The same router may lead anew, after it had lost its lead or its table: then it is told anew what is here.
    const isAnew = this.main !== link || isHigher || !this.#wasReady;
    this.#wasReady = isReady;
    if (isReady && isAnew) this.#setMain(link);
  }

  /** Whether the main that leads by its term had its table when it was heard last. */
  #wasReady = false;

  #tell(link: Link): void {
    link.sendHeader(
      { kind: KIND.term, term: this.term },
      jsonBytes({ isMain: false, isReady: false, isDraining: false }),
    );
  }

  #setMain(main: Link | undefined): void {
    this.main = main;
    this.#options.onMain(main);
  }

  close(): void {
    this.#isClosed = true;
    for (const watch of this.#watches) watch.close();
    this.#formers.close();
    for (const link of this.links.values()) link.close();
  }
}
