import { createManualClock } from '@sparrow/core';
import { expect, it, onTestFinished } from 'vitest';
import { WIRE_CODES, type WireCode } from '../src/errors.ts';
import { jsonBytes, wordBytes } from '../src/frames/frame.ts';
import { KIND } from '../src/frames/layout.ts';
import { createNode, objectId } from '../src/index.ts';
import { NODE_TYPE } from '../src/node/itself.ts';
import { encodeArrival, NODE_METHOD } from '../src/node/move-frames.ts';
import { createLocalTransport } from '../src/transports/local.ts';
import { listenRaw } from './rig/raw-link.ts';

/** A registration that no router answers is given up after so long, and looked after so long afterwards, ms. */
const GIVEN_UP_MS = 10_100;
const LOOK_MS = 1_000;
const codeOf = (error: { code: string }): string => error.code;

/** A node whose router is the test: it says what the router answers, and when time goes by. */
async function nodeOfTest() {
  const transport = createLocalTransport();
  const { linked } = await listenRaw(transport, 's/r1', { role: 'router', set: 's', name: 'r1', incarnation: 'i' });
  const clock = createManualClock();
  const types = { Player: () => ({}) };
  const node = createNode({ set: 's', name: 'n', types, transport, routers: ['s/r1'], clock });
  onTestFinished(async () => {
    node.destroy();
    await transport.close();
  });
  const router = await linked;
  const asked = (kind: number) => router.seen.filter((frame) => frame.kind === kind);
  /** Waits for the registrations of a kind, `count` in all, and answers the last of them. */
  async function answer(kind: number, count: number, code: WireCode, term = 0, counter = 0): Promise<void> {
    await expect.poll(() => asked(kind).length).toBe(count);
    const { call = 0 } = asked(kind)[count - 1] ?? {};
    router.send({ kind: KIND.registered, call }, wordBytes(Uint32Array.of(WIRE_CODES.indexOf(code), term, counter)));
  }
  const lead = (term: number): void =>
    router.send({ kind: KIND.term, term }, jsonBytes({ isMain: true, isReady: true, isDraining: false }));
  /** What the node has said so far is here. */
  const settled = (): Promise<unknown> => router.ask({ op: 'ping' }).catch(() => {});
  lead(5);
  await answer(KIND.register, 1, 'OK', 5, 1);
  await node.ready();
  return { node, router, clock, asked, answer, lead, settled };
}

it('a name that was in doubt is registered anew only when what the router has of it is withdrawn', async () => {
  const { node, clock, asked, answer, settled } = await nodeOfTest();
  // The router gives the name, and its answer is lost.
  const lost = node.register('Player', '7', {}).catch(codeOf);
  await expect.poll(() => asked(KIND.register).length).toBe(2);
  clock.advance(GIVEN_UP_MS);
  expect(await lost).toBe('UNREACHABLE');
  clock.advance(LOOK_MS);
  await expect.poll(() => asked(KIND.unregister).length).toBe(1);
  const again = node.register('Player', '7', {}, { policy: 'reject' });
  await answer(KIND.unregister, 1, 'MOVED', 5, 2);
  await expect.poll(() => asked(KIND.unregister).length).toBe(2);
  await settled();
  expect(asked(KIND.register).length).toBe(2);
  await answer(KIND.unregister, 2, 'OK', 5, 3);
  await answer(KIND.register, 3, 'OK', 5, 4);
  expect((await again).epoch).toEqual({ term: 5, counter: 4 });
});

it('a name that comes here by a move while it is in doubt is not withdrawn', async () => {
  const { node, router, clock, asked, answer, settled } = await nodeOfTest();
  const lost = node.register('Player', '7', {}).catch(codeOf);
  await expect.poll(() => asked(KIND.register).length).toBe(2);
  clock.advance(GIVEN_UP_MS);
  expect(await lost).toBe('UNREACHABLE');
  clock.advance(LOOK_MS);
  await expect.poll(() => asked(KIND.unregister).length).toBe(1);
  const [to, from] = [objectId(NODE_TYPE, 's/n'), objectId('Source', 's')];
  const head = { type: 'Player', key: '7', attempt: 'one', term: 5, counter: 2, seen: [], groups: [] };
  router.send(
    {
      ...{ kind: KIND.ask, method: NODE_METHOD.arrive, term: 5, counter: 1, call: 1 },
      ...{ targetLow: to.low, targetHigh: to.high, sourceLow: from.low, sourceHigh: from.high },
    },
    encodeArrival(head, new Uint8Array(0)),
  );
  await expect.poll(() => asked(KIND.reply).length).toBe(1);
  await answer(KIND.unregister, 1, 'MOVED', 5, 3);
  await settled();
  expect(asked(KIND.unregister).length).toBe(1);
});

it('whose a name in doubt is, is asked until somebody decides', async () => {
  const { node, clock, asked, answer, settled } = await nodeOfTest();
  const first = node.register('Player', '7', {});
  await answer(KIND.register, 2, 'OK', 5, 2);
  await first;
  // Whether the second registration took the name from the first is not known.
  const second = node.register('Player', '7', {}).catch(codeOf);
  await expect.poll(() => asked(KIND.register).length).toBe(3);
  clock.advance(GIVEN_UP_MS);
  expect(await second).toBe('UNREACHABLE');
  for (const nth of [1, 2, 3]) {
    clock.advance(LOOK_MS);
    await answer(KIND.affirm, nth, nth === 3 ? 'OK' : 'UNREACHABLE', 5, 2);
    await settled();
  }
  clock.advance(LOOK_MS);
  await settled();
  expect(asked(KIND.affirm).length).toBe(3);
});

it('a name that a main refuses is in doubt when a former main was asked for it, too', async () => {
  const { node, clock, asked, answer, lead } = await nodeOfTest();
  const lost = node.register('Player', '7', {}).catch(codeOf);
  await expect.poll(() => asked(KIND.register).length).toBe(2);
  // It may have been done in term 5.
  lead(6);
  await answer(KIND.register, 3, 'UNREACHABLE');
  expect(await lost).toBe('UNREACHABLE');
  clock.advance(LOOK_MS);
  await answer(KIND.unregister, 1, 'MOVED', 5, 2);
  await answer(KIND.unregister, 2, 'OK', 6, 1);
});
