import { type WireCode, wireNumber } from '../errors.ts';
import { type FrameView, wordBytes, words } from '../frames/frame.ts';
import { FLAG, KIND } from '../frames/layout.ts';
import type { Link } from '../links/link.ts';
import { SLOTS, slotOf } from '../table/object-id.ts';
import { compareEpochs, ENTRY_WORDS, NOBODY, type Route, routeOf } from '../table/route-table.ts';
import { Claims } from './claims.ts';
import { Epochs } from './epochs.ts';
import type { Place } from './places.ts';
import type { Replication } from './replication.ts';
import { decides, type RouterState } from './state.ts';

/** What an entry of a claim asks for; in the method of the frame. */
export const CLAIM = { kick: 0, reject: 1, move: 2, remove: 3, affirm: 4 } as const;

/** Words of one answer: code, term, counter. */
const ANSWER_WORDS = 3;
/** Routes of a lost node that are swept in one turn of the event loop. */
const SWEEP_SLOTS = 64;
const RETRY_MS = 50;
const RETRIES = 40;

/** Entries for which something is asked. `from` and `to` are our own numbers of places. */
interface Question {
  entries: Uint32Array;
  /** Our own numbers of places. */
  from: number;
  to: number;
  action: number;
}

/** What is asked of `decideAll`; without `to` the objects are to be where they are asked from. */
export interface ClaimRequest extends Omit<Question, 'to'> {
  to?: number;
  /** Numbers of the types that may be registered from there; left out, all. */
  types?: ReadonlySet<number> | undefined;
}

/** @param isCovered a standby of every set that decided has the answer, too */
type Done = (answers: Uint32Array, isCovered: boolean) => void;

/**
 * Decides who owns an id, for the slots of this set; asks the set that decides for all others. Only here epochs are
 * made and duplicates are settled.
 */
export class Authority {
  readonly #state: RouterState;
  readonly #replication: Replication;
  readonly #claims: Claims;
  readonly #epochs: Epochs;

  constructor(state: RouterState, replication: Replication) {
    this.#state = state;
    this.#replication = replication;
    this.#claims = new Claims(state);
    this.#epochs = new Epochs(state);
  }

  /**
   * The router makes later epochs from here on than any of `term`, or than any that was made before. False: it leads
   * no more.
   */
  newTerm(term?: number): Promise<boolean> {
    return this.#epochs.renew(term);
  }

  /** A node registers, removes or affirms objects. */
  onNode(frame: FrameView, link: Link, place: Place, action: number): void {
    const entries = words(frame);
    const { call } = frame;
    const answer: Done = (answers, isCovered) => {
      const flags = isCovered ? 0 : FLAG.uncovered;
      if (!link.isDown) link.sendHeader({ kind: KIND.registered, call, method: action, flags }, wordBytes(answers));
    };
    if (!this.#mayDecide() && this.#state.hasFencing)
      answer(allOf(Math.floor(entries.length / ENTRY_WORDS), 'UNREACHABLE'), false);
    else this.decideAll({ entries, from: place.index, action, types: place.types }, answer);
  }

  #mayDecide(): boolean {
    const { role, isReady, leaseUntil } = this.#state;
    return role === 'main' && isReady && performance.now() < leaseUntil();
  }

  /**
   * Decides what this set decides and asks the others for the rest. The answer comes when the standby has it, while
   * there is one that is in step.
   */
  decideAll({ entries, from, to = from, action, types }: ClaimRequest, done: Done): void {
    const answers = new Uint32Array(Math.floor(entries.length / ENTRY_WORDS) * ANSWER_WORDS);
    const allowed: number[] = [];
    for (let index = 0; index * ANSWER_WORDS < answers.length; index++) {
      const type = (entries[index * ENTRY_WORDS + 5] as number) >>> 16;
      if (!types || types.has(type)) allowed.push(index);
      else answers[index * ANSWER_WORDS] = wireNumber('TYPE_NOT_DECLARED');
    }
    this.#decideSome({ entries, from, to, action }, allowed, answers, RETRIES, done);
  }

  /** A slot that is being handed over answers RETRY: those are asked again after a while. */
  #decideSome(question: Question, indexes: number[], answers: Uint32Array, triesLeft: number, done: Done): void {
    this.#decideOnce(question, indexes, answers, (areTheirsCovered, hasOwn) => {
      const again = indexes.filter((index) => answers[index * ANSWER_WORDS] === wireNumber('RETRY'));
      const finish = (areLaterCovered: boolean): void => {
        const theirs = areTheirsCovered && areLaterCovered;
        if (!hasOwn) done(answers, theirs);
        else this.#replication.afterMirrored((isOwnCovered) => done(answers, theirs && isOwnCovered));
      };
      if (again.length === 0) finish(true);
      else if (triesLeft === 0) {
        for (const index of again) answers[index * ANSWER_WORDS] = wireNumber('UNREACHABLE');
        finish(true);
      } else
        this.#state.clock.after(RETRY_MS, () =>
          this.#decideSome(question, again, answers, triesLeft - 1, (_, isCovered) => finish(isCovered)),
        );
    });
  }

  #decideOnce(
    question: Question,
    indexes: number[],
    answers: Uint32Array,
    done: (areTheirsCovered: boolean, hasOwn: boolean) => void,
  ): void {
    const state = this.#state;
    const others = new Map<string, number[]>();
    let hasOwn = false;
    for (const index of indexes) {
      const slot = slotOf(question.entries[index * ENTRY_WORDS + 1] as number);
      if (decides(state, slot)) {
        hasOwn = true;
        this.#decide(question, index, answers);
        continue;
      }
      const owner = state.slots.ownerOf(slot) ?? '';
      const theirs = others.get(owner);
      if (theirs) theirs.push(index);
      else others.set(owner, [index]);
    }
    let open = others.size;
    let areCovered = true;
    if (open === 0) {
      done(true, hasOwn);
      return;
    }
    for (const [set, theirs] of others)
      this.#claims.ask(set, { ...question, entries: pick(question.entries, theirs) }, (answer, isCovered) => {
        areCovered &&= isCovered;
        theirs.forEach((index, nth) => {
          answers.set(answer.subarray(nth * ANSWER_WORDS, (nth + 1) * ANSWER_WORDS), index * ANSWER_WORDS);
          this.#learn(question, index, answers);
        });
        if (--open === 0) done(areCovered, hasOwn);
      });
  }

  #decide(question: Question, index: number, answers: Uint32Array): void {
    const { from, to, action } = question;
    const state = this.#state;
    const { table } = state;
    const entry = routeOf(question.entries, index * ENTRY_WORDS, NOBODY);
    const found = table.find(entry.low, entry.high);
    const owner = found < 0 ? NOBODY : table.placeAt(found);
    const known = { term: found < 0 ? 0 : table.termAt(found), counter: found < 0 ? 0 : table.counterAt(found) };
    const say = (code: WireCode, term = 0, counter = 0): void =>
      answers.set([wireNumber(code), term, counter], index * ANSWER_WORDS);
    const give = (place: number): boolean => {
      // Numbers of this term are used up; a new one is on its way.
      if (!this.#epochs.next()) {
        say('RETRY');
        return false;
      }
      const { term, counter } = state;
      this.#replication.change({ ...entry, term, counter, place });
      say('OK', term, counter);
      return true;
    };
    if (owner !== NOBODY && (table.checkAt(found) !== entry.check || table.typeAt(found) !== entry.type)) {
      say('COLLISION');
      return;
    }
    if (action === CLAIM.kick || action === CLAIM.reject) {
      const isTaken = owner !== from && state.places.byIndex[owner]?.isAlive === true;
      // Who asks again has it. Who registers the name once more gets a later epoch: what was asked for the former is
      // void.
      if (action === CLAIM.reject && owner === from && owner !== NOBODY) say('OK', known.term, known.counter);
      else if (action === CLAIM.reject && isTaken) say('EXISTS');
      else if (give(to)) {
        const isKick = owner !== NOBODY && owner !== from;
        if (isKick) {
          state.counters.kicked++;
          this.revoke(owner, { ...entry, ...known });
        } else state.counters.registered++;
      }
      return;
    }
    const order = found < 0 ? 1 : compareEpochs(entry.term, entry.counter, known.term, known.counter);
    if (action === CLAIM.move) {
      if (owner === to && order < 0) say('OK', known.term, known.counter);
      else if (owner !== from || order !== 0) say('MOVED');
      else give(to);
    } else if (action === CLAIM.remove) {
      if (owner === from && order === 0) give(NOBODY);
      // Who does not know under which epoch he has the name, since an answer was lost, hears it.
      else if (owner === from && owner !== NOBODY) say('MOVED', known.term, known.counter);
      else say('MOVED');
    } else if (order === 0 && owner === from) say('OK', entry.term, entry.counter);
    else if (order > 0 && compareEpochs(entry.term, entry.counter, state.term, 0xffff_ffff) <= 0) {
      // Affirmed: we had lost it, or never heard of it.
      this.#replication.change({ ...entry, place: from });
      if (entry.term === state.term && entry.counter > state.counter) state.counter = entry.counter;
      say('OK', entry.term, entry.counter);
    } else say('MOVED');
  }

  /** Tells an owner that it is none any more. */
  revoke(place: number, { low, high, term, counter, type }: Omit<Route, 'check' | 'place'>): void {
    const owner = this.#state.places.byIndex[place];
    if (!owner) return;
    const link = owner.link ?? this.#state.places.links[place];
    link?.sendHeader(
      { kind: KIND.revoke },
      wordBytes(Uint32Array.of(low, high, 0, term, counter, (type << 16) | (owner.link ? 0 : place))),
    );
  }

  /** Another set's router asks us to decide. */
  onClaim(frame: FrameView, link: Link): void {
    const payload = words(frame);
    const { call, method: action } = frame;
    const entries = payload.slice(2);
    const from = this.#replication.translate(link, payload[0] as number);
    const to = this.#replication.translate(link, payload[1] as number);
    const count = Math.floor(entries.length / ENTRY_WORDS);
    const answers = new Uint32Array(count * ANSWER_WORDS);
    const mayDecide = this.#mayDecide() && from !== NOBODY && to !== NOBODY;
    for (let index = 0; index < count; index++)
      if (mayDecide && decides(this.#state, slotOf(entries[index * ENTRY_WORDS + 1] as number)))
        this.#decide({ entries, from, to, action }, index, answers);
      else answers[index * ANSWER_WORDS] = wireNumber('RETRY');
    this.#replication.afterMirrored((isCovered) => {
      // Increments first: whoever hears the answer has the route already.
      this.#replication.flush();
      const flags = isCovered ? 0 : FLAG.uncovered;
      if (!link.isDown) link.sendHeader({ kind: KIND.claimed, call, flags }, wordBytes(answers));
    });
  }

  onClaimed(frame: FrameView): void {
    this.#claims.onAnswer(frame);
  }

  /** The other set's decision, in case its increments come later. */
  #learn(question: Question, index: number, answers: Uint32Array): void {
    const [code, term = 0, counter = 0] = answers.subarray(index * ANSWER_WORDS);
    if (code !== 0) return;
    const { table } = this.#state;
    const entry = routeOf(question.entries, index * ENTRY_WORDS, NOBODY);
    const found = table.find(entry.low, entry.high);
    if (found >= 0 && compareEpochs(term, counter, table.termAt(found), table.counterAt(found)) <= 0) return;
    const place = question.action === CLAIM.remove ? NOBODY : question.to;
    this.#replication.change({ ...entry, term, counter, place });
  }

  /** Takes the routes of places that are gone out of our slots, some at a time. */
  sweep(gonePlaces: Place | Place[], done: () => void): void {
    const places = new Set((Array.isArray(gonePlaces) ? gonePlaces : [gonePlaces]).map(({ index }) => index));
    let slot = 0;
    const step = (): void => {
      const state = this.#state;
      if (state.isClosed || state.role !== 'main') return;
      if (state.hasFencing && performance.now() >= state.leaseUntil()) {
        // A main that may have been followed already says of nobody that he is gone.
        state.clock.after(RETRY_MS, step);
        return;
      }
      for (const end = Math.min(SLOTS, slot + SWEEP_SLOTS); slot < end; slot++)
        if (decides(state, slot) && !this.#sweepSlot(slot, places)) {
          state.clock.after(RETRY_MS, step);
          return;
        }
      if (slot < SLOTS) setImmediate(step);
      else done();
    };
    step();
  }

  /** False when there is no epoch for it now. */
  #sweepSlot(slot: number, places: Set<number>): boolean {
    const state = this.#state;
    const { table } = state;
    const gone: Route[] = [];
    table.eachInSlot(slot, (at) => {
      if (places.has(table.placeAt(at))) gone.push(table.routeAt(at));
    });
    for (const route of gone) {
      if (!this.#epochs.next()) return false;
      this.#replication.change({ ...route, term: state.term, counter: state.counter, place: NOBODY });
    }
    return true;
  }

  /** The link to a set's main fell: its answers will not come. */
  onSetDown(set: string): void {
    this.#claims.onSetDown(set);
  }

  close(): void {
    this.#claims.close();
  }
}

function allOf(count: number, code: WireCode): Uint32Array {
  const answers = new Uint32Array(count * ANSWER_WORDS);
  for (let at = 0; at < answers.length; at += ANSWER_WORDS) answers[at] = wireNumber(code);
  return answers;
}

function pick(entries: Uint32Array, indexes: number[]): Uint32Array {
  const part = new Uint32Array(indexes.length * ENTRY_WORDS);
  indexes.forEach((index, nth) =>
    part.set(entries.subarray(index * ENTRY_WORDS, (index + 1) * ENTRY_WORDS), nth * ENTRY_WORDS),
  );
  return part;
}
