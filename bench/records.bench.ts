/**
 * Embedded against embedded: records in this process against raw LMDB and `node:sqlite`. Served against served: the
 * record service against Redis. Everything of one row runs interleaved. Writes that count as durable are: the log's
 * O_DSYNC write, LMDB's flushed commit, SQLite WAL with synchronous FULL, Redis with appendfsync always.
 */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { startChild } from '@sparrow/core/process';
import { createSparrow } from '@sparrow/sdk/server';
import { createLmdbEngine, createRecordStore, parseSchema } from '@sparrow/store';
import { open } from 'lmdb';
import protobuf from 'protobufjs';
import { applyEdits } from '../packages/store/src/codec/edit.ts';
import { createMessageCodec } from '../packages/store/src/codec/message-codec.ts';
import { player, random, SCHEMA, startRedis, type Timed, timed } from './records-kit.ts';
import { type Row, row } from './row.ts';

export const programs = ['redis'];
const N = 100_000;
const RUNS = 3;
const MS = 700;
const SERVICE_N = 10_000;

export async function run(): Promise<Row[]> {
  const dir = mkdtempSync(join(tmpdir(), 'sparrow-bench-'));
  const rows: Row[] = [];
  try {
    await measure(dir, rows);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  return rows;
}

/** Runs both sides in turns; a row for the rate and one for the CPU. */
async function versus(
  rows: Row[],
  name: string,
  ours: () => Promise<Timed>,
  peer: () => Promise<Timed>,
  aim?: Row['aim'],
): Promise<void> {
  const a: Timed[] = [];
  const b: Timed[] = [];
  for (let i = 0; i < RUNS; i++) {
    a.push(await ours());
    b.push(await peer());
  }
  rows.push(
    row(
      name,
      'op/s',
      a.map(({ rate }) => rate),
      b.map(({ rate }) => rate),
      aim,
    ),
  );
  rows.push(
    row(
      `${name}: CPU of the caller`,
      'µs/op',
      a.map(({ cpu }) => cpu),
      b.map(({ cpu }) => cpu),
    ),
  );
}

async function measure(dir: string, rows: Row[]): Promise<void> {
  const schema = parseSchema(SCHEMA);
  const message = (schema.tables.get('Player') as NonNullable<ReturnType<typeof schema.tables.get>>).message;
  const type = protobuf.parse(SCHEMA, new protobuf.Root(), { keepCase: true }).root.lookupType('bench.Player');
  const engine = await createLmdbEngine({ dir: join(dir, 'ours') });
  const store = await createRecordStore({ engine, schema: SCHEMA, sweepEveryMs: 0, hotBytes: 64 * 1024 * 1024 });
  const cold = await createRecordStore({ engine, sweepEveryMs: 0, hotBytes: 0 });
  const table = store.table('Player');
  const raw = open<Buffer, Buffer>({
    path: join(dir, 'raw.mdb'),
    encoding: 'binary',
    keyEncoding: 'binary',
    compression: false,
  } as never);
  const keyOf = (id: number): Buffer => {
    const key = Buffer.alloc(12);
    key.writeBigUInt64BE(BigInt(id), 4);
    return key;
  };
  const samples = Array.from({ length: 256 }, (_, i) => store.messages.encode(message, player(i)));
  for (let from = 0; from < N; from += 1000) {
    await table.batch(Array.from({ length: 1000 }, (_, i) => ({ op: 'insert' as const, record: player(from + i) })));
    void raw.batch(() => {
      for (let i = 0; i < 1000; i++) void raw.put(keyOf(from + i), samples[(from + i) % 256] as Buffer);
    });
  }
  await raw.flushed;
  await engine.settle();
  const any = (): number => Math.floor(random() * N);
  const sizes = samples.map(({ length }) => length);
  rows.push(row('size of a record', 'B', sizes, [], { op: '>=', value: 480, of: 'ours' }));

  // 1. Reads, one thread, uniform over 100,000 records.
  const rawGet = (): Promise<Timed> => timed(MS, 1, () => type.decode(raw.getBinaryFast(keyOf(any())) as Buffer));
  await versus(
    rows,
    'typed get, uniform, against raw LMDB + decode',
    () => timed(MS, 1, () => table.get({ id: BigInt(any()) })),
    rawGet,
    { op: '>=', value: 0.6, of: 'ratio' },
  );
  await versus(
    rows,
    'typed get without the hot tier',
    () => timed(MS, 1, () => cold.table('Player').get({ id: BigInt(any()) })),
    rawGet,
  );
  await versus(
    rows,
    'typed get of 1,000 hot records',
    () => timed(MS, 1, () => table.get({ id: BigInt(Math.floor(random() * 1000)) })),
    () => timed(MS, 1, () => type.decode(raw.getBinaryFast(keyOf(Math.floor(random() * 1000))) as Buffer)),
  );

  // 2. One field in the encoded bytes.
  const edit = [
    { kind: 'increase', field: 4, form: 'varint', signed: true, by: 1n, min: -(2n ** 63n), max: 2n ** 63n - 1n },
  ] as const;
  await versus(
    rows,
    'field increase on the wire, against decode, change, encode',
    () =>
      timed(
        MS,
        1,
        () => {
          for (let i = 0; i < 64; i++) applyEdits(samples[i] as Buffer, edit);
        },
        { each: 64 },
      ),
    () =>
      timed(
        MS,
        1,
        () => {
          for (let i = 0; i < 64; i++) {
            const decoded = type.decode(samples[i] as Buffer) as unknown as { gold: { add(other: number): unknown } };
            decoded.gold = decoded.gold.add(1) as never;
            type.encode(decoded as never).finish();
          }
        },
        { each: 64 },
      ),
    { op: '>=', value: 3, of: 'ratio' },
  );

  // 3. Durable writes, 64 in flight; SQLite commits groups of 64.
  const put = (): Promise<unknown> => {
    const id = any();
    return table.replace({ ...(player0 as object), id: BigInt(id) });
  };
  const player0 = player(1);
  // What LMDB takes later is part of our own turn, not of the peer's.
  const settle = (): Promise<void> => engine.settle();
  const oursAt64 = (): Promise<Timed> => timed(MS, 64, put, { settle });
  await versus(
    rows,
    'durable writes, 64 in flight, against raw LMDB',
    oursAt64,
    () =>
      timed(MS, 64, async () => {
        await raw.put(keyOf(any()), samples[1] as Buffer);
        await raw.flushed;
      }),
    { op: '>=', value: 1, of: 'ratio' },
  );
  const sqlite = new DatabaseSync(join(dir, 'sqlite.db'));
  sqlite.exec(
    'pragma journal_mode = wal; pragma synchronous = full; create table player (id integer primary key, body blob not null) strict',
  );
  const upsert = sqlite.prepare('insert into player values (?, ?) on conflict (id) do update set body = excluded.body');
  sqlite.exec('begin');
  for (let id = 0; id < N; id++) upsert.run(id, samples[id % 256] as Buffer);
  sqlite.exec('commit');
  await versus(
    rows,
    'durable writes, 64 in flight, against node:sqlite in groups of 64',
    oursAt64,
    () =>
      timed(
        MS,
        1,
        () => {
          sqlite.exec('begin');
          for (let i = 0; i < 64; i++) upsert.run(any(), samples[i] as Buffer);
          sqlite.exec('commit');
        },
        { each: 64 },
      ),
    { op: '>=', value: 1, of: 'ratio' },
  );
  await versus(
    rows,
    'durable writes, one at a time, against raw LMDB',
    () => timed(MS, 1, put, { settle }),
    () =>
      timed(MS, 1, async () => {
        await raw.put(keyOf(any()), samples[1] as Buffer);
        await raw.flushed;
      }),
  );
  sqlite.close();

  // 4. Served against served: the record service against Redis, each in a process of its own and on a Unix socket.
  await overService(dir, rows);
  await store.close();
  await cold.close();
  await engine.close();
  await raw.close();
}

/** One hop like Redis: the service in another process, the SDK in this one. Both make a write durable before they answer. */
async function overService(dir: string, rows: Row[]): Promise<void> {
  const home = join(dir, 'service');
  mkdirSync(home);
  writeFileSync(join(home, 'records.proto'), SCHEMA);
  const redis = await startRedis('always');
  const child = await startChild(process.execPath, [join(import.meta.dirname, 'records-service.ts'), home, 'secret'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.process.stdout as never });
  const [socket] = (await once(lines, 'line')) as [string];
  /** Everything that the service acknowledged is in its file. */
  const settle = async (): Promise<void> => {
    child.process.stdin?.write('settle\n');
    await once(lines, 'line');
  };
  const control = http.createServer((_request, response) =>
    response.end(JSON.stringify({ socket, version: 1, tables: [] })),
  );
  await new Promise<void>((resolve) => control.listen(0, '127.0.0.1', resolve));
  const sparrow = createSparrow({
    port: 1,
    url: `http://127.0.0.1:${(control.address() as AddressInfo).port}`,
    token: 'secret',
    dataDir: dir,
    app: 'bench',
    env: 'local',
  });
  const table = sparrow.store.table('Player');
  const schema = parseSchema(SCHEMA);
  const message = (schema.tables.get('Player') as NonNullable<ReturnType<typeof schema.tables.get>>).message;
  const codec = createMessageCodec({ maxDepth: 32 });
  const samples = Array.from({ length: 256 }, (_, i) => codec.encode(message, player(i)));
  for (let from = 0; from < SERVICE_N; from += 500)
    await Promise.all(
      Array.from({ length: 500 }, (_, i) =>
        Promise.all([table.insert(player(from + i)), redis.set(`p${from + i}`, samples[i % 256] as Buffer)]),
      ),
    );
  await settle();
  const any = (): number => Math.floor(random() * SERVICE_N);
  const records = Array.from({ length: 256 }, (_, i) => player(i));
  const put = (): Promise<unknown> => {
    const id = any();
    return table.replace({ ...(records[id % 256] as object), id: BigInt(id) });
  };
  const set = (): Promise<unknown> => {
    const id = any();
    return redis.set(`p${id}`, samples[id % 256] as Buffer);
  };
  const aim = { op: '>=', value: 1, of: 'ratio' } as const;
  for (const [lanes, how] of [
    [1, 'one at a time'],
    [64, '64 in flight'],
  ] as const) {
    await versus(
      rows,
      `typed reads through the record service, ${how}, against bytes of Redis (both Unix sockets)`,
      () => timed(MS, lanes, () => table.get({ id: BigInt(any()) })),
      () => timed(MS, lanes, () => redis.get(`p${any()}`)),
      aim,
    );
    await versus(
      rows,
      `durable typed writes through the record service, ${how}, against bytes of Redis always (both Unix sockets)`,
      () => timed(MS, lanes, put, { settle }),
      () => timed(MS, lanes, set),
      aim,
    );
  }
  sparrow.store.close();
  control.close();
  await child.stop();
  await redis.close();
}
