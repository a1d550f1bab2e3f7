import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTimeOf } from '@sparrow/core/process';
import { RouterError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { MeshConfig, RouterProcessConfig } from '../process/config.ts';

const PROCESSES = join(import.meta.dirname, '../process');
/** One file a process, so that two who start something at once do not overwrite each other. */
const STARTED = 'started';
/** A supervisor needs up to 4 s to say goodbye. */
const GRACE_MS = 6_000;
const LOOK_MS = 50;

export interface StartedProcess {
  kind: 'router' | 'node';
  set: string;
  name: string;
  pid: number;
  log: string;
}

/** @internal A process as it is remembered: a pid is used again, a pid with the time of its start is not. */
interface Remembered extends StartedProcess {
  startTime?: string | undefined;
}

/** Starts the supervisors of a set's routers, detached: they go on when we end. Their logs stand in `folder`. */
export function startSet(
  config: MeshConfig,
  set: { name: string; routers: number; host: string; nats?: string[] },
  folder: string,
): StartedProcess[] {
  if (!config.zookeeper?.length)
    throw new RouterError('COORDINATION_LOST', phrase`a set of several processes needs ZooKeeper`, {
      hint: phrase`name its servers in the config, e.g. "zookeeper": ["127.0.0.1:2181"]`,
    });
  return Array.from({ length: set.routers }, (_, index) => {
    const name = `r${index + 1}`;
    const router: RouterProcessConfig = {
      ...config,
      set: set.name,
      name,
      listen: `${set.host}:0`,
      ...(set.nats && { nats: set.nats }),
    };
    return start({ kind: 'router', script: 'supervisor-process.ts', config: router, set: set.name, name, folder });
  });
}

/** Starts a node with the game's own module, detached. */
export function startNode(
  config: MeshConfig,
  node: { set: string; name: string; module: string },
  folder: string,
): StartedProcess {
  const { set, name } = node;
  return start({ kind: 'node', script: 'game-node-process.ts', config: { ...config, ...node }, set, name, folder });
}

interface Wanted {
  kind: 'router' | 'node';
  script: string;
  config: object;
  set: string;
  name: string;
  folder: string;
}

function start({ kind, script, config, set, name, folder }: Wanted): StartedProcess {
  mkdirSync(folder, { recursive: true });
  const log = join(folder, `${set}-${name}.log`);
  const out = openSync(log, 'a');
  const child = spawn(process.execPath, [join(PROCESSES, script), JSON.stringify(config)], {
    detached: true,
    stdio: ['ignore', out, out],
  });
  closeSync(out);
  child.unref();
  const started: StartedProcess = { kind, set, name, pid: child.pid ?? 0, log };
  remember(folder, started);
  return started;
}

/** What was started from this folder, as far as it still runs, in the order of its start. */
export function startedFrom(folder: string): StartedProcess[] {
  let files: string[];
  try {
    files = readdirSync(join(folder, STARTED)).filter((file) => file.endsWith('.json'));
  } catch {
    return [];
  }
  return files
    .flatMap((file) => {
      try {
        return [JSON.parse(readFileSync(join(folder, STARTED, file), 'utf8')) as Remembered & { at: number }];
      } catch {
        // Somebody else cleared it away meanwhile.
        return [];
      }
    })
    .filter((one) => {
      if (isRunning(one)) return true;
      rmSync(fileOf(folder, one), { force: true });
      return false;
    })
    .sort((a, b) => a.at - b.at)
    .map(({ kind, set, name, pid, log }) => ({ kind, set, name, pid, log }));
}

function remember(folder: string, started: StartedProcess): void {
  mkdirSync(join(folder, STARTED), { recursive: true });
  const file = fileOf(folder, started);
  const whole = { ...started, startTime: startTimeOf(started.pid), at: Date.now() };
  // Whole or not at all.
  writeFileSync(`${file}.new`, JSON.stringify(whole, null, 2));
  renameSync(`${file}.new`, file);
}

const fileOf = (folder: string, { pid }: StartedProcess): string => join(folder, STARTED, `${pid}.json`);

/**
 * The folder may have come along with a project from elsewhere: a number that means many processes is none of ours, and
 * where the system tells when a process started, one that is remembered without it neither.
 */
function isRunning({ pid, startTime }: Remembered): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 1) return false;
  if (startTimeOf(process.pid) !== undefined) return startTime !== undefined && startTimeOf(pid) === startTime;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Ends processes of this folder, by pid: SIGTERM, which lets them leave. */
export function stopFrom(folder: string, which: (started: StartedProcess) => boolean): StartedProcess[] {
  const stopped = startedFrom(folder).filter(which);
  for (const { pid } of stopped) signal(pid, 'SIGTERM');
  return stopped;
}

/** Ends processes that were just started and came to nothing; resolves when they are gone. */
export async function stopStarted(folder: string, started: StartedProcess[]): Promise<void> {
  const pids = new Set(started.map(({ pid }) => pid));
  const left = (): StartedProcess[] => startedFrom(folder).filter(({ pid }) => pids.has(pid));
  for (const { pid } of left()) signal(pid, 'SIGTERM');
  for (const end = performance.now() + GRACE_MS; left().length > 0 && performance.now() < end; )
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  // Their children end with them: each is held by a pipe of its parent.
  for (const { pid } of left()) signal(pid, 'SIGKILL');
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself.
  }
}
