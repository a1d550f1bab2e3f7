import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHotTier, type HotTier } from '../src/hot/hot-tier.ts';

const row = (value: Uint8Array, version: number) => ({ value, version, modified: version + 0.5, expires: 0 });
const keyOf = (id: number): Buffer => Buffer.from(`key-${id}`);
function read(tier: HotTier, id: number): { value: Buffer; version: number } | undefined {
  const place = tier.find(keyOf(id));
  if (place < 0) return undefined;
  const { start, end, version, modified } = tier.row(place);
  expect(modified).toBe(version + 0.5);
  return { value: Buffer.from(tier.bytes.subarray(start, end)), version };
}

describe('the hot tier', () => {
  test('whatever is set, overwritten, deleted and turned out: what it shows is what was set last', () => {
    const step = fc.record({
      id: fc.nat(300),
      size: fc.nat(3_000),
      op: fc.constantFrom('set', 'set', 'delete', 'find'),
    });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 200, maxLength: 1_500 }),
        fc.constantFrom(70_000, 300_000),
        (steps, budget) => {
          const tier = createHotTier(budget);
          const last = new Map<number, { value: Buffer; version: number }>();
          let version = 0;
          for (const { id, size, op } of steps) {
            if (op === 'set') {
              const value = Buffer.alloc(size, ++version % 256);
              tier.set(keyOf(id), row(value, version));
              last.set(id, { value, version });
            } else if (op === 'delete') {
              tier.delete(keyOf(id));
              last.delete(id);
            } else {
              const found = read(tier, id);
              if (found) expect(found).toEqual(last.get(id));
            }
            expect(tier.used).toBeLessThanOrEqual(budget);
          }
          let seen = 0;
          for (let id = 0; id <= 300; id++) {
            const found = read(tier, id);
            if (!found) continue;
            seen++;
            expect(found).toEqual(last.get(id));
          }
          expect(seen).toBe(tier.size);
          expect(seen).toBeGreaterThan(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('who is read again and again stays, while a thousand others come once', () => {
    const tier = createHotTier(300_000);
    const value = new Uint8Array(500);
    for (let id = 0; id < 20; id++) tier.set(keyOf(id), row(value, 1));
    for (let id = 1_000; id < 5_000; id++) {
      tier.set(keyOf(id), row(value, 1));
      for (let hot = 0; hot < 20; hot++) tier.find(keyOf(hot));
    }
    for (let id = 0; id < 20; id++) expect(read(tier, id), `key ${id}`).toBeDefined();
    expect(tier.size).toBeLessThan(600);
  });

  test('many small rows never fill its table of places', () => {
    const tier = createHotTier(1 << 20);
    for (let id = 0; id < 100_000; id++) tier.set(Buffer.from([id >> 16, id >> 8, id]), row(new Uint8Array(0), id));
    expect(tier.find(Buffer.from([99_999 >> 16, 99_999 >> 8, 99_999]))).toBeGreaterThanOrEqual(0);
    expect(tier.find(Buffer.from('absent'))).toBe(-1);
  });
});
