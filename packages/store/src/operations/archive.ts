import { mkdirSync } from 'node:fs';
import { type FileHandle, open, readdir, readFile, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { type Clock, systemClock } from '@sparrow/core';
import { decodePayload, encodePayload } from '../engines/lmdb/layout.ts';
import type { ChangeArchive } from '../engines/lmdb/lmdb-engine.ts';
import { StoreError } from '../errors.ts';

/**
 * The archive of a store: a folder of files, each named after the first change in it. A record of a file is crc32, length, number of the change, time
 * (doubles), and the change. With a backup it gives the store as it was at any time since.
 */
export interface Archive extends ChangeArchive {
  /** Bytes that wait to be written. */
  readonly waiting: number;
  /** Why nothing was written lately. */
  readonly error: Error | undefined;
}

/** A run of changes without a gap. */
export interface ArchiveRun {
  first: number;
  last: number;
  /** Milliseconds UTC of the first and the last. */
  from: number;
  to: number;
  files: string[];
  bytes: number;
}

export interface ArchivedChange {
  sequence: number;
  /** Milliseconds UTC. */
  at: number;
  entries: { key: Buffer; value: Buffer | undefined }[];
}

const HEAD = 28;
const FILE_BYTES = 64 * 1024 * 1024;
/** Changes that wait for the disk; beyond this the archive has a gap rather than the store a stop. */
const WAITING_BYTES = 64 * 1024 * 1024;
const FLUSH_MS = 200;
const NAME = /^changes-(\d{16})$/;
const nameOf = (first: number): string => `changes-${String(first).padStart(16, '0')}`;

/** Goes on behind the last whole change that the folder has. One process at a time: the engine opens it when it holds the store. */
export async function openArchive(dir: string, options: { clock?: Clock; fileBytes?: number } = {}): Promise<Archive> {
  const { clock = systemClock, fileBytes = FILE_BYTES } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const newest = (await filesOf(dir)).at(-1);
  let file: FileHandle | undefined;
  let position = 0;
  let last = 0;
  if (newest !== undefined) {
    const path = join(dir, newest);
    for (const record of recordsOf(await readFile(path))) {
      last = record.sequence;
      position = record.end;
    }
    // What is torn was never promised; behind it nothing could be read.
    await truncate(path, position);
    if (position > 0 && position < fileBytes) file = await open(path, 'r+');
    else if (position === 0) await unlink(path);
    if (last === 0 && newest !== undefined) last = Math.max(0, Number(NAME.exec(newest)?.[1]) - 1);
  }
  let queue: { bytes: Buffer; sequence: number }[] = [];
  let waiting = 0;
  let error: Error | undefined;
  let writing: Promise<void> = Promise.resolve();
  let written = last;

  /** What is being written; after a failure it is written at the same place again. */
  let batch: { bytes: Buffer; sequence: number }[] = [];

  async function drain(): Promise<void> {
    while (batch.length + queue.length > 0) {
      if (batch.length === 0) {
        batch = queue;
        queue = [];
      }
      const first = (batch[0] as { sequence: number }).sequence;
      // A gap begins a file of its own, and so does what comes behind a full one.
      if (file && (position >= fileBytes || first !== written + 1)) {
        await file.close();
        file = undefined;
      }
      if (!file) {
        file = await open(join(dir, nameOf(first)), 'w', 0o600);
        position = 0;
        const folder = await open(dir, 'r');
        await folder.sync();
        await folder.close();
      }
      const chunk = Buffer.concat(batch.map(({ bytes }) => bytes));
      for (let at = 0; at < chunk.length; ) {
        const { bytesWritten } = await file.write(chunk, at, chunk.length - at, position + at);
        if (bytesWritten === 0) throw new Error('the disk took no bytes');
        at += bytesWritten;
      }
      await file.datasync();
      position += chunk.length;
      written = (batch.at(-1) as { sequence: number }).sequence;
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
    append({ sequence, entries }) {
      if (sequence <= last) return;
      const payload = encodePayload(entries);
      const bytes = Buffer.allocUnsafe(HEAD + payload.length);
      bytes.writeUInt32LE(payload.length, 4);
      bytes.writeDoubleLE(sequence, 8);
      bytes.writeDoubleLE(clock.now(), 16);
      bytes.writeUInt32LE(0, 24);
      bytes.set(payload, HEAD);
      bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
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
    },
  };
}

async function filesOf(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch(() => {
    throw new StoreError('BACKUP_INVALID', `there is no archive in ${dir}`, {
      hint: 'switch it on: sparrow store archive --on',
    });
  });
  return names.filter((name) => NAME.test(name)).sort();
}

/** Whole records only: the last may be torn. */
function* recordsOf(bytes: Buffer): Generator<{ sequence: number; at: number; payload: Buffer; end: number }> {
  for (let at = 0; at + HEAD <= bytes.length; ) {
    const end = at + HEAD + bytes.readUInt32LE(at + 4);
    if (end > bytes.length || crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32LE(at)) return;
    yield {
      sequence: bytes.readDoubleLE(at + 8),
      at: bytes.readDoubleLE(at + 16),
      payload: bytes.subarray(at + HEAD, end),
      end,
    };
    at = end;
  }
}

/** The changes behind number `after`, in order. @throws StoreError BACKUP_INVALID when there is no archive */
export async function* readArchive(dir: string, after: number): AsyncGenerator<ArchivedChange> {
  const files = await filesOf(dir);
  for (const [i, name] of files.entries()) {
    const next = files[i + 1];
    if (next !== undefined && Number(NAME.exec(next)?.[1]) <= after + 1) continue;
    for (const { sequence, at, payload } of recordsOf(await readFile(join(dir, name))))
      if (sequence > after) yield { sequence, at, entries: decodePayload(payload) };
  }
}

/** What an archive holds: more than one run means that there are gaps. */
export async function describeArchive(dir: string): Promise<ArchiveRun[]> {
  const runs: ArchiveRun[] = [];
  for (const name of await filesOf(dir)) {
    const bytes = await readFile(join(dir, name));
    for (const { sequence, at } of recordsOf(bytes)) {
      let run = runs.at(-1);
      if (!run || sequence !== run.last + 1) {
        run = { first: sequence, last: sequence, from: at, to: at, files: [], bytes: 0 };
        runs.push(run);
      }
      run.last = sequence;
      run.to = at;
      if (run.files.at(-1) !== name) {
        run.files.push(name);
        run.bytes += bytes.length;
      }
    }
  }
  return runs;
}

/** Removes the files that a backup at change `sequence` makes needless; answers their names. */
export async function pruneArchive(dir: string, sequence: number): Promise<string[]> {
  const files = await filesOf(dir);
  const gone: string[] = [];
  for (const [i, name] of files.entries()) {
    const next = files[i + 1];
    // A file's changes end before the next one begins.
    if (next === undefined || Number(NAME.exec(next)?.[1]) > sequence + 1) break;
    await unlink(join(dir, name));
    gone.push(name);
  }
  return gone;
}
