import { describe, expect, it, onTestFinished } from 'vitest';
import { createEmbeddedSet, type Message, objectId, RouterError } from '../src/index.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (payload: Uint8Array): string => new TextDecoder().decode(payload);

async function twoNodes() {
  const game = await createEmbeddedSet();
  onTestFinished(() => game.close());
  const thaw = (_key: string, state: Uint8Array) => counterObject(Number(text(state)));
  const types = { Player: thaw, Match: undefined };
  return {
    game,
    a: await game.createNode('a', { types }),
    b: await game.createNode('b', { types }),
  };
}

/** Counts what it is told; says how many when asked. */
function counterObject(start = 0) {
  let count = start;
  return {
    tell: () => void count++,
    ask: () => bytes(String(count)),
    freeze: () => bytes(String(count)),
  };
}

describe('a game in one process', () => {
  it('carries a message and a question between objects of two nodes', async () => {
    const { a, b } = await twoNodes();
    const got: string[] = [];
    await b.register('Player', '2', {
      tell: (message: Message) => void got.push(text(message.payload)),
      ask: async (message: Message) => bytes(`you said ${text(message.payload)}`),
    });
    const one = await a.register('Player', '1', {});
    const two = objectId('Player', '2');
    one.self.tell(two, 1, bytes('first'));
    one.self.tell(two, 1, bytes('second'));
    expect(text(await one.self.ask(two, 2, bytes('hello')))).toBe('you said hello');
    expect(got).toEqual(['first', 'second']);
  });

  it('says at once that nobody is there', async () => {
    const { a } = await twoNodes();
    const refused: string[] = [];
    const one = await a.register('Player', '1', { refused: ({ code }) => void refused.push(code) });
    await expect(one.self.ask(objectId('Player', 'nobody'), 1, bytes(''))).rejects.toMatchObject({
      code: 'NO_SUCH_OBJECT',
    });
    one.self.tell(objectId('Player', 'nobody'), 1, bytes(''));
    await expect.poll(() => refused).toEqual(['NO_SUCH_OBJECT']);
  });

  it('gives a name to the last who registers it, and tells the former owner', async () => {
    const { a, b } = await twoNodes();
    const revoked: string[] = [];
    const first = await a.register('Player', '7', { revoked: (reason) => void revoked.push(reason) });
    const second = await b.register('Player', '7', { ask: () => bytes('b') });
    await expect.poll(() => revoked).toEqual(['kicked']);
    expect(second.epoch.counter).toBeGreaterThan(first.epoch.counter);
    expect(text(await a.self.ask(objectId('Player', '7'), 1, bytes('')))).toBe('b');
    await expect(a.register('Player', '7', {}, { policy: 'reject' })).rejects.toMatchObject({ code: 'EXISTS' });
  });

  it('finds a deadlock by the call chain, at once and not by its deadline', async () => {
    const { a, b } = await twoNodes();
    const x = objectId('Player', 'x');
    const y = objectId('Player', 'y');
    await a.register('Player', 'x', { ask: (_message, self) => self.ask(y, 1, bytes(''), { within: 30_000 }) });
    await b.register('Player', 'y', { ask: (_message, self) => self.ask(x, 1, bytes(''), { within: 30_000 }) });
    const started = performance.now();
    await expect(a.self.ask(x, 1, bytes(''), { within: 30_000 })).rejects.toMatchObject({ code: 'DEADLOCK' });
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('refuses a type that the node did not declare', async () => {
    const { a } = await twoNodes();
    await expect(a.register('Dragon', '1', {})).rejects.toMatchObject({ code: 'TYPE_NOT_DECLARED' });
  });

  it('moves a living object without losing or swapping a message', async () => {
    const { game, a, b } = await twoNodes();
    const seen: number[] = [];
    const recorder = (): import('../src/index.ts').RoutedObject => ({
      tell: (message) => void seen.push(new DataView(message.payload.buffer, message.payload.byteOffset).getUint32(0)),
      freeze: () => bytes('0'),
    });
    const c = await game.createNode('c', { types: { Recorder: recorder, Match: undefined } });
    const d = await game.createNode('d', { types: { Recorder: recorder } });
    const id = objectId('Recorder', 'r');
    await c.register('Recorder', 'r', recorder());
    const one = await a.register('Player', '1', {});
    let sent = 0;
    const send = (): void => {
      const payload = new Uint8Array(4);
      new DataView(payload.buffer).setUint32(0, sent++);
      one.self.tell(id, 1, payload);
    };
    const timer = setInterval(() => [1, 2, 3].forEach(send), 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await c.move(id, { set: 'local', node: 'd' });
    await new Promise((resolve) => setTimeout(resolve, 30));
    // It lives there when all has come that waited for it, which the first move does not wait for.
    const moveBack = (): Promise<string> =>
      d.move(id, { set: 'local', node: 'c' }).then(
        () => 'moved',
        (error) => error.code,
      );
    await expect.poll(moveBack).toBe('moved');
    await new Promise((resolve) => setTimeout(resolve, 30));
    clearInterval(timer);
    await expect.poll(() => seen.length).toBe(sent);
    expect(seen).toEqual(Array.from({ length: sent }, (_, index) => index));
    expect(b.objects).toBe(1);
  });

  it('drains a node: what can move answers from elsewhere', async () => {
    const { a, b } = await twoNodes();
    await a.registerAll('Player', ['1', '2', '3'], () => counterObject(5));
    await a.register('Match', 'm', {});
    expect(await a.drain()).toEqual({ moved: 3, left: 1 });
    expect(text(await b.self.ask(objectId('Player', '2'), 1, bytes('')))).toBe('5');
    expect(b.objects).toBe(4);
  });

  it('brings a broadcast to the members of a group, to a type and to the world', async () => {
    const { a, b } = await twoNodes();
    const got: string[] = [];
    for (const [node, key] of [
      [a, '1'],
      [b, '2'],
      [b, '3'],
    ] as const) {
      const { self } = await node.register('Player', key, {
        tell: (message) => void got.push(`${key}:${text(message.payload)}`),
      });
      if (key !== '3') self.join('room');
    }
    await b.register('Match', 'm', { tell: (message) => void got.push(`m:${text(message.payload)}`) });
    a.self.broadcast({ group: 'room' }, 1, bytes('g'));
    await expect.poll(() => got.toSorted()).toEqual(['1:g', '2:g']);
    got.length = 0;
    a.self.broadcast({ type: 'Player' }, 1, bytes('t'));
    await expect.poll(() => got.toSorted()).toEqual(['1:t', '2:t', '3:t']);
    got.length = 0;
    a.self.broadcast('world', 1, bytes('w'));
    await expect.poll(() => got.toSorted()).toEqual(['1:w', '2:w', '3:w', 'm:w']);
  });

  it('handles a sure message once although it is sent again', async () => {
    const { a, b } = await twoNodes();
    let handled = 0;
    await b.register('Player', '2', {
      tell: async () => {
        handled++;
        // Longer than the pause before a repetition.
        await new Promise((resolve) => setTimeout(resolve, 500));
      },
    });
    await a.self.tellSurely(objectId('Player', '2'), 1, bytes('x'));
    expect(handled).toBe(1);
    await expect(a.self.tellSurely(objectId('Player', '9'), 1, bytes('x'))).rejects.toMatchObject({
      code: 'NO_SUCH_OBJECT',
    });
  });

  it('places by load and keeps companions together', async () => {
    const { a, b } = await twoNodes();
    await a.registerAll('Player', ['1', '2', '3', '4', '5'], () => counterObject());
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    const picks = [await b.pick('Player'), await b.pick('Player'), await b.pick('Player')];
    expect(picks.map(({ node }) => node)).toEqual(['b', 'b', 'b']);
    expect(await b.pick('Match', { with: { type: 'Player', key: '1' } })).toMatchObject({ node: 'a' });
    await expect(b.pick('Dragon')).rejects.toBeInstanceOf(RouterError);
  });
});
