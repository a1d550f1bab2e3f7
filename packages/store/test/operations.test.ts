import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock } from '@sparrow/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CONTRACT_SCHEMA } from '../contract/schema.ts';
import { SPACE, spaced } from '../src/engines/lmdb/layout.ts';
import { openLmdb } from '../src/engines/lmdb/open-lmdb.ts';
import {
  backupStore,
  changeStoreConfig,
  createLmdbEngine,
  createRecordStore,
  describeArchive,
  exportTable,
  generateTypes,
  importTable,
  type LmdbEngine,
  openArchive,
  openStore,
  parseSchema,
  pruneArchive,
  type RecordStore,
  repairStore,
  restoreStore,
  verifyBackup,
  verifyStore,
} from '../src/index.ts';
import { removeStray } from '../src/operations/list-elements.ts';
import { elementKey } from '../src/record-store/list-header.ts';

const crypto = { current: 'a', keys: { a: new Uint8Array(32) } };

describe('operations', () => {
  let dir: string;
  let engine: LmdbEngine;
  let store: RecordStore;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'sparrow-ops-'));
    engine = await createLmdbEngine({ dir: join(dir, 'store') });
    store = await createRecordStore({
      engine,
      schema: CONTRACT_SCHEMA,
      sweepEveryMs: 0,
      crypto,
      slowMs: 0,
      hotPerSecond: 500,
    });
  });
  afterEach(async () => {
    await store.close();
    await engine.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const fill = (from: number, count: number): Promise<unknown> =>
    store.table('Player').batch(
      Array.from({ length: count }, (_, i) => ({
        op: 'replace' as const,
        record: {
          id: BigInt(from + i),
          zone: 1,
          name: `n${i}`,
          level: i,
          gold: 2n ** 60n,
          blob: new Uint8Array([1, 2]),
          bag: { a: 1n },
        },
      })),
    );

  test('a backup while the store runs, and a restore to a point in time', async () => {
    const clock = createManualClock(1_000_000);
    const archive = await openArchive(join(dir, 'archive'), { clock, fileBytes: 4_096 });
    engine.watch((change) => archive.append(change));
    await fill(0, 100);
    await archive.sync();
    let running = true;
    const writing = (async () => {
      for (let i = 0; running; i++)
        await store.table('Player').fieldIncrease({ id: BigInt(i % 100), zone: 1 }, { level: 1 });
    })();
    const backup = await backupStore(engine, join(dir, 'backup'), { clock });
    running = false;
    await writing;
    expect(await verifyBackup(join(dir, 'backup'))).toMatchObject({ sequence: backup.sequence });
    clock.advance(1_000);
    await fill(1_000, 50);
    const between = clock.now();
    clock.advance(1_000);
    await store.table('Player').delete({ id: 1_000n, zone: 1 });
    await fill(2_000, 50);
    await archive.sync();

    const counted = async (name: string, options: { archive?: string; until?: number }): Promise<[number, boolean]> => {
      await restoreStore(join(dir, 'backup'), join(dir, name), options);
      const restored = await openStore(join(dir, name), { crypto, sweepEveryMs: 0 });
      const count = await restored.table('Player').count();
      const found = await restored.table('Player').get({ id: 1_000n, zone: 1 });
      expect((await verifyStore(restored)).ok).toBe(true);
      // It is a store like any other.
      await restored.table('Player').insert({ id: 9_999n, zone: 1 });
      await restored.close();
      return [count, found !== undefined];
    };
    expect(await counted('alone', {})).toEqual([100, false]);
    expect(await counted('then', { archive: join(dir, 'archive'), until: between })).toEqual([150, true]);
    expect(await counted('all', { archive: join(dir, 'archive') })).toEqual([199, false]);
    // Files that lie before the backup may go; the rest still joins on to it.
    const files = readdirSync(join(dir, 'archive')).length;
    expect((await pruneArchive(join(dir, 'archive'), backup.sequence)).length).toBeGreaterThan(0);
    expect(readdirSync(join(dir, 'archive')).length).toBeLessThan(files);
    expect(await counted('pruned', { archive: join(dir, 'archive') })).toEqual([199, false]);
    await archive.close();
    await expect(restoreStore(join(dir, 'nothing'), join(dir, 'x'))).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
    await expect(restoreStore(join(dir, 'backup'), join(dir, 'all'))).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
    writeFileSync(join(dir, 'backup', 'data.mdb'), 'x', { flag: 'a' });
    await expect(verifyBackup(join(dir, 'backup'))).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
  });

  test('an archive goes on behind what is torn, misses nothing of a process that died, and says where it has a gap', async () => {
    const home = join(dir, 'kept');
    const folder = join(home, 'archive');
    const open = (archived: boolean): Promise<LmdbEngine> =>
      createLmdbEngine({ dir: home, segmentBytes: 8_192, ...(archived ? { archive: () => openArchive(folder) } : {}) });
    const write = async (own: LmdbEngine, from: number, count: number): Promise<void> => {
      const tables = await createRecordStore({ engine: own, schema: CONTRACT_SCHEMA, crypto, sweepEveryMs: 0 });
      for (let i = from; i < from + count; i++) await tables.table('Player').insert({ id: BigInt(i), zone: 1 });
      await tables.close();
    };
    let own = await open(true);
    await write(own, 0, 20);
    await backupStore(own, join(dir, 'early'));
    await write(own, 20, 20);
    const { sequence } = own;
    await own.close();
    // A process that died: its last bytes are torn, and changes that it applied are in the log alone.
    const [name] = readdirSync(folder).slice(-1) as [string];
    const path = join(folder, name);
    truncateSync(path, statSync(path).size - 7);
    const before = (await describeArchive(folder)).at(-1)?.last ?? 0;
    expect(before).toBe(sequence - 1);
    own = await open(true);
    await write(own, 40, 5);
    await own.close();
    expect(await describeArchive(folder)).toMatchObject([{ last: own.sequence }]);
    const restored = await restoreStore(join(dir, 'early'), join(dir, 'late'), { archive: folder });
    expect(restored.sequence).toBe(own.sequence);
    // Switched off for a while, it has a gap, and a restore over the gap is refused.
    own = await open(false);
    await write(own, 50, 400);
    await own.close();
    own = await open(true);
    await write(own, 500, 5);
    await own.close();
    expect((await describeArchive(folder)).length).toBe(2);
    await expect(restoreStore(join(dir, 'early'), join(dir, 'gap'), { archive: folder })).rejects.toMatchObject({
      code: 'BACKUP_INVALID',
    });
  });

  test.each(['jsonl', 'protobuf'] as const)('export and import as %s', async (format) => {
    await fill(0, 700);
    await store.table('Player').fieldIncrease({ id: 3n, zone: 1 }, { level: 1 });
    const file = join(dir, 'out');
    expect(await exportTable(store, 'Player', file, format)).toBe(700);
    const other = await createLmdbEngine({ dir: join(dir, 'other') });
    const target = await createRecordStore({ engine: other, schema: CONTRACT_SCHEMA, crypto, sweepEveryMs: 0 });
    expect(await importTable(target, 'Player', file, format)).toBe(700);
    for (const id of [0n, 3n, 699n]) {
      const [a, b] = await Promise.all([
        store.table('Player').get({ id, zone: 1 }),
        target.table('Player').get({ id, zone: 1 }),
      ]);
      expect(b?.record).toEqual(a?.record);
      if (format === 'jsonl') expect(b?.version).toBe(a?.version);
    }
    await target.close();
    await other.close();
    writeFileSync(
      file,
      format === 'jsonl' ? '{"record":{"id":"1","zone":1}}\n{"record":{"id":true}}\n' : Buffer.from([5, 1, 2]),
    );
    await expect(importTable(store, 'Player', file, format)).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
  });

  test('verify finds an index entry without a record, and a record that cannot be read', async () => {
    await fill(0, 5);
    expect(await verifyStore(store)).toMatchObject({ ok: true });
    const codec = store.codec('Player');
    const rowKey = codec.rowKey({ id: 3n, zone: 1 });
    await engine.commit({
      slot: 0,
      now: 1,
      feed: false,
      deadline: performance.now() + 1000,
      writes: [{ key: rowKey, op: 'put', when: 'any', policy: 3, version: 0, value: Buffer.of(0xff), index: [] }],
    });
    const report = await verifyStore(store);
    expect(report.ok).toBe(false);
    expect(report.tables.find(({ name }) => name === 'Player')?.problems.join()).toContain('cannot be read');
  });

  test('verify goes on behind a record that cannot be read and is in an index', async () => {
    await fill(0, 5);
    const codec = store.codec('Player');
    const key = codec.rowKey({ id: 3n, zone: 1 });
    const row = await engine.get({ slot: 0, key }, { deadline: performance.now() + 1000 });
    const index = codec.indexEntries(codec.decode(Buffer.from(row?.value ?? []), key), key, 0);
    expect(index.length).toBeGreaterThan(0);
    await engine.commit({
      slot: 0,
      now: 1,
      feed: false,
      deadline: performance.now() + 1000,
      writes: [{ key, op: 'put', when: 'any', policy: 3, version: 0, value: Buffer.of(0xff), index }],
    });
    const report = await verifyStore(store);
    const problems = report.tables.flatMap((table) => table.problems);
    expect(problems).toContainEqual(expect.stringContaining('cannot be read'));
    expect(report.tables.map(({ name }) => name)).toEqual([...store.schema.tables.keys()]);
  });

  test('a repair removes entries of records that are not there, and leaves records that cannot be read', async () => {
    await fill(0, 5);
    const codec = store.codec('Player');
    const [lost, torn] = [2n, 3n].map((id) => codec.rowKey({ id, zone: 1 })) as [Buffer, Buffer];
    await store.close();
    await engine.close();
    const db = openLmdb({ file: join(dir, 'store', 'data.mdb') });
    await db.remove(spaced(SPACE.row, lost));
    await db.close();
    engine = await createLmdbEngine({ dir: join(dir, 'store') });
    store = await createRecordStore({ engine, sweepEveryMs: 0, crypto });
    await engine.commit({
      slot: 0,
      now: 1,
      feed: false,
      deadline: performance.now() + 1000,
      writes: [{ key: torn, op: 'put', when: 'any', policy: 3, version: 0, value: Buffer.of(0xff), index: [] }],
    });
    expect((await verifyStore(store)).ok).toBe(false);
    const { tables } = await repairStore(store);
    expect(tables.find(({ name }) => name === 'Player')).toEqual({
      ...{ name: 'Player', repaired: 0, removed: 3, elements: 0, unreadable: 1 },
    });
    const problems = (await verifyStore(store)).tables.flatMap((table) => table.problems);
    expect(problems).toEqual([expect.stringContaining('cannot be read')]);
    expect((await store.table('Player').query('select * from Player where zone = 1')).records).toHaveLength(3);
  });

  test('a repair leaves a record alone that somebody writes while it is repaired', async () => {
    await fill(0, 5);
    const codec = store.codec('Player');
    const key = codec.rowKey({ id: 3n, zone: 1 });
    const row = await engine.get({ slot: 0, key }, { deadline: performance.now() + 1000 });
    // Its entries are missing.
    const put = { key, op: 'put', when: 'any', policy: 3, version: 0, index: [] } as const;
    await engine.commit({
      slot: 0,
      now: 1,
      feed: false,
      deadline: performance.now() + 1000,
      writes: [{ ...put, value: Buffer.from(row?.value ?? []) }],
    });
    let isWritten = false;
    const busy = {
      ...engine,
      async scanIndex(...args: Parameters<LmdbEngine['scanIndex']>) {
        if (!isWritten) await store.table('Player').update({ id: 3n, zone: 1, level: 77 });
        isWritten = true;
        return engine.scanIndex(...args);
      },
    };
    await repairStore({ ...store, engine: busy });
    expect((await store.table('Player').get({ id: 3n, zone: 1 }))?.record.level).toBe(77);
    expect(await verifyStore(store)).toMatchObject({ ok: true });
  });

  test('an element that its list names by now is no stray any more', async () => {
    const list = store.list('Mail');
    const codec = store.codec('Mail');
    const [first, second] = ['one', 'two'].map((text) => ({ owner: 1n, text }));
    await list.listAddAfter(first as { owner: bigint; text: string });
    const header = codec.rowKey({ owner: 1n });
    const slot = codec.slotOfRow(header);
    const revOf = async (key: Buffer): Promise<number> =>
      (await engine.get({ slot, key }, { deadline: performance.now() + 1000 }))?.rev ?? 0;
    const before = await revOf(header);
    const { index } = await list.listAddAfter(second as { owner: bigint; text: string });
    const element = elementKey(header, index);
    const stray = {
      kind: 'stray' as const,
      element: { slot, key: element, rev: await revOf(element) },
      list: { slot, key: header, rev: before },
    };
    expect(await removeStray(store, stray)).toBe(false);
    expect((await list.listGetAll({ owner: 1n })).elements.map(({ record }) => record.text)).toEqual(['one', 'two']);
  });

  test('slow operations, metrics and hot keys are seen', async () => {
    await fill(0, 10);
    for (let i = 0; i < 2_000; i++) await store.table('Player').get({ id: 4n, zone: 1 });
    expect(store.telemetry.slow().at(-1)).toMatchObject({ op: 'get', table: 'Player' });
    expect(store.telemetry.hotKeys()[0]).toMatchObject({ table: 'Player' });
    const text = await store.metrics();
    expect(text).toMatch(/sparrow_store_operation_seconds_count\{op="get",table="Player"\} 2000/);
    expect(text).toMatch(/sparrow_store_hot_bytes \d+/);
  });

  test('a quota stops an app that takes too much', async () => {
    const clock = createManualClock();
    const app = await createRecordStore({
      engine,
      schema: CONTRACT_SCHEMA,
      namespace: 'app',
      clock,
      sweepEveryMs: 0,
      quota: { writesPerSecond: 5 },
    });
    const results = await app.table('Item').batch(
      Array.from({ length: 12 }, (_, i) => ({
        op: 'insert' as const,
        record: { id: 1n, slot: i, what: '', count: 0n },
      })),
    );
    expect(
      results.filter((result) => result instanceof Error).map((error) => (error as { code?: string }).code),
    ).toEqual(['QUOTA_EXCEEDED', 'QUOTA_EXCEEDED']);
    clock.advance(1_000);
    await app.table('Item').insert({ id: 2n, slot: 0, what: '', count: 0n });
    await app.close();
  });

  test('store.json gives apps their quotas and tables their limits, and says what is wrong in it', async () => {
    const home = join(dir, 'configured');
    const open = (namespace: string): Promise<RecordStore> =>
      openStore(home, { schema: CONTRACT_SCHEMA, crypto, sweepEveryMs: 0, namespace });
    changeStoreConfig(home, {
      quotas: { 'rich/local': { writesPerSecond: 100_000 }, '*': { writesPerSecond: 2 } },
      limits: { recordBytes: 1_000 },
    });
    const write = async (own: RecordStore, size: number): Promise<unknown> =>
      own.table('Player').replace({ id: 1n, zone: 1, blob: new Uint8Array(size) });
    const poor = await open('poor/local');
    for (let i = 0; i < 4; i++) await write(poor, 10);
    await expect(write(poor, 10)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await poor.close();
    const rich = await open('rich/local');
    for (let i = 0; i < 50; i++) await write(rich, 10);
    await expect(write(rich, 2_000)).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' });
    await rich.close();
    for (const wrong of [
      { limits: { recordByte: 1 } },
      { limits: { recordBytes: 'much' } },
      { quotas: { '*': { writesPerSecond: -1 } } },
      { quotas: { '*': { reads: 1 } } },
      { hotBytes: 'all' },
      { colour: 'green' },
    ]) {
      writeFileSync(join(home, 'store.json'), JSON.stringify(wrong));
      await expect(open('poor/local')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    }
  });

  test('types that are generated fit the records', () => {
    const text = generateTypes(parseSchema(CONTRACT_SCHEMA));
    expect(text).toContain("export type Rank = 'BRONZE' | 'SILVER' | 'GOLD' | number;");
    expect(text).toContain('  gold: bigint;');
    expect(text).toContain('  guild?: string | undefined;');
    expect(text).toContain('  bag: Record<string, bigint>;');
    expect(text).toContain("  Player: { record: Player; key: Pick<Player, 'id' | 'zone'> };");
  });
});
