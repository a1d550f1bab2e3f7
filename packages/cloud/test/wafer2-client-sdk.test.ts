import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyChatRoom, type RunningDev, startDev, temporaryFolder } from './harness.ts';
import { createPhone, type Phone, promised, type WaferTunnel } from './wx-shim.ts';

const HOST = 'https://chat-room.sparrow.test';

/** Waits for one event of a tunnel. */
function event<T = unknown>(tunnel: WaferTunnel, name: string, fits: (detail: T) => boolean = () => true): Promise<T> {
  return new Promise((resolve) => tunnel.on(name, (detail: T) => fits(detail) && resolve(detail)));
}

describe('the unmodified wafer2-client-sdk 2.1.0 and the chat room', () => {
  const folder = temporaryFolder();
  let dev: RunningDev;
  const phones: Phone[] = [];

  function phone(user: string): Phone {
    const made = createPhone({ user, users: dev.deps.users, addresses: dev.deps.addresses });
    made.sdk.setLoginUrl(`${HOST}/login`);
    made.sdk.Tunnel.RECONNECT_TIME_INCREASE = 20;
    phones.push(made);
    return made;
  }

  async function chatting(user: string): Promise<{ phone: Phone; tunnel: WaferTunnel; openId: string }> {
    const made = phone(user);
    const { openId } = await promised(made.sdk).login();
    const tunnel = new made.sdk.Tunnel(`${HOST}/tunnel`);
    const connected = event(tunnel, 'connect');
    tunnel.open();
    await connected;
    return { phone: made, tunnel, openId };
  }

  beforeEach(async () => {
    folder.remove();
    dev = await startDev(copyChatRoom(folder.path));
    await dev.whenBackendReady(20_000);
  });
  afterEach(async () => {
    for (const made of phones.splice(0)) made.close();
    await dev.close();
    folder.remove();
  });

  it('logs in and stores the session', async () => {
    const { sdk } = phone('alice');
    const user = await promised(sdk).login();
    expect(user).toMatchObject({ nickName: '小雀', openId: expect.stringMatching(/^o.{27}$/) });
    expect(sdk.Session.get()).toMatchObject({ skey: expect.stringMatching(/^[\w-]{43}$/), userinfo: user });
  });

  it('requests with the session, and as the same user from another phone', async () => {
    const first = phone('alice');
    const user = await promised(first.sdk).login();
    expect(await promised(first.sdk).request(`${HOST}/me`)).toMatchObject({ code: 0, data: { openId: user.openId } });
    const second = phone('alice');
    expect((await promised(second.sdk).login()).openId).toBe(user.openId);
    // A second login does not end the first one.
    expect(await promised(first.sdk).request(`${HOST}/me`)).toMatchObject({ code: 0 });
    expect(first.requests).toEqual([`${HOST}/login`, `${HOST}/me`, `${HOST}/me`]);
  });

  it('logs in with the code alone once it knows the user', async () => {
    const made = phone('bob');
    const unknown = await new Promise<Error>((fail) => made.sdk.loginWithCode({ success: () => {}, fail }));
    expect(unknown.message).toContain('用户未登录过');
    const { openId } = await promised(made.sdk).login();
    const again = await new Promise<{ openId: string }>((success, fail) => made.sdk.loginWithCode({ success, fail }));
    expect(again.openId).toBe(openId);
  });

  it('replaces a forged skey by a login and repeats the request', async () => {
    const made = phone('alice');
    await promised(made.sdk).login();
    made.sdk.Session.set({ skey: 'forged', userinfo: {} });
    expect(await promised(made.sdk).request(`${HOST}/me`)).toMatchObject({ code: 0, data: { nickName: '小雀' } });
    expect(made.requests.slice(1)).toEqual([`${HOST}/me`, `${HOST}/login`, `${HOST}/me`]);
  });

  it('opens a tunnel and hears the others', async () => {
    const alice = await chatting('alice');
    const bob = await chatting('bob');
    const both = event<{ people: { nickName: string }[] }>(alice.tunnel, 'people', ({ people }) => people.length === 2);
    alice.tunnel.emit('enter', { room: 'lobby' });
    bob.tunnel.emit('enter', { room: 'lobby' });
    expect((await both).people.map(({ nickName }) => nickName).sort()).toEqual(['小雀', '阿柏']);
    const said = event<{ text: string; nonce: string; from: object }>(bob.tunnel, 'said');
    alice.tunnel.emit('say', { room: 'lobby', text: '你好: {"a":1}', nonce: 'n1' });
    expect(await said).toMatchObject({ text: '你好: {"a":1}', nonce: 'n1', from: { openId: alice.openId } });
    const left = event<{ people: unknown[] }>(alice.tunnel, 'people', ({ people }) => people.length === 1);
    bob.tunnel.close();
    await left;
    expect(bob.tunnel.status).toBe('CLOSED');
  });

  it('connects anew with another id after the network broke, and sends what waited', async () => {
    const alice = await chatting('alice');
    alice.tunnel.emit('enter', { room: 'tea' });
    await event(alice.tunnel, 'people');
    const reconnecting = event(alice.tunnel, 'reconnecting');
    const reconnected = event(alice.tunnel, 'reconnect');
    const said = event<{ text: string }>(alice.tunnel, 'said');
    alice.phone.cutOff();
    await reconnecting;
    alice.tunnel.emit('say', { room: 'tea', text: '断线时说的' });
    await reconnected;
    expect((await said).text).toBe('断线时说的');
  });

  it('comes back after the backend restarted, and the history is still there', async () => {
    const alice = await chatting('alice');
    alice.tunnel.emit('say', { room: 'music', text: '重启之前' });
    await event(alice.tunnel, 'said');
    const reconnected = event(alice.tunnel, 'reconnect');
    dev.restartBackend();
    await reconnected;
    const said = event<{ text: string }>(alice.tunnel, 'said');
    alice.tunnel.emit('say', { room: 'music', text: '重启之后' });
    await said;
    const { data } = await promised(alice.phone.sdk).request(`${HOST}/rooms/music/messages`);
    expect((data as { messages: { text: string }[] }).messages.map(({ text }) => text)).toEqual([
      '重启之前',
      '重启之后',
    ]);
  });

  it('keeps its login when Sparrow itself restarts', async () => {
    const made = phone('alice');
    await promised(made.sdk).login();
    const session = made.sdk.Session.get();
    await dev.close();
    dev = await startDev(folder.path);
    await dev.whenBackendReady(20_000);
    expect(await dev.deps.users.checkSession('alice')).toBe(true);
    const again = phone('alice');
    again.sdk.Session.set(session);
    expect(await promised(again.sdk).request(`${HOST}/me`)).toMatchObject({ code: 0 });
    expect(again.requests).toEqual([`${HOST}/me`]);
  });
});
