import { startZooKeeper, type ZooKeeperEnsemble } from '@sparrow/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { checkMessageHistory } from '../src/checker/message-history.ts';
import { machineNow } from '../src/supervisor/lease-channel.ts';
import { createRig, pause, type Rig, type RigNode, type RigRouter } from './rig/rig.ts';

let ensemble: ZooKeeperEnsemble;
beforeAll(async () => {
  ensemble = await startZooKeeper();
});
afterAll(() => ensemble?.stop());

// Long enough that a busy machine does not take a living set for lost.
const LOST_SET_MS = 5_000;
const SESSION_MS = 2_000;

/**
 * Sets a and b share the slots; b has main and standby. n1 is a's, n2 and n3 are b's; n3 knows only the addresses of
 * b's routers.
 */
async function twoSets(): Promise<{ rig: Rig; a: RigRouter; bs: RigRouter[]; nodes: [RigNode, RigNode, RigNode] }> {
  const rig = await createRig({
    zookeeper: ensemble,
    sessionTimeoutMs: SESSION_MS,
    config: { times: { lostSetMs: LOST_SET_MS } },
  });
  onTestFinished(() => rig.stop());
  const a = await rig.addRouter('a', 'r1');
  await rig.main('a');
  const bs = [await rig.addRouter('b', 'r1'), await rig.addRouter('b', 'r2')];
  const main = await rig.main('b');
  await expect.poll(async () => (await main.topology()).hasStandby).toBe(true);
  await expect.poll(async () => (await main.topology()).slots).toBe(2048);
  const nodes: [RigNode, RigNode, RigNode] = [
    await rig.addNode('a', 'n1'),
    await rig.addNode('b', 'n2'),
    await rig.addNode('b', 'n3', { routers: bs.map(({ address }) => address) }),
  ];
  for (const node of nodes) await node.call({ op: 'host', keys: keysOf(node) });
  return { rig, a, bs, nodes };
}
const keysOf = (node: RigNode): string[] => Array.from({ length: 12 }, (_, index) => `${node.name}-${index}`);
const answerer = (node: RigNode, key: string): Promise<string> =>
  node.call<{ from: string }>({ op: 'ask', key, within: 1_000 }).then(
    ({ from }) => from,
    (error: { code: string }) => error.code,
  );
const everyone = (node: RigNode, keys: string[]): Promise<string[]> =>
  Promise.all(keys.map((key) => answerer(node, key)));
const kill = ({ supervisor, routerPid }: RigRouter): void => {
  process.kill(supervisor.pid, 'SIGKILL');
  process.kill(routerPid, 'SIGKILL');
};

describe('a set all of whose routers are gone', () => {
  it('is given up: its slots are decided elsewhere, its nodes go to a set that lives, what was there is registered again', async () => {
    const { rig, a, bs, nodes } = await twoSets();
    const [n1, n2, n3] = nodes;
    for (const node of [n1, n2])
      await node.call({ op: 'send', targets: [...keysOf(n1), ...keysOf(n2)], everyMs: 5, burst: 2 });
    await pause(300);
    for (const router of bs) kill(router);
    const died = machineNow();
    // Not before the bound: a set that only starts anew keeps what it had.
    await pause(LOST_SET_MS / 2);
    expect((await a.topology()).slots).toBe(2048);
    await expect.poll(async () => (await a.topology()).slots).toBe(4096);
    // The node that watches the coordinator brings its objects along …
    await expect.poll(() => everyone(n1, keysOf(n2))).toEqual(keysOf(n2).map(() => 'n2'));
    const recovered = machineNow();
    await expect.poll(() => everyone(n2, keysOf(n1))).toEqual(keysOf(n1).map(() => 'n1'));
    // … those of the one that has only addresses are nobody's, in whichever slot they are.
    await expect.poll(() => everyone(n1, keysOf(n3))).toEqual(keysOf(n3).map(() => 'NO_SUCH_OBJECT'));
    await n1.call({ op: 'host', keys: keysOf(n3), policy: 'reject' });
    expect(await everyone(n2, keysOf(n3))).toEqual(keysOf(n3).map(() => 'n1'));
    await pause(500);
    for (const node of [n1, n2]) await node.call({ op: 'quiet' });
    const events = await rig.settled([died]);
    const verdict = checkMessageHistory(events, [died]);
    expect(verdict.violations).toEqual([]);
    expect(events.some((event) => event.kind === 'received' && event.node === 'n2' && event.at > recovered)).toBe(true);
    // The set comes back as a new one.
    await rig.addRouter('b', 'r3');
    await expect.poll(async () => (await a.topology()).slots).toBe(2048);
    expect(await everyone(n1, [...keysOf(n2), ...keysOf(n3)])).toEqual([
      ...keysOf(n2).map(() => 'n2'),
      ...keysOf(n3).map(() => 'n1'),
    ]);
  });

  it('cannot act with its old authority when it only slept', async () => {
    const { rig, a, bs, nodes } = await twoSets();
    const [n1, n2, n3] = nodes;
    for (const { supervisor, routerPid } of bs)
      for (const pid of [supervisor.pid, routerPid]) process.kill(pid, 'SIGSTOP');
    await expect.poll(async () => (await a.topology()).slots).toBe(4096);
    await expect.poll(() => everyone(n1, keysOf(n3))).toEqual(keysOf(n3).map(() => 'NO_SUCH_OBJECT'));
    await n1.call({ op: 'host', keys: keysOf(n3), policy: 'reject' });
    // It wakes with its whole table, its nodes and, as far as it knows, its lease.
    for (const { supervisor, routerPid } of bs)
      for (const pid of [routerPid, supervisor.pid]) process.kill(pid, 'SIGCONT');
    await rig.main('b');
    const taken = Array.from({ length: 12 }, (_, index) => `woken-${index}`);
    // Until its main leads anew, registrations are refused: UNREACHABLE, never decided by the old lease.
    await expect.poll(() => n3.call({ op: 'host', keys: taken }).then(String, String)).not.toContain('unreachable');
    await expect.poll(() => everyone(n1, taken)).toEqual(taken.map(() => 'n3'));
    // What n1 was given meanwhile stays n1's, for everybody; n3 has let go of it.
    for (const node of nodes) await expect.poll(() => everyone(node, keysOf(n3))).toEqual(keysOf(n3).map(() => 'n1'));
    await expect
      .poll(async () => (await n3.call<{ objects: number }>({ op: 'status' })).objects)
      .toBe(taken.length + 1);
    await expect.poll(() => everyone(n3, keysOf(n2))).toEqual(keysOf(n2).map(() => 'n2'));
    const verdict = checkMessageHistory(await rig.settled());
    expect(verdict.violations).toEqual([]);
  });
});
