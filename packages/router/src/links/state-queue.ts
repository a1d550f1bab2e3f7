/**
 * State frames that wait for a link: of those with the same target, source and method only the latest is kept, at the
 * place in the line that the first one had.
 */
export class StateQueue {
  bytes = 0;
  /** How many were replaced by a later one of the same kind. */
  superseded = 0;
  readonly #frames = new Map<number, Uint8Array>();

  /** True when the frame replaced an earlier one. */
  push(frame: Uint8Array): boolean {
    let key = keyOf(frame);
    for (;;) {
      const waiting = this.#frames.get(key);
      if (!waiting) break;
      if (sameSubject(waiting, frame)) {
        this.bytes += frame.byteLength - waiting.byteLength;
        this.#frames.set(key, frame);
        this.superseded++;
        return true;
      }
      key++;
    }
    this.#frames.set(key, frame);
    this.bytes += frame.byteLength;
    return false;
  }

  get size(): number {
    return this.#frames.size;
  }

  /** Takes all, oldest first. */
  takeAll(): Iterable<Uint8Array> {
    const frames = [...this.#frames.values()];
    this.clear();
    return frames;
  }

  clear(): void {
    this.#frames.clear();
    this.bytes = 0;
  }
}

/** What a state frame is about: method, target and source. */
const SUBJECT_WORDS = [4, 5, 6, 7] as const;

const word = (frame: Uint8Array, index: number): number => {
  const at = index * 4;
  return (
    (frame[at] as number) |
    ((frame[at + 1] as number) << 8) |
    ((frame[at + 2] as number) << 16) |
    ((frame[at + 3] as number) << 24)
  );
};

function keyOf(frame: Uint8Array): number {
  let a = (frame[6] as number) | ((frame[7] as number) << 8);
  let b = 0x9e3779b9;
  for (const index of SUBJECT_WORDS) {
    a = Math.imul(a ^ word(frame, index), 0x85ebca6b);
    a ^= a >>> 13;
    b = Math.imul(b + a, 0xc2b2ae35);
  }
  return (a >>> 0) * 0x100000 + ((b >>> 0) & 0xfffff);
}

function sameSubject(a: Uint8Array, b: Uint8Array): boolean {
  if (a[6] !== b[6] || a[7] !== b[7]) return false;
  return SUBJECT_WORDS.every((index) => word(a, index) === word(b, index));
}
