import { StoreError } from '../../errors.ts';
import { phrase } from '../../phrase.ts';
import type { LogFile } from './file-layer.ts';
import {
  HEAD_BYTES,
  numberOf,
  RECORD_HEAD_BYTES,
  type ReplayOptions,
  replayLog,
  sealRecords,
  segmentHead,
  segmentName,
} from './segments.ts';

/** The log in front of LMDB: what makes a write durable. Writes that come while the disk is busy go to it together. */
export interface Log {
  /**
   * Notes a payload of `bytes` under the next number, which `write` puts where it is told; the promise resolves when it
   * is durable, with all before it.
   */
  append(bytes: number, write: (out: Buffer, at: number) => void): { sequence: number; durable: Promise<void> };
  /** Everything up to here is elsewhere, too: segments below it may go. Never rejects. */
  release(sequence: number): Promise<void>;
  readonly sequence: number;
  /** Bytes in segments that are not released. */
  readonly bytes: number;
  readonly fsyncs: number;
  close(): Promise<void>;
}

export interface LogOptions extends ReplayOptions {
  /** Size of a segment; a larger group gets one of its own. Default 16 MiB. */
  segmentBytes?: number;
  /** Bytes that may wait; more are refused with OVERLOADED. Default 64 MiB. */
  queueBytes?: number;
  /** False while the disk is known to be busy with something else: then no write is waited for on this thread. */
  calm?: () => boolean;
}

/**
 * A disk that makes a group durable in a tenth of a millisecond is waited for on this thread: to hand the write to
 * another one and be woken takes as long again. One write that takes longer ends that, until so many in a row, by
 * another thread, were quick.
 */
const QUICK_MS = 0.4;
const QUICK_WRITES = 8;
/** Larger groups take their time. */
const QUICK_BYTES = 256 * 1024;

/** Buffers up to this size are used again. */
const KEPT_BYTES = 4 * 1024 * 1024;

/** Records of one write to the disk, as they will stand in the segment but for their checksums. */
interface Group {
  buffer: Buffer;
  bytes: number;
  /** Sequence numbers of the first and the last record. */
  first: number;
  last: number;
  durable: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

/**
 * Opens the log of a folder: replays what is behind `applied`, then begins a new segment.
 *
 * @throws StoreError STORE_CORRUPT
 */
export async function openLog(options: LogOptions): Promise<Log> {
  const { files, segmentBytes = 16 * 1024 * 1024, queueBytes = 64 * 1024 * 1024 } = options;
  const replayed = await replayLog(options);
  const found = replayed.segments;
  let { sequence } = replayed;
  let number = found.length > 0 ? numberOf(found.at(-1) as string) + 1 : 1;
  let segments: { name: string; last: number; bytes: number }[] = found.map((name) => ({
    name,
    last: sequence,
    bytes: 0,
  }));
  let file: LogFile | undefined;
  let position = 0;
  let size = 0;
  let salt = 0;
  const spare: Buffer[] = [];
  const nextGroup = (): Group => newGroup(spare.pop() ?? Buffer.allocUnsafeSlow(64 * 1024));
  let group = nextGroup();
  let waitingBytes = 0;
  let running = false;
  let failure: StoreError | undefined;
  let closed = false;
  let fsyncs = 0;
  let idle: (() => void) | undefined;

  async function nextSegment(atLeast: number, first: number): Promise<void> {
    await file?.close();
    file = undefined;
    const name = segmentName(number);
    size = Math.max(segmentBytes, atLeast + HEAD_BYTES);
    file = await files.create(name, size);
    const { head, salt: own } = segmentHead(number, first);
    salt = own;
    await file.append(head, 0);
    segments.push({ name, last: 0, bytes: size });
    position = HEAD_BYTES;
    number++;
  }

  let quick = 0;
  async function persist(target: LogFile, bytes: Buffer): Promise<void> {
    const here = quick >= QUICK_WRITES && bytes.length <= QUICK_BYTES && options.calm?.() !== false;
    const begun = performance.now();
    if (here && target.appendNow) target.appendNow(bytes, position);
    else await target.append(bytes, position);
    const ms = performance.now() - begun;
    if (ms < QUICK_MS) quick++;
    // What another thread does is slower by its waking, and what waits for a busy disk says nothing of the disk.
    else if (here || ms > QUICK_MS * 4) quick = 0;
  }

  /** Room for so many bytes more. */
  function reserve(own: Group, bytes: number): void {
    if (own.bytes + bytes <= own.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(own.buffer.length * 2, own.bytes + bytes));
    own.buffer.copy(larger, 0, 0, own.bytes);
    own.buffer = larger;
  }

  async function pump(): Promise<void> {
    // Whoever was woken by the last group gets the chance to be in this one.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (group.bytes > 0) {
      const now = group;
      group = nextGroup();
      waitingBytes -= now.bytes;
      try {
        if (failure) throw failure;
        if (!file || position + now.bytes > size) await nextSegment(now.bytes, now.first);
        await persist(file as unknown as LogFile, sealRecords(now.buffer, now.bytes, salt));
        fsyncs++;
        position += now.bytes;
        const last = segments.at(-1);
        if (last) last.last = now.last;
        if (now.buffer.length <= KEPT_BYTES && spare.length < 2) spare.push(now.buffer);
        now.resolve();
      } catch (error) {
        fail(now, error);
      }
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    running = false;
    idle?.();
  }

  /** What could not be written is refused, and everything that was computed on top of it. */
  function fail(now: Group, error: unknown): void {
    const code = (error as { code?: string }).code;
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    const typed = full
      ? new StoreError('DISK_FULL', phrase`the log could not be written: the disk is full`, {
          hint: phrase`free room on the disk; the store goes on by itself`,
          cause: error,
        })
      : error instanceof StoreError
        ? error
        : new StoreError('LOG_FAILED', phrase`the log could not be written: ${(error as Error).message}`, {
            hint: phrase`look at the disk, then open the store again: it replays what is durable`,
            cause: error,
          });
    // After a failed sync nobody knows what the disk has: only a new process that reads it does.
    if (!full) failure = typed;
    const later = group;
    group = nextGroup();
    waitingBytes = 0;
    sequence = now.first - 1;
    // Half a record may stand there: the next one begins in a fresh segment, whose salt no old byte fits.
    void file?.close().catch(() => {});
    file = undefined;
    now.reject(typed);
    later.reject(typed);
  }

  return {
    get sequence() {
      return sequence;
    },
    get bytes() {
      return segments.reduce((sum, segment) => sum + segment.bytes, 0);
    },
    get fsyncs() {
      return fsyncs;
    },
    append(length, write) {
      if (closed) throw new StoreError('CLOSED', phrase`the store is closed`, { hint: phrase`open it again` });
      if (failure) throw failure;
      const bytes = RECORD_HEAD_BYTES + length;
      if (waitingBytes + bytes > queueBytes && waitingBytes > 0)
        throw new StoreError('OVERLOADED', phrase`more writes are waiting for the disk than the log takes`, {
          hint: phrase`send fewer at once, or try again`,
        });
      reserve(group, bytes);
      const own = ++sequence;
      const { buffer, bytes: at } = group;
      buffer.writeUInt32LE(length, at + 4);
      buffer.writeDoubleLE(own, at + 8);
      write(buffer, at + RECORD_HEAD_BYTES);
      if (at === 0) group.first = own;
      group.last = own;
      group.bytes += bytes;
      waitingBytes += bytes;
      const { durable } = group;
      if (!running) {
        running = true;
        void pump();
      }
      return { sequence: own, durable };
    },
    async release(upTo) {
      const gone = segments.filter((segment, i) => i < segments.length - 1 && segment.last <= upTo);
      for (const segment of gone) {
        // One that cannot be removed now is tried again the next time; it keeps nothing but its room.
        const removed = await files.remove(segment.name).then(
          () => true,
          () => false,
        );
        if (removed) segments = segments.filter((other) => other !== segment);
      }
    },
    async close() {
      closed = true;
      if (running) await new Promise<void>((resolve) => (idle = resolve));
      await file?.close();
      file = undefined;
    },
  };
}

function newGroup(buffer: Buffer): Group {
  let resolve = (): void => {};
  let reject = (_error: Error): void => {};
  const durable = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Nobody may be waiting for a group that fails empty.
  durable.catch(() => {});
  return { buffer, bytes: 0, first: 0, last: 0, durable, resolve, reject };
}
