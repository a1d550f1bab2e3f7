/** A node with a game's module: `node game-node-process.ts '{"set":…,"name":…,"module":…}'`. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createNode } from '../node/node.ts';
import type { Node, NodeOptions } from '../node/node-api.ts';
import { type MeshConfig, openCoordinator, openTransport, readSecrets } from './config.ts';

/** What a game's module exports. */
export interface GameModule {
  /** Types that the node holds; a function makes a moved object again. */
  types: NodeOptions['types'];
  /** Called once when the node is linked. */
  start?(node: Node): Promise<void> | void;
}

/** A set that is being started on a busy machine takes its time. */
const READY_MS = 120_000;

const config = JSON.parse(process.argv[2] ?? '{}') as MeshConfig & { set: string; name: string; module: string };
const log = (line: string): void => {
  process.stderr.write(`${new Date().toISOString()} ${line}\n`);
};
const game = (await import(pathToFileURL(resolve(config.module)).href)) as GameModule;
const coordinator = openCoordinator(config, log);
const { key } = readSecrets(config);
const node = createNode({
  set: config.set,
  name: config.name,
  types: game.types,
  transport: openTransport(config),
  routers: coordinator,
  key,
  ...(config.limits && { limits: config.limits }),
  log,
});
let isStopping = false;
process.once('SIGTERM', () => {
  if (isStopping) return;
  isStopping = true;
  // Whoever stops a node that was not drained loses its objects at once, and they are told so.
  void node.close().then(() => setTimeout(() => process.exit(0), 200));
});
try {
  await node.ready(READY_MS);
  await game.start?.(node);
  process.stdout.write(`${JSON.stringify({ ready: true, set: config.set, node: config.name })}\n`);
} catch (error) {
  if (!isStopping) throw error;
}
