import { type Clock, PendingCalls } from '@sparrow/core';
import { refusal } from '../errors.ts';
import { phrase } from '../phrase.ts';

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/** Those who wait until a main router leads the node. */
export class MainWaiters {
  readonly #waiting: PendingCalls<Waiter>;

  constructor(clock: Clock) {
    this.#waiting = new PendingCalls({
      clock,
      onLate: ({ reject }) => reject(refusal('UNREACHABLE', phrase`no main router in time`)),
    });
  }

  /** @throws RouterError UNREACHABLE after `timeoutMs` */
  wait(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.add({ resolve, reject }, timeoutMs));
  }

  wake(): void {
    for (const { resolve } of this.#waiting.takeWhere(() => true)) resolve();
  }

  close(): void {
    for (const { reject } of this.#waiting.close()) reject(refusal('CLOSED', phrase`the node was closed`));
  }
}
