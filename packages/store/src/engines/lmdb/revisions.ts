import type { RootDatabase } from 'lmdb';
import { revOf, SPACE, spaced } from './layout.ts';

/** Under this name LMDB has the highest revision that was given, in the same transaction as the changes. */
export const REVISION_KEY = spaced(SPACE.meta, Buffer.from('revision'));

/** Older stores counted so many revisions for a change, and kept no highest one. */
const OLD_STEP = 4096;
/** Above this their count says nothing any more: revisions have 48 bits. */
const OLD_LIMIT = 2 ** 47;

/** The revision that an entry of the log or of LMDB was given; 0 when it has none. */
export function revisionOf(key: Buffer, value: Buffer | undefined): number {
  if (key[0] === SPACE.row) return value ? revOf(value) : 0;
  return key[0] === SPACE.feed ? Number(key.readBigUInt64BE(5)) : 0;
}

/**
 * The highest revision that LMDB knows of. Revisions go on behind it, so none is given twice in the life of a store.
 */
export function highestRevision(db: RootDatabase<Buffer, Buffer>, applied: number): number {
  const text = db.getBinary(REVISION_KEY)?.toString('utf8');
  if (text !== undefined) return Number(text);
  if (applied * OLD_STEP < OLD_LIMIT) return applied * OLD_STEP;
  let highest = 0;
  for (const space of [SPACE.row, SPACE.feed])
    for (const { key, value } of db.getRange({ start: Buffer.of(space), end: Buffer.of(space + 1) }))
      highest = Math.max(highest, revisionOf(key, value));
  return highest;
}
