import type { Row, Write } from '../kv-engine.ts';

/** Keys of LMDB: one byte for the space, then the key of the row, the index entry, the feed entry or the text. */
export const SPACE = { meta: 0, row: 1, index: 2, feed: 3 } as const;

export function spaced(space: number, key: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(key.length + 1);
  out[0] = space;
  out.set(key, 1);
  return out;
}

/**
 * A stored row: version int32, revision, expiry and change time as 48-bit numbers, count of index entries as uint16,
 * the entries each with a uint16 length, the value. All little endian.
 */
const HEAD = 24;

export function encodeRow(row: Omit<Row, 'value'>, value: Uint8Array, index: readonly Uint8Array[]): Buffer {
  let size = HEAD + value.length;
  for (const entry of index) size += 2 + entry.length;
  const out = Buffer.allocUnsafe(size);
  out.writeInt32LE(row.version, 0);
  write48(out, row.rev, 4);
  write48(out, row.expires, 10);
  write48(out, row.modified, 16);
  out.writeUInt16LE(index.length, 22);
  let at = HEAD;
  for (const entry of index) {
    out.writeUInt16LE(entry.length, at);
    out.set(entry, at + 2);
    at += 2 + entry.length;
  }
  out.set(value, at);
  return out;
}

export function decodeRow(bytes: Buffer, length = bytes.length): Row {
  const count = bytes.readUInt16LE(22);
  let at = HEAD;
  for (let i = 0; i < count; i++) at += 2 + bytes.readUInt16LE(at);
  return {
    version: bytes.readInt32LE(0),
    rev: read48(bytes, 4),
    expires: read48(bytes, 10),
    modified: read48(bytes, 16),
    value: bytes.subarray(at, length),
  };
}

/** The revision of a stored row. */
export const revOf = (bytes: Buffer): number => read48(bytes, 4);

export function indexOf(bytes: Buffer): Buffer[] {
  const count = bytes.readUInt16LE(22);
  const entries: Buffer[] = [];
  let at = HEAD;
  for (let i = 0; i < count; i++) {
    const size = bytes.readUInt16LE(at);
    entries.push(Buffer.from(bytes.subarray(at + 2, at + 2 + size)));
    at += 2 + size;
  }
  return entries;
}

function write48(out: Buffer, value: number, at: number): void {
  out.writeUInt32LE(value % 2 ** 32, at);
  out.writeUInt16LE(Math.floor(value / 2 ** 32), at + 4);
}

function read48(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt16LE(at + 4) * 2 ** 32;
}

/** A feed entry: op, version, expiry, time, length of the key, key, value. */
export function encodeFeed(write: Write, op: 'put' | 'delete', row: Omit<Row, 'rev'> | undefined, now: number): Buffer {
  const value = row?.value ?? new Uint8Array(0);
  const out = Buffer.allocUnsafe(19 + write.key.length + value.length);
  out[0] = op === 'put' ? 1 : 0;
  out.writeInt32LE(row?.version ?? 0, 1);
  write48(out, row?.expires ?? 0, 5);
  write48(out, now, 11);
  out.writeUInt16LE(write.key.length, 17);
  out.set(write.key, 19);
  out.set(value, 19 + write.key.length);
  return out;
}

export function decodeFeed(bytes: Buffer): {
  key: Buffer;
  op: 'put' | 'delete';
  version: number;
  value: Buffer;
  expires: number;
  at: number;
} {
  const size = bytes.readUInt16LE(17);
  return {
    op: bytes[0] === 1 ? 'put' : 'delete',
    version: bytes.readInt32LE(1),
    expires: read48(bytes, 5),
    at: read48(bytes, 11),
    key: Buffer.from(bytes.subarray(19, 19 + size)),
    value: Buffer.from(bytes.subarray(19 + size)),
  };
}

/** A key of LMDB and what stands under it from now on; undefined removes it. */
export interface StoredChange {
  key: Buffer;
  value: Buffer | undefined;
}

/**
 * A commit in the log: count, then per change key length uint16, key, value length uint32 (0xffffffff removes), value.
 */
export function encodePayload(changes: readonly StoredChange[]): Buffer {
  const out = Buffer.allocUnsafe(payloadBytes(changes));
  writePayload(changes, out, 0);
  return out;
}

export function payloadBytes(changes: readonly StoredChange[]): number {
  let size = 2;
  for (const { key, value } of changes) size += 6 + key.length + (value?.length ?? 0);
  return size;
}

export function writePayload(changes: readonly StoredChange[], out: Buffer, start: number): void {
  out.writeUInt16LE(changes.length, start);
  let at = start + 2;
  for (const { key, value } of changes) {
    out.writeUInt16LE(key.length, at);
    out.set(key, at + 2);
    at += 2 + key.length;
    out.writeUInt32LE(value ? value.length : 0xffff_ffff, at);
    at += 4;
    if (value) {
      out.set(value, at);
      at += value.length;
    }
  }
}

export function decodePayload(bytes: Buffer): StoredChange[] {
  const count = bytes.readUInt16LE(0);
  const changes: StoredChange[] = [];
  let at = 2;
  for (let i = 0; i < count; i++) {
    const size = bytes.readUInt16LE(at);
    const key = Buffer.from(bytes.subarray(at + 2, at + 2 + size));
    at += 2 + size;
    const length = bytes.readUInt32LE(at);
    at += 4;
    if (length === 0xffff_ffff) changes.push({ key, value: undefined });
    else {
      changes.push({ key, value: Buffer.from(bytes.subarray(at, at + length)) });
      at += length;
    }
  }
  return changes;
}
