import { randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { StoreError } from '../../errors.ts';
import type { FileLayer, LogFile } from './file-layer.ts';

/**
 * The log in front of LMDB: what makes a write durable. Writes that come while the disk is busy go to it together.
 *
 * A segment is 32 bytes of head (magic, format, number, salt, checksum, first sequence number) and records: crc32 over salt and the rest, length, sequence number, payload. A process
 * never appends to a segment of an earlier one, so a torn end stays an end.
 */
export interface Log {
  /** Notes a payload under the next number; the promise resolves when it is durable, with all before it. */
  append(payload: Uint8Array): { sequence: number; durable: Promise<void> };
  /** Everything up to here is elsewhere too: segments below it may go. */
  release(sequence: number): Promise<void>;
  readonly sequence: number;
  /** Bytes in segments that are not released. */
  readonly bytes: number;
  readonly fsyncs: number;
  close(): Promise<void>;
}

export interface LogOptions {
  files: FileLayer;
  /** Size of a segment; a larger group gets one of its own. Default 16 MiB. */
  segmentBytes?: number;
  /** Bytes that may wait; more are refused with OVERLOADED. Default 64 MiB. */
  queueBytes?: number;
  /** The highest sequence number that is applied elsewhere already. */
  applied: number;
  /** Called in order for every record behind `applied` that was durable. */
  onRecord(sequence: number, payload: Buffer): void;
  /** Called in order for every record up to `applied` that is still there. */
  onApplied?(sequence: number, payload: Buffer): void;
}

const MAGIC = 0x4c525053;
const FORMAT = 1;
const HEAD = 32;
const RECORD_HEAD = 16;
const nameOf = (number: number): string => `log-${String(number).padStart(10, '0')}`;

interface Waiting {
  payload: Uint8Array;
  sequence: number;
}
interface Group {
  items: Waiting[];
  bytes: number;
  durable: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

/** Opens the log of a folder: replays what is behind `applied`, then begins a new segment. @throws StoreError STORE_CORRUPT */
export async function openLog(options: LogOptions): Promise<Log> {
  const { files, segmentBytes = 16 * 1024 * 1024, queueBytes = 64 * 1024 * 1024 } = options;
  const found = (await files.list()).filter((name) => /^log-\d{10}$/.test(name)).sort();
  let sequence = options.applied;
  let expected: number | undefined;
  const heads = await Promise.all(found.map(async (name) => firstOf(await files.read(name))));
  for (const [i, name] of found.entries()) {
    // What a later segment counts again was refused when it could not be written here.
    const before = Math.min(...heads.slice(i + 1).map((first) => first ?? Number.POSITIVE_INFINITY));
    for (const record of readSegment(await files.read(name))) {
      if (record.sequence >= before) break;
      if (record.sequence > (expected ?? options.applied + 1))
        throw gap(name, expected ?? options.applied + 1, record.sequence);
      expected = record.sequence + 1;
      if (record.sequence <= options.applied) {
        options.onApplied?.(record.sequence, record.payload);
        continue;
      }
      options.onRecord(record.sequence, record.payload);
      sequence = record.sequence;
    }
  }
  let number = found.length > 0 ? Number((found.at(-1) as string).slice(4)) + 1 : 1;
  let segments: { name: string; last: number; bytes: number }[] = found.map((name) => ({
    name,
    last: sequence,
    bytes: 0,
  }));
  let file: LogFile | undefined;
  let position = 0;
  let size = 0;
  let salt = 0;
  let group = newGroup();
  let waitingBytes = 0;
  let running = false;
  let failure: StoreError | undefined;
  let closed = false;
  let fsyncs = 0;
  let idle: (() => void) | undefined;

  async function nextSegment(atLeast: number, first: number): Promise<void> {
    await file?.close();
    file = undefined;
    const name = nameOf(number);
    size = Math.max(segmentBytes, atLeast + HEAD);
    file = await files.create(name, size);
    salt = randomInt(2 ** 32);
    const head = Buffer.alloc(HEAD);
    head.writeUInt32LE(MAGIC, 0);
    head.writeUInt32LE(FORMAT, 4);
    head.writeDoubleLE(number, 8);
    head.writeUInt32LE(salt, 16);
    head.writeDoubleLE(first, 24);
    head.writeUInt32LE(headCrc(head), 20);
    await file.append(head, 0);
    segments.push({ name, last: 0, bytes: size });
    position = HEAD;
    number++;
  }

  function encode(items: readonly Waiting[], bytes: number): Buffer {
    const out = Buffer.allocUnsafe(bytes);
    let at = 0;
    for (const { payload, sequence: own } of items) {
      out.writeUInt32LE(payload.length, at + 4);
      out.writeDoubleLE(own, at + 8);
      out.set(payload, at + RECORD_HEAD);
      const end = at + RECORD_HEAD + payload.length;
      out.writeUInt32LE(crc32(out.subarray(at + 4, end), salt), at);
      at = end;
    }
    return out;
  }

  async function pump(): Promise<void> {
    // Whoever was woken by the last group gets the chance to be in this one.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (group.items.length > 0) {
      const now = group;
      group = newGroup();
      waitingBytes -= now.bytes;
      try {
        if (failure) throw failure;
        if (!file || position + now.bytes > size) await nextSegment(now.bytes, (now.items[0] as Waiting).sequence);
        await (file as unknown as LogFile).append(encode(now.items, now.bytes), position);
        fsyncs++;
        position += now.bytes;
        const last = segments.at(-1);
        if (last) last.last = (now.items.at(-1) as Waiting).sequence;
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
      ? new StoreError('DISK_FULL', 'the log could not be written: the disk is full', {
          hint: 'free room on the disk; the store goes on by itself',
          cause: error,
        })
      : error instanceof StoreError
        ? error
        : new StoreError('LOG_FAILED', `the log could not be written: ${(error as Error).message}`, {
            hint: 'look at the disk, then open the store again: it replays what is durable',
            cause: error,
          });
    // After a failed sync nobody knows what the disk has: only a new process that reads it does.
    if (!full) failure = typed;
    const later = group;
    group = newGroup();
    waitingBytes = 0;
    sequence = (now.items[0] as Waiting).sequence - 1;
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
    append(payload) {
      if (closed) throw new StoreError('CLOSED', 'the store is closed', { hint: 'open it again' });
      if (failure) throw failure;
      const bytes = RECORD_HEAD + payload.length;
      if (waitingBytes + bytes > queueBytes && waitingBytes > 0)
        throw new StoreError('OVERLOADED', 'more writes are waiting for the disk than the log takes', {
          hint: 'send fewer at once, or try again',
        });
      const own = ++sequence;
      group.items.push({ payload, sequence: own });
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
      segments = segments.filter((segment) => !gone.includes(segment));
      for (const segment of gone) await files.remove(segment.name);
    },
    async close() {
      closed = true;
      if (running) await new Promise<void>((resolve) => (idle = resolve));
      await file?.close();
      file = undefined;
    },
  };
}

function newGroup(): Group {
  let resolve = (): void => {};
  let reject = (_error: Error): void => {};
  const durable = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Nobody may be waiting for a group that fails empty.
  durable.catch(() => {});
  return { items: [], bytes: 0, durable, resolve, reject };
}

function gap(name: string, expected: number, found: number): StoreError {
  return new StoreError('STORE_CORRUPT', `${name} begins at change ${found}, but change ${expected} is in no file`, {
    hint: 'a file of the log is missing: restore a backup',
  });
}

const headCrc = (head: Buffer): number => crc32(head.subarray(24, HEAD), crc32(head.subarray(0, 20)));

/** The number of the first record a segment was made for; undefined when its head is not whole. */
function firstOf(bytes: Buffer): number | undefined {
  const whole = bytes.length >= HEAD && bytes.readUInt32LE(0) === MAGIC && bytes.readUInt32LE(20) === headCrc(bytes);
  return whole ? bytes.readDoubleLE(24) : undefined;
}

/** The whole records of a segment; it ends at the first that is torn. */
function* readSegment(bytes: Buffer): Generator<{ sequence: number; payload: Buffer }> {
  if (firstOf(bytes) === undefined) return;
  const format = bytes.readUInt32LE(4);
  if (format !== FORMAT)
    throw new StoreError('STORE_CORRUPT', `the log has format ${format}, this version reads ${FORMAT}`, {
      hint: 'use the version that wrote it',
    });
  const salt = bytes.readUInt32LE(16);
  let expected: number | undefined;
  for (let at = HEAD; at + RECORD_HEAD <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    const end = at + RECORD_HEAD + length;
    if (end > bytes.length || bytes.readUInt32LE(at) !== crc32(bytes.subarray(at + 4, end), salt)) return;
    const sequence = bytes.readDoubleLE(at + 8);
    if (expected !== undefined && sequence !== expected) return;
    expected = sequence + 1;
    yield { sequence, payload: bytes.subarray(at + RECORD_HEAD, end) };
    at = end;
  }
}
