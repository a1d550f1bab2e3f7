import type { Clock } from '@sparrow/core';
import type { FrameView } from '../frames/frame.ts';
import type { Splitter } from '../frames/splitter.ts';
import type { Wire } from '../transports/transport.ts';

/** The window over which reading is measured against `readBytesPerSecond`. */
const WINDOW_MS = 100;
/** Why reading stopped. */
export const HELD = { byOwner: 1, byFlood: 2, bySlice: 4 } as const;
/** Frames of one link are handed over for so long at once, ms. */
const SLICE_MS = 25;

export interface ReadingOptions {
  wire: Wire;
  clock: Clock;
  splitter: Splitter;
  bytesPerSecond: number;
  /** A frame; false when no further one is to be handed over now. */
  onFrame(frame: FrameView): boolean;
  /** Frames of a chunk were handed over, all or as many as a slice holds. */
  onHandedOver(): void;
  /** What came is no frame. */
  onBroken(reason: string): void;
}

/**
 * What a link reads: chunks cut into frames and handed over in slices. The wire is not read while a slice is not used
 * up, while more comes than may, or while the owner wants nothing.
 */
export class Reading {
  readonly #options: ReadingOptions;
  /** performance.now() of the last sign of the other end. */
  heard = performance.now();
  /** performance.now() up to which frames are handed over at once. */
  sliceEnd = 0;
  /** Chunks of which nothing was handed over yet, in order. */
  readonly #backlog: Uint8Array[] = [];
  #held = 0;
  #windowBytes = 0;
  #windowStart = 0;
  #isOver = false;

  constructor(options: ReadingOptions) {
    this.#options = options;
  }

  /** Takes what came. */
  take(chunk: Uint8Array): void {
    const now = performance.now();
    this.heard = now;
    if (now - this.#windowStart > WINDOW_MS) {
      this.#windowStart = now;
      this.#windowBytes = 0;
    }
    this.#windowBytes += chunk.byteLength;
    if (this.#windowBytes > (this.#options.bytesPerSecond * WINDOW_MS) / 1000) this.#slowDown();
    // What was cut off waits in front.
    if (this.#backlog.length > 0) this.#backlog.push(chunk.slice());
    else this.#handOver(chunk, now);
  }

  /** Reading stops for several reasons, and goes on when none is left. */
  hold(reason: number): void {
    if (this.#held === 0) this.#options.wire.pause();
    this.#held |= reason;
  }

  letGo(reason: number): void {
    if ((this.#held & reason) === 0) return;
    this.#held &= ~reason;
    if (this.#held === 0 && !this.#isOver) this.#options.wire.resume();
  }

  /** Nothing is handed over any more. */
  end(): void {
    this.#isOver = true;
    this.#backlog.length = 0;
  }

  /**
   * Hands frames over for `SLICE_MS` at most, then lets timers and other links have their turn: whoever works for long
   * on each message must be able to say meanwhile that he lives. Nothing is read until the rest is handed over. True
   * when the chunk is used up.
   */
  #handOver(chunk: Uint8Array, now: number): boolean {
    const { splitter, onFrame, onHandedOver, onBroken } = this.#options;
    this.sliceEnd = now + SLICE_MS;
    let rest: Uint8Array | undefined;
    try {
      rest = splitter.push(chunk, onFrame);
    } catch (error) {
      onBroken(error instanceof Error ? error.message : String(error));
    }
    if (rest && !this.#isOver) {
      this.hold(HELD.bySlice);
      this.#backlog.unshift(rest);
      setImmediate(this.#goOn);
    }
    onHandedOver();
    return rest === undefined;
  }

  readonly #goOn = (): void => {
    if (this.#isOver) return;
    const now = performance.now();
    // The other side is not silent: we do not listen.
    this.heard = now;
    const chunk = this.#backlog.shift();
    const isOver = chunk === undefined || this.#handOver(chunk, now);
    if (!isOver) return;
    if (this.#backlog.length > 0) setImmediate(this.#goOn);
    else this.letGo(HELD.bySlice);
  };

  /** Reads no more until the window of 100 ms is over. */
  #slowDown(): void {
    this.hold(HELD.byFlood);
    this.#options.clock.after(WINDOW_MS, () => this.letGo(HELD.byFlood));
  }
}
