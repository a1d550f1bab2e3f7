import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createManualClock } from '@sparrow/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ControlDatabase, openDatabase } from '../src/db/open-database.ts';
import { createFakeWeChat, type FakeWeChat } from '../src/session/fake-wechat.ts';
import { createSessionService, type SessionService } from '../src/session/session-service.ts';
import { decryptData, encryptData } from '../src/session/wechat-crypto.ts';
import { createWeChatExchange } from '../src/session/wechat-exchange.ts';

const APPID = 'wx0123456789abcdef';

describe('sessions of the built-in WeChat', () => {
  const clock = createManualClock();
  let db: ControlDatabase;
  let wechat: FakeWeChat;
  let sessions: SessionService;
  beforeEach(() => {
    db = openDatabase(':memory:');
    wechat = createFakeWeChat({ db, appid: APPID, clock, avatarBase: () => 'http://127.0.0.1:7700/avatars/' });
    sessions = createSessionService({ db, app: 'demo/local', appid: APPID, exchange: wechat, clock });
  });
  afterEach(() => db.destroy());

  async function login(user: string): ReturnType<SessionService['login']> {
    const code = await wechat.issueCode(user);
    const { encryptedData, iv } = await wechat.userInfo(user, { withCredentials: true, lang: 'zh_CN' });
    return await sessions.login({ code, encryptedData, iv });
  }

  it('signs and encrypts a profile as WeChat does', async () => {
    const code = await wechat.issueCode('alice');
    const info = await wechat.userInfo('alice', { withCredentials: true, lang: 'zh_CN' });
    const { openid, sessionKey } = await wechat.exchange(code);
    expect(Buffer.from(sessionKey, 'base64')).toHaveLength(16);
    expect(info.signature).toBe(
      createHash('sha1')
        .update(info.rawData + sessionKey)
        .digest('hex'),
    );
    expect(decryptData(info.encryptedData, info.iv, sessionKey, APPID)).toEqual({
      openId: openid,
      ...info.userInfo,
      watermark: { timestamp: Math.floor(clock.now() / 1000), appid: APPID },
    });
    expect(JSON.parse(info.rawData)).toEqual(info.userInfo);
  });

  it('tells a profile without credentials nothing that could be decrypted', async () => {
    const info = await wechat.userInfo('zoe', { withCredentials: false, lang: 'en' });
    expect(info).toMatchObject({ encryptedData: '', iv: '', signature: '' });
    expect(info.userInfo).toMatchObject({
      nickName: 'zoe',
      language: 'en',
      avatarUrl: 'http://127.0.0.1:7700/avatars/zoe.svg',
    });
  });

  it('gives a user the same openid everywhere, and another one to each app', () => {
    const other = createFakeWeChat({ db, appid: 'wxother', clock, avatarBase: () => '' });
    expect(wechat.openidOf('alice')).toBe(wechat.openidOf('alice'));
    expect(wechat.openidOf('alice')).not.toBe(other.openidOf('alice'));
    expect(wechat.openidOf('alice')).not.toBe(wechat.openidOf('bob'));
  });

  it('takes a code once and for five minutes', async () => {
    const code = await wechat.issueCode('alice');
    await wechat.exchange(code);
    await expect(wechat.exchange(code)).rejects.toMatchObject({ code: 'CODE_INVALID' });
    const late = await wechat.issueCode('alice');
    clock.advance(5 * 60_000 + 1);
    await expect(wechat.exchange(late)).rejects.toMatchObject({ code: 'CODE_INVALID' });
    await expect(wechat.exchange('made up')).rejects.toMatchObject({ code: 'CODE_INVALID' });
  });

  it('knows whether the session_key is still the one of the last login', async () => {
    expect(await wechat.checkSession('alice')).toBe(false);
    await wechat.issueCode('alice');
    expect(await wechat.checkSession('alice')).toBe(true);
    clock.advance(4 * 24 * 3600_000);
    expect(await wechat.checkSession('alice')).toBe(false);
  });

  it('exchanges a login for a random skey that is not in the database', async () => {
    const first = await login('alice');
    const second = await login('alice');
    expect(first.skey).not.toBe(second.skey);
    expect(Buffer.from(first.skey, 'base64url')).toHaveLength(32);
    const rows = JSON.stringify(await db.selectFrom('sessions').selectAll().execute());
    expect(rows).not.toContain(first.skey);
    expect((await sessions.check(first.skey)).userinfo).toEqual(first.userinfo);
  });

  it('says of a skey that it is forged, or expired 7200 s after the login whatever its use', async () => {
    const { skey } = await login('alice');
    await expect(sessions.check('forged')).rejects.toMatchObject({ code: 'SKEY_INVALID' });
    clock.advance(7_199_000);
    await sessions.check(skey);
    clock.advance(2_000);
    await expect(sessions.check(skey)).rejects.toMatchObject({ code: 'SKEY_EXPIRED' });
  });

  it('keeps the sessions of two apps apart', async () => {
    const { skey } = await login('alice');
    const other = createSessionService({ db, app: 'other/local', appid: APPID, exchange: wechat, clock });
    await expect(other.check(skey)).rejects.toMatchObject({ code: 'SKEY_INVALID' });
  });

  it('keeps the ten newest sessions of a user', async () => {
    const skeys: string[] = [];
    for (let i = 0; i < 12; i++) {
      clock.advance(1000);
      skeys.push((await login('alice')).skey);
    }
    await expect(sessions.check(skeys[1] as string)).rejects.toMatchObject({ code: 'SKEY_INVALID' });
    await sessions.check(skeys[2] as string);
  });

  it('refuses a profile of another user, of another app, and one that was tampered with', async () => {
    const code = await wechat.issueCode('alice');
    await wechat.issueCode('bob');
    const bob = await wechat.userInfo('bob', { withCredentials: true, lang: 'zh_CN' });
    await expect(sessions.login({ code, ...bob })).rejects.toMatchObject({ code: 'DECRYPT_FAILED' });

    const code2 = await wechat.issueCode('alice');
    const alice = await wechat.userInfo('alice', { withCredentials: true, lang: 'zh_CN' });
    const damaged = `AAAA${alice.encryptedData.slice(4)}`;
    await expect(sessions.login({ code: code2, encryptedData: damaged, iv: alice.iv })).rejects.toMatchObject({
      code: 'DECRYPT_FAILED',
    });

    const key = Buffer.alloc(16, 7).toString('base64');
    const { encryptedData, iv } = encryptData({ openId: 'x', watermark: { appid: 'wxother' } }, key);
    expect(() => decryptData(encryptedData, iv, key, APPID)).toThrow('appid wxother');
    expect(() => decryptData('', '', '', APPID)).toThrow('session_key');
  });

  it('decrypts with the key of the session, or the newest one of the user', async () => {
    const { skey } = await login('alice');
    const before = await wechat.userInfo('alice', { withCredentials: true, lang: 'zh_CN' });
    expect(await sessions.decrypt({ skey, ...before })).toMatchObject({ nickName: '小雀' });
    await login('alice');
    const after = await wechat.userInfo('alice', { withCredentials: true, lang: 'zh_CN' });
    expect(await sessions.decrypt({ skey, ...after })).toMatchObject({ nickName: '小雀' });
  });
});

describe('the exchange with WeChat itself', () => {
  let server: http.Server;
  let answer: string;
  let asked: URL | undefined;
  let endpoint: string;
  beforeEach(async () => {
    server = http.createServer((request, response) => {
      asked = new URL(request.url ?? '', 'http://wechat');
      // WeChat's content type of JSON answers.
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.end(answer);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sns/jscode2session`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('asks jscode2session and takes openid, session_key and unionid', async () => {
    answer = JSON.stringify({ openid: 'oX', session_key: 'a2V5', unionid: 'u1' });
    const exchange = createWeChatExchange({ appid: APPID, secret: 's3cret', endpoint });
    expect(await exchange.exchange('c&1')).toEqual({ openid: 'oX', sessionKey: 'a2V5', unionid: 'u1' });
    expect(Object.fromEntries(asked?.searchParams ?? [])).toEqual({
      appid: APPID,
      secret: 's3cret',
      js_code: 'c&1',
      grant_type: 'authorization_code',
    });
  });

  it('tells a bad code from a bad configuration', async () => {
    const exchange = createWeChatExchange({ appid: APPID, secret: 's3cret', endpoint });
    answer = JSON.stringify({ errcode: 40029, errmsg: 'invalid code' });
    await expect(exchange.exchange('c')).rejects.toMatchObject({ code: 'CODE_INVALID' });
    answer = JSON.stringify({ errcode: 40125, errmsg: 'invalid appsecret' });
    await expect(exchange.exchange('c')).rejects.toMatchObject({ code: 'EXCHANGE_FAILED' });
    answer = '<html>';
    await expect(exchange.exchange('c')).rejects.toMatchObject({ code: 'EXCHANGE_FAILED' });
  });

  it('never puts the secret into an error', async () => {
    const exchange = createWeChatExchange({ appid: APPID, secret: 's3cret', endpoint: 'http://127.0.0.1:1/sns' });
    const error = await exchange.exchange('c').catch((reason: Error) => reason);
    expect(JSON.stringify([String(error), (error as Error).cause])).not.toContain('s3cret');
    expect(error).toMatchObject({ code: 'EXCHANGE_FAILED' });
  });
});
