/**
 * Sets that come and go under load, a node that is drained, and two regions whose distance a shaper in user space
 * makes.
 */
import { startZooKeeper } from '@sparrow/testkit';
import { checkMessageHistory } from '../packages/router/src/checker/message-history.ts';
import { machineNow } from '../packages/router/src/supervisor/lease-channel.ts';
import { createRig, pause, type Rig, type RigNode } from '../packages/router/test/rig/rig.ts';
import { growthRows } from './growth.ts';
import { regionRows } from './regions.ts';
import { type Row, row } from './row.ts';

export const programs = ['java', 'zookeeper'];

const ROUTES = 200_000;

export async function run(): Promise<Row[]> {
  const ensemble = await startZooKeeper();
  try {
    const rig = await createRig({ zookeeper: ensemble, config: { limits: { heartbeatMs: 2_000 } } });
    try {
      return [...(await comeAndGo(rig)), ...(await growthRows(rig.ensemble)), ...(await regionRows())];
    } finally {
      await rig.stop();
    }
  } finally {
    await ensemble.stop();
  }
}

async function comeAndGo(rig: Rig): Promise<Row[]> {
  const a = await rig.addRouter('a', 'r1');
  await rig.main('a');
  const nodes = [await rig.addNode('a', 'n1'), await rig.addNode('a', 'n2'), await rig.addNode('a', 'n3')];
  const names: string[] = [];
  for (const node of nodes) {
    const keys = Array.from({ length: 10 }, (_, index) => `${node.name}-${index}`);
    await node.call({ op: 'host', keys });
    names.push(...keys);
  }
  await nodes[0]?.call({ op: 'hostMany', prefix: 'many-', count: ROUTES }, 60_000);
  const [first, second, third] = nodes as [RigNode, RigNode, RigNode];
  for (const node of nodes) await node.call({ op: 'send', targets: names, everyMs: 2, burst: 10 });
  await pause(300);

  const started = machineNow();
  const b = await rig.addRouter('b', 'r1');
  await rig.main('b');
  const readyMs = machineNow() - started;
  const ready = machineNow();
  let equalMs = Number.POSITIVE_INFINITY;
  while (machineNow() - ready < 10_000) {
    const [one, two] = [
      await a.request<{ value: string }>('table-digest'),
      await b.request<{ value: string }>('table-digest'),
    ];
    if (one.value === two.value) {
      equalMs = machineNow() - ready;
      break;
    }
    await pause(20);
  }
  await pause(500);
  for (const node of nodes) await node.call({ op: 'quiet' });
  const joined = checkMessageHistory(await rig.settled());

  // A node is drained while the others go on.
  for (const node of [first, second]) await node.call({ op: 'send', targets: names, everyMs: 2, burst: 10 });
  await pause(200);
  const slowest: number[] = [];
  let isOver = false;
  const asking = (async () => {
    while (!isOver)
      for (const key of ['n3-0', 'n3-5', 'n3-9']) {
        const at = performance.now();
        for (;;) {
          const answer = await second.call<{ ms: number }>({ op: 'ask', key, within: 2_000 }).catch(() => undefined);
          if (answer) break;
          if (performance.now() - at > 5_000) break;
        }
        slowest.push(performance.now() - at);
      }
  })();
  const drainStarted = performance.now();
  const drained = await a.request<{ moved: number; left: number }>('drain-node', { node: third.name }, 30_000);
  const drainMs = performance.now() - drainStarted;
  await pause(300);
  isOver = true;
  await asking;
  for (const node of nodes) await node.call({ op: 'quiet' });
  const after = checkMessageHistory(await rig.settled());
  if (drained.left > 0) throw new Error(`${drained.left} objects stayed`);
  return [
    row(`a set added under load: from its start to ready, ${ROUTES} routes`, 'ms', [readyMs]),
    row('a set added under load: messages lost', '', [joined.lost + joined.violations.length], [], {
      op: '<=',
      value: 0,
      of: 'ours',
    }),
    row('a set added under load: tables equal after ready', 'ms', [equalMs], [], {
      op: '<=',
      value: 2_000,
      of: 'ours',
    }),
    row('messages sent and judged meanwhile', '', [after.sent]),
    row('a node drained: 10 objects moved in', 'ms', [drainMs]),
    row('a node drained: lost, doubled or swapped', '', [after.lost + after.violations.length], [], {
      op: '<=',
      value: 0,
      of: 'ours',
    }),
    row('a node drained: refused at their source', '', [after.refused]),
    row('a node drained: longest until a moved object answers', 'ms', [Math.max(...slowest)], [], {
      op: '<=',
      value: 500,
      of: 'ours',
    }),
  ];
}
