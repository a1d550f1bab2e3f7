import { createId, systemClock } from '@sparrow/core';
import { type RouterErrorCode, refusal } from '../errors.ts';
import { FrameView, jsonBytes, words } from '../frames/frame.ts';
import { FIRST_CONTROL_KIND, FLAG, HEADER_BYTES, KIND } from '../frames/layout.ts';
import type { Identity, Link } from '../links/link.ts';
import { Requests } from '../links/requests.ts';
import { refuseFrame } from '../router/forwarder.ts';
import { groupKey } from '../router/groups.ts';
import type { PickAnswer } from '../router/placement.ts';
import { IdMap } from '../table/id-map.ts';
import { type ObjectId, objectId } from '../table/object-id.ts';
import { failureOf, Hosted, type Mail } from './hosted.ts';
import { Mover } from './mover.ts';
import type { Node, NodeCounters, NodeOptions } from './node-api.ts';
import type { Audience, Ref, RoutedObject, Self } from './object.ts';
import { Registrar } from './registrar.ts';
import { RouterLinks } from './router-links.ts';
import { createSelf, type Hands } from './self.ts';
import { encodeMail, Sender } from './sender.ts';

/** The type of the object that stands for a node itself. */
export const NODE_TYPE = '@node';

/** Two nodes of one name would take it from each other: not more often than this. */
const COME_BACK_MS = 300;
/** Objects that are made and registered at once by `registerAll`. */
const AT_ONCE = 65_536;
const EMPTY = new Uint8Array(0);

/** A process's place in the game: it holds objects and links them to the routers of its set. */
export function createNode(options: NodeOptions): Node {
  const { clock = systemClock, log = () => {} } = options;
  /** Changes when the set is given up and another takes us in. */
  let identity: Identity = {
    role: 'node',
    set: options.set,
    name: options.name,
    incarnation: createId('inc'),
    types: [...Object.keys(options.types), NODE_TYPE],
  };
  const hosted = new IdMap<Hosted>();
  const members = new Map<string, Set<Hosted>>();
  const requests = new Requests(clock);
  const counters: NodeCounters = { delivered: 0, refused: 0, stale: 0, moved: 0 };
  const hasFencing = options.fencing ?? true;
  const refusals = { refused: 0, undeliverable: 0 };
  let lastLink: Link | undefined;
  let isClosed = false;
  let calls = 0;
  const nextCall = (): number => (calls = (calls + 1) >>> 0 || 1);
  /** Wakes those who wait for a main. */
  let awaiting: (() => void)[] = [];

  const links = new RouterLinks({
    self: identity,
    transport: options.transport,
    routers: options.routers,
    key: options.key,
    limits: options.limits,
    protocol: options.protocol,
    clock,
    log,
    onOpen(link) {
      const all = [...members.keys()];
      for (const type of Object.keys(options.types)) all.push(typeGroup(type));
      all.push(WORLD);
      for (let keys = all; keys.length > 0; keys = keys.slice(5_000))
        link.sendHeader({ kind: KIND.groups }, jsonBytes({ join: keys.slice(0, 5_000) }));
    },
    onAdopted(adopted) {
      identity = adopted;
      drop(itself, 'moved');
      itself = representative();
      registered = registerItself();
    },
    onMain(main) {
      sender.main = main;
      if (!main) return;
      log(`${identity.set}/${identity.name}: main is ${main.other.name}, term ${links.term}`);
      registrar.onMain(main);
      const wake = awaiting;
      awaiting = [];
      for (const call of wake) call();
    },
    handler: {
      frame: onFrame,
      down(link, reason) {
        log(`${identity.set}/${identity.name}: link to ${link.other.name} is down: ${reason}`);
        requests.onDown(link);
      },
    },
  });
  const sender = new Sender({ clock, nextCall });
  const registrar = new Registrar({
    clock,
    hosted,
    links,
    requests,
    sender,
    nextCall,
    drop: (object) => drop(object, 'kicked'),
    log: (line) => log(`${identity.set}/${identity.name}: ${line}`),
  });
  const mover = new Mover({
    get set() {
      return identity.set;
    },
    get name() {
      return identity.name;
    },
    hosted,
    sender,
    clock,
    requests,
    links,
    thaws: options.types,
    counters,
    log,
    self: () => selfOf(itself),
    resume: (object) => resume(object),
    gone: (object, reason) => drop(object, reason),
    joinKey: (object, key) => joinKey(object, key),
    take: (object, mail) => take(object, mail),
  });

  // Messages in.

  function onFrame(frame: FrameView, link: Link): void {
    const { kind } = frame;
    if (kind >= FIRST_CONTROL_KIND) {
      onControl(frame, link);
      return;
    }
    if (kind === KIND.refused || kind === KIND.ack) {
      sender.onAnswer(frame, hosted);
      return;
    }
    if (kind === KIND.movedMark) {
      mover.onMark(frame);
      return;
    }
    // Only the router that leads may speak: others hold what is out of date.
    if (link !== links.main && hasFencing && link.term < links.term) {
      counters.stale++;
      refuse(frame, 'UNREACHABLE', link);
      return;
    }
    lastLink = link;
    if (kind === KIND.reply) sender.onAnswer(frame, hosted);
    else if (kind === KIND.broadcast) onBroadcast(frame);
    else deliver(frame);
  }

  function deliver(frame: FrameView): void {
    const low = frame.targetLow;
    const high = frame.targetHigh;
    const object = hosted.get(low, high);
    if (!object || object.state === 'gone') {
      refuse(frame, mover.hasMoved(low, high) ? 'MOVED' : 'NO_SUCH_OBJECT');
      return;
    }
    if (object.state === 'active' || object.state === 'registering') {
      if (object.state === 'active' && !object.accepts(frame.term, frame.counter, frame.sourceLow, frame.sourceHigh)) {
        refuse(frame, 'MOVED');
        return;
      }
      if (object.object.bare && frame.kind !== KIND.ask && !(frame.flags & FLAG.acknowledged)) {
        counters.delivered++;
        object.object.bare(frame);
        return;
      }
      if (frame.kind === KIND.flushed) return;
      const mail = mailOf(frame);
      if (isDeadlock(object, mail)) {
        refuse(frame, 'DEADLOCK');
        return;
      }
      if (!take(object, mail)) refuse(frame, 'OVERLOADED');
      return;
    }
    const outcome = mover.onFrame(object, frame, mailOf(frame));
    if (outcome !== 'taken') refuse(frame, outcome);
  }

  function isDeadlock(object: Hosted, mail: Mail): boolean {
    return mail.chain !== 0 && object.isBusy && object.chain === mail.chain;
  }

  function mailOf(frame: FrameView): Mail {
    const { kind, flags } = frame;
    let head = 0;
    let chain = 0;
    let sureId = 0;
    if (flags & (FLAG.chain | FLAG.acknowledged) && frame.payloadLength >= 8) {
      const { view } = frame;
      const at = frame.start + HEADER_BYTES;
      const id = (view.getUint32(at, true) & 0x1fffff) * 0x1_0000_0000 + view.getUint32(at + 4, true);
      if (flags & FLAG.chain) chain = id;
      else sureId = id;
      head = 8;
    }
    return {
      kind: kind === KIND.ask ? 'ask' : kind === KIND.state ? 'state' : kind === KIND.broadcast ? 'broadcast' : 'tell',
      method: frame.method,
      payload: frame.keepPayload(head),
      from: { low: frame.sourceLow, high: frame.sourceHigh },
      call: frame.call,
      flags,
      chain,
      sureId,
      term: frame.term,
      counter: frame.counter,
    };
  }

  /** Puts a message into the mailbox, or runs it. False when the mailbox is full. */
  function take(object: Hosted, mail: Mail): boolean {
    if (mail.sureId !== 0) {
      const met = object.meet(mail.sureId);
      if (met === 'done') sender.acknowledge(object.id, mail);
      if (met !== 'new') return true;
    }
    if (object.isBusy || object.state === 'moving' || object.waiting > 0) {
      if (object.mailbox.push(mail)) return true;
      object.forgetRunning(mail.sureId);
      return false;
    }
    run(object, mail);
    return true;
  }

  function run(object: Hosted, mail: Mail): void {
    counters.delivered++;
    object.chain = mail.chain;
    object.isBusy = true;
    const self = selfOf(object);
    let result: unknown;
    try {
      if (mail.kind === 'ask') {
        if (!object.object.ask) throw refusal('FAILED', `${object.id.type} answers no questions`);
        result = object.object.ask(mail, self);
      } else if (object.object.tell) result = object.object.tell(mail, self);
      else if (object.object.bare) object.object.bare(new FrameView().at(encodeMail(object.id, mail)));
    } catch (error) {
      object.isBusy = false;
      finish(object, mail, undefined, error);
      return;
    }
    if (!(result instanceof Promise)) {
      object.isBusy = false;
      finish(object, mail, result);
      return;
    }
    result.then(
      (value) => settle(object, mail, value),
      (error: unknown) => settle(object, mail, undefined, error ?? new Error('the object threw nothing')),
    );
  }

  function settle(object: Hosted, mail: Mail, value: unknown, error?: unknown): void {
    object.isBusy = false;
    finish(object, mail, value, error);
    object.onIdle?.();
    if (object.state === 'active' || object.state === 'registering') work(object);
  }

  /** Goes on with the mailbox. */
  function work(object: Hosted): void {
    while (object.waiting > 0 && !object.isBusy && (object.state === 'active' || object.state === 'registering')) {
      const mail = object.mailbox.shift();
      if (!mail) return;
      run(object, mail);
    }
  }

  function finish(object: Hosted, mail: Mail, value: unknown, error?: unknown): void {
    object.chain = 0;
    if (mail.sureId !== 0) {
      object.handled(mail.sureId);
      sender.acknowledge(object.id, mail);
    }
    if (mail.kind === 'ask') {
      if (error === undefined) sender.reply(object.id, mail, value instanceof Uint8Array ? value : EMPTY);
      else sender.replyFailed(object.id, mail, failureOf(error));
    } else if (error !== undefined) log(`${object.id.type}/${object.id.key}: ${failureOf(error).message}`);
  }

  /** Between two mains the refusal goes back the way that the frame came: a source listens to refusals from anybody. */
  function refuse(frame: FrameView, code: RouterErrorCode, from = lastLink): void {
    counters.refused++;
    const link = links.main ?? from;
    if (link && !link.isDown) refuseFrame(refusals, frame, link, code as 'MOVED');
  }

  function onBroadcast(frame: FrameView): void {
    const key = groupKey(frame.targetLow, frame.targetHigh);
    const audience =
      key === WORLD ? hosted.values() : (members.get(key) ?? (typesByGroup.has(key) ? ofType(key) : undefined));
    if (!audience) return;
    let mail: Mail | undefined;
    for (const object of audience) {
      if (object.id.type === NODE_TYPE || object.state === 'gone') continue;
      if (object.object.bare && object.state === 'active') {
        counters.delivered++;
        object.object.bare(frame);
        continue;
      }
      mail ??= mailOf(frame);
      if (object.state === 'moving' || object.state === 'arriving') object.mailbox.push(mail);
      else if (!take(object, mail)) counters.refused++;
    }
  }

  const typesByGroup = new Map(Object.keys(options.types).map((type) => [typeGroup(type), type]));
  function* ofType(key: string): Generator<Hosted> {
    const type = typesByGroup.get(key);
    for (const object of hosted.values()) if (object.id.type === type) yield object;
  }

  function onControl(frame: FrameView, link: Link): void {
    const { kind } = frame;
    if (kind === KIND.registered) {
      if (link === links.main || !hasFencing) registrar.onAnswer(frame);
    } else if (kind === KIND.response) requests.onResponse(frame);
    else if (kind === KIND.revoke) onRevoke(words(frame), link);
    else if (kind === KIND.request)
      void requests.onRequest(frame, link, (question) => {
        if (question.op === 'drain')
          return mover.drain(typeof question.awayFrom === 'string' ? { awayFrom: question.awayFrom } : {});
        if (question.op === 'since') {
          const object = hosted.get(Number(question.low), Number(question.high));
          return { seconds: object ? Math.floor(performance.now() / 1000) - object.sinceSeconds : null };
        }
        throw refusal('FRAME_INVALID', `a node does not know "${String(question.op)}"`);
      });
  }

  function onRevoke(entry: Uint32Array, link: Link): void {
    if (link !== links.main && hasFencing) return;
    const object = hosted.get(entry[0] as number, entry[1] as number);
    // Only the registration that was meant: a later one of ours stays.
    if (!object) return;
    if (object.state === 'registering') object.revokedEpoch = { term: entry[3] as number, counter: entry[4] as number };
    else if (object.term === entry[3] && object.counter === entry[4]) drop(object, 'kicked');
  }

  function drop(object: Hosted, reason: 'kicked' | 'moved'): void {
    if (object.state === 'gone') return;
    object.state = 'gone';
    hosted.delete(object.id.low, object.id.high);
    for (const group of object.groupList) leave(object, group);
    sender.onSourceGone(object.id);
    if (object.waiting > 0) {
      for (const mail of object.mailbox.toArray()) sender.refuseMail(object.id, mail, 'MOVED');
      object.mailbox.clear();
    }
    object.object.revoked?.(reason);
    if (object === itself && reason === 'kicked') comeBack();
  }

  /** Answers come to the node by its own object: without it the node could only speak. Whoever took the name for a moment, or has it wrongly, loses it. */
  function comeBack(): void {
    const lost = itself;
    log(`${identity.set}/${identity.name}: the node itself was taken out of the table, it registers anew`);
    clock.after(COME_BACK_MS, () => {
      if (isClosed || itself !== lost) return;
      itself = representative();
      registered = registerItself();
    });
  }

  function resume(object: Hosted): void {
    object.state = 'active';
    work(object);
  }

  function host(type: string, key: string, object: RoutedObject, together?: Ref): Hosted {
    return new Hosted(objectId(type, key), object, together);
  }

  // Sending.

  const hands: Hands = {
    sender,
    join: (object, group) => joinKey(object, groupOf(group)),
    leave: (object, group) => leave(object, groupOf(group)),
    audienceId,
  };
  const selfOf = (object: Hosted): Self => (object.self ??= createSelf(object, hands));

  function joinKey(object: Hosted, key: string): void {
    object.groups.add(key);
    const all = members.get(key);
    if (all) {
      all.add(object);
      return;
    }
    members.set(key, new Set([object]));
    for (const link of links.links.values()) link.sendHeader({ kind: KIND.groups }, jsonBytes({ join: [key] }));
  }

  function leave(object: Hosted, key: string): void {
    object.groups.delete(key);
    const all = members.get(key);
    if (!all?.delete(object) || all.size > 0) return;
    members.delete(key);
    for (const link of links.links.values()) link.sendHeader({ kind: KIND.groups }, jsonBytes({ leave: [key] }));
  }

  // The node itself.

  const representative = (): Hosted =>
    host(NODE_TYPE, `${identity.set}/${identity.name}`, { ask: (message) => mover.onNodeMessage(message) });
  let itself = representative();
  const registerItself = async (): Promise<void> => {
    const mine = itself;
    while (!isClosed && mine === itself) {
      const codes = await registrar.register([mine], 'kick').catch(() => ['UNREACHABLE' as const]);
      if (codes[0] === 'OK') return;
      log(`${identity.set}/${identity.name}: the node itself was not registered: ${codes[0]}`);
      await new Promise<void>((resolve) => {
        clock.after(100, resolve);
      });
    }
  };
  let registered = registerItself();

  let cancelLoad = clock.after(0, function tell() {
    const load = options.load?.() ?? hosted.size;
    for (const link of links.links.values())
      link.sendHeader({ kind: KIND.load }, jsonBytes({ objects: hosted.size, load }));
    cancelLoad = clock.after(1_000, tell);
  });

  const waitForMain = async (timeoutMs: number): Promise<void> => {
    if (links.main) return;
    await new Promise<void>((resolve, reject) => {
      const cancel = clock.after(timeoutMs, () =>
        reject(refusal('UNREACHABLE', `no main router within ${timeoutMs} ms`)),
      );
      awaiting.push(() => {
        cancel();
        resolve();
      });
    });
  };

  return {
    get set() {
      return identity.set;
    },
    get name() {
      return identity.name;
    },
    async ready(timeoutMs = 10_000) {
      await waitForMain(timeoutMs);
      await registered;
    },
    get hasMain() {
      return links.main !== undefined;
    },
    get term() {
      return links.term;
    },
    get lastLinkTerm() {
      return lastLink?.term ?? 0;
    },
    get objects() {
      return hosted.size;
    },
    counters,
    async register(type, key, object, { policy = 'kick', together } = {}) {
      const made = host(type, key, object, together);
      const former = hosted.get(made.id.low, made.id.high);
      if (former && policy === 'reject') throw refusal('EXISTS', `${type}/${key}`);
      const [code = 'FAILED'] = await registrar.register([made], policy);
      if (code !== 'OK') throw refusal(code, `${type}/${key}`);
      return {
        id: made.id,
        self: selfOf(made),
        get epoch() {
          return { term: made.term, counter: made.counter };
        },
        async unregister() {
          if (made.state === 'gone') return;
          await registrar.unregister(made);
          made.state = 'gone';
          hosted.delete(made.id.low, made.id.high);
          for (const group of made.groupList) leave(made, group);
        },
      };
    },
    async registerAll(type, keys, create, { policy = 'kick' } = {}) {
      const failed = new Map<string, RouterErrorCode>();
      // A part at a time keeps at most a few frames' worth of objects in the making.
      for (let from = 0; from < keys.length; from += AT_ONCE) {
        const part = keys.slice(from, from + AT_ONCE);
        const codes = await registrar.register(
          part.map((key) => host(type, key, create(key))),
          policy,
        );
        codes.forEach((code, index) => code !== 'OK' && failed.set(part[index] as string, code));
      }
      return failed;
    },
    get self() {
      return selfOf(itself);
    },
    selfOf(id) {
      const object = hosted.get(id.low, id.high);
      return object && selfOf(object);
    },
    epochOf(id) {
      const object = hosted.get(id.low, id.high);
      return object && { term: object.term, counter: object.counter };
    },
    async pick(type, question = {}) {
      const { main } = links;
      if (!main) throw refusal('UNREACHABLE', 'no main router');
      return requests.ask<PickAnswer>(main, { op: 'pick', type, ...question });
    },
    move: (id, to) => mover.move(id, to),
    drain: (question = {}) => mover.drain(question),
    async close() {
      if (isClosed) return;
      isClosed = true;
      cancelLoad();
      sender.close();
      links.close();
    },
    destroy() {
      isClosed = true;
      cancelLoad();
      sender.close();
      for (const link of links.links.values()) link.destroy('destroyed');
      links.close();
    },
  };
}

const groupOf = (group: string): string => keyOf(objectId('@group', group));
const typeGroup = (type: string): string => keyOf(objectId('@type', type));
const keyOf = (id: ObjectId): string => groupKey(id.low, id.high);
const WORLD = keyOf(objectId('@world', ''));

function audienceId(to: Audience): ObjectId {
  if (to === 'world') return objectId('@world', '');
  return 'group' in to ? objectId('@group', to.group) : objectId('@type', to.type);
}
