import { type Clock, PendingCalls } from '@sparrow/core';
import { type RouterErrorCode, refusal, WIRE_CODES, type WireCode } from '../errors.ts';
import { encodeFrame, type FrameView, wordBytes, words } from '../frames/frame.ts';
import { FLAG, KIND } from '../frames/layout.ts';
import type { Link } from '../links/link.ts';
import type { Requests } from '../links/requests.ts';
import { phrase } from '../phrase.ts';
import { type ObjectId, typeNumber } from '../table/object-id.ts';
import { ENTRY_WORDS, entryHash } from '../table/route-table.ts';
import { Doubts, type Withdrawal } from './doubts.ts';
import { failureOf, type Hosted } from './hosted.ts';
import type { Objects } from './objects.ts';

const REGISTER_ENTRIES = 4096;
const REGISTER_MS = 10_000;
/** Objects that are compared in one turn of the event loop. */
const RECONCILE_OBJECTS = 5_000;
/** Objects that nobody decides about are told again after this. */
const AGAIN_MS = 1_000;
const ACTION = { kick: 0, reject: 1 } as const;
/** Nobody has decided: it may be asked again. */
const OPEN_CODES: readonly string[] = ['UNREACHABLE', 'RETRY', 'TIMEOUT'];

interface Answers {
  entries: Uint32Array;
  isCovered: boolean;
  /** A former main was asked, too, and may have done what this one knows nothing of. */
  wasAskedBefore: boolean;
}

interface Waiting {
  frame: Uint8Array;
  wasAskedBefore: boolean;
  resolve(answers: Answers): void;
  reject(error: Error): void;
}

/** What became of one registration. */
export interface Outcome {
  code: RouterErrorCode | 'OK';
  /** A standby has it, too: it survives the death of the main's process. */
  isCovered: boolean;
}

export interface RegistrarParts {
  clock: Clock;
  objects: Objects;
  requests: Requests;
  main(): Link | undefined;
  nextCall(): number;
  log(line: string): void;
}

/** Tells the main router which objects live here, and again when another leads. */
export class Registrar {
  readonly #parts: RegistrarParts;
  readonly #calls: PendingCalls<Waiting>;
  readonly #doubts: Doubts;

  constructor(parts: RegistrarParts) {
    this.#parts = parts;
    this.#calls = new PendingCalls({
      clock: parts.clock,
      onLate: ({ reject }) => reject(refusal('UNREACHABLE', phrase`no router has answered the registration`)),
    });
    const { clock, objects, log } = parts;
    this.#doubts = new Doubts({
      clock,
      objects,
      settle: (here) => this.#settleObjects(here),
      withdraw: (names) => this.#withdraw(names),
      log,
    });
  }

  onAnswer(frame: FrameView): void {
    const waiting = this.#calls.take(frame.call);
    if (!waiting) return;
    const { wasAskedBefore, resolve } = waiting;
    resolve({ entries: words(frame), isCovered: !(frame.flags & FLAG.uncovered), wasAskedBefore });
  }

  /** Another router leads: what is open is asked again, and what it does not know of us is told. */
  onMain(main: Link): void {
    for (const waiting of this.#calls.values()) {
      waiting.wasAskedBefore = true;
      main.send(waiting.frame);
    }
    void this.#reconcile(main);
  }

  /** @throws RouterError UNREACHABLE when no router answers */
  async unregister(object: Hosted): Promise<void> {
    const answers = await this.#send(KIND.unregister, 0, entriesOf([object])).catch((error: unknown) => {
      this.#doubt([object], error);
      throw error;
    });
    const code = codeAt(answers, 0);
    // A later registration of the name at this node, of which we never heard, has it still.
    if (isInDoubt(code, answers) || (code === 'MOVED' && answers.entries[1] !== 0)) this.#doubts.add([object.id]);
    if (OPEN_CODES.includes(code)) throw refusal('UNREACHABLE', phrase`nobody decides about the object now`);
  }

  /** Registers objects; what came of each, in order. An object that is refused changes nothing here. */
  async register(objects: Hosted[], policy: 'kick' | 'reject'): Promise<Outcome[]> {
    for (
      let withdrawal = this.#doubts.withdrawalOf(objects);
      withdrawal;
      withdrawal = this.#doubts.withdrawalOf(objects)
    )
      await withdrawal;
    const outcomes: Outcome[] = objects.map(() => ({ code: 'EXISTS', isCovered: false }));
    const wanted: number[] = [];
    objects.forEach((object, index) => {
      if (policy === 'reject' && this.#parts.objects.has(object.id)) object.state = 'gone';
      else {
        wanted.push(index);
        this.#parts.objects.expect(object);
      }
    });
    const parts: Promise<void>[] = [];
    for (let from = 0; from < wanted.length; from += REGISTER_ENTRIES) {
      const part = wanted.slice(from, from + REGISTER_ENTRIES);
      const candidates = part.map((index) => objects[index] as Hosted);
      parts.push(
        this.#send(KIND.register, ACTION[policy], entriesOf(candidates)).then(
          (answers) =>
            part.forEach((index, nth) => {
              outcomes[index] = this.#settle(candidates[nth] as Hosted, answers, nth);
            }),
          // Nobody knows whether it was done: it is not ours, and what the router says about it is refused.
          (error: unknown) => {
            this.#doubt(candidates, error);
            part.forEach((index, nth) => {
              this.#parts.objects.dismiss(candidates[nth] as Hosted, 'UNREACHABLE');
              outcomes[index] = { code: failureOf(error).code, isCovered: false };
            });
          },
        ),
      );
    }
    await Promise.all(parts);
    return outcomes;
  }

  /** No router answered: it may have done all the same what it was asked for. */
  #doubt(objects: readonly Hosted[], error: unknown): void {
    if (failureOf(error).code !== 'CLOSED') this.#doubts.add(objects.map(({ id }) => id));
  }

  #settle(object: Hosted, answers: Answers, nth: number): Outcome {
    const { objects } = this.#parts;
    const { entries, isCovered } = answers;
    const code = codeAt(answers, nth);
    if (isInDoubt(code, answers)) this.#doubts.add([object.id]);
    if (code === 'OK') {
      objects.accept(object, { term: entries[nth * 3 + 1] as number, counter: entries[nth * 3 + 2] as number });
      return { code, isCovered };
    }
    const isOpen = OPEN_CODES.includes(code);
    objects.dismiss(object, isOpen ? 'UNREACHABLE' : 'NO_SUCH_OBJECT');
    return { code: isOpen ? 'UNREACHABLE' : (code as RouterErrorCode), isCovered: false };
  }

  /**
   * Asks whether an object that is here is still ours, under the epoch that it has or one that it gets by that.
   * `lost`: somebody else has the name. `open`: nobody decides about it now.
   */
  async affirm(objects: Hosted[]): Promise<('ours' | 'lost' | 'open')[]> {
    const answers = await this.#send(KIND.affirm, 0, entriesOf(objects));
    const verdicts = objects.map((_, nth): 'ours' | 'lost' | 'open' => {
      const code = codeAt(answers, nth);
      return code === 'OK' ? 'ours' : OPEN_CODES.includes(code) ? 'open' : 'lost';
    });
    // Somebody may have taken the name meanwhile; where nobody has, it stays ours under a new epoch.
    const doubtful = objects.flatMap((object, nth) => (verdicts[nth] === 'lost' ? [{ object, nth }] : []));
    if (doubtful.length > 0) await this.#takeBack(doubtful, verdicts);
    // Who was taken out meanwhile may have been given the name anew by what we asked.
    this.#doubts.add(objects.filter(({ state }) => state === 'gone').map(({ id }) => id));
    return verdicts;
  }

  async #takeBack(doubtful: { object: Hosted; nth: number }[], verdicts: ('ours' | 'lost' | 'open')[]): Promise<void> {
    const again = await this.#send(KIND.register, ACTION.reject, entriesOf(doubtful.map(({ object }) => object)));
    doubtful.forEach(({ object, nth }, index) => {
      const code = codeAt(again, index);
      if (OPEN_CODES.includes(code)) verdicts[nth] = 'open';
      else if (code === 'OK' && object.state !== 'gone') {
        object.term = again.entries[index * 3 + 1] as number;
        object.counter = again.entries[index * 3 + 2] as number;
        verdicts[nth] = 'ours';
      }
    });
  }

  /** Affirms objects and lets go of those that are somebody else's. */
  async #settleObjects(part: Hosted[]): Promise<('ours' | 'lost' | 'open')[]> {
    const verdicts = await this.affirm(part);
    part.forEach((object, nth) => {
      if (verdicts[nth] === 'lost' && object.state === 'active') this.#parts.objects.remove(object, 'kicked');
    });
    return verdicts;
  }

  async #withdraw(names: readonly { id: ObjectId; term: number; counter: number }[]): Promise<Withdrawal[]> {
    const answers = await this.#send(KIND.unregister, 0, entriesOf(names));
    return names.map((_, nth): Withdrawal => {
      const code = codeAt(answers, nth);
      if (OPEN_CODES.includes(code)) return 'open';
      const [term = 0, counter = 0] = answers.entries.subarray(nth * 3 + 1, nth * 3 + 3);
      return code === 'MOVED' && term !== 0 ? { term, counter } : 'done';
    });
  }

  #send(kind: number, method: number, entries: Uint32Array): Promise<Answers> {
    const { main, nextCall } = this.#parts;
    const call = nextCall();
    const frame = encodeFrame({ kind, method, call }, wordBytes(entries));
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { frame, wasAskedBefore: false, resolve, reject }, REGISTER_MS);
      main()?.send(frame);
    });
  }

  #again(main: Link): void {
    this.#parts.clock.after(AGAIN_MS, () => {
      if (this.#parts.main() === main) void this.#reconcile(main);
    });
  }

  /** After a change of the main: what it does not know of us is told again. */
  async #reconcile(main: Link): Promise<void> {
    const { objects, requests, log } = this.#parts;
    const leads = (): boolean => this.#parts.main() === main;
    try {
      let count = 0;
      let digest = 0;
      let seen = 0;
      const ours: Hosted[] = [];
      for (const object of objects.here.values()) {
        // A node may hold very many: messages go on meanwhile.
        if (++seen % RECONCILE_OBJECTS === 0) {
          await new Promise((resolve) => setImmediate(resolve));
          if (!leads()) return;
        }
        if (object.state !== 'active' && object.state !== 'moving') continue;
        ours.push(object);
        count++;
        digest ^= entryHash(object.id.low, object.id.high, object.term, object.counter);
      }
      const theirs = await requests.ask<{ count: number; digest: number }>(main, { op: 'digest' });
      if (theirs.count === count && theirs.digest === digest >>> 0) return;
      log(`the router knows ${theirs.count} of our objects, we hold ${count}: telling all`);
      let open = 0;
      for (let from = 0; from < ours.length && leads(); from += REGISTER_ENTRIES) {
        // What is moving finds out by itself.
        const part = ours.slice(from, from + REGISTER_ENTRIES).filter(({ state }) => state === 'active');
        const verdicts = await this.#settleObjects(part);
        for (const verdict of verdicts) if (verdict === 'open') open++;
      }
      if (open > 0) {
        log(`${open} objects could not be affirmed, they are told again`);
        this.#again(main);
      }
    } catch (error) {
      log(`comparing with the router failed: ${failureOf(error).message}`);
      if (leads()) this.#again(main);
    }
  }

  close(): void {
    this.#doubts.close();
    for (const { reject } of this.#calls.close()) reject(refusal('CLOSED', phrase`the node was closed`));
  }
}

const codeAt = ({ entries }: Answers, nth: number): WireCode => WIRE_CODES[entries[nth * 3] as number] ?? 'FAILED';

/** TIMEOUT: another set was asked and has not answered. */
const isInDoubt = (code: WireCode, { wasAskedBefore }: Answers): boolean =>
  code === 'TIMEOUT' || (wasAskedBefore && OPEN_CODES.includes(code));

function entriesOf(objects: readonly { id: ObjectId; term: number; counter: number }[]): Uint32Array {
  const entries = new Uint32Array(objects.length * ENTRY_WORDS);
  objects.forEach((object, index) => {
    const at = index * ENTRY_WORDS;
    entries[at] = object.id.low;
    entries[at + 1] = object.id.high;
    entries[at + 2] = object.id.check;
    entries[at + 3] = object.term;
    entries[at + 4] = object.counter;
    entries[at + 5] = typeNumber(object.id.type) << 16;
  });
  return entries;
}
