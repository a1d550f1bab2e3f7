import { describe, expect, it, onTestFinished } from 'vitest';
import { createLocalCoordination } from '../src/coordinators/local.ts';
import type { FrameView } from '../src/frames/frame.ts';
import { KIND, OFFSET } from '../src/frames/layout.ts';
import { createNode, createRouter, objectId, type RoutedObject, type RouterOptions } from '../src/index.ts';
import { createLocalTransport } from '../src/transports/local.ts';
import { KEPT, type Transport, type Wire } from '../src/transports/transport.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (payload: Uint8Array): string => new TextDecoder().decode(payload);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A transport whose bytes are on their way for a while, in order, as between two regions. */
function distant(transport: Transport, way: { ms: number }): Transport {
  const far = (wire: Wire): Wire => {
    const onTheWay: (() => void)[] = [];
    let last = 0;
    // What is sent later comes later, also when the way has become shorter.
    const send = (arrive: () => void): void => {
      const now = performance.now();
      last = Math.max(last, now + way.ms);
      onTheWay.push(arrive);
      setTimeout(() => onTheWay.shift()?.(), last - now);
    };
    return {
      peer: wire.peer,
      start: (events) => wire.start(events),
      write(bytes) {
        send(() => wire.write(bytes));
        return KEPT;
      },
      pause: () => wire.pause(),
      resume: () => wire.resume(),
      close: () => send(() => wire.close()),
      destroy: () => wire.destroy(),
    };
  };
  return {
    listen: (address, onWire) => transport.listen(address, (wire) => onWire(far(wire))),
    dial: async (address, timeoutMs) => far(await transport.dial(address, timeoutMs)),
    close: () => transport.close(),
  };
}

/** A transport whose dialler can be held up, as a process that gets no processor is: what it writes waits here. */
function createGate(transport: Transport) {
  let waiting: (() => void)[] | undefined;
  let closing: { kind: number; left: number; closed: () => void } | undefined;
  const look = (bytes: Uint8Array): void => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; closing && at < bytes.byteLength; at += view.getUint32(at + OFFSET.length, true)) {
      if (bytes[at + OFFSET.kind] !== closing.kind || --closing.left > 0) continue;
      waiting = [];
      closing.closed();
      closing = undefined;
    }
  };
  const gated = (wire: Wire): Wire => ({
    peer: wire.peer,
    start: (events) => wire.start(events),
    write(bytes) {
      if (waiting) {
        waiting.push(() => void wire.write(bytes));
        return KEPT;
      }
      if (closing) look(bytes);
      return wire.write(bytes);
    },
    pause: () => wire.pause(),
    resume: () => wire.resume(),
    close: () => wire.close(),
    destroy: () => wire.destroy(),
  });
  return {
    gated: { ...transport, dial: async (address: string, ms?: number) => gated(await transport.dial(address, ms)) },
    gate: {
      /** Holds up everything behind so many frames of a kind; resolves then. */
      closeAfter: (kind: number, count: number) =>
        new Promise<void>((closed) => {
          closing = { kind, left: count, closed };
        }),
      open(): void {
        const held = waiting ?? [];
        waiting = undefined;
        for (const write of held) write();
      },
    },
  };
}

/** Sets a and b, far from each other, with a node each. */
async function twoRegions(make: (key: string) => RoutedObject, wayMs: number, times: RouterOptions['times'] = {}) {
  const coordination = createLocalCoordination();
  const near = createLocalTransport();
  // Nobody calls the other silent while a test holds him up.
  const limits = { heartbeatMs: 20_000 };
  const way = { ms: wayMs };
  const trunk = distant(createLocalTransport(), way);
  const router = (set: string) =>
    createRouter({
      set,
      name: 'r1',
      coordinator: coordination.createCoordinator(),
      listen: [{ transport: near, address: `${set}/r1` }],
      trunk: { transport: trunk, address: `${set}/trunk` },
      limits,
      times,
    });
  const routers = [await router('a'), await router('b')];
  const { gate, gated } = createGate(near);
  const node = (set: string, name: string, transport: Transport) =>
    createNode({
      set,
      name,
      types: { Player: make, Source: undefined },
      transport,
      routers: [`${set}/r1`],
      limits,
    });
  const [n1, n2] = [node('a', 'n1', near), node('b', 'n2', gated)];
  onTestFinished(async () => {
    for (const one of [n1, n2]) one.destroy();
    for (const one of routers) await one.close();
    await trunk.close();
  });
  await Promise.all([n1.ready(), n2.ready()]);
  await expect.poll(() => routers.map((one) => one.topology().slots)).toEqual([2048, 2048]);
  return { routers, n1, n2, gate, way };
}

/** Counts what becomes of numbered messages of one source to several objects. */
async function numbered(node: Awaited<ReturnType<typeof twoRegions>>['n1'], keys: readonly string[]) {
  const refused = new Map<string, { code: string; number: number }[]>(keys.map((key) => [key, []]));
  const open = new Map<number, { key: string; number: number }>();
  const { self } = await node.register('Source', 's', {
    refused({ call, code }) {
      const { key, number } = open.get(call) as { key: string; number: number };
      refused.get(key)?.push({ code, number });
    },
  });
  let sent = 0;
  const timer = setInterval(() => {
    for (const key of keys) {
      const payload = new Uint8Array(4);
      new DataView(payload.buffer).setUint32(0, sent, true);
      open.set(self.tell(objectId('Player', key), 1, payload), { key, number: sent });
    }
    sent++;
  }, 5);
  return {
    refused,
    stop(): number {
      clearInterval(timer);
      return sent;
    },
  };
}

const numberOf = (frame: FrameView): number => frame.view.getUint32(frame.start + 36, true);
const inOrder = (numbers: readonly number[] = []): number[] => [...new Set(numbers)].sort((x, y) => x - y);
const KEYS = Array.from({ length: 12 }, (_, index) => `player-${index}`);

describe('a move between sets that are far from each other', () => {
  it('keeps the order of each source: what was sent the old way does not come behind what was sent the new way', async () => {
    const got = new Map<string, number[]>(KEYS.map((key) => [key, []]));
    const make = (key: string): RoutedObject => ({
      bare: (frame: FrameView) => void got.get(key)?.push(numberOf(frame)),
      freeze: () => new Uint8Array(1),
    });
    const { n1, n2 } = await twoRegions(make, 60);
    // Slots of either set decide about some of them.
    for (const key of KEYS) await n2.register('Player', key, make(key));
    const source = await numbered(n1, KEYS);
    await pause(300);
    expect(await n2.drain()).toEqual({ moved: KEYS.length, left: 0 });
    await pause(500);
    const sent = source.stop();
    // Each message came once, or its source was told.
    await expect
      .poll(() => KEYS.map((key) => (got.get(key)?.length ?? 0) + (source.refused.get(key)?.length ?? 0)))
      .toEqual(KEYS.map(() => sent));
    for (const key of KEYS) expect(got.get(key)).toEqual(inOrder(got.get(key)));
    expect(new Set([...source.refused.values()].flat().map(({ code }) => code))).toEqual(new Set(['MOVED']));
  });

  it('also when the old node stalls before it sends on what it held: that is refused, since later ones came', async () => {
    const got = new Map<string, number[]>(KEYS.map((key) => [key, []]));
    const make = (key: string): RoutedObject => ({
      bare: (frame: FrameView) => void got.get(key)?.push(numberOf(frame)),
      freeze: () => new Uint8Array(1),
    });
    const { n1, n2, gate } = await twoRegions(make, 60);
    for (const key of KEYS) await n2.register('Player', key, make(key));
    const source = await numbered(n1, KEYS);
    await pause(300);
    // The claims are its last words for a while; the source falls silent with what is on its way to the old node.
    const claimed = gate.closeAfter(KIND.move, KEYS.length);
    const drained = n2.drain();
    await claimed;
    const sent = source.stop();
    await expect.poll(() => KEYS.map((key) => n1.epochOf(objectId('Player', key)) !== undefined)).not.toContain(false);
    const before = KEYS.map((key) => got.get(key)?.length ?? 0);
    // The new node asks the authority, and takes what came directly.
    await expect.poll(() => KEYS.some((key, nth) => (got.get(key)?.length ?? 0) > (before[nth] ?? 0))).toBe(true);
    await pause(1_000);
    gate.open();
    expect(await drained).toEqual({ moved: KEYS.length, left: 0 });
    await expect
      .poll(() => KEYS.map((key) => (got.get(key)?.length ?? 0) + (source.refused.get(key)?.length ?? 0)))
      .toEqual(KEYS.map(() => sent));
    for (const key of KEYS) expect(got.get(key)).toEqual(inOrder(got.get(key)));
    expect(new Set([...source.refused.values()].flat().map(({ code }) => code))).toEqual(new Set(['MOVED']));
  });
});

describe('a second login far from its source', () => {
  it('gets nothing of what was meant for the first: the source is told', async () => {
    const got = { first: new Map<string, number[]>(), second: new Map<string, number[]>() };
    const make = (key: string, into: Map<string, number[]>): RoutedObject => {
      const numbers: number[] = [];
      into.set(key, numbers);
      return { bare: (frame: FrameView) => void numbers.push(numberOf(frame)) };
    };
    const { n1, n2 } = await twoRegions(() => ({}), 60);
    for (const key of KEYS) await n2.register('Player', key, make(key, got.first));
    const source = await numbered(n1, KEYS);
    await pause(300);
    for (const key of KEYS) await n2.register('Player', key, make(key, got.second));
    await pause(500);
    const sent = source.stop();
    const told = (key: string): number[] => (source.refused.get(key) ?? []).map(({ number }) => number);
    const all = (key: string): number[] => [
      ...(got.first.get(key) ?? []),
      ...told(key),
      ...(got.second.get(key) ?? []),
    ];
    await expect.poll(() => KEYS.map((key) => all(key).length)).toEqual(KEYS.map(() => sent));
    // One after the other: the first's, those that came for it when it was gone, the second's.
    for (const key of KEYS) expect(all(key)).toEqual(inOrder(all(key)));
    expect(KEYS.flatMap(told).length).toBeGreaterThan(0);
  });
});

describe('a registration that another set does not answer in time', () => {
  it('is told as one that nobody has decided, and the object that has the name here lives on', async () => {
    const { n2, way } = await twoRegions(() => ({}), 20, { claimMs: 500 });
    way.ms = 1_500;
    const codes = await Promise.all(
      KEYS.map((key) =>
        n2.register('Player', key, {}).then(
          () => 'OK',
          (error: { code: string }) => error.code,
        ),
      ),
    );
    // Its own set decides about some of them, and the far one about the others.
    expect(new Set(codes)).toEqual(new Set(['OK', 'UNREACHABLE']));
    expect(KEYS.map((key) => n2.epochOf(objectId('Player', key)) !== undefined)).toEqual(
      codes.map((code) => code === 'OK'),
    );
  });

  it('leaves the name to whoever wants it, though the other set had carried it out', async () => {
    const { routers, n1, n2, way } = await twoRegions(() => ({}), 20, { claimMs: 500 });
    const before = routers[0]?.topology().routes ?? 0;
    way.ms = 1_500;
    const register = (node: typeof n1): Promise<string[]> =>
      Promise.all(
        KEYS.map((key) =>
          node.register('Player', key, { ask: () => bytes(node.name) }, { policy: 'reject' }).then(
            () => 'OK',
            (error: { code: string }) => error.code,
          ),
        ),
      );
    const codes = await register(n2);
    expect(new Set(codes)).toEqual(new Set(['OK', 'UNREACHABLE']));
    way.ms = 20;
    await expect.poll(() => routers[0]?.topology().routes).toBe(before + KEYS.length);
    // Nobody has an object of these names: they are free, if not at once.
    const taken = codes.map((code) => (code === 'OK' ? 'EXISTS' : 'OK'));
    const free = KEYS.filter((_, nth) => codes[nth] !== 'OK');
    await expect
      .poll(async () => {
        const answers = await register(n1);
        return answers.map((answer, nth) => (n1.epochOf(objectId('Player', KEYS[nth] as string)) ? 'OK' : answer));
      })
      .toEqual(taken);
    // And they stay with who has them now.
    await pause(2_500);
    for (const key of free) expect(text(await n2.self.ask(objectId('Player', key), 1, bytes('')))).toBe('n1');
  });

  it('over an object that has the name at the same node leaves it its name, until that gives it back', async () => {
    const { n1, n2, way } = await twoRegions(() => ({}), 20, { claimMs: 500 });
    const former = await Promise.all(KEYS.map((key) => n2.register('Player', key, { ask: () => bytes('former') })));
    const before = former.map(({ epoch }) => epoch.counter);
    way.ms = 1_500;
    const codes = await Promise.all(
      KEYS.map((key) =>
        n2.register('Player', key, {}).then(
          () => 'OK',
          (error: { code: string }) => error.code,
        ),
      ),
    );
    way.ms = 20;
    const mine = KEYS.map((_, nth) => nth).filter((nth) => codes[nth] === 'UNREACHABLE');
    expect(mine.length).toBeGreaterThan(0);
    // It has the epoch that the other set gave.
    await expect
      .poll(() => mine.map((nth) => (former[nth]?.epoch.counter ?? 0) > (before[nth] ?? 0)))
      .toEqual(mine.map(() => true));
    for (const nth of mine) {
      const id = objectId('Player', KEYS[nth] as string);
      expect(text(await n1.self.ask(id, 1, bytes('')))).toBe('former');
      await former[nth]?.unregister();
      await n1.register('Player', KEYS[nth] as string, {}, { policy: 'reject' });
    }
  });
});
