import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { Move } from './meta-store.ts';
import { copiedFrom, type MoveContext } from './move-context.ts';
import { blockersOf, createReplicationSlot } from './replication-slot.ts';
import type { ShardClient } from './shard-client.ts';

const LOOK_MS = 50;
/** Who waits for a copy is told so often for whom. */
const TELL_MS = 5_000;

/** State of a table that was read and has not caught up with what was written meanwhile. */
const READ = 'f';

interface TableState {
  /** Its number on the target. */
  table: number;
  /** As in `pg_subscription_rel`; `r` when the copy is whole. */
  state: string;
}

/** The first steps of a move: the copy, and what is written meanwhile. */
export function createMoveCopy({ options, statements, shards, slot, dropLink }: MoveContext) {
  const { exec, publish, numberOf, systemOf, clean, forgetMarks } = statements;

  async function copy(move: Move): Promise<void> {
    await shards(move, async (both) => {
      const { from, to, urls } = both;
      const { publication, subscription } = move.link;
      // What an earlier attempt left behind is of no use: its slot may be gone with a failover.
      await dropLink(move, both);
      await clean(to, move.first, move.last);
      await forgetMarks(to, move.first, move.last);
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

  async function catchUp(move: Move): Promise<boolean> {
    const end = performance.now() + options.copyMs;
    let told = performance.now();
    return shards(move, async ({ from, to }) => {
      for (;;) {
        const states = await statesOf(move, to);
        if (states.length === 0 || !(await slotsLive(move, from, to, states))) return false;
        if (states.every(({ state }) => state === 'r')) return true;
        const now = performance.now();
        if (now > end) {
          const [oldest] = await blockersOf(from).catch(() => []);
          throw new StoreError('TIMEOUT', phrase`the copy of move ${move.id} takes longer than ${options.copyMs} ms`, {
            hint: oldest ? phrase`it waits for ${oldest.text}; resume it later` : phrase`resume it later`,
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

  async function replicationLives(move: Move): Promise<boolean> {
    return shards(move, async ({ from, to }) => {
      const states = await statesOf(move, to);
      return states.length > 0 && (await slotsLive(move, from, to, states));
    });
  }

  /** The tables of a move's replication on the target, and how far the copy of each is. */
  async function statesOf(move: Move, to: ShardClient): Promise<TableState[]> {
    const rows = await exec(
      to,
      `select r.srrelid::int8::text as table, r.srsubstate as state
       from pg_subscription s join pg_subscription_rel r on r.srsubid = s.oid where s.subname = $1`,
      [move.link.subscription],
    );
    return rows.map((row) => ({ table: Number(row.table), state: String(row.state) }));
  }

  /**
   * Whether the source still keeps what the target lacks: the slot of the subscription, and that of each table that was
   * read and has not caught up. With a slot that is gone the target would try for ever to go on.
   */
  async function slotsLive(
    move: Move,
    from: ShardClient,
    to: ShardClient,
    states: readonly TableState[],
  ): Promise<boolean> {
    const { subscription } = move.link;
    const slots = await exec(
      from,
      "select slot_name from pg_replication_slots where slot_name = $1 or slot_name like 'pg\\_%\\_sync\\_%'",
      [subscription],
    );
    const kept = new Set(slots.map(({ slot_name }) => slot_name));
    if (!kept.has(subscription)) return false;
    const read = states.filter(({ state }) => state === READ);
    if (read.length === 0) return true;
    const number = await numberOf(to, subscription);
    const system = await systemOf(to);
    const lost = read.filter(({ table }) => !kept.has(`pg_${number}_sync_${table}_${system}`));
    if (lost.length === 0) return true;
    // A worker that has caught up gives its slot back just before its table is seen to be in another state.
    const workers = await exec(
      to,
      'select relid::int8::text as table from pg_stat_subscription where relid is not null',
    );
    const busy = new Set(workers.map((row) => Number(row.table)));
    const now = await statesOf(move, to);
    return !lost.some(
      ({ table }) => !busy.has(table) && now.some((entry) => entry.table === table && entry.state === READ),
    );
  }

  return { copy, catchUp, replicationLives };
}
