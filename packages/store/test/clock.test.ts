import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres } from '@sparrow/testkit';
import { afterAll, expect, test } from 'vitest';
import { checkLoad, fill, finalState, LOAD_SCHEMA } from '../src/checker/load.ts';
import { createRecordStore, createShardsEngine } from '../src/index.ts';
import { startLoad } from './support/load.ts';

const KEYS = 40;
const library = readdirSync('/usr/lib')
  .map((folder) => join('/usr/lib', folder, 'faketime/libfaketime.so.1'))
  .find(existsSync);
if (!library) process.stdout.write('clock: skipped, libfaketime is not installed\n');
const closers: (() => Promise<void> | void)[] = [];
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

/** The library stands between the server and its clock: the file says how far off it is. */
test.runIf(library)(
  'the clock of a shard that jumps an hour forth and back loses, doubles and fails nothing',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'sparrow-clock-'));
    closers.push(() => rmSync(dir, { recursive: true, force: true }));
    const file = join(dir, 'offset');
    const set = (offset: string): void => writeFileSync(file, offset, { mode: 0o644 });
    set('+0');
    chmodSync(dir, 0o755);
    const meta = await startPostgres();
    closers.push(() => meta.close());
    const shard = await startPostgres({
      env: {
        LD_PRELOAD: library as string,
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
    });
    closers.push(() => shard.close());
    const engine = await createShardsEngine({ meta: meta.url, slots: 64, shards: [{ id: 's0', url: shard.url }] });
    closers.push(() => engine.close());
    const store = await createRecordStore({ engine, schema: LOAD_SCHEMA, sweepEveryMs: 0 });
    closers.push(() => store.close());
    const serverTime = async (): Promise<number> => {
      const [row] = await engine.router
        .client('s0')
        .query<{ t: number }>(
          { text: 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as t' },
          performance.now() + 5_000,
        );
      return row?.t ?? 0;
    };
    await fill(store, KEYS, 50);
    const load = startLoad(store, { keys: KEYS, clients: 4, timeoutMs: 5_000, pauseMs: 2 });
    for (const [offset, hours] of [
      ['+3600', 1],
      ['+0', 0],
      ['-3600', -1],
      ['+0', 0],
    ] as const) {
      await sleep(300);
      set(offset);
      await expect.poll(async () => Math.round(((await serverTime()) - Date.now()) / 3_600_000)).toBe(hours);
      const reached = load.history.length;
      await expect.poll(() => load.history.length).toBeGreaterThan(reached + 50);
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(checkLoad(load.history, await finalState(store, KEYS))).toEqual([]);
  },
);
