/**
 * One router between two nodes, each a process of its own, against nats-server, Redis pub/sub and pinus RPC on the
 * same work: 64 bytes from one process to another. CPU is that of all processes on the way, by their own count.
 */
import { type Child, startChild } from '@sparrow/core/process';
import { freePort, listening, startNats } from '@sparrow/testkit';
import { cpuOf, FLOOD, type Host, rssOf, settled, startHost, startRouter } from './hosts.ts';
import { installPinus, startPinus } from './peers/pinus.ts';
import { routeTableRows } from './router-table.ts';
import { type Row, row } from './row.ts';

export const programs = ['nats', 'redis'];

const ROUNDS = 3;
const FLOOD_MS = 1_200;
const RTT_MS = 700;
const TARGETS = 1_000;

/**
 * Few, as in a quiet mesh: what counts is how many a write carries. Many, as under load: what counts is the message.
 */
const IN_FLIGHT = [64, 1_024];
const emptyAsks = () => {
  const none = (): { rate: number[]; cpu: number[] } => ({ rate: [], cpu: [] });
  return { ours: none(), nats: none(), redis: none(), pinus: none() };
};

interface Flood {
  sent: number;
  ms: number;
}
interface Trips {
  count: number;
  ms: number;
  p50: number;
  p99: number;
}

const usage = async (hosts: Host[], broker: number): Promise<number> => {
  let total = cpuOf(broker);
  for (const host of hosts) total += (await host.call<{ cpuUs: number }>({ op: 'usage' })).cpuUs;
  return total;
};

/** Work, and the CPU that all processes on its way took, with what they put off. */
async function measured<T>(hosts: Host[], broker: number, work: () => Promise<T>): Promise<T & { cpuUs: number }> {
  const before = await usage(hosts, broker);
  const result = await work();
  await settled([broker, ...hosts.map(({ child }) => child.pid)]);
  return { ...result, cpuUs: (await usage(hosts, broker)) - before };
}

export async function run(): Promise<Row[]> {
  const stops: (() => Promise<unknown>)[] = [];
  try {
    return await measure(stops);
  } finally {
    for (const stop of stops.reverse()) await stop().catch(() => {});
  }
}

async function measure(stops: (() => Promise<unknown>)[]): Promise<Row[]> {
  const rows: Row[] = [];
  const limits = { queueBytes: 64 * 1024 * 1024, heartbeatMs: 3_000 };
  const router = await startRouter({ set: 'bench', name: 'r1', listen: '127.0.0.1:0', limits });
  stops.push(() => router.child.stop(500));
  const node = async (name: string): Promise<Host> => {
    const host = await startHost('router-host.ts', [name, 'bench', router.address]);
    stops.push(() => host.stop());
    return host;
  };
  const tx = await node('tx');
  const rx = await node('rx');
  const echo = await node('echo');
  await rx.call({ op: 'host', type: 'Bench', from: 0, count: TARGETS, kind: 'count' });

  const nats = await startNats();
  stops.push(() => nats.stop());
  const redisPort = await freePort();
  const redis: Child = await startChild(
    'redis-server',
    ['--port', String(redisPort), '--save', '', '--appendonly', 'no'],
    {
      stdio: 'ignore',
    },
  );
  stops.push(() => redis.stop(500));
  await listening(redisPort);
  const peer = async (kind: string, address: string): Promise<{ tx: Host; rx: Host }> => {
    const hosts = {
      rx: await startHost('peer-host.ts', [kind, 'rx', address]),
      tx: await startHost('peer-host.ts', [kind, 'tx', address]),
    };
    stops.push(() => Promise.all([hosts.tx.stop(), hosts.rx.stop()]));
    return hosts;
  };
  const peers = {
    nats: { ...(await peer('nats', nats.address)), broker: nats.pid },
    trunk: { ...(await peer('trunk', nats.address)), broker: nats.pid },
    redis: { ...(await peer('redis', String(redisPort))), broker: redis.pid },
  };

  const rate: number[] = [];
  const cpu = { ours: [] as number[], nats: [] as number[], trunk: [] as number[], redis: [] as number[] };
  const peerRate = { nats: [] as number[], trunk: [] as number[], redis: [] as number[] };
  // The first round warms up.
  for (let round = 0; round <= ROUNDS; round++) {
    const flood = await measured([tx, rx], router.child.pid, () =>
      tx.call<Flood>({ op: 'flood', targets: TARGETS, ms: FLOOD_MS, window: FLOOD.window }),
    );
    if (round > 0) {
      rate.push((flood.sent / flood.ms) * 1000);
      cpu.ours.push(flood.cpuUs / flood.sent);
    }
    for (const name of ['nats', 'trunk', 'redis'] as const) {
      const { tx: from, rx: to, broker } = peers[name];
      const theirs = await measured([from, to], broker, () => from.call<Flood>({ op: 'flood', ms: FLOOD_MS }));
      if (round === 0) continue;
      peerRate[name].push((theirs.sent / theirs.ms) * 1000);
      cpu[name].push(theirs.cpuUs / theirs.sent);
    }
  }
  rows.push(
    row('messages a second through one router', '1/s', rate, [], { op: '>=', value: 1_200_000, of: 'ours' }),
    row('CPU a message: sender + router + receiver', 'µs', cpu.ours, [], { op: '<=', value: 1.5, of: 'ours' }),
    row('CPU a message, against NATS publish', 'µs', cpu.ours, cpu.nats, { op: '<=', value: 0.25, of: 'ratio' }),
    row('CPU a message, against Redis pub/sub', 'µs', cpu.ours, cpu.redis, { op: '<=', value: 0.25, of: 'ratio' }),
    row(
      'CPU a message, beside a NATS trunk of 384 frames a publish',
      'µs',
      cpu.ours,
      cpu.trunk,
      undefined,
      'not the same work: 384 frames for one receiver lie in one publish, so NATS looks up one subject for all of them and nobody looks at a frame; our router looks up every frame. It is what a trunk between two sets costs.',
    ),
    row('messages a second, against NATS publish', '1/s', rate, peerRate.nats),
    row('messages a second, against Redis pub/sub', '1/s', rate, peerRate.redis),
  );

  // Questions and answers: the targets answer from here on.
  await rx.call({ op: 'host', type: 'Bench', from: 0, count: TARGETS, kind: 'echo' });
  const hasPinus = installPinus();
  const pinus = hasPinus ? await startPinus() : undefined;
  if (pinus) stops.push(() => pinus.stop());
  const p50: number[] = [];
  const p99: number[] = [];
  /** By how many are in flight. */
  const asks = new Map(IN_FLIGHT.map((inFlight) => [inFlight, emptyAsks()]));
  for (let round = 0; round <= ROUNDS; round++) {
    const trips = await tx.call<Trips>({ op: 'rtt', targets: TARGETS, ms: RTT_MS, inFlight: 64 });
    if (round > 0) {
      p50.push(trips.p50);
      p99.push(trips.p99);
    }
    for (const [inFlight, of] of asks) {
      const ours = await measured([tx, rx], router.child.pid, () =>
        tx.call<Trips>({ op: 'ask', targets: TARGETS, ms: RTT_MS, inFlight }),
      );
      if (round > 0) {
        of.ours.rate.push((ours.count / ours.ms) * 1000);
        of.ours.cpu.push(ours.cpuUs / ours.count);
      }
      for (const name of ['nats', 'redis'] as const) {
        const { tx: from, rx: to, broker } = peers[name];
        const theirs = await measured([from, to], broker, () => from.call<Trips>({ op: 'ask', ms: RTT_MS, inFlight }));
        if (round === 0) continue;
        of[name].rate.push((theirs.count / theirs.ms) * 1000);
        of[name].cpu.push(theirs.cpuUs / theirs.count);
      }
      if (pinus) {
        const theirs = await pinus.ask(RTT_MS, inFlight);
        if (round === 0) continue;
        of.pinus.rate.push((theirs.count / theirs.ms) * 1000);
        of.pinus.cpu.push(theirs.cpuUs / theirs.count);
      }
    }
  }
  rows.push(
    row('round trip of bare messages, 64 in flight, p50', 'ms', p50, [], { op: '<=', value: 0.3, of: 'ours' }),
    row('round trip of bare messages, 64 in flight, p99', 'ms', p99, [], { op: '<=', value: 2, of: 'ours' }),
  );
  for (const [inFlight, { ours, nats: ofNats, redis: ofRedis, pinus: ofPinus }] of asks) {
    const quarter = { op: '<=', value: 0.25, of: 'ratio' } as const;
    const named = (what: string): string => `${what}, ${inFlight} in flight`;
    rows.push(
      row(named('CPU an ask with answer, against NATS request'), 'µs', ours.cpu, ofNats.cpu, quarter),
      row(named('asks a second, against NATS request'), '1/s', ours.rate, ofNats.rate),
      row(named('CPU an ask with answer, against Redis and back'), 'µs', ours.cpu, ofRedis.cpu, quarter),
    );
    if (hasPinus)
      rows.push(
        row(named('CPU an ask with answer, against pinus RPC'), 'µs', ours.cpu, ofPinus.cpu, quarter),
        row(named('asks a second, against pinus RPC'), '1/s', ours.rate, ofPinus.rate),
      );
  }
  if (!hasPinus) process.stderr.write('pinus could not be installed: its rows are missing\n');

  // Broadcast and placement, over eight nodes.
  const groupNodes = [
    tx,
    rx,
    echo,
    await node('g4'),
    await node('g5'),
    await node('g6'),
    await node('g7'),
    await node('g8'),
  ];
  for (const [index, one] of groupNodes.entries())
    await one.call({ op: 'host', type: 'Player', from: index * 1_250, count: 1_250, kind: 'group' });
  const broadcasts: number[] = [];
  const broadcastCpu: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const count = async (): Promise<number> => {
      let total = 0;
      for (const one of groupNodes) total += (await one.call<{ received: number }>({ op: 'received' })).received;
      return total;
    };
    const had = await count();
    const before = await usage(groupNodes, router.child.pid);
    const started = performance.now();
    await tx.call({ op: 'broadcast', count: 100 });
    while ((await count()) - had < 100 * 10_000 && performance.now() - started < 10_000);
    const ms = performance.now() - started;
    await settled([router.child.pid, ...groupNodes.map(({ child }) => child.pid)]);
    const after = await usage(groupNodes, router.child.pid);
    const delivered = (await count()) - had;
    if (round === 0) continue;
    broadcasts.push((delivered / ms) * 1000);
    broadcastCpu.push((after - before) / delivered);
  }
  rows.push(
    row('broadcast to 10,000 objects on 8 nodes: deliveries a second', '1/s', broadcasts),
    row('broadcast: CPU a delivery, all processes', 'µs', broadcastCpu),
  );
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  const picked = await tx.call<{ picks: Record<string, number>; ms: number }>({ op: 'pick', count: 800 });
  const shares = Object.values(picked.picks);
  rows.push(
    row('placements by load, one at a time', '1/s', [(800 / picked.ms) * 1000]),
    row('placements by load: the fullest of 8 nodes against the mean', '×', [Math.max(...shares) / (800 / 8)]),
  );

  // Routes.
  const registered: number[] = [];
  const rss = rssOf(router.child.pid);
  for (let part = 0; part < 3; part++) {
    const answer = await (part % 2 ? rx : echo).call<{ ms: number; failed: number }>({
      op: 'register',
      type: 'Player',
      from: 10_000_000 + part * 500_000,
      count: 500_000,
    });
    if (answer.failed > 0) throw new Error(`${answer.failed} registrations failed`);
    registered.push((500_000 / answer.ms) * 1000);
  }
  rows.push(
    row('registrations a second, with hosting 500,000 objects in a node', '1/s', registered),
    row('memory of the router process a million routes', 'MB', [
      (((rssOf(router.child.pid) - rss) / 1.5e6) * 1e6) / 1e6,
    ]),
  );
  for (const stop of stops.splice(0).reverse()) await stop().catch(() => {});
  rows.push(...(await routeTableRows()));
  return rows;
}
