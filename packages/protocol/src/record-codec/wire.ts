/** The protobuf wire format, https://protobuf.dev/programming-guides/encoding, walked without a message class. */

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const GROUP = 3;
export const END_GROUP = 4;
export const FIXED32 = 5;

/** Codes of what a codec refuses; whoever makes a codec makes the error. */
export type CodecRefusal = 'FIELD_UNKNOWN' | 'FIELD_TYPE' | 'RECORD_TOO_LARGE' | 'RECORD_MALFORMED';
export type Refuse = (code: CodecRefusal, message: string, hint: string) => Error;

/** Readers of the wire that check what they read. */
export interface Wire {
  /** Behind what `readUint32` and `readVarint64` read last. */
  end: number;
  malformed(what: string): Error;
  /** Where a varint of at most 10 bytes ends. */
  skipVarint(bytes: Uint8Array, at: number, end: number): number;
  /** An unsigned varint that must fit 32 bits: tags and lengths. */
  readUint32(bytes: Uint8Array, at: number, end: number): number;
  /** 64 bits of a varint, wrapped as protobuf wants it: bits above 64 are dropped. */
  readVarint64(bytes: Uint8Array, at: number, end: number, signed: boolean): bigint;
  /** The low 32 bits of a varint, signed. */
  readInt32(bytes: Uint8Array, at: number, end: number): number;
  /** Where the value of a field ends whose tag was read. */
  skipValue(bytes: Uint8Array, at: number, end: number, tag: number, depth?: number): number;
}

// Two views of eight bytes: the quickest way between two 32-bit halves and a bigint.
const halves = new Int32Array(2);
const signed64 = new BigInt64Array(halves.buffer);
const unsigned64 = new BigUint64Array(halves.buffer);
const SMALL = Array.from({ length: 128 }, (_, i) => BigInt(i));

export function bigFrom(low: number, high: number, signed: boolean): bigint {
  halves[0] = low;
  halves[1] = high;
  return (signed ? signed64[0] : unsigned64[0]) as bigint;
}

/** @param refuse makes the error for bytes that are no message: RECORD_MALFORMED */
export function createWire(refuse: Refuse): Wire {
  const malformed = (what: string): Error =>
    refuse(
      'RECORD_MALFORMED',
      `the bytes are no protobuf message: ${what}`,
      'send the bytes of one encoded message of this table',
    );
  const cut = (): Error => malformed('it ends inside a number');
  const long = (): Error => malformed('a number has more than 10 bytes');

  function skipVarint(bytes: Uint8Array, at: number, end: number): number {
    const limit = Math.min(end, at + 10);
    for (let i = at; i < limit; i++) if ((bytes[i] as number) < 0x80) return i + 1;
    throw limit === end ? cut() : long();
  }

  function readUint32(bytes: Uint8Array, at: number, end: number): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (at >= end) throw cut();
      const byte = bytes[at++] as number;
      if (shift === 28 && byte > 0x0f) throw malformed('a tag or length needs more than 32 bits');
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        wire.end = at;
        return value >>> 0;
      }
    }
    throw malformed('a tag or length needs more than 32 bits');
  }

  function readVarint64(bytes: Uint8Array, at: number, end: number, signed: boolean): bigint {
    if (at >= end) throw cut();
    let byte = bytes[at++] as number;
    if (byte < 0x80) {
      wire.end = at;
      return SMALL[byte] as bigint;
    }
    let low = byte & 0x7f;
    let high = 0;
    let shift = 7;
    do {
      if (at >= end) throw cut();
      if (shift > 63) throw long();
      byte = bytes[at++] as number;
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else if (shift === 28) {
        low |= byte << 28;
        high = (byte & 0x7f) >>> 4;
      } else high |= (byte & 0x7f) << (shift - 32);
      shift += 7;
    } while (byte >= 0x80);
    wire.end = at;
    return bigFrom(low, high, signed);
  }

  function readInt32(bytes: Uint8Array, at: number, end: number): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (at >= end) throw cut();
      const byte = bytes[at++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        wire.end = at;
        return value;
      }
    }
    // The rest of a negative number is sign.
    const limit = Math.min(end, at + 5);
    while (at < limit)
      if ((bytes[at++] as number) < 0x80) {
        wire.end = at;
        return value;
      }
    throw limit === end ? cut() : long();
  }

  function skipValue(bytes: Uint8Array, at: number, end: number, tag: number, depth = 0): number {
    switch (tag & 7) {
      case VARINT:
        return skipVarint(bytes, at, end);
      case FIXED64:
        if (at + 8 > end) throw malformed('it ends inside a fixed64');
        return at + 8;
      case BYTES: {
        const length = readUint32(bytes, at, end);
        if (length > end - wire.end) throw malformed('a length goes beyond the end');
        return wire.end + length;
      }
      case FIXED32:
        if (at + 4 > end) throw malformed('it ends inside a fixed32');
        return at + 4;
      case GROUP: {
        if (depth > 32) throw malformed('groups are nested more than 32 deep');
        for (let here = at; ; ) {
          const inner = readUint32(bytes, here, end);
          if (inner >>> 3 === 0) throw malformed('field number 0');
          here = wire.end;
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

  const wire: Wire = { end: 0, malformed, skipVarint, readUint32, readVarint64, readInt32, skipValue };
  return wire;
}
