import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Postgres, startPostgres } from '@sparrow/testkit';
import protobuf from 'protobufjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  createLmdbEngine,
  createRecordStore,
  createShardsEngine,
  fromJson,
  generateTypes,
  type KvEngine,
  parseSchema,
  type RecordStore,
  toJson,
  verifyStore,
} from '../src/index.ts';

const table = (body: string, before = '', syntax = 'proto3'): string =>
  `syntax = "${syntax}";\n${before}\nmessage T { option (tcaplusservice.tcaplus_primary_key) = "id";${
    syntax === 'proto2' ? 'required' : ''
  } int64 id = 1;\n${body} }`;
const refused = (schema: string, message: string | RegExp): void =>
  expect(() => parseSchema(schema), schema).toThrow(
    expect.objectContaining({ code: 'SCHEMA_INVALID', message: expect.stringMatching(message) }),
  );

describe('schemas and codecs', () => {
  let dir: string;
  let engine: KvEngine;
  const stores: RecordStore[] = [];
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'sparrow-schema-'));
    engine = await createLmdbEngine({ dir });
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    await engine.close();
    rmSync(dir, { recursive: true, force: true });
  });
  async function open(schema: string, namespace = 'a'): Promise<RecordStore> {
    const store = await createRecordStore({ engine, schema, namespace, sweepEveryMs: 0 });
    stores.push(store);
    return store;
  }

  test.each([
    ['uint64', '0xFFFFFFFFFFFFFFFC', 0xffff_ffff_ffff_fffcn],
    ['uint64', '18446744073709551615', 2n ** 64n - 1n],
    ['int64', '-9223372036854775808', -(2n ** 63n)],
    ['int64', '9007199254740993', 9_007_199_254_740_993n],
    ['sint64', '-0x7FFFFFFFFFFFFFFF', -(2n ** 63n) + 1n],
    ['sfixed64', '0777', 511n],
    ['fixed64', '0', 0n],
    ['int32', '- 5', -5],
    ['uint32', '4294967295', 2 ** 32 - 1],
    ['double', '-inf', Number.NEGATIVE_INFINITY],
    ['double', 'nan', Number.NaN],
    ['double', '-1.5e-3', -0.0015],
    ['double', '12', 12],
    ['float', '0.1', Math.fround(0.1)],
    ['bool', 'true', true],
    ['bool', 'false', false],
    ['string', String.raw`"a\"b\n\344\275\240\x41\\ 你"`, 'a"b\n你A\\ 你'],
    ['string', `"one"\n  'two' /* and */ "three"`, 'onetwothree'],
    ['bytes', String.raw`"\377\001a\000"`, Uint8Array.of(255, 1, 97, 0)],
    ['E', 'TWO', 'TWO'],
  ])('a %s with the default %s is read as exactly that', async (type, literal, value) => {
    const before = 'enum E { ONE = 1; TWO = 2; }';
    const store = await open(
      table(`optional ${type} v = 2 [deprecated = true, default = ${literal}];`, before, 'proto2'),
    );
    await store.table('T').insert({ id: 1n });
    const found = await store.table('T').get({ id: 1n });
    expect(found?.record.v).toEqual(value);
    expect((await store.table('T').fieldGet({ id: 1n }, ['v']))?.values.v).toEqual(value);
  });

  test('a default that its field cannot have, or that its syntax has not, is refused where it stands', () => {
    for (const [type, literal] of [
      ['int32', '2147483648'],
      ['uint64', '-1'],
      ['int64', '1.5'],
      ['int64', '08'],
      ['bool', '1'],
      ['string', '5'],
      ['double', '"1"'],
      ['E', 'NINE'],
      ['E', 'toString'],
      ['string', String.raw`"\377"`],
    ])
      refused(
        table(`optional ${type} v = 2 [default = ${literal}];`, 'enum E { ONE = 1; }', 'proto2'),
        /^schema.proto:4:\d+: .*default of v/,
      );
    refused(table('int32 v = 2 [default = 5];'), 'v declares a default');
    refused(table('repeated int32 v = 2 [default = 5];', '', 'proto2'), 'v declares a default');
    // A field may be called so.
    expect(parseSchema(table('int32 default = 2;')).tables.get('T')?.message.byName.get('default')?.number).toBe(2);
  });

  test('field numbers and enums are those of protobuf, and the place of what is wrong is told', () => {
    for (const number of ['0', '19000', '19999', '536870912', '-1', '1.5'])
      refused(table(`string a = ${number};`), /^schema.proto:4:\d+: /);
    for (const number of ['2', '18999', '20000', '536870911'])
      expect(parseSchema(table(`string a = ${number};`)).tables.size).toBe(1);
    refused(table('reserved 2 to 4; string a = 3;'), /^schema.proto:4:\d+: id 3 is reserved/);
    refused(table('reserved "a"; string a = 3;'), /^schema.proto:4:\d+: name 'a' is reserved/);
    refused(table('string a = 2; string b = 2;'), /^schema.proto:4:\d+: duplicate id 2/);
    refused(table('string a = 2; message N { string x = 0; } N n = 3;'), 'x has number 0');
    refused(table('E e = 2;', 'enum E { A = 1; }'), 'the first value of the enum E is 1');
    refused(table('E e = 2;', 'enum E { A = 0; B = 1; C = 1; }'), /1/);
    refused(table('E e = 2;', 'enum E { A = 0; B = 2147483648; }'), /^schema.proto:/);
    expect(
      parseSchema(table('E e = 2;', 'enum E { option allow_alias = true; A = 0; B = 1; C = 1; }')).tables.size,
    ).toBe(1);
    expect(parseSchema(table('optional E e = 2;', 'enum E { A = 1; }', 'proto2')).tables.size).toBe(1);
    refused(`${table('extensions 100 to 200;', '', 'proto2')} extend T { optional int32 x = 100; }`, 'is an extension');
  });

  test('fields may have the names of what every object has', async () => {
    const names = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf', '__proto__', 'default'];
    const schema = `syntax = "proto3";
message Inner { string constructor = 1; int32 __proto__ = 2; }
message T {
  option (tcaplusservice.tcaplus_primary_key) = "toString, __proto__";
  option (tcaplusservice.tcaplus_sharding_key) = "toString";
  option (tcaplusservice.tcaplus_index) = "by(valueOf, hasOwnProperty)";
  string toString = 1; int64 __proto__ = 2; string valueOf = 3; int32 hasOwnProperty = 4;
  Inner constructor = 5; map<string, int32> isPrototypeOf = 6; bytes default = 7;
}`;
    const store = await open(schema);
    const t = store.table('T');
    const make = (fields: Record<string, unknown>, proto: unknown): Record<string, unknown> =>
      Object.defineProperty({ ...fields }, '__proto__', {
        value: proto,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    const key = make({ toString: 'k' }, 5n);
    // Only the key: nothing that objects inherit is taken for a value.
    await t.insert(key);
    const blank = (await t.get(key))?.record as Record<string, unknown>;
    expect(Object.keys(blank).sort()).toEqual([...names].sort());
    expect([blank.valueOf, blank.hasOwnProperty, blank.constructor, blank.isPrototypeOf]).toEqual([
      '',
      0,
      undefined,
      {},
    ]);
    const record = make(
      {
        toString: 'k',
        valueOf: 'v',
        hasOwnProperty: 7,
        constructor: make({ constructor: 'c' }, 9),
        isPrototypeOf: make({ constructor: 1 }, 2),
        default: Uint8Array.of(1),
      },
      5n,
    );
    await t.replace(record);
    await t.fieldIncrease(key, { hasOwnProperty: 1, 'constructor.__proto__': 1 });
    const found = (await t.get(key))?.record as Record<string, unknown>;
    const { message } = store.codec('T').table;
    expect(toJson(message, found)).toEqual(
      make(
        {
          toString: 'k',
          valueOf: 'v',
          hasOwnProperty: 8,
          constructor: make({ constructor: 'c' }, 10),
          isPrototypeOf: make({ constructor: 1 }, 2),
          default: 'AQ==',
        },
        '5',
      ),
    );
    expect(Object.entries(fromJson(message, JSON.parse(JSON.stringify(toJson(message, found)))))).toEqual(
      Object.entries(found),
    );
    expect((await t.query("select * from T where valueOf = 'v' and hasOwnProperty = 8")).records).toHaveLength(1);
    expect((await t.getByPartKey({ toString: 'k' })).records).toHaveLength(1);
    expect((await t.fieldGet(key, ['constructor.constructor', '__proto__']))?.values).toMatchObject({
      'constructor.constructor': 'c',
    });
    expect(await verifyStore(store)).toMatchObject({ ok: true });
    await expect(t.insert({ ...make({ toString: 'x' }, 1n), nope: 1 })).rejects.toMatchObject({
      code: 'FIELD_UNKNOWN',
    });
    await expect(t.query("select * from T where nope = 'v'")).rejects.toMatchObject({ code: 'QUERY_INVALID' });
  });

  test('maps and messages are plain objects, keys of maps are spelt one way', async () => {
    const schema = table(
      'map<string, string> ms = 2; map<bool, string> mb = 3; map<int32, string> mi = 4; map<uint64, string> mu = 5; N n = 6; map<string, N> mn = 7; repeated N rn = 8;',
      'message N { int32 a = 1; }',
    );
    const store = await open(schema);
    const t = store.table('T');
    const wrong: Record<string, unknown>[] = [
      { ms: new Map([['a', 'b']]) },
      { ms: ['a'] },
      { ms: 'a' },
      { ms: 5 },
      { ms: new Date() },
      { ms: new Uint8Array(2) },
      { ms: new Set(['a']) },
      { ms: { a: undefined } },
      { mb: { yes: 'a' } },
      { mb: { TRUE: 'a' } },
      { mb: { 1: 'a' } },
      ...['', ' 7', '7 ', '+7', '07', '-0', '1e3', '0x10', '1.0', '2147483648', 'seven'].map((key) => ({
        mi: { [key]: 'a' },
      })),
      ...['-1', '18446744073709551616', '1n'].map((key) => ({ mu: { [key]: 'a' } })),
      { n: new Map() },
      { n: [] },
      { n: new Date() },
      { n: 'x' },
      { mn: { a: [] } },
      { mn: { a: new Map() } },
      { rn: [new Map()] },
      { rn: [undefined] },
      { rn: {} },
    ];
    for (const fields of wrong)
      await expect(t.insert({ id: 1n, ...fields }), JSON.stringify(fields)).rejects.toMatchObject({
        code: 'FIELD_TYPE',
      });
    for (const record of [new Map(), [], 'x', null])
      await expect(t.insert(record as never), String(record)).rejects.toBeInstanceOf(Error);
    const right = {
      id: 1n,
      ms: Object.assign(Object.create(null), { '': 'a' }),
      mb: { true: 'y', false: 'n' },
      mi: { '-2147483648': 'a', 0: 'b' },
      mu: { '18446744073709551615': 'a' },
      n: { a: 1 },
      mn: { k: { a: 2 } },
    };
    await t.insert(right);
    expect((await t.get({ id: 1n }))?.record).toEqual({ ...right, ms: { '': 'a' }, rn: [] });
    const { message } = store.codec('T').table;
    for (const json of [{ ms: [] }, { ms: 'abc' }, { mn: 5 }, { mn: { a: [] } }, { rn: {} }, { n: [] }])
      expect(() => fromJson(message, json), JSON.stringify(json)).toThrow(
        expect.objectContaining({ code: 'FIELD_TYPE' }),
      );
  });

  test('types of protobuf itself are messages for programs and for other coders, and have their own JSON', async () => {
    const files = ['timestamp', 'duration', 'struct', 'wrappers', 'any', 'empty', 'field_mask'];
    const schema = table(
      `google.protobuf.Timestamp at = 2; google.protobuf.Duration took = 3; google.protobuf.Struct any = 4;
       google.protobuf.Int64Value i = 5; google.protobuf.StringValue s = 6; google.protobuf.BytesValue b = 7;
       google.protobuf.BoolValue ok = 8; google.protobuf.Any packed = 9; google.protobuf.Empty none = 10;
       google.protobuf.FieldMask mask = 11; repeated google.protobuf.Timestamp all = 12; google.protobuf.Value v = 13;
       google.protobuf.DoubleValue d = 14;`,
      files.map((name) => `import "google/protobuf/${name}.proto";`).join('\n'),
    );
    const store = await open(schema);
    const t = store.table('T');
    const json = {
      id: '1',
      at: '2026-11-28T08:00:00.500Z',
      took: '-1.000000001s',
      any: { text: 'x', list: [1, null, true, { deep: [] }], none: null },
      i: '9007199254740993',
      s: '',
      b: 'AQI=',
      ok: false,
      packed: { type_url: 'type.googleapis.com/x', value: 'AA==' },
      none: {},
      mask: 'a,b.c',
      all: ['1970-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
      v: null,
      d: 'NaN',
    };
    const { message } = store.codec('T').table;
    await t.insert(fromJson(message, json));
    const record = (await t.get({ id: 1n }))?.record as Record<string, unknown>;
    expect(record.at).toEqual({ seconds: BigInt(Date.UTC(2026, 10, 28, 8) / 1000), nanos: 500_000_000 });
    expect(record.took).toEqual({ seconds: -1n, nanos: -1 });
    expect(record.s).toEqual({ value: '' });
    expect(toJson(message, record)).toEqual(json);
    for (const wrong of [
      { at: '2026-02-30T00:00:00Z' },
      { at: 5 },
      { at: '2026-11-28' },
      { took: '1' },
      { took: '1m' },
      { i: 'x' },
      { any: [] },
      { ok: 'true' },
    ])
      expect(() => fromJson(message, { id: '1', ...wrong }), JSON.stringify(wrong)).toThrow(
        expect.objectContaining({ code: 'FIELD_TYPE' }),
      );
    // protobufjs reads the same with its own definitions.
    const root = new protobuf.Root();
    for (const name of files) root.addJSON(protobuf.common.get(`google/protobuf/${name}.proto`)?.nested ?? {});
    protobuf.parse(schema, root, { keepCase: true });
    root.resolveAll();
    const bytes = store.messages.encode(message, record);
    const other = root.lookupType('T').toObject(root.lookupType('T').decode(bytes), { longs: String }) as Record<
      string,
      unknown
    >;
    expect(other.at).toEqual({ seconds: '1795852800', nanos: 500_000_000 });
    expect(Object.keys((other.any as { fields: object }).fields)).toEqual(['text', 'list', 'none']);
    expect(Buffer.from(root.lookupType('T').encode(root.lookupType('T').decode(bytes)).finish())).toEqual(bytes);
    expect(generateTypes(parseSchema(schema))).toContain('at?: ProtobufTimestamp | undefined;');
    refused(table('google.protobuf.Timestamp at = 2;'), 'Timestamp');
  });

  test('a schema that a store took before it was refused is read on, so that its records are', async () => {
    const old = table('string a = 19500; E e = 3;', 'enum E { ONE = 1; }');
    refused(old, 'number 19500');
    // As an older version left it.
    await engine.writeMeta(
      'schema/old',
      JSON.stringify({ source: old, file: 'old.proto', ids: { T: 900 } }),
      undefined,
    );
    const store = await createRecordStore({ engine, namespace: 'old', sweepEveryMs: 0 });
    stores.push(store);
    await store.table('T').insert({ id: 1n, a: 'x', e: 'ONE' });
    expect((await store.table('T').get({ id: 1n }))?.record).toEqual({ id: 1n, a: 'x', e: 'ONE' });
    const again = await open(old, 'old');
    expect((await again.table('T').get({ id: 1n }))?.record.a).toBe('x');
    await expect(open(old.replace('E e = 3;', 'E e = 3; string b = 4;'), 'old')).rejects.toMatchObject({
      code: 'SCHEMA_INVALID',
    });
  });

  test('an indexed field keeps what it is read as when it is absent', async () => {
    const schema = (literal: string): string =>
      table(
        `option (tcaplusservice.tcaplus_index) = "by(lives)"; optional int32 lives = 2 [default = ${literal}]; optional int32 free = 3 [default = ${literal}];`,
        '',
        'proto2',
      );
    await open(schema('5'));
    await expect(open(schema('6'))).rejects.toMatchObject({
      code: 'SCHEMA_CHANGE_FORBIDDEN',
      message: expect.stringContaining('lives is in an index'),
    });
  });
});

const DEFAULTS = `syntax = "proto2";
message Sub { optional int32 hp = 1 [default = 100]; }
message T {
  option (tcaplusservice.tcaplus_primary_key) = "id";
  option (tcaplusservice.tcaplus_index) = "by_lives(lives)";
  option (tcaplusservice.tcaplus_index) = "by_rank(rank)";
  required int64 id = 1; optional int32 lives = 2 [default = 5]; optional int64 gold = 3 [default = -1000];
  optional Sub sub = 4; optional sint32 s = 5 [default = -7]; optional float f = 6 [default = 1.5];
  optional uint64 big = 7 [default = 18446744073709551615]; optional fixed32 fix = 8 [default = 9]; optional int32 zero = 9 [default = 0];
  optional int32 plain = 10; optional Rank rank = 11 [default = GOLD];
  oneof one { int32 a = 12 [default = 3]; string b = 13; }
}
enum Rank { TIN = 1; GOLD = 2; }`;

describe.each(['lmdb', 'postgres'] as const)('declared defaults on %s', (kind) => {
  let server: Postgres | undefined;
  let dir: string;
  let engine: KvEngine;
  let store: RecordStore;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'sparrow-defaults-'));
    if (kind === 'postgres') {
      server = await startPostgres();
      engine = await createShardsEngine({ meta: server.url, slots: 64, shards: [{ id: 's0', url: server.url }] });
    } else engine = await createLmdbEngine({ dir });
    store = await createRecordStore({ engine, schema: DEFAULTS, sweepEveryMs: 0 });
  });
  afterAll(async () => {
    await store?.close();
    await engine?.close();
    await server?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test('count alike in get, fieldGet, increase, conditions, transactions, indexes, queries and verify', async () => {
    const t = store.table('T');
    const read = { lives: 5, gold: -1000n, s: -7, f: 1.5, big: 2n ** 64n - 1n, fix: 9, zero: 0, rank: 'GOLD' };
    await t.insert({ id: 1n, sub: {} });
    await t.insert({ id: 2n });
    await t.insert({ id: 3n, lives: 8, rank: 'TIN' });
    expect((await t.get({ id: 1n }))?.record).toEqual({ id: 1n, ...read, sub: { hp: 100 } });
    expect((await t.fieldGet({ id: 2n }, ['lives', 'big', 'sub.hp', 'plain', 'a']))?.values).toEqual({
      lives: 5,
      big: 2n ** 64n - 1n,
      'sub.hp': undefined,
      plain: undefined,
      a: undefined,
    });
    const ids = async (where: string): Promise<bigint[]> =>
      (await t.query(`select * from T where ${where}`)).records.map(({ record }) => record.id as bigint).sort();
    expect(await ids('lives = 5')).toEqual([1n, 2n]);
    expect(await ids('lives > 5')).toEqual([3n]);
    expect(await ids('lives >= 0 and gold = -1000')).toEqual([1n, 2n, 3n]);
    expect(await ids("rank = 'GOLD'")).toEqual([1n, 2n]);
    expect((await t.query('select sum(lives), min(lives) from T where lives > 0')).values).toEqual([18n, 5n]);
    expect(await verifyStore(store)).toMatchObject({ ok: true });

    await t.fieldIncrease(
      { id: 1n },
      { lives: -1, gold: 1n, s: 1, f: 1, big: -1n, fix: 1, zero: 1, plain: 1, 'sub.hp': -1 },
    );
    expect((await t.get({ id: 1n }))?.record).toMatchObject({
      ...{ lives: 4, gold: -999n, s: -6, f: 2.5, big: 2n ** 64n - 2n, fix: 10, zero: 1, plain: 1, sub: { hp: 99 } },
    });
    // One field at a time goes another way.
    await t.fieldIncrease({ id: 2n }, { gold: 1500n }, { lower: 0n });
    await t.fieldIncrease({ id: 2n }, { s: -1 });
    await expect(t.fieldIncrease({ id: 2n }, { big: 1n })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await t.fieldIncrease({ id: 2n }, { big: -3n });
    await t.fieldIncrease({ id: 2n }, { 'sub.hp': 1 });
    expect((await t.get({ id: 2n }))?.record).toMatchObject({
      ...{ gold: 500n, s: -8, big: 2n ** 64n - 4n, sub: { hp: 101 } },
    });
    await t.update({ id: 3n, plain: 1 }, { condition: "lives = 8 and rank = 'TIN'" });
    await t.update({ id: 3n, plain: 2 }, { condition: "lives = 5 and rank = 'GOLD'" });
    await store.transaction((tx) => tx.fieldIncrease('T', { id: 3n }, { lives: 1 }));
    expect(await ids('lives = 6')).toEqual([3n]);
    await t.fieldUpdate({ id: 3n }, { lives: undefined });
    expect(await ids('lives = 5')).toEqual([2n, 3n]);
    await t.fieldUpdate({ id: 3n }, { b: 'x' });
    expect((await t.get({ id: 3n }))?.record).toMatchObject({ a: undefined, b: 'x' });
    await t.replace((await t.get({ id: 3n }))?.record as never);
    expect((await t.get({ id: 3n }))?.record).toMatchObject({ a: undefined, b: 'x' });
    expect(await verifyStore(store)).toMatchObject({ ok: true });
  });
});
