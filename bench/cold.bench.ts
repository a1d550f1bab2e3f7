/**
 * More on the disk than in the memory. A table ten times the budget under a zipfian load in a memory cgroup (root, cgroups of version 1), against the same process
 * without a limit; and ten million records in one file: private memory and waits. Needs about 10 GB of disk for some minutes.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COLD, canLimit, fillCold, OVERHEAD, readCold } from '../packages/store/test/support/cgroup.ts';
import type { Timed } from './records-kit.ts';
import { type Row, row } from './row.ts';

const RUNS = 3;
const RECORDS = 10_000_000;
const HOT = 64 * 1024 * 1024;
const DISK_BYTES = 16 * 1024 ** 3;
const MB = 2 ** 20;

export async function run(): Promise<Row[]> {
  const rows: Row[] = [];
  const dir = mkdtempSync(join(tmpdir(), 'sparrow-cold-'));
  try {
    if (canLimit) {
      await fillCold(join(dir, 'ten-times'));
      const limited: ReturnType<typeof readCold>[] = [];
      const free: ReturnType<typeof readCold>[] = [];
      for (let i = 0; i < RUNS; i++) {
        limited.push(readCold(join(dir, 'ten-times'), COLD.budget + OVERHEAD));
        free.push(readCold(join(dir, 'ten-times'), undefined));
      }
      rows.push(
        row(
          'hot read of a table ten times the budget, limited, against all in memory: median',
          'µs',
          limited.map(({ hotP50Us }) => hotP50Us),
          free.map(({ hotP50Us }) => hotP50Us),
          { op: '<=', value: 1.3, of: 'ratio' },
        ),
        row(
          'reads that came from the disk meanwhile (major faults)',
          'faults',
          limited.map(({ majorFaults }) => majorFaults),
          [],
          { op: '>=', value: 1_000, of: 'ours' },
        ),
        row(
          'private memory, limited',
          'MB',
          limited.map(({ rssAnonMb }) => rssAnonMb),
          [],
          { op: '<=', value: (COLD.budget + OVERHEAD) / MB, of: 'ours' },
        ),
      );
      rmSync(join(dir, 'ten-times'), { recursive: true });
    } else process.stderr.write('the cgroup rows are left out: a memory cgroup (v1) needs root\n');

    const { bavail, bsize } = statfsSync(dir);
    if (bavail * bsize < DISK_BYTES) {
      process.stderr.write(`ten million records are left out: they want ${DISK_BYTES / 1024 ** 3} GiB of free disk\n`);
      return rows;
    }
    const child = spawnSync(
      process.execPath,
      [join(import.meta.dirname, 'cold-host.ts'), join(dir, 'ten-million'), String(RECORDS), String(HOT)],
      { encoding: 'utf8', timeout: 900_000, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    if (child.status !== 0) throw new Error(`ten million records ended with ${child.signal ?? child.status}`);
    const found = JSON.parse(child.stdout) as {
      loadSeconds: number;
      rssAnon: number;
      fileBytes: number;
      hot: Timed;
      cold: Timed;
      written: Timed;
    };
    rows.push(
      row('ten million records: inserts in batches of 1,000', 'op/s', [RECORDS / found.loadSeconds]),
      row('ten million records: file', 'MB', [found.fileBytes / MB]),
      row('ten million records: highest private memory, hot tier and 150 MB', 'MB', [found.rssAnon / MB], [], {
        op: '<=',
        value: (HOT + OVERHEAD) / MB,
        of: 'ours',
      }),
    );
    for (const [name, timed] of [
      ['zipfian reads', found.hot],
      ['uniform reads', found.cold],
      ['zipfian increases, durable, 64 in flight', found.written],
    ] as const)
      rows.push(
        row(`ten million records, ${name}: median`, 'µs', [timed.p50 * 1000]),
        row(`ten million records, ${name}: p99`, 'µs', [timed.p99 * 1000]),
      );
    return rows;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
