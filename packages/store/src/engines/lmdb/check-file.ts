import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Phrase } from '@sparrow/core';
import { StoreError } from '../../errors.ts';
import { phrase } from '../../phrase.ts';

/** Offsets in a meta page of the LMDB that lmdb-js 3.5 carries, little endian (mdb.c, MDB_page and MDB_meta). */
const MAGIC_AT = 24;
const PAGE_SIZE_AT = 48;
const LAST_PAGE_AT = 144;
const TXN_AT = 152;
const MAGIC = 0xbeefc0de;

/**
 * Compares the length of an LMDB file with what its newest meta page says. A file that is too short would be mapped all
 * the same, and the first touch of a missing page ends the process by SIGBUS, so this is asked before the file is
 * mapped.
 *
 * @throws StoreError STORE_CORRUPT
 */
export function checkLmdbFile(path: string): void {
  if (!existsSync(path)) return;
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size === 0) return;
    const corrupt = (text: Phrase): StoreError =>
      new StoreError('STORE_CORRUPT', phrase`${path}: ${text}`, {
        hint: phrase`restore a backup: \`sparrow store restore <backup>\``,
      });
    const meta = Buffer.alloc(160);
    const readMeta = (at: number): { last: number; txn: number; pageSize: number } | undefined => {
      if (readSync(file, meta, 0, meta.length, at) < meta.length || meta.readUInt32LE(MAGIC_AT) !== MAGIC)
        return undefined;
      return {
        last: Number(meta.readBigUInt64LE(LAST_PAGE_AT)),
        txn: Number(meta.readBigUInt64LE(TXN_AT)),
        pageSize: meta.readUInt32LE(PAGE_SIZE_AT),
      };
    };
    const first = readMeta(0);
    if (!first) throw corrupt(phrase`it is no LMDB file, or its first page is damaged`);
    const { pageSize } = first;
    if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0)
      throw corrupt(phrase`it claims pages of ${pageSize} bytes`);
    const second = readMeta(pageSize);
    if (!second) throw corrupt(phrase`its second page is missing or damaged`);
    const newest = second.txn > first.txn ? second : first;
    const needed = (newest.last + 1) * pageSize;
    // An empty environment has two meta pages and nothing else.
    if (size < needed) throw corrupt(phrase`it has ${size} bytes and needs ${needed}: its end is missing`);
  } finally {
    closeSync(file);
  }
}
