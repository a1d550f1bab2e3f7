import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { type FileHandle, open, stat, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '@sparrow/core';
import type { ChangeArchive } from '../engines/lmdb/change.ts';
import { FIRST_TIMELINE, presentOf, type Timeline } from '../engines/lmdb/timelines.ts';
import { archivedTimelines, encodeRecord, fileName, filesOf, readRecords, timelineFile } from './archive-files.ts';

/**
 * The archive of a store: a folder of files with every durable change. With a backup it gives the store as it was at
 * any time since. A store that was restored goes on in it on a timeline of its own, so that nothing is taken for what
 * was undone.
 */
export interface Archive extends ChangeArchive {
  /** Bytes that wait to be written. */
  readonly waiting: number;
  /** Why nothing was written lately. */
  readonly error: Error | undefined;
}

/** Changes of one timeline without a gap between them. */
export interface ArchiveRun {
  /** Empty: the first one. */
  timeline: string;
  first: number;
  last: number;
  /** Milliseconds UTC of the first and the last. */
  from: number;
  to: number;
  files: string[];
  bytes: number;
}

const FILE_BYTES = 64 * 1024 * 1024;
/** Changes that wait for the disk; beyond this the archive has a gap rather than the store a stop. */
const WAITING_BYTES = 64 * 1024 * 1024;
const FLUSH_MS = 200;

interface Queued {
  bytes: Buffer;
  sequence: number;
}

/**
 * Goes on behind the last whole change that the folder has. One process at a time: the engine opens it when it holds
 * the store.
 */
export async function openArchive(dir: string, options: { clock?: Clock; fileBytes?: number } = {}): Promise<Archive> {
  const { clock = systemClock, fileBytes = FILE_BYTES } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  let timeline = FIRST_TIMELINE;
  let { file, position, last } = await openNewest(dir, timeline, fileBytes);
  let written = last;
  let queue: Queued[] = [];
  /** What is being written; after a failure it is written at the same place again. */
  let batch: Queued[] = [];
  let waiting = 0;
  let error: Error | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function nextFile(first: number): Promise<FileHandle> {
    await file?.close();
    file = await open(join(dir, fileName(first, timeline)), 'w', 0o600);
    position = 0;
    await syncFolder(dir);
    return file;
  }

  async function drain(): Promise<void> {
    while (batch.length + queue.length > 0) {
      if (batch.length === 0) {
        batch = queue;
        queue = [];
      }
      const first = (batch[0] as Queued).sequence;
      // A gap begins a file of its own, and so does what comes behind a full one.
      const own = file && position < fileBytes && first === written + 1 ? file : await nextFile(first);
      const chunk = Buffer.concat(batch.map(({ bytes }) => bytes));
      await writeAll(own, chunk, position);
      await own.datasync();
      position += chunk.length;
      written = (batch.at(-1) as Queued).sequence;
      waiting -= chunk.length;
      batch = [];
      error = undefined;
    }
  }
  const flush = (): Promise<void> => {
    const turn = writing.then(drain);
    writing = turn.catch((cause: Error) => {
      error = cause;
    });
    return turn;
  };
  const timer = setInterval(() => void flush().catch(() => {}), FLUSH_MS);
  timer.unref();

  return {
    get last() {
      return last;
    },
    get waiting() {
      return waiting;
    },
    get error() {
      return error;
    },
    async begin(chain) {
      for (const own of chain) noteTimeline(dir, own);
      const present = presentOf(chain);
      if (present === timeline) return;
      await flush();
      await file?.close();
      timeline = present;
      ({ file, position, last } = await openNewest(dir, timeline, fileBytes));
      // A timeline without files goes on behind what it shares with its parent.
      last = Math.max(last, chain.at(-1)?.sequence ?? 0);
      written = last;
    },
    append({ sequence, entries }) {
      if (sequence <= last) return;
      const bytes = encodeRecord(sequence, clock.now(), entries);
      last = sequence;
      if (waiting > WAITING_BYTES) {
        for (const { bytes: dropped } of queue) waiting -= dropped.length;
        queue = [];
      }
      queue.push({ bytes, sequence });
      waiting += bytes.length;
      if (waiting > 1 << 20) void flush().catch(() => {});
    },
    sync: flush,
    async close() {
      clearInterval(timer);
      await flush().catch(() => {});
      await file?.close();
      file = undefined;
    },
  };
}

/**
 * The end of what an archive has of a timeline. What is torn there was never promised, and goes: behind it nothing
 * could be read.
 */
async function openNewest(
  dir: string,
  timeline: string,
  fileBytes: number,
): Promise<{ file: FileHandle | undefined; position: number; last: number }> {
  const newest = (await filesOf(dir, timeline)).at(-1);
  if (!newest) return { file: undefined, position: 0, last: 0 };
  const path = join(dir, newest.name);
  const end = (await readRecords(path)).at(-1);
  if (!end) {
    await unlink(path);
    return { file: undefined, position: 0, last: Math.max(0, newest.first - 1) };
  }
  await truncate(path, end.end);
  const file = end.end < fileBytes ? await open(path, 'r+') : undefined;
  return { file, position: end.end, last: end.sequence };
}

/** Says in the archive where a timeline began; the file is there whole or not at all. */
function noteTimeline(dir: string, timeline: Timeline): void {
  const path = join(dir, timelineFile(timeline.id));
  if (existsSync(path)) return;
  writeFileSync(`${path}.new`, `${JSON.stringify(timeline)}\n`, { flush: true, mode: 0o600 });
  renameSync(`${path}.new`, path);
}

async function writeAll(file: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let at = 0; at < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, at, chunk.length - at, position + at);
    if (bytesWritten === 0) throw new Error('the disk took no bytes');
    at += bytesWritten;
  }
}

async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r');
  await folder.sync();
  await folder.close();
}

/** What an archive holds, by timelines. Two runs of one timeline mean that there is a gap between them. */
export async function describeArchive(dir: string): Promise<ArchiveRun[]> {
  const runs: ArchiveRun[] = [];
  const order = ['', ...archivedTimelinesOf(dir)];
  const files = (await filesOf(dir)).sort(
    (a, b) => order.indexOf(a.timeline) - order.indexOf(b.timeline) || a.first - b.first,
  );
  for (const { name, timeline } of files) {
    const { size } = await stat(join(dir, name));
    for (const { sequence, at } of await readRecords(join(dir, name))) {
      let run = runs.at(-1);
      if (!run || run.timeline !== timeline || sequence !== run.last + 1) {
        run = { timeline, first: sequence, last: sequence, from: at, to: at, files: [], bytes: 0 };
        runs.push(run);
      }
      run.last = sequence;
      run.to = at;
      if (run.files.at(-1) === name) continue;
      run.files.push(name);
      run.bytes += size;
    }
  }
  return runs;
}

const archivedTimelinesOf = (dir: string): string[] => archivedTimelines(dir).map(({ id }) => id);

/** Gaps of an archive, as texts: changes that are in no file, within a timeline or where one began. */
export async function gapsOf(dir: string): Promise<string[]> {
  const runs = await describeArchive(dir);
  const gaps: string[] = [];
  for (const [i, run] of runs.entries()) {
    const before = runs[i - 1];
    if (before?.timeline === run.timeline) gaps.push(`${before.last + 1} to ${run.first - 1}`);
  }
  for (const { id, parent, sequence } of archivedTimelines(dir)) {
    const first = runs.find(({ timeline }) => timeline === id)?.first;
    if (first !== undefined && first > sequence + 1) gaps.push(`${sequence + 1} to ${first - 1} of ${id}`);
    const last = runs.filter(({ timeline }) => timeline === parent).at(-1)?.last;
    if (last !== undefined && last < sequence) gaps.push(`${last + 1} to ${sequence} before ${id} began`);
  }
  return gaps;
}

/** Removes the files that a backup makes needless; answers their names. */
export async function pruneArchive(dir: string, sequence: number, timeline = FIRST_TIMELINE): Promise<string[]> {
  const gone: string[] = [];
  for (const { id, upTo } of lineage(dir, timeline, sequence)) {
    const files = await filesOf(dir, id);
    for (const [i, { name }] of files.entries()) {
      const next = files[i + 1];
      // A file's changes end before the next one begins.
      if (next === undefined || next.first > upTo + 1) break;
      await unlink(join(dir, name));
      gone.push(name);
    }
  }
  return gone;
}

/** A timeline and those it came from, each with the last change that the youngest has of it. */
function lineage(dir: string, timeline: string, sequence: number): { id: string; upTo: number }[] {
  const known = archivedTimelines(dir);
  const line = [{ id: timeline, upTo: sequence }];
  for (let here = known.find(({ id }) => id === timeline); here; ) {
    const { parent, sequence: upTo } = here;
    line.push({ id: parent, upTo });
    here = known.find(({ id }) => id === parent);
  }
  return line;
}

export { readArchive } from './archive-path.ts';
