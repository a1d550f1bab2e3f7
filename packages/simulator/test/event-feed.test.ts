import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { DevEvent } from '@sparrow/protocol';
import { afterEach, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createDiagnosticLog } from '../src/server/diagnostic-log.ts';
import { createEventFeed } from '../src/server/event-feed.ts';

let server: WebSocketServer | undefined;
let phone: WebSocket | undefined;
afterEach(() => {
  phone?.terminate();
  server?.close();
});

/** A phone that reads nothing yet, the server's end of its socket, and what it got so far. */
async function slowPhone(): Promise<{ client: WebSocket; got: string[] }> {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const connected = once(server, 'connection');
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const got: string[] = [];
  phone = socket;
  socket.on('message', (data) => got.push((JSON.parse(data.toString()) as { line: { text: string } }).line.text));
  await once(socket, 'open');
  socket.pause();
  const [client] = (await connected) as [WebSocket];
  return { client, got };
}

const line = (text: string): DevEvent => ({ type: 'log', line: { time: 0, source: 'backend', level: 'log', text } });

it('gives a slow phone all events, in their order, once it reads again', async () => {
  const { client, got } = await slowPhone();
  const send = createEventFeed(client);
  const texts = Array.from({ length: 600 }, (_, i) => `${i} ${'x'.repeat(20_000)}`);
  for (const text of texts) send(line(text));
  expect(client.readyState).toBe(client.OPEN);
  phone?.resume();
  await expect.poll(() => got.length, { timeout: 20_000 }).toBe(texts.length);
  expect(got).toEqual(texts);
});

it('cuts off a phone for which too much waits', async () => {
  const { client } = await slowPhone();
  const send = createEventFeed(client);
  const closed = once(client, 'close');
  for (let i = 0; i < 3_000; i++) send(line('x'.repeat(20_000)));
  await closed;
});

it('writes a finding into the log once while it is there, and again when it comes back', () => {
  const texts: string[] = [];
  const log = createDiagnosticLog(({ text }) => texts.push(text));
  const finding = {
    code: 'WXML_SYNTAX',
    severity: 'error',
    message: '</veiw> stands where </view> is expected',
    file: 'pages/a.wxml',
    line: 3,
    column: 9,
    frame: '',
    hint: 'correct the tag',
  } as const;
  log([finding]);
  log([finding]);
  expect(texts).toEqual(['WXML_SYNTAX pages/a.wxml:3:9 </veiw> stands where </view> is expected · correct the tag']);
  log([]);
  log([finding, { ...finding, line: 4 }]);
  expect(texts).toHaveLength(3);
});
