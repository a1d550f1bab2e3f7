const BLOCK_BYTES = 128 * 1024;
/** Blocks that are kept to be used again. */
const FREE_BLOCKS = 4;

/** A piece of a queue: bytes up to `end`, written from `start`. */
export interface Block {
  bytes: Uint8Array;
  view: DataView;
  end: number;
}

const newBlock = (size: number): Block => {
  const bytes = new Uint8Array(new ArrayBuffer(size));
  return { bytes, view: new DataView(bytes.buffer), end: 0 };
};

/**
 * Frames that wait for a link, one behind the other in blocks of 128 KiB, so that a write never begins inside a frame.
 */
export class ByteQueue {
  /** Bytes that wait. */
  bytes = 0;
  /** Where the last reserved frame begins, in `block`. */
  at = 0;
  /** The block of the last reserved frame. */
  block: Block = newBlock(0);
  readonly #blocks: Block[] = [];
  readonly #free: Block[] = [];

  /** Makes room for a frame: it is to be written to `block` from `at`. */
  reserve(length: number): void {
    let block = this.#blocks[this.#blocks.length - 1];
    if (!block || block.end + length > block.bytes.byteLength) {
      const free = length <= BLOCK_BYTES ? this.#free.pop() : undefined;
      block = free ?? newBlock(Math.max(length, BLOCK_BYTES));
      this.#blocks.push(block);
    }
    this.block = block;
    this.at = block.end;
    block.end += length;
    this.bytes += length;
  }

  /** Copies frames that lie one behind the other. */
  append(source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    this.block.bytes.set(start === 0 && end === source.byteLength ? source : source.subarray(start, end), this.at);
  }

  shift(): Block | undefined {
    const block = this.#blocks.shift();
    if (block) this.bytes -= block.end;
    return block;
  }

  /** Gives a block back that nobody reads any more. */
  recycle(block: Block): void {
    if (this.#free.length >= FREE_BLOCKS || block.bytes.byteLength !== BLOCK_BYTES) return;
    block.end = 0;
    this.#free.push(block);
  }

  clear(): void {
    this.#blocks.length = 0;
    this.bytes = 0;
  }
}
