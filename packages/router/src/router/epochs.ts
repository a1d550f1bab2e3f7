import type { RouterState } from './state.ts';

const LAST_COUNTER = 0xffff_ffff;
/** A new term is asked for when so few numbers are left: enough for some seconds of the heaviest rush. */
const RESERVE = 1 << 24;
const AGAIN_MS = 500;

/**
 * Numbers of this router's term, and a new term before they are used up: an epoch that comes later is always the
 * higher one.
 */
export class Epochs {
  readonly #state: RouterState;
  #renewing: Promise<boolean> | undefined;

  constructor(state: RouterState) {
    this.#state = state;
  }

  /** Takes the next number: the epoch is the state's term and counter then. False when there is none in this term. */
  next(): boolean {
    const state = this.#state;
    if (state.counter >= LAST_COUNTER - RESERVE) void this.renew(state.term);
    if (state.counter >= LAST_COUNTER) return false;
    state.counter++;
    return true;
  }

  /**
   * Gets a term above `term` from the coordinator, however often that takes; without `term` one that nobody had when
   * this was called. False when this router leads no more.
   */
  async renew(term?: number): Promise<boolean> {
    // One that is asked for already may be older than what somebody else got meanwhile.
    if (term === undefined) await this.#renewing;
    const below = term ?? this.#state.term;
    while (this.#state.term <= below) {
      this.#renewing ??= this.#renewOnce().finally(() => {
        this.#renewing = undefined;
      });
      if (!(await this.#renewing)) return false;
    }
    return this.#state.role === 'main';
  }

  async #renewOnce(): Promise<boolean> {
    const state = this.#state;
    while (state.role === 'main' && !state.isClosed)
      try {
        const next = await state.coordinator.nextTerm();
        if (state.role !== 'main') return false;
        // Meanwhile it may have been elected anew.
        if (next > state.term) {
          state.term = next;
          state.counter = 0;
          state.onNewTerm();
        }
        return true;
      } catch (error) {
        state.log(`a new term has to wait: ${error instanceof Error ? error.message : String(error)}`);
        await new Promise<void>((resolve) => {
          state.clock.after(AGAIN_MS, resolve);
        });
      }
    return false;
  }
}
