import { type Postgres, type PostgresOptions, startPostgres } from '@sparrow/testkit';
import { LOAD_SCHEMA } from '../../src/checker/load.ts';
import { createShardsEngine, joinShard } from '../../src/engines/postgres/open-shards.ts';
import type { PostgresEngine } from '../../src/engines/postgres/postgres-engine.ts';
import { MOVED_TABLES } from '../../src/engines/postgres/shard-sql.ts';
import { createRecordStore, type RecordStore } from '../../src/index.ts';
import { createMover, type Mover, type MoverOptions } from '../../src/shards/mover.ts';

/** Several real PostgreSQL clusters: one for the meta store, the others are shards. */
export interface TestCluster {
  meta: Postgres;
  servers: Postgres[];
  engine: PostgresEngine;
  store: RecordStore;
  mover(options?: Partial<MoverOptions>): Mover;
  /** Adds shard `s<i>` for servers that are not shards yet. */
  join(i: number): Promise<void>;
  close(): Promise<void>;
}

export async function startCluster(options: {
  shards: number;
  joined?: number;
  slots?: number;
  settings?: PostgresOptions['settings'];
  cleanEveryMs?: number;
}): Promise<TestCluster> {
  const { shards, joined = shards, slots = 64, settings = {} } = options;
  const [meta, ...servers] = (await Promise.all(
    Array.from({ length: shards + 1 }, () => startPostgres({ settings })),
  )) as [Postgres, ...Postgres[]];
  const engine = await createShardsEngine({
    meta: meta.url,
    slots,
    ...(options.cleanEveryMs === undefined ? {} : { cleanEveryMs: options.cleanEveryMs }),
    shards: servers.slice(0, joined).map(({ url }, i) => ({ id: `s${i}`, url })),
  });
  const store = await createRecordStore({ engine, schema: LOAD_SCHEMA, sweepEveryMs: 0 });
  return {
    meta,
    servers,
    engine,
    store,
    mover: (more = {}) => createMover({ meta: engine.router.meta, tables: MOVED_TABLES, ...more }),
    async join(i) {
      await joinShard(engine.router.meta, { id: `s${i}`, url: (servers[i] as Postgres).url });
      await engine.router.refresh();
    },
    async close() {
      await store.close();
      await engine.close();
      await Promise.all([meta, ...servers].map((server) => server.close()));
    },
  };
}
