import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Backend, CHAT, KEY, OTHER, type Service, sha1, startBackend, startService } from './harness.ts';

describe('the tunnel on the wire', () => {
  let backend: Backend;
  let service: Service;
  beforeEach(async () => {
    backend = await startBackend(KEY);
    service = await startService(backend.origin);
  });
  afterEach(async () => {
    await service.close();
    await backend.close();
  });

  it('answers get/wsurl with data as a signed string', async () => {
    const reply = await service.call('/get/wsurl', {
      receiveUrl: 'http://chat.local.localhost/t',
      protocolType: 'wss',
    });
    expect(reply.status).toBe(200);
    const body = reply.body as { code: number; message: string; data: string; signature?: string };
    expect(body).toMatchObject({ code: 0, message: 'OK' });
    expect(body.signature).toBe(sha1(body.data + KEY));
    const opened = JSON.parse(body.data);
    expect(opened.tunnelId).toMatch(/^tunnel/);
    expect(opened.connectUrl).toContain(opened.tunnelId);
  });

  it('accepts the tcKey that wafer-node-sdk sends, and calls without it', async () => {
    const data = JSON.stringify({ receiveUrl: 'http://chat.local.localhost/t', protocolType: 'wss' });
    const raw = JSON.stringify({ data, tcId: CHAT.tcId, tcKey: KEY, signature: sha1(data + KEY) });
    expect((await service.call('/get/wsurl', {}, { raw })).status).toBe(200);
  });

  it('tells the client the heartbeat, answers ping and posts a signed connect', async () => {
    const { tunnelId, connectUrl } = await service.open();
    const client = await service.connect(connectUrl);
    await client.received(1);
    client.socket.send('ping');
    expect(await client.received(2)).toEqual(['timeout:15', 'pong']);
    expect(await backend.received(1)).toEqual([{ tunnelId, type: 'connect' }]);
    expect(backend.signaturesWrong).toBe(0);
  });

  it('passes the exact text after the first colon, JSON or not', async () => {
    const { tunnelId, connectUrl } = await service.open();
    const client = await service.connect(connectUrl);
    client.socket.send('message:{"type":"speak","content":"a:b 你好"}');
    client.socket.send('message:not json: at all');
    client.socket.send('message:');
    expect((await backend.received(4)).slice(1)).toEqual([
      { tunnelId, type: 'message', content: '{"type":"speak","content":"a:b 你好"}' },
      { tunnelId, type: 'message', content: 'not json: at all' },
      { tunnelId, type: 'message', content: '' },
    ]);
  });

  it('keeps connect, messages and close of one tunnel in order however slow the backend is', async () => {
    backend.onCallback = (data) =>
      new Promise((resolve) => setTimeout(() => resolve(undefined), data.type === 'connect' ? 60 : Math.random() * 5));
    const { connectUrl } = await service.open();
    const client = await service.connect(connectUrl);
    for (let i = 0; i < 20; i++) client.socket.send(`message:${i}`);
    client.socket.send('close');
    const got = await backend.received(22);
    expect(got.map((data) => data.content ?? data.type)).toEqual([
      'connect',
      ...Array.from({ length: 20 }, (_, i) => String(i)),
      'close',
    ]);
  });

  it('pushes to many and names the ids that are dead', async () => {
    const first = await service.open();
    const second = await service.open();
    const a = await service.connect(first.connectUrl);
    const b = await service.connect(second.connectUrl);
    const content = JSON.stringify({ type: 'speak', content: { word: '好' } });
    expect(await service.push([first.tunnelId, second.tunnelId, 'tunnel_dead'], 'message', content)).toEqual([
      'tunnel_dead',
    ]);
    expect((await a.received(2))[1]).toBe(`message:${content}`);
    expect((await b.received(2))[1]).toBe(`message:${content}`);
  });

  it('sends a close packet when the backend closes, then exactly one close callback', async () => {
    const { tunnelId, connectUrl } = await service.open();
    const client = await service.connect(connectUrl);
    await backend.received(1);
    expect(await service.push([tunnelId], 'close', undefined)).toEqual([]);
    expect((await client.received(2))[1]).toBe('close');
    expect((await client.closed).code).toBe(1000);
    await backend.received(2);
    expect(await service.push([tunnelId], 'message', '{}')).toEqual([tunnelId]);
    expect(backend.callbacks.map((data) => data.type)).toEqual(['connect', 'close']);
  });

  it('posts one close when the client says close and then closes its socket', async () => {
    const { connectUrl } = await service.open();
    const client = await service.connect(connectUrl);
    client.socket.send('close');
    client.socket.close();
    await client.closed;
    await backend.received(2);
    const again = await service.open();
    await service.connect(again.connectUrl);
    await backend.received(3);
    expect(backend.callbacks.map((data) => data.type)).toEqual(['connect', 'close', 'connect']);
  });

  it('posts close when the network cuts the client off', async () => {
    const { tunnelId, connectUrl } = await service.open();
    const client = await service.connect(connectUrl);
    await backend.received(1);
    client.socket.terminate();
    expect((await backend.received(2))[1]).toEqual({ tunnelId, type: 'close' });
  });

  it('closes the sockets of an app without a close packet, so that its clients come back', async () => {
    const { connectUrl } = await service.open();
    const client = await service.connect(connectUrl);
    await client.received(1);
    expect(service.tunnel.closeApp('other', 'restart')).toBe(0);
    expect(service.tunnel.closeApp('chat', 'restart')).toBe(1);
    expect(await client.closed).toEqual({ code: 1012, reason: 'restart' });
    expect(client.frames).toEqual(['timeout:15']);
  });

  it('lets one id be used by one socket once', async () => {
    const { connectUrl } = await service.open();
    await service.connect(connectUrl);
    const second = new WebSocket(connectUrl);
    const [, response] = await once(second, 'unexpected-response');
    expect(response.statusCode).toBe(404);
    second.on('error', () => {});
    second.terminate();
  });

  it('refuses another app everything about a tunnel', async () => {
    const { tunnelId, connectUrl } = await service.open();
    const client = await service.connect(connectUrl);
    await client.received(1);
    expect(await service.push([tunnelId], 'message', '{}', OTHER)).toEqual([tunnelId]);
    expect(await service.push([tunnelId], 'close', undefined, OTHER)).toEqual([tunnelId]);
    client.socket.send('ping');
    expect(await client.received(2)).toEqual(['timeout:15', 'pong']);
  });
});
