import { randomBytes } from 'node:crypto';
import { BoundedQueue, type Clock, PendingCalls } from '@sparrow/core';
import { RouterError, type RouterErrorCode, refusal, WIRE_CODES, type WireCode, wireNumber } from '../errors.ts';
import type { FrameView } from '../frames/frame.ts';
import { FLAG, HEADER_BYTES, KIND, OFFSET } from '../frames/layout.ts';
import type { Link } from '../links/link.ts';
import { phrase } from '../phrase.ts';
import type { IdMap } from '../table/id-map.ts';
import type { ObjectId } from '../table/object-id.ts';
import type { Epoch, Hosted, Mail } from './hosted.ts';
import type { Address, AskOptions } from './object.ts';

const ASK_MS = 5_000;
const SURE_MS = 10_000;
const RESEND_MS = 200;
/** Questions that may wait for their answers at a node. */
const MAX_OPEN = 1_000_000;
/** Answers that may wait for a main. */
const MAX_LATER = 4_096;
const EMPTY = new Uint8Array(0);

interface OpenAsk {
  resolve(payload: Uint8Array): void;
  reject(error: RouterError): void;
}

interface Sure {
  source: ObjectId;
  frame: Uint8Array;
  resolve(): void;
  reject(error: RouterError): void;
  cancel: () => void;
}

/** One message as it goes into a frame. */
interface Outgoing {
  kind: number;
  flags: number;
  method: number;
  source: Address;
  to: Address;
  call: number;
  payload: Uint8Array;
  /** Chain or sure message, goes before the payload; 0: none. */
  id: number;
}

/** What an object says to another, without what the sender adds. */
export interface Words {
  to: Address;
  method: number;
  payload: Uint8Array;
}

/** Writes messages into the main router's link and remembers who waits for answers. */
export class Sender {
  #main: Link | undefined;
  /** Answers and refusals that were made while nobody led: a link that breaks is back within moments. */
  readonly #later = new BoundedQueue<Uint8Array>(MAX_LATER);
  readonly #clock: Clock;
  readonly #nextCall: () => number;
  readonly #asks: PendingCalls<OpenAsk>;
  readonly #sure: PendingCalls<Sure>;
  /** 21 bits that tell this node's chains and sure messages from others'. */
  readonly #mark = randomBytes(4).readUInt32LE() & 0x1fffff;
  #lastId = 0;

  constructor(options: { clock: Clock; nextCall: () => number }) {
    this.#clock = options.clock;
    this.#nextCall = options.nextCall;
    this.#asks = new PendingCalls({
      clock: options.clock,
      onLate: ({ reject }) => reject(refusal('TIMEOUT', phrase`no answer in time`)),
    });
    this.#sure = new PendingCalls({
      clock: options.clock,
      onLate: (sure) => endSure(sure, refusal('TIMEOUT', phrase`not acknowledged in time`)),
    });
  }

  get main(): Link | undefined {
    return this.#main;
  }
  set main(main: Link | undefined) {
    this.#main = main;
    for (let frame: Uint8Array | undefined; main && !main.isDown && (frame = this.#later.shift()); ) main.send(frame);
  }

  /** Sends an answer or a refusal, now or when a router leads. */
  sendWhenLed(frame: Uint8Array): void {
    if (!this.#main || this.#main.isDown) this.#later.push(frame);
    else this.#main.send(frame);
  }

  tell(source: ObjectId, { to, method, payload }: Words): number {
    return this.#write({ kind: KIND.tell, flags: 0, method, source, to, call: this.#nextCall(), payload, id: 0 });
  }

  sendState(source: ObjectId, { to, method, payload }: Words): number {
    const call = this.#nextCall();
    const main = this.#mainFor(HEADER_BYTES + payload.byteLength);
    if (!main.send(encode({ kind: KIND.state, flags: 0, method, source, to, call, payload, id: 0 })))
      throw refusal(main.isDown ? 'UNREACHABLE' : 'OVERLOADED', phrase`the link to the router is full`);
    return call;
  }

  broadcast(source: ObjectId, { to, method, payload }: Words): void {
    this.#write({ kind: KIND.broadcast, flags: 0, method, source, to, call: this.#nextCall(), payload, id: 0 });
  }

  ask(source: Hosted, { to, method, payload }: Words, { within = ASK_MS }: AskOptions = {}): Promise<Uint8Array> {
    if (this.#asks.size >= MAX_OPEN) throw refusal('OVERLOADED', phrase`${MAX_OPEN} questions are open`);
    // A turn that asks is the beginning of a chain, unless it is part of one.
    let { chain } = source;
    if (chain === 0) {
      chain = this.#newId();
      if (source.isBusy) source.chain = chain;
    }
    const call = this.#nextCall();
    try {
      // An answer never comes within the call.
      this.#write({ kind: KIND.ask, flags: FLAG.chain, method, source: source.id, to, call, payload, id: chain });
    } catch (error) {
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => this.#asks.set(call, { resolve, reject }, within));
  }

  tellSurely(source: ObjectId, { to, method, payload }: Words, { within = SURE_MS }: AskOptions = {}): Promise<void> {
    if (this.#sure.size >= MAX_OPEN) throw refusal('OVERLOADED', phrase`${MAX_OPEN} sure messages are open`);
    // Without a main it waits for one; a message that no link takes is refused at once.
    const length = HEADER_BYTES + 8 + payload.byteLength;
    if (this.#main && length > this.#main.frameBytes) return Promise.reject(tooLong(length, this.#main));
    const call = this.#nextCall();
    const id = this.#newId();
    const frame = encode({ kind: KIND.tell, flags: FLAG.acknowledged, method, source, to, call, payload, id });
    return new Promise((resolve, reject) => {
      const sure: Sure = { source, frame, resolve, reject, cancel: () => {} };
      this.#sure.set(call, sure, within);
      this.#send(call, sure);
    });
  }

  /** Sends a sure message, again and again until it is acknowledged. */
  #send(call: number, sure: Sure): void {
    if (this.#sure.get(call) !== sure) return;
    const main = this.#main;
    if (main && sure.frame.byteLength > main.frameBytes) {
      this.#sure.take(call);
      endSure(sure, tooLong(sure.frame.byteLength, main));
      return;
    }
    main?.send(sure.frame);
    sure.cancel = this.#clock.after(RESEND_MS, () => this.#send(call, sure));
  }

  reply(source: ObjectId, mail: Mail, payload: Uint8Array): void {
    const main = this.#main;
    const length = HEADER_BYTES + payload.byteLength;
    if (main && length > main.frameBytes) this.replyFailed(source, mail, tooLong(length, main));
    else this.#answer(mail, { kind: KIND.reply, flags: 0, method: 0, source, payload });
  }

  replyFailed(source: ObjectId, mail: Mail, failure: { code: RouterErrorCode; message: string }): void {
    const message = failure.message.slice(0, 2_000);
    const payload = new TextEncoder().encode(JSON.stringify({ code: failure.code, message }));
    this.#answer(mail, { kind: KIND.reply, flags: FLAG.failed, method: 0, source, payload });
  }

  acknowledge(source: ObjectId, mail: Mail): void {
    this.#answer(mail, { kind: KIND.ack, flags: 0, method: 0, source, payload: EMPTY });
  }

  refuseMail(source: ObjectId, mail: Mail, code: RouterErrorCode & WireCode): void {
    if (mail.kind === 'broadcast') return;
    const flags = mail.flags & FLAG.acknowledged;
    this.#answer(mail, { kind: KIND.refused, flags, method: wireNumber(code), source, payload: EMPTY });
  }

  #answer(mail: Mail, answer: Omit<Outgoing, 'to' | 'call' | 'id'>): void {
    const whole = { ...answer, to: mail.from, call: mail.call, id: 0 };
    if (!this.#main || this.#main.isDown) {
      this.#later.push(encode(whole));
      return;
    }
    try {
      this.#write(whole);
    } catch {
      // There is no room for an answer: whoever asked meets its deadline.
    }
  }

  /** Sends a mail on to where its object went, as it came, with the epoch it came with. */
  forward(to: ObjectId, mail: Mail, { term, counter }: Epoch): void {
    if (mail.kind === 'broadcast') return;
    const frame = encodeMail(to, { ...mail, term, counter, flags: mail.flags | FLAG.forwarded });
    const view = new DataView(frame.buffer);
    // State goes in the class of calls here: it must not overtake the end of the hand-over.
    if (mail.kind === 'state') view.setUint8(OFFSET.kind, KIND.tell);
    if (!this.#main?.send(frame)) this.refuseMail(to, mail, 'UNREACHABLE');
  }

  onAnswer(frame: FrameView, here: IdMap<Hosted>): void {
    const { kind, call } = frame;
    if (kind === KIND.ack) {
      const sure = this.#sure.take(call);
      if (sure) endSure(sure);
      return;
    }
    if (kind === KIND.reply) {
      const ask = this.#asks.take(call);
      if (!ask) return;
      if (!(frame.flags & FLAG.failed)) {
        ask.resolve(frame.keepPayload());
        return;
      }
      const { code, message } = frame.json<{ code: RouterErrorCode; message: string }>();
      ask.reject(new RouterError(code, message, { hint: phrase`see the log of the node that holds the object` }));
      return;
    }
    const code = (WIRE_CODES[frame.method] ?? 'FAILED') as RouterErrorCode;
    const ask = this.#asks.take(call);
    if (ask) {
      ask.reject(refusal(code, phrase`the question was refused`));
      return;
    }
    const sure = this.#sure.get(call);
    if (sure) {
      // All others go away with time: the message is sent again soon.
      if (code !== 'NO_SUCH_OBJECT' && code !== 'FRAME_INVALID') return;
      this.#sure.take(call);
      endSure(sure, refusal(code, phrase`the message was refused`));
      return;
    }
    const source = here.get(frame.targetLow, frame.targetHigh);
    source?.object.refused?.({ to: { low: frame.sourceLow, high: frame.sourceHigh }, code, call });
  }

  /** An object is gone from here: nobody waits for its sure messages any more. */
  onSourceGone(id: ObjectId): void {
    if (this.#sure.size === 0) return;
    for (const sure of this.#sure.takeWhere(({ source }) => source === id))
      endSure(sure, refusal('MOVED', phrase`the sender is gone from this node`));
  }

  close(): void {
    for (const sure of this.#sure.close()) endSure(sure, refusal('CLOSED', phrase`the node was closed`));
    for (const { reject } of this.#asks.close()) reject(refusal('CLOSED', phrase`the node was closed`));
  }

  #newId(): number {
    this.#lastId = (this.#lastId + 1) >>> 0 || 1;
    return this.#mark * 0x1_0000_0000 + this.#lastId;
  }

  /** The main router's link, for a frame of this length. @throws RouterError UNREACHABLE, FRAME_INVALID */
  #mainFor(length: number): Link {
    const main = this.#main;
    if (!main) throw refusal('UNREACHABLE', phrase`no main router`);
    if (length > main.frameBytes) throw tooLong(length, main);
    return main;
  }

  #write(message: Outgoing): number {
    const { payload, id } = message;
    const head = id === 0 ? 0 : 8;
    const length = HEADER_BYTES + head + payload.byteLength;
    const main = this.#mainFor(length);
    const queue = main.reserveCall(length);
    if (!queue) throw refusal(main.isDown ? 'UNREACHABLE' : 'OVERLOADED', phrase`the link to the router`);
    const { block, at } = queue;
    writeHeader(block.view, at, length, message);
    if (head > 0) writeId(block.view, at + HEADER_BYTES, id);
    block.bytes.set(payload, at + HEADER_BYTES + head);
    return message.call;
  }
}

function endSure({ cancel, resolve, reject }: Sure, error?: RouterError): void {
  cancel();
  if (error) reject(error);
  else resolve();
}

const tooLong = (length: number, link: Link): RouterError =>
  new RouterError('FRAME_INVALID', phrase`a message of ${length} bytes; the link takes ${link.frameBytes}`, {
    hint: phrase`send less at once, or raise \`frameBytes\` on both sides`,
  });

function writeHeader(view: DataView, at: number, length: number, message: Outgoing): void {
  const { kind, flags, method, source, to, call } = message;
  view.setUint32(at, length, true);
  view.setUint32(at + OFFSET.kind, kind | (flags << 8) | (method << 16), true);
  view.setUint32(at + OFFSET.term, 0, true);
  view.setUint32(at + OFFSET.counter, 0, true);
  view.setUint32(at + OFFSET.targetLow, to.low, true);
  view.setUint32(at + OFFSET.targetHigh, to.high, true);
  view.setUint32(at + OFFSET.sourceLow, source.low, true);
  view.setUint32(at + OFFSET.sourceHigh, source.high, true);
  view.setUint32(at + OFFSET.call, call, true);
}

function writeId(view: DataView, at: number, id: number): void {
  view.setUint32(at, Math.floor(id / 0x1_0000_0000), true);
  view.setUint32(at + 4, id >>> 0, true);
}

/** A mail as the frame that it came in. */
export function encodeMail(to: ObjectId, mail: Mail): Uint8Array<ArrayBuffer> {
  const { method, from, call, payload, chain, sureId, term, counter } = mail;
  const frame = encode({
    kind: KIND[mail.kind],
    flags: mail.flags & (FLAG.chain | FLAG.acknowledged | FLAG.forwarded),
    method,
    source: from,
    to,
    call,
    payload,
    id: chain || sureId,
  });
  const view = new DataView(frame.buffer);
  view.setUint32(OFFSET.term, term, true);
  view.setUint32(OFFSET.counter, counter, true);
  return frame;
}

function encode(message: Outgoing): Uint8Array<ArrayBuffer> {
  const head = message.id === 0 ? 0 : 8;
  const bytes = new Uint8Array(HEADER_BYTES + head + message.payload.byteLength);
  const view = new DataView(bytes.buffer);
  writeHeader(view, 0, bytes.byteLength, message);
  if (head > 0) writeId(view, HEADER_BYTES, message.id);
  bytes.set(message.payload, HEADER_BYTES + head);
  return bytes;
}
