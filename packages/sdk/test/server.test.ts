import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bodyParser } from '@koa/bodyparser';
import type { ErrorBody, LoginResponse, SessionUser, StoredFile } from '@sparrow/protocol';
import express from 'express';
import Fastify from 'fastify';
import Koa from 'koa';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import {
  createSparrow,
  failure,
  type LoginResult,
  ok,
  type SparrowFile,
  SparrowSdkError,
  type SparrowUser,
} from '../src/server/index.ts';

const USER: SparrowUser = {
  openId: 'oX',
  nickName: '小雀',
  avatarUrl: '',
  gender: 0,
  city: '',
  province: '',
  country: '',
  language: 'zh_CN',
};
const TOKEN = 'backend token';
const KEY = createHash('sha256').update(`tunnel:${TOKEN}`).digest('hex');
const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex');

/** A control server that writes down what it is asked and answers what the test says: the other end of the wire, in raw HTTP. */
interface Control {
  url: string;
  asked: { path: string; headers: http.IncomingHttpHeaders; body: string }[];
  answer: (path: string) => { status: number; body: unknown };
  close(): void;
}

async function startControl(): Promise<Control> {
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    control.asked.push({
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    });
    const { status, body } = control.answer(request.url ?? '');
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const control: Control = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    answer: () => ({ status: 200, body: {} }),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return control;
}

let control: Control;
const servers: { close(): void }[] = [];
beforeEach(async () => {
  control = await startControl();
});
afterEach(() => {
  control.close();
  for (const server of servers.splice(0)) server.close();
});

const sparrow = () =>
  createSparrow({ port: 1, url: `${control.url}/`, token: TOKEN, dataDir: '/tmp', app: 'demo', env: 'local' });

async function serve(listener: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = http.createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push({ close: () => (server.closeAllConnections(), server.close()) });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function callback(data: object, key = KEY): { method: string; headers: Record<string, string>; body: string } {
  const text = JSON.stringify(data);
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ data: text, signature: sha1(text + key) }),
  };
}

describe('the shapes on the wire', () => {
  it('are those of the protocol package, which the sdk may not depend on', () => {
    expectTypeOf<SparrowUser>().toEqualTypeOf<SessionUser>();
    expectTypeOf<LoginResult>().toEqualTypeOf<Omit<LoginResponse, 'expiresAt'>>();
    expectTypeOf<SparrowFile>().toEqualTypeOf<StoredFile>();
  });
});

describe('the configuration', () => {
  it('names every variable that is missing', () => {
    expect(() => createSparrow({ url: 'http://x' })).toThrow(
      expect.objectContaining({
        code: 'ERR_INIT_SDK_LOST_CONFIG',
        message: expect.stringContaining('PORT, SPARROW_TOKEN, SPARROW_DATA_DIR, SPARROW_APP, SPARROW_ENV'),
      }),
    );
  });
});

describe('login', () => {
  it('passes the headers on and answers as Wafer does', async () => {
    control.answer = () => ({ status: 200, body: { skey: 's', userinfo: USER, expiresAt: 1 } });
    const { handleLogin } = sparrow();
    const url = await serve((request, response) => void handleLogin(request, response));
    const headers = { 'X-WX-Code': 'c', 'X-WX-Encrypted-Data': 'd', 'X-WX-IV': 'i' };
    const answer = await fetch(url, { headers });
    expect(await answer.json()).toEqual({ code: 0, data: { skey: 's', userinfo: USER } });
    expect(control.asked).toEqual([
      expect.objectContaining({ path: '/session/v1/login', body: '{"code":"c","encryptedData":"d","iv":"i"}' }),
    ]);
    expect(control.asked[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  it('takes an empty profile header for none', async () => {
    control.answer = () => ({ status: 200, body: { skey: 's', userinfo: USER } });
    await sparrow().login({ headers: { 'x-wx-code': 'c', 'x-wx-iv': '' } } as unknown as IncomingMessage);
    expect(control.asked[0]?.body).toBe('{"code":"c"}');
  });

  it('answers status 200 and code -1 for every failure', async () => {
    const { handleLogin } = sparrow();
    const url = await serve((request, response) => void handleLogin(request, response));
    const ask = async (headers: Record<string, string> = {}): Promise<unknown> => {
      const answer = await fetch(url, { headers });
      expect(answer.status).toBe(200);
      return ((await answer.json()) as { code: number; error: string }).error;
    };
    expect(await ask()).toBe('ERR_HEADER_MISSED');
    const errors: [string, string][] = [
      ['CODE_INVALID', 'ERR_GET_SESSION_KEY'],
      ['USER_UNKNOWN', 'ERR_UNLOGIN'],
      ['DECRYPT_FAILED', 'ERR_IN_DECRYPT_DATA'],
      ['TOKEN_INVALID', 'ERR_INVALID_RESPONSE'],
    ];
    for (const [code, expected] of errors) {
      control.answer = () => ({ status: 400, body: { error: { code, message: 'm', hint: 'h' } } satisfies ErrorBody });
      expect(await ask({ 'X-WX-Code': 'c' })).toBe(expected);
    }
    control.close();
    expect(await ask({ 'X-WX-Code': 'c' })).toBe('ERR_INVALID_RESPONSE');
  });
});

describe('the tunnel handler', () => {
  it('asks for a tunnel with a signed call whose receiveUrl is the route itself', async () => {
    const data = JSON.stringify({ tunnelId: 'tunnel1', connectUrl: 'ws://x' });
    control.answer = (path) =>
      path === '/session/v1/check'
        ? { status: 200, body: { userinfo: USER } }
        : { status: 200, body: { code: 0, message: 'OK', data, signature: sha1(data + KEY) } };
    const seen: unknown[] = [];
    const handler = sparrow().tunnel.handler({ onConnect: ({ user }) => void seen.push(user?.nickName) });
    const url = await serve((request, response) => void handler(request, response));
    const answer = await fetch(`${url}/weapp/tunnel?a=1`, { headers: { 'X-WX-Skey': 's' } });
    expect(await answer.json()).toEqual({ code: 0, data: { tunnelId: 'tunnel1', connectUrl: 'ws://x' } });
    const call = JSON.parse(control.asked[1]?.body ?? '');
    expect(control.asked[1]?.path).toBe('/tunnel/get/wsurl');
    expect(JSON.parse(call.data)).toEqual({
      receiveUrl: 'http://demo.local.localhost/weapp/tunnel?a=1',
      protocolType: 'wss',
    });
    expect(call.signature).toBe(sha1(call.data + KEY));
    expect(call.tcId).toBe(createHash('md5').update('demo.local.localhost').digest('hex'));
    // The user of the request is known to the callbacks of its tunnel.
    await fetch(url, callback({ tunnelId: 'tunnel1', type: 'connect' }));
    await fetch(url, callback({ tunnelId: 'tunnel2', type: 'connect' }));
    expect(seen).toEqual(['小雀', undefined]);
  });

  it('refuses callbacks without a right signature and never calls a handler for them', async () => {
    let called = 0;
    const handler = sparrow().tunnel.handler({ onConnect: () => void called++ });
    const url = await serve((request, response) => void handler(request, response));
    const data = { tunnelId: 'tunnel1', type: 'connect' };
    const bad = [
      { method: 'POST', body: 'garbage' },
      { method: 'POST', body: '{}' },
      { method: 'POST', body: JSON.stringify({ data: JSON.stringify(data), signature: '' }) },
      callback(data, 'another key'),
      callback({ type: 'connect' }),
      callback({ tunnelId: 'tunnel1', type: 'dance' }),
    ];
    const codes: [number, number][] = [];
    for (const init of bad) {
      const answer = await fetch(url, init);
      codes.push([answer.status, ((await answer.json()) as { code: number }).code]);
    }
    expect(codes).toEqual([
      [400, 9002],
      [400, 9002],
      [400, 9003],
      [400, 9003],
      [400, 9004],
      [400, 9004],
    ]);
    expect(called).toBe(0);
  });

  it('gives messages their type and content, and UnknownRaw to what is not of that form', async () => {
    const seen: unknown[] = [];
    const handler = sparrow().tunnel.handler({ onMessage: ({ type, content }) => void seen.push([type, content]) });
    const url = await serve((request, response) => void handler(request, response));
    for (const content of ['{"type":"speak","content":{"a":1}}', '{"type":"bare"}', 'plain: text', '[1]', '{"type":3}'])
      await fetch(url, callback({ tunnelId: 'tunnel1', type: 'message', content }));
    expect(seen).toEqual([
      ['speak', { a: 1 }],
      ['bare', undefined],
      ['UnknownRaw', 'plain: text'],
      ['UnknownRaw', '[1]'],
      ['UnknownRaw', '{"type":3}'],
    ]);
  });

  it('answers code -1 when a handler throws, and goes on', async () => {
    let calls = 0;
    const handler = sparrow().tunnel.handler({
      onMessage() {
        if (++calls === 1) throw new Error('on purpose');
      },
    });
    const url = await serve((request, response) => void handler(request, response));
    const message = callback({ tunnelId: 'tunnel1', type: 'message', content: '{}' });
    const first = await fetch(url, message);
    expect([first.status, await first.json()]).toEqual([200, { code: -1, error: 'on purpose', message: 'on purpose' }]);
    expect(await (await fetch(url, message)).json()).toEqual({ code: 0, message: 'ok' });
  });

  it('pushes packets and names dead ids', async () => {
    control.answer = () => ({ status: 200, body: { code: 0, message: 'OK', data: { invalidTunnelIds: ['b'] } } });
    const { tunnel } = sparrow();
    expect(await tunnel.broadcast(['a', 'b'], 'speak', { word: '好' })).toEqual({ invalidTunnelIds: ['b'] });
    expect(await tunnel.emit('b', 'x', 1)).toBe(false);
    await tunnel.close('a');
    expect(await tunnel.broadcast([], 'x', 1)).toEqual({ invalidTunnelIds: [] });
    expect(control.asked.map(({ body }) => JSON.parse(JSON.parse(body).data))).toEqual([
      [{ tunnelIds: ['a', 'b'], type: 'message', content: '{"type":"speak","content":{"word":"好"}}' }],
      [{ tunnelIds: ['b'], type: 'message', content: '{"type":"x","content":1}' }],
      [{ tunnelIds: ['a'], type: 'close' }],
    ]);
    control.answer = () => ({ status: 400, body: { code: 9003, message: 'wrong signature' } });
    await expect(tunnel.emit('a', 'x', 1)).rejects.toMatchObject({
      code: 'ERR_REMOTE_TUNNEL_SERVER_ERR',
      message: expect.stringContaining('9003 wrong signature'),
    });
  });
});

describe('frameworks', () => {
  const message = callback({ tunnelId: 'tunnel1', type: 'message', content: '{"type":"hi","content":"你好"}' });

  async function check(
    mount: (handler: ReturnType<ReturnType<typeof sparrow>['tunnel']['handler']>) => Promise<string>,
  ): Promise<void> {
    const seen: unknown[] = [];
    const url = await mount(sparrow().tunnel.handler({ onMessage: ({ content }) => void seen.push(content) }));
    expect(await (await fetch(url, message)).json()).toEqual({ code: 0, message: 'ok' });
    expect(seen).toEqual(['你好']);
  }

  it('may be none', () => check((handler) => serve((request, response) => void handler(request, response))));

  it('may be Fastify, whose parser has read the body', () =>
    check(async (handler) => {
      const app = Fastify();
      app.all('/tunnel', (request, reply) => void handler(request, reply));
      const url = await app.listen({ port: 0, host: '127.0.0.1' });
      servers.push({ close: () => void app.close() });
      return `${url}/tunnel`;
    }));

  it('may be Express, with a parser before it, behind a mounted router', () =>
    check(async (handler) => {
      const router = express.Router().post('/tunnel', (request, response) => void handler(request, response));
      return `${await serve(express().use(express.json()).use('/api', router))}/api/tunnel`;
    }));

  it('may be Express, with a parser that leaves text or bytes, or none at all', async () => {
    const type = 'application/json';
    for (const parser of [express.text({ type }), express.raw({ type }), undefined])
      await check((handler) => {
        const app = express();
        if (parser) app.use(parser);
        return serve(app.post('/', (request, response) => void handler(request, response)));
      });
  });

  it('may be Koa, with and without a parser before it', async () => {
    for (const parser of [bodyParser(), undefined])
      await check((handler) => {
        const app = new Koa();
        if (parser) app.use(parser);
        return serve(app.use((context) => handler(context, context)).callback());
      });
  });
});

describe('bodies', () => {
  it('have the form that Wafer’s clients understand', () => {
    expect(ok([1])).toEqual({ code: 0, data: [1] });
    const error = new SparrowSdkError('ERR_SKEY_INVALID', 'why', { hint: 'how' });
    expect(failure(error)).toEqual({ code: -1, error: 'ERR_SKEY_INVALID', message: 'ERR_SKEY_INVALID: why' });
    expect(failure('text')).toEqual({ code: -1, error: 'text', message: 'text' });
  });
});
