import { RouterError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { FrameView } from './frame.ts';
import { HEADER_BYTES, LAST_KIND, OFFSET } from './layout.ts';

/**
 * Cuts a stream of chunks into frames. Frames that lie whole in a chunk are seen where they are; only one that
 * straddles two chunks is copied.
 */
export class Splitter {
  /** Bytes that one frame may have; raised when a link has proved itself. */
  limit: number;
  readonly #frame = new FrameView();
  #rest: Uint8Array | undefined;
  #restLength = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /**
   * Calls back for every whole frame, in order, until a call answers false: then it answers a copy of what is left of
   * the chunk, to be pushed later.
   * @throws RouterError FRAME_INVALID when the bytes are no frame; the stream is of no use from then on
   */
  push(chunk: Uint8Array, onFrame: (frame: FrameView) => boolean): Uint8Array | undefined {
    let at = 0;
    if (this.#rest) {
      at = this.#complete(chunk, onFrame);
      if (at < 0) return undefined;
    }
    const frame = this.#frame;
    const size = chunk.byteLength;
    const view = new DataView(chunk.buffer, chunk.byteOffset, size);
    while (size - at >= 4) {
      const length = view.getUint32(at, true);
      this.#check(length);
      if (size - at < length) break;
      this.#checkKind(view.getUint8(at + OFFSET.kind));
      frame.bytes = chunk;
      frame.view = view;
      frame.start = at;
      frame.length = length;
      at += length;
      if (!onFrame(frame)) return at < size ? chunk.slice(at) : undefined;
    }
    if (at < size) {
      const left = size - at;
      const need = left >= 4 ? view.getUint32(at, true) : 4;
      this.#rest = new Uint8Array(Math.max(need, 4));
      this.#rest.set(chunk.subarray(at));
      this.#restLength = left;
    }
    return undefined;
  }

  /** Adds to the straddling frame; where in the chunk the next one begins, -1 when the chunk is used up. */
  #complete(chunk: Uint8Array, onFrame: (frame: FrameView) => boolean): number {
    let at = 0;
    let rest = this.#rest as Uint8Array;
    for (;;) {
      const take = Math.min(rest.byteLength - this.#restLength, chunk.byteLength - at);
      rest.set(chunk.subarray(at, at + take), this.#restLength);
      this.#restLength += take;
      at += take;
      if (this.#restLength < rest.byteLength) return -1;
      const length = new DataView(rest.buffer).getUint32(0, true);
      this.#check(length);
      if (rest.byteLength >= length) break;
      const longer = new Uint8Array(length);
      longer.set(rest);
      rest = this.#rest = longer;
    }
    this.#rest = undefined;
    this.#restLength = 0;
    this.#checkKind(rest[OFFSET.kind] as number);
    onFrame(this.#frame.at(rest));
    return at === chunk.byteLength ? -1 : at;
  }

  #check(length: number): void {
    if (length >= HEADER_BYTES && length <= this.limit) return;
    throw new RouterError(
      'FRAME_INVALID',
      phrase`a frame of ${length} bytes; ${HEADER_BYTES} to ${this.limit} are allowed`,
      {
        hint: phrase`the other side speaks another protocol, or sends payloads that are too big`,
      },
    );
  }

  #checkKind(kind: number): void {
    if (kind > 0 && kind <= LAST_KIND) return;
    throw new RouterError('FRAME_INVALID', phrase`a frame of kind ${kind}`, {
      hint: phrase`the other side speaks another protocol`,
    });
  }
}
