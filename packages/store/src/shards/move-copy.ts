import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../errors.ts';
import type { Move } from './meta-store.ts';
import { copiedFrom, type MoveContext } from './move-context.ts';
import { blockersOf, createReplicationSlot } from './replication-slot.ts';
import type { ShardClient } from './shard-client.ts';

const LOOK_MS = 50;
/** Who waits for a copy is told so often for whom. */
const TELL_MS = 5_000;

/** The first steps of a move: the copy, and what is written meanwhile. */
export function createMoveCopy({ options, statements, shards, slot, dropLink }: MoveContext) {
  const { exec, publish, numberOf, clean } = statements;

  async function copy(move: Move): Promise<void> {
    await shards(move, async (both) => {
      const { from, to, urls } = both;
      const { publication, subscription } = move.link;
      // What an earlier attempt left behind is of no use: its slot may be gone with a failover.
      await dropLink(move, both);
      await clean(to, move.first, move.last);
      await publish(from, publication, copiedFrom(move), move.last);
      try {
        await createReplicationSlot(from, slot(move, move.from, subscription));
        await exec(
          to,
          `create subscription ${subscription} connection '${urls.from.replaceAll("'", "''")}' publication ${publication}
           with (copy_data = true, create_slot = false, binary = true, streaming = off)`,
        );
      } catch (error) {
        // Nothing goes on behind the back of who is told that it did not begin.
        await dropLink(move, both).catch(() => {});
        throw error;
      }
      const made = await numberOf(to, subscription);
      if (made !== undefined) move.link.number = made;
    });
  }

  async function catchUp(move: Move): Promise<void> {
    const end = performance.now() + options.copyMs;
    let told = performance.now();
    await shards(move, async ({ from, to }) => {
      for (;;) {
        const waiting = await tablesToCopy(move, from, to);
        if (waiting === 0) return;
        const now = performance.now();
        if (now > end) {
          const [oldest] = await blockersOf(from).catch(() => []);
          throw new StoreError('TIMEOUT', `the copy of move ${move.id} takes longer than ${options.copyMs} ms`, {
            hint: oldest ? `it waits for ${oldest.text}; resume it later` : 'resume it later',
          });
        }
        if (now - told > TELL_MS) {
          told = now;
          const [oldest] = await blockersOf(from).catch(() => []);
          if (oldest) options.onWait?.(move, `shard ${move.from} may wait for ${oldest.text}`);
        }
        await sleep(LOOK_MS);
      }
    });
  }

  /** @throws StoreError MOVE_REFUSED when there is no replication any more */
  async function tablesToCopy(move: Move, from: ShardClient, to: ShardClient): Promise<number> {
    const { subscription } = move.link;
    const [state] = await exec(
      to,
      `select count(*) filter (where r.srsubstate <> 'r')::int as waiting, count(*)::int as tables
       from pg_subscription s join pg_subscription_rel r on r.srsubid = s.oid where s.subname = $1`,
      [subscription],
    );
    const [kept] = await exec(from, 'select 1 from pg_replication_slots where slot_name = $1', [subscription]);
    if (Number(state?.tables) === 0 || !kept)
      throw new StoreError('MOVE_REFUSED', `the replication of move ${move.id} is gone`, {
        hint: 'a shard failed over in mid-move: it is copied again',
      });
    return Number(state?.waiting);
  }

  async function replicationLives(move: Move): Promise<boolean> {
    return shards(move, async ({ from, to }) => {
      const { subscription } = move.link;
      const [kept] = await exec(from, 'select 1 from pg_replication_slots where slot_name = $1', [subscription]);
      const [there] = await exec(to, 'select 1 from pg_subscription where subname = $1', [subscription]);
      return kept !== undefined && there !== undefined;
    });
  }

  return { copy, catchUp, replicationLives };
}
