import { existsSync } from 'node:fs';
import { type Child, startChild } from '@sparrow/core/process';
import { freePort } from './ports.ts';
import { listening } from './program.ts';

export interface NatsServer {
  readonly address: string;
  readonly pid: number;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A real nats-server on a free port. */
export async function startNats(options: { args?: string[] } = {}): Promise<NatsServer> {
  const command = ['/usr/sbin/nats-server', '/usr/bin/nats-server'].find(existsSync);
  if (!command) throw new Error('nats-server is not installed (Debian package nats-server)');
  const port = await freePort();
  const run = async (): Promise<Child> => {
    const child = await startChild(command, ['-a', '127.0.0.1', '-p', String(port), ...(options.args ?? [])], {
      stdio: 'ignore',
    });
    await listening(port);
    return child;
  };
  let child = await run();
  return {
    address: `127.0.0.1:${port}`,
    get pid() {
      return child.pid;
    },
    async kill() {
      process.kill(-child.pid, 'SIGKILL');
      await child.ended;
    },
    async start() {
      child = await run();
    },
    stop: () => child.stop(500),
  };
}
