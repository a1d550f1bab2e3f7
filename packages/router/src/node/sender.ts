import { randomBytes } from 'node:crypto';
import type { Clock } from '@sparrow/core';
import { RouterError, type RouterErrorCode, refusal, WIRE_CODES, type WireCode, wireNumber } from '../errors.ts';
import type { FrameView } from '../frames/frame.ts';
import { FLAG, HEADER_BYTES, KIND, OFFSET } from '../frames/layout.ts';
import type { Link } from '../links/link.ts';
import type { IdMap } from '../table/id-map.ts';
import type { ObjectId } from '../table/object-id.ts';
import { Deadlines } from './deadlines.ts';
import type { Hosted, Mail } from './hosted.ts';
import type { Address, AskOptions } from './object.ts';

const ASK_MS = 5_000;
const SURE_MS = 10_000;
const RESEND_MS = 200;
/** Questions that may wait for their answers at a node. */
const MAX_OPEN = 1_000_000;

interface OpenAsk {
  resolve(payload: Uint8Array): void;
  reject(error: RouterError): void;
}

interface Sure {
  source: ObjectId;
  frame: Uint8Array;
  end: number;
  resolve(): void;
  reject(error: RouterError): void;
  cancel: () => void;
}

/** Writes messages into the main router's link and remembers who waits for answers. */
export class Sender {
  main: Link | undefined;
  readonly #clock: Clock;
  readonly #nextCall: () => number;
  readonly #asks = new Map<number, OpenAsk>();
  readonly #sure = new Map<number, Sure>();
  readonly #deadlines: Deadlines;
  /** 21 bits that tell this node's chains and sure messages from others'. */
  readonly #mark = randomBytes(4).readUInt32LE() & 0x1fffff;
  #lastId = 0;

  constructor(options: { clock: Clock; nextCall: () => number }) {
    this.#clock = options.clock;
    this.#nextCall = options.nextCall;
    this.#deadlines = new Deadlines(options.clock, (call) =>
      this.#settle(call)?.reject(refusal('TIMEOUT', 'no answer in time')),
    );
  }

  tell(source: ObjectId, to: Address, method: number, payload: Uint8Array): number {
    return this.#write(KIND.tell, 0, method, source, to, this.#nextCall(), payload);
  }

  sendState(source: ObjectId, to: Address, method: number, payload: Uint8Array): number {
    const { main } = this;
    if (!main) throw refusal('UNREACHABLE', 'no main router');
    const call = this.#nextCall();
    if (!main.send(encode(KIND.state, 0, method, source, to, call, payload)))
      throw refusal('OVERLOADED', 'the link to the router is full');
    return call;
  }

  broadcast(source: ObjectId, to: ObjectId, method: number, payload: Uint8Array): void {
    this.#write(KIND.broadcast, 0, method, source, to, this.#nextCall(), payload);
  }

  ask(
    source: Hosted,
    to: Address,
    method: number,
    payload: Uint8Array,
    { within = ASK_MS }: AskOptions = {},
  ): Promise<Uint8Array> {
    if (this.#asks.size >= MAX_OPEN) throw refusal('OVERLOADED', `${MAX_OPEN} questions are open`);
    // A turn that asks is the beginning of a chain, unless it is part of one.
    let { chain } = source;
    if (chain === 0) {
      chain = this.#newId();
      if (source.isBusy) source.chain = chain;
    }
    const call = this.#nextCall();
    try {
      // An answer never comes within the call.
      this.#write(KIND.ask, FLAG.chain, method, source.id, to, call, payload, chain);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#deadlines.add(call, within);
    return new Promise((resolve, reject) => {
      this.#asks.set(call, { resolve, reject });
    });
  }

  tellSurely(
    source: ObjectId,
    to: Address,
    method: number,
    payload: Uint8Array,
    { within = SURE_MS }: AskOptions = {},
  ): Promise<void> {
    if (this.#sure.size >= MAX_OPEN) throw refusal('OVERLOADED', `${MAX_OPEN} sure messages are open`);
    const call = this.#nextCall();
    return new Promise((resolve, reject) => {
      const sure: Sure = {
        source,
        frame: encode(KIND.tell, FLAG.acknowledged, method, source, to, call, payload, this.#newId()),
        end: performance.now() + within,
        resolve,
        reject,
        cancel: () => {},
      };
      this.#sure.set(call, sure);
      this.#send(call, sure);
    });
  }

  /** Sends a sure message, again and again until it is acknowledged. */
  #send(call: number, sure: Sure): void {
    if (performance.now() >= sure.end) {
      this.#sure.delete(call);
      sure.reject(refusal('TIMEOUT', 'not acknowledged in time'));
      return;
    }
    this.main?.send(sure.frame);
    sure.cancel();
    sure.cancel = this.#clock.after(RESEND_MS, () => this.#send(call, sure));
  }

  reply(source: ObjectId, mail: Mail, payload: Uint8Array): void {
    this.#answer(KIND.reply, 0, 0, source, mail, payload);
  }

  replyFailed(source: ObjectId, mail: Mail, failure: { code: RouterErrorCode; message: string }): void {
    const text = new TextEncoder().encode(JSON.stringify(failure).slice(0, 4_000));
    this.#answer(KIND.reply, FLAG.failed, 0, source, mail, text);
  }

  acknowledge(source: ObjectId, mail: Mail): void {
    this.#answer(KIND.ack, 0, 0, source, mail, new Uint8Array(0));
  }

  refuseMail(source: ObjectId, mail: Mail, code: RouterErrorCode & WireCode): void {
    if (mail.kind !== 'broadcast')
      this.#answer(KIND.refused, mail.flags & FLAG.acknowledged, wireNumber(code), source, mail, new Uint8Array(0));
  }

  #answer(kind: number, flags: number, method: number, source: ObjectId, mail: Mail, payload: Uint8Array): void {
    try {
      this.#write(kind, flags, method, source, mail.from, mail.call, payload);
    } catch {
      // Without a main there is nobody to carry an answer: whoever asked meets its deadline.
    }
  }

  /** Sends a mail on to where its object went, as it came, with the epoch it came with. */
  forward(to: ObjectId, mail: Mail, term: number, counter: number): void {
    if (mail.kind === 'broadcast') return;
    const frame = encodeMail(to, { ...mail, term, counter, flags: mail.flags | FLAG.forwarded });
    const view = new DataView(frame.buffer);
    // State goes in the class of calls here: it must not overtake the end of the hand-over.
    if (mail.kind === 'state') view.setUint8(OFFSET.kind, KIND.tell);
    if (!this.main?.send(frame)) this.refuseMail(to, mail, 'UNREACHABLE');
  }

  onAnswer(frame: FrameView, hosted: IdMap<Hosted>): void {
    const { kind, call } = frame;
    if (kind === KIND.ack) {
      const sure = this.#sure.get(call);
      if (!sure) return;
      this.#sure.delete(call);
      sure.cancel();
      sure.resolve();
      return;
    }
    if (kind === KIND.reply) {
      const ask = this.#settle(call);
      if (!ask) return;
      if (!(frame.flags & FLAG.failed)) {
        ask.resolve(frame.keepPayload());
        return;
      }
      const { code, message } = frame.json<{ code: RouterErrorCode; message: string }>();
      ask.reject(new RouterError(code, message, { hint: 'see the log of the node that holds the object' }));
      return;
    }
    const code = WIRE_CODES[frame.method] as RouterErrorCode;
    const ask = this.#settle(call);
    if (ask) {
      ask.reject(refusal(code, 'the question was refused'));
      return;
    }
    const sure = this.#sure.get(call);
    if (sure) {
      if (code !== 'NO_SUCH_OBJECT') return; // sent again soon
      this.#sure.delete(call);
      sure.cancel();
      sure.reject(refusal(code, 'the message was refused'));
      return;
    }
    const source = hosted.get(frame.targetLow, frame.targetHigh);
    source?.object.refused?.({ to: { low: frame.sourceLow, high: frame.sourceHigh }, code, call });
  }

  /** An object is gone from here: nobody waits for its sure messages any more. */
  onSourceGone(id: ObjectId): void {
    for (const [call, sure] of this.#sure) {
      if (sure.source !== id) continue;
      this.#sure.delete(call);
      sure.cancel();
      sure.reject(refusal('MOVED', 'the sender is gone from this node'));
    }
  }

  close(): void {
    for (const { cancel, reject } of this.#sure.values()) {
      cancel();
      reject(refusal('CLOSED', 'the node was closed'));
    }
    this.#sure.clear();
    for (const ask of this.#asks.values()) ask.reject(refusal('CLOSED', 'the node was closed'));
    this.#asks.clear();
    this.#deadlines.close();
  }

  #settle(call: number): OpenAsk | undefined {
    const ask = this.#asks.get(call);
    if (!ask) return undefined;
    this.#asks.delete(call);
    return ask;
  }

  #newId(): number {
    this.#lastId = (this.#lastId + 1) >>> 0 || 1;
    return this.#mark * 0x1_0000_0000 + this.#lastId;
  }

  #write(
    kind: number,
    flags: number,
    method: number,
    source: Address,
    to: Address,
    call: number,
    payload: Uint8Array,
    id = 0,
  ): number {
    const { main } = this;
    if (!main) throw refusal('UNREACHABLE', 'no main router');
    const size = payload.byteLength;
    const length = HEADER_BYTES + size + (id === 0 ? 0 : 8);
    if (length > main.limits.frameBytes) throw refusal('FRAME_INVALID', `a message of ${length} bytes`);
    const queue = main.reserveCall(length);
    if (!queue) throw refusal(main.isDown ? 'UNREACHABLE' : 'OVERLOADED', 'the link to the router');
    const { block, at } = queue;
    writeHeader(block.view, at, length, kind, flags, method, source, to, call);
    if (id === 0) block.bytes.set(payload, at + HEADER_BYTES);
    else {
      writeId(block.view, at + HEADER_BYTES, id);
      block.bytes.set(payload, at + HEADER_BYTES + 8);
    }
    return call;
  }
}

function writeHeader(
  view: DataView,
  at: number,
  length: number,
  kind: number,
  flags: number,
  method: number,
  source: Address,
  to: Address,
  call: number,
): void {
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
  const kind = mail.kind === 'tell' ? KIND.tell : KIND[mail.kind];
  const { flags, method, from, call, payload, chain, sureId, term, counter } = mail;
  const frame = encode(
    kind,
    flags & (FLAG.chain | FLAG.acknowledged | FLAG.forwarded),
    method,
    from,
    to,
    call,
    payload,
    chain || sureId,
  );
  const view = new DataView(frame.buffer);
  view.setUint32(OFFSET.term, term, true);
  view.setUint32(OFFSET.counter, counter, true);
  return frame;
}

function encode(
  kind: number,
  flags: number,
  method: number,
  source: Address,
  to: Address,
  call: number,
  payload: Uint8Array,
  id = 0,
): Uint8Array<ArrayBuffer> {
  const head = id === 0 ? 0 : 8;
  const bytes = new Uint8Array(HEADER_BYTES + head + payload.byteLength);
  const view = new DataView(bytes.buffer);
  writeHeader(view, 0, bytes.byteLength, kind, flags, method, source, to, call);
  if (head > 0) writeId(view, HEADER_BYTES, id);
  bytes.set(payload, HEADER_BYTES + head);
  return bytes;
}
