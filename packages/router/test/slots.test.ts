import { expect, it, onTestFinished } from 'vitest';
import type { Coordinator } from '../src/coordinators/coordinator.ts';
import { createLocalCoordination } from '../src/coordinators/local.ts';
import { wordBytes } from '../src/frames/frame.ts';
import { KIND } from '../src/frames/layout.ts';
import { createNode, createRouter } from '../src/index.ts';
import { SLOTS_PATH } from '../src/router/slot-map.ts';
import { SLOTS } from '../src/table/object-id.ts';
import { createLocalTransport } from '../src/transports/local.ts';
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
  const failing: Coordinator = {
    ...coordinator,
    async compareAndSet(path, data, version) {
      if (fails && path === SLOTS_PATH) {
        fails = false;
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
