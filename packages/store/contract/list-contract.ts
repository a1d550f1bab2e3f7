import type { ManualClock } from '@sparrow/core';
import { expect, test } from 'vitest';
import type { KvEngine } from '../src/engines/kv-engine.ts';
import { repairStore } from '../src/operations/repair-store.ts';
import { verifyStore } from '../src/operations/verify-store.ts';
import { LIST_HEAD, LIST_TAIL } from '../src/record-store/list-order.ts';
import type { RecordStore } from '../src/record-store/record-store.ts';
import { refused } from './refused.ts';

/** What the tests of a suite share: made before the first of them runs. */
export interface ContractStore {
  store(): RecordStore;
  engine(): KvEngine;
  clock: ManualClock;
  /** One that no other test uses. */
  id(): bigint;
}

/** What lists must do on every engine. */
export function listContract({ store, engine, clock, id }: ContractStore): void {
  test('lists keep order, indexes and their limit', async () => {
    const list = store().list('Mail');
    const owner = id();
    const add = (text: string, after = LIST_TAIL, shift: 0 | 1 | 2 = 0): Promise<{ index: number }> =>
      list.listAddAfter({ owner, text }, after, { shift });
    const texts = async (options = {}): Promise<unknown[]> =>
      (await list.listGetAll({ owner }, options)).elements.map(({ record }) => record.text);
    expect(await texts()).toEqual([]);
    await refused(list.listDelete({ owner }, 0), 'NOT_FOUND', 261);
    const a = await add('a');
    await add('c');
    await add('b', a.index);
    await add('0', LIST_HEAD);
    expect(await texts()).toEqual(['0', 'a', 'b', 'c']);
    expect(await texts({ offset: 1, limit: 2 })).toEqual(['a', 'b']);
    expect(await texts({ offset: -2 })).toEqual(['b', 'c']);
    await refused(add('d'), 'LIST_FULL', -6157);
    await refused(add('d', 99, 1), 'LIST_INDEX', -4109);
    await add('d', LIST_TAIL, 1);
    expect(await texts()).toEqual(['a', 'b', 'c', 'd']);
    await add('z', LIST_HEAD, 2);
    expect(await texts()).toEqual(['z', 'a', 'b', 'c']);
    expect(await list.listReplace({ owner, text: 'A' }, a.index, { resultFlag: { success: 3 } })).toMatchObject({
      record: { text: 'a' },
    });
    expect(await list.listGet({ owner }, a.index)).toMatchObject({ record: { text: 'A' } });
    expect(await list.listGet({ owner }, 1234)).toBeUndefined();
    const { version } = await list.listDelete({ owner }, a.index);
    await refused(list.listDelete({ owner }, a.index, { version: version - 1 }), 'LIST_INDEX');
    await refused(list.listReplace({ owner, text: 'x' }, 1, { version: version - 1 }), 'VERSION_MISMATCH', -7949);
    const all = await list.listGetAll({ owner });
    const gone = await list.listDeleteBatch({ owner }, [...all.elements.slice(0, 2).map(({ index }) => index), 555]);
    expect(gone.deleted).toHaveLength(2);
    expect(await texts()).toEqual(['c']);
    expect(await list.listDeleteAll({ owner }, { keepVersion: true })).toEqual({ deleted: 1 });
    expect((await list.listGetAll({ owner })).version).toBeGreaterThan(gone.version);
    expect(await list.listDeleteAll({ owner })).toEqual({ deleted: 0 });
    expect(await list.listCount({ owner })).toBe(0);
    const many = await Promise.all(Array.from({ length: 4 }, (_, i) => add(String(i))));
    expect(new Set(many.map(({ index }) => index)).size).toBe(4);
    expect(await list.listCount({ owner })).toBe(4);
  });

  test('sorted lists keep the best', async () => {
    const list = store().list('Score');
    const board = `b${id()}`;
    for (const points of [10n, 30n, 20n]) await list.listAddAfter({ board, points, who: `w${points}` });
    const points = async (): Promise<unknown[]> =>
      (await list.listGetAll({ board })).elements.map(({ record }) => record.points);
    expect(await points()).toEqual([30n, 20n, 10n]);
    await refused(list.listAddAfter({ board, points: 5n, who: 'low' }), 'SORTLIST_REFUSED', -3328);
    await list.listAddAfter({ board, points: 25n, who: 'mid' });
    expect(await points()).toEqual([30n, 25n, 20n]);
    const last = (await list.listGetAll({ board })).elements.at(-1);
    await list.listReplace({ board, points: 99n, who: 'up' }, last?.index as number);
    expect(await points()).toEqual([99n, 30n, 25n]);
  });

  test('elements that no list names are found, and a repair removes them', async () => {
    const list = store().list('Mail');
    const codec = store().codec('Mail');
    const [whole, gone] = [id(), id()];
    for (const owner of [whole, gone])
      for (let i = 0; i < 3; i++) await list.listAddAfter({ owner, text: `text ${i}` });
    const { rows } = await engine().scan({ ...codec.range, limit: 10_000, deadline: performance.now() + 10_000 });
    // As an older version did when a list expired: its header goes, its elements stay.
    const key = codec.rowKey({ owner: gone });
    const write = { key, op: 'delete', when: 'any', policy: 3, version: 0 } as const;
    const slot = codec.slotOfRow(key);
    await engine().commit({ slot, now: 0, writes: [write], feed: false, deadline: performance.now() + 10_000 });
    const mail = async () => (await verifyStore(store())).tables.find(({ name }) => name === 'Mail');
    expect((await mail())?.problems).toEqual(Array(3).fill(expect.stringContaining('no list names the element')));
    const { tables } = await repairStore(store());
    expect(tables.find(({ name }) => name === 'Mail')).toMatchObject({ elements: 3 });
    expect(await mail()).toMatchObject({ records: rows.length - 4, problems: [] });
    expect((await list.listGetAll({ owner: whole })).elements).toHaveLength(3);
    expect((await list.listGetAll({ owner: gone })).elements).toEqual([]);
  });

  test('a list that expires takes its elements along, swept or begun anew', async () => {
    const list = store().list('Notice');
    const range = store().codec('Notice').range;
    const rows = () => engine().count(range.from, range.to, performance.now() + 10_000);
    const [swept, again] = [id(), id()];
    for (const owner of [swept, again])
      for (let i = 0; i < 5; i++) await list.listAddAfter({ owner, text: `old ${i}` });
    expect(await rows()).toBe(12);
    clock.advance(11_000);
    expect(await list.listAddAfter({ owner: again, text: 'new' })).toMatchObject({ index: 0, version: 1 });
    expect(await rows()).toBe(8);
    expect(await store().sweep()).toBe(1);
    expect(await rows()).toBe(2);
    expect((await list.listGetAll({ owner: again })).elements.map(({ record }) => record.text)).toEqual(['new']);
  });
}
