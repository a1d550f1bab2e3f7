import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '@sparrow/core';
import { open, type RootDatabase } from 'lmdb';
import { StoreError } from '../../errors.ts';
import { applyWrite } from '../apply-write.ts';
import type { Commit, IndexPage, KvEngine, Located, RangeRequest, Row, RowPage, WriteResult } from '../kv-engine.ts';
import { APPLIED, createApplier } from './applier.ts';
import { checkLmdbFile } from './check-file.ts';
import { createFileLayer, type FileLayer } from './file-layer.ts';
import { holdFolder } from './hold-folder.ts';
import {
  decodeFeed,
  decodePayload,
  decodeRow,
  encodeFeed,
  encodeRow,
  indexOf,
  payloadBytes,
  SPACE,
  type StoredChange,
  spaced,
  writePayload,
} from './layout.ts';
import { type Log, openLog } from './log.ts';
import { type Entry, Overlay, textOf } from './overlay.ts';

export interface LmdbEngineOptions {
  /** Folder of the store; made when it is not there. */
  dir: string;
  /** Only reads, beside the one process that writes. Sees what the writer has applied: some tenths of a second behind it. */
  readOnly?: boolean;
  /** Slots that keys are counted into; matters when the store grows to shards. Default 1024. */
  slots?: number;
  /** Bytes of changes that wait for LMDB before writers must wait, too. Default 32 MiB. */
  overlayBytes?: number;
  /** Milliseconds that changes gather before LMDB gets them, unless they are many. Default 200. */
  applyEveryMs?: number;
  /** Processes and threads that may read at once. Default 254. */
  maxReaders?: number;
  segmentBytes?: number;
  clock?: Clock;
  /** The files of the log; a test gives a disk that tears. */
  files?: FileLayer;
  /** Where every durable change goes, too; opened when the store is held for writing, and closed with it. */
  archive?: () => Promise<ChangeArchive>;
}

/** What one commit, or several that were made together, changed. */
export interface Change {
  sequence: number;
  entries: readonly { key: Buffer; value: Buffer | undefined }[];
}

/** Keeps changes for good. Segments of the log stay until it has them, so it misses none when the process dies. */
export interface ChangeArchive {
  /** The last change it has. */
  readonly last: number;
  /** In order; what it has already it ignores. */
  append(change: Change): void;
  /** Resolves when everything appended is durable there. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface LmdbEngine extends KvEngine {
  /** Calls back with every durable change in its order, for a copy of the store elsewhere; returns a function that ends it. */
  watch(onChange: (change: Change) => void): () => void;
  /** Names of the texts that the store keeps. */
  metaNames(): Promise<string[]>;
  /** Rows as they are stored, for a copy of the store elsewhere. */
  scanStored(range: {
    from: Buffer;
    to: Buffer;
    after?: string;
    limit: number;
  }): Promise<{ rows: { key: Buffer; stored: Buffer }[]; cursor?: string }>;
  /** Everything that is durable is in LMDB. */
  settle(): Promise<void>;
  /** A consistent copy of the LMDB file while the store runs; compacted when wanted. The log is in it up to now. */
  copyTo(file: string, compact: boolean): Promise<{ sequence: number }>;
  readonly sequence: number;
}

const MIGRATE_HINT = 'end the other process, or open the store with readOnly';

/**
 * The embedded engine: a log that makes groups of writes durable, LMDB behind it, many reading processes.
 *
 * @throws StoreError STORE_IN_USE, STORE_CORRUPT
 */
export async function createLmdbEngine(options: LmdbEngineOptions): Promise<LmdbEngine> {
  const { dir, readOnly = false, slots = 1024, overlayBytes = 32 * 1024 * 1024, applyEveryMs = 200 } = options;
  const clock = options.clock ?? systemClock;
  if (!readOnly) mkdirSync(join(dir, 'log'), { recursive: true, mode: 0o700 });
  const release = readOnly ? () => {} : holdFolder(dir, MIGRATE_HINT);
  const file = join(dir, 'data.mdb');
  let db: RootDatabase<Buffer, Buffer>;
  try {
    checkLmdbFile(file);
    db = open<Buffer, Buffer>({
      path: file,
      encoding: 'binary',
      keyEncoding: 'binary',
      // A batch is on the disk when its promise resolves, by LMDB's own two meta pages: segments of the log may go then.
      overlappingSync: false,
      compression: false,
      // We make the batches. lmdb's own leave a promise to nobody, which ends the process when a commit fails.
      eventTurnBatching: false,
      noMemInit: true,
      // Records are read one by one: what the kernel would read ahead of a cold one turns out others that are warm.
      noReadAhead: true,
      maxReaders: options.maxReaders ?? 254,
      readOnly,
    } as Parameters<typeof open>[0]) as RootDatabase<Buffer, Buffer>;
  } catch (error) {
    release();
    if (error instanceof StoreError) throw error;
    throw new StoreError('STORE_CORRUPT', `${file} cannot be opened: ${(error as Error).message}`, {
      hint: 'check that the folder is a store and may be read; else restore a backup',
      cause: error,
    });
  }
  const overlay = new Overlay();
  const watchers = new Set<Parameters<LmdbEngine['watch']>[0]>();
  let rev = 0;
  let log: Log | undefined;
  let archive: ChangeArchive | undefined;
  let closed = false;
  const applier = createApplier({
    db,
    overlay,
    overlayBytes,
    everyMs: applyEveryMs,
    clock,
    applied: Number(readText(APPLIED) ?? 0),
    async onApplied(upTo) {
      // An archive that cannot write now is behind: the segments wait for it.
      const archived = await archive?.sync().then(
        () => true,
        () => false,
      );
      if (archived !== false) await log?.release(upTo);
    },
  });

  function readText(name: string): string | undefined {
    const key = spaced(SPACE.meta, Buffer.from(name));
    const entry = overlay.find(textOf(key));
    const bytes = entry ? entry.value : db.getBinary(key);
    return bytes?.toString('utf8');
  }

  if (!readOnly) {
    try {
      const { applied } = applier;
      let latest = applied;
      archive = await options.archive?.();
      log = await openLog({
        files: options.files ?? createFileLayer(join(dir, 'log')),
        ...(options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }),
        applied,
        calm: () => !applier.isBusy,
        onApplied(sequence, payload) {
          archive?.append({ sequence, entries: decodePayload(payload) });
        },
        onRecord(sequence, payload) {
          latest = sequence;
          const entries = decodePayload(payload);
          archive?.append({ sequence, entries });
          overlay.settle(entries.map(({ key, value }) => ({ text: textOf(key), entry: { key, value, sequence } })));
        },
      });
      // A full disk here keeps nobody from reading; segments wait for it.
      await archive?.sync().catch(() => {});
      if (archive) watchers.add((change) => archive?.append(change));
      if (latest > applied) {
        await applier.apply(latest);
        await log.release(latest);
      }
      // Revisions go on from a number no earlier life has used: a commit takes one sequence number and at most 4,096 revisions.
      rev = latest * 4096;
    } catch (error) {
      await db.close();
      release();
      throw error;
    }
  }

  /** What a write is computed on; good until the next read, which uses the buffer again. */
  function newest(text: string, key: Buffer): Buffer | undefined {
    const entry = overlay.pending.get(text) ?? overlay.find(text);
    return entry ? entry.value : db.getBinaryFast(key);
  }

  const open_ = (): void => {
    if (closed) throw new StoreError('CLOSED', 'the store is closed', { hint: 'open it again' });
  };

  /** Computes a commit against what is pending, and hands it to the log. Synchronous, so nothing comes between reading and writing. */
  function submit(commit: Commit): { results: WriteResult[]; durable?: Promise<void> } {
    const { writes, now } = commit;
    const changes: StoredChange[] = [];
    const results: WriteResult[] = [];
    // Writes of one commit see each other.
    const own = writes.length > 1 ? new Map<string, Buffer | undefined>() : undefined;
    let mustWait: Promise<void> | undefined;
    for (const write of writes) {
      const key = spaced(SPACE.row, write.key);
      const text = textOf(key);
      const bytes = own?.has(text) ? own.get(text) : newest(text, key);
      const row = bytes ? decodeRow(bytes, bytes.length) : undefined;
      const outcome = applyWrite(row, write, now);
      const live = row && (row.expires === 0 || row.expires > now) ? row : undefined;
      const result: WriteResult = { code: outcome.code, version: live?.version ?? 0, rev: live?.rev ?? 0 };
      results.push(result);
      const wantsBefore = write.want === 'before' || write.want === 'both';
      if (live && (wantsBefore || outcome.code !== 'ok')) result.before = { ...live, value: Buffer.from(live.value) };
      if (outcome.code !== 'ok') {
        // The refusal may stand on a change that is not durable yet.
        mustWait = overlay.pending.has(text) ? group : undefined;
        while (results.length < writes.length) results.push({ code: 'skipped', version: 0, rev: 0 });
        return mustWait ? { results, durable: mustWait } : { results };
      }
      if (write.op === 'check') {
        if (overlay.pending.has(text)) mustWait = group;
        continue;
      }
      const { after } = outcome;
      const oldIndex = bytes ? indexOf(bytes) : [];
      if (after) {
        const next = ++rev;
        const index = write.index ?? oldIndex;
        const value = encodeRow({ ...after, rev: next }, after.value, index);
        changes.push({ key, value });
        own?.set(text, value);
        if (index !== oldIndex) diffIndex(oldIndex, index, write.key, changes);
        result.version = after.version;
        result.rev = next;
        if (write.want === 'after' || write.want === 'both') result.after = decodeRow(value);
      } else if (row) {
        changes.push({ key, value: undefined });
        own?.set(text, undefined);
        diffIndex(oldIndex, [], write.key, changes);
        result.version = row.version;
      }
      if (commit.feed && write.feed !== false && (after || live)) {
        const feedKey = Buffer.allocUnsafe(12);
        write.key.copy(feedKey, 0, 0, 4);
        feedKey.writeBigUInt64BE(BigInt(++rev), 4);
        changes.push({
          key: spaced(SPACE.feed, feedKey),
          value: encodeFeed(
            write,
            after ? 'put' : 'delete',
            after ?? { value: new Uint8Array(0), version: live?.version ?? 0, expires: 0, modified: now },
            now,
          ),
        });
      }
    }
    if (changes.length === 0) return mustWait ? { results, durable: mustWait } : { results };
    return { results, durable: write(changes) };
  }

  let group: Promise<void> | undefined;
  let groupEntries: { text: string; entry: Entry }[] = [];

  /** Hands changes to the log; the promise is shared by all of one group. */
  function write(changes: readonly StoredChange[]): Promise<void> {
    const { sequence, durable } = (log as Log).append(payloadBytes(changes), (out, at) =>
      writePayload(changes, out, at),
    );
    if (durable !== group) {
      group = durable;
      const entries: { text: string; entry: Entry }[] = [];
      groupEntries = entries;
      durable.then(
        () => {
          overlay.settle(entries);
          applier.durableSequence = (entries.at(-1) as { entry: Entry }).entry.sequence;
          if (group === durable) group = undefined;
          if (watchers.size > 0) tell(entries);
          applier.schedule();
        },
        () => {
          // Everything behind the failure was refused, too.
          overlay.pending.clear();
          if (group === durable) group = undefined;
        },
      );
    }
    for (const { key, value } of changes) {
      const text = textOf(key);
      const entry = { key, value, sequence };
      overlay.pending.set(text, entry);
      groupEntries.push({ text, entry });
    }
    return durable;
  }

  function tell(entries: readonly { entry: Entry }[]): void {
    for (let i = 0; i < entries.length; ) {
      const { sequence } = (entries[i] as { entry: Entry }).entry;
      const change: Entry[] = [];
      while (i < entries.length && (entries[i] as { entry: Entry }).entry.sequence === sequence)
        change.push((entries[i++] as { entry: Entry }).entry);
      for (const watcher of watchers) watcher({ sequence, entries: change });
    }
  }

  function diffIndex(
    before: readonly Buffer[],
    after: readonly Buffer[],
    rowKey: Buffer,
    changes: { key: Buffer; value: Buffer | undefined }[],
  ): void {
    for (const entry of before)
      if (!after.some((other) => other.equals(entry)))
        changes.push({ key: spaced(SPACE.index, entry), value: undefined });
    for (const entry of after)
      if (!before.some((other) => other.equals(entry)))
        changes.push({ key: spaced(SPACE.index, entry), value: rowKey });
  }

  /** Live entries of a space in [from, to), LMDB and overlay merged; at most `limit`. */
  function* merged(space: number, from: Buffer, to: Buffer): Generator<{ key: Buffer; value: Buffer }> {
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

  const fromCursor = (range: Pick<RangeRequest, 'from' | 'after'>): Buffer =>
    range.after === undefined ? range.from : Buffer.concat([Buffer.from(range.after, 'base64url'), Buffer.of(0)]);

  // Keys of reads are put behind the byte of their space here; LMDB takes them from it before it answers.
  const readKey = Buffer.alloc(4096);
  readKey[0] = SPACE.row;

  function get({ key }: Located): Row | undefined | Promise<Row | undefined> {
    open_();
    readKey.set(key, 1);
    const spacedKey = readKey.subarray(0, key.length + 1);
    if (overlay.pending.size > 0 || overlay.durable.size > 0 || overlay.applying.size > 0) {
      const text = textOf(spacedKey);
      // What is not durable is shown to nobody: a crash could take it back.
      if (overlay.pending.has(text)) {
        const at = { slot: 0, key: Buffer.from(key) };
        return (group as Promise<void>).then(
          () => getCopy(at),
          () => getCopy(at),
        );
      }
      const entry = overlay.find(text);
      if (entry) return entry.value ? decodeRow(entry.value) : undefined;
    }
    const bytes = db.getBinaryFast(spacedKey);
    return bytes ? decodeRow(bytes, bytes.length) : undefined;
  }

  /** A row for those who wait: the buffer of a fast read is used again by the next one. */
  async function getCopy(at: Located): Promise<Row | undefined> {
    const answer = get(at);
    if (answer instanceof Promise) return answer;
    return answer && { ...answer, value: Buffer.from(answer.value) };
  }

  const engine: LmdbEngine = {
    kind: 'lmdb',
    slots,
    get sequence() {
      return log?.sequence ?? applier.applied;
    },
    get,
    async getMany(at) {
      const rows: (Row | undefined)[] = [];
      for (const entry of at) {
        rows.push(await getCopy(entry));
      }
      return rows;
    },
    /** No async function: each layer of them costs a write as much as its encoding. */
    commit(commit) {
      try {
        open_();
        if (readOnly)
          throw new StoreError('READ_ONLY', 'this process opened the store to read', {
            hint: 'write in the one that has it open for writing',
          });
        if (overlay.bytes > overlayBytes) return applier.waitForRoom(commit.deadline).then(() => engine.commit(commit));
        const { results, durable } = submit(commit);
        return durable ? durable.then(() => results) : Promise.resolve(results);
      } catch (error) {
        return Promise.reject(error);
      }
    },
    async scan(range) {
      open_();
      const page: RowPage = { rows: [] };
      for (const { key, value } of merged(SPACE.row, fromCursor(range), range.to)) {
        if (page.rows.length >= range.limit) {
          page.cursor = (page.rows.at(-1) as { key: Buffer }).key.toString('base64url');
          break;
        }
        page.rows.push({ slot: 0, key: Buffer.from(key.subarray(1)), row: decodeRow(value) });
      }
      return page;
    },
    async scanIndex(range) {
      open_();
      const page: IndexPage = { entries: [] };
      for (const { key, value } of merged(SPACE.index, fromCursor(range), range.to)) {
        if (page.entries.length >= range.limit) {
          page.cursor = (page.entries.at(-1) as { index: Buffer }).index.toString('base64url');
          break;
        }
        page.entries.push({ index: Buffer.from(key.subarray(1)), key: Buffer.from(value), slot: 0 });
      }
      return page;
    },
    async count(from, to) {
      open_();
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
    async feed(table, position, limit) {
      open_();
      const from = Buffer.alloc(12);
      from.writeUInt32BE(table);
      if (position !== '') {
        if (!/^\d{1,16}$/.test(position))
          throw new StoreError('CURSOR_INVALID', 'this is no position of an embedded store', {
            hint: 'begin without one',
          });
        from.writeBigUInt64BE(BigInt(position) + 1n, 4);
      }
      const to = Buffer.alloc(4);
      to.writeUInt32BE(table + 1);
      const entries = [];
      let last = position;
      for (const { key, value } of merged(SPACE.feed, from, to)) {
        if (entries.length >= limit) break;
        entries.push(decodeFeed(value));
        last = String(key.readBigUInt64BE(5));
      }
      return { entries, position: last };
    },
    async trimFeed(table, before, limit) {
      open_();
      const from = Buffer.alloc(4);
      from.writeUInt32BE(table);
      const to = Buffer.alloc(4);
      to.writeUInt32BE(table + 1);
      const changes: { key: Buffer; value: undefined }[] = [];
      for (const { key, value } of merged(SPACE.feed, from, to)) {
        if (changes.length >= Math.min(limit, 10_000) || decodeFeed(value).at >= before) break;
        changes.push({ key: Buffer.from(key), value: undefined });
      }
      if (changes.length > 0) await write(changes);
      return changes.length;
    },
    async readMeta(name) {
      open_();
      if (group) await group.catch(() => {});
      return readText(`meta/${name}`);
    },
    async writeMeta(name, text, expected) {
      open_();
      if (readOnly)
        throw new StoreError('READ_ONLY', 'this process opened the store to read', { hint: 'write elsewhere' });
      const key = spaced(SPACE.meta, Buffer.from(`meta/${name}`));
      const bytes = newest(textOf(key), key);
      const present = bytes?.toString('utf8', 0, bytes.length);
      if (present !== expected) return false;
      await write([{ key, value: Buffer.from(text) }]);
      return true;
    },
    async stats() {
      open_();
      const { mapSize, lastPageNumber, entryCount, pageSize } = db.getStats() as Record<string, number>;
      return {
        entries: entryCount ?? 0,
        fileBytes: ((lastPageNumber ?? 0) + 1) * (pageSize ?? 4096),
        mapBytes: mapSize ?? 0,
        logBytes: log?.bytes ?? 0,
        logSyncs: log?.fsyncs ?? 0,
        overlayBytes: overlay.bytes,
        sequence: log?.sequence ?? applier.applied,
        applied: applier.applied,
        applyFailures: applier.failures,
      };
    },
    async metaNames() {
      open_();
      if (group) await group.catch(() => {});
      const from = Buffer.from('meta/');
      const names: string[] = [];
      for (const { key } of merged(SPACE.meta, from, Buffer.from('meta0')))
        names.push(key.toString('utf8', 1 + from.length));
      return names;
    },
    async scanStored(range) {
      open_();
      const page: Awaited<ReturnType<LmdbEngine['scanStored']>> = { rows: [] };
      for (const { key, value } of merged(SPACE.row, fromCursor(range), range.to)) {
        if (page.rows.length >= range.limit) {
          page.cursor = (page.rows.at(-1) as { key: Buffer }).key.toString('base64url');
          break;
        }
        page.rows.push({ key: Buffer.from(key.subarray(1)), stored: Buffer.from(value) });
      }
      return page;
    },
    watch(onChange) {
      watchers.add(onChange);
      return () => watchers.delete(onChange);
    },
    async settle() {
      if (group) await group.catch(() => {});
      await applier.settle();
    },
    async copyTo(target, compact) {
      await engine.settle();
      await db.backup(target, compact);
      return { sequence: applier.applied };
    },
    async close() {
      if (closed) return;
      if (!readOnly) {
        await engine.settle().catch(() => {});
        closed = true;
        await applier.close();
        await log?.close();
        await archive?.close();
      }
      closed = true;
      await db.close();
      release();
    },
  };
  return engine;
}
