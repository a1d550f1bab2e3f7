/**
 * A router as a process of its own: `node router-process.ts '<RouterProcessConfig as JSON>'`. Writes one line with its
 * addresses.
 */
import type { Coordinator } from '../coordinators/coordinator.ts';
import { createRouter, type Router } from '../router/router.ts';
import { leadBySupervisor, type ToRouter, type ToSupervisor } from '../supervisor/lease-channel.ts';
import { openCoordinator, openTransport, openTrunk, type RouterProcessConfig, readSecrets } from './config.ts';

const ALIVE_MS = 100;
/** Whoever cannot say goodbye by then ends without it. */
const STOP_MS = 1_500;

const config = JSON.parse(process.argv[2] ?? '{}') as RouterProcessConfig;
const log = (line: string): void => {
  process.stderr.write(`${new Date().toISOString()} ${config.set}/${config.name} ${line}\n`);
};
const toSupervisor = (message: ToSupervisor): void => void process.send?.(message);

let router: Router | undefined;
let coordinator: Coordinator | undefined;
let isStopping = false;

/** May be called at any time, while the router is being made, too. */
async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  setTimeout(() => process.exit(0), STOP_MS);
  await router?.close();
  await coordinator?.close();
  process.exit(0);
}

// Before anything that takes time: whoever is told to stop meanwhile stops, and whoever waits for ZooKeeper says that
// he lives.
process.once('SIGTERM', () => void stop());
const leadership = config.isSupervised ? leadBySupervisor(process) : undefined;
if (leadership) {
  process.on('message', (message: ToRouter) => (message.kind === 'stop' ? void stop() : leadership.onMessage(message)));
  // Without its supervisor it has no lease.
  process.once('disconnect', () => void stop());
  toSupervisor({ kind: 'alive' });
  setInterval(() => toSupervisor({ kind: 'alive' }), ALIVE_MS);
}

coordinator = openCoordinator(config, log);
const { key } = readSecrets(config);
router = await createRouter({
  set: config.set,
  name: config.name,
  coordinator,
  listen: [{ transport: openTransport(config), address: config.listen }],
  ...(config.nats && { trunk: { transport: openTrunk(config.nats), address: '' } }),
  key,
  ...(config.limits && { limits: config.limits }),
  ...(config.times && { times: config.times }),
  ...(config.protocol && { protocol: config.protocol }),
  ...(leadership && { leadership }),
  ...(config.faults && { faults: true }),
  fencing: config.fencing ?? true,
  log,
});
if (!isStopping) {
  process.stdout.write(`${JSON.stringify({ addresses: router.addresses })}\n`);
  if (leadership) toSupervisor({ kind: 'ready', addresses: router.addresses });
}
