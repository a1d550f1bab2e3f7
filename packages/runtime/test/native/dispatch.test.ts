import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Channel } from '../../src/bridge/index.ts';
import { createDispatcher, INVOKE_LIMITS, type NativeHandlers } from '../../src/native/dispatch.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Hosts whose every call takes a while, and the other side, which reads nothing. */
function slowHost(ms: number): { handlers: NativeHandlers; channel: Channel; served: () => number } {
  let served = 0;
  const serve = (): object => {
    const end = performance.now() + ms;
    while (performance.now() < end);
    served++;
    return {};
  };
  const handlers = new Proxy({}, { get: () => serve }) as NativeHandlers;
  const channel = { post: () => {}, listen: () => {}, close: () => {} } as unknown as Channel;
  return { handlers, channel, served: () => served };
}

describe('a flood of calls', () => {
  it('costs the memory of what waits, and not of what was served, for as long as it goes on', async () => {
    const { handlers, channel, served } = slowHost(2);
    const dispatcher = createDispatcher(handlers);
    const seen: WeakRef<object>[] = [];
    const call = (id: number): void => {
      const params = { title: `${id}`, icon: 'none', duration: 1, mask: false };
      seen.push(new WeakRef(params));
      dispatcher.dispatch(channel, 0, 'showToast', id, params);
    };
    let id = 0;
    // So many wait at all times that the flood never ends in between.
    while (served() < 150) {
      while (id < served() + 400) call(++id);
      await sleep(5);
    }
    collect();
    const kept = seen.slice(0, 100).filter((params) => params.deref() !== undefined).length;
    dispatcher.close();
    expect(kept).toBe(0);
  });

  it('is refused beyond the bytes that may wait together', async () => {
    const { handlers, channel, served } = slowHost(2);
    let refused = 0;
    channel.post = (message) => {
      if (JSON.stringify(message).includes('too many calls are waiting')) refused++;
    };
    const limits = { ...INVOKE_LIMITS, sliceMs: 1, frameMs: 500, maxWaitingBytes: 10_000 };
    const dispatcher = createDispatcher(handlers, limits);
    const title = 'x'.repeat(3_000);
    const call = (id: number): void =>
      dispatcher.dispatch(channel, 0, 'showToast', id, { title, icon: 'none', duration: 1, mask: false });
    for (let id = 1; id <= 20; id++) call(id);
    // One is served at once, and three of them fit.
    expect(refused).toBe(16);
    await expect.poll(served).toBe(4);
    // What was served makes room.
    call(21);
    expect(refused).toBe(16);
    dispatcher.close();
  });

  it('takes its share of a frame, and the others get their turn in between', async () => {
    // One call is more than the share, so that no turn may serve two.
    const { handlers, channel, served } = slowHost(2);
    const dispatcher = createDispatcher(handlers, { ...INVOKE_LIMITS, sliceMs: 1, frameMs: 2 });
    for (let id = 1; id <= 20; id++)
      dispatcher.dispatch(channel, 0, 'showToast', id, { title: 'x', icon: 'none', duration: 1, mask: false });
    let before = served();
    let most = before;
    while (served() < 20) {
      await new Promise((resolve) => setImmediate(resolve));
      most = Math.max(most, served() - before);
      before = served();
    }
    dispatcher.close();
    expect(most).toBe(1);
  });

  it('is refused beyond what may wait, and served in order within', async () => {
    const order: number[] = [];
    const refused: number[] = [];
    const handlers = {
      showToast: ({ title }: { title: string }) => {
        const end = performance.now() + 2;
        while (performance.now() < end);
        order.push(Number(title));
        return {};
      },
    } as unknown as NativeHandlers;
    const channel = {
      post: (message: unknown[]) => {
        if (JSON.stringify(message).includes('too many calls are waiting')) refused.push(Number(message[2]));
      },
    } as unknown as Channel;
    // A frame of half a second, so that a busy machine does not see two of them go by while the calls come.
    const limits = { ...INVOKE_LIMITS, sliceMs: 1, frameMs: 500, maxWaiting: 5 };
    const dispatcher = createDispatcher(handlers, limits);
    for (let id = 1; id <= 20; id++)
      dispatcher.dispatch(channel, 0, 'showToast', id, { title: `${id}`, icon: 'none', duration: 1, mask: false });
    await expect.poll(() => order.length).toBe(20 - refused.length);
    dispatcher.close();
    expect(order).toEqual([...order].sort((a, b) => a - b));
    // One was served at once, five wait.
    expect(refused).toHaveLength(20 - 1 - limits.maxWaiting);
  });
});

describe('calls whose part of the phone is still on its way', () => {
  it('let those behind them wait, and begin in the order in which they came', async () => {
    const order: string[] = [];
    const note = (name: string) => () => void order.push(name);
    const handlers = { showToast: note('toast'), hideToast: note('hide'), removeStorage: note('storage') };
    const channel = { post: () => {}, listen: () => {}, close: () => {} } as unknown as Channel;
    let arrive: () => void = () => {};
    let waiting: Promise<void> | undefined = new Promise((resolve) => {
      arrive = () => {
        waiting = undefined;
        resolve();
      };
    });
    const loading = (name: string): Promise<void> | undefined => (name === 'removeStorage' ? undefined : waiting);
    const dispatcher = createDispatcher(handlers as unknown as NativeHandlers, INVOKE_LIMITS, loading);
    dispatcher.dispatch(channel, 0, 'removeStorage', 1, { key: 'before' });
    dispatcher.dispatch(channel, 0, 'showToast', 2, { title: 'x', icon: 'none', duration: 1, mask: false });
    dispatcher.dispatch(channel, 0, 'removeStorage', 3, { key: 'after' });
    dispatcher.dispatch(channel, 0, 'hideToast', 4, {});
    await sleep(50);
    expect(order).toEqual(['storage']);
    arrive();
    await expect.poll(() => order).toEqual(['storage', 'toast', 'storage', 'hide']);
    dispatcher.close();
  });
});
