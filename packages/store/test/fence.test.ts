import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkLoad, fill, finalState } from '../src/checker/load.ts';
import { startCluster, type TestCluster } from './support/cluster.ts';
import { startLoad } from './support/load.ts';

const KEYS = 200;

/** Stops the apply worker of a subscription for a while, by its pid; false when there is none. */
async function stopWorker(cluster: TestCluster, shard: string, ms: number): Promise<boolean> {
  const [worker] = await cluster.engine.router
    .client(shard)
    .query<{ pid: number }>(
      { text: 'select pid from pg_stat_subscription where relid is null and pid is not null limit 1' },
      performance.now() + 5000,
    );
  if (!worker) return false;
  process.kill(worker.pid, 'SIGSTOP');
  setTimeout(() => {
    try {
      process.kill(worker.pid, 'SIGCONT');
    } catch {
      // The worker ended with the move.
    }
  }, ms);
  return true;
}

describe('a replication that stands still for a second', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster({ shards: 2, joined: 1, slots: 64 });
    await fill(cluster.store, KEYS, 100);
    await cluster.join(1);
  });
  afterAll(async () => {
    await cluster?.close();
  });

  async function moveUnder(
    withoutFence: boolean,
    from: string,
    to: string,
  ): Promise<{ violations: string[]; failures: string[]; retries: number }> {
    const before = await finalState(cluster.store, KEYS);
    const load = startLoad(cluster.store, { keys: 24, clients: 8, timeoutMs: 20_000, reads: 0.2, seed: 7 });
    let stalls = 0;
    const mover = cluster.mover({
      withoutFence,
      groupSlots: 16,
      async onStep(_move, step) {
        // Slots change hands while the replication certainly stands still.
        if (step !== 'fence') return;
        if (withoutFence) {
          if (await stopWorker(cluster, to, 600)) await sleep(300);
        } else if (stalls < 3 && (await stopWorker(cluster, to, 1_000))) stalls++;
      },
    });
    const plan = await mover.plan({ from, to, first: 0, last: 63 });
    const move = await mover.run(plan.id);
    await load.stop();
    const after = await finalState(cluster.store, KEYS);
    return {
      violations: checkLoad(load.history, after, before).map(({ rule }) => rule),
      failures: load.failures,
      retries: move.retries,
    };
  }

  test('with the fence nothing is lost, doubled or failed', async () => {
    const { violations, failures, retries } = await moveUnder(false, 's0', 's1');
    expect(failures).toEqual([]);
    expect(violations).toEqual([]);
    // Each of the three stalls met a fence, which was taken back.
    expect(retries).toBe(3);
  });

  test('the control without the fence loses writes, so the checker and the load can see it', async () => {
    const { violations } = await moveUnder(true, 's1', 's0');
    expect(violations).toContain('lost');
  });
});
