import { describe, expect, it, onTestFinished } from 'vitest';
import { createLocalCoordination } from '../src/coordinators/local.ts';
import { createNode, createRouter, type RoutedObject, type Router } from '../src/index.ts';
import type { Topology } from '../src/router/admin.ts';
import { createLocalTransport } from '../src/transports/local.ts';
import type { Transport, Wire } from '../src/transports/transport.ts';
import { dialRaw } from './rig/raw-link.ts';

/** Sets a and b with a node each; the link of b's node can be broken, and it comes back. */
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
  let wire: Wire | undefined;
  const breakable: Transport = {
    ...transport,
    dial: async (address, ms) => (wire = await transport.dial(address, ms)),
  };
  const node = (set: string, name: string, way: Transport) =>
    createNode({ set, name, types: { Player: () => ({}) }, transport: way, routers: [`${set}/r1`] });
  const [n1, n2] = [node('a', 'n1', transport), node('b', 'n2', breakable)];
  onTestFinished(async () => {
    for (const one of [n1, n2]) one.destroy();
    for (const one of routers) await one.close();
    await transport.close();
  });
  await Promise.all([n1.ready(), n2.ready()]);
  await expect.poll(() => routers.map((one) => one.topology().slots)).toEqual([2048, 2048]);
  return { routers, n1, n2, operator: await dialRaw(transport, 'b/r1'), breakLink: () => wire?.destroy() };
}

/** An object that is not frozen before the test says so. */
function unwilling() {
  const asked = Promise.withResolvers<void>();
  const object: RoutedObject = {
    freeze() {
      asked.resolve();
      return new Promise<Uint8Array>(() => {});
    },
  };
  return { object, asked: asked.promise };
}

describe.each([
  ['a node', { op: 'drain-node', node: 'n2' }],
  ['a set', { op: 'drain-set' }],
])('a drain of %s that fails', (_what, question) => {
  it('leaves no mark: new objects are placed there again', async () => {
    const { routers, n2, operator, breakLink } = await twoSets();
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
    breakLink();
    expect(await drained).toBe('UNREACHABLE');
    expect(marks(b.topology())).toEqual([false, false]);
    await expect.poll(() => n2.hasMain).toBe(true);
    expect(await n2.pick('Player')).toEqual({ set: 'b', node: 'n2' });
    expect(b.topology().slots).toBe(2048);
  });
});
