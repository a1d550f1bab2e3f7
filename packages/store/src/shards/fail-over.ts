import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { MetaStore } from './meta-store.ts';
import { createShardClient, type ShardClient } from './shard-client.ts';

export interface FailOver {
  shard: string;
  from: string;
  to: string;
  /** The old primary answered: it was fenced, and the standby had everything before it was promoted. */
  planned: boolean;
  /** Milliseconds that writers waited; of an unplanned one the time since it was asked for. */
  ms: number;
}

/** The old primary must answer by then to count as alive. */
const ALIVE_MS = 2_000;
/** The standby must have replayed everything by then, else the fence is taken back. */
const REPLAY_MS = 10_000;
/** Slots whose writers are waited for at once: each is a lock in the shared memory of PostgreSQL. */
const LOCKS = 512;

/**
 * Makes a standby the primary of its shard. While the old primary answers nothing can be lost: its slots are fenced,
 * the standby replays what is left, is promoted, and gets the slots. When it does not answer, the standby has what the
 * replication brought: all that was acknowledged when the shard commits synchronously (`synchronous_standby_names`),
 * else all but the last moments. Only `force` takes that step, since a primary that still runs somewhere out of sight
 * would go on taking writes of whoever sees it. Moves of this shard are copied again by whoever resumes them.
 *
 * @param options.to url of the standby; default: the first one of the shard
 * @throws StoreError CONFIG_INVALID, SHARD_DOWN, TIMEOUT
 */
export async function failOver(
  meta: MetaStore,
  id: string,
  options: { to?: string; force?: boolean } = {},
): Promise<FailOver> {
  const info = (await meta.shards()).find((shard) => shard.id === id);
  if (!info)
    throw new StoreError('CONFIG_INVALID', phrase`there is no shard ${id}`, {
      hint: phrase`see \`sparrow store shards status\``,
    });
  const to = options.to ?? info.standbys[0];
  if (to === undefined)
    throw new StoreError('CONFIG_INVALID', phrase`shard ${id} has no standby`, {
      hint: phrase`name one: \`sparrow store shards failover <id> --to postgres://…\``,
    });
  const old = createShardClient({ url: info.url, max: 2, connectMs: ALIVE_MS });
  const standby = createShardClient({ url: to, max: 2, connectMs: ALIVE_MS });
  try {
    const [role] = await standby.query<{ standby: boolean }>(
      { text: 'select pg_is_in_recovery() as standby' },
      performance.now() + ALIVE_MS,
    );
    if (!role?.standby)
      throw new StoreError('CONFIG_INVALID', phrase`the server that is named is no standby`, {
        hint: phrase`make it one with pg_basebackup -R from the primary`,
      });
    const alive = await old.query({ text: 'select 1' }, performance.now() + ALIVE_MS).then(
      () => true,
      () => false,
    );
    if (!alive && !options.force)
      throw new StoreError('SHARD_DOWN', phrase`the primary of ${id} does not answer`, {
        hint: phrase`make sure that it is stopped and stays so, then repeat with --force`,
      });
    const begun = performance.now();
    const epoch = await meta.nextEpoch();
    if (alive) await fenceAll(old, standby, epoch);
    await standby.session((query) => query('select pg_promote(true, 60)'), 65_000);
    await standby.session(
      (query) =>
        query(
          `begin; update sparrow.owners set state = 'o' where state = 'f' and epoch = ${epoch}; update sparrow.owners_version set version = version + 1; commit`,
        ),
      10_000,
    );
    await meta.putShard({ ...info, url: to, standbys: info.standbys.filter((url) => url !== to) });
    return { shard: id, from: info.url, to, planned: alive, ms: performance.now() - begun };
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError('SHARD_DOWN', phrase`failing over ${id}: ${(error as Error).message}`, {
      hint: phrase`look at both servers; repeat when the standby answers`,
      cause: error,
    });
  } finally {
    await Promise.all([old.close(), standby.close()]);
  }
}

/** Every slot of the old primary, until the standby has all that was written there. */
async function fenceAll(old: ShardClient, standby: ShardClient, epoch: number): Promise<void> {
  const change = (state: string, was: string): Promise<unknown> =>
    old.session(
      (query) =>
        query(
          `begin; update sparrow.owners set state = '${state}', epoch = ${epoch} where state = '${was}'${was === 'f' ? ` and epoch = ${epoch}` : ''};
           update sparrow.owners_version set version = version + 1; commit`,
        ),
      10_000,
    );
  await change('f', 'o');
  try {
    // Who looked before the fence stood still writes: its lock on the slot tells.
    const [{ slots } = { slots: 0 }] = await old.query<{ slots: number }>(
      { text: 'select coalesce(max(slot), 0) + 1 as slots from sparrow.owners' },
      performance.now() + ALIVE_MS,
    );
    for (let first = 0; first < slots; first += LOCKS)
      await old.session(
        (query) =>
          query(
            `begin; set local lock_timeout = 5000; select pg_advisory_xact_lock(77, s) from generate_series(${first}, ${Math.min(slots, first + LOCKS) - 1}) s; commit`,
          ),
        10_000,
      );
    const [at] = await old.query<{ lsn: string }>(
      { text: 'select pg_current_wal_flush_lsn()::text as lsn' },
      performance.now() + ALIVE_MS,
    );
    const end = performance.now() + REPLAY_MS;
    for (;;) {
      const [seen] = await standby.query<{ done: boolean }>(
        { text: 'select pg_last_wal_replay_lsn() >= $1::pg_lsn as done', values: [at?.lsn] },
        performance.now() + ALIVE_MS,
      );
      if (seen?.done) return;
      if (performance.now() > end)
        throw new StoreError('TIMEOUT', phrase`the standby did not replay everything in ${REPLAY_MS} ms`, {
          hint: phrase`nothing was changed; look at pg_stat_replication, then repeat`,
        });
      await sleep(10);
    }
  } catch (error) {
    await change('o', 'f').catch(() => {});
    throw error;
  }
}
