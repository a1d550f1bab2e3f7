import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { startZooKeeper } from '@sparrow/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { coordinatorContract } from '../contract/coordinator.ts';
import type { Election } from '../src/coordinators/coordinator.ts';
import { createLocalCoordination } from '../src/coordinators/local.ts';
import { OP } from '../src/coordinators/zookeeper/session.ts';
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

/** A way to a server that can keep its answers back and break. */
async function createProxy(target: string) {
  const [host, port] = target.split(':') as [string, string];
  const pairs = new Set<[Socket, Socket]>();
  let isDeaf = false;
  let isMute = false;
  let deafAfter: number | undefined;
  const server = createServer((client) => {
    const upstream = connect(Number(port), host);
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    for (const socket of pair) socket.on('error', () => {});
    client.on('data', (bytes) => {
      // A packet begins with its length, its number and what it asks for.
      if (bytes.length >= 12 && bytes.readInt32BE(8) === deafAfter) isDeaf = true;
      if (!isMute) upstream.write(bytes);
    });
    upstream.on('data', (bytes) => isDeaf || client.write(bytes));
    for (const socket of pair)
      socket.once('close', () => {
        pairs.delete(pair);
        for (const one of pair) one.destroy();
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const [client] of pairs) client.destroy();
    server.close();
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** From the next request of this kind on, what is asked is done, and nobody hears of it. */
    deafenAt: (op: number) => void (deafAfter = op),
    /** What is asked from now on arrives nowhere. */
    mute: () => void (isMute = true),
    /** The connection falls; the next one is sound. */
    break() {
      isDeaf = false;
      deafAfter = undefined;
      isMute = false;
      for (const [client] of pairs) client.destroy();
    },
  };
}

describe('a ZooKeeper session whose connection falls at a bad moment', () => {
  let ensemble: Awaited<ReturnType<typeof startZooKeeper>>;
  beforeAll(async () => {
    ensemble = await startZooKeeper({ servers: 1 });
  });
  afterAll(() => ensemble?.stop());

  async function pair() {
    const proxy = await createProxy(ensemble.addresses[0] as string);
    const ours = createZooKeeperCoordinator({ servers: [proxy.address], sessionTimeoutMs: 6_000 });
    const other = createZooKeeperCoordinator({ servers: ensemble.addresses, sessionTimeoutMs: 6_000 });
    onTestFinished(async () => {
      await Promise.all([ours.close(), other.close()]);
    });
    // Both sessions are there, and so are the parents.
    let warm: Election | undefined;
    await ours.join('bad/members', 'warm', '');
    await new Promise<void>((resolve) => {
      void ours.elect('bad/main', 'warm', { elected: () => resolve(), deposed() {} }).then((one) => (warm = one));
    });
    await warm?.resign();
    return { proxy, ours, other };
  }
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  it('leaves no candidate behind when it resigns while its node is being created', async () => {
    const { proxy, ours, other } = await pair();
    proxy.deafenAt(OP.create);
    const election = await ours.elect('bad/main', 'ours', { elected() {}, deposed() {} });
    await pause(300);
    const resigned = election.resign();
    await pause(100);
    proxy.break();
    await resigned;
    let leads = false;
    await other.elect('bad/main', 'other', { elected: () => void (leads = true), deposed() {} });
    // Well before our session ends, which would clear everything away.
    await expect.poll(() => leads, { timeout: 4_000 }).toBe(true);
    expect(ours.validUntil).toBeGreaterThan(performance.now());
  });

  it('leaves no member behind when the connection falls while it leaves', async () => {
    const { proxy, ours, other } = await pair();
    let seen: string[] = ['?'];
    other.watchMembers('bad/members', (members) => (seen = [...members.keys()].sort()));
    const member = await ours.join('bad/members', 'ghost', '');
    await expect.poll(() => seen).toEqual(['ghost', 'warm']);
    proxy.mute();
    const left = member.leave();
    await pause(100);
    proxy.break();
    await left;
    await expect.poll(() => seen, { timeout: 4_000 }).toEqual(['warm']);
    expect(ours.validUntil).toBeGreaterThan(performance.now());
  });

  it('names the servers that do not answer, and says when one does', async () => {
    const proxy = await createProxy(ensemble.addresses[0] as string);
    const log: string[] = [];
    const unreachable = '127.0.0.1:1';
    const lonely = createZooKeeperCoordinator({ servers: [unreachable], log: (line) => void log.push(line) });
    onTestFinished(() => lonely.close());
    await expect
      .poll(() => log.join('\n'))
      .toMatch(/does not answer at 127\.0\.0\.1:1 \(127\.0\.0\.1:1: ECONNREFUSED\)/);
    const said: string[] = [];
    const ours = createZooKeeperCoordinator({ servers: [proxy.address], log: (line) => void said.push(line) });
    onTestFinished(() => ours.close());
    await ours.nextTerm();
    proxy.break();
    await expect.poll(() => said.join('\n')).toContain(`ZooKeeper at ${proxy.address}: the connection fell`);
  });
});
