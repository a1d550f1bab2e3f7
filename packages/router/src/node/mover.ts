import { PendingCalls } from '@sparrow/core';
import { type RouterError, type RouterErrorCode, refusal, WIRE_CODES, type WireCode } from '../errors.ts';
import { encodeFrame, type FrameView } from '../frames/frame.ts';
import { FLAG, KIND } from '../frames/layout.ts';
import { phrase } from '../phrase.ts';
import type { PickAnswer } from '../router/placement.ts';
import { objectId, typeNumber } from '../table/object-id.ts';
import { Arrivals } from './arrivals.ts';
import { type Departure, type DepartureEffect, type DepartureEvent, depart, isOver } from './departure.ts';
import { type Epoch, HELD_MESSAGES, type Hosted, type Mail, MOVE_GRACE_MS } from './hosted.ts';
import { isDeadlock } from './inbox.ts';
import { NODE_TYPE } from './itself.ts';
import { encodeArrival, type MoveWord, NODE_METHOD, readArrival, readWord, wordBytesOf } from './move-frames.ts';
import type { MoverParts } from './move-parts.ts';
import type { Address, Message } from './object.ts';

const TRANSFER_MS = 3_000;
/** A step that failed is tried again after this. */
const PAUSE_MS = 100;
/** Whoever asked for a move is answered by then; what is not decided yet goes on without him. */
const MOVE_MS = 15_000;
/** How long a node remembers what became of an object that left. */
const REMEMBER_MS = MOVE_GRACE_MS * 5;

/** One attempt to move one object. */
interface Attempt {
  readonly id: string;
  readonly object: Hosted;
  readonly to: PickAnswer;
  state: Departure;
  bytes: Uint8Array | undefined;
  /** Why it stays, for whoever asked. */
  reason: RouterError | undefined;
  done(error?: RouterError): void;
}

interface OpenMark {
  attempt: Attempt;
}

/**
 * Moves living objects between nodes: freeze, hand the state over, let the authority decide, send on what waited, in
 * order. `departure.ts` and `arrival.ts` say what follows what; this carries it out.
 *
 * ```
 * old node                     authority                    new node
 *  freeze, hold messages
 *  state  ─────────────────────────────────────────────────▶ thaw, hold messages
 *  move?  ────────────────────▶ new epoch, new place
 *         ◀──── moved mark ──── (behind all that was routed to the old node)
 *  what was held, flushed ──────────────────────────────────▶ that first, then what was held there
 * ```
 */
export class Mover {
  readonly #parts: MoverParts;
  readonly #arrivals: Arrivals;
  readonly #attempts = new Map<string, Attempt>();
  readonly #marks: PendingCalls<OpenMark>;
  /** Objects that left lately, and what became of their attempts. */
  readonly #left = new Map<string, () => void>();
  readonly #moved = new Map<string, Epoch>();
  #lastAttempt = 0;
  #isClosed = false;

  constructor(parts: MoverParts) {
    this.#parts = parts;
    this.#marks = new PendingCalls({
      clock: parts.clock,
      onLate: ({ attempt }) => this.#step(attempt, { kind: 'silent' }),
    });
    this.#arrivals = new Arrivals(parts);
  }

  hasMoved(low: number, high: number): boolean {
    return this.#left.has(keyOf({ low, high }));
  }

  /** A message for an object that is leaving or arriving. */
  onFrame(object: Hosted, frame: FrameView, mail: Mail): 'taken' | RouterErrorCode {
    if (object.state === 'arriving') return this.#arrivals.onFrame(object, frame, mail);
    if (!object.accepts(frame.term, frame.counter, frame.sourceLow, frame.sourceHigh)) return 'MOVED';
    if (frame.kind === KIND.flushed) return 'taken';
    if (isDeadlock(object, mail)) return 'DEADLOCK';
    if (object.held.length >= HELD_MESSAGES) return 'OVERLOADED';
    object.held = [...object.held, mail];
    return 'taken';
  }

  /** The authority's answer to a claim or a fence, behind everything that was routed here before. */
  onMark(frame: FrameView): void {
    const open = this.#marks.take(frame.call);
    if (!open) return;
    const code: WireCode = WIRE_CODES[frame.method] ?? 'FAILED';
    this.#step(open.attempt, { kind: 'mark', code, epoch: { term: frame.term, counter: frame.counter } });
  }

  /** @throws RouterError why the object stayed; TIMEOUT when nobody has decided yet */
  async move(id: Address, to: PickAnswer): Promise<void> {
    const { objects, clock, self } = this.#parts;
    const object = objects.here.get(id.low, id.high);
    if (object?.state !== 'active') throw refusal('NO_SUCH_OBJECT', phrase`the object is not here to be moved`);
    if (!object.object.freeze) throw refusal('FAILED', phrase`${object.id.type} has no freeze and cannot move`);
    const { set, name, incarnation } = self();
    if (to.set === set && to.node === name) return;
    await new Promise<void>((resolve, reject) => {
      const cancel = clock.after(MOVE_MS, () =>
        reject(refusal('TIMEOUT', phrase`nobody has decided about the move yet`)),
      );
      const attempt: Attempt = {
        id: `${incarnation}-${++this.#lastAttempt}`,
        object,
        to,
        state: { at: 'freezing' },
        bytes: undefined,
        reason: undefined,
        done(error) {
          cancel();
          if (error) reject(error);
          else resolve();
        },
      };
      this.#attempts.set(attempt.id, attempt);
      object.state = 'moving';
      object.onRemoved = () => this.#step(attempt, { kind: 'removed' });
      void this.#freeze(attempt);
    });
  }

  #step(attempt: Attempt, event: DepartureEvent): void {
    if (this.#isClosed) return;
    const [state, ...effects] = depart(attempt.state, event);
    attempt.state = state;
    for (const effect of effects) this.#carryOut(attempt, effect);
    if (!isOver(state) || !this.#attempts.delete(attempt.id)) return;
    if (attempt.object.onRemoved) attempt.object.onRemoved = undefined;
    if (state.at === 'moved') attempt.done();
    else if (state.at === 'gone') attempt.done(refusal('MOVED', phrase`somebody else has the name now`));
    else attempt.done(attempt.reason ?? refusal('FAILED', phrase`the move was not allowed`));
  }

  #carryOut(attempt: Attempt, effect: DepartureEffect): void {
    const { to } = attempt;
    const { set, name } = this.#parts.self();
    if (effect.do === 'offer') void this.#offer(attempt);
    else if (effect.do === 'claim') this.#ask(attempt, to);
    else if (effect.do === 'fence') this.#ask(attempt, { set, node: name });
    else if (effect.do === 'affirm') void this.#affirm(attempt);
    else if (effect.do === 'abandon') this.#abandon(attempt);
    else if (effect.do === 'stay') this.#stay(attempt, effect.epoch);
    else if (effect.do === 'leave') this.#leave(attempt, effect.epoch);
    else this.#parts.objects.remove(attempt.object, 'kicked');
  }

  async #freeze(attempt: Attempt): Promise<void> {
    const { object } = attempt;
    try {
      if (object.isBusy) await this.#idle(object);
      if (object.state !== 'moving') return;
      attempt.bytes = await object.object.freeze?.();
      this.#step(attempt, { kind: 'frozen' });
    } catch (error) {
      attempt.reason = error as RouterError;
      this.#step(attempt, { kind: 'failed' });
    }
  }

  /** Waits for the turn that is running; a turn that takes longer than a transfer keeps the object here. */
  #idle(object: Hosted): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#parts.clock.after(TRANSFER_MS, () => {
        object.onIdle = undefined;
        reject(refusal('TIMEOUT', phrase`the object is busy`));
      });
      object.onIdle = () => {
        object.onIdle = undefined;
        cancel();
        resolve();
      };
    });
  }

  async #offer(attempt: Attempt): Promise<void> {
    const { object, to, id } = attempt;
    const { set, name, hands } = this.#parts.self();
    const { type, key } = object.id;
    try {
      const head = {
        type,
        key,
        attempt: id,
        from: { set, node: name },
        term: object.term,
        counter: object.counter,
        seen: object.seen,
        groups: object.groupList,
        ...(object.together && { together: object.together }),
      };
      const payload = encodeArrival(head, attempt.bytes as Uint8Array);
      await hands.ask(nodeId(to), NODE_METHOD.arrive, payload, { within: TRANSFER_MS });
      this.#step(attempt, { kind: 'accepted' });
    } catch (error) {
      attempt.reason = error as RouterError;
      this.#step(attempt, { kind: 'failed' });
    }
  }

  /**
   * Asks the authority to give the object to a place. Asking again is harmless: what was done is answered with its
   * epoch.
   */
  #ask(attempt: Attempt, place: PickAnswer): void {
    const { clock, main } = this.#parts;
    const { id, term, counter } = attempt.object;
    const send = (): void => {
      if (this.#isClosed || isOver(attempt.state)) return;
      const call = this.#marks.add({ attempt }, TRANSFER_MS);
      const entry = Uint32Array.of(id.low, id.high, id.check, term, counter, typeNumber(id.type) << 16);
      const name = new TextEncoder().encode(`${place.set}\n${place.node}`);
      const payload = new Uint8Array(entry.byteLength + name.byteLength);
      payload.set(new Uint8Array(entry.buffer));
      payload.set(name, entry.byteLength);
      main()?.send(encodeFrame({ kind: KIND.move, call }, payload));
    };
    if (attempt.state.at === 'deciding' && attempt.state.silent === 0 && !attempt.state.mayBeDone) send();
    else clock.after(PAUSE_MS, send);
  }

  async #affirm(attempt: Attempt): Promise<void> {
    try {
      const [verdict = 'open'] = await this.#parts.registrar.affirm([attempt.object]);
      if (verdict === 'open') await this.#pause();
      this.#step(attempt, { kind: 'affirmed', verdict });
    } catch {
      await this.#pause();
      this.#step(attempt, { kind: 'silent' });
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.clock.after(PAUSE_MS, resolve);
    });
  }

  #abandon({ object, to, id }: Attempt): void {
    const { type, key } = object.id;
    // When this is lost, the new node asks us what became of the attempt.
    this.#parts
      .self()
      .hands.tellSurely(nodeId(to), NODE_METHOD.abandon, wordBytesOf({ type, key, attempt: id }))
      .catch(() => {});
  }

  #stay({ object, bytes }: Attempt, epoch?: Epoch): void {
    if (object.state !== 'moving') return;
    if (epoch) {
      object.term = epoch.term;
      object.counter = epoch.counter;
    }
    if (bytes) object.object.resume?.();
    const { held } = object;
    object.held = [];
    object.state = 'active';
    this.#parts.work(object);
    for (const mail of held)
      if (!this.#parts.take(object, mail)) this.#parts.sender.refuseMail(object.id, mail, 'OVERLOADED');
  }

  #leave({ object, id }: Attempt, epoch: Epoch): void {
    const { sender, counters, objects, clock, main } = this.#parts;
    // Nothing that was sent here can come any more: in order, what came before.
    for (const mail of [...object.mailbox.toArray(), ...object.held])
      sender.forward(object.id, mail, { term: object.term, counter: object.counter });
    object.mailbox.clear();
    object.held = [];
    const flushed = {
      kind: KIND.flushed,
      ...epoch,
      targetLow: object.id.low,
      targetHigh: object.id.high,
      flags: FLAG.forwarded,
    };
    main()?.send(encodeFrame(flushed, new TextEncoder().encode(id)));
    const key = keyOf(object.id);
    this.#left.get(key)?.();
    this.#left.set(
      key,
      clock.after(REMEMBER_MS, () => this.#left.delete(key)),
    );
    this.#moved.set(id, epoch);
    clock.after(REMEMBER_MS, () => this.#moved.delete(id));
    counters.moved++;
    objects.remove(object, 'moved');
  }

  /** What other nodes' movers ask and tell. */
  async onNodeMessage(message: Message): Promise<Uint8Array> {
    if (message.method === NODE_METHOD.arrive) {
      const { head, state } = readArrival(message.payload);
      await this.#arrivals.begin(head, state);
      return new Uint8Array(0);
    }
    if (message.method === NODE_METHOD.abandon) {
      this.#arrivals.giveUp(readWord(message.payload));
      return new Uint8Array(0);
    }
    if (message.method === NODE_METHOD.outcome) return this.#outcomeOf(readWord(message.payload));
    throw refusal('FAILED', phrase`a node does not know method ${message.method}`);
  }

  /** What became of one of our attempts. */
  #outcomeOf({ attempt }: MoveWord): Uint8Array {
    const moved = this.#moved.get(attempt ?? '');
    const state = moved ? 'moved' : this.#attempts.has(attempt ?? '') ? 'open' : 'over';
    return new TextEncoder().encode(JSON.stringify({ state, epoch: moved }));
  }

  close(): void {
    this.#isClosed = true;
    this.#marks.close();
    this.#arrivals.close();
    for (const attempt of this.#attempts.values()) attempt.done(refusal('CLOSED', phrase`the node was closed`));
    this.#attempts.clear();
    for (const forget of this.#left.values()) forget();
  }
}

const keyOf = ({ low, high }: Address): string => `${high}:${low}`;
const nodeId = (to: PickAnswer): Address => objectId(NODE_TYPE, `${to.set}/${to.node}`);
