import { startZooKeeper } from '@sparrow/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coordinatorContract } from '../contract/coordinator.ts';
import { createLocalCoordination } from '../src/coordinators/local.ts';
import { createZooKeeperCoordinator } from '../src/coordinators/zookeeper/zookeeper.ts';

coordinatorContract({
  name: 'local',
  async start() {
    const coordination = createLocalCoordination();
    return { create: () => coordination.createCoordinator(), stop: async () => {} };
  },
});

coordinatorContract({
  name: 'zookeeper, an ensemble of three',
  async start() {
    const ensemble = await startZooKeeper();
    return {
      create: () => createZooKeeperCoordinator({ servers: ensemble.addresses, sessionTimeoutMs: 1_000 }),
      stop: () => ensemble.stop(),
    };
  },
});

describe('a ZooKeeper session', () => {
  let ensemble: Awaited<ReturnType<typeof startZooKeeper>>;
  beforeAll(async () => {
    ensemble = await startZooKeeper();
  });
  afterAll(() => ensemble?.stop());
  const create = () => createZooKeeperCoordinator({ servers: ensemble.addresses, sessionTimeoutMs: 2_000 });

  it('outlives the leader of the ensemble: members stay, watches fire, the lead stays', async () => {
    const [a, b] = [create(), create()];
    const log: string[] = [];
    let seen: string[] = [];
    await a.elect('outlive/main', 'a', {
      elected: () => void log.push('elected'),
      deposed: () => void log.push('deposed'),
    });
    await a.join('outlive/members', 'a', '1');
    b.watchMembers('outlive/members', (members) => (seen = [...members.keys()]));
    await expect.poll(() => [log, seen]).toEqual([['elected'], ['a']]);
    const leader = await ensemble.leader();
    await leader.kill();
    await a.join('outlive/members', 'late', '2');
    await expect.poll(() => seen.toSorted()).toEqual(['a', 'late']);
    expect(log).toEqual(['elected']);
    await leader.start();
    await Promise.all([a.close(), b.close()]);
  });

  it('ends when the whole ensemble stands still for longer than the session, and begins anew', async () => {
    const a = create();
    const log: string[] = [];
    await a.elect('anew/main', 'a', {
      elected: (term) => void log.push(`elected ${term}`),
      deposed: () => void log.push('deposed'),
    });
    await a.join('anew/members', 'a', '1');
    await expect.poll(() => log.length).toBe(1);
    for (const server of ensemble.servers) await server.kill();
    // Registrations stop at the deadline, which is before the servers may have given the lease away.
    await expect.poll(() => a.validUntil < performance.now()).toBe(true);
    for (const server of ensemble.servers) await server.start();
    await ensemble.ready();
    await expect.poll(() => a.validUntil > performance.now()).toBe(true);
    const b = create();
    let seen: string[] = [];
    b.watchMembers('anew/members', (members) => (seen = [...members.keys()]));
    await expect.poll(() => seen).toEqual(['a']);
    await Promise.all([a.close(), b.close()]);
  });
});
