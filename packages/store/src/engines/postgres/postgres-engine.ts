import type { ShardRouter } from '../../shards/shard-router.ts';
import type { KvEngine, Write } from '../kv-engine.ts';
import { createClean } from './clean.ts';
import { createCommits } from './commits.ts';
import { createEverywhere } from './everywhere.ts';
import { createFeed } from './feed.ts';
import { createPointReads } from './reads.ts';
import { createScans } from './scans.ts';

/** Records on PostgreSQL shards, through a router. */
export interface PostgresEngine extends KvEngine {
  readonly router: ShardRouter;
}

export interface PostgresEngineOptions {
  router: ShardRouter;
  /** How often deleted rows that are old are looked for. Default 10 s. */
  cleanEveryMs?: number;
}

export function createPostgresEngine({ router, cleanEveryMs }: PostgresEngineOptions): PostgresEngine {
  const { meta } = router;
  const { recent, get, getMany } = createPointReads(router);
  const commits = createCommits({ router, get });
  const everywhere = createEverywhere(router);
  const clean = createClean({ router, ...(cleanEveryMs === undefined ? {} : { everyMs: cleanEveryMs }) });

  return {
    kind: 'postgres',
    slots: router.slots,
    router,
    get,
    getMany,
    ...createScans(router, everywhere),
    ...createFeed(everywhere),
    trimFeed: clean.trimFeed,
    async commit(commit) {
      if (commit.writes.length === 0) return [];
      recent.wrote(commit.slot);
      try {
        if (commit.writes.length === 1) return [await commits.one(commit, commit.writes[0] as Write)];
        return await commits.many(commit);
      } finally {
        recent.wrote(commit.slot);
      }
    },
    readMeta: (name) => meta.readText(name),
    metaNames: () => meta.textNames(),
    writeMeta: (name, text, expected) => meta.writeText(name, text, expected),
    async stats() {
      const owners = await router.owners();
      const figures: Record<string, number> = {
        shards: new Set(owners).size,
        slots: router.slots,
        recentBytes: recent.bytes,
        recentHits: recent.hits,
      };
      for (const shard of new Set(owners)) {
        const [row] = await router.client(shard).query<{ bytes: string; rows: string }>(
          {
            text: `select pg_total_relation_size('sparrow.records') + pg_total_relation_size('sparrow.entries') as bytes,
              (select reltuples::bigint from pg_class where oid = 'sparrow.records'::regclass) as rows`,
          },
          performance.now() + 5_000,
        );
        figures.fileBytes = (figures.fileBytes ?? 0) + Number(row?.bytes ?? 0);
        figures.entries = (figures.entries ?? 0) + Math.max(0, Number(row?.rows ?? 0));
      }
      return figures;
    },
    async close() {
      clean.close();
      await router.close();
    },
  };
}
