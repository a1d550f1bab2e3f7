import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock } from '@sparrow/core';
import { startChild } from '@sparrow/core/process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLmdbEngine, createRecordStore } from '../src/index.ts';
import { createSlowFiles } from './support/slow-files.ts';
import { createTornDisk } from './support/torn-files.ts';

const SCHEMA = `syntax = "proto3";
message Pair {
  option (tcaplusservice.tcaplus_primary_key) = "id, side";
  option (tcaplusservice.tcaplus_sharding_key) = "id";
  option (tcaplusservice.tcaplus_index) = "by_value(value)";
  int64 id = 1; uint32 side = 2; int64 value = 3; bytes pad = 4;
}`;

/** Transactions that one query counts. */
const WINDOW = 10_000;

describe('the embedded engine', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'sparrow-embedded-'));
    writeFileSync(join(dir, 'pair.proto'), SCHEMA);
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  const child = (script: string, ...args: string[]): string =>
    spawnSync(process.execPath, [join(import.meta.dirname, 'support', script), ...args], {
      encoding: 'utf8',
      timeout: 30_000,
    }).stdout;

  test('a writer that is killed again and again keeps every acknowledged transaction, whole', async () => {
    const home = join(dir, 'store');
    const acknowledged = new Set<number>();
    let from = 0;
    const rounds = process.env.SPARROW_SOAK === '1' ? 60 : 6;
    for (let round = 0; round < rounds; round++) {
      const writer = await startChild(
        process.execPath,
        [join(import.meta.dirname, 'support/writer.ts'), home, String(from), join(dir, 'pair.proto')],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      let text = '';
      writer.process.stdout?.on('data', (chunk) => (text += chunk));
      await expect.poll(() => text.length).toBeGreaterThan(200);
      await new Promise((resolve) => setTimeout(resolve, 37 * round));
      process.kill(writer.pid, 'SIGKILL');
      await writer.stop(0);
      let last = from;
      for (const line of text.split('\n').slice(0, -1)) {
        acknowledged.add(Number(line));
        last = Math.max(last, Number(line));
      }
      from = last + 1_000;
    }
    const engine = await createLmdbEngine({ dir: home });
    const store = await createRecordStore({ engine, sweepEveryMs: 0 });
    const table = store.table('Pair');
    for (const id of acknowledged) {
      const pair = await table.batchGet([0, 1].map((side) => ({ id: BigInt(id), side })));
      expect(
        pair.map((found) => found?.record.value),
        `transaction ${id}`,
      ).toEqual([BigInt(id), BigInt(id)]);
    }
    // Unacknowledged ones are there whole or not at all, and the index agrees with the records.
    expect((await table.count()) % 2).toBe(0);
    // In windows: one query may look at so many records only.
    let indexed = 0n;
    for (let low = 0; low <= from; low += WINDOW) {
      const { values } = await table.query(
        `select count(*) from Pair where value >= ${low} and value < ${low + WINDOW}`,
      );
      indexed += values?.[0] as bigint;
    }
    expect(indexed).toBe(BigInt(await table.count()));
    await store.close();
    await engine.close();
  }, 300_000);

  test('a file that lost its end is refused before it is mapped', async () => {
    const home = join(dir, 'store');
    const engine = await createLmdbEngine({ dir: home });
    const store = await createRecordStore({ engine, schema: SCHEMA, sweepEveryMs: 0 });
    const pad = new Uint8Array(2_000);
    await store.table('Pair').batch(
      Array.from({ length: 1_000 }, (_, i) => ({
        op: 'insert' as const,
        record: { id: BigInt(i), side: 0, value: 1n, pad },
      })),
    );
    await store.close();
    await engine.close();
    expect(child('open-store.ts', home)).toBe('records 1000\n');
    const file = join(home, 'data.mdb');
    const { size } = statSync(file);
    for (const cut of [size - 4096, size >> 1, 8192, 4096, 100]) {
      const copy = join(dir, 'copy');
      cpSync(home, copy, { recursive: true });
      truncateSync(join(copy, 'data.mdb'), cut);
      const result = spawnSync(process.execPath, [join(import.meta.dirname, 'support/open-store.ts'), copy], {
        encoding: 'utf8',
      });
      // Without the check this ends by SIGBUS.
      expect({ cut, signal: result.signal, text: result.stdout }).toEqual({
        cut,
        signal: null,
        text: 'error STORE_CORRUPT\n',
      });
      rmSync(copy, { recursive: true });
    }
  });

  test('other processes read while one writes, and only one writes', async () => {
    const home = join(dir, 'store');
    const engine = await createLmdbEngine({ dir: home });
    const store = await createRecordStore({ engine, schema: SCHEMA, sweepEveryMs: 0 });
    await store.table('Pair').insert({ id: 1n, side: 0, value: 1n });
    await engine.settle();
    const readers = await Promise.all([0, 1].map(() => child('open-store.ts', home, 'read')));
    expect(readers).toEqual(['records 1\n', 'records 1\n']);
    expect(child('open-store.ts', home)).toBe('error STORE_IN_USE\n');
    await store.close();
    await engine.close();
  });

  test('a full disk refuses writes with a typed error, loses nothing, and goes on', async () => {
    const files = createTornDisk();
    const engine = await createLmdbEngine({ dir: join(dir, 'store'), files });
    const store = await createRecordStore({ engine, schema: SCHEMA, sweepEveryMs: 0 });
    const table = store.table('Pair');
    await table.insert({ id: 1n, side: 0, value: 1n });
    files.fail = 'ENOSPC';
    const attempts = await Promise.allSettled([
      table.insert({ id: 2n, side: 0, value: 1n }),
      table.fieldIncrease({ id: 1n, side: 0 }, { value: 5n }),
    ]);
    for (const attempt of attempts)
      expect(attempt).toMatchObject({ status: 'rejected', reason: { code: 'DISK_FULL' } });
    expect(await table.get({ id: 1n, side: 0 })).toMatchObject({ version: 1, record: { value: 1n } });
    expect(await table.get({ id: 2n, side: 0 })).toBeUndefined();
    files.fail = undefined;
    await table.fieldIncrease({ id: 1n, side: 0 }, { value: 1n });
    expect(await table.get({ id: 1n, side: 0 })).toMatchObject({ version: 2, record: { value: 2n } });
    await store.close();
    await engine.close();
  });

  test('nobody sees a write that is not durable', async () => {
    const files = createTornDisk();
    const engine = await createLmdbEngine({ dir: join(dir, 'store'), files });
    const store = await createRecordStore({ engine, schema: SCHEMA, sweepEveryMs: 0 });
    const table = store.table('Pair');
    await table.insert({ id: 1n, side: 0, value: 1n });
    let release = (): void => {};
    files.hold = new Promise((resolve) => (release = resolve));
    const write = table.update({ id: 1n, side: 0, value: 2n });
    // It is answered at once, with what a crash could not take back.
    expect((await table.get({ id: 1n, side: 0 }))?.record.value).toBe(1n);
    expect((await table.fieldGet({ id: 1n, side: 0 }, ['value']))?.values.value).toBe(1n);
    expect((await table.batchGet([{ id: 1n, side: 0 }])).map((found) => found?.record.value)).toEqual([1n]);
    let refused: unknown = 'nothing yet';
    // A refusal that stands on the write waits for it.
    const insert = table
      .update({ id: 1n, side: 0, value: 3n }, { condition: 'value = 1' })
      .catch((error) => (refused = error.code));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(refused).toBe('nothing yet');
    release();
    await Promise.all([write, insert]);
    expect(refused).toBe('CONDITION_FAILED');
    expect((await table.get({ id: 1n, side: 0 }))?.record.value).toBe(2n);
    await store.close();
    await engine.close();
  });

  test('a key that is written all the time on a slow disk is read, changed under a condition and backed up in time', async () => {
    const files = createSlowFiles(join(dir, 'store', 'log'), 5);
    const engine = await createLmdbEngine({ dir: join(dir, 'store'), files });
    const store = await createRecordStore({ engine, schema: SCHEMA, sweepEveryMs: 0 });
    const table = store.table('Pair');
    const key = { id: 1n, side: 0 };
    await table.insert({ ...key, value: 0n });
    let writes = 0;
    const timer = setInterval(() => {
      writes++;
      table.fieldIncrease(key, { value: 1n }).catch(() => {});
    }, 1);
    try {
      await expect.poll(() => writes).toBeGreaterThan(50);
      for (let i = 0; i < 20; i++) {
        expect((await table.get(key, { timeoutMs: 2_000 }))?.record.value).toBeGreaterThanOrEqual(0n);
        const { version } = await table.update({ ...key, value: 0n }, { condition: 'value >= 0', timeoutMs: 2_000 });
        expect((await table.get(key))?.version).toBeGreaterThanOrEqual(version);
      }
      await store.transaction((tx) => tx.fieldIncrease('Pair', key, { value: 1n }), { timeoutMs: 10_000 });
      await engine.copyTo(join(dir, 'copy.mdb'), true);
    } finally {
      clearInterval(timer);
    }
    await store.close();
    await engine.close();
  });

  test('a disk that stands still ends a write at its deadline as one of unknown outcome, and a close at its end refuses new ones', async () => {
    const files = createTornDisk();
    const engine = await createLmdbEngine({ dir: join(dir, 'store'), files });
    const store = await createRecordStore({ engine, schema: SCHEMA, sweepEveryMs: 0 });
    const table = store.table('Pair');
    await table.insert({ id: 1n, side: 0, value: 1n });
    expect((await table.get({ id: 1n, side: 0 }))?.record.value).toBe(1n);
    expect((await table.get({ id: 1n, side: 0 }))?.record.value).toBe(1n);
    let release = (): void => {};
    files.hold = new Promise((resolve) => (release = resolve));
    const write = table.update({ id: 1n, side: 0, value: 2n }, { timeoutMs: 100 });
    const refusal = table.insert({ id: 1n, side: 0, value: 3n }, { timeoutMs: 100 });
    await expect(write).rejects.toMatchObject({ code: 'INDETERMINATE' });
    await expect(refusal).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect((await table.get({ id: 1n, side: 0 }))?.record.value).toBe(1n);
    release();
    files.hold = undefined;
    // It happened after all, and no memory of it stands in the way.
    await expect.poll(async () => (await table.get({ id: 1n, side: 0 }))?.record.value).toBe(2n);
    const closing = engine.close();
    await expect(table.update({ id: 1n, side: 0, value: 4n })).rejects.toMatchObject({ code: 'CLOSED' });
    await closing;
    await store.close();
  });

  test('what a batch took to LMDB is seen by the next read, however old the view of LMDB is', async () => {
    const engine = await createLmdbEngine({ dir: join(dir, 'store') });
    const store = await createRecordStore({ engine, schema: SCHEMA, sweepEveryMs: 0, hotBytes: 0 });
    const table = store.table('Pair');
    const row = { slot: 0, key: store.codec('Pair').rowKey({ id: 1n, side: 0 }) };
    const read = async (): Promise<number | undefined> => (await engine.get(row, { deadline: 0 }))?.version;
    for (let i = 1; i <= 300; i++) {
      await table.replace({ id: 1n, side: 0, value: BigInt(i) });
      let settling = true;
      const settled = engine.settle().finally(() => {
        settling = false;
      });
      // Views of LMDB from before the batch are opened all the time, so that one is there when the batch ends.
      while (settling) {
        await engine.scan({ from: row.key, to: Buffer.concat([row.key, row.key]), limit: 1, deadline: 0 });
        expect(await read()).toBe(i);
        await new Promise((resolve) => setImmediate(resolve));
        expect(await read()).toBe(i);
      }
      await settled;
    }
    await store.close();
    await engine.close();
  });

  test('revisions go on behind those of an earlier life, also when LMDB had not taken them', async () => {
    const home = join(dir, 'store');
    const seen = new Set<number>();
    const row = { slot: 0, key: Buffer.from([0, 0, 0, 9, 1]) };
    const write = { key: row.key, when: 'any', policy: 3, version: 0 } as const;
    const commit = { slot: 0, now: 1, feed: true, deadline: Number.POSITIVE_INFINITY };
    let disk = createTornDisk();
    for (let life = 0; life < 6; life++) {
      const engine = await createLmdbEngine({ dir: home, files: disk, applyEveryMs: life % 2 === 0 ? 1 : 60_000 });
      for (let i = 0; i < 3; i++) {
        const [put] = await engine.commit({ ...commit, writes: [{ ...write, op: 'put', value: Buffer.of(i) }] });
        expect(seen.has(put?.rev as number)).toBe(false);
        seen.add(put?.rev as number);
      }
      await engine.commit({ ...commit, writes: [{ ...write, op: 'delete' }] });
      if (life % 2 === 0) await engine.settle();
      // The copy is what a process finds that comes after a kill.
      const killed = join(dir, `killed-${life}`);
      cpSync(home, killed, { recursive: true, filter: (path) => !path.endsWith('lock') });
      const log = disk.afterPowerLoss(Number.POSITIVE_INFINITY);
      const next = await createLmdbEngine({ dir: killed, files: log });
      const [again] = await next.commit({ ...commit, writes: [{ ...write, op: 'put', value: Buffer.of(9) }] });
      expect(seen.has(again?.rev as number)).toBe(false);
      await next.close();
      await engine.close();
      disk = createTornDisk(
        new Map(await Promise.all((await disk.list()).map(async (name) => [name, await disk.read(name)] as const))),
      );
    }
  });

  test('a clock that jumps loses no record and breaks no order', async () => {
    const clock = createManualClock(Date.UTC(2030, 0, 1));
    const engine = await createLmdbEngine({ dir: join(dir, 'store') });
    const store = await createRecordStore({ engine, schema: SCHEMA, clock, sweepEveryMs: 0 });
    const table = store.table('Pair');
    await table.insert({ id: 1n, side: 0, value: 1n }, { ttlMs: 60_000 });
    await table.insert({ id: 2n, side: 0, value: 1n });
    clock.advance(-3_600_000 * 24 * 400);
    expect(await table.fieldIncrease({ id: 2n, side: 0 }, { value: 1n })).toMatchObject({ version: 2 });
    expect(await table.get({ id: 1n, side: 0 })).toBeDefined();
    clock.advance(3_600_000 * 24 * 4_000);
    expect(await table.fieldIncrease({ id: 2n, side: 0 }, { value: 1n })).toMatchObject({ version: 3 });
    expect(await table.get({ id: 1n, side: 0 })).toBeUndefined();
    expect(await store.sweep()).toBe(1);
    expect(await table.get({ id: 2n, side: 0 })).toMatchObject({ record: { value: 3n } });
    await store.close();
    await engine.close();
  });

  test('the hot tier keeps its budget and never shows what was overwritten', async () => {
    const engine = await createLmdbEngine({ dir: join(dir, 'store') });
    const store = await createRecordStore({ engine, schema: SCHEMA, sweepEveryMs: 0, hotBytes: 200_000 });
    const table = store.table('Pair');
    for (let i = 0n; i < 500n; i++) await table.insert({ id: i, side: 0, value: 0n, pad: new Uint8Array(500) });
    for (let turn = 0; turn < 3; turn++) {
      for (let i = 0n; i < 500n; i++) expect((await table.get({ id: i, side: 0 }))?.record.value).toBe(BigInt(turn));
      const { hotBytes, hotRecords } = await store.stats();
      expect(hotBytes).toBeLessThanOrEqual(200_000);
      expect(hotRecords).toBeGreaterThan(10);
      await Promise.all(
        Array.from({ length: 500 }, (_, i) => table.fieldIncrease({ id: BigInt(i), side: 0 }, { value: 1n })),
      );
    }
    await store.close();
    await engine.close();
  });

  test('who changes what it read changes nothing for others', async () => {
    const engine = await createLmdbEngine({ dir: join(dir, 'store') });
    const store = await createRecordStore({ engine, schema: SCHEMA, sweepEveryMs: 0 });
    const table = store.table('Pair');
    await table.insert({ id: 1n, side: 0, value: 1n, pad: Uint8Array.of(1, 2, 3) });
    for (let i = 0; i < 3; i++) {
      const found = await table.get({ id: 1n, side: 0 });
      expect(found?.record).toMatchObject({ value: 1n, pad: Uint8Array.of(1, 2, 3) });
      const record = found?.record as { value: bigint; pad: Uint8Array };
      record.value = 99n;
      record.pad.fill(0xff);
    }
    await store.close();
    await engine.close();
  });

  test('the schema stays with the store and may only grow', async () => {
    const home = join(dir, 'store');
    const first = await createLmdbEngine({ dir: home });
    const store = await createRecordStore({ engine: first, schema: SCHEMA, sweepEveryMs: 0 });
    await store.table('Pair').insert({ id: 1n, side: 0, value: 1n });
    await store.close();
    const reopen = (schema: string): Promise<unknown> =>
      createRecordStore({ engine: first, schema, schemaFile: 'pair.proto', sweepEveryMs: 0 }).then((s) => s.close());
    await reopen(SCHEMA.replace('bytes pad = 4;', 'bytes pad = 4; string more = 5;'));
    for (const [change, reason] of [
      [SCHEMA, 'more was removed'],
      [SCHEMA.replace('bytes pad = 4;', 'string pad = 4; string more = 5;'), 'was bytes and now is string'],
      [
        SCHEMA.replace('"id, side"', '"id"').replace('bytes pad = 4;', 'bytes pad = 4; string more = 5;'),
        'primary key',
      ],
      [
        SCHEMA.replace('by_value(value)', 'by_value(value, side)').replace(
          'bytes pad = 4;',
          'bytes pad = 4; string more = 5;',
        ),
        'indexes',
      ],
      [SCHEMA.replace('bytes pad = 4;', 'bytes padding = 4; string more = 5;'), 'renamed to padding'],
    ])
      await expect(reopen(change as string)).rejects.toMatchObject({
        code: 'SCHEMA_CHANGE_FORBIDDEN',
        message: expect.stringMatching(new RegExp(`^pair.proto:\\d+:\\d+: .*${reason}`)),
      });
    await first.close();
  });

  test('a sweep leaves a record that was written again after it was found to be expired', async () => {
    const clock = createManualClock(Date.UTC(2030, 0, 1));
    const engine = await createLmdbEngine({ dir: join(dir, 'store') });
    let between: (() => Promise<unknown>) | undefined;
    // Somebody writes between the look at the index and the removal.
    const slow = {
      ...engine,
      async scanIndex(range: Parameters<typeof engine.scanIndex>[0]) {
        const page = await engine.scanIndex(range);
        await between?.();
        return page;
      },
    };
    const store = await createRecordStore({ engine: slow, schema: SCHEMA, clock, sweepEveryMs: 0 });
    const table = store.table('Pair');
    for (const id of [1n, 2n, 3n]) await table.insert({ id, side: 0, value: id }, { ttlMs: 1_000 });
    clock.advance(5_000);
    between = async () => {
      await table.replace({ id: 2n, side: 0, value: 22n });
      await table.replace({ id: 3n, side: 0, value: 33n }, { ttlMs: 60_000 });
    };
    expect(await store.sweep()).toBe(1);
    between = undefined;
    const left = await table.batchGet([1n, 2n, 3n].map((id) => ({ id, side: 0 })));
    expect(left.map((found) => found?.record.value)).toEqual([undefined, 22n, 33n]);
    expect(await table.count()).toBe(2);
    await store.close();
    await engine.close();
  });

  test('a sweep goes on while there is something expired: many that end in one second do not pile up', async () => {
    const clock = createManualClock(Date.UTC(2030, 0, 1));
    const engine = await createLmdbEngine({ dir: join(dir, 'store') });
    const store = await createRecordStore({ engine, schema: SCHEMA, clock, sweepEveryMs: 0 });
    const table = store.table('Pair');
    const session = (id: number) => ({ record: { id: BigInt(id), side: 0, value: 1n }, options: { ttlMs: 1_000 } });
    await table.insert({ id: 0n, side: 0, value: 1n });
    for (let id = 1; id <= 2_000; id++) void table.insert(session(id).record, session(id).options);
    await engine.settle();
    clock.advance(5_000);
    // A turn has an end, which a busy machine may reach.
    let swept = 0;
    for (let turn = 0; turn < 4; turn++) swept += await store.sweep();
    expect(swept).toBe(2_000);
    await engine.settle();
    expect(await engine.count(Buffer.alloc(0), Buffer.alloc(9, 255), performance.now() + 5_000)).toBe(1);
    await store.close();
    await engine.close();
  });

  test('the log is released when LMDB has what it holds', async () => {
    const engine = await createLmdbEngine({ dir: join(dir, 'store'), segmentBytes: 64 * 1024 });
    const store = await createRecordStore({ engine, schema: SCHEMA, sweepEveryMs: 0 });
    const pad = new Uint8Array(1_000);
    for (let round = 0; round < 10; round++) {
      await store.table('Pair').batch(
        Array.from({ length: 200 }, (_, i) => ({
          op: 'replace' as const,
          record: { id: BigInt(i), side: 0, value: 1n, pad },
        })),
      );
      await engine.settle();
    }
    const stats = await store.stats();
    expect(stats.logBytes).toBeLessThan(600_000);
    expect(stats.applied).toBe(stats.sequence);
    await store.close();
    await engine.close();
    expect(readFileSync(join(dir, 'store', 'data.mdb')).length).toBeGreaterThan(200_000);
  });
});
