import { StoreError } from '../../errors.ts';
import { phrase } from '../../phrase.ts';
import { FEED_START, type FeedEntry } from '../kv-engine.ts';
import type { Committer } from './committer.ts';
import { decodeFeed, SPACE, type StoredChange, spaced } from './layout.ts';
import type { Reader } from './reader.ts';
import { readPosition, type Timeline, writePosition } from './timelines.ts';

/** Entries that one commit of a trim removes at most. */
const TRIM_AT_ONCE = 10_000;
const trimmedName = (table: number): string => `trimmed/${table}`;

/** Changes of a table behind a position. @throws StoreError CURSOR_INVALID, FEED_GONE */
export function readFeed(
  reader: Reader,
  chain: readonly Timeline[],
  wanted: { table: number; position: string; limit: number },
): { entries: FeedEntry[]; position: string } {
  const { table, position, limit } = wanted;
  const { from, to } = feedRange(table);
  let last = position;
  let start = from;
  if (position !== FEED_START) {
    const number = readPosition(chain, position);
    if (number < Number(reader.text(trimmedName(table)) ?? 0))
      throw new StoreError('FEED_GONE', phrase`changes behind this position were cleaned already`, {
        hint: phrase`read the table anew`,
      });
    start = Buffer.alloc(12);
    start.writeUInt32BE(table);
    start.writeBigUInt64BE(BigInt(number) + 1n, 4);
    last = writePosition(chain, number);
  }
  const entries: FeedEntry[] = [];
  for (const { key, value } of reader.range(SPACE.feed, start, to)) {
    if (entries.length >= limit) break;
    entries.push(decodeFeed(value));
    last = writePosition(chain, Number(key.readBigUInt64BE(5)));
  }
  return { entries, position: last };
}

/** Removes entries older than `before`, and notes up to where, so that a reader who comes late is told. */
export async function trimFeed(
  reader: Reader,
  committer: Committer,
  wanted: { table: number; before: number; limit: number; deadline: number },
): Promise<number> {
  const { from, to } = feedRange(wanted.table);
  const changes: StoredChange[] = [];
  for (const { key, value } of reader.range(SPACE.feed, from, to)) {
    if (changes.length >= Math.min(wanted.limit, TRIM_AT_ONCE) || decodeFeed(value).at >= wanted.before) break;
    changes.push({ key: Buffer.from(key), value: undefined });
  }
  const count = changes.length;
  if (count === 0) return 0;
  const last = (changes.at(-1) as StoredChange).key.readBigUInt64BE(5);
  const name = spaced(SPACE.meta, Buffer.from(trimmedName(wanted.table)));
  changes.push({ key: name, value: Buffer.from(String(last)) });
  await committer.write(changes, wanted.deadline);
  return count;
}

function feedRange(table: number): { from: Buffer; to: Buffer } {
  const from = Buffer.alloc(4);
  from.writeUInt32BE(table);
  const to = Buffer.alloc(4);
  to.writeUInt32BE(table + 1);
  return { from, to };
}
