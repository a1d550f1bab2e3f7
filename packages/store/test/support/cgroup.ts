import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLmdbEngine, createRecordStore } from '../../src/index.ts';

const COLD_SCHEMA = `syntax = "proto3"; message Cold { option (tcaplusservice.tcaplus_primary_key) = "id"; int64 id = 1; bytes pad = 2; }`;

/** The budget of the store, and ten times as much on the disk. */
export const COLD = { budget: 32 * 1024 * 1024, records: 160_000, pad: 2_000 };
/** What Node and the engine take beside the budget. */
export const OVERHEAD = 150 * 1024 * 1024;

/** Memory cgroups of version 1 need root. */
export const canLimit = process.getuid?.() === 0 && existsSync('/sys/fs/cgroup/memory/memory.limit_in_bytes');

export async function fillCold(dir: string): Promise<void> {
  const engine = await createLmdbEngine({ dir });
  const store = await createRecordStore({ engine, schema: COLD_SCHEMA, sweepEveryMs: 0, hotBytes: 0 });
  const pad = new Uint8Array(COLD.pad);
  for (let from = 0; from < COLD.records; from += 1_000)
    await store
      .table('Cold')
      .batch(
        Array.from({ length: 1_000 }, (_, i) => ({ op: 'insert' as const, record: { id: BigInt(from + i), pad } })),
      );
  await store.close();
  await engine.close();
}

export interface ColdRun {
  /** Median of a read of the 2,000 hottest records, µs. */
  hotP50Us: number;
  majorFaults: number;
  rssAnonMb: number;
  hotMb: number;
}

/** Reads the table in a process of its own, within `limit` bytes of memory, page cache included, or without a limit. */
export function readCold(dir: string, limit: number | undefined): ColdRun {
  // The kernel's copy of the file belongs to whoever read it first: it goes, so that the child pays for its own.
  execFileSync('sync');
  writeFileSync('/proc/sys/vm/drop_caches', '1');
  const group = `/sys/fs/cgroup/memory/sparrow-${process.pid}`;
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
        join(import.meta.dirname, 'cold.ts'),
        dir,
        String(COLD.records),
        String(COLD.budget),
      ],
      { encoding: 'utf8', timeout: 90_000 },
    );
    if (child.status !== 0) throw new Error(`reading ended with ${child.signal ?? child.status}: ${child.stderr}`);
    return JSON.parse(child.stdout);
  } finally {
    rmdirSync(group);
  }
}
