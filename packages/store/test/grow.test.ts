import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@sparrow/testkit';
import { expect, test } from 'vitest';
import { checkLoad, fill, finalState, LOAD_SCHEMA } from '../src/checker/load.ts';
import {
  createLmdbEngine,
  createRecordStore,
  createShardsEngine,
  createSwitchableEngine,
  growToShards,
  type LmdbEngine,
  openStore,
} from '../src/index.ts';
import { startLoad } from './support/load.ts';

test('an embedded store grows to shards under load: nothing is lost, doubled or failed', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'sparrow-grow-'));
  const server = await startPostgres();
  const embedded = await createLmdbEngine({ dir, slots: 64 });
  const engine = createSwitchableEngine(embedded);
  const store = await createRecordStore({ engine, schema: LOAD_SCHEMA, sweepEveryMs: 0 });
  await fill(store, 3_000, 200);
  const load = startLoad(store, { keys: 200, clients: 6, pauseMs: 1 });
  const shards = await createShardsEngine({ meta: server.url, slots: 64, shards: [{ id: 's0', url: server.url }] });
  const growth = await growToShards({
    from: embedded,
    to: shards,
    hold: engine.hold,
    onSwitch: () => engine.switchTo(shards),
  });
  expect(growth).toMatchObject({ copied: 3_000, rows: 3_000 });
  await new Promise((resolve) => setTimeout(resolve, 500));
  await load.stop();
  expect(engine.kind).toBe('postgres');
  expect(load.failures).toEqual([]);
  expect(checkLoad(load.history, await finalState(store, 200))).toEqual([]);
  expect(await store.table('Counter').count()).toBe(3_000);
  await store.close();
  await shards.close();
  await embedded.close();
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

test('a growth that was given up leaves the file in use and is begun anew; shards that hold other records are refused', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'sparrow-grow-'));
  const server = await startPostgres();
  const store = await openStore(dir, { schema: LOAD_SCHEMA, sweepEveryMs: 0 });
  const other = await openStore(join(dir, 'other'), { schema: LOAD_SCHEMA, sweepEveryMs: 0 });
  try {
    await fill(store, 600, 50);
    await fill(other, 3, 50);
    const shards = await createShardsEngine({ meta: server.url, shards: [{ id: 's0', url: server.url }] });
    await expect(
      growToShards({
        from: store.engine as LmdbEngine,
        to: shards,
        hold: async () => () => {},
        onSwitch() {
          throw new Error('no room for store.json');
        },
      }),
    ).rejects.toThrow('no room');
    await shards.close();
    expect(store.engine.kind).toBe('lmdb');
    // What is deleted meanwhile must not come back out of the half copy.
    for (let id = 0n; id < 50n; id++) await store.table('Counter').delete({ id });
    expect(await store.grow({ meta: server.url })).toMatchObject({ rows: 550 });
    expect(store.engine.kind).toBe('postgres');
    expect(await store.table('Counter').count()).toBe(550);
    expect(await store.table('Counter').get({ id: 7n })).toBeUndefined();
    await expect(store.grow({ meta: server.url })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(other.grow({ meta: server.url })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await store.table('Counter').count()).toBe(550);
    expect(await other.table('Counter').count()).toBe(3);
    await store.close();
    // The next process opens the shards by itself.
    const again = await openStore(dir, { sweepEveryMs: 0 });
    expect([again.engine.kind, await again.table('Counter').count()]).toEqual(['postgres', 550]);
    await again.close();
  } finally {
    await other.close();
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  }
});
