import { createManualClock } from '@sparrow/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PAIR_SCHEMA, startTransactionLoad } from '../src/checker/transaction-load.ts';
import type { RecordValue } from '../src/codec/message-codec.ts';
import type { KvEngine } from '../src/engines/kv-engine.ts';
import { repairStore } from '../src/operations/repair-store.ts';
import { verifyStore } from '../src/operations/verify-store.ts';
import { createRecordStore, type RecordStore } from '../src/record-store/record-store.ts';
import { listContract } from './list-contract.ts';
import { refused } from './refused.ts';
import { CONTRACT_SCHEMA } from './schema.ts';

const player = (id: bigint, more: RecordValue = {}): RecordValue => ({
  id,
  zone: 1,
  name: `p${id}`,
  level: 1,
  gold: 100n,
  ...more,
});

/** Runs the suite over engines that `open` makes; `reopen` closes one and opens it again on the same data. */
export function recordStoreContract(
  name: string,
  open: () => Promise<{ engine: KvEngine; close(): Promise<void> }>,
): void {
  describe(`record store on ${name}`, () => {
    const clock = createManualClock(Date.UTC(2026, 0, 1));
    const keys = { old: new Uint8Array(32).fill(1), new: new Uint8Array(32).fill(2) };
    let opened: { engine: KvEngine; close(): Promise<void> };
    let store: RecordStore;
    let nextId = 1n;
    const id = (): bigint => nextId++;
    const open_ = (current: string): Promise<RecordStore> =>
      createRecordStore({
        engine: opened.engine,
        schema: CONTRACT_SCHEMA,
        clock,
        sweepEveryMs: 0,
        crypto: { current, keys },
      });
    beforeAll(async () => {
      opened = await open();
      store = await open_('old');
    });
    afterAll(async () => {
      await store?.close();
      await opened?.close();
    });

    test('insert, get, replace, update and delete keep versions', async () => {
      const table = store.table('Player');
      const key = { id: id(), zone: 1 };
      expect(await table.get(key)).toBeUndefined();
      expect(await table.insert(player(key.id))).toMatchObject({ code: 0, version: 1 });
      await refused(table.insert(player(key.id)), 'EXISTS', -1293);
      const found = await table.get(key);
      expect(found).toMatchObject({
        code: 0,
        version: 1,
        record: { name: `p${key.id}`, gold: 100n, rank: 'BRONZE', items: [] },
      });
      expect(await table.replace(player(key.id, { gold: 7n, rank: 'GOLD' }))).toMatchObject({ version: 2 });
      expect(await table.update(player(key.id, { gold: 8n }))).toMatchObject({ version: 3 });
      expect((await table.get(key))?.record).toMatchObject({ gold: 8n, rank: 'BRONZE' });
      expect(await table.delete(key)).toMatchObject({ code: 0 });
      expect(await table.get(key)).toBeUndefined();
      await refused(table.delete(key), 'NOT_FOUND', 261);
      await refused(table.update(player(key.id)), 'NOT_FOUND', 261);
      expect(await table.replace(player(key.id))).toMatchObject({ version: 1 });
    });

    test('all types of fields come back as they were', async () => {
      const table = store.table('Player');
      const record = player(id(), {
        gold: -(2n ** 63n),
        level: -5,
        stats: { wins: 4_000_000_000, losses: 0, deep: { score: 2n ** 62n } },
        items: [1, -2, 300],
        bag: { sword: 1n, 麻雀: -9n },
        guild: '',
        rating: -0.125,
        blob: Uint8Array.of(0, 255, 1),
        mail: 'a@example.com',
        balance: -12345678901234n,
        rank: 'SILVER',
      });
      await table.insert(record);
      const found = await table.get({ id: record.id, zone: 1 });
      expect(found?.record).toMatchObject(record);
      expect(found?.record.phone).toBeUndefined();
    });

    test('version policies', async () => {
      const table = store.table('Player');
      const key = { id: id(), zone: 1 };
      await table.insert(player(key.id), { policy: 1, version: 9 });
      expect((await table.get(key))?.version).toBe(1);
      await refused(table.update(player(key.id), { policy: 1, version: 5 }), 'VERSION_MISMATCH', -7949);
      expect(await table.update(player(key.id), { policy: 1, version: 1 })).toMatchObject({ version: 2 });
      expect(await table.update(player(key.id), { policy: 1, version: -1 })).toMatchObject({ version: 3 });
      expect(await table.update(player(key.id), { policy: 2, version: 40 })).toMatchObject({ version: 40 });
      expect(await table.update(player(key.id), { policy: 2 })).toMatchObject({ version: 1 });
      expect(await table.update(player(key.id), { policy: 3, version: 77 })).toMatchObject({ version: 2 });
      await refused(table.delete(key, { version: 9 }), 'VERSION_MISMATCH');
      expect(await table.delete(key, { version: 2 })).toMatchObject({ code: 0 });
    });

    test('result flags bring the record of the request, the new or the old one', async () => {
      const table = store.table('Player');
      const key = { id: id(), zone: 1 };
      await table.insert(player(key.id));
      const one = player(key.id, { gold: 1n });
      expect((await table.update(one)).record).toBeUndefined();
      expect((await table.update(one, { resultFlag: { success: 1 } })).record).toMatchObject({ gold: 1n });
      expect((await table.update(player(key.id, { gold: 2n }), { resultFlag: { success: 3 } })).record).toMatchObject({
        gold: 1n,
      });
      expect((await table.fieldIncrease(key, { gold: 5n }, { resultFlag: { success: 2 } })).record).toMatchObject({
        gold: 7n,
      });
      expect((await table.fieldIncrease(key, { gold: 5n }, { resultFlag: { success: 3 } })).record).toMatchObject({
        gold: 7n,
      });
      const error = await refused(table.insert(one, { resultFlag: { failure: 3 } }), 'EXISTS');
      expect(error).toMatchObject({ version: 6, record: { gold: 12n } });
      expect((await table.delete(key, { resultFlag: { success: 3 } })).record).toMatchObject({ gold: 12n });
    });

    test('conditions look at the stored record in the same step', async () => {
      const table = store.table('Player');
      const key = { id: id(), zone: 1 };
      await table.insert(player(key.id));
      const next = player(key.id, { gold: 50n });
      await refused(table.update(next, { condition: 'gold > 500' }), 'CONDITION_FAILED');
      await table.update(next, { condition: "gold >= 100 and name like 'p%'" });
      await refused(table.fieldIncrease(key, { gold: 1n }, { condition: 'level != 1' }), 'CONDITION_FAILED');
      await refused(table.delete(key, { condition: 'gold = 51' }), 'CONDITION_FAILED');
      const spends = await Promise.allSettled(
        Array.from({ length: 8 }, () => table.fieldIncrease(key, { gold: -20n }, { condition: 'gold >= 20' })),
      );
      expect(spends.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
      expect((await table.get(key))?.record).toMatchObject({ gold: 10n });
    });

    test('fields are read, set and increased by path; unknown fields survive', async () => {
      const table = store.table('Player');
      const key = { id: id(), zone: 1 };
      await table.insert(player(key.id, { stats: { wins: 1, losses: 2, deep: { score: 5n } }, mail: 'x' }));
      expect(await table.fieldGet(key, ['gold', 'stats.wins', 'guild'])).toEqual({
        version: 1,
        values: { gold: 100n, 'stats.wins': 1, guild: undefined },
      });
      expect(await table.fieldIncrease(key, { gold: -30n, balance: -4n })).toMatchObject({ version: 2 });
      await table.fieldIncrease(key, { 'stats.deep.score': 7n, 'stats.losses': 1 });
      await table.fieldUpdate(key, { 'stats.wins': 9, phone: '123', guild: 'g', level: 12 });
      const found = await table.get(key);
      expect(found?.record).toMatchObject({
        gold: 70n,
        balance: -4n,
        guild: 'g',
        level: 12,
        phone: '123',
        stats: { wins: 9, losses: 3, deep: { score: 12n } },
      });
      expect(found?.record.mail).toBeUndefined();
      await refused(table.fieldIncrease(key, { gold: 1n }, { lower: 0n, upper: 70n }), 'OUT_OF_RANGE', -12301);
      await refused(table.fieldIncrease(key, { gold: 2n ** 63n - 1n }), 'OUT_OF_RANGE', -12301);
      await refused(table.fieldIncrease(key, { name: 1 } as never), 'FIELD_TYPE');
      await refused(table.fieldUpdate(key, { nothing: 1 }), 'FIELD_UNKNOWN');
      await refused(table.fieldUpdate(key, { zone: 1 }), 'FIELD_TYPE');
      await refused(table.fieldIncrease({ id: id(), zone: 1 }, { gold: 1n }), 'NOT_FOUND', 261);
      const fresh = { id: id(), zone: 1 };
      await table.fieldIncrease(fresh, { gold: 3n }, { insertIfAbsent: true });
      expect((await table.get(fresh))?.record).toMatchObject({ ...fresh, gold: 3n });

      // A field of a later schema, put there behind the store's back.
      const codec = store.codec('Player');
      const rowKey = codec.rowKey(fresh);
      const at = { slot: codec.slotOfRow(rowKey), key: rowKey };
      const row = await opened.engine.get(at, { deadline: performance.now() + 5000 });
      const unknown = Buffer.from([0xa2, 0x06, 3, 97, 98, 99]); // field 100, "abc"
      const value = Buffer.concat([Buffer.from(row?.value ?? []), unknown]);
      await opened.engine.commit({
        slot: at.slot,
        now: clock.now(),
        feed: false,
        deadline: performance.now() + 5000,
        writes: [
          {
            key: rowKey,
            op: 'put',
            when: 'any',
            policy: 3,
            version: 0,
            value,
            index: codec.indexEntries({ ...fresh, name: '', level: 0 }, rowKey, 0),
          },
        ],
      });
      await table.fieldIncrease(fresh, { gold: 1n });
      await table.fieldUpdate(fresh, { 'stats.wins': 1, level: 3 });
      const after = await opened.engine.get(at, { deadline: performance.now() + 5000 });
      expect(Buffer.from(after?.value ?? []).includes(unknown)).toBe(true);
    });

    test('concurrent increases of one record are all counted', async () => {
      const table = store.table('Player');
      const key = { id: id(), zone: 1 };
      await table.insert(player(key.id, { gold: 0n }));
      await Promise.all(Array.from({ length: 64 }, () => table.fieldIncrease(key, { gold: 1n })));
      expect(await table.get(key)).toMatchObject({ version: 65, record: { gold: 64n } });
    });

    test('get with the version that is known sends nothing', async () => {
      const table = store.table('Player');
      const key = { id: id(), zone: 1 };
      await table.insert(player(key.id));
      expect(await table.get(key, { ifModifiedFrom: 1 })).toEqual({ code: 288, version: 1 });
      expect(await table.get(key, { ifModifiedFrom: 4 })).toMatchObject({ code: 0, version: 1 });
    });

    test('batches answer in order and are bounded', async () => {
      const table = store.table('Player');
      const ids = Array.from({ length: 40 }, id);
      const results = await table.batch(ids.map((own) => ({ op: 'insert' as const, record: player(own) })));
      expect(results.every((result) => !(result instanceof Error) && result.version === 1)).toBe(true);
      const again = await table.batch([
        { op: 'insert', record: player(ids[0] as bigint) },
        { op: 'fieldIncrease', key: { id: ids[1], zone: 1 }, deltas: { gold: 1n } },
      ]);
      expect(again[0]).toMatchObject({ code: 'EXISTS' });
      expect(again[1]).toMatchObject({ version: 2 });
      const found = await table.batchGet([...ids.map((own) => ({ id: own, zone: 1 })), { id: id(), zone: 1 }]);
      expect(found.map((entry) => entry?.record.id)).toEqual([...ids, undefined]);
      await refused(table.batchGet(Array.from({ length: 1025 }, () => ({ id: 1n, zone: 1 }))), 'BATCH_TOO_LARGE');
    });

    test('part keys and index queries find what was committed, and nothing that changed away', async () => {
      const table = store.table('Player');
      const ids = Array.from({ length: 30 }, id);
      for (const [i, own] of ids.entries())
        await table.insert(
          player(own, { zone: 500 + (i % 3), level: 1000 + i, name: i < 10 ? `idx a${i}` : `idx b${i}` }),
        );
      const first = await table.getByPartKey({ id: ids[0] });
      expect(first.records.map(({ record }) => record.id)).toEqual([ids[0]]);
      const zone = await table.getByPartKey({ zone: 501 });
      expect(zone.records.map(({ record }) => record.id).sort()).toEqual(ids.filter((_, i) => i % 3 === 1));
      const seen: unknown[] = [];
      let cursor: string | undefined;
      do {
        const page = await table.getByPartKey({ zone: 502 }, { limit: 4, ...(cursor ? { cursor } : {}) });
        seen.push(...page.records.map(({ record }) => record.id));
        cursor = page.cursor;
      } while (cursor);
      expect(seen.sort()).toEqual(ids.filter((_, i) => i % 3 === 2));
      await refused(table.getByPartKey({ name: 'x' } as never), 'FIELD_UNKNOWN');

      const levels = async (where: string): Promise<unknown[]> =>
        (await table.query(`select * from Player where ${where}`)).records.map(({ record }) => record.level).sort();
      expect(await levels('level = 1003')).toEqual([1003]);
      expect(await levels('level >= 1027')).toEqual([1027, 1028, 1029]);
      expect(await levels('level > 1027 and level < 1029')).toEqual([1028]);
      expect(await levels('level between 1000 and 1002')).toEqual([1000, 1001, 1002]);
      expect(await levels("name like 'idx a%' and level < 1003")).toEqual([1000, 1001, 1002]);
      expect(await levels("name = 'idx b12'")).toEqual([1012]);
      expect(await levels('level >= 1000 and level in (1001, 5, 1004)')).toEqual([1001, 1004]);
      expect(await levels('level >= 1028 and not (level = 1029)')).toEqual([1028]);
      expect(await levels('level >= 99999999999')).toEqual([]);
      expect(
        (
          await table.query(
            'select count(*), sum(level), max(level), min(level), avg(level), count(distinct zone) from Player where level between 1000 and 1029',
          )
        ).values,
      ).toEqual([30n, 30_435n, 1029n, 1000n, 1014.5, 3n]);
      const some = await table.query(
        'select name, stats.wins from Player where level >= 1000 and level < 1030 limit 5 offset 28',
      );
      expect(some.records).toHaveLength(2);
      expect(Object.keys(some.records[0]?.record ?? {})).toEqual(['name', 'stats.wins']);
      await refused(table.query('select * from Player where gold = 1'), 'QUERY_INVALID');
      await refused(table.query('select * from Player where level = 1 order by level'), 'QUERY_INVALID');
      await refused(table.query("select * from Player where level = 'x'"), 'QUERY_INVALID');

      await table.fieldUpdate({ id: ids[3], zone: 500 }, { level: 5000 });
      await table.delete({ id: ids[4], zone: 501 });
      await table.replace(player(ids[5] as bigint, { zone: 502, level: 5001 }));
      expect(await levels('level >= 1003 and level <= 1005')).toEqual([]);
      expect(await levels('level >= 5000 and level <= 5001')).toEqual([5000, 5001]);
    });

    test('traverse shows every record once, from any cursor', async () => {
      const table = store.table('Item');
      const own = id();
      for (let slot = 0; slot < 50; slot++) await table.insert({ id: own, slot, what: 'x', count: 1n });
      const seen = new Set<number>();
      let cursor: string | undefined;
      do {
        const page = await table.traverse({ limit: 7, ...(cursor ? { cursor } : {}) });
        for (const { record } of page.records) if (record.id === own) seen.add(record.slot as number);
        cursor = page.cursor;
      } while (cursor);
      expect(seen.size).toBe(50);
      expect(await table.count()).toBe(50);
    });

    test('an expired record is never returned', async () => {
      const table = store.table('Player');
      const key = { id: id(), zone: 77 };
      await table.insert(player(key.id, { zone: 77, level: 7_777 }), { ttlMs: 1_000 });
      clock.advance(999);
      expect((await table.get(key))?.expires).toBeGreaterThan(clock.now());
      await table.fieldIncrease(key, { gold: 1n });
      const before = await table.count();
      clock.advance(1);
      expect(await table.get(key)).toBeUndefined();
      expect(await table.fieldGet(key, ['gold'])).toBeUndefined();
      expect((await table.batchGet([key]))[0]).toBeUndefined();
      expect((await table.getByPartKey({ zone: 77 })).records).toEqual([]);
      expect((await table.query('select * from Player where level = 7777')).records).toEqual([]);
      expect((await table.query('select count(*) from Player where level = 7777')).values).toEqual([0n]);
      await refused(table.fieldIncrease(key, { gold: 1n }), 'NOT_FOUND');
      await refused(table.update(player(key.id, { zone: 77 })), 'NOT_FOUND');
      expect(await table.count()).toBe(before - 1);
      expect(await table.insert(player(key.id, { zone: 77 }))).toMatchObject({ version: 1 });
      await table.replace(player(key.id, { zone: 77 }), { ttlMs: 10 });
      clock.advance(20);
      expect(await store.sweep()).toBe(1);
      expect(await store.sweep()).toBe(0);
      expect(await table.count()).toBe(before - 1);
    });

    test('a transaction changes records of one sharding key together', async () => {
      const players = store.table('Player');
      const items = store.table('Item');
      const own = id();
      await players.insert(player(own, { gold: 100n }));
      const buy = (price: bigint): Promise<void> =>
        store.transaction(async (tx) => {
          const found = await tx.get('Player', { id: own, zone: 1 });
          if ((found?.record.gold as bigint) < price) throw new Error('too poor');
          await tx.fieldIncrease('Player', { id: own, zone: 1 }, { gold: -price });
          const item = await tx.get('Item', { id: own, slot: 1 });
          if (item) await tx.fieldIncrease('Item', { id: own, slot: 1 }, { count: 1n });
          else await tx.insert('Item', { id: own, slot: 1, what: 'sword', count: 1n });
        });
      const buys = await Promise.allSettled(Array.from({ length: 6 }, () => buy(30n)));
      expect(buys.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
      expect((await players.get({ id: own, zone: 1 }))?.record.gold).toBe(10n);
      expect((await items.get({ id: own, slot: 1 }))?.record.count).toBe(3n);
      await expect(
        store.transaction(async (tx) => {
          await tx.delete('Item', { id: own, slot: 1 });
          throw new Error('no');
        }),
      ).rejects.toThrow('no');
      expect(await items.get({ id: own, slot: 1 })).toBeDefined();
      await refused(
        store.transaction(async (tx) => {
          for (let i = 0n; i < 10n; i++) await tx.replace('Item', { id: own + i, slot: 1, what: '', count: 0n });
        }),
        'TRANSACTION_SPREAD',
      );
    });

    test('transactions and single writes of a slot happen one after the other, absent records included', async () => {
      const pairs = await createRecordStore({
        engine: opened.engine,
        schema: PAIR_SCHEMA,
        namespace: 'pairs',
        sweepEveryMs: 0,
      });
      const load = startTransactionLoad(pairs, { clients: 8, seed: 11, timeoutMs: 30_000 });
      await expect.poll(() => load.history.length).toBeGreaterThan(400);
      expect(await load.check()).toEqual([]);
      expect(load.failures).toEqual([]);
      await pairs.close();
    });

    test('the change feed goes on from a position', async () => {
      const items = store.table('Item');
      const own = id();
      let { position } = await items.changes(undefined, { limit: 10_000 });
      await items.insert({ id: own, slot: 1, what: 'a', count: 1n });
      await items.fieldIncrease({ id: own, slot: 1 }, { count: 2n });
      await items.delete({ id: own, slot: 1 });
      const seen: unknown[] = [];
      for (let i = 0; i < 10 && seen.length < 3; i++) {
        const page = await items.changes(position, { limit: 2 });
        position = page.position;
        seen.push(...page.changes.map(({ op, version, record, key }) => [op, key.slot, version, record?.count]));
      }
      expect(seen).toEqual([
        ['put', 1, 1, 1n],
        ['put', 1, 2, 3n],
        ['delete', 1, 2, undefined],
      ]);
      expect((await items.changes(position)).changes).toEqual([]);
      await refused(store.table('Player').changes(), 'FEED_GONE');
    });

    test('encrypted fields are not readable below the store, and keys rotate', async () => {
      const table = store.table('Secret');
      await table.insert({ id: 's1', token: 'very secret', uses: 0n });
      expect((await table.get({ id: 's1' }))?.record.token).toBe('very secret');
      const codec = store.codec('Secret');
      const rowKey = codec.rowKey({ id: 's1' });
      const at = { slot: codec.slotOfRow(rowKey), key: rowKey };
      const raw = await opened.engine.get(at, { deadline: performance.now() + 5000 });
      const bytes = Buffer.from(raw?.value ?? []);
      expect(bytes.includes('very secret')).toBe(false);
      expect(codec.cipherKeys(bytes)).toEqual(['old']);
      await table.fieldIncrease({ id: 's1' }, { uses: 1n });
      await table.fieldUpdate({ id: 's1' }, { token: 'newer' });
      expect(await table.fieldGet({ id: 's1' }, ['token', 'uses'])).toMatchObject({
        values: { token: 'newer', uses: 1n },
      });
      const next = await open_('new');
      const { version } = (await next.table('Secret').get({ id: 's1' })) ?? {};
      expect(await next.table('Secret').rotateKeys()).toBe(1);
      expect(await next.table('Secret').rotateKeys()).toBe(0);
      const rotated = await opened.engine.get(at, { deadline: performance.now() + 5000 });
      expect(codec.cipherKeys(Buffer.from(rotated?.value ?? []))).toEqual(['new']);
      expect(await next.table('Secret').get({ id: 's1' })).toMatchObject({
        version,
        record: { token: 'newer', uses: 1n },
      });
      // A value moved to another record does not open there.
      const other = codec.rowKey({ id: 's2' });
      await opened.engine.commit({
        slot: codec.slotOfRow(other),
        now: clock.now(),
        feed: false,
        deadline: performance.now() + 5000,
        writes: [
          {
            key: other,
            op: 'put',
            when: 'any',
            policy: 3,
            version: 0,
            value: Buffer.from(rotated?.value ?? []),
            index: [],
          },
        ],
      });
      await refused(next.table('Secret').get({ id: 's2' }), 'DECRYPT_FAILED');
      await next.table('Secret').delete({ id: 's2' });
      await next.close();
    });

    listContract({ store: () => store, engine: () => opened.engine, clock, id });

    test('texts are compared by their code points, whichever index serves the query', async () => {
      const table = store.table('Player');
      // 😀 has two surrogates in JavaScript, which stand below a full-width Ａ.
      for (const name of ['text a', 'text 😀', 'text Ａ']) await table.insert(player(id(), { name, level: 60_000 }));
      const names = async (where: string): Promise<unknown[]> =>
        (await table.query(`select * from Player where ${where}`)).records.map(({ record }) => record.name).sort();
      for (const by of ["name like 'text%'", 'level = 60000']) {
        expect(await names(`${by} and name < 'text Ａ'`)).toEqual(['text a']);
        expect(await names(`${by} and name > 'text Ａ'`)).toEqual(['text 😀']);
        expect(await names(`${by} and name between 'text a' and 'text Ａ'`)).toEqual(['text a', 'text Ａ']);
      }
      expect((await table.query('select max(name), min(name) from Player where level = 60000')).values).toEqual([
        'text 😀',
        'text a',
      ]);
    });

    test('single fields are bound to the limits that whole records have', async () => {
      const table = store.table('Motto');
      const key = { id: id() };
      await refused(table.insert({ ...key, text: 'x'.repeat(9) }), 'RECORD_TOO_LARGE');
      await table.insert({ ...key, text: 'x'.repeat(8) });
      await refused(table.fieldUpdate(key, { text: 'y'.repeat(9) }), 'RECORD_TOO_LARGE');
      await refused(
        store.transaction((transaction) => transaction.fieldUpdate('Motto', key, { text: '长'.repeat(3) })),
        'RECORD_TOO_LARGE',
      );
      const whole = new Uint8Array(10 * 1024 * 1024);
      await refused(table.fieldUpdate(key, { blob: whole }), 'RECORD_TOO_LARGE');
      await refused(table.fieldUpdate(key, { blob: whole }, { insertIfAbsent: true }), 'RECORD_TOO_LARGE');
      expect(await table.get(key)).toMatchObject({ version: 1, record: { text: 'x'.repeat(8) } });
      await table.fieldUpdate(key, { text: 'z'.repeat(8), blob: whole.subarray(0, 5_000) });
      expect(await table.get(key)).toMatchObject({ version: 2, record: { text: 'z'.repeat(8) } });
    });

    test('keys and records over their limits are refused', async () => {
      const table = store.table('Secret');
      await refused(table.insert({ id: 'x'.repeat(1025), token: '' }), 'KEY_TOO_LONG');
      await refused(table.insert({ id: '\0'.repeat(600), token: '' }), 'KEY_TOO_LONG');
      await table.insert({ id: 'k'.repeat(1020), token: '' });
      expect(await table.get({ id: 'k'.repeat(1020) })).toBeDefined();
      await table.delete({ id: 'k'.repeat(1020) });
      await refused(table.get({} as never), 'KEY_MISSING');
      await refused(table.insert({ id: 1n as never }), 'FIELD_TYPE');
      await refused(store.table('Player').insert(player(1n, { level: 2 ** 40 })), 'FIELD_TYPE');
      await refused(store.table('Player').insert(player(1n, { levl: 1 })), 'FIELD_UNKNOWN');
      await refused(
        store.table('Player').insert(player(id(), { blob: new Uint8Array(10 * 1024 * 1024) })),
        'RECORD_TOO_LARGE',
      );
      expect(() => store.table('None')).toThrow(expect.objectContaining({ code: 'TABLE_UNKNOWN' }));
      expect(() => store.table('Mail')).toThrow(expect.objectContaining({ code: 'TABLE_KIND' }));
    });

    test('index entries that are missing or of other rules are made anew, and the records stay as they are', async () => {
      const own = await createRecordStore({
        engine: opened.engine,
        schema: CONTRACT_SCHEMA,
        namespace: 'app/repair',
        clock,
        sweepEveryMs: 0,
      });
      const table = own.table('Player');
      const codec = own.codec('Player');
      for (const at of [1n, 2n, 3n]) await table.insert(player(at, { level: 7 }), { ttlMs: 3_600_000 });
      const seen = async (): Promise<unknown[]> =>
        (await table.query('select * from Player where level = 7')).records.map(({ record }) => record.id).sort();
      const before = await Promise.all([1n, 2n, 3n].map((at) => table.get({ id: at, zone: 1 })));
      /** Rows as they are, with entries that an older version might have made. */
      const spoil = async (at: bigint, index: Buffer[]): Promise<void> => {
        const key = codec.rowKey({ id: at, zone: 1 });
        const place = { slot: codec.slotOfRow(key), key };
        const row = await opened.engine.get(place, { deadline: performance.now() + 10_000 });
        if (!row) throw new Error('no row');
        const write = { key, op: 'put', when: 'any', policy: 2, version: row.version, index } as const;
        await opened.engine.commit({
          slot: place.slot,
          now: row.modified,
          feed: false,
          deadline: performance.now() + 10_000,
          writes: [{ ...write, value: Buffer.from(row.value) }],
        });
      };
      const entries = (record: RecordValue, expires: number): Buffer[] =>
        codec.indexEntries(record, codec.rowKey(record), expires);
      await spoil(1n, []);
      await spoil(2n, entries(player(2n, { level: 9 }), 0));
      expect(await seen()).toEqual([3n]);
      expect((await verifyStore(own)).ok).toBe(false);

      const { tables } = await repairStore(own);
      expect(tables.find(({ name }) => name === 'Player')).toMatchObject({ repaired: 2, removed: 0, unreadable: 0 });
      expect(await verifyStore(own)).toMatchObject({ ok: true });
      expect(await seen()).toEqual([1n, 2n, 3n]);
      expect(await Promise.all([1n, 2n, 3n].map((at) => table.get({ id: at, zone: 1 })))).toEqual(before);
      expect((await repairStore(own)).tables.every(({ repaired, removed }) => repaired + removed === 0)).toBe(true);
      await own.close();
    });

    test('tables of two namespaces are apart', async () => {
      const other = await createRecordStore({
        engine: opened.engine,
        schema: CONTRACT_SCHEMA,
        namespace: 'app/dev',
        clock,
        sweepEveryMs: 0,
      });
      const own = id();
      await other.table('Player').insert(player(own));
      expect(await store.table('Player').get({ id: own, zone: 1 })).toBeUndefined();
      expect(await other.table('Player').count()).toBe(1);
      await other.close();
    });
  });
}
