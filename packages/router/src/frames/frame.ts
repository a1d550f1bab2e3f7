import { HEADER_BYTES, OFFSET } from './layout.ts';

/** What a frame's header says; everything but the kind is optional and 0. */
export interface Header {
  kind: number;
  flags?: number;
  /** Method or code, 16 bits. */
  method?: number;
  term?: number;
  counter?: number;
  targetLow?: number;
  targetHigh?: number;
  sourceLow?: number;
  sourceHigh?: number;
  call?: number;
}

const EMPTY = new Uint8Array(0);

/** A whole frame in a buffer of its own: for control frames and tests; the data path writes into batches instead. */
export function encodeFrame(header: Header, payload: Uint8Array = EMPTY): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + payload.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(OFFSET.length, bytes.byteLength, true);
  view.setUint8(OFFSET.kind, header.kind);
  view.setUint8(OFFSET.flags, header.flags ?? 0);
  view.setUint16(OFFSET.method, header.method ?? 0, true);
  view.setUint32(OFFSET.term, header.term ?? 0, true);
  view.setUint32(OFFSET.counter, header.counter ?? 0, true);
  view.setUint32(OFFSET.targetLow, header.targetLow ?? 0, true);
  view.setUint32(OFFSET.targetHigh, header.targetHigh ?? 0, true);
  view.setUint32(OFFSET.sourceLow, header.sourceLow ?? 0, true);
  view.setUint32(OFFSET.sourceHigh, header.sourceHigh ?? 0, true);
  view.setUint32(OFFSET.call, header.call ?? 0, true);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/**
 * A frame where it lies in a received chunk. One object is used for all frames of a link, so it is valid only until the
 * receiving function returns; `copyPayload` takes what must live longer.
 */
export class FrameView {
  bytes: Uint8Array = EMPTY;
  view: DataView = new DataView(EMPTY.buffer);
  start = 0;
  length = 0;

  get kind(): number {
    return this.view.getUint8(this.start + OFFSET.kind);
  }
  get flags(): number {
    return this.view.getUint8(this.start + OFFSET.flags);
  }
  get method(): number {
    return this.view.getUint16(this.start + OFFSET.method, true);
  }
  get term(): number {
    return this.view.getUint32(this.start + OFFSET.term, true);
  }
  get counter(): number {
    return this.view.getUint32(this.start + OFFSET.counter, true);
  }
  get targetLow(): number {
    return this.view.getUint32(this.start + OFFSET.targetLow, true);
  }
  get targetHigh(): number {
    return this.view.getUint32(this.start + OFFSET.targetHigh, true);
  }
  get sourceLow(): number {
    return this.view.getUint32(this.start + OFFSET.sourceLow, true);
  }
  get sourceHigh(): number {
    return this.view.getUint32(this.start + OFFSET.sourceHigh, true);
  }
  get call(): number {
    return this.view.getUint32(this.start + OFFSET.call, true);
  }
  /** Bytes of the payload. */
  get payloadLength(): number {
    return this.length - HEADER_BYTES;
  }
  /** The payload where it lies, not to be kept. */
  payload(): Uint8Array {
    return this.bytes.subarray(this.start + HEADER_BYTES, this.start + this.length);
  }
  /** The payload as a copy that may be kept, aligned for typed arrays. */
  copyPayload(): Uint8Array<ArrayBuffer> {
    return copyOf(this.bytes, this.start + HEADER_BYTES, this.start + this.length);
  }
  /**
   * The payload, without its first `skip` bytes, as a copy that may be kept; its buffer may have other copies in it.
   */
  keepPayload(skip = 0): Uint8Array<ArrayBuffer> {
    return keep(this.bytes, this.start + HEADER_BYTES + skip, this.start + this.length);
  }
  /** The whole frame as a copy. */
  copy(): Uint8Array {
    return copyOf(this.bytes, this.start, this.start + this.length);
  }
  /** @throws SyntaxError when the payload is no JSON */
  json<T>(): T {
    return JSON.parse(new TextDecoder().decode(this.payload())) as T;
  }
  /** Looks at a frame that stands alone in `frame`. */
  at(frame: Uint8Array): this {
    this.bytes = frame;
    this.view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    this.start = 0;
    this.length = frame.byteLength;
    return this;
  }
}

/** V8 keeps arrays up to this length on its own heap: nothing is cheaper. */
const ON_HEAP_BYTES = 64;
const POOLED_BYTES = 1_024;
const POOL_BYTES = 8 * 1024;

/** Small copies share buffers, as Node's own do: one of their own costs more than the copying. */
function createKeeper(): (bytes: Uint8Array, start: number, end: number) => Uint8Array<ArrayBuffer> {
  let pool = new ArrayBuffer(POOL_BYTES);
  let used = 0;
  return (bytes, start, end) => {
    const size = end - start;
    if (size <= ON_HEAP_BYTES) {
      const copy = new Uint8Array(size);
      for (let at = 0; at < size; at++) copy[at] = bytes[start + at] as number;
      return copy;
    }
    if (size > POOLED_BYTES) return copyOf(bytes, start, end);
    if (used + size > POOL_BYTES) {
      pool = new ArrayBuffer(POOL_BYTES);
      used = 0;
    }
    const copy = new Uint8Array(pool, used, size);
    used = (used + size + 7) & ~7;
    copy.set(bytes.subarray(start, end));
    return copy;
  };
}
const keep = createKeeper();

/** A copy with a buffer of its own: the `slice` of a Buffer is none. */
function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
}

export const jsonBytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** A payload of 32-bit words as an aligned array. */
export function words(frame: FrameView): Uint32Array {
  const copy = frame.copyPayload();
  return new Uint32Array(copy.buffer, 0, copy.byteLength >>> 2);
}

export const wordBytes = (array: Uint32Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
