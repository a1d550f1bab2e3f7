import { createId, systemClock } from '@sparrow/core';
import { type RouterErrorCode, refusal } from '../errors.ts';
import { FrameView, jsonBytes, words } from '../frames/frame.ts';
import { FIRST_CONTROL_KIND, KIND } from '../frames/layout.ts';
import type { Identity, Link } from '../links/link.ts';
import { refusalOf, refuseFrame } from '../links/refusal.ts';
import { Requests } from '../links/requests.ts';
import { phrase } from '../phrase.ts';
import type { Lookup } from '../router/admin.ts';
import type { PickAnswer } from '../router/placement.ts';
import { objectId } from '../table/object-id.ts';
import { drain } from './drain.ts';
import { Hosted } from './hosted.ts';
import { Inbox } from './inbox.ts';
import { Itself, NODE_TYPE } from './itself.ts';
import { MainWaiters } from './main-waiters.ts';
import { Memberships } from './memberships.ts';
import { Mover } from './mover.ts';
import type { Node, NodeCounters, NodeOptions, RegisterOptions, Registration } from './node-api.ts';
import type { RoutedObject, Self } from './object.ts';
import { Objects } from './objects.ts';
import { Registrar } from './registrar.ts';
import { RouterLinks } from './router-links.ts';
import { createSelf } from './self.ts';
import { Sender } from './sender.ts';

export { NODE_TYPE };

/** Objects that are made and registered at once by `registerAll`. */
const AT_ONCE = 65_536;
const LOAD_MS = 1_000;

/** A process's place in the game: it holds objects and links them to the routers of its set. */
export function createNode(options: NodeOptions): Node {
  return new GameNode(options);
}

/**
 * Puts the parts of a node together. `Objects` is the table, `Inbox` brings messages to it, `Registrar` tells the
 * router what is in it, `Mover` takes objects from node to node, `Memberships` knows the groups, `Sender` writes,
 * `RouterLinks` knows who leads, `Itself` is the node's own object.
 */
class GameNode implements Node {
  readonly counters: NodeCounters = { delivered: 0, refused: 0, stale: 0, moved: 0, uncovered: 0 };
  readonly #options: NodeOptions;
  readonly #hasFencing: boolean;
  readonly #requests: Requests;
  readonly #links: RouterLinks;
  readonly #sender: Sender;
  readonly #objects: Objects;
  readonly #memberships: Memberships;
  readonly #inbox: Inbox;
  readonly #registrar: Registrar;
  readonly #mover: Mover;
  readonly #itself: Itself;
  readonly #waiters: MainWaiters;
  readonly #refusals = { refused: 0, undeliverable: 0 };
  /** Changes when the set is given up and another takes us in. */
  #identity: Identity;
  #lastLink: Link | undefined;
  #isClosed = false;
  #calls = 0;
  #cancelLoad: () => void = () => {};

  constructor(options: NodeOptions) {
    const { clock = systemClock } = options;
    this.#options = options;
    this.#hasFencing = options.fencing ?? true;
    this.#identity = {
      role: 'node',
      set: options.set,
      name: options.name,
      incarnation: createId('inc'),
      types: [...Object.keys(options.types), NODE_TYPE],
    };
    const log = (line: string): void => this.#log(line);
    const nextCall = (): number => (this.#calls = (this.#calls + 1) >>> 0 || 1);
    const main = (): Link | undefined => this.#links.main;
    this.#waiters = new MainWaiters(clock);
    this.#requests = new Requests(clock);
    this.#sender = new Sender({ clock, nextCall });
    this.#objects = new Objects({
      leaveGroups: (object) => this.#memberships.leaveAll(object),
      sourceGone: ({ id }) => this.#sender.onSourceGone(id),
      refuseMail: ({ id }, mail, code) => this.#sender.refuseMail(id, mail, code),
      take: (object, mail) => this.#inbox.take(object, mail),
      work: (object) => this.#inbox.work(object),
    });
    this.#memberships = new Memberships({
      types: Object.keys(options.types),
      links: () => this.#links.links.values(),
      here: this.#objects.here,
    });
    this.#inbox = new Inbox({
      objects: this.#objects,
      sender: this.#sender,
      counters: this.counters,
      selfOf: (object) => this.#selfOf(object),
      onMoving: (object, frame, mail) => this.#mover.onFrame(object, frame, mail),
      hasMoved: (low, high) => this.#mover.hasMoved(low, high),
      audience: (low, high) => this.#memberships.audience(low, high),
      refuse: (frame, code, from) => this.#refuse(frame, code, from),
      log,
    });
    this.#registrar = new Registrar({ clock, objects: this.#objects, requests: this.#requests, main, nextCall, log });
    this.#mover = new Mover({
      self: () => ({ ...this.#identity, hands: this.self }),
      objects: this.#objects,
      sender: this.#sender,
      clock,
      registrar: this.#registrar,
      main,
      lookUp: (type, key) => this.#lookUp(type, key),
      thaws: options.types,
      counters: this.counters,
      joinGroups: (object) => this.#memberships.joinAll(object),
      take: (object, mail) => this.#inbox.take(object, mail),
      work: (object) => this.#inbox.work(object),
    });
    this.#itself = new Itself({
      clock,
      objects: this.#objects,
      registrar: this.#registrar,
      fullName: () => `${this.set}/${this.name}`,
      onMessage: (message) => this.#mover.onNodeMessage(message),
      log,
    });
    this.#links = this.#createLinks();
    this.#itself.register();
    this.#cancelLoad = clock.after(0, () => this.#tellLoad());
  }

  #createLinks(): RouterLinks {
    const { transport, routers, key, limits, protocol, clock = systemClock } = this.#options;
    return new RouterLinks({
      self: this.#identity,
      transport,
      routers,
      key,
      limits,
      protocol,
      clock,
      log: this.#options.log ?? (() => {}),
      onOpen: (link) => this.#memberships.introduce(link),
      onAdopted: (adopted) => {
        this.#identity = adopted;
        this.#itself.rename();
      },
      onMain: (main) => {
        this.#sender.main = main;
        if (!main) return;
        this.#log(`main is ${main.other.name}, term ${this.#links.term}`);
        this.#registrar.onMain(main);
        this.#waiters.wake();
      },
      refused: (frame, code) => this.#refusedLocally(frame, code),
      handler: {
        frame: (frame, link) => this.#onFrame(frame, link),
        down: (link, reason) => {
          this.#log(`link to ${link.other.name} is down: ${reason}`);
          this.#requests.onDown(link);
        },
      },
    });
  }

  #log(line: string): void {
    this.#options.log?.(`${this.set}/${this.name}: ${line}`);
  }

  #onFrame(frame: FrameView, link: Link): void {
    const { kind } = frame;
    if (kind >= FIRST_CONTROL_KIND) {
      this.#onControl(frame, link);
      return;
    }
    if (kind === KIND.refused || kind === KIND.ack) {
      this.#sender.onAnswer(frame, this.#objects.here);
      return;
    }
    if (kind === KIND.movedMark) {
      this.#mover.onMark(frame);
      return;
    }
    // Only the router that leads may speak: others hold what is out of date.
    if (link !== this.#links.main && this.#hasFencing && link.term < this.#links.term) {
      this.counters.stale++;
      this.#refuse(frame, 'UNREACHABLE', link);
      return;
    }
    this.#lastLink = link;
    if (kind === KIND.reply) this.#sender.onAnswer(frame, this.#objects.here);
    else if (kind === KIND.broadcast) this.#inbox.broadcast(frame);
    else this.#inbox.deliver(frame);
  }

  #onControl(frame: FrameView, link: Link): void {
    const { kind } = frame;
    const isFromMain = link === this.#links.main || !this.#hasFencing;
    if (kind === KIND.registered) {
      if (isFromMain) this.#registrar.onAnswer(frame);
    } else if (kind === KIND.response) this.#requests.onResponse(frame);
    else if (kind === KIND.revoke) {
      const [low = 0, high = 0, , term = 0, counter = 0] = words(frame);
      if (isFromMain) this.#objects.revoke(low, high, { term, counter });
    } else if (kind === KIND.request)
      void this.#requests.onRequest(frame, link, (question) => this.#onQuestion(question));
  }

  #onQuestion(question: Record<string, unknown>): unknown {
    if (question.op === 'drain')
      return this.drain(typeof question.awayFrom === 'string' ? { awayFrom: question.awayFrom } : {});
    if (question.op === 'since') {
      const object = this.#objects.here.get(Number(question.low), Number(question.high));
      return { seconds: object ? Math.floor(performance.now() / 1000) - object.sinceSeconds : null };
    }
    throw refusal('FRAME_INVALID', phrase`a node does not know "${String(question.op)}"`);
  }

  /** Between two mains the refusal goes back the way that the frame came: a source listens to refusals from anybody. */
  #refuse(frame: FrameView, code: RouterErrorCode, from = this.#lastLink): void {
    this.counters.refused++;
    const link = this.#links.main ?? from;
    if (link && !link.isDown) {
      refuseFrame(this.#refusals, frame, link, code as 'MOVED');
      return;
    }
    const refused = refusalOf(frame, code as 'MOVED');
    if (refused) this.#sender.sendWhenLed(refused);
  }

  /** A frame of ours that never left: its source is here. */
  #refusedLocally(frame: FrameView, code: 'UNREACHABLE' | 'TIMEOUT'): void {
    const refused = refusalOf(frame, code);
    if (refused) this.#sender.onAnswer(new FrameView().at(refused), this.#objects.here);
  }

  async #lookUp(type: string, key: string): Promise<{ isHere: boolean; epoch?: { term: number; counter: number } }> {
    const { main } = this.#links;
    if (!main) throw refusal('UNREACHABLE', phrase`no main router`);
    const { found, set, node, epoch } = await this.#requests.ask<Lookup>(main, { op: 'lookup', type, key });
    return { isHere: found && set === this.set && node === this.name, ...(epoch && { epoch }) };
  }

  #selfOf(object: Hosted): Self {
    return (object.self ??= createSelf(object, { sender: this.#sender, memberships: this.#memberships }));
  }

  #tellLoad(): void {
    const objects = this.#objects.size;
    const load = this.#options.load?.() ?? objects;
    for (const link of this.#links.links.values()) link.sendHeader({ kind: KIND.load }, jsonBytes({ objects, load }));
    this.#cancelLoad = (this.#options.clock ?? systemClock).after(LOAD_MS, () => this.#tellLoad());
  }

  get set(): string {
    return this.#identity.set;
  }
  get name(): string {
    return this.#identity.name;
  }
  get hasMain(): boolean {
    return this.#links.main !== undefined;
  }
  get term(): number {
    return this.#links.term;
  }
  get lastLinkTerm(): number {
    return this.#lastLink?.term ?? 0;
  }
  get objects(): number {
    return this.#objects.size;
  }
  get self(): Self {
    return this.#selfOf(this.#itself.object);
  }

  async ready(timeoutMs = 10_000): Promise<void> {
    if (!this.hasMain) await this.#waiters.wait(timeoutMs);
    await this.#itself.registered;
  }

  async register(
    type: string,
    key: string,
    object: RoutedObject,
    { policy = 'kick', together }: RegisterOptions = {},
  ): Promise<Registration> {
    const made = new Hosted(objectId(type, key), object, { together });
    const [outcome] = await this.#registrar.register([made], policy);
    const { code = 'FAILED', isCovered = false } = outcome ?? {};
    if (code !== 'OK') throw refusal(code, phrase`${type}/${key}`);
    if (!isCovered) this.counters.uncovered++;
    return {
      id: made.id,
      self: this.#selfOf(made),
      isCovered,
      get epoch() {
        return made.epoch;
      },
      unregister: async () => {
        if (made.state === 'gone') return;
        await this.#registrar.unregister(made);
        this.#objects.remove(made, 'unregistered');
      },
    };
  }

  async registerAll(
    type: string,
    keys: readonly string[],
    create: (key: string) => RoutedObject,
    { policy = 'kick' }: RegisterOptions = {},
  ): Promise<Map<string, RouterErrorCode>> {
    const failed = new Map<string, RouterErrorCode>();
    // A part at a time keeps at most a few frames' worth of objects in the making.
    for (let from = 0; from < keys.length; from += AT_ONCE) {
      const part = keys.slice(from, from + AT_ONCE);
      const made = part.map((key) => new Hosted(objectId(type, key), create(key)));
      const outcomes = await this.#registrar.register(made, policy);
      outcomes.forEach(({ code, isCovered }, index) => {
        if (code !== 'OK') failed.set(part[index] as string, code);
        else if (!isCovered) this.counters.uncovered++;
      });
    }
    return failed;
  }

  selfOf(id: { low: number; high: number }): Self | undefined {
    const object = this.#objects.here.get(id.low, id.high);
    return object && this.#selfOf(object);
  }

  epochOf(id: { low: number; high: number }): { term: number; counter: number } | undefined {
    return this.#objects.here.get(id.low, id.high)?.epoch;
  }

  async pick(type: string, question: Parameters<Node['pick']>[1] = {}): Promise<PickAnswer> {
    const { main } = this.#links;
    if (!main) throw refusal('UNREACHABLE', phrase`no main router`);
    return this.#requests.ask<PickAnswer>(main, { op: 'pick', type, ...question });
  }

  move(id: { low: number; high: number }, to: PickAnswer): Promise<void> {
    return this.#mover.move(id, to);
  }

  drain({ awayFrom }: { awayFrom?: string } = {}): Promise<{ moved: number; left: number }> {
    return drain({
      objects: [...this.#objects.here.values()].filter((object) => object.id.type !== NODE_TYPE),
      pick: (type, companion) =>
        this.pick(type, {
          avoid: [`${this.set}/${this.name}`],
          ...(companion && { with: companion }),
          ...(awayFrom && { awayFrom }),
        }),
      move: (id, to) => this.move(id, to),
      clock: this.#options.clock ?? systemClock,
      log: (line) => this.#log(line),
    });
  }

  #end(): void {
    this.#isClosed = true;
    this.#cancelLoad();
    this.#itself.close();
    this.#mover.close();
    this.#registrar.close();
    this.#sender.close();
    this.#waiters.close();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#end();
    this.#links.close();
  }

  destroy(): void {
    this.#end();
    for (const link of this.#links.links.values()) link.destroy('destroyed');
    this.#links.close();
  }
}
