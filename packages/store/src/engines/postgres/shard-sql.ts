import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ShardClient } from '../../shards/shard-client.ts';

/** A file of `sql/`: tables and functions of a shard, each of which may be applied again. */
export interface SqlFile {
  name: string;
  text: string;
  sha256: string;
}

const FOLDER = join(import.meta.dirname, 'sql');
const MIGRATE_MS = 60_000;

/** In the order in which they are applied. */
export function shardSqlFiles(): SqlFile[] {
  return readdirSync(FOLDER)
    .filter((name) => /^\d{4}-[a-z-]+\.sql$/.test(name))
    .sort()
    .map((name) => {
      const text = readFileSync(join(FOLDER, name), 'utf8');
      return { name, text, sha256: createHash('sha256').update(text).digest('hex') };
    });
}

/**
 * Brings a shard up to date: applies the files that it has not, or has in another form, and notes them. All of them or
 * none; who comes at the same time waits. Answers the names of those that were applied.
 */
export async function migrateShard(
  client: ShardClient,
  files: readonly SqlFile[] = shardSqlFiles(),
  timeoutMs = MIGRATE_MS,
): Promise<string[]> {
  const known = await client
    .query<{ name: string; sha256: string }>(
      { text: 'select name, sha256 from sparrow.sql_files' },
      performance.now() + timeoutMs,
    )
    .catch(() => []);
  const missing = (rows: readonly { name: string; sha256: string }[]): SqlFile[] =>
    files.filter((file) => !rows.some(({ name, sha256 }) => name === file.name && sha256 === file.sha256));
  if (missing(known).length === 0) return [];
  return client.session(async (query) => {
    await query('begin');
    await query('select pg_advisory_xact_lock(79)');
    await query('create schema if not exists sparrow');
    await query(
      'create table if not exists sparrow.sql_files (name text primary key, sha256 text not null, at timestamptz not null)',
    );
    const applied = missing(
      await query<{ name: string; sha256: string }>('select name, sha256 from sparrow.sql_files'),
    );
    for (const { name, text, sha256 } of applied) {
      await query(text);
      await query(
        `insert into sparrow.sql_files values ($1, $2, now())
         on conflict (name) do update set sha256 = $2, at = now()`,
        [name, sha256],
      );
    }
    await query('commit');
    return applied.map(({ name }) => name);
  }, timeoutMs);
}

/** Tables that move with their slots, each with an expression that stands for a row in checksums. */
export const MOVED_TABLES = [
  { name: 'records', checksum: "hashtextextended(encode(k, 'hex'), rev)", key: 'k' },
  { name: 'entries', checksum: "hashtextextended(encode(k, 'hex'), 0)", key: 'k' },
  { name: 'feed_heads', checksum: 'hashint8extended(n, tab)', key: 'tab' },
  { name: 'feed', checksum: 'hashint8extended(n, tab)', key: 'n' },
] as const;
