import type { Clock } from '@sparrow/core';
import { encodeFrame, type FrameView, type Header } from '../frames/frame.ts';
import { FIRST_CONTROL_KIND, HEADER_BYTES, KIND, type PriorityClass } from '../frames/layout.ts';
import type { Splitter } from '../frames/splitter.ts';
import type { Wire } from '../transports/transport.ts';
import type { ByteQueue } from './byte-queue.ts';
import type { LinkCounters, LinkLimits } from './limits.ts';
import { HELD, Reading } from './reading.ts';
import { Sending } from './sending.ts';

/** Who stands at an end of a link. */
export interface Identity {
  role: 'node' | 'router' | 'admin';
  /** Unique within its set. */
  name: string;
  set: string;
  /** Different for each start of the same name. */
  incarnation: string;
  /** Types a node may register. */
  types?: string[];
}

/** Data frames are confirmed when so many bytes of them were handed over, or so long after the first of them. */
const CONFIRM_BYTES = 64 * 1024;
const CONFIRM_MS = 50;
/** What waits when a link is closed is sent within this, or not at all. */
const CLOSE_MS = 1_000;

export interface LinkHandler {
  /** A frame; valid only until the call returns. */
  frame(frame: FrameView, link: Link): void;
  /** The chunk that the last frames came in is used up, its buffer is not to be looked at any more. */
  chunkEnd?(link: Link): void;
  /** There is room again after a refusal for want of it. */
  drained?(link: Link): void;
  /** Once. Nothing is delivered after it. */
  down(link: Link, reason: string): void;
}

export interface LinkOptions {
  wire: Wire;
  self: Identity;
  other: Identity;
  /** The same at both ends, different for each link. */
  id: string;
  version: number;
  limits: LinkLimits;
  /** The longest frame that both ends take. */
  frameBytes: number;
  /** The other end confirms data frames. */
  confirms: boolean;
  clock: Clock;
  splitter: Splitter;
}

/**
 * An open link: frames in both directions with three bounded queues. Data frames are kept until the other end has
 * confirmed them: when the link breaks, the next one goes on where this one stopped. `Sending` is the way out, `Reading`
 * the way in; this knows who stands at the ends, whether the other one lives, and how far each has come.
 */
export class Link {
  readonly self: Identity;
  readonly other: Identity;
  readonly wire: Wire;
  readonly id: string;
  /** Version of the protocol both speak. */
  readonly version: number;
  readonly limits: LinkLimits;
  /** A longer frame would end the link at the other side: it is never sent. */
  readonly frameBytes: number;
  /** Bytes of data frames that were handed over here. */
  received = 0;
  readonly counters: LinkCounters = {
    framesIn: 0,
    bytesIn: 0,
    framesOut: 0,
    bytesOut: 0,
    writes: 0,
    full: 0,
    superseded: 0,
  };
  /** The term that the other end last announced as main, 0 when it is no main. */
  term = 0;
  /** Round-trip time of the last heartbeat, ms; NaN before the first. */
  roundTripMs = Number.NaN;
  isDown = false;

  readonly #clock: Clock;
  readonly #confirms: boolean;
  readonly #sending: Sending;
  readonly #reading: Reading;
  #handler: LinkHandler | undefined;
  #ticked = performance.now();
  #cancelTick: (() => void) | undefined;
  /** Up to here we have confirmed what came. */
  #confirmed = 0;
  #cancelConfirm: (() => void) | undefined;

  constructor(options: LinkOptions) {
    const { wire, limits, frameBytes, confirms, clock, splitter } = options;
    this.wire = wire;
    this.self = options.self;
    this.other = options.other;
    this.id = options.id;
    this.version = options.version;
    this.frameBytes = frameBytes;
    this.#confirms = confirms;
    this.limits = limits;
    this.#clock = clock;
    splitter.limit = limits.frameBytes;
    const onBroken = (reason: string): void => this.#end(reason);
    this.#sending = new Sending({
      wire,
      limits,
      counters: this.counters,
      frameBytes,
      confirms,
      onDrained: () => this.#handler?.drained?.(this),
      onBroken,
    });
    this.#reading = new Reading({
      wire,
      clock,
      splitter,
      bytesPerSecond: limits.readBytesPerSecond,
      onFrame: this.#onFrame,
      onHandedOver: () => this.#onHandedOver(),
      onBroken,
    });
    this.#tick();
  }

  /** Who gets the frames from now on. */
  handle(handler: LinkHandler): void {
    this.#handler = handler;
    if (this.isDown) handler.down(this, 'down before it was handled');
  }

  /** Bytes that a class still takes. */
  room(priority: PriorityClass): number {
    return this.#sending.room(priority);
  }

  /** Bytes that wait in all classes. */
  get waiting(): number {
    return this.#sending.waiting;
  }

  /**
   * Makes room for one frame of the class call that the caller writes at once: into the answer's `block` from `at`.
   * Undefined when the queue is full or the link is down.
   */
  reserveCall(length: number): ByteQueue | undefined {
    return this.#sending.reserveCall(length);
  }

  /** Copies `count` whole frames that lie one behind the other; the caller has asked `room` before. */
  appendCalls(bytes: Uint8Array, start: number, end: number, count: number): void {
    this.#sending.appendCalls(bytes, start, end, count);
  }

  /**
   * Sends a whole frame. False: there is no room, the link is down, or the frame is longer than the other end takes.
   * The bytes may be used again at once, but those of a state frame.
   */
  send(frame: Uint8Array): boolean {
    return this.#sending.send(frame);
  }

  /** Encodes and sends a frame. */
  sendHeader(header: Header, payload?: Uint8Array): boolean {
    return this.send(encodeFrame(header, payload));
  }

  /** Writes what waits, control first. */
  flush(): void {
    this.#sending.flush();
  }

  /** Calls `drained` when there is room again. */
  wantDrain(): void {
    this.#sending.wantDrain();
  }

  /**
   * Goes on where a link that fell stopped: what the other end has not got of it goes first. Called before anything
   * else is sent.
   */
  takeOver(former: Link, received: number): void {
    this.#sending.takeOver(former.#sending.sent, received);
  }

  /** Of a link that fell: data frames of which the other end did not say that it has them. They are taken by that. */
  takeUndelivered(): { frame: Uint8Array; wasWritten: boolean }[] {
    const { sent } = this.#sending;
    const frames = [...sent.framesFrom(sent.unconfirmedFrom)];
    sent.clear();
    return frames;
  }

  /** Stops and goes on reading: what the other side sends waits there. */
  pause(): void {
    this.#reading.hold(HELD.byOwner);
  }
  resume(): void {
    this.#reading.letGo(HELD.byOwner);
  }

  /** Sends what waits, then ends. */
  close(): void {
    if (this.isDown || this.#sending.isClosing) return;
    this.sendHeader({ kind: KIND.goodbye });
    this.flush();
    this.#sending.isClosing = true;
    if (this.waiting === 0) this.wire.close();
    else this.#clock.after(CLOSE_MS, () => this.wire.destroy());
  }

  /** Ends at once. */
  destroy(reason = 'destroyed'): void {
    this.#end(reason);
  }

  /** The wire's events; `openLink` connects them. */
  onData(chunk: Uint8Array): void {
    if (this.isDown) return;
    this.counters.bytesIn += chunk.byteLength;
    this.#reading.take(chunk);
  }

  onDrain(): void {
    this.#sending.onDrain();
    if (this.#sending.isClosing && this.waiting === 0) this.wire.close();
  }

  onDown(reason: string): void {
    this.#end(reason);
  }

  /** One frame; `openLink` hands over those that came with the end of the handshake. */
  deliver(frame: FrameView): void {
    this.#onFrame(frame);
    this.#handler?.chunkEnd?.(this);
    this.#confirm();
  }

  /** False when the slice is over. */
  readonly #onFrame = (frame: FrameView): boolean => {
    if (this.isDown) return true;
    this.counters.framesIn++;
    const { kind } = frame;
    if (kind === KIND.ping) this.sendHeader({ kind: KIND.pong }, frame.copyPayload());
    else if (kind === KIND.pong)
      this.roundTripMs = performance.now() - frame.view.getFloat64(frame.start + HEADER_BYTES, true);
    else if (kind === KIND.confirmed)
      this.#sending.sent.confirm(frame.view.getFloat64(frame.start + HEADER_BYTES, true));
    else {
      if (kind < FIRST_CONTROL_KIND) this.received += frame.length;
      this.#handler?.frame(frame, this);
    }
    return (this.counters.framesIn & 15) !== 0 || performance.now() < this.#reading.sliceEnd;
  };

  #onHandedOver(): void {
    this.#handler?.chunkEnd?.(this);
    if (this.received - this.#confirmed >= CONFIRM_BYTES) this.#confirm();
    else if (this.received > this.#confirmed && this.#confirms && !this.#cancelConfirm)
      this.#cancelConfirm = this.#clock.after(CONFIRM_MS, () => {
        this.#cancelConfirm = undefined;
        this.#confirm();
      });
  }

  /** Says how far we have come. */
  #confirm(): void {
    if (!this.#confirms || this.isDown || this.received === this.#confirmed) return;
    this.#confirmed = this.received;
    this.sendHeader({ kind: KIND.confirmed }, doubleBytes(this.received));
  }

  #tick(): void {
    const { heartbeatMs } = this.limits;
    this.#cancelTick = this.#clock.after(heartbeatMs, () => {
      if (this.isDown) return;
      const now = performance.now();
      // Whoever was stopped himself must not call the others silent.
      if (now - this.#ticked > 2 * heartbeatMs) this.#reading.heard = now;
      this.#ticked = now;
      if (now - this.#reading.heard > 3 * heartbeatMs) {
        this.#end(`silent for ${Math.round(now - this.#reading.heard)} ms`);
        return;
      }
      this.sendHeader({ kind: KIND.ping }, doubleBytes(now));
      this.#tick();
    });
  }

  #end(reason: string): void {
    if (this.isDown) return;
    this.isDown = true;
    this.#cancelTick?.();
    this.#cancelConfirm?.();
    this.#sending.end();
    this.#reading.end();
    this.wire.destroy();
    this.#handler?.down(this, reason);
  }
}

function doubleBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return bytes;
}
