import { BoundedQueue } from '@sparrow/core';
import { RouterError, type RouterErrorCode } from '../errors.ts';
import type { ObjectId } from '../table/object-id.ts';
import { compareEpochs } from '../table/route-table.ts';
import type { Message, Ref, RoutedObject, Self } from './object.ts';

export const MAILBOX_MESSAGES = 1024;
/** Messages that wait for an object that is being moved. */
export const HELD_MESSAGES = 256;
/** Ids of sure messages that an object remembers. */
const SEEN_MESSAGES = 1024;
/** After a move, messages stamped before it are taken for so long, unless a later one of the same source was. */
export const MOVE_GRACE_MS = 2_000;

/** A message in the mailbox with what its answer needs. */
export interface Mail extends Message {
  readonly flags: number;
  /** Call chain, 0 without one. */
  readonly chain: number;
  /** Id of a sure message, 0 without one. */
  readonly sureId: number;
  /** Epoch that the router stamped. */
  readonly term: number;
  readonly counter: number;
}

const NONE: Mail[] = [];

/**
 * `registering`: the router has not answered yet, messages wait. `active`: it lives here. `moving`: it is frozen on
 * its way to another node. `arriving`: it was thawed here, and the authority has not given it to us yet. `gone`: it is
 * out of the table.
 */
export type HostedState = 'registering' | 'active' | 'moving' | 'arriving' | 'gone';

export interface Epoch {
  term: number;
  counter: number;
}

/** One object on this node: its mailbox, its epoch, and what a move needs to know. */
export class Hosted {
  readonly id: ObjectId;
  readonly object: RoutedObject;
  readonly together: Ref | undefined;
  self: Self | undefined;
  /** Whole seconds of performance.now() at which it came here: a small integer, for there may be a million. */
  readonly sinceSeconds = Math.floor(performance.now() / 1000);
  state: HostedState = 'registering';
  term = 0;
  counter = 0;
  isBusy = false;
  /** A revocation that overtook the registration's answer. */
  revokedEpoch: Epoch | undefined;
  /** The call chain of the turn that is running. */
  chain = 0;
  // A node may hold a million objects, most of which need none of these.
  #mailbox: BoundedQueue<Mail> | undefined;
  /** What waits for the end of a move; `forwarded`: what the old owner sends on, which goes first. */
  held: Mail[] = NONE;
  forwarded: Mail[] = NONE;
  #groups: Set<string> | undefined;
  #seen: Set<number> | undefined;
  #running: Set<number> | undefined;
  /** Epoch before the move that brought it here. */
  #formerTerm = 0;
  #formerCounter = 0;
  #freshUntil = 0;
  #fresh: Set<number> | undefined;
  /** Called when the turn that is running has ended. */
  onIdle: (() => void) | undefined;
  /** Called when it is taken out of the table: whoever moves it must know. */
  onRemoved: (() => void) | undefined;
  /** Turns may overlap. Only for the node's own object: one slow question must not hold up the others. */
  readonly takesSeveral: boolean;

  constructor(
    id: ObjectId,
    object: RoutedObject,
    options: { together?: Ref | undefined; takesSeveral?: boolean } = {},
  ) {
    this.id = id;
    this.object = object;
    this.together = options.together;
    this.takesSeveral = options.takesSeveral ?? false;
  }

  get epoch(): Epoch {
    return { term: this.term, counter: this.counter };
  }

  get mailbox(): BoundedQueue<Mail> {
    return (this.#mailbox ??= new BoundedQueue(MAILBOX_MESSAGES));
  }
  get waiting(): number {
    return this.#mailbox?.size ?? 0;
  }
  get groups(): Set<string> {
    return (this.#groups ??= new Set());
  }
  get groupList(): string[] {
    return this.#groups ? [...this.#groups] : [];
  }

  /**
   * Takes the epoch after a move and remembers the one before it.
   *
   * @param takesEarlier nothing of the old node is still on its way, so what was stamped before the move may come
   * @param came what came while it was on its way here
   */
  arrive({ term, counter }: Epoch, { takesEarlier, came }: { takesEarlier: boolean; came: readonly Mail[] }): void {
    if (takesEarlier) {
      this.#formerTerm = this.term;
      this.#formerCounter = this.counter;
      this.#freshUntil = performance.now() + MOVE_GRACE_MS;
      this.#fresh = new Set();
    }
    this.term = term;
    this.counter = counter;
    // Each that was stamped after the move bars the way for earlier ones of its source.
    for (const mail of came) this.accepts(mail.term, mail.counter, mail.from.low, mail.from.high);
  }

  /** True for an epoch that is later than ours. */
  isBefore(term: number, counter: number): boolean {
    return compareEpochs(this.term, this.counter, term, counter) < 0;
  }

  /**
   * True when a frame with this epoch is for this owner. One that was stamped before a move is taken for a while, but
   * never behind one of the same source that was stamped after it: order before delivery.
   */
  accepts(term: number, counter: number, low: number, high: number): boolean {
    const order = term === 0 ? 0 : compareEpochs(term, counter, this.term, this.counter);
    if (!this.#fresh) return order >= 0;
    if (performance.now() > this.#freshUntil) {
      this.#fresh = undefined;
      return order >= 0;
    }
    const source = high * 0x200000 + (low & 0x1fffff);
    if (order >= 0) {
      this.#fresh.add(source);
      return true;
    }
    return term === this.#formerTerm && counter === this.#formerCounter && !this.#fresh.has(source);
  }

  /** 'new', 'running' or 'done' for the id of a sure message. */
  meet(sureId: number): 'new' | 'running' | 'done' {
    if (this.#seen?.has(sureId)) return 'done';
    if (this.#running?.has(sureId)) return 'running';
    (this.#running ??= new Set()).add(sureId);
    return 'new';
  }

  handled(sureId: number): void {
    this.#running?.delete(sureId);
    this.remember([sureId]);
  }

  forgetRunning(sureId: number): void {
    this.#running?.delete(sureId);
  }

  /** Ids that go along when the object moves. */
  get seen(): number[] {
    return this.#seen ? [...this.#seen] : [];
  }

  remember(ids: number[]): void {
    if (ids.length === 0) return;
    this.#seen ??= new Set();
    for (const id of ids) this.#seen.add(id);
    for (const oldest of this.#seen) {
      if (this.#seen.size <= SEEN_MESSAGES) return;
      this.#seen.delete(oldest);
    }
  }
}

/** The code and words of an object's failure, for the wire. */
export function failureOf(error: unknown): { code: RouterErrorCode; message: string } {
  if (error instanceof RouterError) return { code: error.code, message: error.message };
  return { code: 'FAILED', message: error instanceof Error ? error.message : String(error) };
}
