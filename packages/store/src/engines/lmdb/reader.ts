import type { RootDatabase } from 'lmdb';
import type { IndexPage, Located, RangeRequest, Row, RowPage } from '../kv-engine.ts';
import { decodeRow, SPACE, spaced } from './layout.ts';
import { type Entry, type Overlay, textOf } from './overlay.ts';

/**
 * Reads what is durable: LMDB, and in front of it what LMDB has not taken yet. What is on its way to the disk is shown
 * to nobody, since a crash could take it back, and nobody waits for it either: a key that is written all the time is
 * read as it was last made durable.
 */
export interface Reader {
  /** A view that is good until the next read. */
  get(at: Pick<Located, 'key'>): Row | undefined;
  getMany(at: readonly Located[]): (Row | undefined)[];
  scan(range: RangeRequest): RowPage;
  scanIndex(range: RangeRequest): IndexPage;
  scanStored(range: StoredRange): { rows: { key: Buffer; stored: Buffer }[]; cursor?: string };
  count(from: Buffer, to: Buffer): number;
  /** Live entries of a space in [from, to), in order. */
  range(space: number, from: Buffer, to: Buffer): Generator<{ key: Buffer; value: Buffer }>;
  text(name: string): string | undefined;
  /** Names of texts that begin so, without that beginning. */
  names(prefix: string): string[];
}

export type StoredRange = Pick<RangeRequest, 'from' | 'to' | 'after' | 'limit'>;

export function createReader(db: RootDatabase<Buffer, Buffer>, overlay: Overlay): Reader {
  // Keys of reads are put behind the byte of their space here; LMDB takes them from it before it answers.
  const readKey = Buffer.alloc(4096);
  readKey[0] = SPACE.row;

  function get({ key }: Pick<Located, 'key'>): Row | undefined {
    readKey.set(key, 1);
    const spacedKey = readKey.subarray(0, key.length + 1);
    if (overlay.durable.size > 0 || overlay.applying.size > 0) {
      const entry = overlay.find(textOf(spacedKey));
      if (entry) return entry.value ? decodeRow(entry.value) : undefined;
    }
    const bytes = db.getBinaryFast(spacedKey);
    return bytes ? decodeRow(bytes, bytes.length) : undefined;
  }

  function* range(space: number, from: Buffer, to: Buffer): Generator<{ key: Buffer; value: Buffer }> {
    const start = spaced(space, from);
    const end = spaced(space, to);
    const over = overlay.range(textOf(start), textOf(end));
    let i = 0;
    for (const { key, value } of db.getRange({ start, end, snapshot: true })) {
      while (i < over.length && (over[i] as Entry).key.compare(key) < 0) {
        const entry = over[i++] as Entry;
        if (entry.value) yield { key: entry.key, value: entry.value };
      }
      if (i < over.length && (over[i] as Entry).key.equals(key)) {
        const entry = over[i++] as Entry;
        if (entry.value) yield { key: entry.key, value: entry.value };
      } else yield { key, value };
    }
    for (; i < over.length; i++) {
      const entry = over[i] as Entry;
      if (entry.value) yield { key: entry.key, value: entry.value };
    }
  }

  /** A page of a space; `take` copies what it needs, and answers the key that a cursor would name. */
  function page(space: number, wanted: StoredRange, take: (key: Buffer, value: Buffer) => Buffer): string | undefined {
    const from =
      wanted.after === undefined ? wanted.from : Buffer.concat([Buffer.from(wanted.after, 'base64url'), Buffer.of(0)]);
    let last: Buffer | undefined;
    let count = 0;
    for (const { key, value } of range(space, from, wanted.to)) {
      if (count++ >= wanted.limit) return last?.toString('base64url');
      last = take(Buffer.from(key.subarray(1)), value);
    }
    return undefined;
  }

  const withCursor = <T extends { cursor?: string }>(found: T, cursor: string | undefined): T => {
    if (cursor !== undefined) found.cursor = cursor;
    return found;
  };

  return {
    get,
    range,
    getMany: (at) =>
      at.map((entry) => {
        const row = get(entry);
        return row && { ...row, value: Buffer.from(row.value) };
      }),
    scan(wanted) {
      const rows: RowPage['rows'] = [];
      const cursor = page(SPACE.row, wanted, (key, value) => {
        rows.push({ slot: 0, key, row: decodeRow(value) });
        return key;
      });
      return withCursor<RowPage>({ rows }, cursor);
    },
    scanIndex(wanted) {
      const entries: IndexPage['entries'] = [];
      const cursor = page(SPACE.index, wanted, (index, value) => {
        entries.push({ index, key: Buffer.from(value), slot: 0 });
        return index;
      });
      return withCursor<IndexPage>({ entries }, cursor);
    },
    scanStored(wanted) {
      const rows: { key: Buffer; stored: Buffer }[] = [];
      const cursor = page(SPACE.row, wanted, (key, value) => {
        rows.push({ key, stored: Buffer.from(value) });
        return key;
      });
      return withCursor<ReturnType<Reader['scanStored']>>({ rows }, cursor);
    },
    count(from, to) {
      const start = spaced(SPACE.row, from);
      const end = spaced(SPACE.row, to);
      let count = db.getKeysCount({ start, end });
      for (const { key, value } of overlay.range(textOf(start), textOf(end))) {
        const there = db.doesExist(key);
        if (value && !there) count++;
        if (!value && there) count--;
      }
      return count;
    },
    text(name) {
      const key = spaced(SPACE.meta, Buffer.from(name));
      const entry = overlay.find(textOf(key));
      const bytes = entry ? entry.value : db.getBinary(key);
      return bytes?.toString('utf8');
    },
    names(prefix) {
      const from = Buffer.from(prefix);
      const names: string[] = [];
      for (const { key } of range(SPACE.meta, from, Buffer.from(`${prefix}\u{10ffff}`)))
        names.push(key.toString('utf8', 1 + from.length));
      return names;
    },
  };
}
