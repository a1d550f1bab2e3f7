import type { RuntimeMode } from '@sparrow/protocol';
import { createRandom } from '@sparrow/testkit';
import { describe, expect, it } from 'vitest';
import type { Channel } from '../../src/bridge/index.ts';
import { createDispatcher, type NativeHandlers } from '../../src/native/dispatch.ts';
import type { CallSpec } from '../../src/wx/contract.ts';
import { CONTRACTS } from '../../src/wx/contracts.ts';
import { exampleOf, wrongFields } from '../../src/wx/examples.ts';
import { check, object, type Schema } from '../../src/wx/schema.ts';
import { inBothModes, startApp, type TestApp, useBrowser } from '../harness.ts';
import { eventually, onePage } from './support.ts';

useBrowser();

const CALLS: [name: string, spec: CallSpec][] = Object.values(CONTRACTS).flatMap(({ calls }) => Object.entries(calls));
/** Right inputs of each call in one run. */
const SAMPLES = 4;

/** Values that JSON has no words for become `{ $: … }`; `reviveSource` makes them again. */
function tagged(value: unknown): unknown {
  if (value === undefined) return { $: 'undefined' };
  if (typeof value === 'number' && !Number.isFinite(value)) return { $: String(value) };
  if (typeof value === 'bigint') return { $: 'bigint' };
  if (value instanceof ArrayBuffer) return { $: 'bytes', size: value.byteLength };
  if (value instanceof Map) return { $: 'map' };
  if (value instanceof Date) return { $: 'date' };
  if (value instanceof RegExp) return { $: 'regexp' };
  if (Array.isArray(value)) return value.map(tagged);
  if (typeof value !== 'object' || value === null) return value;
  // As pairs, since a name may be `__proto__`.
  return { $: 'object', pairs: Object.entries(value).map(([name, item]) => [name, tagged(item)]) };
}

interface Reply {
  error?: { message: string };
  result?: unknown;
}

/**
 * Sends calls past the logic layer, and gives the replies that came until nothing more did; dialogs and file pickers wait
 * for a user, and have none.
 */
function send(test: TestApp, calls: { name: string; params: unknown }[], quietMs: number): Promise<(Reply | null)[]> {
  return test.service(
    async ({ wx }, given: { name: string; params: unknown }[], quiet: number) => {
      const realm = Function('return this')();
      const { prototype } = realm.MessagePort;
      const post = prototype.postMessage;
      const port = await new Promise<MessagePort>((resolve) => {
        prototype.postMessage = function (this: MessagePort, ...args: unknown[]) {
          if (Array.isArray(args[0]) && args[0][0] === 'I') resolve(this);
          return post.apply(this, args);
        };
        wx.getNetworkType({});
      });
      prototype.postMessage = post;
      const special: Record<string, () => unknown> = {
        undefined: () => undefined,
        NaN: () => Number.NaN,
        Infinity: () => Number.POSITIVE_INFINITY,
        bigint: () => BigInt(10),
        map: () => new Map(),
        date: () => new Date(0),
        regexp: () => /x/,
      };
      const revive = (value: unknown): unknown => {
        if (Array.isArray(value)) return value.map(revive);
        if (typeof value !== 'object' || value === null) return value;
        const { $, size, pairs } = value as { $: string; size: number; pairs: [string, unknown][] };
        if ($ === 'bytes') return new ArrayBuffer(size);
        if ($ === 'object') return Object.fromEntries(pairs.map(([name, item]) => [name, revive(item)]));
        return special[$]?.();
      };
      const replies: (Reply | null)[] = given.map(() => null);
      const first = 7e6;
      let last = Date.now();
      let open = given.length;
      const listen = ({ data }: MessageEvent): void => {
        const at = (data[2] as number) - first;
        if (data[1] !== 'reply' || !(at in replies)) return;
        last = Date.now();
        open--;
        const { byteLength } = (data[3]?.data ?? {}) as { byteLength?: number };
        const result = byteLength === undefined ? data[3] : { ...data[3], data: '' };
        replies[at] = data[4] ? { error: data[4] } : { result };
      };
      port.addEventListener('message', listen);
      given.forEach(({ name, params }, at) => post.call(port, ['I', name, first + at, revive(params)]));
      await new Promise<void>((resolve) => {
        const timer = realm.setInterval(() => {
          if (open > 0 && Date.now() - last < quiet) return;
          realm.clearInterval(timer);
          resolve();
        }, 20);
      });
      port.removeEventListener('message', listen);
      return replies;
    },
    calls.map(({ name, params }) => ({ name, params: tagged(params) })),
    quietMs,
  );
}

async function open(mode: RuntimeMode): Promise<{ test: TestApp; crashes: string[] }> {
  const test = await startApp({ mode, files: onePage() });
  const crashes: string[] = [];
  // The dispatcher says so when a handler throws what is no failure of the call.
  test.page.on('console', (line) => {
    if (line.type() === 'error' && /^(native|the host half)/.test(line.text())) crashes.push(line.text());
  });
  return { test, crashes };
}

inBothModes('calls past the logic layer', (mode) => {
  const seed = Number(process.env.SPARROW_SEED) || Math.floor(Math.random() * 2 ** 31);

  it(`are refused when a parameter is wrong, each by its name (seed ${seed})`, { timeout: 240_000 }, async () => {
    const { test, crashes } = await open(mode);
    const random = createRandom(seed);
    const wrong = CALLS.flatMap(([name, { params = {} }]) => [
      ...[undefined, null, 5, 'x', []].map((value) => ({ name, params: value as unknown, at: 'parameter' })),
      ...wrongFields(params, random).map((each) => ({ name, params: each.value, at: `parameter.${each.name}` })),
    ]);
    expect(wrong.length).toBeGreaterThan(20 * CALLS.length);
    const replies = await send(test, wrong, 20_000);
    const taken = wrong.flatMap(({ name, params, at }, index) => {
      const message = replies[index]?.error?.message ?? `answered ${JSON.stringify(replies[index])}`;
      return message.startsWith(`parameter error: ${at}`) ? [] : [{ name, params, at, message }];
    });
    expect(taken, `seed ${seed}`).toEqual([]);
    expect(crashes).toEqual([]);
    await test.close();
  });

  it(`are answered as their contract says, or fail; none breaks the phone (seed ${seed})`, {
    timeout: 240_000,
  }, async () => {
    const { test, crashes } = await open(mode);
    const random = createRandom(seed);
    const calls = CALLS.flatMap(([name, { params = {} }]) =>
      Array.from({ length: SAMPLES }, () => {
        const right = exampleOf(params, random);
        // Any other number may be that of a question of the test itself.
        return { name, params: name === 'debugResult' || name === 'abort' ? { ...right, id: 9e9 } : right };
      }),
    );
    const replies = await send(test, calls, 2_000);
    const specs = new Map(CALLS);
    const wrong = calls.flatMap(({ name, params }, index) => {
      const reply = replies[index];
      const refusal = /^(parameter error|not supported|access denied)/.exec(reply?.error?.message ?? '')?.[0];
      // Bytes stay where they are; their field is told as an empty text.
      const { data, ...rest } = (specs.get(name)?.result ?? {}) as Record<string, Schema>;
      const result = data && data.kind !== 'bytes' ? { ...rest, data } : rest;
      const fault = reply?.result === undefined ? undefined : check(object(result), reply.result);
      return refusal || fault ? [{ name, params, refusal, fault }] : [];
    });
    expect(wrong, `seed ${seed}`).toEqual([]);
    expect(replies.filter(Boolean).length).toBeGreaterThan(calls.length / 2);
    expect(crashes, `seed ${seed}`).toEqual([]);
    // It lives, and does what it is asked for.
    await test.service(({ wx }) => wx.showToast({ title: 'still here' }));
    await eventually(() => test.page.locator('.toast').innerText()).toContain('still here');
    await test.close();
  });
});

describe('contracts', () => {
  it('declare each call once', () => {
    const names = CALLS.map(([name]) => name);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it('let a view make these calls and no other', () => {
    const answered: string[] = [];
    const denied: string[] = [];
    const handlers = new Proxy(
      {},
      { get: (_target, name) => () => void answered.push(String(name)) },
    ) as NativeHandlers;
    const channel = {
      post: ([, , id, , error]: [string, string, number, unknown, { message: string } | undefined]) => {
        if (error?.message === 'access denied') denied.push(CALLS[id]?.[0] ?? '');
      },
    } as unknown as Channel;
    const dispatcher = createDispatcher(handlers);
    CALLS.forEach(([name, { params = {} }], id) =>
      dispatcher.dispatch(channel, 1, name, id, exampleOf(params, createRandom(id))),
    );
    dispatcher.close();
    expect(answered.toSorted()).toEqual([
      ...['exitMiniProgram', 'getUserInfo', 'holdBack', 'log', 'makePhoneCall', 'navigateBack'],
      ...['navigateTo', 'reLaunch', 'redirectTo', 'showPicker', 'switchTab'],
    ]);
    expect(denied).toHaveLength(CALLS.length - answered.length);
  });
});
