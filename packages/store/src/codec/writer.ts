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
    this.need(5);
    while (value > 0x7f) {
      this.bytes[this.at++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    this.bytes[this.at++] = value;
  }

  /** A signed int32 is written as 64 bits: ten bytes when negative. */
  int32(value: number): void {
    if (value >= 0) {
      this.uint32(value);
      return;
    }
    this.need(10);
    const { bytes } = this;
    for (let i = 0; i < 4; i++) bytes[this.at++] = ((value >> (7 * i)) & 0x7f) | 0x80;
    bytes[this.at++] = ((value >> 28) & 0x0f) | 0xf0;
    for (let i = 0; i < 4; i++) bytes[this.at++] = 0xff;
    bytes[this.at++] = 1;
  }

  varint64(value: bigint): void {
    this.need(10);
    let low = Number(value & 0xffff_ffffn);
    let high = Number((value >> 32n) & 0xffff_ffffn);
    while (high !== 0 || low > 0x7f) {
      this.bytes[this.at++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.bytes[this.at++] = low;
  }

  fixed32(value: number): void {
    this.need(4);
    this.at = this.bytes.writeInt32LE(value | 0, this.at);
  }

  fixed64(value: bigint): void {
    this.need(8);
    this.at = this.bytes.writeBigInt64LE(BigInt.asIntN(64, value), this.at);
  }

  string(value: string): void {
    const { length } = value;
    if (length < 40) {
      // Short texts are mostly ASCII: written byte by byte without asking for their length first.
      this.need(length * 3 + 5);
      const { bytes } = this;
      const start = this.at + 1;
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
    const size = Buffer.byteLength(value);
    this.uint32(size);
    this.need(size);
    this.bytes.utf8Write(value, this.at, size);
    this.at += size;
  }

  data(value: Uint8Array): void {
    this.uint32(value.length);
    this.need(value.length);
    this.bytes.set(value, this.at);
    this.at += value.length;
  }

  /** Writes what `body` writes, with its length before it. */
  delimited(body: () => void): void {
    this.need(1);
    const start = this.at++;
    body();
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
