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
import { APPLIED_KEY } from '../engines/lmdb/applier.ts';
import { checkLmdbFile } from '../engines/lmdb/check-file.ts';
import type { LmdbEngine } from '../engines/lmdb/lmdb-engine.ts';
import { openLmdb } from '../engines/lmdb/open-lmdb.ts';
import { highestRevision, REVISION_KEY, revisionOf } from '../engines/lmdb/revisions.ts';
import { beginTimeline, FIRST_TIMELINE, presentOf, readTimelines } from '../engines/lmdb/timelines.ts';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { type ArchivePath, planPath, readArchive } from './archive-path.ts';

/**
 * Backups of an embedded store: a consistent copy of LMDB, taken while the store runs, and an archive of the changes
 * behind it. The copy and a part of the archive give the store as it was at any time in between. (Shards are backed up
 * by PostgreSQL's own base backup and WAL archive.)
 */
export interface Backup {
  /** Milliseconds UTC. */
  at: number;
  /** The last change in it, and its timeline. */
  sequence: number;
  timeline: string;
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
    throw new StoreError('BACKUP_INVALID', phrase`${target} is not empty`, { hint: phrase`name a new folder` });
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const file = join(target, DATA);
  await engine.copyTo(file, true);
  const at = clock.now();
  const place = await placeIn(file);
  const { sha256, bytes } = await digest(file);
  const handle = await open(file, 'r');
  await handle.sync();
  await handle.close();
  const backup: Backup = { at, ...place, bytes, sha256 };
  // The manifest comes last and whole: without it there is no backup.
  writeFileSync(join(target, `${MANIFEST}.new`), `${JSON.stringify({ format: 1, ...backup }, null, 2)}\n`, {
    flush: true,
  });
  renameSync(join(target, `${MANIFEST}.new`), join(target, MANIFEST));
  return backup;
}

/** The last change that a copy holds: who copies beside the writer cannot know it before. */
async function placeIn(file: string): Promise<{ sequence: number; timeline: string }> {
  const db = openLmdb({ file });
  try {
    return {
      sequence: Number(db.getBinary(APPLIED_KEY)?.toString('utf8') ?? 0),
      timeline: presentOf(readTimelines(db)),
    };
  } finally {
    await db.close();
  }
}

/** @throws StoreError BACKUP_INVALID */
export async function verifyBackup(target: string): Promise<Backup> {
  const manifest = readManifest(target);
  const { sha256, bytes } = await digest(join(target, DATA)).catch(() => ({ sha256: '', bytes: 0 }));
  if (sha256 !== manifest.sha256 || bytes !== manifest.bytes)
    throw new StoreError('BACKUP_INVALID', phrase`${target}: the copy is not what was backed up`, {
      hint: phrase`use another backup`,
    });
  checkLmdbFile(join(target, DATA));
  return manifest;
}

function readManifest(target: string): Backup {
  try {
    const manifest = JSON.parse(readFileSync(join(target, MANIFEST), 'utf8')) as Backup & { format: number };
    if (manifest.format === 1) return { ...manifest, timeline: manifest.timeline ?? FIRST_TIMELINE };
  } catch {
    // Said below.
  }
  throw new StoreError('BACKUP_INVALID', phrase`${target} is no backup`, { hint: phrase`a backup has a ${MANIFEST}` });
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

export interface RestoreOptions {
  /** Folder of the archive. */
  archive?: string;
  /** Milliseconds UTC. Default: everything in the archive. */
  until?: number;
  /** The timeline of the archive to follow. Default: the one that the store was on at `until`. */
  timeline?: string;
  clock?: Clock;
}

export interface Restored {
  /** The last change, and the changes out of the archive. */
  sequence: number;
  changes: number;
  /** Milliseconds UTC of the last change. */
  at: number;
  /** The timeline that was followed, and the one that the store is on now. */
  followed: string;
  timeline: string;
  /** Later timelines of the archive that do not come from this backup. */
  passedOver: string[];
}

/**
 * Makes a store of a backup in an empty folder, with the changes of the folder `archive` up to `until`. The store
 * begins a timeline of its own: what came later elsewhere is not its past, and whoever read the feed beyond it is told
 * so.
 *
 * @throws StoreError BACKUP_INVALID when the archive does not join on to the backup, CONFIG_INVALID when `until` is no
 * time
 */
export async function restoreStore(backup: string, dir: string, options: RestoreOptions = {}): Promise<Restored> {
  const { until = Number.POSITIVE_INFINITY, clock = systemClock } = options;
  if (Number.isNaN(until))
    throw new StoreError('CONFIG_INVALID', phrase`the time to restore to is no time`, {
      hint: phrase`give milliseconds UTC; on the command line, --until 2026-11-28T08:00:00Z`,
    });
  const manifest = await verifyBackup(backup);
  checkTarget(dir);
  if (until < manifest.at && options.until !== undefined)
    throw new StoreError('BACKUP_INVALID', phrase`the backup is newer than ${new Date(until).toISOString()}`, {
      hint: phrase`use an older backup`,
    });
  const { archive, timeline } = options;
  const path =
    archive === undefined
      ? undefined
      : planPath(archive, { from: manifest, until, ...(timeline === undefined ? {} : { timeline }) });
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  // It gets its name when it is whole: half of a restore is no store.
  const file = join(dir, `${DATA}.restoring`);
  rmSync(file, { force: true });
  try {
    await copyFile(join(backup, DATA), file);
    const restored = await replay({ file, manifest, path, archive, until, clock });
    const handle = await open(file, 'r');
    await handle.sync();
    await handle.close();
    renameSync(file, join(dir, DATA));
    return restored;
  } finally {
    for (const name of [file, `${file}-lock`]) rmSync(name, { force: true });
  }
}

interface Replay {
  file: string;
  manifest: Backup;
  path: ArchivePath | undefined;
  archive: string | undefined;
  until: number;
  clock: Clock;
}

/** Puts the changes of the archive into the copy, and begins its timeline. */
async function replay({ file, manifest, path, archive, until, clock }: Replay): Promise<Restored> {
  const db = openLmdb({ file });
  const done = { sequence: manifest.sequence, changes: 0, at: manifest.at };
  let rev = highestRevision(db, manifest.sequence);
  let waiting: { key: Buffer; value: Buffer | undefined }[] = [];
  const flush = async (): Promise<void> => {
    await db.batch(() => {
      for (const { key, value } of waiting) void (value ? db.put(key, value) : db.remove(key));
    });
    waiting = [];
  };
  try {
    if (path && archive !== undefined)
      for await (const change of readArchive(archive, manifest.sequence, path)) {
        if (change.at > until) break;
        if (change.sequence !== done.sequence + 1)
          throw new StoreError('BACKUP_INVALID', phrase`the archive has no change ${done.sequence + 1}`, {
            hint: phrase`use a backup that was made behind the gap: \`sparrow store archive\` shows the gaps`,
          });
        for (const entry of change.entries) {
          rev = Math.max(rev, revisionOf(entry.key, entry.value));
          waiting.push(entry);
        }
        done.sequence = change.sequence;
        done.at = change.at;
        done.changes++;
        if (waiting.length >= ENTRIES_AT_ONCE) await flush();
      }
    await flush();
    await db.put(APPLIED_KEY, Buffer.from(String(done.sequence)));
    await db.put(REVISION_KEY, Buffer.from(String(rev)));
    const passed = (path?.parts ?? []).flatMap(({ began }) =>
      began && began.sequence <= done.sequence ? [began] : [],
    );
    const chain = await beginTimeline(db, {
      chain: [...readTimelines(db), ...passed],
      sequence: done.sequence,
      rev,
      now: clock.now(),
    });
    return {
      ...done,
      followed: path?.timeline ?? manifest.timeline,
      timeline: presentOf(chain),
      passedOver: path?.passedOver ?? [],
    };
  } finally {
    await db.close();
  }
}

/** Entries that are put before LMDB is waited for. */
const ENTRIES_AT_ONCE = 2_000;

/** @throws StoreError BACKUP_INVALID when the folder has, or had, a store of its own */
function checkTarget(dir: string): void {
  const log = join(dir, 'log');
  // What an old log holds would be taken for changes behind the restored ones.
  if (!existsSync(join(dir, DATA)) && !(existsSync(log) && readdirSync(log).length > 0)) return;
  throw new StoreError('BACKUP_INVALID', phrase`${dir} holds a store already`, {
    hint: phrase`restore into a new folder, then put it in its place`,
  });
}
