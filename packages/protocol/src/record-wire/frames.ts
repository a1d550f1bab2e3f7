import { RECORD_ANSWER_HEAD, RECORD_CALL_HEAD, RECORD_FRAME_BYTES } from '../records.ts';

/** Bytes that an output begins with, and keeps. */
const USUAL_BYTES = 64 * 1024;
/** Larger outputs are not kept for the next frames. */
const KEPT_BYTES = 1024 * 1024;

const NOTHING: Buffer = Buffer.alloc(0);

/** What an output needs of a socket. */
export interface FrameSocket {
  write(bytes: Uint8Array): boolean;
  readonly writableLength: number;
}

/**
 * Frames that go out together. The memory is used again as soon as the system has taken the bytes, so sending costs
 * none.
 */
export class FrameOutput {
  bytes: Buffer = Buffer.allocUnsafeSlow(USUAL_BYTES);
  at = 0;
  readonly #double = new Float64Array(1);
  readonly #bytesOfDouble = new Uint8Array(this.#double.buffer);

  /** Makes room; what stands so far may move. */
  need(more: number): void {
    if (this.at + more <= this.bytes.length) return;
    const next = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + more));
    this.bytes.copy(next, 0, 0, this.at);
    this.bytes = next;
  }

  uint32(value: number): void {
    const { bytes, at } = this;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
    this.at = at + 4;
  }

  double(value: number): void {
    this.#double[0] = value;
    const { bytes, at } = this;
    const from = this.#bytesOfDouble;
    for (let i = 0; i < 8; i++) bytes[at + i] = from[7 - i] as number;
    this.at = at + 8;
  }

  /** The head of a call with so many bytes of body behind it; there is room for all of them then. */
  call(call: number, operation: number, table: number, size: number): void {
    this.need(RECORD_CALL_HEAD + size);
    this.uint32(RECORD_CALL_HEAD - 4 + size);
    this.uint32(call);
    const { bytes } = this;
    bytes[this.at++] = operation;
    bytes[this.at++] = table >>> 8;
    bytes[this.at++] = table;
  }

  /** The head of an answer. */
  answer(call: number, kind: number, size: number): void {
    this.need(RECORD_ANSWER_HEAD + size);
    this.uint32(RECORD_ANSWER_HEAD - 4 + size);
    this.uint32(call);
    this.bytes[this.at++] = kind;
  }

  /** A part of a body for which there is room. */
  raw(from: Uint8Array): void {
    this.bytes.set(from, this.at);
    this.at += from.length;
  }

  /** A frame that is a value as JSON, as the first ones are. */
  json(value: unknown): void {
    const text = Buffer.from(JSON.stringify(value));
    this.need(4 + text.length);
    this.uint32(text.length);
    this.raw(text);
  }

  /** Hands all to the socket. False: more waits in the socket than it wants to hold. */
  flush(socket: FrameSocket): boolean {
    const { at } = this;
    if (at === 0) return true;
    this.at = 0;
    const frames = this.bytes.subarray(0, at);
    // Behind bytes that wait these wait, too, so they get memory of their own size.
    if (socket.writableLength > 0 && at < USUAL_BYTES / 4) return socket.write(Buffer.from(frames));
    const more = socket.write(frames);
    if (socket.writableLength > 0 || this.bytes.length > KEPT_BYTES) this.bytes = Buffer.allocUnsafeSlow(USUAL_BYTES);
    return more;
  }
}

export interface FrameReader {
  /**
   * Takes what came; the chunk may be used again afterwards.
   *
   * @throws Error on a frame that is too large, and what `onFrame` throws
   */
  read(chunk: Buffer): void;
  /** Goes on behind the frame that asked to stop, before the next `read`. */
  resume(): void;
}

/**
 * Cuts what comes from a socket into frames. `onFrame` gets where one stands behind its length, good until it returns;
 * when it answers false, the reader keeps the further ones and waits for `resume`.
 */
export function createFrameReader(onFrame: (bytes: Buffer, at: number, end: number) => boolean): FrameReader {
  /** The beginning of a frame whose end has not come. */
  let rest: Buffer = NOTHING;
  let held = 0;

  function hold(bytes: Buffer, from: number, to: number, wanted: number): void {
    const size = held + to - from;
    if (size > rest.length) {
      // Grown by doubling, so that a large frame is not copied with every chunk; what was only announced takes no
      // memory.
      const next = Buffer.allocUnsafeSlow(Math.max(size, Math.min(wanted, size * 2)));
      rest.copy(next, 0, 0, held);
      rest = next;
    }
    bytes.copy(rest, held, from, to);
    held = size;
  }

  function read(chunk: Buffer): void {
    let at = 0;
    let more = true;
    const { length } = chunk;
    while (held > 0 && at < length) {
      const wanted = held < 4 ? 4 : 4 + sizeAt(rest, 0);
      const to = Math.min(length, at + wanted - held);
      hold(chunk, at, to, wanted);
      at = to;
      if (held >= 4 && held === 4 + sizeAt(rest, 0)) {
        const frame = rest;
        const end = held;
        rest = NOTHING;
        held = 0;
        more = onFrame(frame, 4, end);
      }
    }
    while (more && at + 4 <= length) {
      const end = at + 4 + sizeAt(chunk, at);
      if (end > length) break;
      more = onFrame(chunk, at + 4, end);
      at = end;
    }
    if (at < length) hold(chunk, at, length, more && length - at >= 4 ? 4 + sizeAt(chunk, at) : 4);
  }

  return {
    read,
    resume() {
      const kept = rest.subarray(0, held);
      rest = NOTHING;
      held = 0;
      read(kept);
    },
  };
}

function sizeAt(bytes: Buffer, at: number): number {
  const size = uint32At(bytes, at);
  if (size > RECORD_FRAME_BYTES) throw new Error(`a frame of ${size} bytes`);
  return size;
}

export function uint32At(bytes: Buffer, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

export function jsonAt(bytes: Buffer, at: number, end: number): unknown {
  return JSON.parse(bytes.utf8Slice(at, end));
}
