/**
 * A split of 2 shards into 4 under a mixed load over a million records, then the same moves back with the replication standing still for a second
 * at a time, then without the fence: the control that must lose writes. Every history goes through the checker.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createMover,
  createRecordStore,
  createShardsEngine,
  joinShard,
  MOVED_TABLES,
  type RecordStore,
} from '@sparrow/store';
import { type Postgres, startPostgres } from '@sparrow/testkit';
import { checkLoad, finalState, LOAD_SCHEMA, startLoad } from '../packages/store/src/checker/load.ts';
import { type Row, row } from './row.ts';

export const programs = ['postgresql'];
const RECORDS = 1_000_000;
const SLOTS = 1024;
const KEYS = 2_000;
const CLIENTS = 16;

export async function run(): Promise<Row[]> {
  const rows: Row[] = [];
  const servers: Postgres[] = [];
  const closers: (() => Promise<unknown>)[] = [];
  const note = (text: string): void =>
    void process.stderr.write(`${((performance.now() - begun) / 1000).toFixed(0)} s  ${text}\n`);
  const begun = performance.now();
  try {
    for (let i = 0; i < 5; i++)
      servers.push(await startPostgres({ settings: { max_wal_size: '4GB', shared_buffers: '256MB' } }));
    const [meta, ...shards] = servers as [Postgres, ...Postgres[]];
    const engine = await createShardsEngine({
      meta: meta.url,
      slots: SLOTS,
      shards: [{ id: 's0', url: (shards[0] as Postgres).url }],
    });
    closers.push(() => engine.close());
    for (const i of [1, 2, 3]) await joinShard(engine.router.meta, { id: `s${i}`, url: (shards[i] as Postgres).url });
    await engine.router.refresh();
    // The second half belongs to s1 before there is anything in it.
    const setUp = createMover({ meta: engine.router.meta, tables: MOVED_TABLES, groupSlots: 512 });
    await setUp.run((await setUp.plan({ from: 's0', to: 's1', first: 512, last: 1023 })).id);
    await engine.router.refresh();
    const store = await createRecordStore({ engine, schema: LOAD_SCHEMA, sweepEveryMs: 0 });
    closers.push(() => store.close());
    await fill(engine, store);
    note(`${RECORDS} records`);

    const moves = [
      { from: 's0', to: 's2', first: 256, last: 511 },
      { from: 's1', to: 's3', first: 768, last: 1023 },
    ];
    const split = await underLoad(store, engine, moves, {});
    note(`split: ${split.history} operations`);
    const fences = split.fences;
    const p99 = fences.sort((a, b) => a - b)[Math.floor(fences.length * 0.99)] ?? 0;
    const none = { op: '<=', value: 0, of: 'ours' } as const;
    rows.push(row('split 2 → 4, 1 million records: operations under way', 'ops', [split.history]));
    rows.push(row('split: lost, doubled, reordered or stale', 'ops', [split.violations], [], none));
    rows.push(row('split: failed operations', 'ops', [split.failures], [], none));
    rows.push(row('split: fences', 'fences', [fences.length], [], { op: '>=', value: 64, of: 'ours' }));
    rows.push(row('split: fence p99', 'ms', [p99], [], { op: '<=', value: 300, of: 'ours' }));
    rows.push(
      row('split: longest wait of a client', 'ms', [split.longest], [], { op: '<=', value: 1_000, of: 'ours' }),
    );
    rows.push(row('split: time', 's', [split.seconds]));

    const back = [{ from: 's2', to: 's0', first: 480, last: 511 }];
    const stalled = await underLoad(store, engine, back, { stallMs: 1_000, hot: { first: 480, last: 511 } });
    note('stalled');
    rows.push(
      row('replication stands still for 1 s: lost, doubled, reordered or stale', 'ops', [stalled.violations], [], none),
    );
    rows.push(row('replication stands still for 1 s: failed operations', 'ops', [stalled.failures], [], none));
    rows.push(
      row('replication stands still for 1 s: fences taken back', 'fences', [stalled.retries], [], {
        op: '>=',
        value: 1,
        of: 'ours',
      }),
    );
    rows.push(
      row('replication stands still for 1 s: longest wait of a client', 'ms', [stalled.longest], [], {
        op: '<=',
        value: 1_500,
        of: 'ours',
      }),
    );
    const control = await underLoad(store, engine, [{ from: 's2', to: 's0', first: 448, last: 479 }], {
      stallMs: 1_000,
      withoutFence: true,
      hot: { first: 448, last: 479 },
    });
    rows.push(
      row('control without the fence: violations, which must be', 'ops', [control.violations], [], {
        op: '>=',
        value: 1,
        of: 'ours',
      }),
    );
    if (control.violations === 0)
      throw new Error('the control without the fence lost nothing: this load cannot tell right from wrong');
  } finally {
    for (const close of closers.reverse()) await close().catch(() => {});
    for (const server of servers) await server.close();
  }
  return rows;
}

/** A million rows in the form the store writes them, by one statement a shard: the bench is of the split, not of the fill. */
async function fill(engine: Awaited<ReturnType<typeof createShardsEngine>>, store: RecordStore): Promise<void> {
  const codec = store.codec('Counter');
  const owners = await engine.router.owners();
  const batches = new Map<string, { slots: number[]; keys: Buffer[]; ids: number[] }>();
  const flush = async (shard: string): Promise<void> => {
    const batch = batches.get(shard);
    if (!batch || batch.keys.length === 0) return;
    batches.set(shard, { slots: [], keys: [], ids: [] });
    const values = batch.ids.map((id) =>
      codec.encode({ id: BigInt(id), count: 0n, pad: new Uint8Array(100) }, batch.keys[0] as Buffer),
    );
    await engine.router.client(shard).query(
      {
        name: 'fill',
        text: `insert into sparrow.records select s, k, (random() * 4e15)::bigint, 1, 0, 0, v, '{}', int8send(0) || int4send(1) || int4send(0)
          from unnest($1::int[], $2::bytea[], $3::bytea[]) u(s, k, v)`,
        values: [batch.slots, batch.keys, values],
      },
      performance.now() + 60_000,
    );
  };
  const running = new Set<Promise<void>>();
  for (let id = 0; id < RECORDS; id++) {
    const key = codec.rowKey({ id: BigInt(id) });
    const slot = codec.slotOfRow(key);
    const shard = owners[slot] as string;
    let batch = batches.get(shard);
    if (!batch) batches.set(shard, (batch = { slots: [], keys: [], ids: [] }));
    batch.slots.push(slot);
    batch.keys.push(key);
    batch.ids.push(id);
    if (batch.keys.length >= 5_000) {
      const flushed = flush(shard).finally(() => running.delete(flushed));
      running.add(flushed);
      if (running.size >= 4) await Promise.race(running);
    }
  }
  await Promise.all(running);
  for (const shard of batches.keys()) await flush(shard);
  for (const shard of ['s0', 's1'])
    await engine.router.client(shard).query({ text: 'analyze sparrow.records' }, performance.now() + 60_000);
}

async function underLoad(
  store: RecordStore,
  engine: Awaited<ReturnType<typeof createShardsEngine>>,
  moves: { from: string; to: string; first: number; last: number }[],
  options: { stallMs?: number; withoutFence?: boolean; hot?: { first: number; last: number } },
): Promise<{
  history: number;
  violations: number;
  failures: number;
  fences: number[];
  retries: number;
  longest: number;
  seconds: number;
}> {
  const before = await finalState(store, KEYS);
  const codec = store.codec('Counter');
  const { hot } = options;
  // All the load on the few slots that move: what a wrong algorithm loses, it loses there.
  const ids =
    hot &&
    Array.from({ length: KEYS }, (_, id) => id).filter((id) => {
      const slot = codec.slot({ id: BigInt(id) });
      return slot >= hot.first && slot <= hot.last;
    });
  const load = startLoad(store, {
    keys: KEYS,
    ...(ids ? { ids } : {}),
    clients: CLIENTS,
    timeoutMs: 10_000,
    reads: 0.4,
    seed: 11,
  });
  await sleep(1_000);
  const started = performance.now();
  const target = (moves[0] as { to: string }).to;
  let stalls = 0;
  const mover = createMover({
    meta: engine.router.meta,
    tables: MOVED_TABLES,
    // The pair of moves makes 64 fences of 8 slots.
    groupSlots: options.withoutFence ? 32 : 8,
    ...(options.withoutFence ? { withoutFence: true } : {}),
    async onStep(_move: unknown, step: string) {
      // Slots change hands while the replication certainly stands still.
      if (step !== 'fence' || !options.stallMs) return;
      if (options.withoutFence) await standStill(engine, target, options.stallMs);
      else if (stalls++ % 2 === 0) void standStill(engine, target, options.stallMs);
    },
  });
  const planned = [];
  for (const move of moves) planned.push(await mover.plan(move));
  const done = await Promise.all(planned.map(({ id }) => mover.run(id, { stopAt: 'reversible' })));
  const seconds = (performance.now() - started) / 1000;
  await sleep(500);
  await load.stop();
  // The way back is closed and what moved away removed, outside of what is timed.
  for (const { id } of done) await mover.finish(id);
  const after = await finalState(store, KEYS);
  const { history } = load;
  const violations = checkLoad(history, after, before);
  for (const { rule, key, detail } of options.withoutFence ? [] : violations.slice(0, 5))
    process.stderr.write(`  ${rule} ${key}: ${detail}\n`);
  for (const failure of load.failures.slice(0, 5)) process.stderr.write(`  ${failure}\n`);
  return {
    history: history.length,
    violations: violations.length,
    failures: load.failures.length,
    fences: done.flatMap(({ fencesMs }) => fencesMs),
    retries: done.reduce((sum, { retries }) => sum + retries, 0),
    longest: load.longest(),
    seconds,
  };
}

/** Stops the apply worker of a shard for so long, by its pid; comes back when half of the time is over. */
async function standStill(
  engine: Awaited<ReturnType<typeof createShardsEngine>>,
  shard: string,
  ms: number,
): Promise<void> {
  const [worker] = await engine.router
    .client(shard)
    .query<{ pid: number }>(
      { text: 'select pid from pg_stat_subscription where relid is null and pid is not null limit 1' },
      performance.now() + 5_000,
    );
  if (!worker) throw new Error('there is no apply worker to stop');
  process.kill(worker.pid, 'SIGSTOP');
  setTimeout(() => {
    try {
      process.kill(worker.pid, 'SIGCONT');
    } catch {
      // The worker ended with the move.
    }
  }, ms);
  await sleep(ms / 2);
}
