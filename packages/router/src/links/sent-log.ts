import { OFFSET } from '../frames/layout.ts';
import type { Block } from './byte-queue.ts';

const COPY_BYTES = 32 * 1024;

/** A piece of the stream of data frames. */
interface Piece {
  bytes: Uint8Array;
  /** Where in the stream it begins. */
  from: number;
  used: number;
  /** The queue's own block, which goes back to it; undefined for a copy. */
  block: Block | undefined;
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
  readonly #onFree: (block: Block) => void;
  #pieces: Piece[] = [];
  #spare: Piece | undefined;

  /** @param onFree a block that was kept is not needed any more */
  constructor(onFree: (block: Block) => void) {
    this.#onFree = onFree;
  }

  /** Bytes that wait to be confirmed. */
  get bytes(): number {
    return this.end - this.#confirmed;
  }

  /**
   * Keeps whole frames: a block that is well filled as it is, and of another one a copy. True when the block is kept.
   */
  keep(block: Block): boolean {
    if (block.end < COPY_BYTES) {
      this.append(block.bytes, block.end);
      return false;
    }
    this.#pieces.push({ bytes: block.bytes, from: this.end, used: block.end, block });
    this.end += block.end;
    return true;
  }

  /** Keeps a copy of whole frames. */
  append(bytes: Uint8Array, length: number): void {
    let piece = this.#pieces[this.#pieces.length - 1];
    if (!piece || piece.block || piece.used + length > piece.bytes.byteLength) {
      piece = length <= COPY_BYTES ? this.#spare : undefined;
      if (piece) this.#spare = undefined;
      else
        piece = { bytes: new Uint8Array(Math.max(length, 2 * COPY_BYTES)), from: this.end, used: 0, block: undefined };
      piece.from = this.end;
      piece.used = 0;
      this.#pieces.push(piece);
    }
    piece.bytes.set(length === bytes.byteLength ? bytes : bytes.subarray(0, length), piece.used);
    piece.used += length;
    this.end += length;
  }

  /** The other end has handed over everything up to here. */
  confirm(upTo: number): void {
    if (upTo <= this.#confirmed || upTo > this.end) return;
    this.#confirmed = upTo;
    let done = 0;
    for (const { from, used } of this.#pieces) {
      if (from + used > upTo) break;
      done++;
    }
    if (done === 0) return;
    for (const piece of this.#pieces.splice(0, done))
      if (piece.block) this.#onFree(piece.block);
      else if (piece.bytes.byteLength === 2 * COPY_BYTES) this.#spare = piece;
  }

  /** Frames that the other end did not hand over, in order. */
  *framesFrom(received: number): Generator<{ frame: Uint8Array; wasWritten: boolean }> {
    for (const { bytes, from, used } of this.#pieces) {
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
    this.#pieces = [];
    this.#spare = undefined;
  }
}
