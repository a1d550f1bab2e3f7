import { describe, expect, it, onTestFinished } from 'vitest';
import { createLocalCoordination } from '../src/coordinators/local.ts';
import { createNode, createRouter, type Node, type RoutedObject, type Router } from '../src/index.ts';
import type { Topology } from '../src/router/admin.ts';
import { createLocalTransport } from '../src/transports/local.ts';
import type { Transport, Wire } from '../src/transports/transport.ts';
import { dialRaw } from './rig/raw-link.ts';

/** Sets a and b with a node each, b with another one if the test wants it; links of b's nodes can be broken, and come back. */
async function twoSets() {
  const coordination = createLocalCoordination();
  const transport = createLocalTransport();
  const routers: Router[] = [];
  for (const set of ['a', 'b'])
    routers.push(
      await createRouter({
        set,
        name: 'r1',
        coordinator: coordination.createCoordinator(),
        listen: [{ transport, address: `${set}/r1` }],
        // Nobody calls the other silent on a busy machine.
        limits: { heartbeatMs: 20_000 },
      }),
    );
  const node = (set: string, name: string) => {
    let wire: Wire | undefined;
    const breakable: Transport = {
      ...transport,
      dial: async (address, ms) => (wire = await transport.dial(address, ms)),
    };
    const made = createNode({ set, name, types: { Player: () => ({}) }, transport: breakable, routers: [`${set}/r1`] });
    nodes.push(made);
    return Object.assign(made, { breakLink: () => wire?.destroy() });
  };
  const nodes: Node[] = [];
  const [n1, n2] = [node('a', 'n1'), node('b', 'n2')];
  onTestFinished(async () => {
    for (const one of nodes) one.destroy();
    for (const one of routers) await one.close();
    await transport.close();
  });
  await Promise.all([n1.ready(), n2.ready()]);
  await expect.poll(() => routers.map((one) => one.topology().slots)).toEqual([2048, 2048]);
  return { routers, n1, n2, node, operator: await dialRaw(transport, 'b/r1') };
}

/** An object that is not frozen before the test says so. */
function unwilling() {
  const asked = Promise.withResolvers<void>();
  const frozen = Promise.withResolvers<Uint8Array>();
  const object: RoutedObject = {
    freeze() {
      asked.resolve();
      return frozen.promise;
    },
  };
  return { object, asked: asked.promise, agree: () => frozen.resolve(new Uint8Array(0)) };
}

describe.each([
  ['a node', { op: 'drain-node', node: 'n2' }],
  ['a set', { op: 'drain-set' }],
])('a drain of %s that fails', (_what, question) => {
  it('leaves no mark: new objects are placed there again', async () => {
    const { routers, n2, operator } = await twoSets();
    const b = routers[1] as Router;
    const { object, asked } = unwilling();
    await n2.register('Player', '1', object);
    const drained = operator.ask(question).catch((error: { code: string }) => error.code);
    await asked;
    const marks = ({ isDraining, nodes }: Topology): boolean[] => [
      isDraining,
      ...nodes.filter(({ set }) => set === 'b').map((node) => node.isDraining),
    ];
    expect(marks(b.topology())).toEqual([question.op === 'drain-set', true]);
    n2.breakLink();
    expect(await drained).toBe('UNREACHABLE');
    expect(marks(b.topology())).toEqual([false, false]);
    await expect.poll(() => n2.hasMain).toBe(true);
    expect(await n2.pick('Player')).toEqual({ set: 'b', node: 'n2' });
    expect(b.topology().slots).toBe(2048);
  });
});

describe('two drains at once', () => {
  it('keep a node empty until both are over, also when one of them fails', async () => {
    const { routers, n2, node, operator } = await twoSets();
    const b = routers[1] as Router;
    const n3 = node('b', 'n3');
    await n3.ready();
    const codeOf = (error: { code: string }): string => error.code;
    const [first, second] = [unwilling(), unwilling()];
    await n2.register('Player', '1', first.object);
    await n3.register('Player', '2', second.object);
    const ofSet = operator.ask({ op: 'drain-set' }).catch(codeOf);
    await first.asked;
    const ofNode = operator.ask({ op: 'drain-node', node: 'n3' }).catch(codeOf);
    await second.asked;
    const marks = (): boolean[] => {
      const { isDraining, nodes } = b.topology();
      return [isDraining, ...['n2', 'n3'].map((name) => nodes.find((one) => one.node === name)?.isDraining === true)];
    };
    expect(marks()).toEqual([true, true, true]);
    n2.breakLink();
    expect(await ofSet).toBe('UNREACHABLE');
    expect(marks()).toEqual([false, false, true]);
    n3.breakLink();
    expect(await ofNode).toBe('UNREACHABLE');
    expect(marks()).toEqual([false, false, false]);
  });

  it('of one node both say that nothing is left there', async () => {
    const { routers, n2, operator } = await twoSets();
    const { object, asked, agree } = unwilling();
    await n2.register('Player', '1', object);
    const drain = () => operator.ask<{ moved: number; left: number }>({ op: 'drain-node', node: 'n2' });
    const drains = [drain()];
    await asked;
    drains.push(drain());
    // The second one would have given up by now.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    agree();
    const drained = await Promise.all(drains);
    expect(drained.map(({ left }) => left)).toEqual([0, 0]);
    expect(drained.reduce((sum, { moved }) => sum + moved, 0)).toBe(1);
    expect(await operator.ask({ op: 'lookup', type: 'Player', key: '1' })).toMatchObject({ set: 'a', node: 'n1' });
    expect((routers[1] as Router).topology().nodes.find(({ node }) => node === 'n2')?.isDraining).toBe(true);
  });
});
