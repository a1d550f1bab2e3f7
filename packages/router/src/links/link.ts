import type { Clock } from '@sparrow/core';
import { encodeFrame, type FrameView, type Header } from '../frames/frame.ts';
import { FIRST_CONTROL_KIND, HEADER_BYTES, KIND } from '../frames/layout.ts';
import type { Splitter } from '../frames/splitter.ts';
import type { Wire } from '../transports/transport.ts';
import type { LinkLimits } from './limits.ts';
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
 * confirmed them: when the link breaks, the next one goes on where this one stopped. `Sending` is its way out, `Reading`
 * the way in; this knows who stands at the ends, whether the other one lives, and how far each has come.
 */
export class Link extends Sending {
  readonly self: Identity;
  readonly other: Identity;
  readonly id: string;
  /** Version of the protocol both speak. */
  readonly version: number;
  /** Bytes of data frames that were handed over here. */
  received = 0;
  /** The term that the other end last announced as main, 0 when it is no main. */
  term = 0;
  /** Round-trip time of the last heartbeat, ms; NaN before the first. */
  roundTripMs = Number.NaN;

  readonly #clock: Clock;
  readonly #reading: Reading;
  #handler: LinkHandler | undefined;
  #ticked = performance.now();
  #cancelTick: (() => void) | undefined;
  /** Up to here we have confirmed what came. */
  #confirmed = 0;
  #cancelConfirm: (() => void) | undefined;

  constructor(options: LinkOptions) {
    super(options);
    const { wire, limits, clock, splitter } = options;
    this.self = options.self;
    this.other = options.other;
    this.id = options.id;
    this.version = options.version;
    this.#clock = clock;
    splitter.limit = limits.frameBytes;
    this.#reading = new Reading({
      wire,
      clock,
      splitter,
      bytesPerSecond: limits.readBytesPerSecond,
      onFrame: this.#onFrame,
      onHandedOver: () => this.#onHandedOver(),
      onBroken: (reason) => this.end(reason),
    });
    this.#tick();
  }

  /** Who gets the frames from now on. */
  handle(handler: LinkHandler): void {
    this.#handler = handler;
    if (this.isDown) handler.down(this, 'down before it was handled');
  }

  /** Encodes and sends a frame. */
  sendHeader(header: Header, payload?: Uint8Array): boolean {
    return this.send(encodeFrame(header, payload));
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
    if (this.isDown || this.isClosing) return;
    this.sendHeader({ kind: KIND.goodbye });
    this.flush();
    this.isClosing = true;
    if (this.waiting === 0) this.wire.close();
    else this.#clock.after(CLOSE_MS, () => this.wire.destroy());
  }

  /** Ends at once. */
  destroy(reason = 'destroyed'): void {
    this.end(reason);
  }

  /** The wire's events; `openLink` connects them. */
  onData(chunk: Uint8Array): void {
    if (this.isDown) return;
    this.counters.bytesIn += chunk.byteLength;
    this.#reading.take(chunk);
  }

  onDown(reason: string): void {
    this.end(reason);
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
    else if (kind === KIND.confirmed) this.sent.confirm(frame.view.getFloat64(frame.start + HEADER_BYTES, true));
    else {
      if (kind < FIRST_CONTROL_KIND) this.received += frame.length;
      this.#handler?.frame(frame, this);
    }
    return (this.counters.framesIn & 15) !== 0 || performance.now() < this.#reading.sliceEnd;
  };

  #onHandedOver(): void {
    this.#handler?.chunkEnd?.(this);
    if (this.received - this.#confirmed >= CONFIRM_BYTES) this.#confirm();
    else if (this.received > this.#confirmed && this.confirms && !this.#cancelConfirm)
      this.#cancelConfirm = this.#clock.after(CONFIRM_MS, () => {
        this.#cancelConfirm = undefined;
        this.#confirm();
      });
  }

  /** Says how far we have come. */
  #confirm(): void {
    if (!this.confirms || this.isDown || this.received === this.#confirmed) return;
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
        this.end(`silent for ${Math.round(now - this.#reading.heard)} ms`);
        return;
      }
      this.sendHeader({ kind: KIND.ping }, doubleBytes(now));
      this.#tick();
    });
  }

  protected override hasRoom(): void {
    this.#handler?.drained?.(this);
  }

  protected override end(reason: string): void {
    if (this.isDown) return;
    this.isDown = true;
    this.#cancelTick?.();
    this.#cancelConfirm?.();
    this.keepRest();
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
