import type { Clock } from '@sparrow/core';
import { encodeFrame, type FrameView, type Header } from '../frames/frame.ts';
import {
  CLASS,
  classOf,
  FIRST_CONTROL_KIND,
  HEADER_BYTES,
  KIND,
  MAX_FRAME_BYTES,
  OFFSET,
  type PriorityClass,
} from '../frames/layout.ts';
import type { Splitter } from '../frames/splitter.ts';
import { BLOCKED, type Wire, WRITTEN } from '../transports/transport.ts';
import { type Block, ByteQueue } from './byte-queue.ts';
import { SentLog } from './sent-log.ts';
import { StateQueue } from './state-queue.ts';

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

export interface LinkLimits {
  /** Bytes that may wait for the link in the classes call and state (default 8 MiB each). */
  queueBytes: number;
  /** Bytes of control frames that may wait; more end the link (default 64 MiB). */
  controlBytes: number;
  /** Largest frame, bytes (default 1 MiB). */
  frameBytes: number;
  /** Bytes a second that are read from the link at most; more wait in the sender's socket (default no limit). */
  readBytesPerSecond: number;
  /** A ping goes out after this silence; three of them unanswered end the link (default 500 ms). */
  heartbeatMs: number;
}

export const DEFAULT_LIMITS: LinkLimits = {
  queueBytes: 8 * 1024 * 1024,
  controlBytes: 64 * 1024 * 1024,
  frameBytes: MAX_FRAME_BYTES,
  readBytesPerSecond: Number.POSITIVE_INFINITY,
  heartbeatMs: 500,
};

/** The window over which reading is measured against `readBytesPerSecond`. */
const WINDOW_MS = 100;
/** Why reading stopped. */
const HELD = { byOwner: 1, byFlood: 2, bySlice: 4 } as const;
/** Frames of one link are handed over for so long at once, ms. */
const SLICE_MS = 25;
/** Data frames are confirmed when so many bytes of them were handed over, and with every heartbeat. */
const CONFIRM_BYTES = 64 * 1024;

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

export interface LinkCounters {
  framesIn: number;
  bytesIn: number;
  framesOut: number;
  bytesOut: number;
  writes: number;
  /** Frames that found no room. */
  full: number;
  superseded: number;
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
 * An open link: frames in both directions with three bounded queues. What is sent within one callback leaves together:
 * at once when the link is idle, with everything else of the turn when it is busy. Data frames are kept until the
 * other end has confirmed them: when the link breaks, the next one goes on where this one stopped.
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
  readonly #queues = [new ByteQueue(), new ByteQueue()] as const;
  readonly #states = new StateQueue();
  readonly #splitter: Splitter;
  #handler: LinkHandler | undefined;
  #scheduled = false;
  /** Something was written in this turn of the event loop already. */
  #busy = false;
  #blocked = false;
  #wantsDrain = false;
  #closing = false;
  #heard = performance.now();
  #ticked = performance.now();
  #windowBytes = 0;
  #windowStart = 0;
  #cancelTick: (() => void) | undefined;

  constructor(options: LinkOptions) {
    this.wire = options.wire;
    this.self = options.self;
    this.other = options.other;
    this.id = options.id;
    this.version = options.version;
    this.frameBytes = options.frameBytes;
    this.#confirms = options.confirms;
    this.limits = options.limits;
    this.#clock = options.clock;
    this.#splitter = options.splitter;
    this.#splitter.limit = options.limits.frameBytes;
    this.#tick();
  }

  /** Who gets the frames from now on. */
  handle(handler: LinkHandler): void {
    this.#handler = handler;
    if (this.isDown) handler.down(this, 'down before it was handled');
  }

  /** Bytes that a class still takes. */
  room(priority: PriorityClass): number {
    if (this.isDown || this.#closing) return 0;
    if (priority === CLASS.state) return this.limits.queueBytes - this.#states.bytes;
    const limit = priority === CLASS.control ? this.limits.controlBytes : this.limits.queueBytes;
    return limit - (this.#queues[priority] as ByteQueue).bytes;
  }

  /** Bytes that wait in all classes. */
  get waiting(): number {
    return this.#queues[0].bytes + this.#queues[1].bytes + this.#states.bytes;
  }

  /**
   * Makes room for one frame of the class call that the caller writes at once: into the answer's `block` from `at`.
   * Undefined when the queue is full or the link is down.
   */
  reserveCall(length: number): ByteQueue | undefined {
    const queue = this.#queues[1];
    if (this.isDown || this.#closing || length > this.frameBytes || queue.bytes + length > this.limits.queueBytes) {
      this.#refuse();
      return undefined;
    }
    queue.reserve(length);
    this.counters.framesOut++;
    if (!this.#scheduled) this.#schedule();
    return queue;
  }

  /** Copies `count` whole frames that lie one behind the other; the caller has asked `room` before. */
  appendCalls(bytes: Uint8Array, start: number, end: number, count: number): void {
    this.counters.framesOut += count;
    if (this.isDown) {
      // It fell while they were collected: they go with what it did not carry.
      this.#sent.append(bytes.subarray(start, end), end - start);
      return;
    }
    this.#queues[1].append(bytes, start, end);
    if (!this.#scheduled) this.#schedule();
  }

  /**
   * Sends a whole frame. False: there is no room, the link is down, or the frame is longer than the other end takes.
   * The bytes may be used again at once, but those of a state frame.
   */
  send(frame: Uint8Array): boolean {
    const priority = classOf(frame[OFFSET.kind] as number);
    if (frame.byteLength > this.frameBytes) {
      this.counters.full++;
      // Without this word the two ends would believe different things.
      if (priority === CLASS.control) this.#end(`a control frame of ${frame.byteLength} bytes`);
      return false;
    }
    if (this.room(priority) < frame.byteLength) {
      this.#refuse();
      if (priority === CLASS.control && !this.isDown) this.#end('control frames wait without end');
      return false;
    }
    if (priority === CLASS.state) {
      if (this.#states.push(frame)) this.counters.superseded++;
    } else (this.#queues[priority] as ByteQueue).append(frame, 0, frame.byteLength);
    this.counters.framesOut++;
    if (!this.#scheduled) this.#schedule();
    return true;
  }

  /**
   * Goes on where a link that fell stopped: what the other end has not got of it goes first. Called before anything
   * else is sent.
   */
  takeOver(former: Link, received: number): void {
    for (const { frame } of former.#sent.framesFrom(received)) this.#queues[1].append(frame, 0, frame.byteLength);
    former.#sent.clear();
    if (this.#queues[1].bytes === 0 || this.#scheduled) return;
    // Not before whoever gets this link has said in control frames who he is: a slow reader would hear that last.
    this.#scheduled = true;
    setImmediate(this.#flushLater);
  }

  /** Of a link that fell: data frames of which the other end did not say that it has them. They are taken by that. */
  takeUndelivered(): { frame: Uint8Array; wasWritten: boolean }[] {
    const frames = [...this.#sent.framesFrom(this.#sent.unconfirmedFrom)];
    this.#sent.clear();
    return frames;
  }

  /** Encodes and sends a frame. */
  sendHeader(header: Header, payload?: Uint8Array): boolean {
    return this.send(encodeFrame(header, payload));
  }

  /** Calls `drained` when there is room again. */
  wantDrain(): void {
    this.#wantsDrain = true;
  }

  /** Stops and goes on reading: what the other side sends waits there. */
  pause(): void {
    this.#hold(HELD.byOwner);
  }
  resume(): void {
    this.#letGo(HELD.byOwner);
  }

  readonly #confirms: boolean;
  readonly #sent = new SentLog((block) => this.#queues[1].recycle(block));
  /** Up to here we have confirmed what came. */
  #confirmed = 0;
  #held = 0;
  /** Reading stops for several reasons, and goes on when none is left. */
  #hold(reason: number): void {
    if (this.#held === 0) this.wire.pause();
    this.#held |= reason;
  }
  #letGo(reason: number): void {
    if ((this.#held & reason) === 0) return;
    this.#held &= ~reason;
    if (this.#held === 0 && !this.isDown) this.wire.resume();
  }

  /** Sends what waits, then ends. */
  close(): void {
    if (this.isDown || this.#closing) return;
    this.sendHeader({ kind: KIND.goodbye });
    this.flush();
    this.#closing = true;
    if (this.waiting === 0) this.wire.close();
    else this.#clock.after(1_000, () => this.wire.destroy());
  }

  /** Ends at once. */
  destroy(reason = 'destroyed'): void {
    this.#end(reason);
  }

  /** The wire's events; `openLink` connects them. */
  onData(chunk: Uint8Array): void {
    if (this.isDown) return;
    const now = performance.now();
    this.#heard = now;
    this.counters.bytesIn += chunk.byteLength;
    if (now - this.#windowStart > WINDOW_MS) {
      this.#windowStart = now;
      this.#windowBytes = 0;
    }
    this.#windowBytes += chunk.byteLength;
    if (this.#windowBytes > (this.limits.readBytesPerSecond * WINDOW_MS) / 1000) this.#slowDown();
    // What was cut off waits in front.
    if (this.#backlog.length > 0) this.#backlog.push(chunk.slice());
    else this.#take(chunk, now);
  }

  /**
   * Hands frames over for `SLICE_MS` at most, then lets timers and other links have their turn: whoever works for long
   * on each message must be able to say meanwhile that he lives. Nothing is read until the rest is handed over. True
   * when the chunk is used up.
   */
  #take(chunk: Uint8Array, now: number): boolean {
    this.#sliceEnd = now + SLICE_MS;
    let rest: Uint8Array | undefined;
    try {
      rest = this.#splitter.push(chunk, this.#onFrame);
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error));
    }
    if (rest && !this.isDown) {
      this.#hold(HELD.bySlice);
      this.#backlog.unshift(rest);
      setImmediate(this.#goOn);
    }
    this.#handler?.chunkEnd?.(this);
    if (this.received - this.#confirmed >= CONFIRM_BYTES) this.#confirm();
    return rest === undefined;
  }

  readonly #goOn = (): void => {
    if (this.isDown) return;
    const now = performance.now();
    // The other side is not silent: we do not listen.
    this.#heard = now;
    const chunk = this.#backlog.shift();
    const isOver = chunk === undefined || this.#take(chunk, now);
    if (!isOver) return;
    if (this.#backlog.length > 0) setImmediate(this.#goOn);
    else this.#letGo(HELD.bySlice);
  };

  onDrain(): void {
    this.#blocked = false;
    this.flush();
    if (this.#closing && this.waiting === 0) this.wire.close();
  }

  onDown(reason: string): void {
    this.#end(reason);
  }

  /** One frame; `openLink` hands over those that came with the end of the handshake. */
  deliver(frame: FrameView): void {
    this.#onFrame(frame);
    this.#handler?.chunkEnd?.(this);
  }

  /** False when the slice is over. */
  readonly #onFrame = (frame: FrameView): boolean => {
    if (this.isDown) return true;
    this.counters.framesIn++;
    const { kind } = frame;
    if (kind === KIND.ping) this.sendHeader({ kind: KIND.pong }, frame.copyPayload());
    else if (kind === KIND.pong)
      this.roundTripMs = performance.now() - frame.view.getFloat64(frame.start + HEADER_BYTES, true);
    else if (kind === KIND.confirmed) this.#sent.confirm(frame.view.getFloat64(frame.start + HEADER_BYTES, true));
    else {
      if (kind < FIRST_CONTROL_KIND) this.received += frame.length;
      this.#handler?.frame(frame, this);
    }
    return (this.counters.framesIn & 15) !== 0 || performance.now() < this.#sliceEnd;
  };

  #sliceEnd = 0;
  /** Chunks of which nothing was handed over yet, in order. */
  readonly #backlog: Uint8Array[] = [];

  /** Says how far we have come. */
  #confirm(): void {
    if (!this.#confirms || this.isDown || this.received === this.#confirmed) return;
    this.#confirmed = this.received;
    this.sendHeader({ kind: KIND.confirmed }, doubleBytes(this.received));
  }

  #refuse(): void {
    this.counters.full++;
    this.#wantsDrain = true;
  }

  #schedule(): void {
    this.#scheduled = true;
    if (this.#busy) setImmediate(this.#flushLater);
    else queueMicrotask(this.#flushLater);
  }

  readonly #flushLater = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  readonly #idleAgain = (): void => {
    this.#busy = false;
  };

  /** Writes what waits, control first. */
  flush(): void {
    if (this.isDown) return;
    let written = false;
    for (const queue of this.#queues) {
      for (let block: Block | undefined; !this.#blocked && (block = queue.shift()); ) {
        written = true;
        this.#write(block, queue);
      }
    }
    if (!this.#blocked && this.#states.size > 0) {
      const queue = this.#queues[1];
      for (const frame of this.#states.takeAll()) queue.append(frame, 0, frame.byteLength);
      for (let block: Block | undefined; !this.#blocked && (block = queue.shift()); ) this.#write(block, queue);
      written = true;
    }
    if (written && !this.#busy) {
      this.#busy = true;
      setImmediate(this.#idleAgain);
    }
    if (this.#wantsDrain && this.room(CLASS.call) > this.limits.queueBytes / 2) {
      this.#wantsDrain = false;
      this.#handler?.drained?.(this);
    }
  }

  #write(block: Block, queue: ByteQueue): void {
    this.counters.writes++;
    this.counters.bytesOut += block.end;
    let isKept = false;
    if (queue === this.#queues[1] && this.#confirms) {
      if (this.wire.leavesBuffers) isKept = this.#sent.keep(block);
      else this.#sent.append(block.bytes, block.end);
      this.#sent.written = this.#sent.end;
      if (this.#sent.bytes > this.limits.controlBytes) {
        this.#end('the other end confirms nothing');
        return;
      }
    }
    const result = this.wire.write(block.bytes.subarray(0, block.end));
    if (result === WRITTEN && !isKept) queue.recycle(block);
    else if (result === BLOCKED) this.#blocked = true;
  }

  /** Reads no more until the window of 100 ms is over. */
  #slowDown(): void {
    this.#hold(HELD.byFlood);
    this.#clock.after(WINDOW_MS, () => this.#letGo(HELD.byFlood));
  }

  #tick(): void {
    const { heartbeatMs } = this.limits;
    this.#cancelTick = this.#clock.after(heartbeatMs, () => {
      if (this.isDown) return;
      const now = performance.now();
      // Whoever was stopped himself must not call the others silent.
      if (now - this.#ticked > 2 * heartbeatMs) this.#heard = now;
      this.#ticked = now;
      if (now - this.#heard > 3 * heartbeatMs) {
        this.#end(`silent for ${Math.round(now - this.#heard)} ms`);
        return;
      }
      this.#confirm();
      this.sendHeader({ kind: KIND.ping }, doubleBytes(now));
      this.#tick();
    });
  }

  #end(reason: string): void {
    if (this.isDown) return;
    this.isDown = true;
    this.#cancelTick?.();
    // What never left is kept behind what is not confirmed.
    for (let block: Block | undefined; (block = this.#queues[1].shift()); ) this.#sent.append(block.bytes, block.end);
    for (const frame of this.#states.takeAll()) this.#sent.append(frame, frame.byteLength);
    this.#queues[0].clear();
    this.#backlog.length = 0;
    this.wire.destroy();
    this.#handler?.down(this, reason);
  }
}

function doubleBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return bytes;
}
