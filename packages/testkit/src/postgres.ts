import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from '@sparrow/core/process';
import { freePort } from './ports.ts';

export interface PostgresOptions {
  /** Lines of postgresql.conf besides ours. */
  settings?: Record<string, string | number>;
  /** Address it listens on; default 127.0.0.1. */
  host?: string;
  /** Starts on this data directory instead of a new one (a stopped server's, or a base backup). */
  dataDir?: string;
  port?: number;
  /** Command in front of postgres, e.g. `['ip', 'netns', 'exec', 'name']`. Runs as root and changes the user itself. */
  wrap?: string[];
  /** Variables of the server beside those of this process. */
  env?: Record<string, string>;
}

/** A real PostgreSQL of its own: fsync on, a data directory under the temporary folder, a non-root user. */
export interface Postgres {
  readonly port: number;
  readonly host: string;
  /** `postgres://sparrow@127.0.0.1:port/postgres` */
  readonly url: string;
  readonly dataDir: string;
  /** Pid of the postmaster. */
  pid(): number;
  /** SIGKILL to the postmaster and all of its backends: one that runs a query would not notice, and go on. */
  kill(): Promise<void>;
  /** Starts again on the same data and port. */
  restart(): Promise<void>;
  /** Fast shutdown. The data stays until `close`. */
  stop(): Promise<void>;
  /** Copies a running server for a standby: its data directory. */
  baseBackup(): string;
  /** Makes a standby the primary. */
  promote(): void;
  /** Stops and removes the data. */
  close(): Promise<void>;
}

const USER = 'sparrow';

/** Where Debian keeps the programs of the newest version, 15 at least. */
export function postgresBin(): string {
  const found = ['18', '17', '16', '15']
    .map((version) => `/usr/lib/postgresql/${version}/bin`)
    .find((dir) => existsSync(dir));
  if (!found) throw new Error('PostgreSQL 15 or newer is not installed: sudo apt-get install -y postgresql-15');
  return found;
}

/** postgres refuses root: as root it runs as the user `postgres`, that Debian's package makes. */
function identity(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('postgres:'));
  if (!line) throw new Error('there is no user postgres to run PostgreSQL as');
  const [, , uid, gid] = line.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'sparrow-pg-'));
  const who = identity();
  if (who) chownSync(dir, who.uid, who.gid);
  return dir;
}

let template: string | undefined;
/** `initdb` takes a second or two, copying what it made a tenth of that. One template a process. */
function newDataDir(): string {
  const who = identity();
  if (!template) {
    const home = folder();
    const target = join(home, 'template');
    execFileSync(
      join(postgresBin(), 'initdb'),
      ['-D', target, '-U', USER, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
        cwd: home,
        ...who,
      },
    );
    writeFileSync(
      join(target, 'pg_hba.conf'),
      'local all all trust\nhost all all all trust\nhost replication all all trust\nlocal replication all trust\n',
    );
    template = target;
    process.once('exit', () => rmSync(home, { recursive: true, force: true }));
  }
  const dir = join(folder(), 'data');
  if (who) execFileSync('cp', ['-a', template, dir]);
  else cpSync(template, dir, { recursive: true });
  identify(dir, who);
  return dir;
}

/**
 * Gives a copied data directory an identifier of its own, as `initdb` does. PostgreSQL names the replication slots of a
 * first copy after the number of a subscription and the identifier of its server: two servers with one identifier that
 * copy from a third take each other's slots.
 */
function identify(dir: string, who: { uid: number; gid: number } | undefined): void {
  const control = openSync(join(dir, 'global/pg_control'), 'r+');
  // The identifier stands first. The check sum of the file is made right by `pg_resetwal`, and so is the log.
  writeSync(control, randomBytes(8), 0, 8, 0);
  closeSync(control);
  execFileSync(join(postgresBin(), 'pg_resetwal'), ['-f', dir], { stdio: 'ignore', cwd: dir, ...who });
}

export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const bin = postgresBin();
  const who = identity();
  const { host = '127.0.0.1' } = options;
  const port = options.port ?? (await freePort());
  const dataDir = options.dataDir ?? newDataDir();
  const settings: Record<string, string | number> = {
    listen_addresses: host,
    unix_socket_directories: '',
    fsync: 'on',
    wal_level: 'logical',
    max_wal_senders: 40,
    max_replication_slots: 40,
    max_logical_replication_workers: 24,
    max_worker_processes: 32,
    max_sync_workers_per_subscription: 4,
    wal_retrieve_retry_interval: '200ms',
    wal_receiver_status_interval: '1s',
    max_connections: 200,
    shared_buffers: '64MB',
    autovacuum_naptime: '10s',
    log_min_messages: 'warning',
    ...options.settings,
  };
  const args = [
    '-D',
    dataDir,
    '-p',
    String(port),
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  let child: Child | undefined;

  async function start(): Promise<void> {
    const [first, ...rest] = options.wrap ?? [];
    const log = {
      stdio: ['ignore', 'ignore', process.env.SPARROW_PG_LOG ? 'inherit' : 'ignore'] as [
        'ignore',
        'ignore',
        'ignore' | 'inherit',
      ],
    };
    const env = options.env ? { env: { ...process.env, ...options.env } } : {};
    child =
      first === undefined
        ? await startChild(join(bin, 'postgres'), args, { ...log, ...env, cwd: dataDir, ...who })
        : await startChild(
            first,
            [
              ...rest,
              ...(who ? ['setpriv', `--reuid=${who.uid}`, `--regid=${who.gid}`, '--clear-groups'] : []),
              join(bin, 'postgres'),
              ...args,
            ],
            { ...log, ...env },
          );
    const [probe, probeArgs] = [join(bin, 'pg_isready'), ['-h', host, '-p', String(port), '-t', '1', '-q']];
    let ended = false;
    void child.ended.then(() => (ended = true));
    for (const until = performance.now() + 60_000; ; ) {
      const ready = spawnSync(
        first === undefined ? probe : first,
        first === undefined ? probeArgs : [...rest, probe, ...probeArgs],
      );
      if (ready.status === 0) return;
      if (ended || performance.now() > until)
        throw new Error(`PostgreSQL did not start on port ${port}; run with SPARROW_PG_LOG=1 to see why`);
      await sleep(50);
    }
  }

  await start();
  const url = (name: string): string => `postgres://${USER}@${host}:${port}/${name}`;
  return {
    port,
    host,
    dataDir,
    url: url('postgres'),
    pid: () => (child as Child).pid,
    async kill() {
      await child?.kill();
      child = undefined;
    },
    async restart() {
      await child?.stop(10_000);
      rmSync(join(dataDir, 'postmaster.pid'), { force: true });
      await start();
    },
    async stop() {
      if (!child) return;
      process.kill(child.pid, 'SIGINT');
      await Promise.race([child.ended, sleep(15_000)]);
      await child.kill();
      child = undefined;
    },
    baseBackup() {
      const target = join(folder(), 'data');
      execFileSync(
        join(bin, 'pg_basebackup'),
        ['-h', host, '-p', String(port), '-U', USER, '-D', target, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'],
        { stdio: ['ignore', 'ignore', 'pipe'], ...who },
      );
      return target;
    },
    promote() {
      execFileSync(join(bin, 'pg_ctl'), ['promote', '-D', dataDir, '-w'], {
        stdio: ['ignore', 'ignore', 'pipe'],
        ...who,
      });
    },
    async close() {
      // Nobody needs its data any more.
      await child?.kill();
      child = undefined;
      rmSync(join(dataDir, '..'), { recursive: true, force: true });
    },
  };
}
