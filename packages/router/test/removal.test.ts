import { describe, expect, it, onTestFinished } from 'vitest';
import { createLocalCoordination } from '../src/coordinators/local.ts';
import { createEmbeddedSet, createNode, createRouter, objectId, type RoutedObject } from '../src/index.ts';
import { createLocalTransport } from '../src/transports/local.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (payload: Uint8Array): string => new TextDecoder().decode(payload);
const PLAYER = objectId('Player', '7');

async function twoNodes() {
  const game = await createEmbeddedSet();
  onTestFinished(() => game.close());
  const types = { Player: (_key: string, state: Uint8Array) => ({ ask: () => state }), Source: undefined };
  return { game, a: await game.createNode('a', { types }), b: await game.createNode('b', { types }) };
}

/** A router whose lease is good until the test says otherwise. */
async function leased() {
  const transport = createLocalTransport();
  let until = Number.POSITIVE_INFINITY;
  const router = await createRouter({
    set: 's',
    name: 'r1',
    coordinator: createLocalCoordination().createCoordinator(),
    listen: [{ transport, address: 's/r1' }],
    leadership: {
      async start(events) {
        events.elected(1);
      },
      leaseUntil: () => until,
      async resign() {},
      async close() {},
    },
  });
  const make = (name: string) =>
    createNode({
      set: 's',
      name,
      types: { Player: (_key, state) => ({ ask: () => state }), Source: undefined },
      transport,
      routers: [router.address],
    });
  const [a, b] = [make('a'), make('b')];
  onTestFinished(async () => {
    for (const node of [a, b]) node.destroy();
    await router.close();
  });
  await Promise.all([a.ready(), b.ready()]);
  return { a, b, endLease: () => void (until = 0), renewLease: () => void (until = Number.POSITIVE_INFINITY) };
}

/** An object whose turns wait until the test opens the gate. */
function gated() {
  const gate = Promise.withResolvers<void>();
  const told: number[] = [];
  const object: RoutedObject = {
    async tell(message) {
      told.push(message.method);
      await gate.promise;
    },
    ask: () => bytes('former'),
  };
  return { object, told, open: gate.resolve };
}

describe('an object leaves its node in one way', () => {
  it('a registration that is refused leaves the living object alone, and its lease back changes nothing', async () => {
    const { a, b, endLease, renewLease } = await leased();
    const revoked: string[] = [];
    await a.register('Player', '7', { ask: () => bytes('alive'), revoked: (reason) => void revoked.push(reason) });
    endLease();
    // A second login at the same node while ZooKeeper is away, as one and as many.
    await expect(a.register('Player', '7', { ask: () => bytes('new') })).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect([...(await a.registerAll('Player', ['7'], () => ({ ask: () => bytes('many') })))]).toEqual([
      ['7', 'UNREACHABLE'],
    ]);
    const ask = async () => text(await b.self.ask(PLAYER, 1, bytes('')));
    expect(await ask()).toBe('alive');
    renewLease();
    expect(await ask()).toBe('alive');
    expect(revoked).toEqual([]);
    await a.register('Player', '7', { ask: () => bytes('new') });
    expect(await ask()).toBe('new');
    expect(revoked).toEqual(['kicked']);
  });

  it('a main whose lease is over moves nothing: the object goes on where it is, and moves when the lease is back', async () => {
    const { a, b, endLease, renewLease } = await leased();
    const object = { ask: () => bytes('at a'), freeze: () => bytes('from a') };
    await a.register('Player', '7', object);
    const ask = async () => text(await b.self.ask(PLAYER, 1, bytes('')));
    endLease();
    await expect(a.move(PLAYER, { set: 's', node: 'b' })).rejects.toMatchObject({ code: 'FAILED' });
    expect(await ask()).toBe('at a');
    expect([a.epochOf(PLAYER) !== undefined, b.epochOf(PLAYER)]).toEqual([true, undefined]);
    renewLease();
    await a.move(PLAYER, { set: 's', node: 'b' });
    expect(await ask()).toBe('from a');
  });

  it('what waited for an object that is replaced is refused at its source, whoever replaces it', async () => {
    for (const where of ['the same node', 'another node']) {
      const { a, b } = await twoNodes();
      const former = gated();
      await a.register('Player', '7', former.object);
      const refused: string[] = [];
      const source = await b.register('Source', 's', { refused: ({ code }) => void refused.push(code) });
      for (const method of [1, 2, 3]) source.self.tell(PLAYER, method, bytes(''));
      const asked = source.self.ask(PLAYER, 9, bytes(''), { within: 30_000 }).catch((error) => error.code);
      await expect.poll(() => former.told).toEqual([1]);
      const got: number[] = [];
      const next = { tell: (message: { method: number }) => void got.push(message.method) };
      await (where === 'the same node' ? a : b).register('Player', '7', next);
      expect(await asked).toBe('MOVED');
      await expect.poll(() => refused).toEqual(['MOVED', 'MOVED']);
      former.open();
      source.self.tell(PLAYER, 4, bytes(''));
      await expect.poll(() => got).toEqual([4]);
      expect(former.told).toEqual([1]);
    }
  });

  it('what comes for the new registration before its answer waits for it, in order', async () => {
    const { a, b } = await twoNodes();
    const source = await b.register('Source', 's', {});
    const got: string[] = [];
    await a.register('Player', '7', { tell: ({ method }) => void got.push(`former ${method}`) });
    const registering = a.register('Player', '7', { tell: ({ method }) => void got.push(`new ${method}`) });
    for (let method = 1; method <= 50; method++) source.self.tell(PLAYER, method, bytes(''));
    await registering;
    await expect.poll(() => got.length).toBe(50);
    expect(got.map((one) => Number(one.split(' ')[1]))).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    // Once the new one was reached the former one gets nothing more.
    expect(got.toSorted((x, y) => x.localeCompare(y)).join()).toMatch(/^(former \d+,?)*(new \d+,?)*$/);
  });

  it('leaves its groups when it is replaced or unregistered, and joins none afterwards', async () => {
    const { game, a, b } = await twoNodes();
    const got: string[] = [];
    const member = (name: string): RoutedObject => ({ tell: () => void got.push(name) });
    const first = await a.register('Player', '7', member('first'));
    first.self.join('room');
    const second = await a.register('Player', '7', member('second'));
    first.self.join('room');
    const third = await b.register('Player', '8', member('third'));
    third.self.join('room');
    await third.unregister();
    third.self.join('room');
    second.self.join('lobby');
    a.self.broadcast({ group: 'room' }, 1, bytes(''));
    a.self.broadcast({ group: 'lobby' }, 1, bytes(''));
    await expect.poll(() => got).toContain('second');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(got).toEqual(['second']);
    // No node is sent what none of its objects is to get.
    const { forwarded } = game.router.counters;
    a.self.broadcast({ group: 'room' }, 1, bytes(''));
    await expect.poll(() => game.router.counters.broadcasts).toBe(3);
    expect(game.router.counters.forwarded).toBe(forwarded);
  });

  it('many at once with the policy reject take nothing from who is there, each name once', async () => {
    const { a } = await twoNodes();
    const revoked: string[] = [];
    await a.register('Player', '7', { ask: () => bytes('first'), revoked: (reason) => void revoked.push(reason) });
    const made: string[] = [];
    const failed = await a.registerAll(
      'Player',
      ['6', '7', '8', '8'],
      (key) => ({ ask: () => bytes(`made ${key} ${made.push(key)}`) }),
      { policy: 'reject' },
    );
    expect([...failed]).toEqual([
      ['7', 'EXISTS'],
      ['8', 'EXISTS'],
    ]);
    expect(revoked).toEqual([]);
    expect(text(await a.self.ask(PLAYER, 1, bytes('')))).toBe('first');
    expect(text(await a.self.ask(objectId('Player', '6'), 1, bytes('')))).toBe('made 6 1');
  });

  it('two registrations of one name at once: the later one has it, the other one is told', async () => {
    const { a, b } = await twoNodes();
    const revoked: string[] = [];
    const one = (name: string): RoutedObject => ({
      ask: () => bytes(name),
      revoked: (reason) => void revoked.push(`${name} ${reason}`),
    });
    await Promise.all([a.register('Player', '7', one('first')), a.register('Player', '7', one('second'))]);
    expect(text(await b.self.ask(PLAYER, 1, bytes('')))).toBe('second');
    expect(revoked).toEqual(['first kicked']);
  });

  it('a registration during a move wins over the move', async () => {
    const { a, b } = await twoNodes();
    const frozen = Promise.withResolvers<Uint8Array>();
    const revoked: string[] = [];
    const former = {
      ask: () => bytes('former'),
      freeze: () => frozen.promise,
      revoked: () => void revoked.push('former'),
    };
    await a.register('Player', '7', former);
    const moved = a.move(PLAYER, { set: 'local', node: 'b' }).then(
      () => 'moved',
      (error) => error.code,
    );
    const second = await a.register('Player', '7', { ask: () => bytes('second') });
    frozen.resolve(bytes('state'));
    expect(await moved).toBe('MOVED');
    expect(revoked).toEqual(['former']);
    expect(text(await b.self.ask(PLAYER, 1, bytes('')))).toBe('second');
    expect(b.objects).toBe(1);
    expect(second.epoch.counter).toBeGreaterThan(0);
  });
});
