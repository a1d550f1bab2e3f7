import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COLD, canLimit, fillCold, OVERHEAD, readCold } from './support/cgroup.ts';

if (!canLimit) process.stdout.write('cold: skipped, a memory cgroup (v1) needs root\n');

describe.runIf(canLimit)('a table ten times the budget', () => {
  let dir: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'sparrow-cold-'));
    await fillCold(dir);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test('keeps its hot set at memory speed inside the budget + 150 MB; cold reads come from the disk', () => {
    expect(statSync(join(dir, 'data.mdb')).size).toBeGreaterThan(COLD.budget * 10);
    const limited = readCold(dir, COLD.budget + OVERHEAD);
    // Nothing of this stands on the clock: how fast is for `bench cold`, here only that the disk was read and the
    // memory kept.
    expect(limited.majorFaults).toBeGreaterThan(1_000);
    expect(limited.rssAnonMb * 2 ** 20).toBeLessThan(COLD.budget + OVERHEAD);
    expect(limited.hotMb * 2 ** 20).toBeLessThanOrEqual(COLD.budget);
  }, 400_000);
});
