import { once } from 'node:events';
import net from 'node:net';
import { createManualClock } from '@sparrow/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { TunnelEvent } from '../src/index.ts';
import { type Backend, CHAT, KEY, type Service, startBackend, startService } from './harness.ts';

const codes = (events: TunnelEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'problem' ? [event.error.code] : []));

describe('a tunnel that is fed nonsense', () => {
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

  it('refuses bodies that are not JSON, lack fields, or are not signed rightly', async () => {
    const packet = [{ tunnelIds: [], type: 'message', content: '{}' }];
    const refusals = [
      await service.call('/ws/push', packet, { raw: 'garbage' }),
      await service.call('/ws/push', packet, { raw: '{"data":"[]"}' }),
      await service.call('/ws/push', packet, { signature: '' }),
      await service.call('/ws/push', packet, { signature: 'f'.repeat(40) }),
      await service.call('/ws/push', packet, { tcId: 'nobody' }),
      await service.call('/ws/push', { not: 'an array' }),
      await service.call('/get/wsurl', { receiveUrl: 'no url' }),
    ];
    expect(refusals.map((refusal) => [refusal.status, refusal.body.code])).toEqual([
      [400, 9001],
      [400, 9002],
      [400, 9003],
      [400, 9003],
      [400, 9003],
      [400, 9004],
      [400, 9004],
    ]);
  });

  it("never dials a receiveUrl that is not the app's own", async () => {
    for (const receiveUrl of ['http://169.254.169.254/latest', backend.origin, 'http://other.local.localhost/t']) {
      const reply = await service.call('/get/wsurl', { receiveUrl, protocolType: 'wss' });
      expect([reply.status, reply.body.code]).toEqual([400, 9004]);
    }
    expect(codes(service.events)).toEqual(['RECEIVE_URL_REFUSED', 'RECEIVE_URL_REFUSED', 'RECEIVE_URL_REFUSED']);
    expect(backend.callbacks).toEqual([]);
  });

  it('ignores a few frames that are no packets and closes after many', async () => {
    const { connectUrl } = await service.open();
    const client = await service.connect(connectUrl);
    client.socket.send('what is this');
    client.socket.send(Buffer.from([1, 2, 3]));
    client.socket.send('message');
    client.socket.send('ping');
    expect(await client.received(2)).toEqual(['timeout:15', 'pong']);
    expect(codes(service.events)).toEqual(['FRAME_REFUSED']);
    for (let i = 0; i < 40; i++) client.socket.send(`{"garbage":${i}}`);
    expect((await client.closed).code).toBe(1008);
    expect((await backend.received(2)).map((data) => data.type)).toEqual(['connect', 'close']);
  });

  it('closes the socket of a 10 MB frame and loses nothing of the others', async () => {
    const big = await service.open();
    const good = await service.open();
    const bigClient = await service.connect(big.connectUrl);
    const goodClient = await service.connect(good.connectUrl);
    await backend.received(2);
    bigClient.socket.send(`message:${'x'.repeat(10 * 1024 * 1024)}`);
    goodClient.socket.send('message:still here');
    expect((await bigClient.closed).code).toBe(1009);
    const got = await backend.received(4);
    expect(got).toContainEqual({ tunnelId: good.tunnelId, type: 'message', content: 'still here' });
    expect(got).toContainEqual({ tunnelId: big.tunnelId, type: 'close' });
    expect(got.filter((data) => data.type === 'message')).toHaveLength(1);
  });

  it('survives bytes that are no WebSocket frames', async () => {
    const { connectUrl } = await service.open();
    const url = new URL(connectUrl);
    const raw = net.connect(Number(url.port), '127.0.0.1');
    raw.write(
      `GET ${url.pathname} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    await once(raw, 'data');
    raw.write(Buffer.from('ff'.repeat(64), 'hex'));
    raw.on('data', () => {});
    raw.on('error', () => {});
    await once(raw, 'close');
    expect((await backend.received(2)).map((data) => data.type)).toEqual(['connect', 'close']);
  });

  it('refuses a socket for an id that was never given', async () => {
    const socket = new WebSocket(`${service.url.replace('http', 'ws')}/ws/tunnel_guess`);
    socket.on('error', () => {});
    const [, response] = await once(socket, 'unexpected-response');
    expect(response.statusCode).toBe(404);
    socket.terminate();
  });
});

describe('a tunnel whose backend fails', () => {
  let service: Service;
  let backend: Backend | undefined;
  afterEach(async () => {
    await service.close();
    await backend?.close();
    backend = undefined;
  });

  it('holds callbacks back while the backend starts anew and delivers them in order', async () => {
    service = await startService(undefined);
    const { connectUrl } = await service.open();
    const client = await service.connect(connectUrl);
    client.socket.send('message:one');
    client.socket.send('ping');
    await client.received(2);
    backend = await startBackend(KEY);
    service.setBackend(backend.origin);
    expect((await backend.received(2)).map((data) => data.content ?? data.type)).toEqual(['connect', 'one']);
  });

  it('closes the socket when nobody takes the connect before the deadline', async () => {
    service = await startService(undefined, { limits: { callbackMs: 200 } });
    const { connectUrl } = await service.open();
    const client = await service.connect(connectUrl);
    expect((await client.closed).code).toBe(1011);
    expect(codes(service.events)).toContain('CALLBACK_FAILED');
  });

  it('gives up on a backend that does not answer', async () => {
    backend = await startBackend(KEY);
    backend.onCallback = () => new Promise(() => {});
    service = await startService(backend.origin, { limits: { callbackMs: 100 } });
    const client = await service.connect((await service.open()).connectUrl);
    expect((await client.closed).code).toBe(1011);
    expect(codes(service.events)).toContain('CALLBACK_LATE');
  });

  it('closes the socket after three failed messages in a row', async () => {
    backend = await startBackend(KEY);
    backend.onCallback = (data) => (data.type === 'message' ? 500 : 200);
    service = await startService(backend.origin);
    const client = await service.connect((await service.open()).connectUrl);
    for (let i = 0; i < 3; i++) client.socket.send(`message:${i}`);
    expect(await client.closed).toMatchObject({ code: 1011 });
    expect((await backend.received(5)).map((data) => data.type)).toEqual([
      'connect',
      'message',
      'message',
      'message',
      'close',
    ]);
  });

  it('counts only failures in a row: one message that arrives begins the count anew', async () => {
    backend = await startBackend(KEY);
    backend.onCallback = (data) => (data.type === 'message' && data.content !== 'good' ? 500 : 200);
    service = await startService(backend.origin);
    const client = await service.connect((await service.open()).connectUrl);
    for (const content of ['bad', 'bad', 'good', 'bad', 'bad', 'good']) client.socket.send(`message:${content}`);
    const got = await backend.received(7);
    expect(got.map((data) => data.content ?? data.type)).toEqual([
      'connect',
      'bad',
      'bad',
      'good',
      'bad',
      'bad',
      'good',
    ]);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
  });

  it('closes the socket when too many messages wait, and delivers those that did', async () => {
    backend = await startBackend(KEY);
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    backend.onCallback = async (data) => {
      if (data.type === 'connect') await gate;
      return undefined;
    };
    service = await startService(backend.origin, { limits: { maxQueued: 4 } });
    const client = await service.connect((await service.open()).connectUrl);
    for (let i = 0; i < 6; i++) client.socket.send(`message:${i}`);
    expect(await client.closed).toEqual({ code: 1013, reason: '4 messages are waiting for the backend' });
    release();
    const got = await backend.received(6);
    expect(got.map((data) => data.content ?? data.type)).toEqual(['connect', '0', '1', '2', '3', 'close']);
    expect(codes(service.events)).toEqual(['BACKEND_TOO_SLOW']);
  });
});

describe('a tunnel and time', () => {
  const clock = createManualClock();
  let backend: Backend;
  let service: Service;
  beforeEach(async () => {
    backend = await startBackend(KEY);
    service = await startService(backend.origin, { clock });
  });
  afterEach(async () => {
    await service.close();
    await backend.close();
  });

  it('drops a client that is silent for twice the heartbeat and tells the backend', async () => {
    const { tunnelId, connectUrl } = await service.open();
    const client = await service.connect(connectUrl);
    await client.received(1);
    clock.advance(20_000);
    client.socket.send('ping');
    await client.received(2);
    clock.advance(29_000);
    expect(service.tunnel.stats().connected).toBe(1);
    clock.advance(2_000);
    expect((await client.closed).code).toBe(1006);
    expect((await backend.received(2))[1]).toEqual({ tunnelId, type: 'close' });
    expect(codes(service.events)).toEqual(['CLIENT_SILENT']);
  });

  it('forgets an id that nobody connects with', async () => {
    const { connectUrl } = await service.open(CHAT);
    expect(service.tunnel.stats().waiting).toBe(1);
    clock.advance(301_000);
    expect(service.tunnel.stats().waiting).toBe(0);
    const socket = new WebSocket(connectUrl);
    socket.on('error', () => {});
    const [, response] = await once(socket, 'unexpected-response');
    expect(response.statusCode).toBe(404);
    socket.terminate();
  });
});
