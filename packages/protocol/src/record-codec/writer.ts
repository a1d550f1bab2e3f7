import type {} from './native-buffer.ts';
import { bigFrom } from './wire.ts';

const halves = new Int32Array(2);
const whole = new BigInt64Array(halves.buffer);
const floats = new Float32Array(1);
const doubles = new Float64Array(1);
const floatBytes = new Uint8Array(floats.buffer);
const doubleBytes = new Uint8Array(doubles.buffer);

/** A growing buffer for protobuf bytes; reused for one message after the other. */
export class Writer {
  bytes: Buffer = Buffer.allocUnsafeSlow(1024);
  at = 0;

  reset(): void {
    this.at = 0;
    // One giant record must not hold its memory for ever.
    if (this.bytes.length > 1 << 20) this.bytes = Buffer.allocUnsafeSlow(1024);
  }

  need(more: number): void {
    if (this.at + more <= this.bytes.length) return;
    const next = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + more));
    this.bytes.copy(next, 0, 0, this.at);
    this.bytes = next;
  }

  uint32(value: number): void {
    if (this.at + 5 > this.bytes.length) this.need(5);
    const { bytes } = this;
    let { at } = this;
    while (value > 0x7f) {
      bytes[at++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    bytes[at++] = value;
    this.at = at;
  }

  /** A signed int32 is written as 64 bits: ten bytes when negative. */
  int32(value: number): void {
    if (value >= 0) this.uint32(value);
    else this.varint(value, -1);
  }

  varint64(value: bigint): void {
    whole[0] = value;
    this.varint(halves[0] as number, halves[1] as number);
  }

  zigzag64(value: bigint): void {
    whole[0] = value;
    const low = halves[0] as number;
    const high = halves[1] as number;
    const sign = high >> 31;
    this.varint((low << 1) ^ sign, ((high << 1) | (low >>> 31)) ^ sign);
  }

  varint(low: number, high: number): void {
    if (this.at + 10 > this.bytes.length) this.need(10);
    const { bytes } = this;
    let { at } = this;
    low >>>= 0;
    high >>>= 0;
    while (high !== 0 || low > 0x7f) {
      bytes[at++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    bytes[at++] = low;
    this.at = at;
  }

  fixed32(value: number): void {
    if (this.at + 4 > this.bytes.length) this.need(4);
    const { bytes, at } = this;
    bytes[at] = value & 0xff;
    bytes[at + 1] = (value >>> 8) & 0xff;
    bytes[at + 2] = (value >>> 16) & 0xff;
    bytes[at + 3] = value >>> 24;
    this.at = at + 4;
  }

  fixed64(value: bigint): void {
    whole[0] = value;
    const low = halves[0] as number;
    const high = halves[1] as number;
    this.fixed32(low);
    this.fixed32(high);
  }

  float(value: number): void {
    floats[0] = value;
    this.#raw(floatBytes, 4);
  }

  double(value: number): void {
    doubles[0] = value;
    this.#raw(doubleBytes, 8);
  }

  #raw(from: Uint8Array, size: number): void {
    if (this.at + size > this.bytes.length) this.need(size);
    const { bytes, at } = this;
    for (let i = 0; i < size; i++) bytes[at + i] = from[i] as number;
    this.at = at + size;
  }

  string(value: string): void {
    const { length } = value;
    // A length of one byte is known before the text is written, when the text is ASCII.
    if (length < 0x80) {
      if (this.at + length * 3 + 5 > this.bytes.length) this.need(length * 3 + 5);
      const { bytes } = this;
      const start = this.at + 1;
      if (length < 24) {
        let i = 0;
        for (; i < length; i++) {
          const code = value.charCodeAt(i);
          if (code > 0x7f) break;
          bytes[start + i] = code;
        }
        if (i === length) {
          bytes[this.at] = length;
          this.at = start + length;
          return;
        }
      }
      const size = bytes.utf8Write(value, start, length * 3);
      if (size < 0x80) {
        bytes[this.at] = size;
        this.at = start + size;
        return;
      }
    }
    const size = Buffer.byteLength(value);
    this.uint32(size);
    this.need(size);
    this.bytes.utf8Write(value, this.at, size);
    this.at += size;
  }

  data(value: Uint8Array): void {
    const { length } = value;
    this.uint32(length);
    if (this.at + length > this.bytes.length) this.need(length);
    this.bytes.set(value, this.at);
    this.at += length;
  }

  /** Keeps a byte for the length of what follows; `close` fills it in. */
  open(): number {
    if (this.at + 1 > this.bytes.length) this.need(1);
    return this.at++;
  }

  close(start: number): void {
    const size = this.at - start - 1;
    if (size < 0x80) {
      this.bytes[start] = size;
      return;
    }
    // One byte was kept for the length; longer ones move the body.
    const more = size < 0x4000 ? 1 : size < 0x20_0000 ? 2 : size < 0x1000_0000 ? 3 : 4;
    this.need(more);
    this.bytes.copyWithin(start + 1 + more, start + 1, this.at);
    const end = this.at + more;
    this.at = start;
    this.uint32(size);
    this.at = end;
  }

  /** A copy of what was written. */
  take(): Buffer {
    const out = Buffer.allocUnsafe(this.at);
    this.bytes.copy(out, 0, 0, this.at);
    return out;
  }
}

/** The value as a 64-bit integer: whether it is one is seen by comparing. */
export function wrap64(value: bigint, signed: boolean): bigint {
  whole[0] = value;
  return bigFrom(halves[0] as number, halves[1] as number, signed);
}
