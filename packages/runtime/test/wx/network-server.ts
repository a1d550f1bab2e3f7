import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';
import { WebSocketServer } from 'ws';

/** A server for HTTP and WebSockets, one for a test file. */
export interface NetworkServer {
  /** `http://127.0.0.1:…` */
  base: string;
  /** Addresses of requests that were broken off by the other side. */
  readonly broken: string[];
  /** Addresses of requests that get no answer. */
  readonly hanging: string[];
  /** Writes on at `/drip`, or ends it. */
  drip(text?: string): void;
  /** Messages and closings the socket server saw. */
  readonly heard: string[];
}

export function useNetworkServer(): NetworkServer {
  const net: NetworkServer = { base: '', broken: [], hanging: [], drip: () => {}, heard: [] };
  let server: Server;
  let sockets: WebSocketServer;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        const path = request.url ?? '';
        response.on('close', () => response.writableFinished || net.broken.push(path));
        if (path.startsWith('/hang')) {
          net.hanging.push(path);
          return;
        }
        if (path === '/text') return response.end('plain');
        if (path === '/bytes') return response.end(Buffer.from([1, 2, 255]));
        if (path === '/missing') return response.writeHead(404).end('{"no":1}');
        if (path === '/file.txt') return response.writeHead(200, { 'content-type': 'text/plain' }).end('file body');
        if (path === '/named' || path === '/named.txt') {
          response.writeHead(200, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Auth-Token', 't', 'x-low', 'l']);
          return response.end('named');
        }
        if (path === '/drip') {
          response.write('one');
          net.drip = (text) => (text === undefined ? response.end() : response.write(text));
          return;
        }
        response.setHeader('set-cookie', 'a=b');
        response.setHeader('content-type', 'application/json');
        const { method, headers } = request;
        response.end(
          JSON.stringify({ method, path, type: headers['content-type'], own: headers['x-own'], body: `${body}` }),
        );
      });
    });
    sockets = new WebSocketServer({ server });
    sockets.on('headers', (headers) => headers.push('X-Auth-Token: t', 'x-low: l'));
    sockets.on('connection', (socket, request) => {
      net.heard.push(`open ${request.url} ${request.headers['x-own'] ?? ''}`);
      socket.on('message', (data, binary) => {
        if (binary) socket.send(data, { binary: true });
        else if (String(data) === 'bye') socket.close(4001, 'done');
        else socket.send(`echo ${String(data)}`);
      });
      socket.on('close', (code) => net.heard.push(`close ${code}`));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    net.base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return net;
}
