import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PAIR_SCHEMA } from '../src/checker/transaction-load.ts';
import { type CheckedTransaction, checkTransactions } from '../src/checker/transactions.ts';
import { shardSqlFiles } from '../src/engines/postgres/shard-sql.ts';
import { createRecordStore, type RecordStore } from '../src/index.ts';
import { startCluster, type TestCluster } from './support/cluster.ts';
import { startTransactionLoad } from './support/load.ts';

const done = (
  id: number,
  [start, end]: [number, number],
  reads: [string, number, number][],
  writes: [string, number][],
): CheckedTransaction => ({
  id,
  start,
  end,
  outcome: 'ok',
  reads: reads.map(([key, version, by]) => ({ key, version, by })),
  writes: writes.map(([key, version]) => ({ key, version })),
});
const rules = (history: CheckedTransaction[], final: [string, number, number][] = []): string[] =>
  checkTransactions(
    history,
    final.map(([key, version, by]) => ({ key, version, by })),
  ).map(({ rule }) => rule);

describe('the checker of transactions', () => {
  test('accepts what can have happened one after the other', () => {
    expect(
      rules(
        [
          done(
            1,
            [0, 10],
            [
              ['b', 0, 0],
              ['a', 0, 0],
            ],
            [['a', 1]],
          ),
          done(
            2,
            [5, 20],
            [
              ['a', 1, 1],
              ['b', 0, 0],
            ],
            [
              ['a', 2],
              ['b', 1],
            ],
          ),
          done(3, [6, 30], [['a', 1, 1]], []),
          { ...done(4, [0, 40], [['a', 2, 2]], [['a', 3]]), end: Number.POSITIVE_INFINITY, outcome: 'unknown' },
        ],
        [
          ['a', 2, 2],
          ['b', 1, 2],
        ],
      ),
    ).toEqual([]);
  });

  test('sees two that each made a record because the other was absent', () => {
    const history = [
      done(
        1,
        [0, 10],
        [
          ['b', 0, 0],
          ['a', 0, 0],
        ],
        [['a', 1]],
      ),
      done(
        2,
        [0, 10],
        [
          ['a', 0, 0],
          ['b', 0, 0],
        ],
        [['b', 1]],
      ),
    ];
    expect(
      rules(history, [
        ['a', 1, 1],
        ['b', 1, 2],
      ]),
    ).toEqual(['circle']);
  });

  test('sees a transaction between whose looks another one wrote', () => {
    const history = [
      done(
        1,
        [0, 10],
        [
          ['a', 0, 0],
          ['b', 0, 0],
        ],
        [
          ['a', 1],
          ['b', 1],
        ],
      ),
      done(
        2,
        [0, 10],
        [
          ['a', 0, 0],
          ['b', 1, 1],
        ],
        [],
      ),
    ];
    expect(
      rules(history, [
        ['a', 1, 1],
        ['b', 1, 1],
      ]),
    ).toEqual(['circle']);
  });

  test('sees one that did not see what was acknowledged before it began, and a write that is gone', () => {
    const writer = done(1, [0, 10], [['a', 0, 0]], [['a', 1]]);
    expect(rules([writer, done(2, [11, 12], [['a', 0, 0]], [])], [['a', 1, 1]])).toEqual(['circle']);
    expect(rules([writer], [['a', 0, 0]])).toEqual(['circle']);
  });

  test('sees a version that two were given, and a read of what failed', () => {
    const twice = [done(1, [0, 10], [['a', 0, 0]], [['a', 1]]), done(2, [0, 10], [['a', 0, 0]], [['a', 1]])];
    expect(rules(twice, [['a', 1, 2]])).toContain('version-twice');
    const failed: CheckedTransaction = { ...done(1, [0, 10], [], [['a', 1]]), outcome: 'failed' };
    expect(rules([failed, done(2, [20, 30], [['a', 1, 1]], [])], [['a', 1, 1]])).toContain('read-of-nothing');
  });

  test('takes one of unknown outcome for done, as a whole, when somebody saw a part of it', () => {
    const lost: CheckedTransaction = {
      ...done(
        1,
        [0, 0],
        [],
        [
          ['a', 1],
          ['b', 1],
        ],
      ),
      end: Number.POSITIVE_INFINITY,
      outcome: 'unknown',
    };
    expect(
      rules(
        [lost],
        [
          ['a', 0, 0],
          ['b', 0, 0],
        ],
      ),
    ).toEqual([]);
    expect(
      rules(
        [lost],
        [
          ['a', 1, 1],
          ['b', 1, 1],
        ],
      ),
    ).toEqual([]);
    expect(
      rules(
        [lost],
        [
          ['a', 1, 1],
          ['b', 0, 0],
        ],
      ),
    ).toContain('circle');
  });
});

describe('transactions on shards', () => {
  let cluster: TestCluster;
  let store: RecordStore;
  beforeAll(async () => {
    cluster = await startCluster({ shards: 2, joined: 1, slots: 64 });
    store = await createRecordStore({
      engine: cluster.engine,
      schema: PAIR_SCHEMA,
      namespace: 'pairs',
      sweepEveryMs: 0,
    });
    await cluster.join(1);
  });
  afterAll(async () => {
    await store?.close();
    await cluster?.close();
  });

  test('happen one after the other in a slot, absent records included, also while the slots move', async () => {
    const load = startTransactionLoad(store, { clients: 8, seed: 3, timeoutMs: 30_000 });
    await expect.poll(() => load.history.length).toBeGreaterThan(500);
    const mover = cluster.mover();
    for (const [from, to] of [
      ['s0', 's1'],
      ['s1', 's0'],
    ] as const)
      await mover.run((await mover.plan({ from, to, first: 0, last: 63 })).id);
    const reached = load.history.length;
    await expect.poll(() => load.history.length).toBeGreaterThan(reached + 200);
    expect(await load.check()).toEqual([]);
    expect(load.failures).toEqual([]);
  }, 240_000);

  test('that change the same records in opposite order do not wait for each other in a circle', async () => {
    const deadlocks = async (): Promise<number> => {
      const [row] = await cluster.engine.router
        .client('s0')
        .query<{ n: string }>(
          { text: 'select deadlocks as n from pg_stat_database where datname = current_database()' },
          performance.now() + 10_000,
        );
      return Number(row?.n);
    };
    const before = await deadlocks();
    const id = 1_000_000n;
    await store.table('Pair').insert({ id, side: 0, by: 0n });
    await store.table('Pair').insert({ id, side: 1, by: 0n });
    await Promise.all(
      Array.from({ length: 4 }, async (_, client) => {
        for (let i = 0; i < 25; i++)
          await store.transaction(
            async (tx) => {
              for (const side of client % 2 === 0 ? [0, 1] : [1, 0])
                await tx.fieldIncrease('Pair', { id, side }, { by: 1n });
            },
            { timeoutMs: 30_000 },
          );
      }),
    );
    const pair = await store.table('Pair').batchGet([0, 1].map((side) => ({ id, side })));
    expect(pair.map((found) => found?.record.by)).toEqual([100n, 100n]);
    // The server counts them with a delay of its own.
    await sleep(1_500);
    expect(await deadlocks()).toBe(before);
  });

  test('what a transaction throws on records of different moments is not told: it runs again', async () => {
    const id = 2_000_000n;
    const key = (side: number) => ({ id, side });
    const both = (by: bigint) =>
      store.transaction(async (tx) => {
        for (const side of [0, 1]) await tx.replace('Pair', { ...key(side), by });
      });
    await both(1n);
    let runs = 0;
    await store.transaction(async (tx) => {
      const first = await tx.get('Pair', key(0));
      // Another one comes in between, the first time.
      if (runs++ === 0) await both(2n);
      const second = await tx.get('Pair', key(1));
      if (first?.record.by !== second?.record.by) throw new Error('halves of two pairs');
    });
    expect(runs).toBe(2);
  });

  test('a commit whose answer was lost is known by any of its writes, though what it compared has changed since', async () => {
    const id = 3_000_000n;
    const codec = store.codec('Pair');
    const [a, b] = [0, 1].map((side) => codec.rowKey({ id, side })) as [Buffer, Buffer];
    const slot = codec.slotOfRow(a);
    const client = cluster.engine.router.client('s0');
    const call = (age: number | null, rev: number) =>
      client.query<{ code: string; ver: number }>(
        {
          text: 'select code, ver from sparrow.commit_many($1, $2, $3, $4, false, $5)',
          values: [
            slot,
            JSON.stringify([
              { k: a.toString('base64'), op: 'c', when: 'n', policy: 3, ver: 0, guard: 0 },
              { k: b.toString('base64'), op: 'p', when: 'n', policy: 3, ver: 0, guard: 0, v: '', exp: 0, rev },
            ]),
            Date.now(),
            age,
            Date.now() + 60_000,
          ],
        },
        performance.now() + 10_000,
      );
    expect((await call(null, 77)).map(({ code }) => code)).toEqual(['ok', 'ok']);
    await store.table('Pair').insert({ id, side: 0, by: 1n });
    // Its first answer was lost; another request of the same content is one.
    expect(await call(1, 77)).toMatchObject([{ code: 'ok' }, { code: 'ok', ver: 1 }]);
    expect((await call(null, 78)).map(({ code }) => code)).toEqual(['guard']);
    expect((await store.table('Pair').get({ id, side: 1 }))?.version).toBe(1);
  });

  test('the control without the lock of the slot is caught by the checker', async () => {
    const commit = shardSqlFiles().find(({ name }) => name.includes('commit'))?.text as string;
    const unlocked = commit.replace('perform pg_advisory_xact_lock(77', 'perform pg_advisory_xact_lock_shared(77');
    expect(unlocked).not.toBe(commit);
    // A wait after each comparison, so that others come in between however few run at the same time.
    const refusal = "if o.code <> 'ok' then raise exception 'refused'";
    const mutant = unlocked.replace(refusal, `if w->>'op' = 'c' then perform pg_sleep(0.01); end if; ${refusal}`);
    expect(mutant).not.toBe(unlocked);
    const { router } = cluster.engine;
    await router.client('s0').session((query) => query(mutant), 20_000);
    let caught: string[] = [];
    for (let round = 1; round <= 5 && !caught.includes('circle'); round++) {
      const load = startTransactionLoad(store, { clients: 8, seed: round, first: round * 100_000, timeoutMs: 30_000 });
      await expect.poll(() => load.history.length, { timeout: 120_000 }).toBeGreaterThan(1_500);
      caught = (await load.check()).map(({ rule }) => rule);
    }
    expect(caught).toContain('circle');
  }, 600_000);
});
