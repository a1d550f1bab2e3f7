import type { Clock } from '@sparrow/core';
import type { RootDatabase } from 'lmdb';
import { StoreError } from '../../errors.ts';
import { phrase } from '../../phrase.ts';
import { SPACE, spaced } from './layout.ts';
import type { Overlay } from './overlay.ts';
import { REVISION_KEY } from './revisions.ts';

/** Under this name LMDB has the number of the last change that is in it, in the same transaction. */
export const APPLIED = 'applied';
export const APPLIED_KEY = spaced(SPACE.meta, Buffer.from(APPLIED));

/** Takes what is durable in the log to LMDB, in batches. */
export interface Applier {
  /** The last change that is in LMDB. */
  readonly applied: number;
  /** The last change that is durable: a batch goes up to it. */
  durableSequence: number;
  /** A batch is on its way, and the disk busy with it. */
  readonly isBusy: boolean;
  /** Batches that failed since the last that did not. */
  readonly failures: number;
  /** A batch of all that is durable, soon. */
  schedule(): void;
  /** A batch of all that the overlay has, now. @throws what LMDB says */
  apply(upTo: number): Promise<void>;
  /** Everything that is durable now is in LMDB, whatever becomes durable meanwhile. @throws what LMDB said last */
  settle(): Promise<void>;
  /** Who writes waits here while too much waits for LMDB. @throws StoreError DISK_FULL, OVERLOADED */
  waitForRoom(deadline: number): Promise<void>;
  close(): Promise<void>;
}

/** Batches that fail in a row before writers are told that the disk is full. */
const FAILURES = 3;
/** A writer that waits looks again at least so often. */
const LOOK_MS = 100;

export function createApplier(options: {
  db: RootDatabase<Buffer, Buffer>;
  overlay: Overlay;
  /** Bytes that may wait before writers must. */
  overlayBytes: number;
  everyMs: number;
  clock: Clock;
  applied: number;
  /** The highest revision that was given: it is noted with each batch. */
  rev(): number;
  /** A batch is in LMDB, by itself durable there. */
  onApplied(upTo: number): Promise<void>;
}): Applier {
  const { db, overlay, overlayBytes, everyMs, clock } = options;
  let { applied } = options;
  let timer: (() => void) | undefined;
  let running: Promise<void> | undefined;
  let closed = false;
  let failures = 0;
  let lastError: unknown;
  const room: (() => void)[] = [];
  const wakeAll = (): void => {
    for (const wake of room.splice(0)) wake();
  };

  async function apply(upTo: number): Promise<void> {
    const batch = overlay.take();
    try {
      let last: Promise<boolean> | undefined;
      const whole = db.batch(() => {
        for (const { key, value } of batch.values()) {
          if (value) void db.put(key, value);
          else void db.remove(key);
        }
        void db.put(REVISION_KEY, Buffer.from(String(options.rev())));
        last = db.put(APPLIED_KEY, Buffer.from(String(upTo)));
      });
      // A commit that fails rejects them both.
      last?.catch(() => {});
      await whole;
    } catch (error) {
      overlay.putBack();
      // lmdb tells the reason by another promise: nobody else waits for it, and it would end the process.
      const { commitError } = error as { commitError?: Promise<never> };
      commitError?.catch((reason: unknown) => (lastError = reason));
      throw error;
    }
    // lmdb lets go of older views of LMDB before it says that the batch is there, so no read misses what leaves the
    // overlay.
    overlay.applied();
    applied = upTo;
  }

  async function applyAll(): Promise<void> {
    try {
      const upTo = applier.durableSequence;
      await apply(upTo);
      failures = 0;
      await options.onApplied(upTo);
    } catch (error) {
      // A full disk: the log still has everything. Writers stop when the overlay is full, and this is tried again.
      failures++;
      lastError = error;
    }
    wakeAll();
  }

  /** One batch at a time: a second one would take the place of what the first one is still writing. */
  function run(): Promise<void> {
    timer?.();
    timer = undefined;
    running ??= applyAll().finally(() => {
      running = undefined;
      if (overlay.durable.size > 0) applier.schedule();
    });
    return running;
  }

  const applier: Applier = {
    durableSequence: 0,
    get applied() {
      return applied;
    },
    get isBusy() {
      return running !== undefined;
    },
    get failures() {
      return failures;
    },
    apply,
    schedule() {
      if (running || closed) return;
      // Few large batches cost LMDB least; but who writes must not wait for room.
      const soon = overlay.bytes > overlayBytes / 2;
      if (timer && !soon) return;
      timer?.();
      timer = clock.after(soon ? 0 : everyMs, () => void run());
    },
    async settle() {
      const upTo = applier.durableSequence;
      while (applied < upTo) {
        // A batch that is on its way may have begun before what is asked for.
        if (running) await running;
        else {
          await run();
          if (failures > 0) throw lastError;
        }
      }
    },
    async waitForRoom(deadline) {
      while (overlay.bytes > overlayBytes) {
        if (failures > FAILURES)
          throw new StoreError('DISK_FULL', phrase`the store cannot take changes from its log`, {
            hint: phrase`free room on the disk; the store goes on by itself`,
            cause: lastError,
          });
        const left = deadline - performance.now();
        if (left <= 0)
          throw new StoreError('OVERLOADED', phrase`more changes are waiting for the disk than the store keeps`, {
            hint: phrase`send fewer at once, or try again`,
          });
        applier.schedule();
        await new Promise<void>((resolve) => {
          const look = setTimeout(resolve, Math.min(left, LOOK_MS));
          room.push(() => {
            clearTimeout(look);
            resolve();
          });
        });
      }
    },
    async close() {
      closed = true;
      timer?.();
      await running;
      wakeAll();
    },
  };
  return applier;
}
