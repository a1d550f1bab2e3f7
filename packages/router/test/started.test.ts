import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { startedFrom, stopFrom } from '../src/operator/start.ts';

it('a folder from elsewhere cannot have processes ended by naming their numbers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sparrow-started-'));
  const signals = vi.spyOn(process, 'kill').mockReturnValue(true);
  try {
    mkdirSync(join(folder, 'started'));
    // Minus one means everybody, one the whole system, and the last is this very process without the time of its start.
    for (const pid of [-1, 0, 1, '1', process.pid])
      writeFileSync(
        join(folder, 'started', `${pid}.json`),
        JSON.stringify({ kind: 'router', set: 's', name: 'r1', pid, log: '', at: 1 }),
      );
    expect(stopFrom(folder, () => true)).toEqual([]);
    expect(startedFrom(folder)).toEqual([]);
    expect(signals).not.toHaveBeenCalled();
    expect(readdirSync(folder)).toEqual(['started']);
  } finally {
    signals.mockRestore();
    rmSync(folder, { recursive: true, force: true });
  }
});
