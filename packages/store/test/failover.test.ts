import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres } from '@sparrow/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkLoad, fill, finalState } from '../src/checker/load.ts';
import { startCluster, type TestCluster } from './support/cluster.ts';
import { startLoad } from './support/load.ts';

const KEYS = 60;

describe('standbys', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster({ shards: 2, joined: 1, settings: { synchronous_commit: 'on' } });
    await fill(cluster.store, KEYS, 100);
    await cluster.join(1);
  });
  afterAll(async () => {
    await cluster?.close();
  });

  test('a stale read may come from the standby; a primary that dies in mid-move is replaced by its standby, the move is copied again', async () => {
    const [primary] = cluster.servers;
    if (!primary) throw new Error('no primary');
    const { meta } = cluster.engine.router;
    const standby = await startPostgres({ dataDir: primary.baseBackup() });
    // What is acknowledged must be on the standby, too: without this a failover loses the last writes.
    const admin = cluster.engine.router.client('s0');
    await admin.query({ text: "alter system set synchronous_standby_names = '*'" }, performance.now() + 5000);
    await admin.query({ text: 'select pg_reload_conf()' }, performance.now() + 5000);
    await expect
      .poll(
        async () =>
          (
            await admin.query<{ n: number }>(
              { text: "select count(*)::int as n from pg_stat_replication where sync_state = 'sync'" },
              performance.now() + 5000,
            )
          )[0]?.n,
      )
      .toBe(1);
    await meta.putShard({ id: 's0', url: primary.url, standbys: [standby.url], state: 'active' });
    await cluster.engine.router.refresh();
    const table = cluster.store.table('Counter');
    await table.fieldIncrease({ id: 1n }, { count: 0n });
    await expect.poll(async () => (await table.get({ id: 1n }, { stale: true }))?.version).toBe(2);
    const [{ n: served } = { n: 0 }] = await (async () => {
      const { createShardClient } = await import('../src/shards/shard-client.ts');
      const client = createShardClient({ url: standby.url, max: 1 });
      const rows = await client.query<{ n: number }>(
        {
          text: "select count(*)::int as n from pg_stat_activity where application_name = 'sparrow' and query like '%sparrow.owners o%' and pid <> pg_backend_pid()",
        },
        performance.now() + 5000,
      );
      await client.close();
      return rows;
    })();
    expect(served, 'the standby was asked').toBeGreaterThan(0);

    const before = await finalState(cluster.store, KEYS);
    const load = startLoad(cluster.store, { keys: KEYS, clients: 4, timeoutMs: 30_000, pauseMs: 3 });
    let failed = false;
    const mover = cluster.mover({
      async onStep(_move, step) {
        if (step !== 'drain' || failed) return;
        failed = true;
        await primary.kill();
        standby.promote();
        await meta.putShard({ id: 's0', url: standby.url, standbys: [], state: 'active' });
      },
    });
    const plan = await mover.plan({ from: 's0', to: 's1', first: 32, last: 63 });
    await mover.run(plan.id).catch(() => {});
    expect(failed).toBe(true);
    for (let attempt = 0; ; attempt++)
      try {
        const done = await cluster.mover().run(plan.id);
        expect(done.state).toBe('done');
        break;
      } catch (error) {
        if (attempt > 20) throw error;
        await sleep(500);
      }
    await sleep(500);
    await load.stop();
    expect(load.failures).toEqual([]);
    const after = await finalState(cluster.store, KEYS);
    expect(checkLoad(load.history, after, before)).toEqual([]);
    await standby.close();
  });
});
