import { startNats, startZooKeeper, type ZooKeeperEnsemble } from '@sparrow/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { checkMessageHistory } from '../src/checker/message-history.ts';
import { machineNow } from '../src/supervisor/lease-channel.ts';
import { createRig, pause, type Rig, type RigNode, type RigOptions } from './rig/rig.ts';

let ensemble: ZooKeeperEnsemble;
beforeAll(async () => {
  ensemble = await startZooKeeper();
});
afterAll(() => ensemble?.stop());

async function mesh(options: RigOptions = {}): Promise<Rig> {
  const rig = await createRig({ zookeeper: ensemble, ...options });
  onTestFinished(() => rig.stop());
  return rig;
}

async function host(node: RigNode, count = 3): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, index) => `${node.name}-${index}`);
  await node.call({ op: 'host', keys });
  return keys;
}

async function talk(nodes: RigNode[], targets: string[]): Promise<void> {
  for (const node of nodes) await node.call({ op: 'send', targets, everyMs: 5, burst: 3 });
}
async function quiet(nodes: RigNode[]): Promise<void> {
  for (const node of nodes) await node.call({ op: 'quiet' });
}

describe('several sets', () => {
  it('a set joins under load: the table is pulled, the digests are equal, nothing is lost', async () => {
    const rig = await mesh();
    await rig.addRouter('a', 'r1');
    await rig.main('a');
    const nodes = [await rig.addNode('a', 'n1'), await rig.addNode('a', 'n2')];
    const names = [...(await host(nodes[0] as RigNode)), ...(await host(nodes[1] as RigNode))];
    expect(await nodes[0]?.call({ op: 'hostMany', prefix: 'many-', count: 20_000 })).toMatchObject({ failed: 0 });
    await talk(nodes, names);
    const b = await rig.addRouter('b', 'r1');
    await rig.main('b');
    const ready = machineNow();
    const a = await rig.main('a');
    await expect
      .poll(async () => {
        const [one, two] = [await a.topology(), await b.topology()];
        return [two.routes - one.routes, one.slots + two.slots, two.slots > 1_500];
      })
      .toEqual([0, 4096, true]);
    expect(machineNow() - ready).toBeLessThan(10_000);
    const far = await rig.addNode('b', 'n3');
    const more = await host(far);
    // Objects of either set reach those of the other.
    expect(await far.call({ op: 'ask', key: 'n1-0', within: 3_000 })).toMatchObject({ from: 'n1' });
    expect(await nodes[0]?.call({ op: 'ask', key: 'n3-0', within: 3_000 })).toMatchObject({ from: 'n3' });
    await talk([...nodes, far], [...names, ...more]);
    await pause(600);
    await quiet(rig.nodes);
    const verdict = checkMessageHistory(await rig.settled());
    expect(verdict.violations).toEqual([]);
    expect(verdict.lost).toBe(0);
    expect(verdict.refused).toBe(0);
  });

  it('one object is registered in two sets at once: one owner, the other is told', async () => {
    const rig = await mesh();
    await Promise.all([rig.addRouter('a', 'r1'), rig.addRouter('b', 'r1')]);
    await Promise.all([rig.main('a'), rig.main('b')]);
    const nodes = [await rig.addNode('a', 'n1'), await rig.addNode('b', 'n2')];
    const keys = Array.from({ length: 60 }, (_, index) => `both-${index}`);
    await Promise.all(nodes.map((node) => node.call({ op: 'host', keys })));
    await pause(500);
    const verdict = checkMessageHistory(await rig.settled());
    expect(verdict.violations).toEqual([]);
    // Every name answers, and both sides agree who it is.
    for (const key of keys.slice(0, 20)) {
      const answers = await Promise.all(
        nodes.map((node) => node.call<{ from: string }>({ op: 'ask', key, within: 3_000 })),
      );
      expect(new Set(answers.map(({ from }) => from)).size).toBe(1);
    }
    let objects = 0;
    for (const node of nodes) objects += (await node.call<{ objects: number }>({ op: 'status' })).objects;
    expect(objects).toBe(60 + 2);
  });

  it('a node is drained under load: others lose nothing, what moved answers from elsewhere', async () => {
    const rig = await mesh();
    const a = await rig.addRouter('a', 'r1');
    await rig.main('a');
    const nodes = [await rig.addNode('a', 'n1'), await rig.addNode('a', 'n2'), await rig.addNode('a', 'n3')];
    const names: string[] = [];
    for (const node of nodes) names.push(...(await host(node, 5)));
    await talk(nodes.slice(0, 2), names);
    await pause(200);
    expect(await a.request('drain-node', { node: 'n3' }, 20_000)).toEqual({ moved: 5, left: 0 });
    const asked = await nodes[0]?.call<{ from: string; ms: number }>({ op: 'ask', key: 'n3-1', within: 2_000 });
    expect(['n1', 'n2']).toContain(asked?.from);
    await pause(300);
    await quiet(nodes);
    const verdict = checkMessageHistory(await rig.settled());
    expect(verdict.violations).toEqual([]);
    expect(verdict.lost).toBe(0);
    expect((await nodes[2]?.call<{ objects: number }>({ op: 'status' }))?.objects).toBe(1);
  });

  it('a whole set is drained: its objects and its slots go to the others', async () => {
    const rig = await mesh();
    await rig.addRouter('a', 'r1');
    await rig.main('a');
    const b = await rig.addRouter('b', 'r1');
    await rig.main('b');
    const nodes = [await rig.addNode('a', 'n1'), await rig.addNode('b', 'n2')];
    const names = [...(await host(nodes[0] as RigNode, 5)), ...(await host(nodes[1] as RigNode, 5))];
    await expect.poll(async () => (await b.topology()).slots).toBeGreaterThan(1_000);
    await talk(nodes.slice(0, 1), names);
    await pause(200);
    const answer = await b.request<{ moved: number; left: number; slots: number }>('drain-set', {}, 30_000);
    expect(answer).toMatchObject({ moved: 5, left: 0 });
    expect(answer.slots).toBeGreaterThan(1_000);
    expect(await nodes[0]?.call({ op: 'ask', key: 'n2-3', within: 2_000 })).toMatchObject({ from: 'n1' });
    await quiet(nodes);
    const verdict = checkMessageHistory(await rig.settled());
    expect(verdict.violations).toEqual([]);
    await nodes[1]?.call({ op: 'close' });
    await b.supervisor.stop();
    expect(
      await nodes[0]?.call({ op: 'host', keys: Array.from({ length: 20 }, (_, index) => `after-${index}`) }),
    ).toEqual({});
  });

  it('a set that loses its main is found again by the others', async () => {
    const rig = await mesh();
    await Promise.all([rig.addRouter('a', 'r1'), rig.addRouter('b', 'r1'), rig.addRouter('b', 'r2')]);
    await rig.main('a');
    const b = await rig.main('b');
    await expect.poll(async () => (await b.topology()).hasStandby).toBe(true);
    const nodes = [await rig.addNode('a', 'n1'), await rig.addNode('b', 'n2')];
    const names = [...(await host(nodes[0] as RigNode)), ...(await host(nodes[1] as RigNode))];
    await talk(nodes, names);
    await pause(300);
    const { term } = await b.topology();
    process.kill(b.routerPid, 'SIGKILL');
    const died = machineNow();
    await rig.main('b', term);
    await expect
      .poll(() =>
        nodes[0]?.call<{ from: string }>({ op: 'ask', key: 'n2-0', within: 1_000 }).then(
          ({ from }) => from,
          () => '',
        ),
      )
      .toBe('n2');
    await pause(500);
    await quiet(nodes);
    const verdict = checkMessageHistory(await rig.settled([died]), [died]);
    expect(verdict.violations).toEqual([]);
  });

  it('a trunk over NATS carries what goes between sets, and comes back when its server does', async () => {
    const nats = await startNats();
    onTestFinished(() => nats.stop());
    const rig = await mesh({ config: { nats: [nats.address] } });
    await Promise.all([rig.addRouter('a', 'r1'), rig.addRouter('b', 'r1')]);
    await Promise.all([rig.main('a'), rig.main('b')]);
    const nodes = [await rig.addNode('a', 'n1'), await rig.addNode('b', 'n2')];
    await host(nodes[0] as RigNode);
    await host(nodes[1] as RigNode);
    expect(await nodes[0]?.call({ op: 'ask', key: 'n2-0', within: 3_000 })).toMatchObject({ from: 'n2' });
    await nats.kill();
    await expect(nodes[0]?.call({ op: 'ask', key: 'n2-0', within: 1_000 })).rejects.toBeTruthy();
    await nats.start();
    await expect
      .poll(() =>
        nodes[0]?.call<{ from: string }>({ op: 'ask', key: 'n2-1', within: 1_000 }).then(
          ({ from }) => from,
          () => '',
        ),
      )
      .toBe('n2');
  });

  it('two versions of the protocol live in one mesh; a third that shares none is refused', async () => {
    const rig = await mesh();
    await rig.addRouter('a', 'r1');
    await rig.addRouter('b', 'r1', { protocol: { min: 1, max: 1 } });
    await Promise.all([rig.main('a'), rig.main('b')]);
    const nodes = [await rig.addNode('a', 'n1', { protocol: { min: 1, max: 1 } }), await rig.addNode('b', 'n2')];
    await host(nodes[0] as RigNode);
    await host(nodes[1] as RigNode);
    expect(await nodes[0]?.call({ op: 'ask', key: 'n2-0', within: 3_000 })).toMatchObject({ from: 'n2' });
    const c = await rig.addRouter('c', 'r1', { protocol: { min: 3, max: 4 } });
    await pause(500);
    expect((await (await rig.main('a')).topology()).sets.find(({ set }) => set === 'c')?.routers ?? []).toEqual([]);
    expect(c.set).toBe('c');
  });
});
