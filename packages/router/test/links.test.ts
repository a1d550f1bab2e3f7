import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLocalCoordination } from '../src/coordinators/local.ts';
import { KIND, OFFSET } from '../src/frames/layout.ts';
import {
  createMessagePortTransport,
  createNode,
  createRouter,
  createTcpTransport,
  type Node,
  type NodeOptions,
  objectId,
} from '../src/index.ts';
import { createLocalTransport } from '../src/transports/local.ts';
import { BLOCKED, type Transport, type Wire } from '../src/transports/transport.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const TARGET = objectId('Obj', 'target');

/** A transport that tells its wires, so that a test can break them. */
function breakable(transport: Transport): { transport: Transport; break(): void } {
  let last: Wire | undefined;
  return {
    transport: { ...transport, dial: async (address, timeoutMs) => (last = await transport.dial(address, timeoutMs)) },
    break: () => last?.destroy(),
  };
}

const TRANSPORTS: [string, () => Transport, string][] = [
  ['tcp', () => createTcpTransport(), '127.0.0.1:0'],
  ['local', () => createLocalTransport(), 's/r1'],
];

async function star(make: () => Transport, address: string, slow: NodeOptions['limits'] = {}) {
  const transport = make();
  const router = await createRouter({
    set: 's',
    name: 'r1',
    coordinator: createLocalCoordination().createCoordinator(),
    listen: [{ transport, address }],
  });
  const join = async (name: string, limits: NodeOptions['limits'] = {}) => {
    const wires = breakable(transport);
    const node = createNode({
      set: 's',
      name,
      types: { Obj: undefined },
      transport: wires.transport,
      routers: [router.address],
      limits,
    });
    onTestFinished(() => node.destroy());
    await node.ready();
    return { node, break: wires.break };
  };
  const [a, b] = [await join('a'), await join('b', slow)];
  onTestFinished(async () => {
    await router.close();
    await transport.close();
  });
  return { router, a, b };
}

/** Counts what becomes of each message of one source. */
async function sender(node: Awaited<ReturnType<typeof star>>['a']['node']) {
  const refused = new Map<number, string>();
  const open = new Map<number, number>();
  const { self } = await node.register('Obj', 'source', {
    refused: ({ call, code }) => {
      const sequence = open.get(call);
      if (sequence !== undefined) refused.set(sequence, code);
    },
  });
  let sent = 0;
  return {
    refused,
    get sent() {
      return sent;
    },
    send(count: number) {
      for (let nth = 0; nth < count; nth++) {
        const payload = new Uint8Array(64);
        new DataView(payload.buffer).setUint32(0, sent, true);
        try {
          open.set(self.tell(TARGET, 1, payload), sent);
        } catch (error) {
          refused.set(sent, (error as { code: string }).code);
        }
        sent++;
      }
    },
  };
}

/** An object that notes the number of each message. */
function receiver(got: number[]) {
  return {
    bare: (frame: { view: DataView; start: number }) => void got.push(frame.view.getUint32(frame.start + 36, true)),
  };
}

describe.each(TRANSPORTS)('a link over %s that breaks between living ends', (_name, make, address) => {
  it('to a slow receiver loses nothing: each message arrives once and in order, or its source is told', async () => {
    const { a, b } = await star(make, address, { readBytesPerSecond: 400_000 });
    const got: number[] = [];
    await b.node.register('Obj', 'target', receiver(got));
    const source = await sender(a.node);
    for (let turn = 0; turn < 80; turn++) {
      source.send(250);
      if (turn % 20 === 15) b.break();
      await pause(4);
    }
    await expect.poll(() => got.length + source.refused.size).toBe(source.sent);
    expect(got).toEqual([...new Set(got)].sort((x, y) => x - y));
    expect(got.filter((sequence) => source.refused.has(sequence))).toEqual([]);
    // The link was back, and went on where it had stopped.
    expect(got.length).toBeGreaterThan(1_000);
    expect([...source.refused.values()].filter((code) => code === 'TIMEOUT')).toEqual([]);
  });

  it('from the source loses nothing either', async () => {
    const { a, b } = await star(make, address);
    const got: number[] = [];
    await b.node.register('Obj', 'target', receiver(got));
    const source = await sender(a.node);
    for (let turn = 0; turn < 80; turn++) {
      source.send(250);
      if (turn % 20 === 15) a.break();
      await pause(2);
    }
    await expect.poll(() => got.length + source.refused.size).toBe(source.sent);
    expect(got).toEqual([...new Set(got)].sort((x, y) => x - y));
    expect(got.filter((sequence) => source.refused.has(sequence))).toEqual([]);
    expect(got.length).toBeGreaterThan(1_000);
  });

  it('costs no answer: whoever asks gets it, or is told at once, though the answering node has no link for a while', async () => {
    const { a, b } = await star(make, address);
    const answering: (() => void)[] = [];
    await b.node.register('Obj', 'target', {
      tell() {},
      ask: () => new Promise((resolve) => answering.push(() => resolve(bytes('answer')))),
    });
    const { self } = await a.node.register('Obj', 'source', {});
    const asked = self.ask(TARGET, 1, bytes(''), { within: 20_000 });
    asked.catch(() => {});
    await expect.poll(() => answering.length).toBe(1);
    b.break();
    while (b.node.hasMain) await new Promise((resolve) => setImmediate(resolve));
    for (const answer of answering) answer();
    expect(new TextDecoder().decode(await asked)).toBe('answer');
  });

  it('and whose node does not come back: every source is told, and what may have arrived is called that', async () => {
    const { a, b } = await star(make, address, { readBytesPerSecond: 50_000 });
    const got: number[] = [];
    await b.node.register('Obj', 'target', receiver(got));
    const source = await sender(a.node);
    source.send(20_000);
    await expect.poll(() => got.length).toBeGreaterThan(10);
    b.node.destroy();
    const received = new Set(got);
    const untold = (): number[] =>
      Array.from({ length: source.sent }, (_, sequence) => sequence).filter(
        (sequence) => !received.has(sequence) && !source.refused.has(sequence),
      );
    await expect.poll(() => untold().length).toBe(0);
    const both = [...received].filter((sequence) => source.refused.has(sequence));
    expect(new Set(both.map((sequence) => source.refused.get(sequence)))).toEqual(
      new Set(both.length ? ['TIMEOUT'] : []),
    );
    expect(source.refused.size).toBeGreaterThan(1_000);
  });
});

/** A transport whose wire is full as soon as it has taken a message; it breaks for good, or is back and takes all. */
function dammed(transport: Transport) {
  let last: Wire | undefined;
  let isFull = false;
  let isGone = false;
  let isOpen = false;
  const dam = (wire: Wire): Wire => ({
    peer: wire.peer,
    start: (events) => wire.start(events),
    write(bytes) {
      isFull ||= (bytes[OFFSET.kind] as number) === KIND.tell;
      return isFull && !isOpen ? BLOCKED : wire.write(bytes);
    },
    pause: () => wire.pause(),
    resume: () => wire.resume(),
    close: () => wire.close(),
    destroy: () => wire.destroy(),
  });
  return {
    transport: {
      ...transport,
      async dial(address: string, ms?: number) {
        if (isGone) throw new Error('nobody is there');
        last = await transport.dial(address, ms);
        return dam(last);
      },
    },
    isFull: () => isFull,
    break(): void {
      isGone = true;
      last?.destroy();
    },
    breakOnce(): void {
      isOpen = true;
      last?.destroy();
    },
  };
}

it('a link that breaks for good tells what never left from what may have arrived', async () => {
  const transport = createLocalTransport();
  const router = await createRouter({
    set: 's',
    name: 'r1',
    coordinator: createLocalCoordination().createCoordinator(),
    listen: [{ transport, address: 's/r1' }],
  });
  const dam = dammed(transport);
  const node = createNode({
    set: 's',
    name: 'n',
    types: { Obj: undefined },
    transport: dam.transport,
    routers: ['s/r1'],
  });
  onTestFinished(async () => {
    node.destroy();
    await router.close();
    await transport.close();
  });
  await node.ready();
  const refused = new Map<number, string>();
  const { self } = await node.register('Obj', 'source', { refused: ({ call, code }) => void refused.set(call, code) });
  const tell = (): number => self.tell(TARGET, 1, bytes(''));
  const written = tell();
  await expect.poll(dam.isFull).toBe(true);
  const waiting = [tell(), tell()];
  dam.break();
  await expect
    .poll(() => refused)
    .toEqual(new Map([[written, 'TIMEOUT'], ...waiting.map((call): [number, string] => [call, 'UNREACHABLE'])]));
});

it('a state that waits for a slow link when that breaks arrives by the next one, behind what was sent before', async () => {
  const transport = createLocalTransport();
  const router = await createRouter({
    set: 's',
    name: 'r1',
    coordinator: createLocalCoordination().createCoordinator(),
    listen: [{ transport, address: 's/r1' }],
  });
  const dam = dammed(transport);
  const [source, target] = [dam.transport, transport].map((way, nth) =>
    createNode({ set: 's', name: `n${nth}`, types: { Obj: undefined }, transport: way, routers: ['s/r1'] }),
  ) as [Node, Node];
  onTestFinished(async () => {
    for (const node of [source, target]) node.destroy();
    await router.close();
    await transport.close();
  });
  await Promise.all([source.ready(), target.ready()]);
  const got: string[] = [];
  await target.register('Obj', 'target', {
    tell: ({ kind, payload }) => void got.push(`${kind} ${new TextDecoder().decode(payload)}`),
  });
  const { self } = await source.register('Obj', 'source', {});
  self.tell(TARGET, 1, bytes('one'));
  await expect.poll(dam.isFull).toBe(true);
  for (const value of ['old', 'new']) self.sendState(TARGET, 2, bytes(value));
  dam.breakOnce();
  await expect.poll(() => got).toEqual(['tell one', 'state new']);
});

it('a link between the mains of two sets that breaks loses nothing', async () => {
  const coordination = createLocalCoordination();
  const wires = breakable(createTcpTransport());
  const router = async (set: string) => {
    const made = await createRouter({
      set,
      name: 'r1',
      coordinator: coordination.createCoordinator(),
      listen: [{ transport: wires.transport, address: '127.0.0.1:0' }],
      times: { nodeGraceMs: 1_000 },
    });
    onTestFinished(() => made.close());
    return made;
  };
  const [one, two] = [await router('a'), await router('b')];
  await expect.poll(() => [one.topology().slots, two.topology().slots]).toEqual([2048, 2048]);
  const join = async (set: string, address: string) => {
    const transport = createTcpTransport();
    const node = createNode({ set, name: 'n', types: { Obj: undefined }, transport, routers: [address] });
    onTestFinished(() => node.destroy());
    await node.ready();
    return node;
  };
  const [near, far] = [await join('a', one.address), await join('b', two.address)];
  const got: number[] = [];
  await far.register('Obj', 'target', receiver(got));
  const source = await sender(near);
  await expect.poll(() => one.topology().nodes.length).toBe(2);
  for (let turn = 0; turn < 80; turn++) {
    source.send(200);
    if (turn % 20 === 15) wires.break();
    await pause(4);
  }
  await expect.poll(() => got.length + source.refused.size).toBe(source.sent);
  expect(got).toEqual([...new Set(got)].sort((x, y) => x - y));
  expect(got.filter((sequence) => source.refused.has(sequence))).toEqual([]);
  expect(got.length).toBeGreaterThan(1_000);
});

it('a link over a port is there for a worker that takes long to start, and comes back when it breaks', async () => {
  const { port1, port2 } = new MessageChannel();
  const transport = createMessagePortTransport();
  const router = await createRouter({
    set: 's',
    name: 'r1',
    coordinator: createLocalCoordination().createCoordinator(),
    listen: [{ transport, address: 'ports' }],
  });
  transport.accept(port1);
  // Longer than a handshake may take.
  await pause(3_500);
  const own = createMessagePortTransport(port2);
  const wires = breakable(own);
  const node = createNode({
    set: 's',
    name: 'n',
    types: { Obj: undefined },
    transport: wires.transport,
    routers: [router.address],
  });
  onTestFinished(async () => {
    node.destroy();
    await router.close();
    await Promise.all([transport.close(), own.close()]);
  });
  await node.ready();
  await node.register('Obj', 'target', { ask: () => bytes('here') });
  wires.break();
  while (node.hasMain) await new Promise((resolve) => setImmediate(resolve));
  await expect.poll(() => node.hasMain).toBe(true);
  expect(new TextDecoder().decode(await node.self.ask(TARGET, 1, bytes('')))).toBe('here');
});

describe('a frame that is longer than a link takes', () => {
  it('is refused where it is made, of whatever kind, and harms no link', async () => {
    const { a, b } = await star(() => createLocalTransport(), 's/r1');
    await b.node.register('Obj', 'target', { tell() {}, ask: () => new Uint8Array(2 << 20) });
    const { self } = await a.node.register('Obj', 'source', {});
    const long = new Uint8Array(2 << 20);
    const link = a.node.term;
    let lost = 0;
    const watch = setInterval(() => (a.node.hasMain && b.node.hasMain ? 0 : lost++), 1);
    onTestFinished(() => clearInterval(watch));
    for (const send of [
      () => self.tell(TARGET, 1, long),
      () => self.sendState(TARGET, 1, long),
      () => self.broadcast('world', 1, long),
    ])
      expect(send).toThrowError(expect.objectContaining({ code: 'FRAME_INVALID' }));
    await expect(self.tellSurely(TARGET, 1, long)).rejects.toMatchObject({ code: 'FRAME_INVALID' });
    await expect(self.ask(TARGET, 1, long)).rejects.toMatchObject({ code: 'FRAME_INVALID' });
    // The question fits, its answer does not.
    await expect(self.ask(TARGET, 1, bytes(''))).rejects.toMatchObject({ code: 'FRAME_INVALID' });
    expect([lost, a.node.term]).toEqual([0, link]);
  });

  it('for one link on the way alone is refused to its source, and the link lives on', async () => {
    const { a, b } = await star(() => createLocalTransport(), 's/r1', { frameBytes: 64 * 1024 });
    const got: number[] = [];
    await b.node.register('Obj', 'target', {
      tell: ({ payload }) => void got.push(payload.byteLength),
      ask: () => bytes(''),
    });
    const refused: string[] = [];
    const { self } = await a.node.register('Obj', 'source', { refused: ({ code }) => void refused.push(code) });
    self.tell(TARGET, 1, new Uint8Array(100_000));
    self.sendState(TARGET, 1, new Uint8Array(100_000));
    self.tell(TARGET, 1, new Uint8Array(60_000));
    await expect(self.tellSurely(TARGET, 1, new Uint8Array(100_000))).rejects.toMatchObject({ code: 'FRAME_INVALID' });
    await expect(self.ask(TARGET, 1, new Uint8Array(100_000))).rejects.toMatchObject({ code: 'FRAME_INVALID' });
    await expect.poll(() => [got, refused]).toEqual([[60_000], ['FRAME_INVALID', 'FRAME_INVALID']]);
    expect(b.node.hasMain).toBe(true);
  });
});
