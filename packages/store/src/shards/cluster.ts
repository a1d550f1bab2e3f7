import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { checkReach } from './check-reach.ts';
import type { MetaStore } from './meta-store.ts';
import { createShardClient, type ShardClient } from './shard-client.ts';

/** Tables that a shard keeps by slot. The mover copies and compares them and knows nothing else of them. */
export interface MovedTable {
  /** In the schema `sparrow`, with a column `slot int` in its primary key. */
  name: string;
  /** SQL of a bigint that stands for a row. */
  checksum: string;
  /** The column that names a row within its slot. */
  key: string;
}

/**
 * Makes a PostgreSQL a shard. The first one owns all slots, later ones own none until slots are moved to them.
 *
 * @throws StoreError SHARD_DOWN, CONFIG_INVALID when it is not set up for logical replication
 */
export async function addShard(
  meta: MetaStore,
  shard: { id: string; url: string; standbys?: string[]; prepare(client: ShardClient): Promise<unknown> },
): Promise<void> {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(shard.id))
    throw new StoreError('CONFIG_INVALID', phrase`"${shard.id}" is no name for a shard`, {
      hint: phrase`use a-z, 0-9 and -, beginning with a letter`,
    });
  const client = createShardClient({ url: shard.url, max: 1, connectMs: 5_000 });
  try {
    await client.session(async (query) => {
      const [settings] = await query<{ wal: string; version: string }>(
        "select current_setting('wal_level') as wal, current_setting('server_version_num') as version",
      );
      if (Number(settings?.version) < 150_000 || settings?.wal !== 'logical')
        throw new StoreError(
          'CONFIG_INVALID',
          phrase`${shard.id} is PostgreSQL ${settings?.version} with wal_level ${settings?.wal}`,
          {
            hint: phrase`shards need PostgreSQL 15 or newer with wal_level = logical`,
          },
        );
    }, 60_000);
    await shard.prepare(client);
    await checkAddresses(meta, { id: shard.id, url: shard.url, client });
    await meta.putShard({ id: shard.id, url: shard.url, standbys: shard.standbys ?? [], state: 'active' });
    if ((await meta.map()).length === 0) {
      const epoch = await meta.nextEpoch();
      await client.session(async (query) => {
        await query(
          `insert into sparrow.owners select s, 'o', $2 from generate_series(0, $1::int - 1) s on conflict do nothing`,
          [meta.slots, epoch],
        );
        await query('update sparrow.owners_version set version = version + 1');
      }, 60_000);
      await meta.assign(0, meta.slots - 1, shard.id, epoch);
    }
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError('SHARD_DOWN', phrase`shard ${shard.id} does not answer: ${(error as Error).message}`, {
      hint: phrase`check its address and that it runs`,
      cause: error,
    });
  } finally {
    await client.close();
  }
}

/**
 * A copy of another shard's server has its identifier. PostgreSQL names what it keeps for a first copy after the
 * identifier of the copying server, so two moves to such twins would take it from each other and never end. Two
 * databases of one server are no twins.
 *
 * @throws StoreError CONFIG_INVALID
 */
async function checkIdentity(
  other: { id: string; client: ShardClient },
  shard: { id: string; client: ShardClient },
): Promise<void> {
  const [there, here] = await Promise.all(
    [other, shard].map(async ({ client }) => {
      const [row] = await client.query<{ system: string; started: string }>(
        {
          text: `select system_identifier::text as system, pg_postmaster_start_time()::text as started
            from pg_control_system()`,
        },
        performance.now() + 5_000,
      );
      return row;
    }),
  );
  if (there?.system !== here?.system || there?.started === here?.started) return;
  throw new StoreError(
    'CONFIG_INVALID',
    phrase`the server of ${shard.id} is a copy of that of ${other.id}: both have the identifier ${here?.system}`,
    { hint: phrase`make the server of ${shard.id} with initdb, not from a copy of another one's data` },
  );
}

/**
 * Slots will move from server to server, so each must be another server than the new one, and able to replicate from it
 * at its address and the other way round; a shard that does not answer now is not asked. The first shard is asked
 * whether it reaches itself.
 *
 * @throws StoreError CONFIG_INVALID
 */
async function checkAddresses(meta: MetaStore, shard: { id: string; url: string; client: ShardClient }): Promise<void> {
  const others = (await meta.shards()).filter(({ id }) => id !== shard.id);
  if (others.length === 0) return checkReach(shard, shard, { allowMissingRights: true });
  for (const other of others) {
    const client = createShardClient({ url: other.url, max: 1, connectMs: 5_000 });
    try {
      const answers = await client.query({ text: 'select 1' }, performance.now() + 5_000).then(
        () => true,
        () => false,
      );
      if (!answers) continue;
      await checkIdentity({ id: other.id, client }, shard);
      await checkReach({ id: other.id, client }, shard);
      await checkReach(shard, other);
    } finally {
      await client.close();
    }
  }
}
