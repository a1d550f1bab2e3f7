import { addShard } from '../../shards/cluster.ts';
import { type MetaStore, openMetaStore } from '../../shards/meta-store.ts';
import { createShardRouter } from '../../shards/shard-router.ts';
import { createPostgresEngine, type PostgresEngine } from './postgres-engine.ts';
import { migrateShard, shardSqlFiles } from './shard-sql.ts';

export interface ShardsOptions {
  /** The PostgreSQL of the meta store. */
  meta: string;
  /** Of a new cluster. Default 1,024. */
  slots?: number;
  /** Shards that must be there; new ones are added. */
  shards?: readonly { id: string; url: string; standbys?: string[] }[];
  /** Connections to each shard. Default 16. */
  connections?: number;
  /** How often deleted rows that are old are looked for. Default 10 s. */
  cleanEveryMs?: number;
}

/** Opens records on PostgreSQL shards. @throws StoreError SHARD_DOWN, CONFIG_INVALID */
export async function createShardsEngine(options: ShardsOptions): Promise<PostgresEngine> {
  const meta = await openMetaStore({
    url: options.meta,
    ...(options.slots === undefined ? {} : { slots: options.slots }),
  });
  const files = shardSqlFiles();
  try {
    const known = await meta.shards();
    for (const shard of options.shards ?? [])
      if (!known.some(({ id, url }) => id === shard.id && url === shard.url)) await joinShard(meta, shard);
    const router = await createShardRouter({
      meta,
      // A shard that an older version made is brought up to date before it is used.
      prepare: (client) => migrateShard(client, files),
      ...(options.connections === undefined ? {} : { connections: options.connections }),
    });
    const engine = createPostgresEngine({
      router,
      ...(options.cleanEveryMs === undefined ? {} : { cleanEveryMs: options.cleanEveryMs }),
    });
    return {
      ...engine,
      async close() {
        await engine.close();
        await meta.close();
      },
    };
  } catch (error) {
    await meta.close();
    throw error;
  }
}

export function joinShard(meta: MetaStore, shard: { id: string; url: string; standbys?: string[] }): Promise<void> {
  return addShard(meta, { ...shard, prepare: (client) => migrateShard(client) });
}
