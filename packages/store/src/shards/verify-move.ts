import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { MovedTable } from './cluster.ts';
import type { Move } from './meta-store.ts';
import type { ShardClient } from './shard-client.ts';

export interface VerifiedMove {
  rows: number;
  same: number;
  /** Rows that the target has in another state, since it is in use. */
  newer: number;
}

const SLOT_MS = 60_000;

/** Compares both sides of a switched move row by row. @throws StoreError VERIFY_FAILED */
export async function verifyMove(
  move: Move,
  tables: readonly MovedTable[],
  shards: { from: ShardClient; to: ShardClient },
): Promise<VerifiedMove> {
  const counts: VerifiedMove = { rows: 0, same: 0, newer: 0 };
  for (let slot = move.first; slot <= move.last; slot++)
    for (const { name, checksum, key } of tables) {
      const text = `select encode(${key}::text::bytea, 'hex') as key, (${checksum})::text as sum, md5(t::text) as body
        from sparrow.${name} t where slot = $1`;
      const ask = (client: ShardClient) =>
        client.query<{ key: string; sum: string; body: string }>({ text, values: [slot] }, performance.now() + SLOT_MS);
      const [old, now] = await Promise.all([ask(shards.from), ask(shards.to)]);
      const before = new Map(old.map((row) => [row.key, row]));
      for (const row of now) {
        counts.rows++;
        const other = before.get(row.key);
        if (!other || other.sum !== row.sum) counts.newer++;
        else if (other.body !== row.body)
          throw new StoreError('VERIFY_FAILED', phrase`slot ${slot}: a row of ${name} differs on both sides`, {
            hint: phrase`roll the move back, and look at the replication`,
          });
        else counts.same++;
      }
    }
  return counts;
}
