import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkLoad, fill, finalState } from '../src/checker/load.ts';
import { startCluster, type TestCluster } from './support/cluster.ts';
import { startLoad } from './support/load.ts';

const KEYS = 2_000;

describe('a split under load', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster({ shards: 2, joined: 1 });
    await fill(cluster.store, KEYS, 300);
    await cluster.join(1);
  });
  afterAll(async () => {
    await cluster?.close();
  });

  test('moves half of the slots, loses and doubles nothing, fails no operation; goes back; and finishes', async () => {
    const load = startLoad(cluster.store, { keys: 200, clients: 8 });
    const mover = cluster.mover();
    const plan = await mover.plan({ from: 's0', to: 's1', first: 32, last: 63 });
    const moved = await mover.run(plan.id, { stopAt: 'reversible' });
    expect(moved.state).toBe('reversible');
    const verified = await mover.verify(plan.id);
    expect(verified.rows).toBeGreaterThan(KEYS / 3);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const back = await mover.rollback(plan.id);
    expect(back.state).toBe('done');
    const again = await mover.plan({ from: 's0', to: 's1', first: 32, last: 63 });
    expect((await mover.run(again.id)).state).toBe('done');
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(load.history.length).toBeGreaterThan(100);
    expect(checkLoad(load.history, await finalState(cluster.store, 200))).toEqual([]);
    expect(await cluster.store.table('Counter').count()).toBe(KEYS);
    const [left] = await cluster.engine.router
      .client('s0')
      .query<{ n: number }>(
        { text: 'select count(*)::int as n from sparrow.records where slot >= 32' },
        performance.now() + 5000,
      );
    expect(left?.n).toBe(0);
  });
});
