import type { Clock } from '@sparrow/core';
import type { ObjectId } from '../table/object-id.ts';
import type { Hosted } from './hosted.ts';
import type { Objects } from './objects.ts';

/** Names in doubt are looked after so often, ms. */
const LOOK_MS = 1_000;
const LOOKED_AT_ONCE = 4_096;
/** Names that are looked after at most: those of every registration of many seconds. */
const MAX_DOUBTS = 1 << 18;

/** What the authority says of a name that is to be taken out: done, or what this node has of it, or nobody decides now. */
export type Withdrawal = 'done' | 'open' | { term: number; counter: number };

export interface DoubtsParts {
  clock: Clock;
  objects: Objects;
  /** Asks whether objects that are here are ours; those that are somebody else's are taken out of the table by it. */
  settle(objects: Hosted[]): Promise<('ours' | 'lost' | 'open')[]>;
  /**
   * Takes names out that nobody here has, under the epochs that this node has them in; with epoch 0 it answers which
   * these are.
   */
  withdraw(names: readonly { id: ObjectId; term: number; counter: number }[]): Promise<Withdrawal[]>;
  log(line: string): void;
}

/**
 * Names of which this node does not know whether the authority gave or took them: the answer did not come in time. Such
 * a name must not stay with a node that has no object of it, and an object must not stay without its name. So the
 * authority is asked until it says what it did, and what nobody wants is given back.
 */
export class Doubts {
  readonly #parts: DoubtsParts;
  readonly #names = new Map<string, ObjectId>();
  #cancel: (() => void) | undefined;
  #withdrawing = new Set<string>();
  #withdrawn: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(parts: DoubtsParts) {
    this.#parts = parts;
  }

  add(ids: readonly ObjectId[]): void {
    for (const id of ids) {
      if (this.#names.size >= MAX_DOUBTS) {
        this.#parts.log(`${MAX_DOUBTS} names are in doubt: whether ${id.type}/${id.key} is ours will not be found out`);
        break;
      }
      this.#names.set(keyOf(id), id);
    }
    this.#schedule();
  }

  /**
   * A registration waits for the end of a withdrawal of its name: it would be taken for what is withdrawn. When the
   * promise is over it is to be asked again: another withdrawal may have begun.
   */
  withdrawalOf(objects: readonly Hosted[]): Promise<unknown> | undefined {
    if (this.#withdrawing.size === 0) return undefined;
    return objects.some(({ id }) => this.#withdrawing.has(keyOf(id))) ? this.#withdrawn : undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
    this.#names.clear();
  }

  #schedule(): void {
    if (this.#isClosed || this.#cancel || this.#names.size === 0) return;
    this.#cancel = this.#parts.clock.after(LOOK_MS, () => {
      // Where no router answers, it is asked again.
      void this.#look().then(() => {
        this.#cancel = undefined;
        this.#schedule();
      });
    });
  }

  async #look(): Promise<void> {
    const { objects } = this.#parts;
    const here: Hosted[] = [];
    const nowhere: ObjectId[] = [];
    for (const [key, id] of [...this.#names].slice(0, LOOKED_AT_ONCE)) {
      // Behind those that wait, in case it has to be asked for again.
      this.#names.delete(key);
      this.#names.set(key, id);
      const object = objects.here.get(id.low, id.high);
      // What moves finds out by itself; what registers is answered.
      if (object?.state === 'active') here.push(object);
      else if (!objects.has(id)) nowhere.push(id);
    }
    await Promise.allSettled([
      here.length > 0 && this.#settle(here),
      nowhere.length > 0 && this.#withdraw(nowhere.map((id) => ({ id, term: 0, counter: 0 }))),
    ]);
  }

  async #settle(here: Hosted[]): Promise<void> {
    const verdicts = await this.#parts.settle(here);
    here.forEach(({ id }, nth) => {
      if (verdicts[nth] !== 'open') this.#names.delete(keyOf(id));
    });
  }

  async #withdraw(names: readonly { id: ObjectId; term: number; counter: number }[]): Promise<void> {
    const keys = names.map(({ id }) => keyOf(id));
    for (const key of keys) this.#withdrawing.add(key);
    const asked = this.#parts.withdraw(names).finally(() => {
      for (const key of keys) this.#withdrawing.delete(key);
    });
    this.#withdrawn = Promise.all([this.#withdrawn, asked]).catch(() => {});
    const answers = await asked;
    const ours: { id: ObjectId; term: number; counter: number }[] = [];
    names.forEach(({ id }, nth) => {
      const answer = answers[nth] ?? 'open';
      if (answer === 'done') this.#names.delete(keyOf(id));
      // It may have come here meanwhile, by a move.
      else if (answer !== 'open' && !this.#parts.objects.has(id)) ours.push({ id, ...answer });
    });
    if (ours.length > 0) await this.#withdraw(ours);
  }
}

const keyOf = ({ low, high }: { low: number; high: number }): string => `${high}:${low}`;
