import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres } from '@sparrow/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkLoad, fill, finalState, LOAD_SCHEMA } from '../src/checker/load.ts';
import { createRecordStore, failOver } from '../src/index.ts';
import { startCluster, type TestCluster } from './support/cluster.ts';
import { startLoad } from './support/load.ts';

const KEYS = 60;

describe('shards at work', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster({ shards: 3, joined: 1 });
    await fill(cluster.store, KEYS, 50);
    await cluster.join(1);
    await cluster.join(2);
  });
  afterAll(async () => {
    await cluster?.close();
  });
  const admin = (shard: string, text: string): Promise<Record<string, unknown>[]> =>
    cluster.engine.router.client(shard).session((query) => query(text), 20_000);

  test('a hot key is read from memory for as long as allowed, never older than what this process wrote', async () => {
    const store = await createRecordStore({
      engine: cluster.engine,
      schema: LOAD_SCHEMA,
      sweepEveryMs: 0,
      hotPerSecond: 100,
      hotAgeMs: 1_000,
    });
    const table = store.table('Counter');
    const hits = async (): Promise<number> => (await store.stats()).recentHits ?? 0;
    const key = { id: 7n };
    for (let i = 0; i < 400; i++) await table.get(key);
    const before = await hits();
    expect(before).toBeGreaterThan(100);
    // What this process writes it reads at once.
    for (let i = 0; i < 20; i++) {
      const { version } = await table.fieldIncrease(key, { count: 1n });
      expect((await table.get(key))?.version).toBe(version);
      expect((await table.get(key))?.version).toBe(version);
    }
    // What another one writes is seen when the allowed time is over, and at once by who allows none.
    const seen = (await table.get(key))?.version ?? 0;
    await admin('s0', `update sparrow.records set ver = ver + 1 where v is not null`);
    expect((await table.get(key, { maxAgeMs: 0 }))?.version).toBe(seen + 1);
    await expect.poll(async () => (await table.get(key))?.version).toBe(seen + 1);
    // A cold key is asked for each time.
    const cold = await hits();
    for (let i = 0; i < 5; i++) await table.get({ id: 8n });
    expect(await hits()).toBe(cold);
    await store.close();
  });

  test('two moves from one shard at once leave the replication of each other, and of strangers, alone', async () => {
    await admin('s0', "select pg_create_logical_replication_slot('pg_99999_sync_1_1', 'pgoutput')");
    const before = await finalState(cluster.store, KEYS);
    const load = startLoad(cluster.store, { keys: KEYS, clients: 4, pauseMs: 2 });
    const mover = cluster.mover();
    const plans = [
      await mover.plan({ from: 's0', to: 's1', first: 16, last: 31 }),
      await mover.plan({ from: 's0', to: 's2', first: 32, last: 47 }),
    ];
    const done = await Promise.all(plans.map(({ id }) => mover.run(id)));
    await load.stop();
    expect(done.map(({ state }) => state)).toEqual(['done', 'done']);
    expect(load.failures).toEqual([]);
    expect(checkLoad(load.history, await finalState(cluster.store, KEYS), before)).toEqual([]);
    const left = await admin('s0', 'select slot_name from pg_replication_slots');
    expect(left.map(({ slot_name }) => slot_name)).toEqual(['pg_99999_sync_1_1']);
    await admin('s0', "select pg_drop_replication_slot('pg_99999_sync_1_1')");
  });

  test('a lock that is held too long takes the fence back; the move goes on when it is free', async () => {
    const { router } = cluster.engine;
    let held = false;
    let release = (): void => {};
    const until = new Promise<void>((resolve) => (release = resolve));
    const mover = cluster.mover({
      async onStep(_move, step) {
        if (step !== 'fence' || held) return;
        held = true;
        let took = (): void => {};
        const taken = new Promise<void>((resolve) => (took = resolve));
        void router.client('s0').session(async (query) => {
          await query('begin');
          await query('select pg_advisory_xact_lock_shared(77, 12)');
          took();
          await until;
          await query('commit');
        }, 20_000);
        await taken;
        setTimeout(release, 700);
      },
    });
    const plan = await mover.plan({ from: 's0', to: 's1', first: 8, last: 15 });
    const moved = await mover.run(plan.id);
    expect(moved.state).toBe('done');
    expect(moved.retries).toBeGreaterThan(0);
  });

  test('a planned failover loses and fails nothing under load; an unplanned one needs force', async () => {
    const [primary] = cluster.servers;
    if (!primary) throw new Error('no primary');
    const { meta } = cluster.engine.router;
    const standby = await startPostgres({ dataDir: primary.baseBackup() });
    try {
      await meta.putShard({ id: 's0', url: primary.url, standbys: [standby.url], state: 'active' });
      await cluster.engine.router.refresh();
      const before = await finalState(cluster.store, KEYS);
      const load = startLoad(cluster.store, { keys: KEYS, clients: 4, timeoutMs: 20_000, pauseMs: 2 });
      await sleep(500);
      const done = await failOver(meta, 's0');
      expect(done).toMatchObject({ planned: true, from: primary.url, to: standby.url });
      const reached = load.history.length;
      await expect.poll(() => load.history.length).toBeGreaterThan(reached + 100);
      await load.stop();
      expect(load.failures).toEqual([]);
      expect(checkLoad(load.history, await finalState(cluster.store, KEYS), before)).toEqual([]);
      // The old one takes nothing any more.
      const [{ owned } = { owned: -1 }] = await (async () => {
        const { createShardClient } = await import('../src/shards/shard-client.ts');
        const old = createShardClient({ url: primary.url, max: 1 });
        const rows = await old.query<{ owned: number }>(
          { text: "select count(*)::int as owned from sparrow.owners where state = 'o'" },
          performance.now() + 5_000,
        );
        await old.close();
        return rows;
      })();
      expect(owned).toBe(0);

      const second = await startPostgres({ dataDir: standby.baseBackup() });
      try {
        await meta.putShard({ id: 's0', url: standby.url, standbys: [second.url], state: 'active' });
        await expect.poll(async () => (await admin('s0', 'select 1 from pg_stat_replication')).length).toBe(1);
        await standby.kill();
        await expect(failOver(meta, 's0')).rejects.toMatchObject({ code: 'SHARD_DOWN' });
        expect(await failOver(meta, 's0', { force: true })).toMatchObject({ planned: false, to: second.url });
        expect((await cluster.store.table('Counter').get({ id: 1n }))?.record.id).toBe(1n);
        await cluster.store.table('Counter').fieldIncrease({ id: 1n }, { count: 1n });
        await expect(failOver(meta, 's0')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      } finally {
        await second.close();
      }
    } finally {
      await standby.close();
    }
  });
});
