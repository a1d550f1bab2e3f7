/**
 * A supervisor with its router: `node supervisor-process.ts '<RouterProcessConfig as JSON>'`. Writes a line whenever
 * its router listens.
 */
import { superviseRouter } from '../supervisor/supervisor.ts';
import { openCoordinator, type RouterProcessConfig } from './config.ts';

const STOP_MS = 4_000;

const config = JSON.parse(process.argv[2] ?? '{}') as RouterProcessConfig;
const log = (line: string): void => {
  process.stderr.write(`${new Date().toISOString()} supervisor ${line}\n`);
};
const coordinator = openCoordinator(config, log);
const supervisor = superviseRouter({
  coordinator,
  router: config,
  log,
  onReady: (addresses, routerPid) => void process.stdout.write(`${JSON.stringify({ addresses, routerPid })}\n`),
});
let isStopping = false;
async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  setTimeout(() => process.exit(0), STOP_MS);
  await supervisor.close();
  await coordinator.close();
  process.exit(0);
}
process.once('SIGTERM', () => void stop());
process.once('SIGINT', () => void stop());
