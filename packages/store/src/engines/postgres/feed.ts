import { StoreError } from '../../errors.ts';
import type { FeedEntry, KvEngine } from '../kv-engine.ts';
import type { Everywhere } from './everywhere.ts';

/** The change feeds of tables on shards. */
export function createFeed(everywhere: Everywhere): Pick<KvEngine, 'feed'> {
  return {
    async feed(table, position, limit, deadline) {
      const at = decodePosition(position);
      const slots = [...at.keys()];
      const answers = await everywhere(deadline, (client) =>
        client.query<{
          slot: number;
          n: string;
          op: string;
          k: Buffer;
          ver: number;
          v: Buffer | null;
          exp: string;
          at: string;
        }>(
          {
            name: 'feed',
            text: `select f.slot, f.n, f.op, f.k, f.ver, f.v, f.exp, f.at from sparrow.feed_heads h
              join sparrow.owners o on o.slot = h.slot and o.state = 'o'
              left join unnest($2::int[], $3::bigint[]) p(slot, n) on p.slot = h.slot
              cross join lateral (select * from sparrow.feed f where f.slot = h.slot and f.tab = h.tab and f.n > coalesce(p.n, 0) order by f.n limit $4) f
              where h.tab = $1 and h.n > coalesce(p.n, 0) order by f.slot, f.n limit $4`,
            values: [table, slots, slots.map((slot) => at.get(slot)), limit],
          },
          deadline,
        ),
      );
      const entries: FeedEntry[] = [];
      for (const row of answers.flat().slice(0, limit)) {
        const known = at.get(row.slot) ?? 0;
        // A gap was cleaned away before this reader came.
        if (known > 0 && Number(row.n) !== known + 1)
          throw new StoreError('FEED_GONE', 'changes behind this position were cleaned already', {
            hint: 'read the table anew',
          });
        at.set(row.slot, Number(row.n));
        entries.push({
          key: row.k,
          op: row.op === 'p' ? 'put' : 'delete',
          version: row.ver,
          ...(row.v ? { value: row.v } : {}),
          expires: Number(row.exp),
          at: Number(row.at),
        });
      }
      return { entries, position: encodePosition(at) };
    },
  };
}

/** Positions are numbers by slot: they stay good when slots move. */
function encodePosition(at: ReadonlyMap<number, number>): string {
  return Buffer.from(JSON.stringify([...at])).toString('base64url');
}

function decodePosition(position: string): Map<number, number> {
  if (position === '') return new Map();
  try {
    const pairs = JSON.parse(Buffer.from(position, 'base64url').toString('utf8')) as [number, number][];
    if (pairs.every(([slot, n]) => Number.isSafeInteger(slot) && Number.isSafeInteger(n))) return new Map(pairs);
  } catch {
    // Said below.
  }
  throw new StoreError('CURSOR_INVALID', 'this is no position of a sharded store', { hint: 'begin without one' });
}
