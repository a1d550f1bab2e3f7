/** pinus RPC as a peer: its packages have a lockfile of their own and are installed when the bench needs them. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@sparrow/testkit';
import { settled, startHost } from '../hosts.ts';

const FOLDER = join(import.meta.dirname, 'pinus');

/** True when it is there. */
export function installPinus(): boolean {
  const isThere = (): boolean => existsSync(join(FOLDER, 'node_modules/pinus-rpc/package.json'));
  if (!isThere())
    spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: FOLDER,
      stdio: 'ignore',
      timeout: 90_000,
    });
  return isThere();
}

export interface PinusPeer {
  /** Questions and answers for `ms`, and the CPU of both processes. */
  ask(ms: number, inFlight: number): Promise<{ count: number; ms: number; cpuUs: number }>;
  stop(): Promise<void>;
}

export async function startPinus(): Promise<PinusPeer> {
  const port = String(await freePort());
  const rx = await startHost('peers/pinus/host.cjs', ['rx', port]);
  const tx = await startHost('peers/pinus/host.cjs', ['tx', port]);
  const usage = async (): Promise<number> => {
    let total = 0;
    for (const host of [rx, tx]) total += (await host.call<{ cpuUs: number }>({ op: 'usage' })).cpuUs;
    return total;
  };
  return {
    async ask(ms, inFlight) {
      const before = await usage();
      const result = await tx.call<{ count: number; ms: number }>({ op: 'ask', ms, inFlight });
      await settled([rx.child.pid, tx.child.pid]);
      return { ...result, cpuUs: (await usage()) - before };
    },
    stop: async () => void (await Promise.all([rx.stop(), tx.stop()])),
  };
}
