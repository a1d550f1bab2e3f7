/**
 * What the router adds to a statement of PostgreSQL, and what more shards give. The peer runs the same functions through the plain `pg` pool: the write
 * without lock and look at the owner, the read without the join. All clusters are real, with fsync on, and share the cores of this machine.
 */
import { readFileSync } from 'node:fs';
import { createMover, createRecordStore, createShardsEngine, MOVED_TABLES } from '@sparrow/store';
import { type Postgres, startPostgres } from '@sparrow/testkit';
import pg from 'pg';
import { player, random, SCHEMA, type Timed, timed } from './records-kit.ts';
import { type Row, row } from './row.ts';

export const programs = ['postgresql'];
const N = 8_000;
const MS = 900;
const RUNS = 5;

export async function run(): Promise<Row[]> {
  const rows: Row[] = [];
  const servers: Postgres[] = [];
  const closers: (() => Promise<unknown>)[] = [];
  try {
    for (let i = 0; i < 5; i++) servers.push(await startPostgres());
    const [meta, first, ...others] = servers as [Postgres, Postgres, ...Postgres[]];
    const engine = await createShardsEngine({ meta: meta.url, slots: 256, shards: [{ id: 's0', url: first.url }] });
    closers.push(() => engine.close());
    const store = await createRecordStore({ engine, schema: SCHEMA, sweepEveryMs: 0 });
    closers.push(() => store.close());
    const table = store.table('Player');
    for (let from = 0; from < N; from += 500)
      await table.batch(Array.from({ length: 500 }, (_, i) => ({ op: 'insert' as const, record: player(from + i) })));
    const any = (): bigint => BigInt(Math.floor(random() * N));

    // The same statements without an owner, through the driver's own pool.
    const pool = new pg.Pool({ connectionString: first.url, max: 16 });
    closers.push(() => pool.end());
    const codec = store.codec('Player');
    const at = (id: bigint): { key: Buffer; slot: number } => {
      const key = codec.rowKey({ id });
      return { key, slot: codec.slotOfRow(key) };
    };
    const readPlain = async (): Promise<unknown> => {
      const { key, slot } = at(any());
      const { rows: found } = await pool.query({
        name: 'plain_get',
        text: 'select v, ver, rev, exp, mod from sparrow.records where slot = $1 and k = $2',
        values: [slot, key],
      });
      return store.messages.decode(codec.table.message, found[0].v);
    };
    const body = player(3);
    const writePlain = async (): Promise<unknown> => {
      const record = { ...body, id: any() };
      const { key, slot } = at(record.id);
      const value = codec.encode(record, key);
      const values = [
        slot,
        key,
        'p',
        'n',
        1,
        0,
        null,
        value,
        [],
        0,
        null,
        Date.now(),
        Math.floor(Math.random() * 2 ** 52),
        null,
        0,
        false,
      ];
      return pool.query({
        name: 'plain_put',
        text: 'select * from sparrow.apply($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16)',
        values,
      });
    };
    const read = (): Promise<unknown> => table.get({ id: any() });
    const write = (): Promise<unknown> => table.replace({ ...body, id: any() });
    const overhead = async (
      name: string,
      lanes: number,
      ours: () => Promise<unknown>,
      peer: () => Promise<unknown>,
    ): Promise<void> => {
      const a: Timed[] = [];
      const b: Timed[] = [];
      for (let i = 0; i < RUNS; i++) {
        a.push(await timed(MS, lanes, ours));
        b.push(await timed(MS, lanes, peer));
      }
      const aim = { op: '<=', value: 1.15, of: 'ratio' } as const;
      rows.push(
        row(
          `${name}: median wait`,
          'ms',
          a.map(({ p50 }) => p50),
          b.map(({ p50 }) => p50),
          aim,
        ),
      );
      rows.push(
        row(
          `${name}: CPU of the client`,
          'µs/op',
          a.map(({ cpu }) => cpu),
          b.map(({ cpu }) => cpu),
          aim,
        ),
      );
    };
    await overhead('point read, one at a time', 1, read, readPlain);
    await overhead('point write, one at a time', 1, write, writePlain);
    await overhead('point read, 16 in flight', 16, read, readPlain);
    await overhead('point write, 16 in flight', 16, write, writePlain);

    const mixed = (): Promise<unknown> => (random() < 0.5 ? read() : table.fieldIncrease({ id: any() }, { gold: 1n }));
    const hundred = (): Promise<unknown> => table.batchGet(Array.from({ length: 100 }, () => ({ id: any() })));
    const rates: number[][] = [];
    const busy: number[][] = [];
    const batches: number[][] = [];
    const measure = async (): Promise<void> => {
      const samples: Timed[] = [];
      const batch: Timed[] = [];
      const shares: number[] = [];
      for (let i = 0; i < 3; i++) {
        const before = machine();
        samples.push(await timed(MS, 48, mixed));
        const after = machine();
        shares.push((100 * (after.busy - before.busy)) / (after.all - before.all));
        batch.push(await timed(MS / 2, 1, hundred));
      }
      rates.push(samples.map(({ rate }) => rate));
      batches.push(batch.map(({ p50 }) => p50));
      busy.push(shares);
    };
    await measure();
    const { joinShard } = await import('@sparrow/store');
    const mover = createMover({ meta: engine.router.meta, tables: MOVED_TABLES, groupSlots: 64 });
    const move = async (from: string, to: string, firstSlot: number, last: number): Promise<void> => {
      const plan = await mover.plan({ from, to, first: firstSlot, last });
      await mover.run(plan.id);
    };
    for (const [i, server] of others.entries())
      await joinShard(engine.router.meta, { id: `s${i + 1}`, url: server.url });
    await move('s0', 's1', 128, 255);
    await engine.router.refresh();
    await measure();
    await move('s0', 's2', 64, 127);
    await move('s1', 's3', 192, 255);
    await engine.router.refresh();
    await measure();
    for (const [i, shards] of [1, 2, 4].entries()) {
      // Where all cores are busy, more shards on this machine can only share them: that is where it saturates.
      rows.push(
        row(`all cores of this machine meanwhile, ${shards} shard${shards > 1 ? 's' : ''}`, '%', busy[i] as number[]),
      );
      rows.push(
        row(
          `reads and increases, 48 in flight, ${shards} shard${shards > 1 ? 's' : ''} on this machine`,
          'op/s',
          rates[i] as number[],
          i > 0 ? (rates[0] as number[]) : [],
        ),
      );
    }
    rows.push(
      row(
        'batchGet of 100 keys over 4 shards, against one shard',
        'ms',
        batches[2] as number[],
        batches[0] as number[],
        { op: '<=', value: 2, of: 'ratio' },
      ),
    );
  } finally {
    for (const close of closers.reverse()) await close().catch(() => {});
    for (const server of servers) await server.close();
  }
  return rows;
}

/** Ticks of all cores since the start, and those in which they worked. */
function machine(): { all: number; busy: number } {
  const ticks = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').split(/\s+/).slice(1).map(Number);
  const all = ticks.slice(0, 8).reduce((sum, value) => sum + value, 0);
  return { all, busy: all - (ticks[3] ?? 0) - (ticks[4] ?? 0) };
}
