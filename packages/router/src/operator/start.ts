import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RouterError } from '../errors.ts';
import type { MeshConfig, RouterProcessConfig } from '../process/config.ts';

const PROCESSES = join(import.meta.dirname, '../process');

export interface StartedProcess {
  kind: 'router' | 'node';
  set: string;
  name: string;
  pid: number;
  log: string;
}

/** Starts the supervisors of a set's routers, detached: they go on when we end. Their logs stand in `folder`. */
export function startSet(
  config: MeshConfig,
  set: { name: string; routers: number; host: string; nats?: string[] },
  folder: string,
): StartedProcess[] {
  if (!config.zookeeper?.length)
    throw new RouterError('COORDINATION_LOST', 'a set of several processes needs ZooKeeper', {
      hint: 'name its servers in the config, e.g. "zookeeper": ["127.0.0.1:2181"]',
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
    return start('router', 'supervisor-process.ts', router, { set: set.name, name }, folder);
  });
}

/** Starts a node with the game's own module, detached. */
export function startNode(
  config: MeshConfig,
  node: { set: string; name: string; module: string },
  folder: string,
): StartedProcess {
  return start('node', 'game-node-process.ts', { ...config, ...node }, node, folder);
}

function start(
  kind: 'router' | 'node',
  script: string,
  config: object,
  { set, name }: { set: string; name: string },
  folder: string,
): StartedProcess {
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

/** What was started from this folder, as far as it still runs. */
export function startedFrom(folder: string): StartedProcess[] {
  try {
    const all = JSON.parse(readFileSync(join(folder, 'processes.json'), 'utf8')) as StartedProcess[];
    return all.filter(({ pid }) => {
      try {
        process.kill(pid, 0);
        return true;
      } catch {
        return false;
      }
    });
  } catch {
    return [];
  }
}

function remember(folder: string, started: StartedProcess): void {
  writeFileSync(join(folder, 'processes.json'), JSON.stringify([...startedFrom(folder), started], null, 2));
}

/** Ends processes of this folder, by pid: SIGTERM, which lets them leave. */
export function stopFrom(folder: string, which: (started: StartedProcess) => boolean): StartedProcess[] {
  const stopped = startedFrom(folder).filter(which);
  for (const { pid } of stopped)
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      // It ended by itself.
    }
  return stopped;
}
