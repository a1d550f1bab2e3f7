import { readFileSync } from 'node:fs';
import {
  createNode,
  createTcpTransport,
  type Node,
  type Operator,
  objectId,
  type StartedProcess,
} from '@sparrow/router';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';

/**
 * Faults that the console can do to a game that was started from this folder. Those of the network between hosts and
 * of ZooKeeper's own servers are the tests': they need namespaces and servers that are not ours.
 */
export const GAME_FAULTS = [
  'kill',
  'kill-host',
  'stop',
  'continue',
  'cut-coordinator',
  'garbage',
  'slow',
  'flood',
  'deaf',
  'duplicate',
] as const;
export type GameFault = (typeof GAME_FAULTS)[number];

export interface FaultTarget {
  kind: GameFault;
  set: string;
  /** A router or a node. */
  name: string;
  /** For `deaf`: the other end, `set/name`. For `duplicate`: the object, `Type/key`. */
  of?: string;
}

/** How long slowness, a flood or deafness lasts. */
const LASTS_MS = 5_000;
const SLOW_TURN_MS = 100;
const SLEEP_MS = 80;
const FLOOD_BURST = 500;

interface FaultParts {
  operator: Operator;
  started: StartedProcess[];
  /** Routers of a set, for what joins it as a node. */
  join: { routers: string[]; key?: string };
}

/** The children of a process: a supervisor's router. */
function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function signal(pids: number[], name: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, name);
    } catch {
      // It ended.
    }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Does one fault; those that last go on after the answer. @throws CloudError NOT_FOUND, RouterError */
export async function doFault({ operator, started, join }: FaultParts, target: FaultTarget): Promise<void> {
  const { kind, set, name, of = '' } = target;
  if (kind === 'garbage') return operator.sendGarbage(set, name);
  if (kind === 'deaf') return operator.deafen(set, name, of, LASTS_MS);
  if (kind === 'duplicate') return registerTwice(join, set, of);
  if (kind === 'flood') {
    const node = await joinAs(join, set, '@none');
    void flood(node, `${set}/${name}`);
    return;
  }
  const found = started.find((one) => one.set === set && one.name === name);
  if (!found)
    throw new CloudError('NOT_FOUND', phrase`${set}/${name} was not started from this folder`, {
      hint: phrase`faults are for processes that \`sparrow game\` started here`,
    });
  const inner = childrenOf(found.pid);
  // A supervisor that is left alone gives the lease back at once and starts its router again.
  const worker = found.kind === 'router' && inner.length > 0 ? inner : [found.pid];
  const all = [found.pid, ...inner];
  if (kind === 'kill') signal(worker, 'SIGKILL');
  else if (kind === 'kill-host') signal(all, 'SIGKILL');
  else if (kind === 'stop') signal(all, 'SIGSTOP');
  else if (kind === 'continue') signal(all, 'SIGCONT');
  // The supervisor holds the session: without it the lease ends, and the nodes keep their links.
  else if (kind === 'cut-coordinator') signal([found.pid], 'SIGSTOP');
  else void slow(worker);
}

/** Awake for a fifth of the time. */
async function slow(pids: number[]): Promise<void> {
  for (const end = performance.now() + LASTS_MS; performance.now() < end; ) {
    signal(pids, 'SIGSTOP');
    await pause(SLEEP_MS);
    signal(pids, 'SIGCONT');
    await pause(SLOW_TURN_MS - SLEEP_MS);
  }
}

async function joinAs({ routers, key }: FaultParts['join'], set: string, type: string): Promise<Node> {
  const node = createNode({
    set,
    name: `console-${process.pid}-${Math.round(performance.now())}`,
    types: { [type]: undefined },
    transport: createTcpTransport(),
    routers,
    ...(key !== undefined && { key }),
  });
  try {
    await node.ready(5_000);
  } catch (error) {
    node.destroy();
    throw error;
  }
  return node;
}

async function flood(node: Node, target: string): Promise<void> {
  const to = objectId('@node', target);
  const payload = new Uint8Array(512);
  for (const end = performance.now() + LASTS_MS; performance.now() < end; ) {
    for (let count = 0; count < FLOOD_BURST; count++)
      try {
        node.self.tell(to, 0, payload);
      } catch {
        // The queue is full: that is the point.
        break;
      }
    await pause(1);
  }
  await node.close();
}

/** Registers an object a second time; whoever has it loses it. It is nobody's when our node leaves. */
async function registerTwice(join: FaultParts['join'], set: string, name: string): Promise<void> {
  const at = name.indexOf('/');
  if (at < 1)
    throw new CloudError('BAD_REQUEST', phrase`"${name}" is no Type/key`, { hint: phrase`for example Player/42` });
  const type = name.slice(0, at);
  const node = await joinAs(join, set, type);
  await node.register(type, name.slice(at + 1), {});
  setTimeout(() => void node.close(), LASTS_MS);
}
