/**
 * An object's name on the wire: 64 bits of a hash of type and key to route by, and 32 further bits by which a router
 * notices that two names share the 64.
 */
export interface ObjectId {
  readonly type: string;
  readonly key: string;
  readonly low: number;
  readonly high: number;
  readonly check: number;
}

const encoder = new TextEncoder();

/** The id of an object, e.g. `objectId('Player', '42')`. The same everywhere and always. */
export function objectId(type: string, key: string): ObjectId {
  const [low, high, check] = hash128(`${type}/${key}`);
  return { type, key, low: low === 0 && high === 0 ? 1 : low, high, check };
}

/** 16 bits for a type's name. Two types with the same are refused where they are declared. */
export function typeNumber(type: string): number {
  return hash128(`type:${type}`)[0] & 0xffff || 1;
}

/** How ids are shared out: 4,096 slots by the upper bits. */
export const SLOTS = 4096;
export const slotOf = (high: number): number => high >>> 20;

const scratch = new Uint8Array(1024);

/**
 * Three of the four words of MurmurHash3 x86 128 (Austin Appleby, public domain algorithm): well mixed, and fast with
 * 32-bit multiplications. Not against attackers: who may register what is decided by links.
 */
function hash128(text: string): [number, number, number] {
  let bytes = scratch;
  let length = 0;
  for (; length < text.length && length < 1024; length++) {
    const code = text.charCodeAt(length);
    if (code > 127) break;
    scratch[length] = code;
  }
  if (length < text.length) {
    bytes = encoder.encode(text);
    length = bytes.byteLength;
  }
  let h1 = 0;
  let h2 = 0;
  let h3 = 0;
  let h4 = 0;
  const read = (at: number): number =>
    (at < length ? (bytes[at] as number) : 0) |
    ((at + 1 < length ? (bytes[at + 1] as number) : 0) << 8) |
    ((at + 2 < length ? (bytes[at + 2] as number) : 0) << 16) |
    ((at + 3 < length ? (bytes[at + 3] as number) : 0) << 24);
  for (let at = 0; at < length; at += 16) {
    const isTail = length - at < 16;
    h1 ^= Math.imul(rotl(Math.imul(read(at), C1), 15), C2);
    if (!isTail) h1 = (Math.imul((rotl(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
    h2 ^= Math.imul(rotl(Math.imul(read(at + 4), C2), 16), C3);
    if (!isTail) h2 = (Math.imul((rotl(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0;
    h3 ^= Math.imul(rotl(Math.imul(read(at + 8), C3), 17), C4);
    if (!isTail) h3 = (Math.imul((rotl(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0;
    h4 ^= Math.imul(rotl(Math.imul(read(at + 12), C4), 18), C1);
    if (!isTail) h4 = (Math.imul((rotl(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0;
  }
  h1 ^= length;
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  h1 = finish(h1);
  h2 = finish(h2);
  h3 = finish(h3);
  h4 = finish(h4);
  h1 = (h1 + h2 + h3 + h4) | 0;
  return [h1 >>> 0, (h2 + h1) >>> 0, (h3 + h1) >>> 0];
}

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

const rotl = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

function finish(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
