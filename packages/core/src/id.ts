const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A ULID: 48 bits of time, 80 random bits, 26 characters that sort by time. See the ULID specification. */
export function ulid(now: number = Date.now()): string {
  let time = '';
  for (let rest = now, i = 0; i < 10; i++) {
    time = ALPHABET[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  let random = '';
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) random += ALPHABET[byte & 31];
  return time + random;
}

/** An id with a typed prefix, e.g. `createId('app')` → `app_01J…`. */
export function createId(prefix: string, now?: number): string {
  return `${prefix}_${ulid(now)}`;
}
