import { RouterError } from '../errors.ts';
import { jsonBytes } from '../frames/frame.ts';
import { phrase } from '../phrase.ts';
import type { Ref } from './object.ts';

/** Methods of the object that stands for a node. */
export const NODE_METHOD = {
  /** Take this object. */
  arrive: 1,
  /** Forget what you took. */
  abandon: 2,
  /** What became of your attempt? */
  outcome: 3,
} as const;

/** What goes before the state of an object that is to move. */
export interface ArrivalHead {
  type: string;
  key: string;
  /** Absent from nodes of before; such a node tries once at a time. */
  attempt?: string;
  from?: { set: string; node: string };
  term: number;
  counter: number;
  seen: number[];
  groups: string[];
  together?: Ref;
}

/** Names one attempt to move one object. */
export interface MoveWord extends Ref {
  attempt?: string;
}

export const wordBytesOf = (word: MoveWord): Uint8Array => jsonBytes(word);

/** @throws RouterError FRAME_INVALID */
export function readWord(bytes: Uint8Array): MoveWord {
  return parse<MoveWord>(bytes);
}

export function encodeArrival(head: ArrivalHead, state: Uint8Array): Uint8Array {
  const text = jsonBytes(head);
  const bytes = new Uint8Array(4 + text.byteLength + state.byteLength);
  new DataView(bytes.buffer).setUint32(0, text.byteLength, true);
  bytes.set(text, 4);
  bytes.set(state, 4 + text.byteLength);
  return bytes;
}

/** @throws RouterError FRAME_INVALID */
export function readArrival(bytes: Uint8Array): { head: ArrivalHead; state: Uint8Array } {
  const length = bytes.byteLength >= 4 ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) : 0;
  return { head: parse<ArrivalHead>(bytes.subarray(4, 4 + length)), state: bytes.slice(4 + length) };
}

function parse<T>(bytes: Uint8Array): T {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as T;
  } catch (cause) {
    throw new RouterError('FRAME_INVALID', phrase`a word about a move that cannot be read`, {
      cause,
      hint: phrase`update the older node`,
    });
  }
}
