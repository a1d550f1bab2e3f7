import { randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { StoreError } from '../../errors.ts';
import { phrase } from '../../phrase.ts';
import type { FileLayer } from './file-layer.ts';

/**
 * Segments of the log. A segment is 32 bytes of head (magic, format, number, salt, checksum, number of its first
 * record) and records: crc32 over salt and the rest, length, sequence number, payload. A process never appends to a
 * segment of an earlier one, so a torn end stays an end.
 */
const MAGIC = 0x4c525053;
const FORMAT = 1;
export const HEAD_BYTES = 32;
export const RECORD_HEAD_BYTES = 16;

export const segmentName = (number: number): string => `log-${String(number).padStart(10, '0')}`;
export const numberOf = (name: string): number => Number(name.slice(4));

export function segmentHead(number: number, first: number): { head: Buffer; salt: number } {
  const salt = randomInt(2 ** 32);
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(MAGIC, 0);
  head.writeUInt32LE(FORMAT, 4);
  head.writeDoubleLE(number, 8);
  head.writeUInt32LE(salt, 16);
  head.writeDoubleLE(first, 24);
  head.writeUInt32LE(headCrc(head), 20);
  return { head, salt };
}

/** Writes the checksums of records: the salt of a segment is known only when it is begun. */
export function sealRecords(buffer: Buffer, bytes: number, salt: number): Buffer {
  for (let at = 0; at < bytes; ) {
    const end = at + RECORD_HEAD_BYTES + buffer.readUInt32LE(at + 4);
    buffer.writeUInt32LE(crc32(buffer.subarray(at + 4, end), salt), at);
    at = end;
  }
  return buffer.subarray(0, bytes);
}

export interface ReplayOptions {
  files: FileLayer;
  /** The highest sequence number that is applied elsewhere already. */
  applied: number;
  /** Called in order for every record behind `applied` that was durable. */
  onRecord(sequence: number, payload: Buffer): void;
  /** Called in order for every record up to `applied` that is still there. */
  onApplied?(sequence: number, payload: Buffer): void;
}

/**
 * Reads the log of a folder; answers its segments and the number of its last record.
 *
 * @throws StoreError STORE_CORRUPT
 */
export async function replayLog(options: ReplayOptions): Promise<{ segments: string[]; sequence: number }> {
  const { files, applied } = options;
  const segments = (await files.list()).filter((name) => /^log-\d{10}$/.test(name)).sort();
  const heads = await Promise.all(segments.map(async (name) => firstOf(await files.read(name))));
  let sequence = applied;
  // What is applied may be missing here: its segment was released, though an older one could not be removed.
  let expected = applied + 1;
  for (const [i, name] of segments.entries()) {
    // What a later segment counts again was refused when it could not be written here.
    const before = Math.min(...heads.slice(i + 1).map((first) => first ?? Number.POSITIVE_INFINITY));
    for (const record of readSegment(await files.read(name))) {
      if (record.sequence >= before) break;
      if (record.sequence > expected) throw gap(name, expected, record.sequence);
      if (record.sequence <= applied) {
        options.onApplied?.(record.sequence, record.payload);
        continue;
      }
      expected = record.sequence + 1;
      options.onRecord(record.sequence, record.payload);
      sequence = record.sequence;
    }
  }
  return { segments, sequence };
}

function gap(name: string, expected: number, found: number): StoreError {
  return new StoreError(
    'STORE_CORRUPT',
    phrase`${name} begins at change ${found}, but change ${expected} is in no file`,
    {
      hint: phrase`a file of the log is missing: restore a backup`,
    },
  );
}

const headCrc = (head: Buffer): number => crc32(head.subarray(24, HEAD_BYTES), crc32(head.subarray(0, 20)));

/** The number of the first record a segment was made for; undefined when its head is not whole. */
function firstOf(bytes: Buffer): number | undefined {
  const whole =
    bytes.length >= HEAD_BYTES && bytes.readUInt32LE(0) === MAGIC && bytes.readUInt32LE(20) === headCrc(bytes);
  return whole ? bytes.readDoubleLE(24) : undefined;
}

/** The whole records of a segment; it ends at the first that is torn. */
function* readSegment(bytes: Buffer): Generator<{ sequence: number; payload: Buffer }> {
  if (firstOf(bytes) === undefined) return;
  const format = bytes.readUInt32LE(4);
  if (format !== FORMAT)
    throw new StoreError('STORE_CORRUPT', phrase`the log has format ${format}, this version reads ${FORMAT}`, {
      hint: phrase`use the version that wrote it`,
    });
  const salt = bytes.readUInt32LE(16);
  let expected: number | undefined;
  for (let at = HEAD_BYTES; at + RECORD_HEAD_BYTES <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    const end = at + RECORD_HEAD_BYTES + length;
    if (end > bytes.length || bytes.readUInt32LE(at) !== crc32(bytes.subarray(at + 4, end), salt)) return;
    const sequence = bytes.readDoubleLE(at + 8);
    if (expected !== undefined && sequence !== expected) return;
    expected = sequence + 1;
    yield { sequence, payload: bytes.subarray(at + RECORD_HEAD_BYTES, end) };
    at = end;
  }
}
