import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RECORD_PROTOCOL_VERSION } from '@sparrow/protocol';
import { SparrowRecordError } from '@sparrow/sdk/server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDevServer, type DevServer } from '../src/index.ts';
import { createRecordService } from '../src/records/record-service.ts';
import { REPOSITORY, temporaryFolder, writeProject } from './harness.ts';
import { connectRaw, serveRecords } from './record-harness.ts';

describe('records of a backend', () => {
  let folder: { path: string; remove(): void };
  let server: DevServer | undefined;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
    folder.remove();
  });

  async function startGame(): Promise<DevServer> {
    const source = join(REPOSITORY, 'examples/game-save');
    const dir = join(folder.path, 'game');
    cpSync(source, dir, {
      recursive: true,
      filter: (path) => !/node_modules|\.sparrow/.test(path.slice(source.length)),
    });
    writeProject(dir, {
      'package.json': {
        name: 'game-save',
        type: 'module',
        dependencies: { '@sparrow/sdk': `file:${REPOSITORY}packages/sdk` },
      },
    });
    server = await createDevServer({ dir, port: 0, watch: false });
    await server.whenBackendReady(30_000);
    return server;
  }

  test('the table browser says what is wrong with a request, whatever it is', async () => {
    const { url, token } = await startGame();
    const base = `${url}/api/v1/store/`;
    const call = (path: string, method = 'GET', body?: string) =>
      fetch(base + path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body }),
      });
    const { tables } = (await (await call('tables')).json()) as { tables: { name: string; kind: string }[] };
    const requests: [string, string?, string?][] = [
      ['tables/nowhere'],
      ['slots'],
      ['shards/move', 'POST', '{}'],
      ['shards', 'POST', '{"id":1,"url":2}'],
      ['grow', 'POST', '{"meta":{}}'],
    ];
    for (const { name } of tables)
      requests.push(
        [`tables/${name}?key=%7B`],
        [`tables/${name}?key=7`],
        [`tables/${name}?key=null`],
        [`tables/${name}?cursor=!`],
        [`tables/${name}?query=%28`],
        [`tables/${name}`, 'PUT', '{}'],
        [`tables/${name}`, 'PUT', '{"record":7}'],
        [`tables/${name}`, 'PUT', '{"record":null,"index":"x"}'],
        [`tables/${name}`, 'DELETE', '{"key":[]}'],
        [`tables/${name}`, 'DELETE', 'null'],
      );
    const broken = [];
    for (const request of requests) {
      const response = await call(...request);
      const answer = await response.text();
      if (response.status >= 500) broken.push([...request, response.status, answer]);
    }
    expect(broken).toEqual([]);
    expect((await call(`tables/${tables.find(({ kind }) => kind !== 'GENERIC')?.name}?key=%7B`)).status).toBe(400);
  });

  test('the game save service keeps saves, gold and purchases over a restart', async () => {
    let dev = await startGame();
    const call = async (method: string, path: string, body?: object): Promise<[number, unknown]> => {
      const response = await fetch(`${dev.ingressUrl}/ann/${path}`, {
        method,
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      return [response.status, await response.json()];
    };
    expect(await call('PUT', 'saves/1', { level: 3, state: 'aGVsbG8=' })).toEqual([200, { version: 1 }]);
    expect(await call('PUT', 'saves/1', { level: 4, state: 'eA==', version: 1 })).toEqual([200, { version: 2 }]);
    // Another device still has version 1.
    expect(await call('PUT', 'saves/1', { level: 9, state: '', version: 1 })).toEqual([
      409,
      { error: 'VERSION_MISMATCH', version: 2 },
    ]);
    expect(await call('POST', 'gold', { amount: 100 })).toEqual([200, { gold: '100' }]);
    expect(await call('POST', 'purchases', { item: 'sword', price: 70 })).toEqual([200, { gold: '30' }]);
    expect(await call('POST', 'purchases', { item: 'shield', price: 70 })).toEqual([
      402,
      { error: 'OUT_OF_RANGE', version: 2 },
    ]);
    await dev.close();
    server = undefined;
    dev = await startGame();
    expect(await call('GET', 'saves/1')).toEqual([200, { level: 4, state: 'eA==', version: 2 }]);
    expect(await call('GET', 'purchases')).toEqual([200, ['sword']]);

    // What the console shows.
    const console_ = async (path: string): Promise<Record<string, unknown>> =>
      (await (
        await fetch(`${dev.url}/api/v1/store/${path}`, { headers: { authorization: `Bearer ${dev.token}` } })
      ).json()) as Record<string, unknown>;
    expect(await console_('tables')).toMatchObject({
      tables: [
        { name: 'Save', count: 1 },
        { name: 'Wallet', count: 1 },
        { name: 'Purchase', count: null },
      ],
    });
    expect(await console_('tables/Wallet')).toMatchObject({
      records: [{ record: { player: 'ann', gold: '30' }, version: 2 }],
    });
    expect(await console_('shards')).toMatchObject({ embedded: true });
    expect(await console_('slow')).toHaveProperty('operations');
  });

  test('one app does not get to the records of another, and nobody without the token', async () => {
    const schema = readFileSync(join(REPOSITORY, 'examples/game-save/server/records.proto'), 'utf8');
    writeProject(folder.path, { 'a/records.proto': schema, 'b/records.proto': schema });
    const service = (app: string): ReturnType<typeof createRecordService> =>
      createRecordService({
        dir: join(folder.path, `store-${app}`),
        app,
        env: 'local',
        backendDir: join(folder.path, app),
        token: `secret-${app}`,
      });
    const [a, b] = [service('a'), service('b')];
    const wallets = (await a.store()).table('Wallet');
    await wallets.insert({ player: 'ann', gold: 1n });
    expect(await (await b.store()).table('Wallet').get({ player: 'ann' })).toBeUndefined();
    const { socket: path } = await a.open();
    const stranger = await connectRaw(path, { version: RECORD_PROTOCOL_VERSION, token: 'secret-b' });
    await stranger.closed;
    expect(String(stranger.frames[0])).toContain('TOKEN_INVALID');
    await a.close();
    await b.close();
  });

  test('values come through as they are, and refusals with their codes', async () => {
    const served = await serveRecords(
      folder.path,
      `syntax = "proto3"; message Thing { option (tcaplusservice.tcaplus_primary_key) = "id";
        int64 id = 1; bytes raw = 2; map<string, int64> bag = 3; repeated double list = 4; string text = 5; }`,
    );
    const table = (await served.connect()).table('Thing');
    const thing = {
      id: 2n ** 62n,
      raw: Uint8Array.of(0, 255),
      bag: { $n: 1n, $$b: 2n, plain: -3n },
      list: [0.5, -1e300],
      text: '麻雀 \u0000',
    };
    await table.insert(thing);
    expect((await table.get({ id: thing.id }))?.record).toEqual(thing);
    expect(await table.get({ id: 1n })).toBeUndefined();
    const error = await table.insert(thing).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SparrowRecordError);
    expect(error).toMatchObject({ storeCode: 'EXISTS', tcaplus: -1293, version: 1 });
    expect(
      (await Promise.all(Array.from({ length: 200 }, (_, i) => table.replace({ ...thing, id: BigInt(i) })))).length,
    ).toBe(200);
    expect(await table.count()).toBe(201);
    await served.close();
  });
});
