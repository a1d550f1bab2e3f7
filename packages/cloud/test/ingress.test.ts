import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { PATHS } from '@sparrow/protocol';
import { earlyAnswerServer } from '@sparrow/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createIngress } from '../src/ingress/ingress.ts';
import {
  BACKEND,
  backendSource,
  json,
  REPOSITORY,
  type RunningDev,
  startDev,
  temporaryFolder,
  writeProject,
} from './harness.ts';

const ROUTES = `
  if (req.url.startsWith('/echo')) { res.setHeader('x-method', req.method); res.end(body); return; }
  if (req.url === '/slow-stream') { res.write('first\\n'); globalThis.goOn = () => res.end('second\\n'); return; }
  if (req.url === '/go-on') globalThis.goOn();
  if (req.url === '/breaks') { res.writeHead(200, { 'content-length': 100 }); res.write('half'); setTimeout(() => res.destroy(), 20); return; }
  if (req.url === '/redirect') { res.writeHead(302, { location: '/elsewhere', 'set-cookie': 'a=b' }); res.end(); return; }
  if (req.url === '/crash') process.exit(9);
`;
const SOCKETS = `
  import { WebSocketServer } from '${REPOSITORY}node_modules/ws/wrapper.mjs';
`;

describe('the ingress', () => {
  const folder = temporaryFolder();
  let dev: RunningDev;
  beforeAll(async () => {
    const source = backendSource(ROUTES).replace(
      '.listen(',
      ".on('upgrade', (req, socket, head) => { if (req.url === '/no') { socket.end('HTTP/1.1 401 Unauthorized\\r\\n\\r\\n'); return; } sockets.handleUpgrade(req, socket, head, (ws) => { ws.send('path ' + req.url); ws.on('message', (m, b) => ws.send(m, { binary: b })); ws.on('close', (code) => console.log('closed ' + code)); }); }).listen(",
    );
    writeProject(folder.path, {
      ...BACKEND,
      'server/index.mjs': `${SOCKETS} const sockets = new WebSocketServer({ noServer: true }); ${source}`,
      'sparrow.json': { hosts: ['demo.example.com'] },
    });
    dev = await startDev(folder.path);
    await dev.whenBackendReady(20_000);
  });
  afterAll(async () => {
    await dev.close();
    folder.remove();
  });

  it('reaches the backend by path', async () => {
    const seen = await json(fetch(`${dev.ingressUrl}/a/b?c=1`));
    expect(seen).toMatchObject({ url: '/a/b?c=1', method: 'GET' });
    expect((await json(fetch(dev.ingressUrl))).url).toBe('/');
    expect((await json(fetch(`${dev.ingressUrl}?x`))).url).toBe('/?x');
  });

  it('reaches the backend by host', async () => {
    const seen = await request(dev, '/x', { host: `demo.local.localhost:${dev.port}` });
    expect(JSON.parse(seen.body)).toMatchObject({ url: '/x' });
  });

  it('tells the backend the name that was asked for, as the relay passes it on', async () => {
    const target = dev.deps.addresses.resolve(new URL('https://demo.example.com/login?x=1'));
    if (target.kind !== 'local') throw new Error('not local');
    const seen = await json(fetch(target.origin + target.path, { headers: target.headers }));
    expect(seen).toMatchObject({
      url: '/login?x=1',
      headers: { host: 'demo.example.com', 'x-forwarded-proto': 'https', 'x-forwarded-for': '127.0.0.1' },
    });
  });

  it('passes bodies on unchanged, large ones too', async () => {
    const body = Buffer.alloc(5 * 1024 * 1024, 'sparrow');
    const answer = await fetch(`${dev.ingressUrl}/echo`, { method: 'PUT', body });
    expect(answer.headers.get('x-method')).toBe('PUT');
    expect(Buffer.compare(Buffer.from(await answer.arrayBuffer()), body)).toBe(0);
  });

  it('passes on what comes while the answer is not complete', async () => {
    const answer = await fetch(`${dev.ingressUrl}/slow-stream`);
    let seen = '';
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      seen += Buffer.from(chunk).toString();
      // The backend says the second word only when the first one has come.
      if (seen === 'first\n') await fetch(`${dev.ingressUrl}/go-on`);
    }
    expect(seen).toBe('first\nsecond\n');
  });

  it('breaks an answer off when the backend does', async () => {
    const answer = await fetch(`${dev.ingressUrl}/breaks`);
    await expect(answer.text()).rejects.toThrow();
  });

  it('carries WebSockets both ways', async () => {
    const socket = new WebSocket(`${dev.ingressUrl.replace('http', 'ws')}/live?a=1`);
    const [first] = await once(socket, 'message');
    expect(String(first)).toBe('path /live?a=1');
    const echoed = once(socket, 'message');
    socket.send(Buffer.alloc(300_000, 1));
    expect((await echoed)[0]).toHaveLength(300_000);
    socket.close(4001);
    await dev.until((event) => event.type === 'log' && event.line.text === 'closed 4001');
  });

  it('passes the refusal of a WebSocket on', async () => {
    const socket = new WebSocket(`${dev.ingressUrl.replace('http', 'ws')}/no`);
    socket.on('error', () => {});
    const [, response] = await once(socket, 'unexpected-response');
    expect(response.statusCode).toBe(401);
    socket.terminate();
  });

  it('gives a browser the page without the origin of the console', async () => {
    const headers = { 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none' };
    const page = await fetch(`${dev.ingressUrl}/redirect`, { headers, redirect: 'manual' });
    expect(page.headers.get('content-security-policy')).toMatch(/^sandbox/);
    expect(page.headers.get('content-security-policy')).not.toContain('allow-same-origin');
    expect(page.headers.get('set-cookie')).toBeNull();
    const relayed = await fetch(`${dev.ingressUrl}/redirect`, { redirect: 'manual' });
    expect(relayed.headers.get('set-cookie')).toBe('a=b');
  });

  it('hands a path that climbs to the backend as it is, and never to the API', async () => {
    const climbed = await request(dev, '/@demo/local/../../api/v1/status');
    expect(JSON.parse(climbed.body)).toMatchObject({ url: '/../../api/v1/status' });
    for (const path of ['/@demo/local%2f..%2fapi', '/@demo/localx/', '/@other/local/', '/@demo/prod/']) {
      const refused = await request(dev, path);
      expect([path, refused.status, JSON.parse(refused.body).error.code]).toEqual([path, 404, 'NOT_FOUND']);
    }
  });

  it('says why there is no answer when the backend crashes, and answers again after it', async () => {
    const crash = await fetch(`${dev.ingressUrl}/crash`);
    expect(crash.status).toBe(502);
    expect((await json(crash)).error).toMatchObject({ code: 'BACKEND_CRASHED' });
    await dev.until(
      (event) => event.type === 'backend' && event.status.state === 'running' && event.status.restarts === 1,
    );
    expect((await fetch(`${dev.ingressUrl}/again`)).status).toBe(200);
  });
});

describe('the guard', () => {
  const folder = temporaryFolder();
  let dev: RunningDev;
  beforeAll(async () => {
    writeProject(folder.path, { ...BACKEND, 'server/index.mjs': backendSource() });
    dev = await startDev(folder.path, {
      async registerSimulator(app, deps) {
        app.get('/api/v1/simulator/x', { config: { access: 'console' } }, async () => 'secret');
        app.get('/phone', { config: { access: 'lan' } }, async () => 'phone');
        deps.onUpgrade(
          '/api/v1/events',
          (_request, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
          'console',
        );
        return { close: async () => {} };
      },
    });
    await dev.whenBackendReady(20_000);
  });
  afterAll(async () => {
    await dev.close();
    folder.remove();
  });

  it('knows only its own names', async () => {
    for (const host of ['evil.example.com', `evil.example.com:${dev.port}`, 'localhost', '127.0.0.1:1']) {
      const refused = await request(dev, '/', { host });
      expect([host, refused.status]).toEqual([host, 403]);
    }
    for (const host of [`localhost:${dev.port}`, `127.0.0.1:${dev.port}`, `LOCALHOST:${dev.port}`])
      expect((await request(dev, '/', { host })).status).toBe(200);
  });

  it('refuses pages of other origins, sandboxed ones too', async () => {
    for (const origin of ['https://evil.example.com', 'null', `http://evil.local.localhost:${dev.port}`])
      for (const path of ['/', '/api/v1/status', '/@demo/local/', '/session/v1/check'])
        expect([path, (await request(dev, path, { origin })).status]).toEqual([path, 403]);
    expect((await request(dev, '/', { origin: `http://localhost:${dev.port}` })).status).toBe(200);
  });

  it('lets sandboxed pages load avatars, and nothing else, with an origin of null', async () => {
    const avatar = await request(dev, '/avatars/alice.svg', { origin: 'null' });
    expect(avatar.status).toBe(200);
    expect(avatar.headers).toMatchObject({
      'content-type': 'image/svg+xml; charset=utf-8',
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
    });
    expect((await request(dev, '/avatars/alice.svg', { origin: 'null' }, 'POST')).status).toBe(403);
  });

  it('asks for the token under /api/v1, whoever registered the route', async () => {
    const authorization = `Bearer ${dev.token}`;
    for (const path of ['/api/v1/status', '/api/v1/simulator/x', '/api/v1/nothing', '/api/v1']) {
      expect([path, (await request(dev, path)).status]).toEqual([path, 401]);
      expect([path, (await request(dev, path, { authorization: 'Bearer x' })).status]).toEqual([path, 401]);
      expect([path, (await request(dev, `${path}?token=${dev.token}`)).status]).toEqual([path, 401]);
    }
    expect((await request(dev, '/api/v1/simulator/x', { authorization })).body).toBe('secret');
    expect(JSON.parse((await request(dev, '/api/v1/status', { authorization })).body)).toMatchObject({
      app: 'demo',
      backend: { state: 'running' },
    });
  });

  it('takes the token of a WebSocket from its query', async () => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    expect((await upgrade(dev, '/api/v1/events', headers)).split('\r\n')[0]).toContain('401');
    expect((await upgrade(dev, `/api/v1/events?token=${dev.token}`, headers)).split('\r\n')[0]).toContain('101');
    const foreign = { ...headers, origin: 'https://evil.example.com' };
    expect((await upgrade(dev, `/api/v1/events?token=${dev.token}`, foreign)).split('\r\n')[0]).toContain('403');
    // Also one that everybody may open who is no page of another site.
    expect((await upgrade(dev, `${PATHS.tunnelSocket}x`, foreign)).split('\r\n')[0]).toContain('403');
    expect((await upgrade(dev, `${PATHS.tunnelSocket}x`, headers)).split('\r\n')[0]).toContain('404');
    expect((await upgrade(dev, '/nowhere', headers)).split('\r\n')[0]).toContain('404');
  });

  it('is no forward proxy', async () => {
    const socket = net.connect(dev.port, '127.0.0.1');
    socket.write(`GET http://example.com/ HTTP/1.1\r\nHost: 127.0.0.1:${dev.port}\r\nConnection: close\r\n\r\n`);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 404/);
  });

  it('gives backends their calls by their own token only', async () => {
    for (const headers of [{}, { authorization: `Bearer ${dev.token}` }]) {
      const refused = await fetch(`${dev.url}/session/v1/check`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: '{"skey":"x"}',
      });
      expect(refused.status).toBe(401);
      expect((await json(refused)).error?.code).toBe('TOKEN_INVALID');
    }
  });
});

function request(
  dev: RunningDev,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<{ status: number; headers: http.IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = http.request(
      {
        host: '127.0.0.1',
        port: dev.port,
        path,
        method,
        agent: false,
        headers: { host: `127.0.0.1:${dev.port}`, ...headers },
      },
      (response) => {
        let body = '';
        response.on('data', (chunk) => (body += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

async function upgrade(dev: RunningDev, path: string, headers: Record<string, string>): Promise<string> {
  const socket = net.connect(dev.port, '127.0.0.1');
  const lines = Object.entries({ host: `127.0.0.1:${dev.port}`, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('an ingress between a client that still sends and a backend that has answered', () => {
  async function behindIngress(origin: string): Promise<{ url: string; close(): void }> {
    const ingress = createIngress({ target: async () => origin });
    const front = http.createServer((request, response) => {
      void ingress.web(request, response, { path: request.url ?? '/', inert: false, door: 'local' });
    });
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    return {
      url: `http://127.0.0.1:${(front.address() as net.AddressInfo).port}/`,
      close() {
        ingress.close();
        front.close();
        front.closeAllConnections();
      },
    };
  }

  it('hands the answer on every time, and the connection goes on', async () => {
    const early = await earlyAnswerServer();
    const front = await behindIngress(early.origin);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<unknown>();
    const post = async (): Promise<string> => {
      const request = http.request(front.url, { method: 'POST', agent });
      request.on('socket', (socket) => sockets.add(socket));
      const answered = once(request, 'response');
      request.end(Buffer.alloc(8 * 1024 * 1024));
      const [answer] = (await answered) as [http.IncomingMessage];
      let body = '';
      for await (const chunk of answer) body += chunk;
      return `${answer.statusCode} ${body}`;
    };
    try {
      const seen: string[] = [];
      for (let i = 0; i < 30; i++) seen.push(await post());
      expect(new Set(seen)).toEqual(new Set(['413 too large']));
      // The rest of a body that nobody wants is read and dropped; nothing breaks the client's connection.
      expect(sockets.size).toBe(1);
    } finally {
      agent.destroy();
      front.close();
      await early.close();
    }
  });

  it('goes on sending while the backend answers and reads', async () => {
    const backend = http.createServer(async (request, response) => {
      response.write('begun ');
      let size = 0;
      for await (const chunk of request) size += (chunk as Buffer).length;
      response.end(String(size));
    });
    backend.listen(0, '127.0.0.1');
    await once(backend, 'listening');
    const front = await behindIngress(`http://127.0.0.1:${(backend.address() as net.AddressInfo).port}`);
    const request = http.request(front.url, { method: 'POST', agent: false });
    const answered = once(request, 'response');
    request.write(Buffer.alloc(100_000));
    const [answer] = (await answered) as [http.IncomingMessage];
    request.end(Buffer.alloc(3_000_000));
    let body = '';
    for await (const chunk of answer) body += chunk;
    expect(body).toBe('begun 3100000');
    front.close();
    backend.close();
  });
});
