import { BYTES, createWire, END_GROUP, FIXED32, FIXED64, GROUP, VARINT } from '@sparrow/protocol/record-codec';
import { refuse } from './message-codec.ts';

export { BYTES, END_GROUP, FIXED32, FIXED64, GROUP, VARINT };

/** Readers of the wire whose refusals are StoreErrors. */
export const wire = createWire(refuse);
const { malformed, readUint32, skipValue } = wire;

export { malformed, readUint32, skipValue };

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
    const value = wire.end;
    if (tag >>> 3 === 0) throw malformed('field number 0');
    at = skipValue(bytes, value, to, tag);
    if (tag >>> 3 === number) found = { number, type: tag & 7, start, value, end: at };
  }
  return found;
}

/** What `locate` found: the place of the value and its end. */
export const located = { value: 0, end: 0 };

/**
 * Finds the last field with exactly this tag, without an object for it; false when there is none. Every field is
 * checked on the way.
 */
export function locate(bytes: Uint8Array, wanted: number): boolean {
  const { length } = bytes;
  let value = -1;
  let end = 0;
  for (let at = 0; at < length; ) {
    let tag = bytes[at++] as number;
    if (tag > 0x7f) {
      tag = readUint32(bytes, at - 1, length);
      at = wire.end;
    }
    if (tag >>> 3 === 0) throw malformed('field number 0');
    const start = at;
    const first = bytes[at] as number;
    // Values of one byte and short texts are skipped here.
    if ((tag & 7) === VARINT && first < 0x80) at++;
    else if ((tag & 7) === BYTES && first < 0x80 && at + 1 + first <= length) at += 1 + first;
    else at = skipValue(bytes, at, length, tag);
    if (tag === wanted) {
      value = start;
      end = at;
    }
  }
  located.value = value;
  located.end = end;
  return value >= 0;
}

/** The message without any of these fields. */
export function stripFields(bytes: Uint8Array, numbers: ReadonlySet<number>): Uint8Array {
  let out: Uint8Array | undefined;
  let length = 0;
  for (let at = 0; at < bytes.length; ) {
    const start = at;
    const tag = readUint32(bytes, at, bytes.length);
    if (tag >>> 3 === 0) throw malformed('field number 0');
    at = skipValue(bytes, wire.end, bytes.length, tag);
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
