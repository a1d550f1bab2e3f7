import { OFFSET } from '../frames/layout.ts';

const BLOCK_BYTES = 64 * 1024;

interface Block {
  bytes: Uint8Array;
  /** Where in the stream of data frames the block begins. */
  from: number;
  used: number;
}

/**
 * Data frames that went into a link and are not confirmed by the other end. When the link breaks they are sent again
 * on the next one, from where the other end stopped, or their sources are told.
 */
export class SentLog {
  /** Bytes of data frames that went in altogether; the other end counts the same. */
  end = 0;
  /** Up to here they were given to the wire. */
  written = 0;
  #confirmed = 0;
  #blocks: Block[] = [];
  #spare: Block | undefined;

  /** Bytes that wait to be confirmed. */
  get bytes(): number {
    return this.end - this.#confirmed;
  }

  /** Keeps a copy of whole frames. */
  append(bytes: Uint8Array, length: number): void {
    let block = this.#blocks[this.#blocks.length - 1];
    if (!block || block.used + length > block.bytes.byteLength) {
      const isSpareBigEnough = this.#spare !== undefined && length <= BLOCK_BYTES;
      block = isSpareBigEnough
        ? (this.#spare as Block)
        : { bytes: new Uint8Array(Math.max(length, BLOCK_BYTES)), from: 0, used: 0 };
      if (isSpareBigEnough) this.#spare = undefined;
      block.from = this.end;
      block.used = 0;
      this.#blocks.push(block);
    }
    block.bytes.set(length === bytes.byteLength ? bytes : bytes.subarray(0, length), block.used);
    block.used += length;
    this.end += length;
  }

  /** The other end has handed over everything up to here. */
  confirm(upTo: number): void {
    if (upTo <= this.#confirmed || upTo > this.end) return;
    this.#confirmed = upTo;
    while (this.#blocks.length > 0) {
      const [first] = this.#blocks as [Block];
      if (first.from + first.used > upTo) return;
      // The block that is written to stays.
      if (this.#blocks.length === 1) {
        first.from = this.end;
        first.used = 0;
        return;
      }
      this.#blocks.shift();
      if (first.bytes.byteLength === BLOCK_BYTES) this.#spare = first;
    }
  }

  /** Frames that the other end did not hand over, in order. */
  *framesFrom(received: number): Generator<{ frame: Uint8Array; wasWritten: boolean }> {
    for (const { bytes, from, used } of this.#blocks) {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      for (let at = 0; at < used; ) {
        const length = view.getUint32(at + OFFSET.length, true);
        if (from + at >= received)
          yield { frame: bytes.subarray(at, at + length), wasWritten: from + at < this.written };
        at += length;
      }
    }
  }

  get unconfirmedFrom(): number {
    return this.#confirmed;
  }

  clear(): void {
    this.#confirmed = this.end;
    this.#blocks = [];
    this.#spare = undefined;
  }
}
