import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TunnelCallbackData } from '@sparrow/protocol';
import { WebSocket } from 'ws';
import { createTunnel, type Tunnel, type TunnelApp, type TunnelEvent, type TunnelOptions } from '../src/index.ts';

/** A backend that writes down the callbacks it gets, in order. */
export interface Backend {
  origin: string;
  callbacks: TunnelCallbackData[];
  /** Runs before a callback is answered; what it returns is the status (default 200). */
  onCallback: (data: TunnelCallbackData) => Promise<number | undefined> | number | undefined;
  /** Resolves when `count` callbacks have come. */
  received(count: number): Promise<TunnelCallbackData[]>;
  signaturesWrong: number;
  close(): Promise<void>;
}

export async function startBackend(key: string, port = 0): Promise<Backend> {
  let wake = (): void => {};
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', async () => {
      const { data, signature } = JSON.parse(body) as { data: string; signature: string };
      if (signature !== sha1(data + key)) backend.signaturesWrong++;
      const parsed = JSON.parse(data) as TunnelCallbackData;
      const status = await backend.onCallback(parsed);
      backend.callbacks.push(parsed);
      wake();
      response.writeHead(status ?? 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ code: 0, message: 'ok' }));
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const backend: Backend = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    callbacks: [],
    onCallback: () => undefined,
    signaturesWrong: 0,
    async received(count) {
      while (backend.callbacks.length < count) await new Promise<void>((resolve) => (wake = resolve));
      return backend.callbacks;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return backend;
}

export function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

export const KEY = 'secret of chat';
export const CHAT: TunnelApp = { id: 'chat', tcId: 'tc-chat', key: KEY };
export const OTHER: TunnelApp = { id: 'other', tcId: 'tc-other', key: 'secret of other' };

export interface Service {
  tunnel: Tunnel;
  url: string;
  events: TunnelEvent[];
  /** Points callbacks somewhere else; undefined: the backend is down. */
  setBackend(origin: string | undefined): void;
  call(
    path: string,
    data: unknown,
    options?: Partial<TunnelApp> & { signature?: string; raw?: string },
  ): Promise<{
    status: number;
    body: { code: number; message: string; data: never };
  }>;
  /** Asks for a tunnel and returns what the service answered. */
  open(app?: TunnelApp): Promise<{ tunnelId: string; connectUrl: string }>;
  push(ids: string[], type: string, content: unknown, app?: TunnelApp): Promise<string[]>;
  connect(url: string): Promise<Client>;
  close(): Promise<void>;
}

/** A client socket that keeps what it got. */
export interface Client {
  socket: WebSocket;
  frames: string[];
  received(count: number): Promise<string[]>;
  closed: Promise<{ code: number; reason: string }>;
}

export async function startService(origin: string | undefined, options: Partial<TunnelOptions> = {}): Promise<Service> {
  let backend = origin;
  const events: TunnelEvent[] = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const answer = tunnel.handleHttp(request.url ?? '', body);
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(answer.body);
    });
  });
  server.on('upgrade', (request, socket, head) => {
    tunnel.handleUpgrade(request, socket, head, (request.url ?? '').slice('/ws/'.length));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const tunnel = createTunnel({
    apps: {
      find: (tcId) => [CHAT, OTHER].find((app) => app.tcId === tcId),
      accepts: (app, receiveUrl) => new URL(receiveUrl).host === `${app.id}.local.localhost`,
      target(_app, receiveUrl) {
        const url = new URL(receiveUrl);
        return backend === undefined ? undefined : { origin: backend, path: url.pathname + url.search };
      },
    },
    connectUrl: (id) => `ws://127.0.0.1:${port}/ws/${id}`,
    onEvent: (event) => events.push(event),
    ...options,
  });
  const clients = new Set<WebSocket>();
  const service: Service = {
    tunnel,
    url: `http://127.0.0.1:${port}`,
    events,
    setBackend(next) {
      backend = next;
    },
    async call(path, data, opts = {}) {
      const text = JSON.stringify(data);
      const body = opts.raw ?? {
        data: text,
        tcId: opts.tcId ?? CHAT.tcId,
        signature: opts.signature ?? sha1(text + (opts.key ?? KEY)),
      };
      const response = await fetch(service.url + path, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      return {
        status: response.status,
        body: (await response.json()) as { code: number; message: string; data: never },
      };
    },
    async open(app = CHAT) {
      const reply = await service.call(
        '/get/wsurl',
        { receiveUrl: `http://${app.id}.local.localhost/tunnel?x=1`, protocolType: 'wss' },
        app,
      );
      return JSON.parse(reply.body.data) as { tunnelId: string; connectUrl: string };
    },
    async push(ids, type, content, app = CHAT) {
      const packet = content === undefined ? { tunnelIds: ids, type } : { tunnelIds: ids, type, content };
      const reply = await service.call('/ws/push', [packet], app);
      return (reply.body.data as { invalidTunnelIds: string[] }).invalidTunnelIds;
    },
    async connect(url) {
      const socket = new WebSocket(url);
      clients.add(socket);
      const frames: string[] = [];
      let wake = (): void => {};
      socket.on('message', (data) => {
        frames.push(String(data));
        wake();
      });
      socket.on('error', () => {});
      const closed = new Promise<{ code: number; reason: string }>((resolve) =>
        socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
      );
      await once(socket, 'open');
      return {
        socket,
        frames,
        closed,
        async received(count) {
          while (frames.length < count) await new Promise<void>((resolve) => (wake = resolve));
          return frames;
        },
      };
    },
    async close() {
      for (const socket of clients) socket.terminate();
      await tunnel.close();
      server.closeAllConnections();
      server.close();
    },
  };
  return service;
}
