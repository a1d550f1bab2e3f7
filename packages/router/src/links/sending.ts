import { CLASS, classOf, OFFSET, type PriorityClass } from '../frames/layout.ts';
import { BLOCKED, type Wire, WRITTEN } from '../transports/transport.ts';
import { type Block, ByteQueue } from './byte-queue.ts';
import type { LinkCounters, LinkLimits } from './limits.ts';
import { SentLog } from './sent-log.ts';
import { StateQueue } from './state-queue.ts';

export interface SendingOptions {
  wire: Wire;
  limits: LinkLimits;
  /** The longest frame that both ends take. */
  frameBytes: number;
  /** The other end confirms data frames. */
  confirms: boolean;
}

/**
 * The half of a link that sends: three bounded queues in front of the wire, and behind them what was given to it and is
 * not confirmed. What is sent within one callback leaves together: at once when the link is idle, with everything else
 * of the turn when it is busy. The other half is built on it, because each message passes here: not one call more.
 */
export abstract class Sending {
  readonly wire: Wire;
  readonly limits: LinkLimits;
  /** A longer frame would end the link at the other side: it is never sent. */
  readonly frameBytes: number;
  readonly counters: LinkCounters = {
    framesIn: 0,
    bytesIn: 0,
    framesOut: 0,
    bytesOut: 0,
    writes: 0,
    full: 0,
    superseded: 0,
  };
  isDown = false;
  /** Nothing more is taken. */
  protected isClosing = false;
  protected readonly confirms: boolean;
  readonly #queues = [new ByteQueue(), new ByteQueue()] as const;
  readonly #states = new StateQueue();
  protected readonly sent = new SentLog((block) => this.#queues[1].recycle(block));
  #scheduled = false;
  /** Something was written in this turn of the event loop already. */
  #busy = false;
  #blocked = false;
  #wantsDrain = false;

  constructor(options: SendingOptions) {
    this.wire = options.wire;
    this.limits = options.limits;
    this.frameBytes = options.frameBytes;
    this.confirms = options.confirms;
  }

  /** The link cannot go on. */
  protected abstract end(reason: string): void;
  /** There is room again after a refusal for want of it. */
  protected abstract hasRoom(): void;

  /** Bytes that a class still takes. */
  room(priority: PriorityClass): number {
    if (this.isDown || this.isClosing) return 0;
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
    if (this.isDown || this.isClosing || length > this.frameBytes || queue.bytes + length > this.limits.queueBytes) {
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
      this.sent.append(bytes.subarray(start, end), end - start);
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
      if (priority === CLASS.control) this.end(`a control frame of ${frame.byteLength} bytes`);
      return false;
    }
    if (this.room(priority) < frame.byteLength) {
      this.#refuse();
      if (priority === CLASS.control && !this.isDown) this.end('control frames wait without end');
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
  takeOver(former: Sending, received: number): void {
    for (const { frame } of former.sent.framesFrom(received)) this.#queues[1].append(frame, 0, frame.byteLength);
    former.sent.clear();
    if (this.#queues[1].bytes === 0 || this.#scheduled) return;
    // Not before whoever gets this link has said in control frames who he is: a slow reader would hear that last.
    this.#scheduled = true;
    setImmediate(this.#flushLater);
  }

  /** Of a link that fell: data frames of which the other end did not say that it has them. They are taken by that. */
  takeUndelivered(): { frame: Uint8Array; wasWritten: boolean }[] {
    const frames = [...this.sent.framesFrom(this.sent.unconfirmedFrom)];
    this.sent.clear();
    return frames;
  }

  /** Calls `drained` when there is room again. */
  wantDrain(): void {
    this.#wantsDrain = true;
  }

  /** The wire takes bytes again. */
  onDrain(): void {
    this.#blocked = false;
    this.flush();
    if (this.isClosing && this.waiting === 0) this.wire.close();
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
      this.hasRoom();
    }
  }

  #write(block: Block, queue: ByteQueue): void {
    this.counters.writes++;
    this.counters.bytesOut += block.end;
    let isKept = false;
    if (queue === this.#queues[1] && this.confirms) {
      if (this.wire.leavesBuffers) isKept = this.sent.keep(block);
      else this.sent.append(block.bytes, block.end);
      this.sent.written = this.sent.end;
      if (this.sent.bytes > this.limits.controlBytes) {
        this.end('the other end confirms nothing');
        return;
      }
    }
    const result = this.wire.write(block.bytes.subarray(0, block.end));
    if (result === WRITTEN && !isKept) queue.recycle(block);
    else if (result === BLOCKED) this.#blocked = true;
  }

  /** The link fell: what never left is kept behind what is not confirmed. */
  protected keepRest(): void {
    for (let block: Block | undefined; (block = this.#queues[1].shift()); ) this.sent.append(block.bytes, block.end);
    for (const frame of this.#states.takeAll()) this.sent.append(frame, frame.byteLength);
    this.#queues[0].clear();
  }
}
