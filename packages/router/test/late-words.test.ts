import { expect, it, onTestFinished } from 'vitest';
import { createLocalCoordination } from '../src/coordinators/local.ts';
import { WIRE_CODES } from '../src/errors.ts';
import { jsonBytes, wordBytes } from '../src/frames/frame.ts';
import { KIND } from '../src/frames/layout.ts';
import { createNode, createRouter, objectId } from '../src/index.ts';
import { NODE_TYPE } from '../src/node/itself.ts';
import { encodeArrival, NODE_METHOD } from '../src/node/move-frames.ts';
import { typeNumber } from '../src/table/object-id.ts';
import { createLocalTransport } from '../src/transports/local.ts';
import { dialRaw, isData, listenRaw } from './rig/raw-link.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (payload: Uint8Array): string => new TextDecoder().decode(payload);
/** Nobody calls the other silent on a busy machine. */
const limits = { heartbeatMs: 20_000 };
const PLAYER = objectId('Player', '7');

it('what another set says late of an object that was registered since changes nothing', async () => {
  const transport = createLocalTransport();
  const router = await createRouter({
    set: 'a',
    name: 'r1',
    coordinator: createLocalCoordination().createCoordinator(),
    listen: [{ transport, address: 'a/r1' }],
    limits,
  });
  const node = createNode({ set: 'a', name: 'n', types: { Player: undefined }, transport, routers: ['a/r1'], limits });
  onTestFinished(async () => {
    node.destroy();
    await router.close();
    await transport.close();
  });
  await node.ready();
  const { epoch } = await node.register('Player', '7', { ask: () => bytes('alive') });
  // The main of set b, of which a gets the changes.
  const b = await dialRaw(transport, 'a/r1', { role: 'router', set: 'b', name: 'r1' });
  b.send({ kind: KIND.term, term: epoch.term + 1 }, jsonBytes({ isMain: true, isReady: true, isDraining: false }));
  await expect.poll(() => b.seen.some(({ kind }) => kind === KIND.subscribe)).toBe(true);
  b.send(
    { kind: KIND.places, call: 1 },
    jsonBytes([{ index: 1, set: 'b', node: 'x', incarnation: 'i', types: ['Player'], isAlive: true }]),
  );
  const entry = (key: string, counter: number): number[] => {
    const { low, high, check } = objectId('Player', key);
    return [low, high, check, epoch.term, counter, (typeNumber('Player') << 16) | 1];
  };
  const words = [...entry('7', epoch.counter - 1), ...entry('8', epoch.counter)];
  b.send({ kind: KIND.increment, call: 1 }, wordBytes(Uint32Array.from(words)));
  const operator = await dialRaw(transport, 'a/r1');
  const nodeOf = async (key: string): Promise<string | undefined> =>
    (await operator.ask<{ node?: string }>({ op: 'lookup', type: 'Player', key })).node;
  // The change came: what a did not know is known now.
  await expect.poll(() => nodeOf('8')).toBe('x');
  expect(await nodeOf('7')).toBe('n');
  expect(text(await node.self.ask(PLAYER, 1, bytes('')))).toBe('alive');
});

it('a message for the owner before the last is refused by a node to which the object is on its way', async () => {
  const transport = createLocalTransport();
  const self = { role: 'router', set: 's', name: 'r1', incarnation: 'i' } as const;
  const { linked } = await listenRaw(transport, 's/r1', self);
  const got: number[] = [];
  const node = createNode({
    set: 's',
    name: 'n',
    types: { Player: () => ({ tell: ({ method }) => void got.push(method) }) },
    transport,
    routers: ['s/r1'],
    limits,
  });
  onTestFinished(async () => {
    node.destroy();
    await transport.close();
  });
  const router = await linked;
  router.send({ kind: KIND.term, term: 5 }, jsonBytes({ isMain: true, isReady: true, isDraining: false }));
  const answered = (kind: number) => router.seen.filter((frame) => frame.kind === kind);
  await expect.poll(() => answered(KIND.register).length).toBe(1);
  const [registration] = answered(KIND.register);
  router.send(
    { kind: KIND.registered, call: registration?.call ?? 0 },
    wordBytes(Uint32Array.of(WIRE_CODES.indexOf('OK'), 5, 1)),
  );
  await node.ready();
  // The old node hands the object over; it is the owner of (5, 9), and the authority has not given it away yet.
  const itself = objectId(NODE_TYPE, 's/n');
  const source = objectId('Source', 's');
  const addressed = (to: { low: number; high: number }) => ({
    targetLow: to.low,
    targetHigh: to.high,
    sourceLow: source.low,
    sourceHigh: source.high,
  });
  const head = { type: 'Player', key: '7', attempt: 'one', term: 5, counter: 9, seen: [], groups: [] };
  router.send(
    { kind: KIND.ask, method: NODE_METHOD.arrive, term: 5, counter: 1, call: 1, ...addressed(itself) },
    encodeArrival(head, bytes('state')),
  );
  await expect.poll(() => answered(KIND.reply).length).toBe(1);
  const tell = (method: number, counter: number): void =>
    router.send({ kind: KIND.tell, method, term: 5, counter, call: 100 + method, ...addressed(PLAYER) });
  tell(1, 8);
  tell(2, 9);
  await expect
    .poll(() => answered(KIND.refused).map(({ call, method }) => [call, WIRE_CODES[method]]))
    .toEqual([[101, 'MOVED']]);
  // The old node has sent on all that it held, and the authority's epoch is (5, 10).
  router.send({ kind: KIND.flushed, term: 5, counter: 10, ...addressed(PLAYER) }, bytes('one'));
  tell(3, 10);
  await expect.poll(() => got).toEqual([2, 3]);
  expect(router.seen.filter(isData).filter(({ kind }) => kind === KIND.refused).length).toBe(1);
});

it('who led another set before its main of now is not taken for its main again', async () => {
  const transport = createLocalTransport();
  const router = await createRouter({
    set: 'a',
    name: 'r1',
    coordinator: createLocalCoordination().createCoordinator(),
    listen: [{ transport, address: 'a/r1' }],
    limits,
  });
  onTestFinished(async () => {
    await router.close();
    await transport.close();
  });
  await expect.poll(() => router.isReady).toBe(true);
  const [main, former] = [
    await dialRaw(transport, 'a/r1', { role: 'router', set: 'b', name: 'r1' }),
    await dialRaw(transport, 'a/r1', { role: 'router', set: 'b', name: 'r2' }),
  ];
  const notice = jsonBytes({ isMain: true, isReady: true, isDraining: false });
  main.send({ kind: KIND.term, term: 10 }, notice);
  await expect.poll(() => main.seen.some(({ kind }) => kind === KIND.subscribe)).toBe(true);
  // It slept, and does not know yet.
  former.send({ kind: KIND.term, term: 9 }, notice);
  await former.ask({ op: 'ping' });
  expect(former.seen.filter(({ kind }) => kind === KIND.subscribe)).toEqual([]);
  expect(router.topology().sets).toMatchObject([{ set: 'b', term: 10, isLinked: true }]);
});
