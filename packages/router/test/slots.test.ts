import { createManualClock } from '@sparrow/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Coordinator } from '../src/coordinators/coordinator.ts';
import { createLocalCoordination } from '../src/coordinators/local.ts';
import { jsonBytes, wordBytes } from '../src/frames/frame.ts';
import { KIND } from '../src/frames/layout.ts';
import { createNode, createRouter } from '../src/index.ts';
import { SLOTS_PATH } from '../src/router/slot-map.ts';
import { objectId, SLOTS } from '../src/table/object-id.ts';
import { createLocalTransport } from '../src/transports/local.ts';
import { type Transport, type Wire, WRITTEN } from '../src/transports/transport.ts';
import { dialRaw } from './rig/raw-link.ts';

/** A coordinator whose answers about the slot map are held up, though what is asked is done at once. */
function slowToAnswer(coordinator: Coordinator) {
  let gate: PromiseWithResolvers<void> | undefined;
  const slow: Coordinator = {
    ...coordinator,
    async compareAndSet(path, data, version) {
      const written = await coordinator.compareAndSet(path, data, version);
      if (path === SLOTS_PATH) await gate?.promise;
      return written;
    },
    watchValue: (path, onValue) =>
      coordinator.watchValue(path, (text, version) => {
        if (!gate) onValue(text, version);
        else void gate.promise.then(() => onValue(text, version));
      }),
  };
  return {
    slow,
    hold: () => void (gate = Promise.withResolvers()),
    letGo(): void {
      gate?.resolve();
      gate = undefined;
    },
  };
}

/** Nobody calls the other silent on a busy machine. */
const limits = { heartbeatMs: 20_000 };
const KEYS = Array.from({ length: 16 }, (_, index) => `player-${index}`);

it('slots that are given away are decided by one set, also while the giver waits for the coordinator to say that they are given', async () => {
  const coordination = createLocalCoordination();
  const transport = createLocalTransport();
  const { slow, hold, letGo } = slowToAnswer(coordination.createCoordinator());
  const router = (set: string, coordinator: Coordinator) =>
    createRouter({ set, name: 'r1', coordinator, listen: [{ transport, address: `${set}/r1` }], limits });
  const a = await router('a', slow);
  await expect.poll(() => a.topology().slots).toBe(SLOTS);
  const b = await router('b', coordination.createCoordinator());
  const node = (set: string) =>
    createNode({ set, name: `n-${set}`, types: { Player: undefined }, transport, routers: [`${set}/r1`] });
  const [na, nb] = [node('a'), node('b')];
  onTestFinished(async () => {
    letGo();
    for (const one of [na, nb]) one.destroy();
    for (const one of [a, b]) await one.close();
    await transport.close();
  });
  await Promise.all([na.ready(), nb.ready()]);
  await expect.poll(() => [a.topology().slots, b.topology().slots]).toEqual([2048, 2048]);
  const operator = await dialRaw(transport, 'a/r1');
  hold();
  const given = operator.ask({ op: 'give-slots', slots: Array.from({ length: SLOTS }, (_, slot) => slot), to: 'b' });
  const register = (who: typeof na, keys: readonly string[]): Promise<string[]> =>
    Promise.all(
      keys.map((key) =>
        who.register('Player', key, {}, { policy: 'reject' }).then(
          () => 'OK',
          (error: { code: string }) => error.code,
        ),
      ),
    );
  // The taker has the map, has heard no last words for a while, and decides.
  await expect.poll(() => b.topology().slots).toBe(SLOTS);
  const early = KEYS.map((key) => `early ${key}`);
  await expect
    .poll(async () => (await register(nb, early)).every((code) => code === 'OK' || code === 'EXISTS'))
    .toBe(true);
  // The giver knows nothing of that. Each name is asked for in both sets at once.
  const both = await Promise.all([na, nb].map((who) => register(who, KEYS)));
  expect(KEYS.map((_, nth) => both.filter((codes) => codes[nth] === 'OK').length)).toEqual(KEYS.map(() => 1));
  letGo();
  expect(await given).toEqual({ given: 2048 });
  await expect.poll(() => register(na, KEYS)).toEqual(KEYS.map(() => 'EXISTS'));
  expect(a.topology().slots).toBe(0);
  await expect.poll(() => a.digest()).toEqual(b.digest());
});

it('a giver whose coordinator fails goes on deciding when the map says that the slots are still its own', async () => {
  const coordination = createLocalCoordination();
  const transport = createLocalTransport();
  const coordinator = coordination.createCoordinator();
  let fails = false;
  /** The write that was not answered, as it comes to the coordinator after all. */
  let late: () => Promise<number> = async () => -1;
  const failing: Coordinator = {
    ...coordinator,
    async compareAndSet(path, data, version) {
      if (fails && path === SLOTS_PATH) {
        fails = false;
        late = () => coordinator.compareAndSet(path, data, version);
        throw new Error('the session is away');
      }
      return coordinator.compareAndSet(path, data, version);
    },
  };
  const router = (set: string, own: Coordinator) =>
    createRouter({ set, name: 'r1', coordinator: own, listen: [{ transport, address: `${set}/r1` }], limits });
  const a = await router('a', failing);
  await expect.poll(() => a.topology().slots).toBe(SLOTS);
  const b = await router('b', coordination.createCoordinator());
  const node = createNode({ set: 'a', name: 'n', types: { Player: undefined }, transport, routers: ['a/r1'] });
  onTestFinished(async () => {
    node.destroy();
    for (const one of [a, b]) await one.close();
    await transport.close();
  });
  await node.ready();
  await expect.poll(() => [a.topology().slots, b.topology().slots]).toEqual([2048, 2048]);
  const operator = await dialRaw(transport, 'a/r1');
  const slots = Array.from({ length: SLOTS }, (_, slot) => slot);
  fails = true;
  await expect(operator.ask({ op: 'give-slots', slots, to: 'b' })).rejects.toMatchObject({ code: 'FAILED' });
  await expect(late()).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
  expect(a.topology().slots).toBe(2048);
  for (const key of KEYS) await node.register('Player', key, {}, { policy: 'reject' });
  expect(await operator.ask({ op: 'give-slots', slots, to: 'b' })).toEqual({ given: 2048 });
});

it('a router that asks for the same slots again and again is not sent them as often', async () => {
  const transport = createLocalTransport();
  const a = await createRouter({
    set: 'a',
    name: 'r1',
    coordinator: createLocalCoordination().createCoordinator(),
    listen: [{ transport, address: 'a/r1' }],
    limits,
  });
  onTestFinished(async () => {
    await a.close();
    await transport.close();
  });
  await expect.poll(() => a.topology().slots).toBe(SLOTS);
  const asker = await dialRaw(transport, 'a/r1', { role: 'router', set: 'b', name: 'r1' });
  const all = wordBytes(Uint32Array.from({ length: SLOTS }, (_, slot) => slot));
  // It has everything that a has: nothing.
  asker.send({ kind: KIND.subscribe, method: 0 }, wordBytes(new Uint32Array(SLOTS * 2)));
  await expect.poll(() => asker.seen.some(({ kind }) => kind === KIND.synced)).toBe(true);
  asker.seen.length = 0;
  const times = 20;
  for (let nth = 0; nth < times; nth++) asker.send({ kind: KIND.pullSlots }, all);
  await expect.poll(() => asker.seen.some(({ kind }) => kind === KIND.synced)).toBe(true);
  const slots = asker.seen.filter(({ kind }) => kind === KIND.snapshot).map(({ method }) => method);
  expect(new Set(slots).size).toBe(SLOTS);
  expect(slots.length).toBeLessThan((SLOTS * times) / 2);
});

/** A transport whose dialled wires can swallow what is written, and break. */
function breakable(transport: Transport) {
  let wire: Wire | undefined;
  let isMute = false;
  let dials = 0;
  const way: Transport = {
    ...transport,
    async dial(address, ms) {
      const own = await transport.dial(address, ms);
      wire = own;
      dials++;
      return {
        peer: own.peer,
        start: (events) => own.start(events),
        write: (bytes) => (isMute && wire === own ? WRITTEN : own.write(bytes)),
        pause: () => own.pause(),
        resume: () => own.resume(),
        close: () => own.close(),
        destroy: () => own.destroy(),
      };
    },
  };
  return {
    way,
    dials: () => dials,
    mute: () => void (isMute = true),
    breakWire(): void {
      isMute = false;
      wire?.destroy();
    },
  };
}

/** A coordinator that writes the slot map only when it is let. */
function slowToWrite(coordinator: Coordinator) {
  let gate: PromiseWithResolvers<void> | undefined;
  const asked = Promise.withResolvers<void>();
  const slow: Coordinator = {
    ...coordinator,
    async compareAndSet(path, data, version) {
      if (path === SLOTS_PATH && gate) {
        asked.resolve();
        await gate.promise;
      }
      return coordinator.compareAndSet(path, data, version);
    },
  };
  return {
    slow,
    asked: asked.promise,
    hold: () => void (gate = Promise.withResolvers()),
    letGo(): void {
      gate?.resolve();
      gate = undefined;
    },
  };
}

describe('a link that breaks while slots change hands', () => {
  async function twoSets() {
    const coordination = createLocalCoordination();
    const transport = createLocalTransport();
    const wire = breakable(transport);
    const coordinator = slowToWrite(coordination.createCoordinator());
    const a = await createRouter({
      set: 'a',
      name: 'r1',
      coordinator: coordinator.slow,
      listen: [{ transport: wire.way, address: 'a/r1' }],
      limits,
    });
    await expect.poll(() => a.topology().slots).toBe(SLOTS);
    const b = await createRouter({
      set: 'b',
      name: 'r1',
      coordinator: coordination.createCoordinator(),
      listen: [{ transport, address: 'b/r1' }],
      limits,
    });
    const node = (set: string) =>
      createNode({ set, name: `n-${set}`, types: { Player: undefined }, transport, routers: [`${set}/r1`] });
    const [na, nb] = [node('a'), node('b')];
    onTestFinished(async () => {
      coordinator.letGo();
      for (const one of [na, nb]) one.destroy();
      for (const one of [a, b]) await one.close();
      await transport.close();
    });
    await Promise.all([na.ready(), nb.ready()]);
    await expect.poll(() => [a.topology().slots, b.topology().slots]).toEqual([2048, 2048]);
    const operator = await dialRaw(transport, 'a/r1');
    const isLinkedAnew = (): boolean =>
      wire.dials() === 2 && [a, b].every((one) => one.topology().sets[0]?.isLinked === true);
    return { ...wire, ...coordinator, a, b, na, nb, operator, isLinkedAnew };
  }
  const all = Array.from({ length: SLOTS }, (_, slot) => slot);
  /** What the first router that decides says of a name. */
  async function verdictOn(who: Awaited<ReturnType<typeof twoSets>>['nb'], key: string): Promise<string> {
    for (;;) {
      const code = await who.register('Player', key, {}, { policy: 'reject' }).then(
        () => 'OK',
        (error: { code: string }) => error.code,
      );
      if (code !== 'UNREACHABLE') return code;
    }
  }
  /** Names in slots of set a. */
  async function ownedByA({ operator }: Awaited<ReturnType<typeof twoSets>>): Promise<string[]> {
    const found: string[] = [];
    for (const key of KEYS)
      if ((await operator.ask<{ decidedBy: string }>({ op: 'lookup', type: 'Player', key })).decidedBy === 'a')
        found.push(key);
    return found;
  }

  it('behind the last changes, but before the word of them: what the giver decided last is known all the same', async () => {
    const rig = await twoSets();
    const keys = await ownedByA(rig);
    expect(keys.length).toBeGreaterThan(0);
    rig.hold();
    rig.mute();
    for (const key of keys) await rig.na.register('Player', key, {}, { policy: 'reject' });
    const given = rig.operator.ask({ op: 'give-slots', slots: all, to: 'b' });
    await rig.asked;
    // Both ends are linked anew before the map is written.
    rig.breakWire();
    await expect.poll(rig.isLinkedAnew).toBe(true);
    rig.letGo();
    expect(await given).toEqual({ given: 2048 });
    await expect.poll(() => rig.b.topology().slots).toBe(SLOTS);
    expect(await Promise.all(keys.map((key) => verdictOn(rig.nb, key)))).toEqual(keys.map(() => 'EXISTS'));
    expect(rig.b.digest()).toEqual(rig.a.digest());
  });

  it('with the last changes and the word of them: they are fetched', async () => {
    const rig = await twoSets();
    const keys = await ownedByA(rig);
    rig.mute();
    for (const key of keys) await rig.na.register('Player', key, {}, { policy: 'reject' });
    expect(await rig.operator.ask({ op: 'give-slots', slots: all, to: 'b' })).toEqual({ given: 2048 });
    rig.breakWire();
    await expect.poll(() => rig.b.topology().slots).toBe(SLOTS);
    expect(await Promise.all(keys.map((key) => verdictOn(rig.nb, key)))).toEqual(keys.map(() => 'EXISTS'));
    expect(rig.b.digest()).toEqual(rig.a.digest());
  });
});

it('what another set says of slots that are not its own any more changes nothing', async () => {
  const transport = createLocalTransport();
  const a = await createRouter({
    set: 'a',
    name: 'r1',
    coordinator: createLocalCoordination().createCoordinator(),
    listen: [{ transport, address: 'a/r1' }],
    limits,
  });
  const node = createNode({ set: 'a', name: 'n', types: { Player: undefined }, transport, routers: ['a/r1'] });
  onTestFinished(async () => {
    node.destroy();
    await a.close();
    await transport.close();
  });
  await node.ready();
  const { epoch } = await node.register('Player', '7', {});
  const former = await dialRaw(transport, 'a/r1', { role: 'router', set: 'b', name: 'r1' });
  former.send({ kind: KIND.term, term: epoch.term }, jsonBytes({ isMain: true, isReady: true, isDraining: false }));
  await expect.poll(() => former.seen.some(({ kind }) => kind === KIND.subscribe)).toBe(true);
  // It was in the middle of sending the slot when it gave it away.
  former.send({ kind: KIND.snapshot, method: objectId('Player', '7').high >>> 20 }, wordBytes(new Uint32Array(0)));
  former.send({ kind: KIND.synced, call: 0 });
  await expect.poll(() => a.topology().sets[0]?.isSynced).toBe(true);
  const operator = await dialRaw(transport, 'a/r1');
  expect(await operator.ask({ op: 'lookup', type: 'Player', key: '7' })).toMatchObject({ found: true, node: 'n' });
});

it('a set that cannot reach the others for minutes asks for its share when it can', async () => {
  const coordination = createLocalCoordination();
  const transport = createLocalTransport();
  const elsewhere = coordination.createCoordinator();
  const entry = { set: 'a', name: 'r1', address: 'a/r1' };
  await elsewhere.join('routers', 'a:r1', JSON.stringify(entry));
  const owners = Buffer.alloc(SLOTS).toString('base64');
  await elsewhere.compareAndSet(SLOTS_PATH, JSON.stringify({ sets: ['a'], owners }), -1);
  const clock = createManualClock();
  const b = await createRouter({
    set: 'b',
    name: 'r1',
    coordinator: coordination.createCoordinator(),
    listen: [{ transport, address: 'b/r1' }],
    limits,
    clock,
  });
  onTestFinished(async () => {
    await b.close();
    await transport.close();
  });
  /** Time goes by, and what is asked meanwhile is answered. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 500) {
      clock.advance(500);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await pass(180_000);
  const a = await dialRaw(transport, 'b/r1', { role: 'router', set: 'a', name: 'r1' });
  a.send({ kind: KIND.term, term: 1 }, jsonBytes({ isMain: true, isReady: true, isDraining: false }));
  await expect
    .poll(async () => {
      await pass(1_000);
      return a.seen.filter(({ kind }) => kind === KIND.request).map(({ payload }) => String(Buffer.from(payload)));
    })
    .toContainEqual(expect.stringContaining('give-slots'));
});

it('what is decided about slots that were given has a later epoch than all that the giver decided', async () => {
  const coordination = createLocalCoordination();
  const transport = createLocalTransport();
  const elsewhere = coordination.createCoordinator();
  const ownedBy = (owner: number): string =>
    JSON.stringify({ sets: ['a', 'b'], owners: Buffer.alloc(SLOTS, owner).fill(1, 0, 1).toString('base64') });
  await elsewhere.compareAndSet(SLOTS_PATH, ownedBy(0), -1);
  await elsewhere.join('routers', 'a:r1', JSON.stringify({ set: 'a', name: 'r1', address: 'a/r1' }));
  const b = await createRouter({
    set: 'b',
    name: 'r1',
    coordinator: coordination.createCoordinator(),
    listen: [{ transport, address: 'b/r1' }],
    limits,
  });
  const node = createNode({ set: 'b', name: 'n', types: { Player: undefined }, transport, routers: ['b/r1'] });
  onTestFinished(async () => {
    node.destroy();
    await b.close();
    await transport.close();
  });
  const a = await dialRaw(transport, 'b/r1', { role: 'router', set: 'a', name: 'r1' });
  a.send({ kind: KIND.term, term: 50 }, jsonBytes({ isMain: true, isReady: true, isDraining: false }));
  await expect.poll(() => a.seen.some(({ kind }) => kind === KIND.subscribe)).toBe(true);
  a.send({ kind: KIND.synced, call: 0 });
  await expect.poll(() => b.isReady).toBe(true);
  const { version } = await elsewhere.read(SLOTS_PATH);
  const given = await elsewhere.compareAndSet(SLOTS_PATH, ownedBy(1), version);
  const slots = Array.from({ length: SLOTS - 1 }, (_, nth) => nth + 1);
  a.send({ kind: KIND.handover, term: 50 }, jsonBytes({ slots, term: 50, map: ownedBy(1), version: given }));
  await node.ready();
  const { epoch } = await node.register('Player', '7', {});
  expect(epoch.term).toBeGreaterThan(50);
});
