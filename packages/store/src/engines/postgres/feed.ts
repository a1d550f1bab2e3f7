import { StoreError } from '../../errors.ts';
import { phrase } from '../../phrase.ts';
import type { FeedEntry, KvEngine } from '../kv-engine.ts';
import type { Everywhere } from './everywhere.ts';

/** Where a reader stands. */
interface Position {
  /** The last change that it has read, by slot; a slot that is not here had none when it began. */
  read: Map<number, number>;
  /** The slot whose turn is next. */
  next: number;
  /** It begins now: what was cleaned away before is no loss. */
  isNew: boolean;
}

interface FeedRow {
  slot: number;
  /** Null: everything behind the position was cleaned away. */
  n: string | null;
  op: string;
  k: Buffer;
  ver: number;
  v: Buffer | null;
  exp: string;
  at: string;
}

/** Where the feed of each slot begins now: the change before the oldest that is kept. */
const BEGINNINGS = `select h.slot, coalesce((select f.n - 1 from sparrow.feed f where f.slot = h.slot and f.tab = h.tab
  order by f.n limit 1), h.n) as n
from sparrow.feed_heads h join sparrow.owners o on o.slot = h.slot and o.state = 'o' where h.tab = $1`;
/** Slots have their turns in a circle, from $5 on. */
const CHANGES = `select h.slot, f.n, f.op, f.k, f.ver, f.v, f.exp, f.at from sparrow.feed_heads h
join sparrow.owners o on o.slot = h.slot and o.state = 'o'
left join unnest($2::int[], $3::bigint[]) p(slot, n) on p.slot = h.slot
left join lateral (
  select * from sparrow.feed f where f.slot = h.slot and f.tab = h.tab and f.n > coalesce(p.n, 0) order by f.n limit $4
) f on true
where h.tab = $1 and h.n > coalesce(p.n, 0) order by h.slot < $5, h.slot, f.n limit $4`;

/** The change feeds of tables on shards. */
export function createFeed(everywhere: Everywhere): Pick<KvEngine, 'feed'> {
  return {
    async feed(table, position, limit, deadline) {
      const at = decodePosition(position);
      if (at.isNew) {
        const answers = await everywhere(deadline, (client) =>
          client.query<{ slot: number; n: string }>(
            { name: 'feed_beginnings', text: BEGINNINGS, values: [table] },
            deadline,
          ),
        );
        for (const { slot, n } of answers.flat()) if (Number(n) > 0 && !at.read.has(slot)) at.read.set(slot, Number(n));
      }
      const slots = [...at.read.keys()];
      const values = [table, slots, slots.map((slot) => at.read.get(slot)), limit, at.next];
      const answers = await everywhere(deadline, (client) =>
        client.query<FeedRow>({ name: 'feed', text: CHANGES, values }, deadline),
      );
      const turn = ({ slot }: FeedRow): number => (slot < at.next ? slot + 2 ** 31 : slot);
      // Rows of one slot come from one shard, in order.
      const rows = answers.flat().sort((a, b) => turn(a) - turn(b));
      const entries: FeedEntry[] = [];
      for (const row of rows.slice(0, limit)) {
        const known = at.read.get(row.slot) ?? 0;
        // What it was to read next was cleaned away before it came.
        const isGap = row.n === null || Number(row.n) !== known + 1;
        if (isGap && !at.isNew)
          throw new StoreError('FEED_GONE', phrase`changes behind this position were cleaned already`, {
            hint: phrase`read the table anew`,
          });
        if (row.n === null) continue;
        at.read.set(row.slot, Number(row.n));
        // One slot that always has changes keeps no other one waiting.
        at.next = row.slot + 1;
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
function encodePosition({ read, next }: Position): string {
  return Buffer.from(JSON.stringify({ read: [...read], next })).toString('base64url');
}

/** @throws StoreError CURSOR_INVALID */
function decodePosition(position: string): Position {
  if (position === '') return { read: new Map(), next: 0, isNew: true };
  try {
    const value = JSON.parse(Buffer.from(position, 'base64url').toString('utf8')) as unknown;
    // Positions of an older version are the numbers alone, without the slots that had no change kept when they began.
    if (Array.isArray(value)) return { read: readOf(value), next: 0, isNew: true };
    const { read, next } = value as { read: unknown; next: unknown };
    if (Number.isSafeInteger(next)) return { read: readOf(read), next: next as number, isNew: false };
  } catch {
    // Said below.
  }
  throw new StoreError('CURSOR_INVALID', phrase`this is no position of a sharded store`, {
    hint: phrase`begin without one`,
  });
}

/** @throws TypeError */
function readOf(pairs: unknown): Map<number, number> {
  const read = new Map(pairs as [number, number][]);
  for (const [slot, n] of read)
    if (!Number.isSafeInteger(slot) || !Number.isSafeInteger(n)) throw new TypeError('no numbers by slot');
  return read;
}
