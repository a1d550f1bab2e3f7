import type { Move } from './meta-store.ts';
import { type MoveContext, reverseOf } from './move-context.ts';
import { createReplicationSlot } from './replication-slot.ts';

/** The way back of a move, and what is taken away at its end. */
export function createMoveBack({ options, statements, shards, slot, dropLink }: MoveContext) {
  const { exec, publish, dropSubscription, dropPublication, clean, forgetMarks } = statements;

  return {
    async prepareReverse(move: Move): Promise<void> {
      move.reverse = reverseOf(move);
      // In the journal first: what is made next keeps the target's log, and somebody must know of it.
      await options.save(move, 'reverse');
      const { publication, subscription } = move.reverse;
      await shards(move, async ({ to }) => {
        await publish(to, publication, move.first, move.last);
        await createReplicationSlot(to, slot(move, move.to, subscription));
      });
    },
    async startReverse(move: Move): Promise<void> {
      await shards(move, async (both) => {
        await dropLink(move, both);
        const { reverse } = move;
        if (!reverse) return;
        const [there] = await exec(both.from, 'select 1 from pg_subscription where subname = $1', [
          reverse.subscription,
        ]);
        if (there) return;
        await exec(
          both.from,
          `create subscription ${reverse.subscription} connection '${both.urls.to.replaceAll("'", "''")}'
           publication ${reverse.publication}
           with (copy_data = false, create_slot = false, slot_name = '${reverse.subscription}', binary = true)`,
        );
      });
    },
    async clean(move: Move): Promise<void> {
      await shards(move, async ({ from, to }) => {
        const { publication, subscription } = reverseOf(move);
        await dropSubscription(from, subscription);
        await dropPublication(to, publication, subscription);
        await clean(from, move.first, move.last);
        for (const side of [from, to]) await forgetMarks(side, move.first, move.last);
      });
    },
    /** Takes everything away that a move made which has switched nothing. */
    async undo(move: Move): Promise<void> {
      await shards(move, async (both) => {
        await dropLink(move, both);
        const { publication, subscription } = reverseOf(move);
        await dropPublication(both.to, publication, subscription);
        await clean(both.to, move.first, move.last);
        for (const side of [both.from, both.to]) await forgetMarks(side, move.first, move.last);
      });
    },
  };
}
