import { startPostgres } from '@sparrow/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fill } from '../src/checker/load.ts';
import { joinShard } from '../src/index.ts';
import { startCluster, type TestCluster } from './support/cluster.ts';

const KEYS = 120;

describe('moves that are interrupted, hindered or refused', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster({ shards: 2, joined: 1 });
    await fill(cluster.store, KEYS, 50);
    await cluster.join(1);
  });
  afterAll(async () => {
    await cluster?.close();
  });
  const ask = (shard: string, text: string): Promise<Record<string, unknown>[]> =>
    cluster.engine.router.client(shard).session((query) => query(text), 20_000);
  /** What a move made on both shards and has not taken away. */
  async function leftovers(): Promise<string[]> {
    const left: string[] = [];
    for (const shard of ['s0', 's1'])
      for (const text of [
        'select slot_name as name from pg_replication_slots',
        'select subname as name from pg_subscription',
        'select pubname as name from pg_publication',
        "select 'mark ' || slot || ' of ' || move as name from sparrow.marks",
      ])
        for (const { name } of await ask(shard, text)) left.push(`${shard}: ${String(name)}`);
    return left;
  }
  const rowsOf = async (shard: string, first: number, last: number): Promise<number> =>
    Number(
      (await ask(shard, `select count(*) as n from sparrow.records where slot between ${first} and ${last}`))[0]?.n,
    );
  /** From whom a slot moves, wherever earlier tests left it. */
  async function sidesOf(slot: number): Promise<{ from: string; to: string }> {
    const from = (await cluster.engine.router.meta.map())[slot]?.shard;
    return from === 's0' ? { from, to: 's1' } : { from: 's1', to: 's0' };
  }
  /** Stops a move at a step, as a process that ends there does. */
  const stopAt = (wanted: string) => {
    let stopped = false;
    return {
      onStep(_move: unknown, step: string) {
        if (step !== wanted || stopped) return;
        stopped = true;
        throw new Error(`stopped at ${wanted}`);
      },
    };
  };

  test('a resumed move goes to where it was to go, and leaves no replication slot behind', async () => {
    for (const step of ['switching', 'reversible', 'cleaning']) {
      const { from, to } = await sidesOf(0);
      const plan = await cluster.mover().plan({ from, to, first: 0, last: 15 });
      await expect(cluster.mover(stopAt(step)).run(plan.id)).rejects.toThrow(`stopped at ${step}`);
      const resumed = await cluster.mover().resume();
      expect(resumed.map(({ id, state }) => [id, state])).toEqual([[plan.id, 'done']]);
      expect(await leftovers()).toEqual([]);
      expect(await rowsOf(from, 0, 15)).toBe(0);
    }
    expect(await cluster.store.table('Counter').count()).toBe(KEYS);
  });

  test('a resumed move whose way back is to stay open stops there, and is not resumed again', async () => {
    const plan = await cluster.mover().plan({ ...(await sidesOf(16)), first: 16, last: 23, keep: true });
    // Ended before it was ever run.
    expect((await cluster.mover().resume()).map(({ state }) => state)).toEqual(['reversible']);
    expect(await cluster.mover().resume()).toEqual([]);
    expect((await leftovers()).length).toBeGreaterThan(0);
    expect((await cluster.mover().rollback(plan.id)).state).toBe('done');
    expect(await leftovers()).toEqual([]);
  });

  test('a move that is given up takes everything with it, also what was made for the way back', async () => {
    for (const step of ['catching-up', 'reverse', 'switching']) {
      const { from, to } = await sidesOf(32);
      const plan = await cluster.mover().plan({ from, to, first: 32, last: 39 });
      await expect(cluster.mover(stopAt(step)).run(plan.id)).rejects.toThrow(`stopped at ${step}`);
      expect((await cluster.mover().abort(plan.id)).state).toBe('aborted');
      expect(await leftovers()).toEqual([]);
      expect(await rowsOf(to, 32, 39)).toBe(0);
    }
  });

  test('when the replication is lost in mid-switch the rest is copied again, and all that moved away is cleaned', async () => {
    const plan = await cluster.mover().plan({ from: 's0', to: 's1', first: 40, last: 63 });
    let switched = 0;
    const mover = cluster.mover({
      async onStep(_move, step) {
        if (step !== 'switched' || ++switched > 1) return;
        await ask('s1', `alter subscription ${plan.link.subscription} disable`);
        await ask('s1', `alter subscription ${plan.link.subscription} set (slot_name = none)`);
        await ask('s1', `drop subscription ${plan.link.subscription}`);
        throw new Error('lost');
      },
    });
    await expect(mover.run(plan.id)).rejects.toThrow('lost');
    const before = await rowsOf('s0', 40, 47);
    expect(before).toBeGreaterThan(0);
    expect((await cluster.mover().resume()).map(({ state }) => state)).toEqual(['done']);
    expect(await rowsOf('s0', 40, 63)).toBe(0);
    expect(await leftovers()).toEqual([]);
    expect(await cluster.store.table('Counter').count()).toBe(KEYS);
  });

  test('a copy that cannot go on, since its replication slot was taken away, is begun again by itself', async () => {
    const { from, to } = await sidesOf(40);
    const plan = await cluster.mover().plan({ from, to, first: 40, last: 47 });
    let copies = 0;
    const mover = cluster.mover({
      async onStep(_move, step) {
        if (step !== 'catching-up' || ++copies > 1) return;
        const { subscription } = plan.link;
        await ask(to, `alter subscription ${subscription} disable`);
        await expect.poll(() => ask(to, 'select 1 from pg_stat_subscription where pid is not null')).toEqual([]);
        // As when the table was read, and its slot dropped before it had caught up.
        await ask(
          to,
          `update pg_subscription_rel set srsubstate = 'f', srsublsn = null where srrelid = 'sparrow.records'::regclass`,
        );
        await ask(
          from,
          "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name ~ '^pg_[0-9]+_sync_'",
        );
        await ask(to, `alter subscription ${subscription} enable`);
      },
    });
    expect((await mover.run(plan.id)).state).toBe('done');
    expect(copies).toBe(2);
    expect(await leftovers()).toEqual([]);
    expect(await cluster.store.table('Counter').count()).toBe(KEYS);
  });

  test('on disks too slow for a short fence the fences grow, and the move ends', async () => {
    const slow = async (ms: number): Promise<void> => {
      for (const shard of ['s0', 's1']) {
        await ask(shard, `alter system set commit_delay = ${ms * 1_000}`);
        await ask(shard, 'alter system set commit_siblings = 0');
        await ask(shard, 'select pg_reload_conf()');
      }
    };
    await slow(40);
    try {
      const plan = await cluster.mover().plan({ ...(await sidesOf(48)), first: 48, last: 63 });
      // Two commits are in the way of a drain.
      const moved = await cluster.mover({ drainMs: 60 }).run(plan.id);
      expect(moved.state).toBe('done');
      expect(moved.retries).toBeGreaterThan(0);
    } finally {
      await slow(0);
    }
    expect(await leftovers()).toEqual([]);
  });

  test('a transaction that is open in another database is named, and nothing runs on behind the refusal', async () => {
    const [server] = cluster.servers;
    if (!server) throw new Error('no server');
    await ask('s0', 'create database elsewhere');
    const address = new URL(server.url);
    address.pathname = '/elsewhere';
    const idle = new pg.Client({ connectionString: address.href, application_name: 'forgotten' });
    await idle.connect();
    await idle.query('begin; create temp table x (a int)');
    const plan = await cluster.mover().plan({ from: 's0', to: 's1', first: 32, last: 35 });
    const told: string[] = [];
    try {
      const mover = cluster.mover({ waitMs: 7_000, onWait: (_move, text) => told.push(text) });
      await expect(mover.run(plan.id)).rejects.toMatchObject({
        code: 'MOVE_REFUSED',
        message: expect.stringMatching(/elsewhere \(forgotten\), open for \d+ s/),
        hint: expect.stringContaining('pg_terminate_backend'),
      });
      expect(told[0]).toContain('elsewhere');
      expect(await leftovers()).toEqual([]);
    } finally {
      await idle.query('rollback');
      await idle.end();
    }
    expect((await cluster.mover().resume()).map(({ state }) => state)).toEqual(['done']);
  });

  test('a server that is a copy of the one of another shard is refused as a shard', async () => {
    const { meta } = cluster.engine.router;
    const [first] = cluster.servers;
    if (!first) throw new Error('no server');
    const twin = await startPostgres({ dataDir: first.baseBackup() });
    try {
      twin.promote();
      await expect(joinShard(meta, { id: 's2', url: twin.url })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('a copy of that of s0'),
      });
      expect((await meta.shards()).map(({ id }) => id)).toEqual(['s0', 's1']);
    } finally {
      await twin.close();
    }
  });

  test('an address that servers cannot use is refused when the shard is added, not when it is split', async () => {
    const { meta } = cluster.engine.router;
    const [, second] = cluster.servers;
    if (!second) throw new Error('no server');
    // Our driver passes over what it does not know, libpq does not.
    const strange = `${second.url}?pool_timeout=3`;
    await expect(joinShard(meta, { id: 's2', url: strange })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('cannot replicate from'),
    });
    expect((await meta.shards()).map(({ id }) => id)).toEqual(['s0', 's1']);
    expect(await leftovers()).toEqual([]);
  });
});
