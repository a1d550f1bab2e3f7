/**
 * Carries ordered bytes between two ends. Everything that is the same for all of them (frames, priorities, bounds,
 * authentication, heartbeats) is in `links/`, so an implementation stays small.
 * `packages/router/contract/transport.ts` holds what each must do.
 */
export interface Transport {
  /** Accepts wires at an address; 0 or an empty place in the address means "any", the listener says which. */
  listen(address: string, onWire: (wire: Wire) => void): Promise<Listener>;
  /** @throws RouterError ADDRESS_FAILED when nobody listens there within `timeoutMs` (default 5,000) */
  dial(address: string, timeoutMs?: number): Promise<Wire>;
  close(): Promise<void>;
}

export interface Listener {
  readonly address: string;
  close(): Promise<void>;
}

/** What `Wire.write` did with the bytes. */
export const WRITTEN = 0;
export const KEPT = 1;
export const BLOCKED = 2;

export interface Wire {
  /** Whom the other end says to be, for people. */
  readonly peer: string;
  /** What was written can still be read from its buffer: nobody writes into it, or takes it to another thread. */
  readonly leavesBuffers?: boolean;
  /** Begins to deliver. Called once, in the turn in which the wire was handed over. */
  start(events: WireEvents): void;
  /**
   * Takes bytes that begin and end at frames.
   * WRITTEN: they are gone, the buffer may be used again. KEPT: they are taken, the buffer belongs to the wire.
   * BLOCKED: like KEPT, and nothing more is to be written before `drain`.
   */
  write(bytes: Uint8Array): typeof WRITTEN | typeof KEPT | typeof BLOCKED;
  /** Stops and goes on delivering. */
  pause(): void;
  resume(): void;
  /** Sends what it holds, then ends; the other end sees `down`. */
  close(): void;
  /** Ends at once. */
  destroy(): void;
}

export interface WireEvents {
  /** Any piece of the stream; the buffer is the receiver's. */
  data(chunk: Uint8Array): void;
  drain(): void;
  /** Once, however it ended. */
  down(reason: string): void;
}
