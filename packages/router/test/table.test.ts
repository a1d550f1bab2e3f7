import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdMap } from '../src/table/id-map.ts';
import { objectId } from '../src/table/object-id.ts';
import { ENTRY_WORDS, NOBODY, RouteTable } from '../src/table/route-table.ts';

const word = fc.integer({ min: 0, max: 0xffffffff });
/** Few slots and few low words, so that probes and gaps meet. */
const id = fc.tuple(fc.constantFrom(1, 2, 3, 0xfffffffe, 0xffffffff, 0x80000000), fc.constantFrom(0, 1, 5, 0xfff00000));

describe('the route table', () => {
  it('is what a Map would be, through growth and deletion', () => {
    const step = fc.record({
      id: fc.oneof(id, fc.tuple(word, fc.constantFrom(0, 0x00100000))),
      isDelete: fc.boolean(),
      place: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const table = new RouteTable();
        const model = new Map<string, { place: number; counter: number; low: number; high: number }>();
        steps.forEach(({ id: [low, high], isDelete, place }, counter) => {
          const key = `${high}:${low}`;
          if (isDelete) expect(table.remove(low, high)).toBe(model.delete(key));
          else {
            table.set(low, high, low ^ high, 1, counter, 9, place);
            model.set(key, { place, counter, low, high });
          }
        });
        expect(table.size).toBe([...model.values()].filter(({ place }) => place !== NOBODY).length);
        for (const { low, high, place, counter } of model.values()) {
          const at = table.find(low, high);
          expect([table.placeAt(at), table.counterAt(at), table.typeAt(at)]).toEqual([place, counter, 9]);
        }
      }),
    );
  });

  it('has the same digests however it came to be', () => {
    const [a, b] = [new RouteTable(), new RouteTable()];
    const ids = Array.from({ length: 5_000 }, (_, index) => objectId('T', String(index)));
    ids.forEach(({ low, high, check }, index) => a.set(low, high, check, 1, index, 3, 1));
    [...ids].reverse().forEach(({ low, high, check }) => b.set(low, high, check, 7, 7, 3, 2));
    ids.forEach(({ low, high, check }, index) => b.set(low, high, check, 1, index, 3, 5));
    expect(a.digests).toEqual(b.digests);
    expect(a.counts).toEqual(b.counts);
    b.set(ids[0]?.low as number, ids[0]?.high as number, 0, 2, 1, 3, 5);
    expect(a.digests).not.toEqual(b.digests);
  });

  it('gives a slot away as it is', () => {
    const [a, b] = [new RouteTable(), new RouteTable()];
    for (let index = 0; index < 50_000; index++) {
      const { low, high, check } = objectId('T', String(index));
      a.set(low, high, check, 1, index, 3, 1);
    }
    for (let slot = 0; slot < 4096; slot++) {
      const entries = new Uint32Array(a.usedOf(slot) * ENTRY_WORDS);
      a.exportSlot(slot, entries, 0);
      for (let at = 0; at < entries.length; at += ENTRY_WORDS)
        b.set(
          entries[at]!,
          entries[at + 1]!,
          entries[at + 2]!,
          entries[at + 3]!,
          entries[at + 4]!,
          entries[at + 5]! >>> 16,
          1,
        );
    }
    expect(b.digests).toEqual(a.digests);
    expect(a.bytes / a.size).toBeLessThan(90);
  });

  it('spreads ids evenly over the slots', () => {
    const counts = new Uint32Array(4096);
    for (let index = 0; index < 400_000; index++) counts[objectId('Player', String(index)).high >>> 20]!++;
    expect(Math.min(...counts)).toBeGreaterThan(50);
    expect(Math.max(...counts)).toBeLessThan(160);
  });
});

describe('the map of ids', () => {
  it('is what a Map would be', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(id, fc.boolean()), { maxLength: 300 }), (steps) => {
        const map = new IdMap<number>();
        const model = new Map<string, number>();
        steps.forEach(([[low, high], isDelete], index) => {
          const key = `${high}:${low}`;
          if (isDelete) expect(map.delete(low, high)).toBe(model.delete(key));
          else {
            map.set(low, high, index);
            model.set(key, index);
          }
        });
        expect(map.size).toBe(model.size);
        expect([...map.values()].toSorted()).toEqual([...model.values()].toSorted());
      }),
    );
  });
});
