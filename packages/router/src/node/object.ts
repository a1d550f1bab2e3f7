import type { RouterErrorCode } from '../errors.ts';
import type { FrameView } from '../frames/frame.ts';
import type { ObjectId } from '../table/object-id.ts';

/** How an object is named by its users. */
export interface Ref {
  type: string;
  key: string;
}

/** 64 bits of an id, where the name is not known. */
export interface Address {
  readonly low: number;
  readonly high: number;
}

/** What an object gets. It is the receiver's to keep. */
export interface Message {
  readonly kind: 'tell' | 'ask' | 'state' | 'broadcast';
  readonly method: number;
  readonly payload: Uint8Array;
  readonly from: Address;
  /** The message's number at its source node. */
  readonly call: number;
}

/** What a source is told about a message that was not delivered. */
export interface Refused {
  readonly to: Address;
  readonly code: RouterErrorCode;
  readonly call: number;
}

/**
 * What lives at an address. One message at a time: the next begins when the promise of the last is settled. Every
 * member is optional; what an object has no member for is answered with FAILED (ask) or dropped.
 */
export interface RoutedObject {
  tell?(message: Message, self: Self): void | Promise<void>;
  /** The answer, or a RouterError or any error, which arrives as FAILED. */
  ask?(message: Message, self: Self): Uint8Array | Promise<Uint8Array>;
  /**
   * Instead of `tell`, for those who count nanoseconds: every one-way frame as it lies in the chunk, valid until the
   * call returns, without a mailbox.
   */
  bare?(frame: FrameView): void;
  /**
   * Makes the object movable: its state as bytes, at most 900 KiB. No message comes after it, unless `resume` is
   * called.
   */
  freeze?(): Uint8Array | Promise<Uint8Array>;
  /** The move did not happen; messages come again. */
  resume?(): void;
  /** The address is somebody else's now: another registration, or the object moved (`moved`). */
  revoked?(reason: 'kicked' | 'moved'): void;
  /** A message that this object sent with tell or sendState was not delivered. */
  refused?(refused: Refused): void;
}

export interface AskOptions {
  /** Milliseconds (default 5,000). */
  within?: number;
}

/** An object's own hands: what it sends carries its address, and asks carry the call chain that finds deadlocks. */
export interface Self {
  readonly id: ObjectId;
  /**
   * One way, at most once. The message's number.
   * @throws RouterError UNREACHABLE, OVERLOADED when it cannot even leave
   */
  tell(to: Address, method: number, payload: Uint8Array): number;
  /** One way, once or more with duplicates taken out: resolves when the receiver has handled it. */
  tellSurely(to: Address, method: number, payload: Uint8Array, options?: AskOptions): Promise<void>;
  /** The latest wins: while it waits for a link, a later one of the same method to the same object replaces it. */
  sendState(to: Address, method: number, payload: Uint8Array): number;
  /** @throws RouterError NO_SUCH_OBJECT, MOVED, OVERLOADED, UNREACHABLE, TIMEOUT, DEADLOCK, FAILED */
  ask(to: Address, method: number, payload: Uint8Array, options?: AskOptions): Promise<Uint8Array>;
  broadcast(to: Audience, method: number, payload: Uint8Array): void;
  join(group: string): void;
  leave(group: string): void;
}

/** Who gets a broadcast: the members of a group, all objects of a type, or all objects. */
export type Audience = { group: string } | { type: string } | 'world';

/** Makes an object again from what `freeze` gave. */
export type Thaw = (key: string, state: Uint8Array) => RoutedObject | Promise<RoutedObject>;
