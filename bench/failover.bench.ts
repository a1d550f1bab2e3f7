/**
 * How long nobody leads: a main router of one set is killed, or its whole host falls silent (it and its supervisor are
 * stopped, so that nothing is said and nothing closed), while two nodes ask each other all the time and the table
 * holds a million objects.
 */
import { startZooKeeper } from '@sparrow/testkit';
import { machineNow } from '../packages/router/src/supervisor/lease-channel.ts';
import { createRig, pause, type Rig } from '../packages/router/test/rig/rig.ts';
import { type Row, row } from './row.ts';

export const programs = ['java', 'zookeeper'];

const OBJECTS = Number(process.env.BENCH_OBJECTS ?? 1_000_000);
const REPEATS = Number(process.env.BENCH_REPEATS ?? 20);
const SESSION_MS = 1_000;
const PROBE_MS = 2;
/** Answers come all the time again when the last one is no older than this. */
const SETTLED_MS = 300;
const DEADLINE_MS = 165_000;

interface Probe {
  at: number;
  ok: boolean;
  code?: string;
}

export async function run(): Promise<Row[]> {
  const end = performance.now() + DEADLINE_MS;
  const ensemble = await startZooKeeper({ tickMs: 200 });
  try {
    const rig = await createRig({
      zookeeper: ensemble,
      sessionTimeoutMs: SESSION_MS,
      // A busy node of half a million objects may be slow to answer; silence is found by the lease here, not by links.
      config: { limits: { heartbeatMs: 3_000 } },
    });
    try {
      return await measure(rig, end, ensemble.tickMs);
    } finally {
      await rig.stop();
    }
  } finally {
    await ensemble.stop();
  }
}

async function measure(rig: Rig, end: number, tickMs: number): Promise<Row[]> {
  await rig.addRouter('a', 'r1');
  await rig.main('a');
  await rig.addRouter('a', 'r2');
  const nodes = [await rig.addNode('a', 'n1'), await rig.addNode('a', 'n2')];
  const [asker, answerer] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
  for (const [index, node] of nodes.entries())
    await node.call({ op: 'hostMany', prefix: `many-${index}-`, count: OBJECTS / 2 }, 60_000);
  await answerer.call({ op: 'host', keys: ['answerer'] });
  const kill = { gap: [] as number[], lost: [] as number[], refused: [] as number[] };
  const silent = { gap: [] as number[], lost: [] as number[], refused: [] as number[] };

  async function fail(into: typeof kill, isKill: boolean): Promise<void> {
    const main = await rig.main('a');
    await waitFor(async () => (await main.topology()).hasStandby);
    await pause(200);
    const { term } = await main.topology();
    await asker.call({ op: 'probe', key: 'answerer', everyMs: PROBE_MS });
    await pause(150);
    const at = machineNow();
    if (isKill) process.kill(main.routerPid, 'SIGKILL');
    else {
      process.kill(main.supervisor.pid, 'SIGSTOP');
      process.kill(main.routerPid, 'SIGSTOP');
    }
    await rig.main('a', term);
    await pause(600);
    const ended = machineNow();
    const probes = await asker.call<Probe[]>({ op: 'probed' });
    if (!isKill) {
      process.kill(main.routerPid, 'SIGCONT');
      process.kill(main.supervisor.pid, 'SIGCONT');
    }
    const answered = probes.filter(({ ok }) => ok).map((probe) => probe.at);
    const after = answered.filter((time) => time > at).sort((a, b) => a - b);
    const before = answered.filter((time) => time <= at);
    // The longest silence that contains the fault or follows it.
    let gap = 0;
    let last = Math.max(at, ...before);
    for (const time of after) {
      gap = Math.max(gap, time - last);
      last = time;
    }
    // A silence that lasts until nobody asks any more has no end: an answer from before the fault may come behind it.
    into.gap.push(ended - last > gap && ended - last > SETTLED_MS ? Number.POSITIVE_INFINITY : gap);
    into.refused.push(probes.filter(({ ok, code }) => !ok && code === 'UNREACHABLE').length);
    into.lost.push(probes.filter(({ ok, code }) => !ok && code !== 'UNREACHABLE').length);
  }

  for (let turn = 0; turn < REPEATS * 2 && performance.now() < end; turn++)
    await fail(turn % 2 ? silent : kill, turn % 2 === 0);
  const max = (values: number[]): number => Math.max(...values);
  const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
  const bound = SESSION_MS + tickMs + 200;
  const main = await rig.main('a');
  const { routes } = await main.topology();
  return [
    row(`routes in the table`, '', [routes]),
    row(`process killed: gap, p50 of ${kill.gap.length}`, 'ms', kill.gap, [], { op: '<=', value: 300, of: 'ours' }),
    row('process killed: gap, longest', 'ms', [max(kill.gap)], [], { op: '<=', value: 1_000, of: 'ours' }),
    row('process killed: questions without an answer or refusal, all repeats', '', [sum(kill.lost)]),
    row('process killed: questions refused at their source, all repeats', '', [sum(kill.refused)]),
    row(`silent host: gap, p50 of ${silent.gap.length}, session ${SESSION_MS} ms, tick ${tickMs} ms`, 'ms', silent.gap),
    row('silent host: gap, longest', 'ms', [max(silent.gap)], [], { op: '<=', value: bound, of: 'ours' }),
    row('silent host: questions without an answer or refusal, all repeats', '', [sum(silent.lost)]),
    row('silent host: questions refused at their source, all repeats', '', [sum(silent.refused)]),
  ];
}

async function waitFor(check: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await check().catch(() => false)) return;
    await pause(50);
  }
  throw new Error('the standby did not come');
}
