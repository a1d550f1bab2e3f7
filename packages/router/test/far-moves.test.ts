import { describe, expect, it, onTestFinished } from 'vitest';
import { createLocalCoordination } from '../src/coordinators/local.ts';
import type { FrameView } from '../src/frames/frame.ts';
import { createNode, createRouter, objectId, type RoutedObject } from '../src/index.ts';
import { createLocalTransport } from '../src/transports/local.ts';
import { KEPT, type Transport, type Wire } from '../src/transports/transport.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A transport whose bytes are on their way for a while, in order, as between two regions. */
function distant(transport: Transport, ms: number): Transport {
  const far = (wire: Wire): Wire => ({
    peer: wire.peer,
    start: (events) => wire.start(events),
    write(bytes) {
      setTimeout(() => wire.write(bytes), ms);
      return KEPT;
    },
    pause: () => wire.pause(),
    resume: () => wire.resume(),
    close: () => void setTimeout(() => wire.close(), ms),
    destroy: () => wire.destroy(),
  });
  return {
    listen: (address, onWire) => transport.listen(address, (wire) => onWire(far(wire))),
    dial: async (address, timeoutMs) => far(await transport.dial(address, timeoutMs)),
    close: () => transport.close(),
  };
}

/** Sets a and b, far from each other, with a node each. */
async function twoRegions(make: (key: string) => RoutedObject, wayMs: number) {
  const coordination = createLocalCoordination();
  const near = createLocalTransport();
  const trunk = distant(createLocalTransport(), wayMs);
  const router = (set: string) =>
    createRouter({
      set,
      name: 'r1',
      coordinator: coordination.createCoordinator(),
      listen: [{ transport: near, address: `${set}/r1` }],
      trunk: { transport: trunk, address: `${set}/trunk` },
    });
  const routers = [await router('a'), await router('b')];
  const node = (set: string, name: string) =>
    createNode({
      set,
      name,
      types: { Player: make, Source: undefined },
      transport: near,
      routers: [`${set}/r1`],
    });
  const [n1, n2] = [node('a', 'n1'), node('b', 'n2')];
  onTestFinished(async () => {
    for (const one of [n1, n2]) one.destroy();
    for (const one of routers) await one.close();
    await trunk.close();
  });
  await Promise.all([n1.ready(), n2.ready()]);
  await expect.poll(() => routers.map((one) => one.topology().slots)).toEqual([2048, 2048]);
  return { n1, n2 };
}

describe('a move between sets that are far from each other', () => {
  it('keeps the order of each source: what was sent the old way does not come behind what was sent the new way', async () => {
    const got = new Map<string, number[]>();
    const make = (key: string): RoutedObject => ({
      bare(frame: FrameView) {
        const numbers = got.get(key) ?? [];
        got.set(key, numbers);
        numbers.push(frame.view.getUint32(frame.start + 36, true));
      },
      freeze: () => new Uint8Array(1),
    });
    const { n1, n2 } = await twoRegions(make, 60);
    // Slots of either set decide about some of them.
    const keys = Array.from({ length: 12 }, (_, index) => `player-${index}`);
    for (const key of keys) await n2.register('Player', key, make(key));
    const refused = new Map<string, string[]>();
    const open = new Map<number, string>();
    const { self } = await n1.register('Source', 's', {
      refused({ call, code }) {
        const key = open.get(call) as string;
        refused.set(key, [...(refused.get(key) ?? []), code]);
      },
    });
    let sent = 0;
    const timer = setInterval(() => {
      for (const key of keys) {
        const payload = new Uint8Array(4);
        new DataView(payload.buffer).setUint32(0, sent, true);
        open.set(self.tell(objectId('Player', key), 1, payload), key);
      }
      sent++;
    }, 5);
    await pause(300);
    expect(await n2.drain()).toEqual({ moved: keys.length, left: 0 });
    await pause(500);
    clearInterval(timer);
    // Each message came once, or its source was told.
    await expect
      .poll(() => keys.map((key) => (got.get(key)?.length ?? 0) + (refused.get(key)?.length ?? 0)))
      .toEqual(keys.map(() => sent));
    for (const key of keys) expect(got.get(key)).toEqual([...new Set(got.get(key))].sort((x, y) => x - y));
    expect(new Set([...refused.values()].flat())).toEqual(new Set(['MOVED']));
  });
});
