import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startChild } from '../src/child.ts';
import { holdFile, isHeld } from '../src/hold-file.ts';

describe('a file that one process holds', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'sparrow-hold-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  test('is taken once, and again when it was let go', () => {
    const path = join(dir, 'lock');
    const first = holdFile(path);
    expect(first).toBeDefined();
    expect(holdFile(path)).toBeUndefined();
    expect(isHeld(path)).toBe(true);
    first?.release();
    first?.release();
    expect(isHeld(path)).toBe(false);
    const second = holdFile(path);
    expect(second).toBeDefined();
    second?.release();
  });

  test('who finds it taken tries again for a while: the other one may only have looked', () => {
    const path = join(dir, 'lock');
    const other = holdFile(path);
    let tries = 0;
    expect(holdFile(path, () => void tries++)).toBeUndefined();
    expect(tries).toBeGreaterThan(1);
    const mine = holdFile(path, () => other?.release());
    expect(mine).toBeDefined();
    mine?.release();
  });

  test('asking for one that is not there makes none', () => {
    expect(isHeld(join(dir, 'lock'))).toBe(false);
    writeFileSync(join(dir, 'other'), '');
    expect(isHeld(join(dir, 'other'))).toBe(false);
  });

  test('who was killed holds nothing any more', async () => {
    const path = join(dir, 'lock');
    const script = `const { holdFile } = await import(${JSON.stringify(join(import.meta.dirname, '../src/hold-file.ts'))});
      if (holdFile(${JSON.stringify(path)})) process.stdout.write('held'); setInterval(() => {}, 1000);`;
    const child = await startChild(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.process.stdout?.on('data', (chunk) => (text += chunk));
    await expect.poll(() => text).toBe('held');
    expect(holdFile(path)).toBeUndefined();
    process.kill(child.pid, 'SIGKILL');
    await child.stop(0);
    const mine = holdFile(path);
    expect(mine).toBeDefined();
    mine?.release();
  });

  test('of several who take it at the same moment exactly one has it, round after round', async () => {
    const rounds = 25;
    const takers = 3;
    const shared = new Int32Array(new SharedArrayBuffer(4 * (3 + rounds)));
    // shared: 0 the round, 1 who has tried, 2 who has let go, then who has it by rounds.
    const script = `const { parentPort, workerData } = require('node:worker_threads');
      const { shared, rounds, path, module } = workerData;
      import(module).then(({ holdFile }) => {
        parentPort.postMessage('ready');
        for (let round = 1; round <= rounds; round++) {
          while (Atomics.load(shared, 0) < round) Atomics.wait(shared, 0, round - 1, 20);
          const held = holdFile(path);
          if (held) Atomics.add(shared, 2 + round, 1);
          Atomics.add(shared, 1, 1);
          while (Atomics.load(shared, 1) < round * ${takers}) Atomics.wait(shared, 1, Atomics.load(shared, 1), 5);
          held?.release();
          Atomics.add(shared, 2, 1);
        }
      });`;
    const workers = Array.from(
      { length: takers },
      () =>
        new Worker(script, {
          eval: true,
          workerData: {
            shared,
            rounds,
            path: join(dir, 'lock'),
            module: join(import.meta.dirname, '../src/hold-file.ts'),
          },
        }),
    );
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
    for (let round = 1; round <= rounds; round++) {
      Atomics.store(shared, 0, round);
      Atomics.notify(shared, 0);
      await expect.poll(() => Atomics.load(shared, 2), { interval: 2 }).toBe(round * takers);
    }
    expect([...shared.slice(3)]).toEqual(Array.from({ length: rounds }, () => 1));
    await Promise.all(workers.map((worker) => worker.terminate()));
  });
});
