import type { Clock } from '@sparrow/core';
import { RouterError, type RouterErrorCode, refusal, WIRE_CODES } from '../errors.ts';
import { encodeFrame, type FrameView, jsonBytes } from '../frames/frame.ts';
import { FLAG, KIND } from '../frames/layout.ts';
import type { Requests } from '../links/requests.ts';
import type { Lookup } from '../router/admin.ts';
import type { PickAnswer } from '../router/placement.ts';
import type { IdMap } from '../table/id-map.ts';
import { objectId, typeNumber } from '../table/object-id.ts';
import { HELD_MESSAGES, Hosted, type Mail, MOVE_GRACE_MS } from './hosted.ts';
import type { NodeCounters } from './node-api.ts';
import type { Address, Message, Ref, Self, Thaw } from './object.ts';
import type { RouterLinks } from './router-links.ts';
import type { Sender } from './sender.ts';

/** Methods of the object that stands for a node. */
const ARRIVE = 1;
const ABANDON = 2;
const TRANSFER_MS = 3_000;
/** Objects that are on their way at once while a node is drained. */
const AT_ONCE = 32;
const NODE_TYPE = '@node';

interface Arrival {
  type: string;
  key: string;
  term: number;
  counter: number;
  seen: number[];
  groups: string[];
  together?: Ref;
}

interface MoverParts {
  set: string;
  name: string;
  hosted: IdMap<Hosted>;
  sender: Sender;
  clock: Clock;
  requests: Requests;
  links: RouterLinks;
  thaws: Record<string, Thaw | undefined>;
  counters: NodeCounters;
  log(line: string): void;
  self(): Self;
  resume(object: Hosted): void;
  gone(object: Hosted, reason: 'moved'): void;
  joinKey(object: Hosted, key: string): void;
  /** Puts a message into the mailbox; false when it is full. */
  take(object: Hosted, mail: Mail): boolean;
}

interface Mark {
  code: string;
  term: number;
  counter: number;
}

/**
 * Moves living objects between nodes: freeze, hand the state over, let the authority decide, send on what waited, in order.
 *
 * ```
 * old node                     authority                    new node
 *  freeze, hold messages
 *  state  ─────────────────────────────────────────────────▶ thaw, hold messages
 *  move?  ────────────────────▶ new epoch, new place
 *         ◀──── moved mark ──── (behind all that was routed to the old node)
 *  what was held, flushed ──────────────────────────────────▶ that first, then what was held there
 * ```
 */
export class Mover {
  readonly #parts: MoverParts;
  readonly #marks = new Map<number, (mark: Mark) => void>();
  /** Objects that left lately. */
  readonly #left = new Map<string, () => void>();
  #calls = 0;

  constructor(parts: MoverParts) {
    this.#parts = parts;
  }

  hasMoved(low: number, high: number): boolean {
    return this.#left.has(`${high}:${low}`);
  }

  /** A message for an object that is leaving or arriving. */
  onFrame(object: Hosted, frame: FrameView, mail: Mail): 'taken' | RouterErrorCode {
    if (object.state === 'moving') {
      if (!object.accepts(frame.term, frame.counter, frame.sourceLow, frame.sourceHigh)) return 'MOVED';
      if (mail.chain !== 0 && object.isBusy && object.chain === mail.chain) return 'DEADLOCK';
      if (object.held.length >= HELD_MESSAGES) return 'OVERLOADED';
      object.held = [...object.held, mail];
      return 'taken';
    }
    if (frame.kind === KIND.flushed) {
      this.#activate(object, frame.term, frame.counter);
      return 'taken';
    }
    // What the old node held was bounded there.
    if (frame.flags & FLAG.forwarded) object.forwarded = [...object.forwarded, mail];
    else if (object.held.length >= HELD_MESSAGES) return 'OVERLOADED';
    else object.held = [...object.held, mail];
    return 'taken';
  }

  onMark(frame: FrameView): void {
    const mark = {
      code: WIRE_CODES[frame.method] ?? 'FAILED',
      term: frame.term,
      counter: frame.counter,
    };
    this.#marks.get(frame.call)?.(mark);
  }

  async move(id: Address, to: PickAnswer): Promise<void> {
    const { hosted, sender, set, name, counters, clock } = this.#parts;
    const object = hosted.get(id.low, id.high);
    if (object?.state !== 'active') throw refusal('NO_SUCH_OBJECT', 'the object is not here to be moved');
    const { freeze } = object.object;
    if (!freeze) throw refusal('FAILED', `${object.id.type} has no freeze and cannot move`);
    if (to.set === set && to.node === name) return;
    object.state = 'moving';
    let isFrozen = false;
    const target = objectId(NODE_TYPE, `${to.set}/${to.node}`);
    try {
      if (object.isBusy) await this.#idle(object);
      const state = await freeze.call(object.object);
      isFrozen = true;
      const { type, key } = object.id;
      const arrival: Arrival = {
        type,
        key,
        term: object.term,
        counter: object.counter,
        seen: object.seen,
        groups: object.groupList,
        ...(object.together && { together: object.together }),
      };
      await this.#parts.self().ask(target, ARRIVE, pack(arrival, state), { within: TRANSFER_MS });
      const mark = await this.#decide(object, to);
      if (mark.code !== 'OK') throw refusal(mark.code as RouterErrorCode, 'the move was not allowed');
      // Nothing that was sent here can come any more: in order, what came before.
      for (const mail of [...object.mailbox.toArray(), ...object.held])
        sender.forward(object.id, mail, object.term, object.counter);
      object.mailbox.clear();
      object.held = [];
      this.#parts.links.main?.sendHeader({
        kind: KIND.flushed,
        term: mark.term,
        counter: mark.counter,
        targetLow: object.id.low,
        targetHigh: object.id.high,
        flags: FLAG.forwarded,
      });
      const leftKey = `${object.id.high}:${object.id.low}`;
      this.#left.get(leftKey)?.();
      const forget = clock.after(MOVE_GRACE_MS * 5, () => this.#left.delete(leftKey));
      this.#left.set(leftKey, forget);
      counters.moved++;
      this.#parts.gone(object, 'moved');
    } catch (error) {
      try {
        this.#parts.self().tell(target, ABANDON, jsonBytes({ type: object.id.type, key: object.id.key }));
      } catch {
        // The other node gives up by itself.
      }
      this.#stay(object, isFrozen);
      throw error;
    }
  }

  #stay(object: Hosted, wasFrozen: boolean): void {
    if (object.state !== 'moving') return;
    if (wasFrozen) object.object.resume?.();
    const { held } = object;
    object.held = [];
    this.#parts.resume(object);
    for (const mail of held)
      if (!this.#parts.take(object, mail)) this.#parts.sender.refuseMail(object.id, mail, 'OVERLOADED');
  }

  /** Waits for the turn that is running; a turn that takes longer than a transfer keeps the object here. */
  #idle(object: Hosted): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#parts.clock.after(TRANSFER_MS, () => {
        object.onIdle = undefined;
        reject(refusal('TIMEOUT', 'the object is busy'));
      });
      object.onIdle = () => {
        object.onIdle = undefined;
        cancel();
        resolve();
      };
    });
  }

  /** Asks the authority; when no answer comes, asks where the object is until it is known. */
  async #decide(object: Hosted, to: PickAnswer): Promise<Mark> {
    const { links, requests, clock } = this.#parts;
    const call = ++this.#calls;
    const { id, term, counter } = object;
    const entry = Uint32Array.of(id.low, id.high, id.check, term, counter, typeNumber(id.type) << 16);
    const name = new TextEncoder().encode(`${to.set}\n${to.node}`);
    const payload = new Uint8Array(entry.byteLength + name.byteLength);
    payload.set(new Uint8Array(entry.buffer));
    payload.set(name, entry.byteLength);
    const frame = encodeFrame({ kind: KIND.move, call }, payload);
    try {
      for (let attempt = 0; attempt < 4; attempt++) {
        const mark = await new Promise<Mark | undefined>((resolve) => {
          const cancel = clock.after(TRANSFER_MS, () => resolve(undefined));
          this.#marks.set(call, (answer) => {
            cancel();
            resolve(answer);
          });
          links.main?.send(frame);
        });
        // Asking again is harmless: a move that was done is answered with its epoch.
        if (mark && mark.code !== 'UNREACHABLE') return mark;
        const { main } = links;
        if (mark && main) {
          const found = await requests
            .ask<Lookup>(main, { op: 'lookup', type: id.type, key: id.key })
            .catch(() => undefined);
          if (found?.found && found.node === this.#parts.name && found.set === this.#parts.set) return mark;
        }
        await new Promise<void>((resolve) => {
          clock.after(100, resolve);
        });
      }
    } finally {
      this.#marks.delete(call);
    }
    throw refusal('TIMEOUT', 'nobody decided about the move');
  }

  /** Questions of other nodes' movers. */
  async onNodeMessage(message: Message): Promise<Uint8Array> {
    const { hosted, thaws, clock } = this.#parts;
    if (message.method === ABANDON) {
      const { type, key } = JSON.parse(new TextDecoder().decode(message.payload)) as Ref;
      const id = objectId(type, key);
      const object = hosted.get(id.low, id.high);
      if (object?.state === 'arriving') this.#abandon(object);
      return new Uint8Array(0);
    }
    if (message.method !== ARRIVE) throw refusal('FAILED', `a node does not know method ${message.method}`);
    const { head, state } = unpack(message.payload);
    const thaw = thaws[head.type];
    if (!thaw) throw refusal('TYPE_NOT_DECLARED', `${head.type} cannot be moved to ${this.#parts.name}`);
    const id = objectId(head.type, head.key);
    const former = hosted.get(id.low, id.high);
    if (former && former.state !== 'arriving') throw refusal('EXISTS', `${head.type}/${head.key} is here`);
    const object = new Hosted(id, await thaw(head.key, state), head.together);
    object.state = 'arriving';
    object.term = head.term;
    object.counter = head.counter;
    object.remember(head.seen);
    for (const group of head.groups) object.groups.add(group);
    hosted.set(id.low, id.high, object);
    clock.after(TRANSFER_MS, () => void this.#overdue(object));
    return new Uint8Array(0);
  }

  /** The old node fell silent: the authority knows whose the object is. */
  async #overdue(object: Hosted): Promise<void> {
    const { links, requests, set, name, clock } = this.#parts;
    for (let attempt = 0; attempt < 20 && object.state === 'arriving'; attempt++) {
      const { main } = links;
      const found = main
        ? await requests
            .ask<Lookup>(main, { op: 'lookup', type: object.id.type, key: object.id.key })
            .catch(() => undefined)
        : undefined;
      if (object.state !== 'arriving') return;
      if (found?.found && found.set === set && found.node === name && found.epoch) {
        this.#activate(object, found.epoch.term, found.epoch.counter);
        return;
      }
      await new Promise<void>((resolve) => {
        clock.after(500, resolve);
      });
    }
    if (object.state === 'arriving') this.#abandon(object);
  }

  #abandon(object: Hosted): void {
    object.state = 'gone';
    this.#parts.hosted.delete(object.id.low, object.id.high);
    for (const mail of [...object.forwarded, ...object.held]) this.#parts.sender.refuseMail(object.id, mail, 'MOVED');
  }

  #activate(object: Hosted, term: number, counter: number): void {
    if (object.state !== 'arriving') return;
    object.arrive(object.term, object.counter, term, counter);
    object.state = 'active';
    for (const key of object.groupList) this.#parts.joinKey(object, key);
    const mails = [...object.forwarded, ...object.held];
    object.forwarded = [];
    object.held = [];
    for (const mail of mails)
      if (!this.#parts.take(object, mail)) this.#parts.sender.refuseMail(object.id, mail, 'OVERLOADED');
  }

  async drain({ awayFrom }: { awayFrom?: string } = {}): Promise<{ moved: number; left: number }> {
    const { hosted, links, requests, set, name, log } = this.#parts;
    const all = [...hosted.values()].filter((object) => object.id.type !== NODE_TYPE);
    const movable = all.filter((object) => object.object.freeze);
    // Companions follow those that they stay together with.
    const order = [...movable.filter((object) => !object.together), ...movable.filter((object) => object.together)];
    let moved = 0;
    const next = order.values();
    const work = async (): Promise<void> => {
      for (const object of next) {
        for (let attempt = 0; attempt < 4 && object.state !== 'gone'; attempt++)
          try {
            const { main } = links;
            if (!main) throw refusal('UNREACHABLE', 'no main router');
            const question = {
              op: 'pick',
              type: object.id.type,
              avoid: [`${set}/${name}`],
              ...(object.together && { with: object.together }),
              ...(awayFrom && { awayFrom }),
            };
            await this.move(object.id, await requests.ask<PickAnswer>(main, question));
            moved++;
            break;
          } catch (error) {
            if (attempt === 3) log(`${object.id.type}/${object.id.key} stays: ${(error as RouterError).message}`);
            await new Promise<void>((resolve) => {
              this.#parts.clock.after(100, resolve);
            });
          }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return { moved, left: all.length - moved };
  }
}

function pack(head: Arrival, state: Uint8Array): Uint8Array {
  const text = jsonBytes(head);
  const bytes = new Uint8Array(4 + text.byteLength + state.byteLength);
  new DataView(bytes.buffer).setUint32(0, text.byteLength, true);
  bytes.set(text, 4);
  bytes.set(state, 4 + text.byteLength);
  return bytes;
}

/** @throws RouterError FRAME_INVALID */
function unpack(bytes: Uint8Array): { head: Arrival; state: Uint8Array } {
  const length = bytes.byteLength >= 4 ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) : 0;
  try {
    const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as Arrival;
    return { head, state: bytes.slice(4 + length) };
  } catch (cause) {
    throw new RouterError('FRAME_INVALID', 'an arrival that cannot be read', { cause, hint: 'update the older node' });
  }
}
