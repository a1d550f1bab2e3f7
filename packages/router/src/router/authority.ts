import { type WireCode, wireNumber } from '../errors.ts';
import { type FrameView, wordBytes, words } from '../frames/frame.ts';
import { KIND } from '../frames/layout.ts';
import type { Link } from '../links/link.ts';
import { SLOTS, slotOf } from '../table/object-id.ts';
import { compareEpochs, ENTRY_WORDS, NOBODY } from '../table/route-table.ts';
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

interface Claim {
  set: string;
  done: (answers: Uint32Array) => void;
  cancel: () => void;
}

/**
 * Decides who owns an id, for the slots of this set; asks the set that decides for all others. Only here epochs are made and
 * duplicates are settled.
 */
export class Authority {
  readonly #state: RouterState;
  readonly #replication: Replication;
  readonly #claims = new Map<number, Claim>();
  #lastClaim = 0;

  constructor(state: RouterState, replication: Replication) {
    this.#state = state;
    this.#replication = replication;
  }

  /** A node registers, removes, affirms or moves objects. */
  onNode(frame: FrameView, link: Link, place: Place, action: number): void {
    const entries = words(frame);
    const { call } = frame;
    const count = Math.floor(entries.length / ENTRY_WORDS);
    const answer = (answers: Uint32Array): void => {
      if (!link.isDown) link.sendHeader({ kind: KIND.registered, call, method: action }, wordBytes(answers));
    };
    const mayDecide =
      this.#state.role === 'main' && this.#state.isReady && performance.now() < this.#state.leaseUntil();
    if (!mayDecide && this.#state.hasFencing) {
      answer(allOf(count, 'UNREACHABLE'));
      return;
    }
    this.decideAll(entries, place.index, action, place.types, (answers) =>
      this.#replication.afterMirrored(() => answer(answers)),
    );
  }

  /** Decides what this set decides and asks the others for the rest. `to` and the entries' places are our own numbers. */
  decideAll(
    entries: Uint32Array,
    from: number,
    action: number,
    types: Set<number> | undefined,
    done: (answers: Uint32Array) => void,
    to = from,
    triesLeft = 40,
  ): void {
    const state = this.#state;
    const count = Math.floor(entries.length / ENTRY_WORDS);
    const answers = new Uint32Array(count * ANSWER_WORDS);
    let others: Map<string, number[]> | undefined;
    for (let index = 0; index < count; index++) {
      const at = index * ENTRY_WORDS;
      const high = entries[at + 1] as number;
      const type = (entries[at + 5] as number) >>> 16;
      if (types && !types.has(type)) {
        answers[index * ANSWER_WORDS] = wireNumber('TYPE_NOT_DECLARED');
        continue;
      }
      const slot = slotOf(high);
      if (decides(state, slot)) this.#decide(entries, at, from, to, action, answers, index * ANSWER_WORDS);
      else {
        others ??= new Map();
        const owner = state.slots.ownerOf(slot) ?? '';
        const indexes = others.get(owner);
        if (indexes) indexes.push(index);
        else others.set(owner, [index]);
      }
    }
    if (!others) {
      done(answers);
      return;
    }
    let open = others.size;
    for (const [set, indexes] of others)
      this.#askSet(set, entries, indexes, from, to, action, (theirs) => {
        indexes.forEach((index, nth) => {
          answers.set(theirs.subarray(nth * ANSWER_WORDS, (nth + 1) * ANSWER_WORDS), index * ANSWER_WORDS);
          this.#learn(entries, index * ENTRY_WORDS, theirs, nth * ANSWER_WORDS, to, action);
        });
        if (--open === 0) this.#retry(entries, answers, from, to, action, triesLeft, done);
      });
  }

  /** A slot that is being handed over answers RETRY: those are asked again after a while. */
  #retry(
    entries: Uint32Array,
    answers: Uint32Array,
    from: number,
    to: number,
    action: number,
    triesLeft: number,
    done: (answers: Uint32Array) => void,
  ): void {
    const again: number[] = [];
    for (let at = 0; at < answers.length; at += ANSWER_WORDS)
      if (answers[at] === wireNumber('RETRY')) again.push(at / ANSWER_WORDS);
    if (again.length === 0) {
      done(answers);
      return;
    }
    if (triesLeft === 0) {
      for (const index of again) answers[index * ANSWER_WORDS] = wireNumber('UNREACHABLE');
      done(answers);
      return;
    }
    this.#state.clock.after(RETRY_MS, () => {
      const part = pick(entries, again, ENTRY_WORDS);
      const merge = (theirs: Uint32Array): void => {
        again.forEach((index, nth) =>
          answers.set(theirs.subarray(nth * ANSWER_WORDS, (nth + 1) * ANSWER_WORDS), index * ANSWER_WORDS),
        );
        done(answers);
      };
      this.decideAll(part, from, action, undefined, merge, to, triesLeft - 1);
    });
  }

  #decide(
    entries: Uint32Array,
    at: number,
    from: number,
    to: number,
    action: number,
    answers: Uint32Array,
    out: number,
  ): void {
    const state = this.#state;
    const { table } = state;
    const low = entries[at] as number;
    const high = entries[at + 1] as number;
    const check = entries[at + 2] as number;
    const type = (entries[at + 5] as number) >>> 16;
    const found = table.find(low, high);
    const owner = found < 0 ? NOBODY : table.placeAt(found);
    const say = (code: WireCode, term = 0, counter = 0): void => {
      answers[out] = wireNumber(code);
      answers[out + 1] = term;
      answers[out + 2] = counter;
    };
    const give = (place: number): void => {
      if (++state.counter > 0xffff_fff0) state.log('the counter of this term is nearly used up');
      this.#replication.change(low, high, check, state.term, state.counter, type, place);
      answers[out] = 0;
      answers[out + 1] = state.term;
      answers[out + 2] = state.counter;
    };
    if (owner !== NOBODY && (table.checkAt(found) !== check || table.typeAt(found) !== type)) {
      say('COLLISION');
      return;
    }
    const term = entries[at + 3] as number;
    const counter = entries[at + 4] as number;
    if (action === CLAIM.kick || action === CLAIM.reject) {
      if (owner === from) say('OK', table.termAt(found), table.counterAt(found));
      else if (owner === NOBODY) {
        state.counters.registered++;
        give(to);
      } else if (action === CLAIM.reject && state.places.byIndex[owner]?.isAlive) say('EXISTS');
      else {
        state.counters.kicked++;
        this.revoke(owner, low, high, table.termAt(found), table.counterAt(found), type);
        give(to);
      }
      return;
    }
    const order = found < 0 ? 1 : compareEpochs(term, counter, table.termAt(found), table.counterAt(found));
    if (action === CLAIM.move) {
      if (owner === to && order < 0) say('OK', table.termAt(found), table.counterAt(found));
      else if (owner !== from || order !== 0) say('MOVED');
      else give(to);
    } else if (action === CLAIM.remove) {
      if (owner === from && order === 0) give(NOBODY);
      else say('MOVED');
    } else if (order === 0 && owner === from) say('OK', term, counter);
    else if (order > 0 && compareEpochs(term, counter, state.term, 0xffff_ffff) <= 0) {
      // Affirmed: we had lost it, or never heard of it.
      this.#replication.change(low, high, check, term, counter, type, from);
      if (term === state.term && counter > state.counter) state.counter = counter;
      say('OK', term, counter);
    } else say('MOVED');
  }

  /** Tells an owner that it is none any more. */
  revoke(place: number, low: number, high: number, term: number, counter: number, type: number): void {
    const owner = this.#state.places.byIndex[place];
    if (!owner) return;
    const link = owner.link ?? this.#state.places.links[place];
    link?.sendHeader(
      { kind: KIND.revoke },
      wordBytes(Uint32Array.of(low, high, 0, term, counter, (type << 16) | (owner.link ? 0 : place))),
    );
  }

  #askSet(
    set: string,
    entries: Uint32Array,
    indexes: number[],
    from: number,
    to: number,
    action: number,
    done: (answers: Uint32Array) => void,
  ): void {
    const state = this.#state;
    const main = state.peers.get(set)?.main;
    if (!main || main.isDown) {
      // A slot of ours that is on its way to us will be here soon; so will another set's new main.
      done(allOf(indexes.length, 'RETRY'));
      return;
    }
    const id = (this.#lastClaim = (this.#lastClaim + 1) >>> 0);
    const finish = (answers: Uint32Array): void => {
      if (!this.#claims.delete(id)) return;
      cancel();
      done(answers.length === indexes.length * ANSWER_WORDS ? answers : allOf(indexes.length, 'UNREACHABLE'));
    };
    const cancel = state.clock.after(state.times.claimMs, () => finish(allOf(indexes.length, 'UNREACHABLE')));
    this.#claims.set(id, { set, done: finish, cancel });
    const head = Uint32Array.of(from, to);
    const part = pick(entries, indexes, ENTRY_WORDS);
    const payload = new Uint32Array(2 + part.length);
    payload.set(head);
    payload.set(part, 2);
    // The numbers of places are ours: the other side knows them from our announcements.
    main.sendHeader({ kind: KIND.claim, method: action, call: id }, wordBytes(payload));
  }

  /** Another set's router asks us to decide. */
  onClaim(frame: FrameView, link: Link): void {
    const payload = words(frame);
    const { call, method } = frame;
    const entries = payload.slice(2);
    const from = this.#replication.translate(link, payload[0] as number);
    const to = this.#replication.translate(link, payload[1] as number);
    const count = Math.floor(entries.length / ENTRY_WORDS);
    const state = this.#state;
    const answers = new Uint32Array(count * ANSWER_WORDS);
    const mayDecide = state.role === 'main' && state.isReady && performance.now() < state.leaseUntil();
    for (let index = 0; index < count; index++) {
      const at = index * ENTRY_WORDS;
      const isOurs = decides(state, slotOf(entries[at + 1] as number));
      if (!mayDecide || !isOurs || from === NOBODY || to === NOBODY)
        answers[index * ANSWER_WORDS] = wireNumber('RETRY');
      else this.#decide(entries, at, from, to, method, answers, index * ANSWER_WORDS);
    }
    this.#replication.afterMirrored(() => {
      // Increments first: whoever hears the answer has the route already.
      this.#replication.flush();
      if (!link.isDown) link.sendHeader({ kind: KIND.claimed, call }, wordBytes(answers));
    });
  }

  onClaimed(frame: FrameView): void {
    this.#claims.get(frame.call)?.done(words(frame));
  }

  /** The other set's decision, in case its increments come later. */
  #learn(entries: Uint32Array, at: number, answers: Uint32Array, out: number, to: number, action: number): void {
    if (answers[out] !== 0) return;
    const { table } = this.#state;
    const low = entries[at] as number;
    const high = entries[at + 1] as number;
    const term = answers[out + 1] as number;
    const counter = answers[out + 2] as number;
    const found = table.find(low, high);
    if (found >= 0 && compareEpochs(term, counter, table.termAt(found), table.counterAt(found)) <= 0) return;
    const place = action === CLAIM.remove ? NOBODY : to;
    const type = (entries[at + 5] as number) >>> 16;
    this.#replication.change(low, high, entries[at + 2] as number, term, counter, type, place);
  }

  /** Takes the routes of places that are gone out of our slots, some at a time. */
  sweep(gonePlaces: Place | Place[], done: () => void): void {
    const places = new Set((Array.isArray(gonePlaces) ? gonePlaces : [gonePlaces]).map(({ index }) => index));
    let slot = 0;
    const step = (): void => {
      const state = this.#state;
      if (state.isClosed) return;
      if (state.role !== 'main') return;
      if (state.hasFencing && performance.now() >= state.leaseUntil()) {
        // A main that may have been followed already says of nobody that he is gone.
        state.clock.after(RETRY_MS, step);
        return;
      }
      const { table } = state;
      for (const end = Math.min(SLOTS, slot + SWEEP_SLOTS); slot < end; slot++) {
        if (!decides(state, slot)) continue;
        const gone: number[] = [];
        table.eachInSlot(slot, (at) => {
          if (places.has(table.placeAt(at))) gone.push(table.segment[at] as number, table.segment[at + 1] as number);
        });
        for (let index = 0; index < gone.length; index += 2) {
          const low = gone[index] as number;
          const high = gone[index + 1] as number;
          const at = table.find(low, high);
          if (at < 0) continue;
          state.counter++;
          this.#replication.change(low, high, table.checkAt(at), state.term, state.counter, table.typeAt(at), NOBODY);
        }
      }
      if (slot < SLOTS) setImmediate(step);
      else done();
    };
    step();
  }

  /** The link to a set's main fell: its answers will not come. */
  onSetDown(set: string): void {
    for (const claim of [...this.#claims.values()]) if (claim.set === set) claim.done(new Uint32Array(0));
  }

  close(): void {
    for (const claim of this.#claims.values()) claim.cancel();
    this.#claims.clear();
  }
}

function allOf(count: number, code: WireCode): Uint32Array {
  const answers = new Uint32Array(count * ANSWER_WORDS);
  for (let at = 0; at < answers.length; at += ANSWER_WORDS) answers[at] = wireNumber(code);
  return answers;
}

function pick(entries: Uint32Array, indexes: number[], width: number): Uint32Array {
  const part = new Uint32Array(indexes.length * width);
  indexes.forEach((index, nth) => part.set(entries.subarray(index * width, (index + 1) * width), nth * width));
  return part;
}
