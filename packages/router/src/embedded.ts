import { createLocalCoordination } from './coordinators/local.ts';
import { createNode } from './node/node.ts';
import type { Node, NodeOptions } from './node/node-api.ts';
import { createRouter, type Router, type RouterOptions } from './router/router.ts';
import { createLocalTransport } from './transports/local.ts';

/** A game in one process: one set, one router, nodes as many as wanted. */
export interface EmbeddedSet {
  readonly router: Router;
  createNode(name: string, options: Pick<NodeOptions, 'types' | 'load' | 'log'>): Promise<Node>;
  close(): Promise<void>;
}

/**
 * The embedded default: nothing to install, no port, no file.
 *
 * @example
 * const game = await createEmbeddedSet();
 * const node = await game.createNode('n1', { types: { Player: undefined } });
 * await node.register('Player', '42', { tell: (message) => console.log(message.method) });
 */
export async function createEmbeddedSet(
  options: Partial<Pick<RouterOptions, 'limits' | 'times' | 'clock' | 'log'>> & { set?: string } = {},
): Promise<EmbeddedSet> {
  const { set = 'local', ...rest } = options;
  const coordinator = createLocalCoordination().createCoordinator();
  const transport = createLocalTransport();
  const router = await createRouter({
    ...rest,
    set,
    name: 'r1',
    coordinator,
    listen: [{ transport, address: `${set}/r1` }],
  });
  const nodes = new Set<Node>();
  return {
    router,
    async createNode(name, nodeOptions) {
      const node = createNode({ ...nodeOptions, set, name, transport, routers: [router.address] });
      nodes.add(node);
      await node.ready();
      return node;
    },
    async close() {
      await Promise.all([...nodes].map((node) => node.close()));
      await router.close();
      await coordinator.close();
      await transport.close();
    },
  };
}
