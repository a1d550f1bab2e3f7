import { describe, expect, it, onTestFinished } from 'vitest';
import { createEmbeddedSet, objectId, type RoutedObject, type Thaw } from '../src/index.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (payload: Uint8Array): string => new TextDecoder().decode(payload);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const PLAYER = objectId('Player', '1');

async function game(thaw: Thaw) {
  const set = await createEmbeddedSet({ times: { nodeGraceMs: 500 } });
  onTestFinished(() => set.close());
  const types = { Player: thaw, Source: undefined };
  return {
    a: await set.createNode('a', { types }),
    b: await set.createNode('b', { types }),
    c: await set.createNode('c', { types: { Source: undefined } }),
  };
}

/** Makes instances of one object that write down what happens to each. */
function instances() {
  const log: string[] = [];
  const make = (name: string): RoutedObject => ({
    tell: (message) => void log.push(`${name} got ${message.method}`),
    ask: () => bytes(name),
    freeze: () => bytes(name),
    resume: () => void log.push(`${name} goes on`),
    revoked: (reason) => void log.push(`${name} ${reason}`),
  });
  return { log, make };
}

describe('a move with a thaw that is slow', () => {
  it('ends with one living instance: what was thawed too late is told so and gets nothing', async () => {
    const { log, make } = instances();
    let thaws = 0;
    const { a, b, c } = await game(async () => {
      const nth = ++thaws;
      // Longer than the old node waits, so a second attempt overtakes it.
      if (nth === 1) await pause(3_600);
      return make(`thawed ${nth}`);
    });
    const { self } = await a.register('Player', '1', make('original'));
    self.join('room');
    const source = await c.register('Source', 's', {});
    expect(await a.drain()).toEqual({ moved: 1, left: 0 });
    expect(text(await source.self.ask(PLAYER, 1, bytes('')))).toBe('thawed 2');
    await expect.poll(() => log).toContain('thawed 1 moved');
    // Long after whoever waits for the end of a move has looked what became of it.
    await pause(4_000);
    log.length = 0;
    source.self.broadcast({ group: 'room' }, 7, bytes(''));
    source.self.tell(PLAYER, 8, bytes(''));
    await expect.poll(() => log).toEqual(['thawed 2 got 7', 'thawed 2 got 8']);
    expect([a.objects, b.objects]).toEqual([1, 2]);
  });

  it('leaves the object where it was when every thaw is slow, with all that came meanwhile', async () => {
    const { log, make } = instances();
    const { a, b, c } = await game(async () => {
      await pause(4_000);
      return make('thawed');
    });
    await a.register('Player', '1', make('original'));
    const source = await c.register('Source', 's', {});
    const moved = a.move(PLAYER, { set: 'local', node: 'b' }).catch((error) => error.code);
    await pause(100);
    for (const method of [1, 2, 3]) source.self.tell(PLAYER, method, bytes(''));
    expect(await moved).toBe('TIMEOUT');
    await expect.poll(() => log).toEqual(['original goes on', 'original got 1', 'original got 2', 'original got 3']);
    await expect.poll(() => log).toContain('thawed moved');
    expect(b.objects).toBe(1);
    expect(text(await source.self.ask(PLAYER, 1, bytes('')))).toBe('original');
  });

  it('does not hold up the others: many slow thaws go beside each other', async () => {
    const { make } = instances();
    const { a, b } = await game(async (key) => {
      await pause(400);
      return make(key);
    });
    await a.registerAll(
      'Player',
      Array.from({ length: 40 }, (_, index) => String(index)),
      make,
    );
    expect(await a.drain()).toEqual({ moved: 40, left: 0 });
    expect(b.objects).toBe(41);
  });

  it('is over for the new node when the old one dies before it asked', async () => {
    const { log, make } = instances();
    const { a, b, c } = await game(() => make('thawed'));
    await a.register('Player', '1', make('original'));
    const source = await c.register('Source', 's', {});
    const moved = a.move(PLAYER, { set: 'local', node: 'b' }).catch((error) => error.code);
    await expect.poll(() => b.objects).toBe(2);
    a.destroy();
    expect(['CLOSED', undefined]).toContain(await moved);
    // Either the authority had given it to the new node, or nobody has it: never one that hangs about.
    const ask = () => source.self.ask(PLAYER, 1, bytes(''), { within: 1_000 }).then(text, (error) => error.code);
    await expect
      .poll(async () => [await ask(), b.objects])
      .toSatisfy(
        ([answer, objects]) => (answer === 'thawed' && objects === 2) || (answer === 'NO_SUCH_OBJECT' && objects === 1),
      );
    expect(log.filter((line) => line.startsWith('thawed got'))).toEqual([]);
  });
});
