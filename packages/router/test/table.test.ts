import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdMap } from '../src/table/id-map.ts';
import { objectId } from '../src/table/object-id.ts';
import { ENTRY_WORDS, NOBODY, RouteTable, routeOf } from '../src/table/route-table.ts';

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
            table.set({ low, high, check: low ^ high, term: 1, counter, type: 9, place });
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
    ids.forEach((id, index) => a.set({ ...id, term: 1, counter: index, type: 3, place: 1 }));
    [...ids].reverse().forEach((id) => b.set({ ...id, term: 7, counter: 7, type: 3, place: 2 }));
    ids.forEach((id, index) => b.set({ ...id, term: 1, counter: index, type: 3, place: 5 }));
    expect(a.digests).toEqual(b.digests);
    expect(a.counts).toEqual(b.counts);
    b.set({ ...(ids[0] as (typeof ids)[0]), check: 0, term: 2, counter: 1, type: 3, place: 5 });
    expect(a.digests).not.toEqual(b.digests);
  });

  it('gives a slot away as it is', () => {
    const [a, b] = [new RouteTable(), new RouteTable()];
    for (let index = 0; index < 50_000; index++) {
      a.set({ ...objectId('T', String(index)), term: 1, counter: index, type: 3, place: 1 });
    }
    for (let slot = 0; slot < 4096; slot++) {
      const entries = new Uint32Array(a.usedOf(slot) * ENTRY_WORDS);
      a.exportSlot(slot, entries, 0);
      for (let at = 0; at < entries.length; at += ENTRY_WORDS) b.set(routeOf(entries, at));
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
