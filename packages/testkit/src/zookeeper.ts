import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Child, startChild } from '@sparrow/core/process';
import { freePort } from './ports.ts';
import { listening, temporaryFolder } from './program.ts';

const JARS = '/usr/share/java';

export interface ZooKeeperServer {
  readonly address: string;
  readonly pid: number;
  /** kill -9. */
  kill(): Promise<void>;
  /** Starts it again with its data. */
  start(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** `leader`, `follower`, `standalone`, or undefined while it does not serve. */
  mode(): Promise<string | undefined>;
}

export interface ZooKeeperEnsemble {
  readonly servers: ZooKeeperServer[];
  /** `host:port` of each. */
  readonly addresses: string[];
  /** Milliseconds of its tick: half of the shortest session. */
  readonly tickMs: number;
  leader(): Promise<ZooKeeperServer>;
  /** Resolves when it serves again. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

/** The jars that Debian's zookeeper needs. */
function classPath(): string {
  const wanted = /^(zookeeper(-jute)?|metrics-core|snappy-java|slf4j-api|slf4j-simple|netty-[a-z0-9-]+|jline)\.jar$/;
  return readdirSync(JARS)
    .filter((name) => wanted.test(name))
    .map((name) => join(JARS, name))
    .join(':');
}

/**
 * A real ensemble on free ports, with short ticks (default 200 ms, so sessions from 400 ms on). `hosts` gives each server an
 * address of its own, for network namespaces; `prefix` is put before each server's command there.
 */
export async function startZooKeeper(
  options: { servers?: number; tickMs?: number; hosts?: string[]; prefix?: (index: number) => string[] } = {},
): Promise<ZooKeeperEnsemble> {
  if (!existsSync(join(JARS, 'zookeeper.jar')))
    throw new Error('zookeeper is not installed (Debian package zookeeper)');
  const { servers: count = 3, tickMs = 200 } = options;
  const folder = await temporaryFolder('zookeeper');
  const host = (index: number): string => options.hosts?.[index] ?? '127.0.0.1';
  const ports = await Promise.all(
    Array.from({ length: count }, async () => [await freePort(), await freePort(), await freePort()] as const),
  );
  const peers = ports.map(([, quorum, election], index) => `server.${index + 1}=${host(index)}:${quorum}:${election}`);
  const path = classPath();
  const servers = await Promise.all(
    ports.map(async ([client], index): Promise<ZooKeeperServer & { child: Child }> => {
      const data = join(folder.path, String(index + 1));
      await mkdir(data, { recursive: true });
      await writeFile(join(data, 'myid'), String(index + 1));
      const config = join(folder.path, `zoo${index + 1}.cfg`);
      await writeFile(
        config,
        [
          `tickTime=${tickMs}`,
          'initLimit=25',
          'syncLimit=10',
          `dataDir=${data}`,
          `clientPort=${client}`,
          `clientPortAddress=${host(index)}`,
          'admin.enableServer=false',
          '4lw.commands.whitelist=*',
          `standaloneEnabled=${count === 1}`,
          'maxClientCnxns=0',
          ...(count === 1 ? [] : peers),
        ].join('\n'),
      );
      const run = (): Promise<Child> => {
        const java = [
          ...(options.prefix?.(index) ?? []),
          'java',
          '-Xmx128m',
          '-XX:+UseSerialGC',
          '-Dzookeeper.log.dir=/dev/null',
          '-Dorg.slf4j.simpleLogger.defaultLogLevel=off',
          '-Dzookeeper.fsync.warningthresholdms=60000',
          '-Dzookeeper.forceSync=no',
          '-cp',
          path,
          'org.apache.zookeeper.server.quorum.QuorumPeerMain',
          config,
        ];
        return startChild(java[0] as string, java.slice(1), { stdio: 'ignore' });
      };
      const server = {
        child: await run(),
        address: `${host(index)}:${client}`,
        get pid() {
          return server.child.pid;
        },
        async kill() {
          process.kill(-server.child.pid, 'SIGKILL');
          await server.child.ended;
        },
        async start() {
          server.child = await run();
        },
        signal(name: NodeJS.Signals) {
          process.kill(-server.child.pid, name);
        },
        mode: () => modeOf(host(index), client),
      };
      return server;
    }),
  );
  const ensemble: ZooKeeperEnsemble = {
    servers,
    addresses: servers.map((server) => server.address),
    tickMs,
    async leader() {
      for (let attempt = 0; attempt < 200; attempt++) {
        for (const server of servers) if (['leader', 'standalone'].includes((await server.mode()) ?? '')) return server;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error('the ensemble has no leader');
    },
    async ready() {
      await ensemble.leader();
    },
    async stop() {
      await Promise.all(
        servers.map(async (server) => {
          try {
            process.kill(-server.child.pid, 'SIGCONT');
          } catch {
            // It is gone.
          }
          await server.child.stop(500);
        }),
      );
      folder.remove();
    },
  };
  try {
    if (!options.prefix) await Promise.all(ports.map(([client], index) => listening(client, host(index))));
    await ensemble.ready();
  } catch (error) {
    await ensemble.stop();
    throw error;
  }
  return ensemble;
}

/** What `srvr` says. */
async function modeOf(host: string, port: number): Promise<string | undefined> {
  const socket = connect({ host, port });
  socket.setTimeout(1_000, () => socket.destroy());
  let text = '';
  socket.on('data', (chunk) => (text += chunk));
  socket.on('error', () => {});
  socket.once('connect', () => socket.end('srvr'));
  await new Promise((resolve) => socket.once('close', resolve));
  return /Mode: (\w+)/.exec(text)?.[1];
}
