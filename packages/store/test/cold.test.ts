import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLmdbEngine, createRecordStore } from '../src/index.ts';

const SCHEMA = `syntax = "proto3"; message Cold { option (tcaplusservice.tcaplus_primary_key) = "id"; int64 id = 1; bytes pad = 2; }`;
/** The budget of the store, and ten times as much on the disk. */
const BUDGET = 32 * 1024 * 1024;
const RECORDS = 160_000;
const PAD = 2_000;
const group = `/sys/fs/cgroup/memory/sparrow-${process.pid}`;
const able = process.getuid?.() === 0 && existsSync('/sys/fs/cgroup/memory/memory.limit_in_bytes');
if (!able) process.stdout.write('cold: skipped, a memory cgroup (v1) needs root\n');

describe.runIf(able)('a table ten times the budget', () => {
  let dir: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'sparrow-cold-'));
    const engine = await createLmdbEngine({ dir });
    const store = await createRecordStore({ engine, schema: SCHEMA, sweepEveryMs: 0, hotBytes: 0 });
    const pad = new Uint8Array(PAD);
    for (let from = 0; from < RECORDS; from += 1_000)
      await store
        .table('Cold')
        .batch(
          Array.from({ length: 1_000 }, (_, i) => ({ op: 'insert' as const, record: { id: BigInt(from + i), pad } })),
        );
    await store.close();
    await engine.close();
  }, 180_000);
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test('keeps its hot set at memory speed inside the budget + 150 MB; cold reads come from the disk', () => {
    expect(statSync(join(dir, 'data.mdb')).size).toBeGreaterThan(BUDGET * 10);
    // The kernel's copy of the file belongs to whoever read it first: it goes, so that the child pays for its own.
    execFileSync('sync');
    writeFileSync('/proc/sys/vm/drop_caches', '1');
    const script = join(import.meta.dirname, 'support/cold.ts');
    const run = (limit: number | undefined, hot: number): Record<string, number> => {
      mkdirSync(group);
      try {
        if (limit !== undefined) writeFileSync(join(group, 'memory.limit_in_bytes'), String(limit));
        const child = spawnSync(
          '/bin/sh',
          [
            '-c',
            `echo $$ > ${group}/cgroup.procs && exec "$0" "$@"`,
            process.execPath,
            '--max-old-space-size=100',
            script,
            dir,
            String(RECORDS),
            String(hot),
          ],
          {
            encoding: 'utf8',
            timeout: 90_000,
          },
        );
        expect(child.signal, child.stderr).toBeNull();
        return JSON.parse(child.stdout);
      } finally {
        rmdirSync(group);
      }
    };
    const limited = run(BUDGET + 150 * 1024 * 1024, BUDGET);
    const inMemory = run(undefined, BUDGET);
    process.stdout.write(`cold: limited ${JSON.stringify(limited)}, all in memory ${JSON.stringify(inMemory)}\n`);
    // Nothing of this stands on the clock: how fast is for the bench, here only that the disk was read and the memory kept.
    expect(limited.majorFaults).toBeGreaterThan(1_000);
    expect(limited.rssAnonMb).toBeLessThan(32 + 150);
    expect(limited.hotMb).toBeLessThanOrEqual(32);
  }, 400_000);
});
