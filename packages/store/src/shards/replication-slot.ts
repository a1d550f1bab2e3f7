import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { ShardClient } from './shard-client.ts';

/** Who waits is told so often for whom. */
const TELL_MS = 5_000;
/** A slot that is in use is tried to be dropped so often, a tenth of a second apart. */
const DROP_TRIES = 100;
const CALL_MS = 10_000;

/** A transaction that keeps a replication from beginning: its changes might belong to it. */
export interface Blocker {
  /** Of the session; undefined for a prepared transaction, which has none. */
  pid: number | undefined;
  text: string;
}

/** Transactions of a whole server that have changed something, or may have, oldest first. */
export async function blockersOf(client: ShardClient): Promise<Blocker[]> {
  const rows = await client.query<{ pid: number | null; what: string; seconds: number }>(
    {
      text: `select pid, format('session %s of %s in database %s (%s)', pid, usename, datname,
          coalesce(nullif(application_name, ''), state)) as what, extract(epoch from now() - xact_start)::int as seconds
        from pg_stat_activity where backend_xid is not null and pid <> pg_backend_pid()
        union all
        select null, format('prepared transaction %s of %s in database %s', gid, owner, database),
          extract(epoch from now() - prepared)::int from pg_prepared_xacts
        order by seconds desc limit 5`,
    },
    performance.now() + CALL_MS,
  );
  return rows.map(({ pid, what, seconds }) => ({ pid: pid ?? undefined, text: `${what}, open for ${seconds} s` }));
}

export interface CreateSlot {
  /** Name of the shard, for messages. */
  shard: string;
  name: string;
  /** How long transactions that are open may keep it from beginning. */
  waitMs: number;
  onWait?: ((text: string) => void) | undefined;
}

/**
 * Makes a replication slot; nothing when it is there. It begins when every transaction that was open on the server has
 * ended, in whichever database. The server itself gives it up after `waitMs`, or when this process is gone, so that
 * nothing stays.
 *
 * @throws StoreError MOVE_REFUSED naming the transactions that were waited for
 */
export async function createReplicationSlot(client: ShardClient, options: CreateSlot): Promise<void> {
  const { shard, name, waitMs, onWait } = options;
  const [there] = await client.query(
    { text: 'select 1 from pg_replication_slots where slot_name = $1', values: [name] },
    performance.now() + CALL_MS,
  );
  if (there) return;
  let waiting = true;
  const watch = async (): Promise<void> => {
    for (;;) {
      await sleep(TELL_MS);
      if (!waiting) return;
      const [oldest] = await blockersOf(client).catch(() => []);
      if (oldest && waiting) onWait?.(`shard ${shard} waits for ${oldest.text}`);
    }
  };
  const watching = onWait ? watch() : undefined;
  watching?.catch(() => {});
  const made = await client
    .session(async (query) => {
      await query(`begin; set local statement_timeout = ${waitMs}; set local client_connection_check_interval = 1000`);
      try {
        await query('select pg_create_logical_replication_slot($1, $2)', [name, 'pgoutput']);
      } catch (error) {
        if ((error as { code?: string }).code !== '57014') throw error;
        await query('rollback');
        return false;
      }
      await query('commit');
      return true;
    }, waitMs + CALL_MS)
    .finally(() => {
      waiting = false;
    });
  if (made) return;
  const blockers = await blockersOf(client).catch(() => []);
  const names = blockers.map(({ text }) => text).join('; ') || 'transactions that have ended by now';
  const pid = blockers.find((blocker) => blocker.pid !== undefined)?.pid;
  const end = pid === undefined ? 'commit it or roll it back there' : `select pg_terminate_backend(${pid})`;
  throw new StoreError('MOVE_REFUSED', phrase`shard ${shard} waited ${waitMs} ms for ${names}`, {
    hint: phrase`end it (${end}), then: \`sparrow store shards move --resume\``,
  });
}

/** Removes replication slots. @throws StoreError MOVE_REFUSED when somebody goes on using one */
export async function dropReplicationSlots(client: ShardClient, names: readonly string[]): Promise<void> {
  for (const name of names)
    for (let tries = 0; ; tries++) {
      const [slot] = await client.query<{ active_pid: number | null }>(
        { text: 'select active_pid from pg_replication_slots where slot_name = $1', values: [name] },
        performance.now() + CALL_MS,
      );
      if (!slot) break;
      if (tries >= DROP_TRIES)
        throw new StoreError('MOVE_REFUSED', phrase`the replication slot ${name} stays in use`, {
          hint: phrase`look at pg_replication_slots of that shard, then: \`sparrow store shards move --resume\``,
        });
      const drop = slot.active_pid === null ? 'pg_drop_replication_slot($1)' : 'pg_terminate_backend($1)';
      await client
        .query({ text: `select ${drop}`, values: [slot.active_pid ?? name] }, performance.now() + CALL_MS)
        // Somebody took it, or dropped it, in this moment: the next look tells.
        .catch(() => {});
      await sleep(slot.active_pid === null ? 0 : 100);
    }
}
