// 聊天室的后端：登录、房间列表、历史消息走 HTTP，聊天走信道。
// The backend of the chat room: login, rooms and history over HTTP, the chat itself over the tunnel.
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { createSparrow, failure, ok } from '@sparrow/sdk/server';
import { createChat, ROOMS } from './chat.ts';
import { openStore } from './store.ts';

const sparrow = createSparrow();
const store = await openStore(
  sparrow.store,
  ROOMS.map(({ id }) => id),
);
const chat = createChat(store, {
  send: async (tunnelIds, type, content) => (await sparrow.tunnel.broadcast(tunnelIds, type, content)).invalidTunnelIds,
});
const tunnel = sparrow.tunnel.handler({
  onConnect: (peer) => chat.connect(peer.tunnelId, peer.user),
  onMessage: ({ tunnelId, type, content }) => chat.receive(tunnelId, type, content),
  onClose: ({ tunnelId }) => chat.disconnect(tunnelId),
});

const server = http.createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    json(response, 500, failure(error));
  });
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://chat');
  const { pathname } = url;
  if (pathname === '/health') return json(response, 200, ok('healthy'));
  if (pathname === '/login') return sparrow.handleLogin(request, response);
  if (pathname === '/tunnel') return tunnel(request, response);

  // Everything below is for people who are logged in. On `code: -1` the client's SDK logs in again and repeats the
  // request.
  let user: Awaited<ReturnType<typeof sparrow.checkSession>>;
  try {
    user = await sparrow.checkSession(request);
  } catch (error) {
    return json(response, 200, failure(error));
  }
  if (pathname === '/me') return json(response, 200, ok(user));
  if (pathname === '/rooms' && request.method === 'GET') return json(response, 200, ok(chat.rooms()));
  const room = /^\/rooms\/([a-z0-9-]+)\/messages$/.exec(pathname)?.[1];
  if (room !== undefined) {
    const before = Number(url.searchParams.get('before')) || Number.MAX_SAFE_INTEGER;
    return json(response, 200, ok(await store.history(room, before, 20)));
  }
  json(response, 404, { code: 404, message: `没有这个地址：${pathname}` });
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

server.listen(sparrow.config.port, '127.0.0.1', () => console.log(`聊天室后端已启动，端口 ${sparrow.config.port}`));
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  store.close();
});
