import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@sparrow/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { LOAD_SCHEMA } from '../src/checker/load.ts';
import {
  createLmdbEngine,
  createRecordStore,
  createShardsEngine,
  createSwitchableEngine,
  type RecordStore,
} from '../src/index.ts';

/** The longest any of these calls was given, and as much again for a busy machine as no call was ever given. */
const GIVEN_MS = 400;
const PATIENCE_MS = 3_500;

/** A way to a server that can stand still: what is sent is taken and goes nowhere. */
async function freezable(url: string): Promise<{ url: string; freeze(): void; thaw(): void; close(): void }> {
  const target = new URL(url);
  const sockets = new Set<net.Socket>();
  let frozen = false;
  const server = net.createServer((near) => {
    const far = net.connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.on('data', (chunk) => to.write(chunk));
      if (frozen) from.pause();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own = new URL(url);
  own.port = String((server.address() as net.AddressInfo).port);
  return {
    url: own.href,
    freeze() {
      frozen = true;
      for (const socket of sockets) socket.pause();
    },
    thaw() {
      frozen = false;
      for (const socket of sockets) socket.resume();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

describe('every call ends by its deadline', () => {
  const closers: (() => Promise<unknown> | unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  /** How a call ended: its code, or that it did not while it was waited for. */
  async function outcome(call: Promise<unknown>): Promise<string> {
    return Promise.race([
      call.then(
        () => 'ok',
        (error) => String((error as { code?: string }).code ?? error),
      ),
      new Promise<string>((resolve) => setTimeout(() => resolve('still waiting'), PATIENCE_MS)),
    ]);
  }
  const calls = (store: RecordStore): Record<string, Promise<unknown>> => {
    const table = store.table('Counter');
    const options = { timeoutMs: GIVEN_MS };
    const key = { id: 1n };
    return {
      get: table.get(key, options),
      batchGet: table.batchGet([key, { id: 2n }], options),
      fieldGet: table.fieldGet(key, ['count'], options),
      replace: table.replace({ id: 1n }, options),
      insert: table.insert({ id: 1n }, options),
      condition: table.update({ id: 1n }, { ...options, condition: 'count >= 0' }),
      increase: table.fieldIncrease(key, { count: 1n }, options),
      delete: table.delete({ id: 3n }, options),
      part: table.getByPartKey(key, options),
      query: table.query('select count(*) from Counter where id = 1', options),
      traverse: table.traverse(options),
      count: table.count(options),
      transaction: store.transaction(async (tx) => {
        await tx.get('Counter', key);
        await tx.replace('Counter', { id: 1n });
      }, options),
    };
  };

  test.each([
    ['the shard', ['shard']],
    ['the meta store and the shard', ['meta', 'shard']],
  ])('on shards, while %s stands still', async (_what, frozen) => {
    const [meta, shard] = await Promise.all([startPostgres(), startPostgres()]);
    closers.push(
      () => meta.close(),
      () => shard.close(),
    );
    const ways = { meta: await freezable(meta.url), shard: await freezable(shard.url) };
    const engine = await createShardsEngine({
      meta: ways.meta.url,
      slots: 64,
      shards: [{ id: 's0', url: ways.shard.url }],
    });
    const store = await createRecordStore({ engine, schema: LOAD_SCHEMA, sweepEveryMs: 0 });
    closers.push(async () => {
      for (const way of Object.values(ways)) way.close();
      await store.close();
      await engine.close();
    });
    for (const id of [1n, 2n, 3n]) await store.table('Counter').insert({ id });
    for (const name of frozen) ways[name as 'meta' | 'shard'].freeze();
    const ended = Object.entries(calls(store)).map(async ([name, call]) => [name, await outcome(call)] as const);
    for (const [name, code] of await Promise.all(ended))
      expect(`${name}: ${code}`).toMatch(/: (SHARD_DOWN|INDETERMINATE|TIMEOUT)$/);
    for (const name of frozen) ways[name as 'meta' | 'shard'].thaw();
    await expect.poll(() => outcome(store.table('Counter').get({ id: 2n }))).toBe('ok');
  });

  test('while a store is switched to shards', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'sparrow-deadline-'));
    closers.push(() => rmSync(dir, { recursive: true, force: true }));
    const embedded = await createLmdbEngine({ dir });
    closers.push(() => embedded.close());
    const engine = createSwitchableEngine(embedded);
    const store = await createRecordStore({ engine, schema: LOAD_SCHEMA, sweepEveryMs: 0 });
    for (const id of [1n, 2n, 3n]) await store.table('Counter').insert({ id });
    const goOn = await engine.hold();
    const ended = Object.entries(calls(store)).map(async ([name, call]) => [name, await outcome(call)] as const);
    for (const [name, code] of await Promise.all(ended)) expect(`${name}: ${code}`).toMatch(/: (ok|TIMEOUT)$/);
    goOn();
    expect(await outcome(store.table('Counter').replace({ id: 1n }))).toBe('ok');
  });
});
