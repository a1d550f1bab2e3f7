/** A router as a process of its own: `node router-process.ts '<RouterProcessConfig as JSON>'`. Writes one line with its addresses. */
import { createRouter } from '../router/router.ts';
import { leadBySupervisor, type ToRouter, type ToSupervisor } from '../supervisor/lease-channel.ts';
import { openCoordinator, openTransport, openTrunk, type RouterProcessConfig, readSecrets } from './config.ts';

const config = JSON.parse(process.argv[2] ?? '{}') as RouterProcessConfig;
const log = (line: string): void => {
  process.stderr.write(`${new Date().toISOString()} ${config.set}/${config.name} ${line}\n`);
};
const coordinator = openCoordinator(config, log);
const transport = openTransport(config);
const leadership = config.isSupervised ? leadBySupervisor(process) : undefined;
const toSupervisor = (message: ToSupervisor): void => void process.send?.(message);
if (leadership)
  process.on('message', (message: ToRouter) => (message.kind === 'stop' ? void stop() : leadership.onMessage(message)));
const { key } = readSecrets(config);
const router = await createRouter({
  set: config.set,
  name: config.name,
  coordinator,
  listen: [{ transport, address: config.listen }],
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
process.stdout.write(`${JSON.stringify({ addresses: router.addresses })}\n`);
if (leadership) {
  toSupervisor({ kind: 'ready', addresses: router.addresses });
  setInterval(() => toSupervisor({ kind: 'alive' }), 100);
  // Without its supervisor it has no lease.
  process.once('disconnect', () => void stop());
}
process.once('SIGTERM', () => void stop());

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  setTimeout(() => process.exit(0), 1_500);
  await router.close();
  await coordinator.close();
  process.exit(0);
}
