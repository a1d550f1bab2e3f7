/** The process under measurement of tunnel.bench.ts: `echo` (bare ws) or `tunnel`. Writes its port, then answers each line with its usage. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { createTunnel } from '@sparrow/tunnel';
import { WebSocketServer } from 'ws';

const [kind, backend = ''] = process.argv.slice(2);
const server = http.createServer();
if (kind === 'echo') {
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(String(data))));
} else {
  const tunnel = createTunnel({
    apps: {
      find: (tcId) => (tcId === 'tc-bench' ? { id: 'bench', tcId, key: 'secret' } : undefined),
      accepts: () => true,
      target: (_app, receiveUrl) => ({ origin: backend, path: new URL(receiveUrl).pathname }),
    },
    connectUrl: (id) => `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws/${id}`,
  });
  server.on('request', (request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const answer = tunnel.handleHttp(request.url ?? '', body);
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
    });
  });
  server.on('upgrade', (request, socket, head) =>
    tunnel.handleUpgrade(request, socket, head, (request.url ?? '').slice('/ws/'.length)),
  );
}
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const say = (value: unknown): boolean => process.stdout.write(`${JSON.stringify(value)}\n`);
say({ port: (server.address() as AddressInfo).port });
createInterface({ input: process.stdin }).on('line', () => {
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  say({ cpuUs: user + system, rss: process.memoryUsage.rss() });
});
