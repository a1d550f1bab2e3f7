import { type RouterErrorCode, refusal } from '../errors.ts';
import type { FrameView } from '../frames/frame.ts';
import { FLAG, KIND } from '../frames/layout.ts';
import { phrase } from '../phrase.ts';
import { type ObjectId, objectId } from '../table/object-id.ts';
import { compareEpochs } from '../table/route-table.ts';
import { type Arrival, type ArrivalEffect, type ArrivalEvent, arrive } from './arrival.ts';
import { type Epoch, HELD_MESSAGES, Hosted, type Mail } from './hosted.ts';
import { NODE_TYPE } from './itself.ts';
import { type ArrivalHead, type MoveWord, NODE_METHOD, wordBytesOf } from './move-frames.ts';
import type { MoverParts } from './move-parts.ts';
import type { RoutedObject } from './object.ts';

/** After this without a word of the old node the authority is asked, and the old node. */
const OVERDUE_MS = 3_000;
const LOOK_MS = 500;
/** Objects that may be on their way to a node at once. */
const MAX_ARRIVALS = 4_096;
/** So often must nobody know of the attempt before it is given up. */
const NOBODY_KNOWS = 4;

interface Coming {
  readonly id: ObjectId;
  readonly head: ArrivalHead;
  state: Arrival;
  /** What was thawed. */
  object: Hosted | undefined;
  /** All that the old node had held has come. */
  isFlushed: boolean;
}

/** Objects that come to this node, one attempt a name: a later one takes the place of an earlier one. */
export class Arrivals {
  readonly #parts: Omit<MoverParts, 'registrar' | 'main'>;
  readonly #byKey = new Map<string, Coming>();
  readonly #timers = new Set<() => void>();

  constructor(parts: Omit<MoverParts, 'registrar' | 'main'>) {
    this.#parts = parts;
  }

  /** Resolves when the object is here and holds what comes. @throws RouterError when it cannot be taken */
  async begin(head: ArrivalHead, state: Uint8Array): Promise<void> {
    const { thaws, objects, self } = this.#parts;
    const thaw = thaws[head.type];
    if (!thaw) throw refusal('TYPE_NOT_DECLARED', phrase`${head.type} cannot be moved to ${self().name}`);
    const id = objectId(head.type, head.key);
    const here = objects.here.get(id.low, id.high);
    if (here && here.state !== 'arriving') throw refusal('EXISTS', phrase`${head.type}/${head.key} is here`);
    const key = keyOf(id);
    const earlier = this.#byKey.get(key);
    if (earlier) {
      const order = compareEpochs(head.term, head.counter, earlier.head.term, earlier.head.counter);
      if (order < 0) throw refusal('MOVED', phrase`a later owner is moving it here`);
      this.#step(earlier, { kind: 'given up' });
    }
    if (this.#byKey.size >= MAX_ARRIVALS)
      throw refusal('OVERLOADED', phrase`${MAX_ARRIVALS} objects are on their way here`);
    const coming: Coming = { id, head, state: { at: 'thawing' }, object: undefined, isFlushed: false };
    this.#byKey.set(key, coming);
    let thawed: RoutedObject;
    try {
      thawed = await thaw(head.key, state);
    } catch (error) {
      this.#step(coming, { kind: 'thaw failed' });
      throw error;
    }
    const object = new Hosted(id, thawed, { together: head.together });
    object.term = head.term;
    object.counter = head.counter;
    object.remember(head.seen);
    for (const group of head.groups) object.groups.add(group);
    coming.object = object;
    const now = objects.here.get(id.low, id.high);
    // Meanwhile somebody registered the name here.
    if (now && now.state !== 'arriving') this.#step(coming, { kind: 'given up' });
    this.#step(coming, { kind: 'thawed' });
    if (coming.state.at !== 'waiting') throw refusal('MOVED', phrase`the move was given up meanwhile`);
  }

  /** A message for an object that is not ours yet. */
  onFrame(object: Hosted, frame: FrameView, mail: Mail): 'taken' | RouterErrorCode {
    if (frame.kind === KIND.flushed) {
      const coming = this.#byKey.get(keyOf(object.id));
      const attempt = new TextDecoder().decode(frame.payload());
      if (coming?.object === object && isSame(coming.head.attempt, attempt)) {
        coming.isFlushed = true;
        this.#step(coming, { kind: 'given to us', epoch: { term: frame.term, counter: frame.counter } });
      }
      return 'taken';
    }
    // What the old node held was bounded there.
    if (frame.flags & FLAG.forwarded) object.forwarded = [...object.forwarded, mail];
    // Of the owner before the last: the old node may have handled later ones of the same source.
    else if (mail.term !== 0 && compareEpochs(mail.term, mail.counter, object.term, object.counter) < 0) return 'MOVED';
    else if (object.held.length >= HELD_MESSAGES) return 'OVERLOADED';
    else object.held = [...object.held, mail];
    return 'taken';
  }

  /** The old node has given an attempt up. */
  giveUp({ type, key, attempt }: MoveWord): void {
    const coming = this.#byKey.get(keyOf(objectId(type, key)));
    if (coming && isSame(coming.head.attempt, attempt)) this.#step(coming, { kind: 'given up' });
  }

  close(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#byKey.clear();
  }

  #step(coming: Coming, event: ArrivalEvent): void {
    const [state, effect] = arrive(coming.state, event);
    coming.state = state;
    const key = keyOf(coming.id);
    if ((state.at === 'over' || state.at === 'living') && this.#byKey.get(key) === coming) this.#byKey.delete(key);
    if (effect) this.#carryOut(coming, coming.object as Hosted, effect);
  }

  #carryOut(coming: Coming, object: Hosted, effect: ArrivalEffect): void {
    const { objects } = this.#parts;
    if (effect === 'hold') {
      objects.arrive(object);
      object.onRemoved = () => this.#step(coming, { kind: 'removed' });
      this.#after(OVERDUE_MS, () => void this.#look(coming));
    } else if (effect === 'discard') {
      object.onRemoved = undefined;
      objects.remove(object, 'abandoned');
    } else if (coming.state.at === 'living') this.#live(object, coming.state.epoch, coming.isFlushed);
  }

  #live(object: Hosted, epoch: Epoch, isFlushed: boolean): void {
    const { take, sender, joinGroups, work } = this.#parts;
    // A router that heard of the move late sent over the old node what is older than what came here at once.
    const held = [...object.held].sort((a, b) => compareEpochs(a.term, a.counter, b.term, b.counter));
    const mails = [...object.forwarded, ...held];
    object.onRemoved = undefined;
    object.arrive(epoch, { takesEarlier: isFlushed, came: held });
    object.state = 'active';
    joinGroups(object);
    object.forwarded = [];
    object.held = [];
    work(object);
    for (const mail of mails) if (!take(object, mail)) sender.refuseMail(object.id, mail, 'OVERLOADED');
  }

  /** The old node fell silent: the authority knows whose the object is, the old node what became of its attempt. */
  async #look(coming: Coming): Promise<void> {
    const { type, key, from, attempt } = coming.head;
    for (let unknown = 0; coming.state.at === 'waiting'; ) {
      const found = await this.#parts.lookUp(type, key).catch(() => undefined);
      if (coming.state.at !== 'waiting') return;
      // A cache may still say that it was here before.
      if (found?.isHere && found.epoch && isLater(found.epoch, coming.head)) {
        this.#step(coming, { kind: 'given to us', epoch: found.epoch });
        return;
      }
      const outcome = from && (await this.#outcome(from, { type, key, ...(attempt && { attempt }) }));
      if (outcome && outcome !== 'open' && outcome !== 'nobody') {
        // The answer came behind all that the old node sent on.
        coming.isFlushed = outcome !== 'over';
        this.#step(coming, outcome === 'over' ? { kind: 'given up' } : { kind: 'given to us', epoch: outcome });
        return;
      }
      // A node that is gone decides nothing any more; the authority's word may come a little later.
      if (found && (!from || outcome === 'nobody')) unknown++;
      else if (outcome === 'open') unknown = 0;
      if (unknown >= NOBODY_KNOWS) this.#step(coming, { kind: 'given up' });
      await new Promise<void>((resolve) => this.#after(LOOK_MS, resolve));
    }
  }

  /** What the old node says of its attempt; undefined when it cannot be asked now. */
  async #outcome(
    { set, node }: { set: string; node: string },
    word: MoveWord,
  ): Promise<'open' | 'over' | 'nobody' | Epoch | undefined> {
    const { hands } = this.#parts.self();
    try {
      const bytes = await hands.ask(objectId(NODE_TYPE, `${set}/${node}`), NODE_METHOD.outcome, wordBytesOf(word));
      const { state, epoch } = JSON.parse(new TextDecoder().decode(bytes)) as { state: string; epoch?: Epoch };
      return state === 'moved' && epoch ? epoch : state === 'open' ? 'open' : 'over';
    } catch (error) {
      const { code } = error as { code?: string };
      // A node of before does not know the question.
      return code === 'NO_SUCH_OBJECT' || code === 'FAILED' ? 'nobody' : undefined;
    }
  }

  #after(ms: number, call: () => void): void {
    const cancel = this.#parts.clock.after(ms, () => {
      this.#timers.delete(cancel);
      call();
    });
    this.#timers.add(cancel);
  }
}

const isLater = (a: Epoch, b: Epoch): boolean => compareEpochs(a.term, a.counter, b.term, b.counter) > 0;
const keyOf = ({ low, high }: { low: number; high: number }): string => `${high}:${low}`;
/** Nodes of before name no attempt. */
const isSame = (known: string | undefined, named: string | undefined): boolean => !known || !named || known === named;
