import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDevServer, type DevServer, type DevServerOptions } from '@sparrow/cloud';
import { createCompiler } from '@sparrow/compiler';
import type { Access } from '@sparrow/protocol';
import { createSimulator } from '@sparrow/simulator/server';
import { writeTree } from '@sparrow/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

let dir: string;
let server: DevServer;
let phoneToken = '';

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sparrow-access-'));
  await writeTree(dir, {
    'project.config.json': { appid: 'wxaccess', projectname: 'access' },
    'app.json': { pages: ['pages/a/a'] },
    'pages/a/a.wxml': '<view>a</view>',
    'pages/a/a.js': 'Page({})',
  });
  server = await start({ lan: true });
});
afterAll(async () => {
  await server.close();
  await rm(dir, { recursive: true, force: true });
});

async function start(options: Partial<DevServerOptions> = {}): Promise<DevServer> {
  const register = createSimulator({ compiler: createCompiler({ dir }), watch: false });
  return createDevServer({
    dir,
    port: 0,
    watch: false,
    async registerSimulator(app, deps) {
      const simulator = await register(app, deps);
      phoneToken = simulator.token;
      return simulator;
    },
    ...options,
  });
}

/** Ways to write one path that some part of a server may take for the same. */
function spellings(path: string): string[] {
  const encoded = (character: string): string => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  if (path === '/') return ['/', '//', '/.', '/?x', '/%2e', `http://127.0.0.1:${server.port}/`];
  const at = path.search(/[a-z]/);
  const folder = path.indexOf('/', 1);
  return [
    path,
    path.slice(0, at) + encoded(path[at] as string) + path.slice(at + 1),
    path.replace(/[a-z0-9]/g, encoded),
    path.replace(/[a-z0-9]/g, (character) => encoded(character).toUpperCase()),
    encoded('/') + path.slice(1),
    path.slice(0, folder) + encoded('/') + path.slice(folder + 1),
    `/${path}`,
    `//x${path}`,
    path.replaceAll('/', '//'),
    `/.${path}`,
    `/x/..${path}`,
    `/avatars/..${path}`,
    `/simulator/assets/..${path}`,
    `/simulator/assets/..%2f..${path}`,
    `/files/%2e%2e${path}`,
    `/@access/local/..${path}`,
    `${path}/`,
    `${path}/.`,
    `${path};a=b`,
    `${path};/../x`,
    `${path}%00`,
    `${path}%20`,
    `${path}?x`,
    `${path}?token=${'x'.repeat(43)}`,
    `${path}#x`,
    path.toUpperCase(),
    path.replaceAll('/', '\\'),
    `http://127.0.0.1:${server.port}${path}`,
    `http://evil.example.com${path}`,
    `\\${path}`,
    '*',
  ];
}

interface RawAnswer {
  status: number;
  body: string;
}

/** Sends a request with exactly this target. */
async function raw(
  address: { host: string; port: number },
  method: string,
  target: string,
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  const socket = net.connect(address.port, address.host);
  const all = { Host: `${address.host}:${address.port}`, Connection: 'close', 'Content-Length': '0', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of socket) {
      chunks.push(chunk);
      // A handshake that was taken stays open.
      if (String(chunk).startsWith('HTTP/1.1 101')) break;
    }
  } catch {
    // Reset after a refusal.
  }
  socket.destroy();
  const text = Buffer.concat(chunks).toString();
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), body: text.slice(text.indexOf('\r\n\r\n') + 4) };
}

interface Door {
  name: string;
  host: string;
  port: number;
  /** Kinds that somebody without any token may use by it. */
  open: readonly Access[];
}

function doors(): Door[] {
  const all: Door[] = [{ name: 'local', host: '127.0.0.1', port: server.port, open: ['machine', 'lan', 'public'] }];
  if (server.lanUrl)
    all.push({ name: 'lan', host: new URL(server.lanUrl).hostname, port: server.port, open: ['public'] });
  return all;
}

interface Way {
  method: string;
  url: string;
  access: Access;
}

const filled = (url: string): string => url.replace(/:\w+/g, 'x').replace('*', 'x');

/** Asks for everything that needs a token, without one, in every spelling; returns what was answered all the same. */
async function leaks(
  routes: readonly Way[],
  options: { headers?: Record<string, string>; spellings?: number } = {},
): Promise<string[]> {
  const found: string[] = [];
  for (const door of doors()) {
    const closed = routes.filter(({ access, method }) => method !== 'WebSocket' && !door.open.includes(access));
    const wanted = closed.flatMap(({ method, url }) =>
      spellings(filled(url))
        .slice(0, options.spellings)
        .flatMap((target) =>
          (target === filled(url) ? [method, 'GET', 'HEAD', 'POST', 'OPTIONS'] : [method, 'GET']).map(
            (verb) => [`${verb} ${target}`, { verb, target }] as const,
          ),
        ),
    );
    const jobs = [...new Map(wanted).values()];
    const work = async (): Promise<void> => {
      for (let job = jobs.pop(); job; job = jobs.pop()) {
        const { status, body } = await raw(door, job.verb, job.target, options.headers);
        // Signed calls are read and then refused; 400 with a code of the tunnel.
        // 503: it is the app's own path, and this app has no backend.
        const refused = (status >= 400 && status < 500) || (status === 503 && job.target.startsWith('/@access/'));
        const own = job.target === '*' || /^\/(\?|#|$)/.test(job.target);
        if (!refused && !own && !isOpen(job.target, door))
          found.push(`${door.name} ${job.verb} ${job.target} ${status} ${body.slice(0, 60)}`);
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
  }
  return found;
}

/** Spellings that mean something else, which is open: an avatar of a strange name, a folder of the static files. */
function isOpen(target: string, door: Door): boolean {
  return /^\/avatars\/[^/]*\.svg$/.test(target) && door.open.includes('public');
}

describe('access', () => {
  it('is declared by every route and socket', () => {
    const kinds = Object.groupBy(server.routes, ({ access }) => access);
    for (const kind of ['machine', 'console', 'backend', 'app', 'lan', 'public'] as const)
      expect(kinds[kind]?.length, kind).toBeGreaterThan(0);
    const of = (url: string): (string | undefined)[] => [
      ...new Set(server.routes.filter((route) => route.url === url).map(({ access }) => access)),
    ];
    expect(of('/api/v1/status')).toEqual(['console']);
    expect(of('/api/v1/store/tables')).toEqual(['console']);
    expect(of('/api/v1/game/fault')).toEqual(['console']);
    expect(of('/records/v1/open')).toEqual(['backend']);
    expect(of('/files/v1/upload')).toEqual(['backend']);
    expect(of('/simulator/relay/request')).toEqual(['app']);
    expect(of('/simulator/relay/user-files')).toEqual(['app']);
    expect(of('/simulator/phone.html')).toEqual(['lan']);
    expect(of('/simulator/events')).toEqual(['app']);
    expect(of('/tunnel/ws/')).toEqual(['public']);
  });

  it('is refused without a token in every spelling of every route', { timeout: 300_000 }, async () => {
    expect(await leaks(server.routes)).toEqual([]);
  });

  it('is refused with a wrong token, and with that of another kind', { timeout: 300_000 }, async () => {
    const others = server.routes.filter(({ access }) => access !== 'console');
    expect(await leaks(server.routes, { headers: { Authorization: 'Bearer x' }, spellings: 4 })).toEqual([]);
    expect(await leaks(others, { headers: { Authorization: `Bearer ${server.token}` }, spellings: 4 })).toEqual([]);
    const notPhones = server.routes.filter(({ access }) => access !== 'app');
    expect(await leaks(notPhones, { headers: { Authorization: `Bearer ${phoneToken}` }, spellings: 4 })).toEqual([]);
  });

  it('is seen by this test when it leaks', async () => {
    const leaky: Way[] = [{ method: 'GET', url: '/simulator/assets/view.js', access: 'console' }];
    expect((await leaks(leaky)).length).toBeGreaterThan(0);
  });

  it('is given to the right token', async () => {
    const [local] = doors() as [Door];
    const bearer = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` });
    expect((await raw(local, 'GET', '/api/v1/status', bearer(server.token))).status).toBe(200);
    expect((await raw(local, 'GET', '/%61pi/v1/status', bearer(server.token))).status).toBe(200);
    expect((await raw(local, 'GET', '/simulator/package', bearer(phoneToken))).status).toBe(200);
    expect((await raw(local, 'GET', '/simulator/phone.html')).status).toBe(200);
  });

  it('of pages of other origins ends at what is public, in every spelling', { timeout: 300_000 }, async () => {
    const [local] = doors() as [Door];
    const found: string[] = [];
    for (const { method, url, access } of server.routes) {
      if (access === 'public' || method === 'WebSocket') continue;
      for (const target of spellings(filled(url)).slice(0, 12)) {
        const { status } = await raw(local, method, target, {
          Origin: 'null',
          Authorization: `Bearer ${server.token}`,
        });
        if (status < 400) found.push(`${method} ${target} ${status}`);
      }
    }
    expect(found).toEqual([]);
    expect((await raw(local, 'GET', '/simulator/assets/view.js', { Origin: 'null' })).status).toBe(200);
  });

  it('of a name that is not ours is refused before anything is routed', async () => {
    const [local] = doors() as [Door];
    for (const { method, url } of server.routes)
      if (method !== 'WebSocket')
        expect((await raw(local, method, filled(url), { Host: 'evil.example.com' })).status, url).toBe(403);
  });

  it('of sockets is refused in every spelling', { timeout: 300_000 }, async () => {
    const handshake = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const sockets = server.routes.filter(({ method }) => method === 'WebSocket');
    expect(sockets.length).toBeGreaterThanOrEqual(3);
    const taken: string[] = [];
    for (const door of doors())
      for (const { url } of [...sockets, ...server.routes.filter(({ access }) => access === 'console')])
        for (const target of spellings(filled(url.endsWith('/') ? `${url}x` : url)))
          if ((await raw(door, 'GET', target, handshake)).status === 101) taken.push(`${door.name} ${target}`);
    // On this machine a phone's socket is opened and asked for its token in the first frame.
    expect(
      taken
        .map((way) => way.replace(/[?#].*$/, ''))
        .filter((way) => !/^local \/simulator\/(events|relay\/socket)$/.test(way)),
    ).toEqual([]);
    for (const path of ['/simulator/events', '/simulator/relay/socket'])
      for (const first of ['null', '{}', '[]', 'x', '{"token":"x"}', `{"token":["${phoneToken}"]`]) {
        const socket = new WebSocket(`${server.url.replace('http', 'ws')}${path}`);
        await once(socket, 'open');
        socket.send(first);
        expect((await once(socket, 'close'))[0], `${path} ${first}`).toBe(4401);
      }
  });

  it('must be declared: a server with a route or a socket that says nothing does not start', async () => {
    const refused = { code: 'ACCESS_UNDECLARED' };
    const other = await mkdtemp(join(tmpdir(), 'sparrow-access-'));
    await writeTree(other, { 'app.json': { pages: [] } });
    const run = (registerSimulator: NonNullable<DevServerOptions['registerSimulator']>): Promise<DevServer> =>
      createDevServer({ dir: other, port: 0, registerSimulator });
    await expect(
      run(async (app) => {
        app.get('/forgotten', async () => 'secret');
        return { close: async () => {} };
      }),
    ).rejects.toMatchObject({ ...refused, message: expect.stringContaining('GET /forgotten') });
    await expect(
      run(async (_app, deps) => {
        (deps.onUpgrade as unknown as (path: string, handler: () => void) => void)('/forgotten', () => {});
        return { close: async () => {} };
      }),
    ).rejects.toMatchObject({ ...refused, message: expect.stringContaining('/forgotten') });
    await rm(other, { recursive: true, force: true });
  });
});
