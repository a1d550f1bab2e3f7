import type { Move } from './meta-store.ts';
import { createMoveBack } from './move-back.ts';
import { createMoveContext, type MoveStepOptions } from './move-context.ts';
import { createMoveCopy } from './move-copy.ts';
import { createMoveSwitch } from './move-switch.ts';

/** The steps of a move: each may be done again by whoever resumes it. */
export interface MoveSteps {
  copy(move: Move): Promise<void>;
  /** Waits until the copy is whole; false when it never will be, since its replication is gone. */
  catchUp(move: Move): Promise<boolean>;
  /**
   * Before the first slot is switched the target begins to keep what will be written there; notes it in the journal
   * first.
   */
  prepareReverse(move: Move): Promise<void>;
  /** Hands all slots over, and notes each group in the journal. */
  switchAll(move: Move): Promise<void>;
  startReverse(move: Move): Promise<void>;
  clean(move: Move): Promise<void>;
  undo(move: Move): Promise<void>;
  /** What the meta store decided is granted, the rest belongs to the source again. */
  settle(move: Move): Promise<void>;
  replicationLives(move: Move): Promise<boolean>;
}

export function createMoveSteps(options: MoveStepOptions): MoveSteps {
  const context = createMoveContext(options);
  const { settleOn, switchAll } = createMoveSwitch(context);
  const back = createMoveBack(context);
  const settle = (move: Move): Promise<void> => context.shards(move, ({ from, to }) => settleOn(move, from, to));
  return {
    ...createMoveCopy(context),
    ...back,
    switchAll,
    settle,
    async undo(move) {
      await settle(move);
      await back.undo(move);
    },
  };
}
