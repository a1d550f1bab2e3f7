import { PendingCalls } from '@sparrow/core';
import { type WireCode, wireNumber } from '../errors.ts';
import { type FrameView, wordBytes, words } from '../frames/frame.ts';
import { FLAG, KIND } from '../frames/layout.ts';
import { ENTRY_WORDS } from '../table/route-table.ts';
import type { RouterState } from './state.ts';

/** Words of one answer: code, term, counter. */
const ANSWER_WORDS = 3;

interface Claim {
  set: string;
  count: number;
  done(answers: Uint32Array, isCovered: boolean): void;
}

/** Questions to the sets that decide about other slots than ours. */
export class Claims {
  readonly #state: RouterState;
  readonly #open: PendingCalls<Claim>;

  constructor(state: RouterState) {
    this.#state = state;
    // Whether it was decided is unknown.
    this.#open = new PendingCalls({
      clock: state.clock,
      onLate: ({ count, done }) => done(allOf(count, 'TIMEOUT'), false),
    });
  }

  /** The numbers of places are ours: the other side knows them from our announcements. */
  ask(
    set: string,
    question: { entries: Uint32Array; from: number; to: number; action: number },
    done: Claim['done'],
  ): void {
    const { entries, from, to, action } = question;
    const count = entries.length / ENTRY_WORDS;
    const main = this.#state.peers.get(set)?.main;
    if (!main || main.isDown) {
      // A slot of ours that is on its way to us will be here soon; so will another set's new main.
      done(allOf(count, 'RETRY'), false);
      return;
    }
    const call = this.#open.add({ set, count, done }, this.#state.times.claimMs);
    const payload = new Uint32Array(2 + entries.length);
    payload.set([from, to]);
    payload.set(entries, 2);
    main.sendHeader({ kind: KIND.claim, method: action, call }, wordBytes(payload));
  }

  onAnswer(frame: FrameView): void {
    const claim = this.#open.take(frame.call);
    if (!claim) return;
    const answers = words(frame);
    const isWhole = answers.length === claim.count * ANSWER_WORDS;
    claim.done(isWhole ? answers : allOf(claim.count, 'TIMEOUT'), !(frame.flags & FLAG.uncovered));
  }

  /** The link to a set's main fell: its answers will not come. */
  onSetDown(set: string): void {
    for (const { count, done } of this.#open.takeWhere((claim) => claim.set === set))
      done(allOf(count, 'TIMEOUT'), false);
  }

  close(): void {
    this.#open.close();
  }
}

function allOf(count: number, code: WireCode): Uint32Array {
  const answers = new Uint32Array(count * ANSWER_WORDS);
  for (let at = 0; at < answers.length; at += ANSWER_WORDS) answers[at] = wireNumber(code);
  return answers;
}
