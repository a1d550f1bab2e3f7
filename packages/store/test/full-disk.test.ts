import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { checkLoad, fill, finalState, LOAD_SCHEMA } from '../src/checker/load.ts';
import { createLmdbEngine, createRecordStore, type StoreError } from '../src/index.ts';
import { startCluster } from './support/cluster.ts';
import { startLoad } from './support/load.ts';

const root = process.getuid?.() === 0;
if (!root) process.stdout.write('full-disk: skipped, mounting a small disk needs root\n');
const closers: (() => Promise<unknown> | unknown)[] = [];
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

/** A disk of so many MiB, and a way to take its room and give it back. */
function smallDisk(mebibytes: number): { dir: string; fill(): void; free(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'sparrow-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', dir]);
  closers.push(() => {
    execFileSync('umount', ['-l', dir]);
    rmSync(dir, { recursive: true, force: true });
  });
  const ballast = join(dir, 'ballast');
  return {
    dir,
    fill() {
      try {
        writeFileSync(ballast, new Uint8Array(mebibytes << 20));
      } catch {
        // As much as there is room for.
      }
    },
    free: () => rmSync(ballast, { force: true }),
  };
}

const KEYS = 20;
const REFUSALS = /^(DISK_FULL|OVERLOADED|TIMEOUT):/;
const codeOf = (error: unknown): string => (error as StoreError).code ?? String(error);

describe.runIf(root)('a disk that is really full', () => {
  test('an embedded store refuses writes, keeps what it acknowledged, and goes on when there is room; so does the one that opens it next', async () => {
    const disk = smallDisk(48);
    const dir = join(disk.dir, 'store');
    const open = async () => {
      const engine = await createLmdbEngine({ dir, segmentBytes: 4 << 20 });
      const store = await createRecordStore({ engine, schema: LOAD_SCHEMA, sweepEveryMs: 0 });
      return { engine, table: store.table('Counter'), close: () => store.close().then(() => engine.close()) };
    };
    let { table, engine, close } = await open();
    // Counters beside it, whose every answer is checked in the end.
    const counters = await createRecordStore({ engine, schema: LOAD_SCHEMA, sweepEveryMs: 0, namespace: 'counters' });
    await fill(counters, KEYS, 2_000);
    const load = startLoad(counters, { keys: KEYS, clients: 4, timeoutMs: 2_000, pauseMs: 1 });
    const acknowledged = new Map<number, number>();
    const refused = new Set<string>();
    let id = 0;
    const write = async (count: number): Promise<void> => {
      await Promise.all(
        Array.from({ length: count }, async () => {
          const own = id++;
          try {
            const { version } = await table.insert({
              id: BigInt(own),
              count: BigInt(own),
              pad: new Uint8Array(20_000),
            });
            acknowledged.set(own, version);
          } catch (error) {
            refused.add(codeOf(error));
          }
        }),
      );
    };
    await write(100);
    disk.fill();
    for (let i = 0; i < 20; i++) await write(50);
    expect([...refused].filter((code) => !['DISK_FULL', 'OVERLOADED', 'TIMEOUT'].includes(code))).toEqual([]);
    expect(refused).toContain('DISK_FULL');
    // Reading goes on meanwhile.
    expect((await table.get({ id: 0n }))?.record.count).toBe(0n);
    disk.free();
    const before = acknowledged.size;
    await expect
      .poll(async () => {
        await write(5);
        return acknowledged.size;
      })
      .toBeGreaterThan(before + 20);
    await load.stop();
    expect(load.failures.length).toBeGreaterThan(0);
    expect(load.failures.filter((failure) => !REFUSALS.test(failure))).toEqual([]);
    expect(checkLoad(load.history, await finalState(counters, KEYS))).toEqual([]);
    await counters.close();
    await close();
    ({ table, close } = await open());
    for (const own of acknowledged.keys())
      expect((await table.get({ id: BigInt(own) }))?.record.count).toBe(BigInt(own));
    expect(await table.count()).toBe(acknowledged.size);
    await close();
  });

  test('a shard whose disk is full refuses writes with DISK_FULL, answers reads, and goes on when there is room', async () => {
    const cluster = await startCluster({ shards: 1 });
    closers.push(() => cluster.close());
    const disk = smallDisk(24);
    const { uid, gid } = statSync((cluster.servers[0] as { dataDir: string }).dataDir);
    const home = join(disk.dir, 'space');
    mkdirSync(home);
    chownSync(home, uid, gid);
    const admin = cluster.engine.router.client('s0');
    const run = (text: string): Promise<unknown> => admin.session((query) => query(text), 30_000);
    await run(`create tablespace small location '${home}'`);
    await run('alter table sparrow.records set tablespace small');
    const table = cluster.store.table('Counter');
    const pad = (): Uint8Array => crypto.getRandomValues(new Uint8Array(60_000));
    await fill(cluster.store, KEYS, 2_000);
    const load = startLoad(cluster.store, { keys: KEYS, clients: 2, timeoutMs: 5_000, pauseMs: 2 });
    disk.fill();
    let refused: unknown;
    let id = 1_000;
    for (; id < 3_000 && !refused; id++)
      await table.insert({ id: BigInt(id), count: 1n, pad: pad() }).catch((error) => (refused = error));
    expect(codeOf(refused)).toBe('DISK_FULL');
    expect((await table.get({ id: 1n }))?.record.id).toBe(1n);
    const there = await table.count();
    expect(there).toBe(KEYS + id - 1_000 - 1);
    disk.free();
    await table.insert({ id: BigInt(id), count: 1n, pad: pad() });
    expect(await table.count()).toBe(there + 1);
    await load.stop();
    expect(load.failures.filter((failure) => !REFUSALS.test(failure))).toEqual([]);
    expect(checkLoad(load.history, await finalState(cluster.store, KEYS))).toEqual([]);
    await run('alter table sparrow.records set tablespace pg_default');
  });
});
