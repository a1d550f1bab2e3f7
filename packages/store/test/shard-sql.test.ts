import { type Postgres, startPostgres } from '@sparrow/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LOAD_SCHEMA } from '../src/checker/load.ts';
import { applyEdits, type Edit } from '../src/codec/edit.ts';
import { migrateShard, type SqlFile, shardSqlFiles } from '../src/engines/postgres/shard-sql.ts';
import { createRecordStore, createShardsEngine } from '../src/index.ts';
import { createShardClient, type ShardClient } from '../src/shards/shard-client.ts';

describe('the SQL of a shard', () => {
  let server: Postgres;
  let client: ShardClient;
  let databases = 0;
  let url: string;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(async () => {
    await client?.close();
    await server?.close();
  });
  beforeEach(async () => {
    await client?.close();
    const name = `sql${++databases}`;
    const admin = createShardClient({ url: server.url, max: 1 });
    await admin.session((query) => query(`create database ${name}`), 20_000);
    await admin.close();
    const own = new URL(server.url);
    own.pathname = `/${name}`;
    url = own.href;
    client = createShardClient({ url, max: 4 });
  });
  const ask = async <T extends Record<string, unknown>>(text: string, values: unknown[] = []): Promise<T[]> =>
    client.query<T>({ text, values }, performance.now() + 20_000);
  const file = (name: string, text: string): SqlFile => ({ name, text, sha256: `${name}${text}` });

  test('is applied in the order of its files, once, also by several at the same time', async () => {
    const files = shardSqlFiles();
    expect(files.map(({ name }) => name.slice(0, 4))).toEqual([...files.map(({ name }) => name.slice(0, 4))].sort());
    expect(new Set(files.map(({ name }) => name.slice(0, 4))).size).toBe(files.length);
    const applied = await Promise.all([migrateShard(client), migrateShard(client), migrateShard(client)]);
    expect(applied.flat().sort()).toEqual(files.map(({ name }) => name));
    expect(await migrateShard(client)).toEqual([]);
    // Every file may be applied again, over what is there.
    await ask("update sparrow.sql_files set sha256 = 'older'");
    expect(await migrateShard(client)).toEqual(files.map(({ name }) => name));
  });

  test('of a file that changed or came is applied, all of it or none', async () => {
    const files = shardSqlFiles();
    await migrateShard(client, files);
    const more = file('9001-more.sql', 'create table sparrow.more (a int);');
    const broken = file('9002-broken.sql', 'create table sparrow.broken (a int); select nonsense from nowhere;');
    await expect(migrateShard(client, [...files, more, broken])).rejects.toThrow();
    expect(await ask("select 1 from pg_tables where tablename in ('more', 'broken')")).toEqual([]);
    expect(await migrateShard(client, [...files, more])).toEqual(['9001-more.sql']);
    const changed = file('9001-more.sql', 'alter table sparrow.more add column if not exists b int;');
    expect(await migrateShard(client, [...files, changed])).toEqual(['9001-more.sql']);
    expect(await ask('select b from sparrow.more')).toEqual([]);
  });

  test('of a shard that an older version made is brought up to date by whoever uses it, before the first call', async () => {
    const shards = [{ id: 's0', url }];
    const first = await createShardsEngine({ meta: url, slots: 64, shards });
    await first.close();
    // As an older version left it: nothing is noted, and commits answer otherwise.
    await ask('drop table sparrow.sql_files');
    await ask('drop function sparrow.commit_many(int, jsonb, bigint, int, bool, float8)');
    await ask('drop function sparrow.purge(bigint, int)');
    const engine = await createShardsEngine({ meta: url, slots: 64 });
    const store = await createRecordStore({ engine, schema: LOAD_SCHEMA, sweepEveryMs: 0 });
    await store.transaction(async (tx) => {
      await tx.insert('Counter', { id: 1n });
      await tx.fieldIncrease('Counter', { id: 1n }, { count: 1n });
    });
    expect((await store.table('Counter').get({ id: 1n }))?.record.count).toBe(1n);
    expect((await ask('select name from sparrow.sql_files')).length).toBe(shardSqlFiles().length);
    await store.close();
    await engine.close();
  });

  test('edits messages as the store does, whatever the number, its form, its default and its bounds', async () => {
    await migrateShard(client);
    const SHAPES = [
      { form: 'varint', signed: true, bits: 32 },
      { form: 'varint', signed: false, bits: 32 },
      { form: 'varint', signed: true, bits: 64 },
      { form: 'varint', signed: false, bits: 64 },
      { form: 'zigzag', signed: true, bits: 32 },
      { form: 'zigzag', signed: true, bits: 64 },
      { form: 'fixed32', signed: false, bits: 32 },
      { form: 'fixed32', signed: true, bits: 32 },
      { form: 'fixed64', signed: false, bits: 64 },
      { form: 'fixed64', signed: true, bits: 64 },
    ] as const;
    const increase = fc.constantFrom(...SHAPES).chain(({ form, signed, bits }) => {
      const min = signed ? -(2n ** BigInt(bits - 1)) : 0n;
      const max = signed ? 2n ** BigInt(bits - 1) - 1n : 2n ** BigInt(bits) - 1n;
      const value = fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max, 0n, 1n, max - 1n, min + 1n));
      // The number of a field says its form, as in a message.
      const field =
        SHAPES.findIndex((shape) => shape.form === form && shape.signed === signed && shape.bits === bits) + 1;
      return fc.record({ by: fc.bigInt({ min: -max, max }), initial: fc.option(value, { nil: undefined }) }).map(
        ({ by, initial }): Edit => ({
          ...{ kind: 'increase', field, form, signed, by, min, max },
          ...(initial === undefined ? {} : { initial }),
        }),
      );
    });
    const set = fc
      .record({
        fields: fc.uniqueArray(fc.integer({ min: 20, max: 40 }), { maxLength: 3 }),
        value: fc.uint8Array({ maxLength: 20 }),
      })
      .map(
        ({ fields, value }): Edit => ({
          kind: 'set',
          fields,
          // Field 20 as bytes.
          bytes: Uint8Array.of(0xa2, 0x01, value.length, ...value),
        }),
      );
    const shown = (edits: readonly Edit[]): string =>
      JSON.stringify(
        edits.map((edit) =>
          edit.kind === 'set'
            ? { set: edit.fields, b: Buffer.from(edit.bytes).toString('hex') }
            : {
                ...{ f: edit.field, form: edit.form, s: edit.signed, by: String(edit.by) },
                ...(edit.initial === undefined ? {} : { d: String(edit.initial) }),
                ...{ min: String(edit.min), max: String(edit.max) },
              },
        ),
      );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(increase, increase, set), { minLength: 1, maxLength: 8 }), async (edits) => {
        let here: Uint8Array = new Uint8Array(0);
        for (const edit of edits) {
          const before = Buffer.from(here);
          let ours: string;
          try {
            here = applyEdits(before, [edit]);
            ours = Buffer.from(here).toString('hex');
          } catch (error) {
            ours = String((error as { code?: string }).code);
          }
          const theirs = await ask<{ out: string | null }>("select encode(sparrow.edit($1, $2), 'hex') as out", [
            before,
            shown([edit]),
          ]).then(
            ([row]) => row?.out,
            (error: Error) => (error.message.includes('SP001') ? 'OUT_OF_RANGE' : error.message),
          );
          expect(theirs).toBe(ours);
        }
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });
});
