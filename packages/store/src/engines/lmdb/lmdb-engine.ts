import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '@sparrow/core';
import type { RootDatabase } from 'lmdb';
import { StoreError } from '../../errors.ts';
import { phrase } from '../../phrase.ts';
import type { KvEngine } from '../kv-engine.ts';
import { APPLIED, APPLIED_KEY, type Applier, createApplier } from './applier.ts';
import type { Change, ChangeArchive } from './change.ts';
import { type Committer, createCommitter } from './committer.ts';
import { readFeed, trimFeed } from './feeds.ts';
import { createFileLayer, type FileLayer } from './file-layer.ts';
import { holdFolder, LOCK_FILE } from './hold-folder.ts';
import { decodePayload, decodeRow, SPACE, spaced } from './layout.ts';
import { type Log, openLog } from './log.ts';
import { openLmdb } from './open-lmdb.ts';
import { type Entry, Overlay, textOf } from './overlay.ts';
import { readTail } from './read-tail.ts';
import { createReader, type Reader, type StoredRange } from './reader.ts';
import { highestRevision, revisionOf } from './revisions.ts';
import { beginTimeline, readTimelines, type Timeline } from './timelines.ts';

export interface LmdbEngineOptions {
  /** Folder of the store; made when it is not there, unless it is opened only to read. */
  dir: string;
  /**
   * Only reads. `true`: beside the one process that writes; it sees what the writer has applied, some tenths of a
   * second behind it. `alone`: nobody writes; what the last writer had not applied is read from its log. Nothing is
   * written.
   */
  readOnly?: boolean | 'alone';
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

export interface LmdbEngine extends KvEngine {
  /**
   * Calls back with every durable change in its order, for a copy of the store elsewhere; returns a function that ends
   * it.
   */
  watch(onChange: (change: Change) => void): () => void;
  /** Rows as they are stored, for a copy of the store elsewhere. */
  scanStored(range: StoredRange): Promise<{ rows: { key: Buffer; stored: Buffer }[]; cursor?: string }>;
  /** Everything that is durable now is in LMDB. */
  settle(): Promise<void>;
  /** A consistent copy of the LMDB file while the store runs; compacted when wanted. The log is in it up to now. */
  copyTo(file: string, compact: boolean): Promise<{ sequence: number }>;
  readonly sequence: number;
}

const IN_USE_HINT = phrase`end the other process, or open the store with readOnly`;
/** Texts of the store itself are durable by then, or the call ends. */
const META_MS = 10_000;
const metaName = (name: string): string => `meta/${name}`;

/**
 * The embedded engine: a log that makes groups of writes durable, LMDB behind it, many reading processes.
 *
 * @throws StoreError STORE_IN_USE, STORE_CORRUPT
 */
export async function createLmdbEngine(options: LmdbEngineOptions): Promise<LmdbEngine> {
  const { dir, readOnly = false } = options;
  const file = join(dir, 'data.mdb');
  const files = (): FileLayer => options.files ?? createFileLayer(join(dir, 'log'));
  if (!readOnly) mkdirSync(join(dir, 'log'), { recursive: true, mode: 0o700 });
  // Who only reads makes no file, not even the one that says that nobody writes.
  const holds = !readOnly || (readOnly === 'alone' && existsSync(join(dir, LOCK_FILE)));
  const release = holds ? holdFolder(dir, IN_USE_HINT) : () => {};
  let db: RootDatabase<Buffer, Buffer> | undefined;
  try {
    const maxReaders = options.maxReaders === undefined ? {} : { maxReaders: options.maxReaders };
    db = openLmdb({ file, readOnly: readOnly !== false, ...maxReaders });
    const overlay = new Overlay();
    const reader = createReader(db, overlay);
    if (readOnly) {
      const applied = Number(reader.text(APPLIED) ?? 0);
      const sequence = readOnly === 'alone' ? await readTail(files(), applied, overlay) : applied;
      return createAdapter({ options, db, overlay, reader, release, timelines: readTimelines(db), sequence });
    }
    const watchers = createWatchers();
    const writer = await openWriter({ options, db, overlay, reader, watchers, files: files() });
    return createAdapter({ options, db, overlay, reader, release, timelines: writer.timelines, writer, watchers });
  } catch (error) {
    await db?.close();
    release();
    throw error;
  }
}

/** Who is told of durable changes. */
interface Watchers {
  readonly changes: Set<(change: Change) => void>;
  readonly keys: Set<(key: Buffer) => void>;
  tell(entries: readonly Entry[]): void;
}

function createWatchers(): Watchers {
  const changes: Watchers['changes'] = new Set();
  const keys: Watchers['keys'] = new Set();
  return {
    changes,
    keys,
    tell(entries) {
      if (keys.size > 0)
        for (const { key } of entries) if (key[0] === SPACE.row) for (const onKey of keys) onKey(key.subarray(1));
      if (changes.size === 0) return;
      for (let i = 0; i < entries.length; ) {
        const { sequence } = entries[i] as Entry;
        const change: Entry[] = [];
        while (i < entries.length && (entries[i] as Entry).sequence === sequence) change.push(entries[i++] as Entry);
        for (const onChange of changes) onChange({ sequence, entries: change });
      }
    },
  };
}

/** What only the process that writes has. */
interface EngineWriter {
  log: Log;
  applier: Applier;
  committer: Committer;
  archive: ChangeArchive | undefined;
  timelines: readonly Timeline[];
}

interface OpenWriter {
  options: LmdbEngineOptions;
  db: RootDatabase<Buffer, Buffer>;
  overlay: Overlay;
  reader: Reader;
  watchers: Watchers;
  files: FileLayer;
}

/** Opens the log, brings LMDB what is in it, and goes on where the last writer stopped. */
async function openWriter(parts: OpenWriter): Promise<EngineWriter> {
  const { options, db, overlay, reader, watchers, files } = parts;
  const clock = options.clock ?? systemClock;
  const archive = await options.archive?.();
  let log: Log | undefined;
  let committer: Committer | undefined;
  const applied = Number(reader.text(APPLIED) ?? 0);
  let rev = highestRevision(db, applied);
  const applier = createApplier({
    db,
    overlay,
    overlayBytes: overlayBytesOf(options),
    everyMs: options.applyEveryMs ?? 200,
    clock,
    applied,
    rev: () => committer?.rev ?? rev,
    async onApplied(upTo) {
      // An archive that cannot write now is behind: the segments wait for it.
      const archived = await archive?.sync().then(
        () => true,
        () => false,
      );
      if (archived !== false) await log?.release(upTo);
    },
  });
  try {
    await archive?.begin(readTimelines(db));
    let latest = applied;
    log = await openLog({
      files,
      ...(options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }),
      applied,
      calm: () => !applier.isBusy,
      onApplied(sequence, payload) {
        archive?.append({ sequence, entries: decodePayload(payload) });
      },
      onRecord(sequence, payload) {
        latest = sequence;
        const entries = decodePayload(payload);
        for (const { key, value } of entries) rev = Math.max(rev, revisionOf(key, value));
        archive?.append({ sequence, entries });
        overlay.settle(entries.map(({ key, value }) => ({ text: textOf(key), key, value, sequence })));
      },
    });
    let timelines = readTimelines(db);
    if (archive && archive.last > latest) {
      // The archive has changes that this store has not: somebody put an older copy of it in its place.
      timelines = await beginTimeline(db, { chain: timelines, sequence: latest, rev, now: clock.now() });
      await archive.begin(timelines);
    }
    // A full disk here keeps nobody from reading; segments wait for it.
    await archive?.sync().catch(() => {});
    if (archive) watchers.changes.add((change) => archive.append(change));
    applier.durableSequence = latest;
    if (latest > applied) {
      await applier.apply(latest);
      await log.release(latest);
    }
    const own = createCommitter({
      db,
      overlay,
      log,
      rev,
      onDurable(entries) {
        applier.durableSequence = (entries.at(-1) as Entry).sequence;
        watchers.tell(entries);
        applier.schedule();
      },
    });
    committer = own;
    return { log, applier, committer: own, archive, timelines };
  } catch (error) {
    await log?.close().catch(() => {});
    await archive?.close().catch(() => {});
    throw error;
  }
}

const overlayBytesOf = (options: LmdbEngineOptions): number => options.overlayBytes ?? 32 * 1024 * 1024;

interface AdapterParts {
  options: LmdbEngineOptions;
  db: RootDatabase<Buffer, Buffer>;
  overlay: Overlay;
  reader: Reader;
  timelines: readonly Timeline[];
  /** Lets go of the folder. */
  release(): void;
  /** Undefined when the store is only read. */
  writer?: EngineWriter;
  watchers?: Watchers;
  /** The last change that a store which is only read has. */
  sequence?: number;
}

/** The parts as an engine. */
function createAdapter(parts: AdapterParts): LmdbEngine {
  const { db, overlay, reader, writer, watchers, timelines } = parts;
  const overlayBytes = overlayBytesOf(parts.options);
  let state: 'open' | 'closing' | 'closed' = 'open';
  let closing: Promise<void> | undefined;

  const checkOpen = (): void => {
    if (state === 'closed') throw closedError();
  };
  const toWrite = (): EngineWriter => {
    if (state !== 'open') throw closedError();
    if (writer) return writer;
    throw new StoreError('READ_ONLY', phrase`this process opened the store to read`, {
      hint: phrase`write in the one that has it open for writing`,
    });
  };

  async function settle(): Promise<void> {
    await writer?.committer.idle();
    await writer?.applier.settle();
  }

  async function close(): Promise<void> {
    state = 'closing';
    if (writer) {
      await settle().catch(() => {});
      await writer.applier.close();
      await writer.log.close();
      writer.committer.close();
      await writer.archive?.close();
    }
    state = 'closed';
    await db.close();
    parts.release();
  }

  const engine: LmdbEngine = {
    kind: 'lmdb',
    slots: parts.options.slots ?? 1024,
    get sequence() {
      return writer?.log.sequence ?? parts.sequence ?? 0;
    },
    get(at, { newest }) {
      checkOpen();
      if (!newest || !writer || overlay.pending.size === 0) return reader.get(at);
      const key = spaced(SPACE.row, at.key);
      const entry = overlay.pending.get(textOf(key));
      if (!entry) return reader.get(at);
      return entry.value ? decodeRow(entry.value) : undefined;
    },
    async getMany(at) {
      checkOpen();
      return reader.getMany(at);
    },
    /** No async function: each layer of them costs a write as much as its encoding. */
    commit(commit) {
      try {
        const { committer, applier } = toWrite();
        if (overlay.bytes > overlayBytes) return applier.waitForRoom(commit.deadline).then(() => engine.commit(commit));
        return committer.commit(commit);
      } catch (error) {
        return Promise.reject(error);
      }
    },
    async scan(range) {
      checkOpen();
      return reader.scan(range);
    },
    async scanIndex(range) {
      checkOpen();
      return reader.scanIndex(range);
    },
    async scanStored(range) {
      checkOpen();
      return reader.scanStored(range);
    },
    async count(from, to) {
      checkOpen();
      return reader.count(from, to);
    },
    async feed(table, position, limit) {
      checkOpen();
      return readFeed(reader, timelines, { table, position, limit });
    },
    async trimFeed(table, before, limit) {
      const { committer } = toWrite();
      return trimFeed(reader, committer, { table, before, limit, deadline: performance.now() + META_MS });
    },
    async readMeta(name) {
      checkOpen();
      return reader.text(metaName(name));
    },
    async writeMeta(name, text, expected) {
      const { committer } = toWrite();
      const key = spaced(SPACE.meta, Buffer.from(metaName(name)));
      const bytes = committer.newest(textOf(key), key);
      if (bytes?.toString('utf8', 0, bytes.length) !== expected) {
        // Who asks again reads what is durable then.
        await committer.idle();
        return false;
      }
      await committer.write([{ key, value: Buffer.from(text) }], performance.now() + META_MS);
      return true;
    },
    async stats() {
      checkOpen();
      const { mapSize, lastPageNumber, entryCount, pageSize } = db.getStats() as Record<string, number>;
      return {
        entries: entryCount ?? 0,
        fileBytes: ((lastPageNumber ?? 0) + 1) * (pageSize ?? 4096),
        mapBytes: mapSize ?? 0,
        logBytes: writer?.log.bytes ?? 0,
        logSyncs: writer?.log.fsyncs ?? 0,
        overlayBytes: overlay.bytes,
        sequence: engine.sequence,
        applied: writer?.applier.applied ?? Number(reader.text(APPLIED) ?? 0),
        applyFailures: writer?.applier.failures ?? 0,
      };
    },
    async metaNames() {
      checkOpen();
      return reader.names(metaName(''));
    },
    watch(onChange) {
      watchers?.changes.add(onChange);
      return () => watchers?.changes.delete(onChange);
    },
    watchKeys(onKey) {
      watchers?.keys.add(onKey);
      return () => watchers?.keys.delete(onKey);
    },
    settle,
    async copyTo(target, compact) {
      checkOpen();
      await settle();
      await db.backup(target, compact);
      return { sequence: Number(db.getBinary(APPLIED_KEY)?.toString('utf8') ?? 0) };
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
  return engine;
}

const closedError = (): StoreError =>
  new StoreError('CLOSED', phrase`the store is closed`, { hint: phrase`open it again` });
