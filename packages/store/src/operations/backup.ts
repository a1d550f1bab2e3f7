import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { copyFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '@sparrow/core';
import { open as openLmdb, type RootDatabase } from 'lmdb';
import { checkLmdbFile } from '../engines/lmdb/check-file.ts';
import { SPACE, spaced } from '../engines/lmdb/layout.ts';
import type { LmdbEngine } from '../engines/lmdb/lmdb-engine.ts';
import { StoreError } from '../errors.ts';
import { readArchive } from './archive.ts';

/**
 * Backups of an embedded store: a consistent copy of LMDB, taken while the store runs, and an archive of the changes behind it. The copy and a part
 * of the archive give the store as it was at any time in between. (Shards are backed up by PostgreSQL's own base backup and WAL archive.)
 */
export interface Backup {
  /** Milliseconds UTC. */
  at: number;
  sequence: number;
  bytes: number;
  sha256: string;
}

const MANIFEST = 'backup.json';
const DATA = 'data.mdb';

/** @throws StoreError BACKUP_INVALID when the folder holds something */
export async function backupStore(
  engine: LmdbEngine,
  target: string,
  options: { clock?: Clock } = {},
): Promise<Backup> {
  const clock = options.clock ?? systemClock;
  if (existsSync(target) && readdirSync(target).length > 0)
    throw new StoreError('BACKUP_INVALID', `${target} is not empty`, { hint: 'name a new folder' });
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const file = join(target, DATA);
  await engine.copyTo(file, true);
  const at = clock.now();
  const sequence = await appliedIn(file);
  const { sha256, bytes } = await digest(file);
  const handle = await open(file, 'r');
  await handle.sync();
  await handle.close();
  const manifest: Backup & { format: 1 } = { format: 1, at, sequence, bytes, sha256 };
  // The manifest comes last and whole: without it there is no backup.
  writeFileSync(join(target, `${MANIFEST}.new`), `${JSON.stringify(manifest, null, 2)}\n`, { flush: true });
  renameSync(join(target, `${MANIFEST}.new`), join(target, MANIFEST));
  return { at, sequence, bytes, sha256 };
}

/** The last change that a copy holds: who copies beside the writer cannot know it before. */
async function appliedIn(file: string): Promise<number> {
  const db = openCopy(file);
  try {
    return Number(db.get(APPLIED)?.toString() ?? 0);
  } finally {
    await db.close();
  }
}

const APPLIED = spaced(SPACE.meta, Buffer.from('applied'));

function openCopy(file: string): RootDatabase<Buffer, Buffer> {
  return openLmdb<Buffer, Buffer>({
    path: file,
    encoding: 'binary',
    keyEncoding: 'binary',
    overlappingSync: false,
  } as Parameters<typeof openLmdb>[0]) as RootDatabase<Buffer, Buffer>;
}

/** @throws StoreError BACKUP_INVALID */
export async function verifyBackup(target: string): Promise<Backup> {
  const manifest = readManifest(target);
  const { sha256, bytes } = await digest(join(target, DATA)).catch(() => ({ sha256: '', bytes: 0 }));
  if (sha256 !== manifest.sha256 || bytes !== manifest.bytes)
    throw new StoreError('BACKUP_INVALID', `${target}: the copy is not what was backed up`, {
      hint: 'use another backup',
    });
  checkLmdbFile(join(target, DATA));
  return manifest;
}

function readManifest(target: string): Backup {
  try {
    const manifest = JSON.parse(readFileSync(join(target, MANIFEST), 'utf8')) as Backup & { format: number };
    if (manifest.format === 1) return manifest;
  } catch {
    // Said below.
  }
  throw new StoreError('BACKUP_INVALID', `${target} is no backup`, { hint: `a backup has a ${MANIFEST}` });
}

async function digest(file: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { sha256: hash.digest('hex'), bytes };
}

/**
 * Makes a store of a backup in an empty folder, with the changes of the folder `archive` up to `until` (milliseconds UTC; default: all).
 *
 * @throws StoreError BACKUP_INVALID when the archive does not join on to the backup
 */
export async function restoreStore(
  backup: string,
  dir: string,
  options: { archive?: string; until?: number } = {},
): Promise<{ sequence: number; changes: number; at: number }> {
  const manifest = await verifyBackup(backup);
  if (existsSync(join(dir, DATA)))
    throw new StoreError('BACKUP_INVALID', `${dir} holds a store already`, {
      hint: 'restore into a new folder, then put it in its place',
    });
  const { until = Number.POSITIVE_INFINITY } = options;
  if (until < manifest.at && options.until !== undefined)
    throw new StoreError('BACKUP_INVALID', `the backup is newer than ${new Date(until).toISOString()}`, {
      hint: 'use an older backup',
    });
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, DATA);
  await copyFile(join(backup, DATA), file);
  let { sequence, at } = manifest;
  let changes = 0;
  if (options.archive !== undefined) {
    const db = openCopy(file);
    try {
      for await (const change of readArchive(options.archive, sequence)) {
        if (change.at > until) break;
        if (change.sequence !== sequence + 1)
          throw new StoreError('BACKUP_INVALID', `the archive has no change ${sequence + 1}`, {
            hint: 'use a backup that was made behind the gap: sparrow store archive shows the gaps',
          });
        void db.batch(() => {
          for (const { key, value } of change.entries) void (value ? db.put(key, value) : db.remove(key));
        });
        sequence = change.sequence;
        at = change.at;
        if (++changes % 1_000 === 0) await db.committed;
      }
      await db.put(APPLIED, Buffer.from(String(sequence)));
    } catch (error) {
      await db.close();
      rmSync(file, { force: true });
      throw error;
    }
    await db.close();
  }
  return { sequence, changes, at };
}
