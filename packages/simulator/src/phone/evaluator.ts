import { type Channel, emitOn } from '@sparrow/runtime/bridge';
import type { DebugResult } from '@sparrow/runtime/native';
import { tickPunctually } from './punctual.ts';

/** A logic layer that does not answer in this time is given up. Milliseconds. */
const EVALUATE_TIMEOUT_MS = 20_000;
/** How often the logic layer is asked for a sign of life, and how long it may take. Milliseconds. */
const WATCH_MS = 2_000;
const STUCK_MS = 6_000;

/** Runs functions in the logic layer: for tests, `check` and the watch below. */
export interface Evaluator {
  /** Runs `(function)(env, ...args)`; rejects with what it throws, or when the logic layer does not answer. */
  evaluate(source: string, args: unknown[]): Promise<unknown>;
  /** An answer has come. */
  settle(result: DebugResult): void;
}

export function createEvaluator(service: Channel): Evaluator {
  const waiting = new Map<number, (result: DebugResult) => void>();
  let lastId = 0;
  return {
    evaluate(source, args) {
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(id);
          reject(new Error(`the logic layer did not answer in ${EVALUATE_TIMEOUT_MS} ms`));
        }, EVALUATE_TIMEOUT_MS);
        waiting.set(id, ({ value, error }) => {
          clearTimeout(timer);
          waiting.delete(id);
          if (error === undefined) resolve(value);
          else reject(new Error(error));
        });
        emitOn(service, 'evaluate', id, source, args);
      });
    },
    settle: (result) => waiting.get(result.id)?.(result),
  };
}

/**
 * Asks the logic layer now and then whether it still lives: a script that never ends would leave the phone silent. Only
 * time in which this side was punctual itself counts, since a busy machine is no fault of a script; and whoever answers
 * after all was not stuck.
 *
 * @returns a function that ends the watch.
 */
export function watchLogic(
  evaluate: Evaluator['evaluate'],
  on: { stuck(seconds: number): void; alive(): void },
): () => void {
  let silent = 0;
  let asked = false;
  let stuck = false;
  const ask = (): void => {
    asked = true;
    void evaluate('() => 1', []).then(
      () => {
        silent = 0;
        asked = false;
        if (stuck) on.alive();
        stuck = false;
      },
      () => {},
    );
  };
  return tickPunctually(WATCH_MS, (punctual) => {
    if (asked && punctual) silent += WATCH_MS;
    if (silent > STUCK_MS && !stuck) {
      stuck = true;
      on.stuck(STUCK_MS / 1000);
    }
    // A question that was given up has no answer any more; another one may have.
    if (!asked || stuck) ask();
  });
}
