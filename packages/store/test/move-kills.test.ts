import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '@sparrow/core/process';
import type { Postgres } from '@sparrow/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkLoad, fill, finalState, type Load, startLoad } from '../src/checker/load.ts';
import type { Move } from '../src/shards/meta-store.ts';
import type { Mover } from '../src/shards/mover.ts';
import { startCluster, type TestCluster } from './support/cluster.ts';
import { sample } from './support/matrix.ts';

const STEPS = [
  'planned',
  'copying',
  'catching-up',
  'switching',
  'fence',
  'drain',
  'decide',
  'grant',
  'switched',
  'reversible',
  'cleaning',
];
const VICTIMS = ['coordinator', 'source', 'target', 'meta'] as const;
const KEYS = 60;
const matrix = sample(
  VICTIMS.flatMap((victim) =>
    STEPS.filter((step) => victim === 'coordinator' || step !== 'planned').map((step) => ({ victim, step })),
  ),
  8,
  'kills in mid-move',
);

describe('whoever is killed in mid-move, nothing is lost', () => {
  let cluster: TestCluster;
  let load: Load;
  let at = 0;
  beforeAll(async () => {
    cluster = await startCluster({ shards: 2, joined: 1, slots: 64 });
    await fill(cluster.store, KEYS, 100);
    await cluster.join(1);
    load = startLoad(cluster.store, { keys: KEYS, clients: 4, timeoutMs: 30_000, pauseMs: 3 });
  });
  afterAll(async () => {
    await load?.stop();
    await cluster?.close();
  });

  async function finish(mover: Mover, id: string): Promise<Move> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await mover.run(id);
      } catch (error) {
        // The server that was killed is starting again.
        if (attempt > 60) throw error;
        await sleep(500);
      }
    }
  }

  test.each(matrix)('$victim at $step', async ({ victim, step }) => {
    const [from, to] = at % 2 === 0 ? ['s0', 's1'] : ['s1', 's0'];
    const [source, target] = at % 2 === 0 ? [0, 1] : [1, 0];
    at++;
    const before = load.history.length;
    const plan = await cluster.mover().plan({ from, to, first: 32, last: 63 });
    if (victim === 'coordinator') {
      const script = join(import.meta.dirname, 'support/coordinator.ts');
      const child = await startChild(process.execPath, [script, cluster.meta.url, plan.id, step], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      if (step !== 'planned') {
        const [line] = (await once(createInterface({ input: child.process.stdout as never }), 'line')) as [string];
        expect(line).toBe(`at ${step}`);
      }
      process.kill(child.pid, 'SIGKILL');
      await child.stop(0);
      // Long enough that routers look after what the dead coordinator left fenced.
      await sleep(1_500);
    } else {
      const server = (
        victim === 'meta' ? cluster.meta : cluster.servers[victim === 'source' ? source : target]
      ) as Postgres;
      let killed = false;
      const mover = cluster.mover({
        async onStep(_move, now) {
          if (now !== step || killed) return;
          killed = true;
          await server.kill();
        },
      });
      await mover.run(plan.id).catch(() => {});
      if (killed) await server.restart();
      expect(killed, `${step} was reached`).toBe(true);
    }
    const done = await finish(cluster.mover(), plan.id);
    expect(done.state).toBe('done');
    const owners = await cluster.engine.router.meta.map();
    expect(owners.filter(({ slot }) => slot >= 32).every(({ shard }) => shard === to)).toBe(true);
    // The load goes on on the new shard.
    const reached = load.history.length;
    await expect.poll(() => load.history.length).toBeGreaterThan(reached + 20);
    expect(load.history.length).toBeGreaterThan(before);
  });

  test('the history holds', async () => {
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(checkLoad(load.history, await finalState(cluster.store, KEYS))).toEqual([]);
  });
});
