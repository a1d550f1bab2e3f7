import { StoreError } from '../errors.ts';

/** The protobuf wire format, https://protobuf.dev/programming-guides/encoding, read and written without a message class. */

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const GROUP = 3;
export const END_GROUP = 4;
export const FIXED32 = 5;

export function malformed(what: string): StoreError {
  return new StoreError('RECORD_MALFORMED', `the bytes are no protobuf message: ${what}`, {
    hint: 'send the bytes of one encoded message of this table',
  });
}

/** Where a varint of at most 10 bytes ends. */
export function skipVarint(bytes: Uint8Array, at: number, end: number): number {
  const limit = Math.min(end, at + 10);
  for (let i = at; i < limit; i++) if ((bytes[i] as number) < 0x80) return i + 1;
  throw malformed(limit === end ? 'it ends inside a number' : 'a number has more than 10 bytes');
}

/** An unsigned varint that must fit 32 bits: tags and lengths. The place behind it is `wireEnd`. */
export let wireEnd = 0;
export function readUint32(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    if (at >= end) throw malformed('it ends inside a number');
    const byte = bytes[at++] as number;
    if (shift === 28 && byte > 0x0f) throw malformed('a tag or length needs more than 32 bits');
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) {
      wireEnd = at;
      return value;
    }
  }
  throw malformed('a tag or length needs more than 32 bits');
}

/** Where the value of a field ends whose tag was read. */
export function skipValue(bytes: Uint8Array, at: number, end: number, tag: number, depth = 0): number {
  switch (tag & 7) {
    case VARINT:
      return skipVarint(bytes, at, end);
    case FIXED64:
      if (at + 8 > end) throw malformed('it ends inside a fixed64');
      return at + 8;
    case BYTES: {
      const length = readUint32(bytes, at, end);
      if (length > end - wireEnd) throw malformed('a length goes beyond the end');
      return wireEnd + length;
    }
    case FIXED32:
      if (at + 4 > end) throw malformed('it ends inside a fixed32');
      return at + 4;
    case GROUP: {
      if (depth > 32) throw malformed('groups are nested more than 32 deep');
      for (let here = at; ; ) {
        const inner = readUint32(bytes, here, end);
        if (inner >>> 3 === 0) throw malformed('field number 0');
        here = wireEnd;
        if ((inner & 7) === END_GROUP) {
          if (inner >>> 3 !== tag >>> 3) throw malformed('a group ends with another number');
          return here;
        }
        here = skipValue(bytes, here, end, inner, depth + 1);
      }
    }
    default:
      throw malformed(`wire type ${tag & 7}`);
  }
}

/** One field on the wire: [start of its tag, start of its value, end of its value). */
export interface WireField {
  number: number;
  type: number;
  start: number;
  value: number;
  end: number;
}

/** The last field of this number, which is the one that counts. Undefined when there is none. */
export function findLast(bytes: Uint8Array, number: number, from = 0, to = bytes.length): WireField | undefined {
  let found: WireField | undefined;
  for (let at = from; at < to; ) {
    const start = at;
    const tag = readUint32(bytes, at, to);
    const value = wireEnd;
    if (tag >>> 3 === 0) throw malformed('field number 0');
    at = skipValue(bytes, value, to, tag);
    if (tag >>> 3 === number) found = { number, type: tag & 7, start, value, end: at };
  }
  return found;
}

/** The message without any of these fields. */
export function stripFields(bytes: Uint8Array, numbers: ReadonlySet<number>): Uint8Array {
  let out: Uint8Array | undefined;
  let length = 0;
  for (let at = 0; at < bytes.length; ) {
    const start = at;
    const tag = readUint32(bytes, at, bytes.length);
    if (tag >>> 3 === 0) throw malformed('field number 0');
    at = skipValue(bytes, wireEnd, bytes.length, tag);
    if (numbers.has(tag >>> 3)) {
      if (!out) {
        out = new Uint8Array(bytes.length);
        out.set(bytes.subarray(0, start));
        length = start;
      }
    } else if (out) {
      out.set(bytes.subarray(start, at), length);
      length += at - start;
    }
  }
  return out ? out.subarray(0, length) : bytes;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** 64 bits of a varint, wrapped as protobuf wants it: bits above 64 are dropped. */
export function readVarint64(bytes: Uint8Array, at: number): bigint {
  let low = 0;
  let high = 0;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[at + i] as number;
    const part = byte & 0x7f;
    if (i < 4) low |= part << (7 * i);
    else if (i === 4) {
      low |= part << 28;
      high |= part >>> 4;
    } else high |= part << (7 * i - 32);
    if (byte < 0x80) break;
  }
  low >>>= 0;
  high >>>= 0;
  return high === 0 ? BigInt(low) : (BigInt(high) << 32n) | BigInt(low);
}

export function varint64(value: bigint): Uint8Array {
  let rest = BigInt.asUintN(64, value);
  const out: number[] = [];
  do {
    const part = Number(rest & 0x7fn);
    rest >>= 7n;
    out.push(rest === 0n ? part : part | 0x80);
  } while (rest !== 0n);
  return Uint8Array.from(out);
}
