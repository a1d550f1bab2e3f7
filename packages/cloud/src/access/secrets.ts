import { timingSafeEqual } from 'node:crypto';

/** Compares secrets in constant time. */
export function equal(given: string | undefined, secret: string): boolean {
  if (given === undefined) return false;
  const a = Buffer.from(given);
  const b = Buffer.from(secret);
  return a.length === b.length && timingSafeEqual(a, b);
}
