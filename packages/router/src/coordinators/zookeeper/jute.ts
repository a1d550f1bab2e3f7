/** ZooKeeper's wire format ("jute"): big-endian integers, strings and buffers with a 32-bit length, -1 for none. */
export class JuteWriter {
  #bytes = Buffer.allocUnsafe(256);
  #end = 4; // room for the length of the packet

  #room(size: number): number {
    if (this.#end + size > this.#bytes.length) {
      const longer = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + size));
      this.#bytes.copy(longer, 0, 0, this.#end);
      this.#bytes = longer;
    }
    const at = this.#end;
    this.#end += size;
    return at;
  }
  int(value: number): this {
    const at = this.#room(4);
    this.#bytes.writeInt32BE(value, at);
    return this;
  }
  long(value: bigint): this {
    const at = this.#room(8);
    this.#bytes.writeBigInt64BE(value, at);
    return this;
  }
  bool(value: boolean): this {
    const at = this.#room(1);
    this.#bytes[at] = value ? 1 : 0;
    return this;
  }
  buffer(value: Uint8Array): this {
    this.int(value.byteLength);
    const at = this.#room(value.byteLength);
    this.#bytes.set(value, at);
    return this;
  }
  text(value: string): this {
    return this.buffer(Buffer.from(value));
  }
  /** The packet with its length in front. */
  packet(): Buffer {
    this.#bytes.writeInt32BE(this.#end - 4, 0);
    return this.#bytes.subarray(0, this.#end);
  }
}

export class JuteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }
  get left(): number {
    return this.#bytes.length - this.#at;
  }
  int(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }
  long(): bigint {
    this.#at += 8;
    return this.#bytes.readBigInt64BE(this.#at - 8);
  }
  bool(): boolean {
    this.#at += 1;
    return this.#bytes[this.#at - 1] !== 0;
  }
  buffer(): Buffer {
    const length = this.int();
    if (length <= 0) return Buffer.alloc(0);
    this.#at += length;
    return Buffer.from(this.#bytes.subarray(this.#at - length, this.#at));
  }
  text(): string {
    return this.buffer().toString();
  }
  /** What is known of a node; we need its version and owner. */
  stat(): { version: number; ephemeralOwner: bigint } {
    this.long(); // czxid
    this.long(); // mzxid
    this.long(); // ctime
    this.long(); // mtime
    const version = this.int();
    this.int(); // cversion
    this.int(); // aversion
    const ephemeralOwner = this.long();
    this.int(); // dataLength
    this.int(); // numChildren
    this.long(); // pzxid
    return { version, ephemeralOwner };
  }
}
