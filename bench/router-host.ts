/** The processes under measurement of the router's benches: a node that does what it is told by IPC. */
import { createNode, createTcpTransport, objectId, type RoutedObject, type Self } from '@sparrow/router';
import { FLOOD } from './hosts.ts';

const [name = 'n', set = 'bench', ...routers] = process.argv.slice(2);
const PAYLOAD = new Uint8Array(64);
/** The receiver says after so many messages that they came. */
const CREDIT = 1024;

export type Command =
  | { op: 'usage' }
  | { op: 'host'; type: string; from: number; count: number; kind: 'count' | 'echo' | 'group' }
  | { op: 'flood'; targets: number; ms: number; window: number }
  | { op: 'rtt'; targets: number; ms: number; inFlight: number }
  | { op: 'ask'; targets: number; ms: number; inFlight: number }
  | { op: 'register'; type: string; from: number; count: number }
  | { op: 'broadcast'; count: number }
  | { op: 'received' }
  | { op: 'pick'; count: number }
  | { op: 'stop' };

const node = createNode({
  set,
  name,
  types: { Bench: undefined, Player: undefined, Sender: undefined },
  transport: createTcpTransport(),
  routers,
  limits: { queueBytes: 64 * 1024 * 1024 },
  log: (line) => void (process.env.BENCH_LOG && process.stderr.write(`${line}\n`)),
});
await node.ready();
let received = 0;
/** What goes back to the sender: for each CREDIT messages one. */
const credit = objectId('Sender', 'credit');
const reply = objectId('Sender', 'reply');

function hosted(kind: 'count' | 'echo' | 'group'): RoutedObject {
  if (kind === 'echo') return { bare: (frame) => void node.self.tell(reply, 1, frame.payload()), ask: () => PAYLOAD };
  if (kind === 'group') return { bare: () => void received++ };
  return {
    bare() {
      if (++received % CREDIT === 0) node.self.tell(credit, 1, PAYLOAD.subarray(0, 4));
    },
  };
}

const keys = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => String(from + index));
const targetsOf = (count: number) => keys(0, count).map((key) => objectId('Bench', key));

/** Sends one way for `ms`, never more than `window` under way; messages that were confirmed, and the time. */
async function flood(count: number, ms: number, window: number): Promise<{ sent: number; ms: number }> {
  const targets = targetsOf(count);
  let sent = 0;
  let confirmed = 0;
  const { self } = await node.register('Sender', 'credit', { bare: () => void (confirmed += CREDIT) });
  const started = performance.now();
  let at = 0;
  await new Promise<void>((resolve) => {
    const step = (): void => {
      if (performance.now() - started > ms) {
        if (sent - confirmed < CREDIT || performance.now() - started > ms + 3_000) resolve();
        else setTimeout(step, 1);
        return;
      }
      for (let burst = 0; burst < FLOOD.burst && sent - confirmed < window; burst++) {
        self.tell(targets[at] as (typeof targets)[0], 1, PAYLOAD);
        if (++at === targets.length) at = 0;
        sent++;
      }
      setImmediate(step);
    };
    step();
  });
  return { sent: confirmed, ms: performance.now() - started };
}

/** Round trips of bare messages with so many in flight; latencies in ms. */
async function rtt(count: number, ms: number, inFlight: number): Promise<{ latencies: number[]; ms: number }> {
  const targets = targetsOf(count);
  const latencies: number[] = [];
  const at: number[] = [];
  let head = 0;
  let next = 0;
  let isOver = false;
  const done = Promise.withResolvers<void>();
  const started = performance.now();
  let self: Self | undefined;
  const send = (): void => {
    at.push(performance.now());
    self?.tell(targets[next] as (typeof targets)[0], 1, PAYLOAD);
    if (++next === targets.length) next = 0;
  };
  ({ self } = await node.register('Sender', 'reply', {
    bare() {
      const now = performance.now();
      // The answers come in the order of the questions: one path, one class.
      latencies.push(now - (at[head++] as number));
      if (now - started > ms) isOver = true;
      if (!isOver) send();
      else if (head === at.length) done.resolve();
    },
  }));
  for (let index = 0; index < inFlight; index++) send();
  await done.promise;
  return { latencies, ms: performance.now() - started };
}

/** Counts and nothing else, as the peers do. */
async function ask(targetCount: number, ms: number, inFlight: number): Promise<{ count: number; ms: number }> {
  const targets = targetsOf(targetCount);
  let count = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async (_, index) => {
      for (let turn = index; performance.now() - started < ms; turn++) {
        await node.self.ask(targets[turn % targets.length] as (typeof targets)[0], 1, PAYLOAD);
        count++;
      }
    }),
  );
  return { count, ms: performance.now() - started };
}

const summary = ({ latencies, ms }: { latencies: number[]; ms: number }) => {
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { count: latencies.length, ms, p50: at(0.5), p99: at(0.99), max: at(1) };
};

async function run(command: Command): Promise<unknown> {
  if (command.op === 'usage') {
    const { user, system } = process.cpuUsage();
    return { cpuUs: user + system, rss: process.memoryUsage.rss() };
  }
  if (command.op === 'host') {
    const failed = await node.registerAll(command.type, keys(command.from, command.count), () => hosted(command.kind));
    if (command.kind === 'group')
      for (const key of keys(command.from, command.count)) node.selfOf(objectId(command.type, key))?.join('bench');
    return { failed: failed.size };
  }
  if (command.op === 'register') {
    const names = keys(command.from, command.count);
    const object = {};
    const started = performance.now();
    const failed = await node.registerAll(command.type, names, () => object);
    return { failed: failed.size, ms: performance.now() - started };
  }
  if (command.op === 'flood') return flood(command.targets, command.ms, command.window);
  if (command.op === 'rtt') return summary(await rtt(command.targets, command.ms, command.inFlight));
  if (command.op === 'ask') return ask(command.targets, command.ms, command.inFlight);
  if (command.op === 'broadcast') {
    for (let index = 0; index < command.count; index++) {
      node.self.broadcast({ group: 'bench' }, 1, PAYLOAD);
      if (index % 10 === 9) await new Promise((resolve) => setImmediate(resolve));
    }
    return {};
  }
  if (command.op === 'received') return { received };
  if (command.op === 'pick') {
    const started = performance.now();
    const picks: Record<string, number> = {};
    for (let index = 0; index < command.count; index++) {
      const { node: picked } = await node.pick('Player');
      picks[picked] = (picks[picked] ?? 0) + 1;
    }
    return { picks, ms: performance.now() - started };
  }
  await node.close();
  setTimeout(() => process.exit(0), 50);
  return {};
}

process.on('message', ({ id, command }: { id: number; command: Command }) => {
  run(command).then(
    (value) => process.send?.({ id, value }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
process.once('disconnect', () => process.exit(0));
process.send?.({ ready: true });
