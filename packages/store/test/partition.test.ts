import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Postgres, startPostgres } from '@sparrow/testkit';
import { afterAll, expect, test } from 'vitest';
import { checkLoad, fill, finalState, LOAD_SCHEMA } from '../src/checker/load.ts';
import { createRecordStore, createShardsEngine } from '../src/index.ts';
import { startLoad } from './support/load.ts';

const KEYS = 40;
const name = `sparrow${process.pid % 10_000}`;
const net = `10.${200 + (process.pid % 40)}.${(process.pid >> 6) % 250}`;
const ip = (...args: string[]): void => void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
const root = process.getuid?.() === 0;
if (!root) process.stdout.write('partition: skipped, network namespaces need root\n');
const closers: (() => Promise<void> | void)[] = [];
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

test.runIf(root)(
  'a network that breaks between router and shard loses and doubles nothing',
  async () => {
    ip('netns', 'add', name);
    closers.push(() => ip('netns', 'del', name));
    ip('link', 'add', `${name}a`, 'type', 'veth', 'peer', 'name', `${name}b`);
    ip('link', 'set', `${name}b`, 'netns', name);
    ip('addr', 'add', `${net}.1/24`, 'dev', `${name}a`);
    ip('link', 'set', `${name}a`, 'up');
    ip('-n', name, 'addr', 'add', `${net}.2/24`, 'dev', `${name}b`);
    ip('-n', name, 'link', 'set', `${name}b`, 'up');
    ip('-n', name, 'link', 'set', 'lo', 'up');
    const meta: Postgres = await startPostgres();
    closers.push(() => meta.close());
    const shard = await startPostgres({ host: `${net}.2`, wrap: ['ip', 'netns', 'exec', name] });
    closers.push(() => shard.close());
    const engine = await createShardsEngine({ meta: meta.url, slots: 64, shards: [{ id: 's0', url: shard.url }] });
    closers.push(() => engine.close());
    const store = await createRecordStore({ engine, schema: LOAD_SCHEMA, sweepEveryMs: 0 });
    closers.push(() => store.close());
    await fill(store, KEYS, 100);
    const load = startLoad(store, { keys: KEYS, clients: 6, timeoutMs: 30_000, pauseMs: 2 });
    const cuts = process.env.SPARROW_SOAK === '1' ? 10 : 2;
    for (let cut = 0; cut < cuts; cut++) {
      await sleep(500);
      // Packets vanish, in both directions; nobody is told.
      ip('link', 'set', `${name}a`, 'down');
      await sleep(2_500);
      const before = load.history.length;
      ip('link', 'set', `${name}a`, 'up');
      await expect.poll(() => load.history.length).toBeGreaterThan(before + 50);
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(load.longest()).toBeGreaterThan(1_000);
    expect(checkLoad(load.history, await finalState(store, KEYS))).toEqual([]);
  },
  300_000,
);
