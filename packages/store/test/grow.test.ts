import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@sparrow/testkit';
import { expect, test } from 'vitest';
import { checkLoad, fill, finalState, LOAD_SCHEMA, startLoad } from '../src/checker/load.ts';
import {
  createLmdbEngine,
  createRecordStore,
  createShardsEngine,
  createSwitchableEngine,
  growToShards,
} from '../src/index.ts';

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
}, 120_000);
