import { type RouterErrorCode, refusal } from '../errors.ts';
import { FrameView } from '../frames/frame.ts';
import { FLAG, HEADER_BYTES, KIND } from '../frames/layout.ts';
import type { Link } from '../links/link.ts';
import { phrase } from '../phrase.ts';
import { failureOf, type Hosted, type Mail } from './hosted.ts';
import type { NodeCounters } from './node-api.ts';
import type { Self } from './object.ts';
import type { Objects } from './objects.ts';
import { encodeMail, type Sender } from './sender.ts';

const EMPTY = new Uint8Array(0);

export interface InboxParts {
  objects: Objects;
  sender: Sender;
  counters: NodeCounters;
  selfOf(object: Hosted): Self;
  /** Takes messages for objects that are on their way from here or to here. */
  onMoving(object: Hosted, frame: FrameView, mail: Mail): 'taken' | RouterErrorCode;
  /** An object of this id left this node lately. */
  hasMoved(low: number, high: number): boolean;
  audience(low: number, high: number): Iterable<Hosted>;
  /** Tells a frame's source that it was not delivered. */
  refuse(frame: FrameView, code: RouterErrorCode, from?: Link): void;
  log(line: string): void;
}

/**
 * Brings messages to the objects of this node: one turn of an object at a time, in order, with a bound on what waits.
 */
export class Inbox {
  readonly #parts: InboxParts;

  constructor(parts: InboxParts) {
    this.#parts = parts;
  }

  /** A message for one object. */
  deliver(frame: FrameView): void {
    const { objects, counters, refuse } = this.#parts;
    const low = frame.targetLow;
    const high = frame.targetHigh;
    const object = objects.receiverOf(low, high, frame.term, frame.counter);
    if (!object) {
      refuse(frame, this.#parts.hasMoved(low, high) ? 'MOVED' : 'NO_SUCH_OBJECT');
      return;
    }
    const isHere = object.state === 'active' || object.state === 'registering';
    // A word between movers, which comes late when the authority has said already whose the object is.
    if (isHere && frame.kind === KIND.flushed) return;
    if (object.state === 'active') {
      if (!object.accepts(frame.term, frame.counter, frame.sourceLow, frame.sourceHigh)) {
        refuse(frame, 'MOVED');
        return;
      }
      if (object.object.bare && frame.kind !== KIND.ask && !(frame.flags & FLAG.acknowledged)) {
        counters.delivered++;
        object.object.bare(frame);
        return;
      }
    }
    if (isHere) {
      const mail = mailOf(frame);
      if (isDeadlock(object, mail)) refuse(frame, 'DEADLOCK');
      else if (!this.take(object, mail)) refuse(frame, 'OVERLOADED');
      return;
    }
    const outcome = this.#parts.onMoving(object, frame, mailOf(frame));
    if (outcome !== 'taken') refuse(frame, outcome);
  }

  /** A message for a group, a type or the world. */
  broadcast(frame: FrameView): void {
    const { counters } = this.#parts;
    let mail: Mail | undefined;
    for (const object of this.#parts.audience(frame.targetLow, frame.targetHigh)) {
      if (object.takesSeveral || object.state === 'gone') continue;
      if (object.object.bare && object.state === 'active') {
        counters.delivered++;
        object.object.bare(frame);
        continue;
      }
      mail ??= mailOf(frame);
      const isTaken = object.state === 'arriving' ? object.mailbox.push(mail) : this.take(object, mail);
      if (!isTaken) counters.refused++;
    }
  }

  /** Puts a message into the mailbox, or runs it. False when the mailbox is full. */
  take(object: Hosted, mail: Mail): boolean {
    if (mail.sureId !== 0) {
      const met = object.meet(mail.sureId);
      if (met === 'done') this.#parts.sender.acknowledge(object.id, mail);
      if (met !== 'new') return true;
    }
    if (object.isBusy || object.state !== 'active' || object.waiting > 0) {
      if (object.mailbox.push(mail)) return true;
      object.forgetRunning(mail.sureId);
      return false;
    }
    this.#run(object, mail);
    return true;
  }

  /** Goes on with the mailbox. */
  work(object: Hosted): void {
    while (object.waiting > 0 && !object.isBusy && object.state === 'active') {
      const mail = object.mailbox.shift();
      if (!mail) return;
      this.#run(object, mail);
    }
  }

  #run(object: Hosted, mail: Mail): void {
    this.#parts.counters.delivered++;
    if (!object.takesSeveral) {
      object.chain = mail.chain;
      object.isBusy = true;
    }
    const self = this.#parts.selfOf(object);
    let result: unknown;
    try {
      if (mail.kind === 'ask') {
        if (!object.object.ask) throw refusal('FAILED', phrase`${object.id.type} answers no questions`);
        result = object.object.ask(mail, self);
      } else if (object.object.tell) result = object.object.tell(mail, self);
      else if (object.object.bare) object.object.bare(new FrameView().at(encodeMail(object.id, mail)));
    } catch (error) {
      object.isBusy = false;
      this.#finish(object, mail, undefined, error);
      return;
    }
    if (!(result instanceof Promise)) {
      object.isBusy = false;
      this.#finish(object, mail, result);
      return;
    }
    result.then(
      (value) => this.#settle(object, mail, value),
      (error: unknown) => this.#settle(object, mail, undefined, error ?? new Error('the object threw nothing')),
    );
  }

  #settle(object: Hosted, mail: Mail, value: unknown, error?: unknown): void {
    object.isBusy = false;
    this.#finish(object, mail, value, error);
    object.onIdle?.();
    this.work(object);
  }

  #finish(object: Hosted, mail: Mail, value: unknown, error?: unknown): void {
    const { sender, log } = this.#parts;
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
}

/** The question came back to an object that waits within the same chain of calls. */
export function isDeadlock(object: Hosted, mail: Mail): boolean {
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
