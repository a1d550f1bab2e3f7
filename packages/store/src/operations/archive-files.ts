import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { encodePayload } from '../engines/lmdb/layout.ts';
import { FIRST_TIMELINE, type Timeline } from '../engines/lmdb/timelines.ts';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';

/**
 * Files of an archive. `changes-<number>` has changes of the first timeline, `changes-<number>.<timeline>` those of
 * another one; the number is that of the first change in it. `<timeline>.json` says where that timeline began. A record
 * is crc32, length, number of the change, time (doubles), four bytes that are free, and the change.
 */
export interface ArchiveFile {
  name: string;
  timeline: string;
  first: number;
}

export interface ArchiveRecord {
  sequence: number;
  /** Milliseconds UTC. */
  at: number;
  payload: Buffer;
  /** Where it ends in its file. */
  end: number;
}

const HEAD = 28;
const CHANGES = /^changes-(\d{16})(?:\.(tml_[0-9a-z]{26}))?$/;
const TIMELINE = /^tml_[0-9a-z]{26}\.json$/;

export const fileName = (first: number, timeline: string): string =>
  `changes-${String(first).padStart(16, '0')}${timeline === FIRST_TIMELINE ? '' : `.${timeline}`}`;
export const timelineFile = (id: string): string => `${id}.json`;

/** In the order of their changes. @throws StoreError BACKUP_INVALID when there is no archive */
export async function filesOf(dir: string, timeline?: string): Promise<ArchiveFile[]> {
  const names = await readdir(dir).catch(() => {
    throw noArchive(dir);
  });
  const files: ArchiveFile[] = [];
  for (const name of names.sort()) {
    const [, first, own = FIRST_TIMELINE] = CHANGES.exec(name) ?? [];
    if (first !== undefined && (timeline === undefined || own === timeline))
      files.push({ name, timeline: own, first: Number(first) });
  }
  return files;
}

/** The timelines behind the first one that an archive knows, oldest first. @throws StoreError BACKUP_INVALID */
export function archivedTimelines(dir: string): Timeline[] {
  if (!existsSync(dir)) throw noArchive(dir);
  const known = readdirSync(dir)
    .filter((name) => TIMELINE.test(name))
    .map((name) => JSON.parse(readFileSync(join(dir, name), 'utf8')) as Timeline);
  return known.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
}

const noArchive = (dir: string): StoreError =>
  new StoreError('BACKUP_INVALID', phrase`there is no archive in ${dir}`, {
    hint: phrase`switch it on: \`sparrow store archive --on\``,
  });

export function encodeRecord(
  sequence: number,
  at: number,
  entries: readonly { key: Buffer; value: Buffer | undefined }[],
): Buffer {
  const payload = encodePayload(entries);
  const bytes = Buffer.allocUnsafe(HEAD + payload.length);
  bytes.writeUInt32LE(payload.length, 4);
  bytes.writeDoubleLE(sequence, 8);
  bytes.writeDoubleLE(at, 16);
  bytes.writeUInt32LE(0, 24);
  bytes.set(payload, HEAD);
  bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  return bytes;
}

/** Whole records only: the last may be torn. */
export async function readRecords(path: string): Promise<ArchiveRecord[]> {
  const bytes = await readFile(path);
  const records: ArchiveRecord[] = [];
  for (let at = 0; at + HEAD <= bytes.length; ) {
    const end = at + HEAD + bytes.readUInt32LE(at + 4);
    if (end > bytes.length || crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32LE(at)) break;
    records.push({
      sequence: bytes.readDoubleLE(at + 8),
      at: bytes.readDoubleLE(at + 16),
      payload: bytes.subarray(at + HEAD, end),
      end,
    });
    at = end;
  }
  return records;
}
