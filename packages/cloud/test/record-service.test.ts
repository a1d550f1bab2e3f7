import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  FrameOutput,
  RECORD_ANSWER,
  RECORD_GET,
  RECORD_OPERATIONS,
  type RecordTurnedAway,
  type RecordWelcome,
} from '@sparrow/protocol/record-wire';
import { createShardsEngine } from '@sparrow/store';
import { createRandom, startPostgres } from '@sparrow/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from './harness.ts';
import { connectRaw, type ServedRecords, serveRecords } from './record-harness.ts';

const SCHEMA = `syntax = "proto3"; package game;
  message Player { option (tcaplusservice.tcaplus_primary_key) = "id, zone";
    int64 id = 1; int32 zone = 2; string name = 3; int64 gold = 4; bytes raw = 5; Rank rank = 6; map<string, Place> places = 7; optional int32 seen = 8;
    oneof look { string skin = 9; bytes picture = 10; } }
  enum Rank { NONE = 0; HIGH = 7; }
  message Place { double x = 1; repeated sint64 steps = 2; Place next = 3; }
  message Secret { option (tcaplusservice.tcaplus_primary_key) = "id"; string id = 1; string token = 2 [(tcaplusservice.tcaplus_crypto) = true]; int64 uses = 3; }
  message Mail { option (tcaplusservice.tcaplus_primary_key) = "id"; option (tcaplusservice.tcaplus_customattr) = "TableType=LIST;ListNum=4";
    int64 id = 1; string text = 2; bytes raw = 3; }`;

const PLAYER = {
  id: -(2n ** 63n),
  zone: 0,
  name: '麻雀',
  gold: 5n,
  raw: Uint8Array.of(0, 255),
  rank: 'HIGH',
  places: { $home: { x: -0.5, steps: [1n, -(2n ** 63n)], next: { x: 1, steps: [], next: undefined } } },
  seen: undefined,
  skin: undefined,
  picture: new Uint8Array(0),
};
/** Where a record comes back as JSON, what is undefined is left out. */
const { seen: _seen, skin: _skin, ...SET } = PLAYER;
const LESS = { ...SET, places: { $home: { x: -0.5, steps: [1n, -(2n ** 63n)], next: { x: 1, steps: [] } } } };
/** Field 4000, which no schema here knows. */
const UNKNOWN = Buffer.from([0x82, 0xfa, 0x01, 0x02, 0xab, 0xcd]);

describe('the record service', () => {
  let folder: { path: string; remove(): void };
  let served: ServedRecords | undefined;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(async () => {
    await served?.close();
    served = undefined;
    folder.remove();
  });

  test('every kind of field comes back as it was written, with its version and times', async () => {
    served = await serveRecords(folder.path, SCHEMA);
    const table = (await served.connect()).table('Player');
    const before = Date.now();
    expect(await table.insert(PLAYER, { ttlMs: 60_000 })).toEqual({ code: 0, version: 1 });
    const found = await table.get({ id: PLAYER.id, zone: 0 });
    expect(found).toMatchObject({ record: PLAYER, version: 1 });
    expect(found?.modified).toBeGreaterThanOrEqual(before);
    expect(found?.expires).toBeGreaterThanOrEqual(before + 60_000);
    expect(
      await table.batchGet([
        { id: PLAYER.id, zone: 0 },
        { id: 1n, zone: 1 },
      ]),
    ).toMatchObject([{ record: PLAYER, version: 1 }, null]);
    // A whole record is a key, too: what is no key field is not looked at.
    expect((await table.get({ ...PLAYER, more: 1 }))?.version).toBe(1);
    expect(await table.delete({ id: PLAYER.id, zone: 0 }, { version: 1 })).toMatchObject({ version: 1 });
    expect(await table.get({ id: PLAYER.id, zone: 0 })).toBeUndefined();
  });

  test('options come along with encoded calls, and refusals with what they carry', async () => {
    served = await serveRecords(folder.path, SCHEMA);
    const table = (await served.connect()).table('Player');
    await table.insert(PLAYER);
    const same = { id: PLAYER.id, zone: 0 };
    await expect(table.replace(PLAYER, { version: 9, resultFlag: { failure: 3 } })).rejects.toMatchObject({
      code: 'ERR_RECORD_STORE',
      storeCode: 'VERSION_MISMATCH',
      tcaplus: -7949,
      version: 1,
      record: LESS,
    });
    await expect(table.update({ ...PLAYER, gold: 9n }, { condition: 'gold > 5' })).rejects.toMatchObject({
      storeCode: 'CONDITION_FAILED',
    });
    expect(await table.update({ ...PLAYER, gold: 9n }, { condition: 'gold = 5', resultFlag: { success: 3 } })).toEqual({
      code: 0,
      version: 2,
      record: LESS,
    });
    const get = table.get as (key: object, options: object) => Promise<unknown>;
    expect(await get(same, { ifModifiedFrom: 2 })).toEqual({ code: 288, version: 2 });
    expect(await get(same, { ifModifiedFrom: 1 })).toMatchObject({ version: 2 });
    // What the key lacks is not taken for its default, nor a value for another.
    await expect(table.get({ id: 1n })).rejects.toMatchObject({ storeCode: 'KEY_MISSING' });
    await expect(table.batchGet([same, { id: 1n }])).rejects.toMatchObject({ storeCode: 'KEY_MISSING' });
    await expect(table.batchGet(Array.from({ length: 1_025 }, () => same))).rejects.toMatchObject({
      storeCode: 'BATCH_TOO_LARGE',
    });
    await expect(table.insert({ name: 'x', zone: 1 })).rejects.toMatchObject({ storeCode: 'KEY_MISSING' });
    await expect(table.insert({ ...PLAYER, gold: 'much' })).rejects.toMatchObject({ storeCode: 'FIELD_TYPE' });
    await expect(table.insert({ ...PLAYER, golf: 1 })).rejects.toMatchObject({ storeCode: 'FIELD_UNKNOWN' });
    const store = await served.connect();
    await expect(store.table('Nobody').get({ id: 1n })).rejects.toMatchObject({ storeCode: 'TABLE_UNKNOWN' });
    await expect(store.table('Mail').get({ id: 1n })).rejects.toMatchObject({ storeCode: 'TABLE_KIND' });
  });

  test('fields that the schema does not know stay in a record that is read and changed', async () => {
    served = await serveRecords(folder.path, SCHEMA);
    const opened = await served.service.store();
    const codec = opened.codec('Player');
    const key = codec.rowKey(PLAYER);
    const at = { slot: codec.slotOfRow(key), key };
    const deadline = performance.now() + 5_000;
    const value = Buffer.concat([UNKNOWN, codec.encode(PLAYER, key)]);
    await opened.engine.commit({
      slot: at.slot,
      now: Date.now(),
      feed: false,
      deadline,
      writes: [{ key, op: 'put', when: 'any', policy: 1, version: 0, value, expires: 0, index: [] }],
    });
    const table = (await served.connect()).table('Player');
    expect((await table.get(PLAYER))?.record).toEqual(PLAYER);
    await table.fieldIncrease({ id: PLAYER.id, zone: 0 }, { gold: 2n });
    expect((await table.get(PLAYER))?.record).toEqual({ ...PLAYER, gold: 7n });
    const row = await opened.engine.get(at, { deadline });
    expect(Buffer.from(row?.value ?? []).includes(UNKNOWN)).toBe(true);
  });

  test('encrypted fields are open to the backend and closed in the store', async () => {
    writeFileSync(
      join(folder.path, 'keys.json'),
      JSON.stringify({ current: 'k', keys: { k: randomBytes(32).toString('base64') } }),
    );
    served = await serveRecords(folder.path, SCHEMA, { cryptoFile: join(folder.path, 'keys.json') });
    const table = (await served.connect()).table('Secret');
    const secret = { id: 's', token: 'very secret', uses: 0n };
    await table.insert(secret);
    // Once from the engine and once from the hot tier.
    for (let i = 0; i < 2; i++) expect((await table.get({ id: 's' }))?.record).toEqual(secret);
    expect((await table.batchGet([{ id: 's' }]))[0]?.record).toEqual(secret);
    const opened = await served.service.store();
    const codec = opened.codec('Secret');
    const key = codec.rowKey({ id: 's' });
    const row = await opened.engine.get({ slot: codec.slotOfRow(key), key }, { deadline: performance.now() + 5_000 });
    expect(Buffer.from(row?.value ?? []).includes('very secret')).toBe(false);
  });

  test('reads count against the quota of the app and in its telemetry', async () => {
    served = await serveRecords(folder.path, SCHEMA, { quotas: { 'a/local': { readsPerSecond: 5 } } });
    const table = (await served.connect()).table('Player');
    const all = await Promise.allSettled(Array.from({ length: 40 }, () => table.get(PLAYER)));
    const refused = all.filter((entry) => entry.status === 'rejected');
    expect(refused.length).toBeGreaterThan(20);
    expect(refused.length).toBeLessThan(40);
    expect(refused[0]?.reason).toMatchObject({ storeCode: 'QUOTA_EXCEEDED' });
    expect((await served.service.store()).telemetry.operations()).toMatchObject([
      { op: 'get', table: 'Player', calls: 40, errors: refused.length },
    ]);
  });

  test('lists are served beside records', async () => {
    served = await serveRecords(folder.path, SCHEMA);
    const mails = (await served.connect()).list('Mail');
    const mail = { id: 1n, text: 'hello', raw: Uint8Array.of(1, 2) };
    for (let i = 0; i < 4; i++) await mails.listAddAfter({ ...mail, text: `hello ${i}` });
    await expect(mails.listAddAfter(mail)).rejects.toMatchObject({ storeCode: 'LIST_FULL', tcaplus: -6157 });
    expect((await mails.listGet({ id: 1n }, 3))?.record).toEqual({ ...mail, text: 'hello 3' });
    expect(await mails.listCount({ id: 1n })).toBe(4);
  });

  test('a store on PostgreSQL is served the same way', async () => {
    const server = await startPostgres();
    try {
      const shards = [{ id: 's0', url: server.url }];
      await (await createShardsEngine({ meta: server.url, slots: 64, shards })).close();
      served = await serveRecords(folder.path, SCHEMA, { meta: server.url });

      expect((await served.service.store()).engine.kind).toBe('postgres');
      const table = (await served.connect()).table('Player');
      const ids = Array.from({ length: 50 }, (_, i) => BigInt(i));
      await Promise.all(ids.map((id) => table.insert({ ...PLAYER, id })));
      const found = await Promise.all(ids.map((id) => table.get({ id, zone: 0 })));
      expect(found.map((entry) => entry?.record)).toEqual(ids.map((id) => ({ ...PLAYER, id })));
      expect(await table.get({ id: 99n, zone: 0 })).toBeUndefined();
      const many = await table.batchGet([...ids, 99n].map((id) => ({ id, zone: 0 })));
      expect(many).toEqual([...found, null]);
      await served.close();
      served = undefined;
    } finally {
      await server.close();
    }
  });

  test('a client of an older version is told so', async () => {
    served = await serveRecords(folder.path, SCHEMA);
    const old = await connectRaw(served.path, { version: 1, token: 'secret of the app' });
    await old.closed;
    const { i, e } = JSON.parse(String(old.frames[0])) as RecordTurnedAway;
    expect([i, e.code]).toEqual([0, 'PROTOCOL_VERSION']);
    expect(old.frames.length).toBe(1);
  });

  test('who does not read its answers is not served further, and gets every one when it reads', async () => {
    served = await serveRecords(folder.path, SCHEMA);
    const opened = await served.service.store();
    await opened.table('Player').insert({ ...PLAYER, raw: randomBytes(50_000) });
    const raw = await connectRaw(served.path);
    while (raw.frames.length === 0) await sleep(5);
    raw.socket.pause();
    const calls = 1_000;
    const out = new FrameOutput();
    for (let i = 0; i < calls; i++) addGet(out, i);
    out.flush(raw.socket);
    await sleep(300);
    const calledSoFar = opened.telemetry.operations().find(({ op }) => op === 'get')?.calls ?? 0;
    expect(calledSoFar).toBeGreaterThan(0);
    expect(calledSoFar).toBeLessThan(100);
    raw.socket.resume();
    while (raw.frames.length < calls + 1) await sleep(5);
    const answers = raw.frames.slice(1);
    expect(answers.map((frame) => frame.readUInt32BE(0))).toEqual(Array.from({ length: calls }, (_, i) => i));
    expect(answers.every((frame) => frame[4] === RECORD_ANSWER.found && frame.length > 50_000)).toBe(true);
    raw.socket.destroy();
  });

  test('nonsense ends the connection or is answered with an error, and others go on', async () => {
    served = await serveRecords(folder.path, SCHEMA);
    const other = (await served.connect()).table('Player');
    await other.insert(PLAYER);
    // Nonsense can be a good write of the record that it was made of, but hardly of this one.
    const kept = { ...PLAYER, id: 2n ** 61n + 987_654_321n };
    await other.insert(kept);
    const seed = randomBytes(4).readUInt32BE();
    const random = createRandom(seed);
    const pick = (below: number): number => Math.floor(random() * below);
    const noise = (size: number): Buffer => Buffer.from(Array.from({ length: size }, () => pick(256)));
    const out = new FrameOutput();
    addGet(out, 1);
    const good = Buffer.from(out.bytes.subarray(0, out.at));
    let answered = 0;
    for (let round = 0; round < 150; round++) {
      const raw = await connectRaw(served.path, round % 10 === 0 ? noise(pick(40)).toString('latin1') : undefined);
      for (let i = 0; i < 20; i++) {
        const kind = pick(4);
        if (kind === 0) raw.socket.write(noise(pick(60)));
        else if (kind === 1) {
          // A good call with a few bytes changed, or cut off.
          const changed = Buffer.from(good);
          for (let n = pick(4); n >= 0; n--) changed[4 + pick(changed.length - 4)] = pick(256);
          raw.socket.write(pick(3) === 0 ? changed.subarray(0, pick(changed.length)) : changed);
        } else {
          // A whole frame with a true length: any operation, any table, any body.
          const text = pick(2) === 0;
          const body = text
            ? Buffer.from(JSON.stringify(pick(2) === 0 ? [noise(4).toString(), { $b: 1 }, null] : {}))
            : noise(pick(50));
          const frame = new FrameOutput();
          const count = RECORD_OPERATIONS.GENERIC.length;
          frame.call(i, pick(count + 1) | (pick(2) << 7), pick(4), body.length);
          frame.raw(body);
          raw.socket.write(Buffer.from(frame.bytes.subarray(0, frame.at)));
        }
      }
      raw.socket.end();
      await Promise.race([raw.closed, sleep(2_000)]);
      raw.socket.destroy();
      answered += raw.frames.length;
    }
    expect(answered, `seed ${seed}`).toBeGreaterThan(150);
    expect((await other.get(kept))?.version, `seed ${seed}`).toBe(1);
    expect(await other.insert({ ...PLAYER, id: 12_345n, zone: 99 })).toMatchObject({ version: 1 });
  });

  test('the welcome names the tables and what is inside of them, and no more', async () => {
    served = await serveRecords(folder.path, SCHEMA);
    const raw = await connectRaw(served.path);
    while (raw.frames.length === 0) await sleep(5);
    const welcome = JSON.parse(String(raw.frames[0])) as RecordWelcome;
    expect(welcome.tables).toMatchObject([
      { name: 'Player', kind: 'GENERIC', key: ['id', 'zone'] },
      { name: 'Secret', kind: 'GENERIC', key: ['id'] },
      { name: 'Mail', kind: 'LIST', key: ['id'] },
    ]);
    expect(welcome.messages.map(({ name }) => name.split('.').at(-1)).sort()).toEqual([
      'Mail',
      'Place',
      'Player',
      'Secret',
    ]);
    raw.socket.destroy();
  });
});

/** A get of PLAYER, as the SDK sends it. */
function addGet(out: FrameOutput, call: number): void {
  // id = 1: ten bytes of a negative varint; zone = 2: 0.
  const body = Buffer.from([0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0x10, 0x00]);
  out.call(call, RECORD_GET, 0, body.length);
  out.raw(body);
}
