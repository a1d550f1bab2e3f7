import type { WireCode } from '../errors.ts';
import { IdMap } from '../table/id-map.ts';
import { compareEpochs } from '../table/route-table.ts';
import type { Epoch, Hosted, Mail } from './hosted.ts';

/**
 * Why an object leaves the table of this node.
 *
 * - `kicked`: another registration has the name, on another node.
 * - `replaced`: a later registration of this node has the name.
 * - `moved`: it lives on another node now.
 * - `abandoned`: it was thawed here for a move that did not happen.
 * - `unregistered`: its owner took it out.
 */
export type RemovalReason = 'kicked' | 'replaced' | 'moved' | 'abandoned' | 'unregistered';

/** What the sources of waiting messages are told. */
const CODE_OF = {
  kicked: 'MOVED',
  replaced: 'MOVED',
  moved: 'MOVED',
  abandoned: 'MOVED',
  unregistered: 'NO_SUCH_OBJECT',
} as const satisfies Record<RemovalReason, WireCode>;

/** What the object itself is told; its owner needs no word about what he did himself. */
const WORD_OF = {
  kicked: 'kicked',
  replaced: 'kicked',
  moved: 'moved',
  abandoned: 'moved',
  unregistered: undefined,
} as const satisfies Record<RemovalReason, 'kicked' | 'moved' | undefined>;

export interface ObjectsParts {
  /** Takes an object out of all its groups. */
  leaveGroups(object: Hosted): void;
  /** Nobody waits for what this object sent any more. */
  sourceGone(object: Hosted): void;
  refuseMail(object: Hosted, mail: Mail, code: 'MOVED' | 'NO_SUCH_OBJECT' | 'UNREACHABLE' | 'OVERLOADED'): void;
  /** Puts a message into an object's mailbox; false when it is full. */
  take(object: Hosted, mail: Mail): boolean;
  /** Goes on with an object's mailbox. */
  work(object: Hosted): void;
}

/**
 * The table of this node: objects that are here, and registrations that the router has not answered yet. A former
 * object stays where it is until the router has given its name to the new one, so a registration that is refused
 * changes nothing. Objects come in and go out by these methods alone.
 */
export class Objects {
  /** Objects that are here: active, moving or arriving. */
  readonly here = new IdMap<Hosted>();
  /** The latest registration of each name that is not answered yet. */
  readonly coming = new IdMap<Hosted>();
  readonly #parts: ObjectsParts;

  constructor(parts: ObjectsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.here.size;
  }

  /** Somebody has this name here, or is about to have it. */
  has({ low, high }: { low: number; high: number }): boolean {
    return this.here.get(low, high) !== undefined || this.coming.get(low, high) !== undefined;
  }

  /** An object whose registration goes out now. */
  expect(object: Hosted): void {
    this.coming.set(object.id.low, object.id.high, object);
  }

  /**
   * Who gets a message of this epoch: what is stamped later than the object that is here is for the one that
   * registers.
   */
  receiverOf(low: number, high: number, term: number, counter: number): Hosted | undefined {
    const object = this.here.get(low, high);
    if (this.coming.size === 0 || (object && !object.isBefore(term, counter))) return object;
    return this.coming.get(low, high) ?? object;
  }

  /** The router has given the name to a registration of ours. */
  accept(object: Hosted, epoch: Epoch): void {
    this.#noLongerComing(object);
    object.term = epoch.term;
    object.counter = epoch.counter;
    const { low, high } = object.id;
    const former = this.here.get(low, high);
    // Two registrations of ours were under way, and their answers changed places.
    if (former && compareEpochs(former.term, former.counter, epoch.term, epoch.counter) > 0) {
      this.remove(object, 'replaced');
      return;
    }
    if (former) this.remove(former, 'replaced');
    object.state = 'active';
    this.here.set(low, high, object);
    const revoked = object.revokedEpoch;
    object.revokedEpoch = undefined;
    if (revoked && compareEpochs(epoch.term, epoch.counter, revoked.term, revoked.counter) <= 0)
      this.remove(object, 'kicked');
    else this.#parts.work(object);
  }

  /** A registration of ours did not come about; what waited for it goes to whoever has the name here. */
  dismiss(object: Hosted, code: 'NO_SUCH_OBJECT' | 'UNREACHABLE'): void {
    if (object.state !== 'registering') return;
    this.#noLongerComing(object);
    object.state = 'gone';
    const former = this.here.get(object.id.low, object.id.high);
    for (const mail of this.#empty(object)) {
      if (!former) this.#parts.refuseMail(object, mail, code);
      else if (former.state === 'arriving') former.held = [...former.held, mail];
      else if (!this.#parts.take(former, mail)) this.#parts.refuseMail(former, mail, 'OVERLOADED');
    }
  }

  /** An object was thawed here and waits for the authority's word. */
  arrive(object: Hosted): void {
    object.state = 'arriving';
    const former = this.here.get(object.id.low, object.id.high);
    if (former) this.remove(former, 'abandoned');
    this.here.set(object.id.low, object.id.high, object);
  }

  /** Takes an object out: the one way in which objects leave. */
  remove(object: Hosted, reason: RemovalReason): void {
    if (object.state === 'gone') return;
    const { here, coming } = this;
    const { low, high } = object.id;
    object.state = 'gone';
    if (here.get(low, high) === object) here.delete(low, high);
    if (coming.get(low, high) === object) coming.delete(low, high);
    object.onRemoved?.();
    this.#parts.leaveGroups(object);
    this.#parts.sourceGone(object);
    for (const mail of this.#empty(object)) this.#parts.refuseMail(object, mail, CODE_OF[reason]);
    const word = WORD_OF[reason];
    if (word) object.object.revoked?.(word);
  }

  /** The authority says that a registration is void, and with it every earlier one of the same name. */
  revoke(low: number, high: number, epoch: Epoch): void {
    const candidate = this.coming.get(low, high);
    if (candidate) {
      const known = candidate.revokedEpoch;
      if (!known || compareEpochs(known.term, known.counter, epoch.term, epoch.counter) < 0)
        candidate.revokedEpoch = epoch;
    }
    const object = this.here.get(low, high);
    if (object && compareEpochs(object.term, object.counter, epoch.term, epoch.counter) <= 0)
      this.remove(object, 'kicked');
  }

  #noLongerComing(object: Hosted): void {
    const { low, high } = object.id;
    if (this.coming.get(low, high) === object) this.coming.delete(low, high);
  }

  /** What waits for an object, in order. */
  #empty(object: Hosted): Mail[] {
    const mails = [...object.forwarded, ...(object.waiting > 0 ? object.mailbox.toArray() : []), ...object.held];
    object.forwarded = [];
    object.held = [];
    if (object.waiting > 0) object.mailbox.clear();
    return mails;
  }
}
