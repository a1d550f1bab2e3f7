import http from 'node:http';
import net from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createAccess } from '../src/access/access.ts';
import { createEntrance } from '../src/access/entrance.ts';
import { createAddressBook } from '../src/dev/address-book.ts';
import { createHttpFront, type HttpFront } from '../src/dev/http-front.ts';
import { listenSomewhere } from '../src/dev/port.ts';
import { BACKEND, backendSource, json, type RunningDev, startDev, temporaryFolder, writeProject } from './harness.ts';

const ROUTES = `
  if (req.url === '/cookies') {
    res.writeHead(200, { 'set-cookie': ['own=1; Path=/', 'sparrow_lan=stolen; Path=/'], 'clear-site-data': '"*"', 'service-worker-allowed': '/' });
    return res.end(JSON.stringify({ headers: req.headers }));
  }
  if (req.url === '/env') return res.end(JSON.stringify(process.env));
`;

const folder = temporaryFolder();
let dev: RunningDev;
beforeAll(async () => {
  process.env.CLOUD_SECRET_KEY = 'of the operator';
  writeProject(folder.path, { ...BACKEND, 'server/index.mjs': backendSource(ROUTES) });
  dev = await startDev(folder.path, {
    lan: true,
    backendEnv: { WANTED: 'yes' },
    async registerSimulator(app) {
      app.get('/phone', { config: { access: 'lan' } }, async () => 'phone');
      return { close: async () => {} };
    },
  });
  await dev.whenBackendReady(20_000);
});
afterAll(async () => {
  delete process.env.CLOUD_SECRET_KEY;
  await dev.close();
  folder.remove();
});

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

function get(url: string, headers: Record<string, string> = {}, host?: string): Promise<Answer> {
  const { hostname, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    http
      .get(
        { hostname, port, path: pathname + search, headers: { ...headers, ...(host && { host }) }, agent: false },
        (answer) => {
          let body = '';
          answer.on('data', (chunk) => (body += chunk));
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
        },
      )
      .on('error', reject);
  });
}

/** What a device of the LAN has after it scanned the QR code; empty where there is no LAN. */
async function scan({ lanUrl }: RunningDev): Promise<string> {
  if (!lanUrl) return '';
  return String((await get(lanUrl)).headers['set-cookie']).split(';')[0] as string;
}

/** Status of a WebSocket handshake. */
async function upgradeStatus(url: string): Promise<number> {
  const { hostname, port, pathname, search } = new URL(url);
  const headers = { connection: 'Upgrade', upgrade: 'websocket' };
  const request = http.get({ hostname, port, path: pathname + search, headers, agent: false });
  const status = await new Promise<number>((resolve) => {
    request.on('response', (answer) => resolve(answer.resume().statusCode ?? 0));
    request.on('upgrade', (answer) => resolve(answer.statusCode ?? 0));
    request.on('error', () => resolve(0));
  });
  request.destroy();
  return status;
}

/** What browsers send with a navigation: with and without the headers that plain http in the LAN leaves out. */
const NAVIGATIONS = [
  { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' },
  { accept: '*/*', 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate' },
  { accept: 'text/html', 'sec-fetch-dest': 'iframe' },
];

describe('a page of the app', () => {
  it('has an origin of its own on this machine', async () => {
    for (const headers of NAVIGATIONS) {
      const answer = await get(`${dev.ingressUrl}/page?a=1`, headers);
      expect(answer.status).toBe(307);
      expect(answer.headers.location).toBe(`http://demo.local.localhost:${dev.port}/page?a=1`);
    }
    // Browsers resolve the name themselves.
    const page = await get(`${dev.url}/page?a=1`, NAVIGATIONS[0], `demo.local.localhost:${dev.port}`);
    expect([page.status, JSON.parse(page.body).url]).toEqual([200, '/page?a=1']);
    expect(page.headers['content-security-policy']).toBeUndefined();
  });

  it('has an origin of its own in the LAN', async () => {
    if (!dev.lanUrl || !dev.lanIngressUrl) return console.info(`not run: ${dev.notices.join(', ')}`);
    const phone = new URL(dev.lanUrl).origin;
    expect(dev.lanIngressUrl).not.toBe(phone);
    const cookie = await scan(dev);
    for (const headers of NAVIGATIONS) {
      const answer = await get(`${phone}/@demo/local/page`, { ...headers, cookie });
      expect([answer.status, answer.headers.location]).toEqual([307, `${dev.lanIngressUrl}/page`]);
    }
    expect(JSON.parse((await get(`${dev.lanIngressUrl}/page`, { cookie })).body).url).toBe('/page');
    // That listener is the app's from its root on: nothing of the console or the phone is there.
    for (const path of ['/api/v1/status', '/simulator/phone.html', '/'])
      expect(JSON.parse((await get(dev.lanIngressUrl + path, { cookie })).body).url).toBe(path);
    expect((await get(dev.lanIngressUrl, { cookie }, new URL(phone).host)).status).toBe(403);
  });

  it('is for devices of the LAN that scanned the QR code, and for no others', async () => {
    if (!dev.lanUrl || !dev.lanIngressUrl) return console.info(`not run: ${dev.notices.join(', ')}`);
    const phone = new URL(dev.lanUrl).origin;
    const lan = new URL(dev.lanUrl).searchParams.get('lan') as string;
    const doors = [`${dev.lanIngressUrl}/page`, `${phone}/@demo/local/page`];
    for (const door of doors) {
      for (const headers of [{}, ...NAVIGATIONS, { cookie: `sparrow_lan_${dev.port}=guessed` }]) {
        const refused = await get(door, headers);
        expect([refused.status, JSON.parse(refused.body).error.code]).toEqual([403, 'LAN_REFUSED']);
      }
      expect((await get(`${door}?lan=guessed`)).status).toBe(403);
      expect(await upgradeStatus(door)).toBe(403);
      // A program may say the token each time; the backend does not see it.
      const answer = await get(`${door}?a=1&lan=${lan}&b=2`);
      expect([answer.status, JSON.parse(answer.body).url]).toEqual([200, '/page?a=1&b=2']);
      expect(await upgradeStatus(`${door}?lan=${lan}`)).not.toBe(403);
      // A browser gets it as a cookie, and an address without it.
      const opened = await get(`${door}?lan=${lan}&a=1`, NAVIGATIONS[0]);
      expect([opened.status, opened.headers.location]).toEqual([307, `${dev.lanIngressUrl}/page?a=1`]);
      const cookie = String(opened.headers['set-cookie']).split(';')[0] as string;
      const page = await get(`${dev.lanIngressUrl}/page?a=1`, { ...NAVIGATIONS[0], cookie });
      expect([page.status, JSON.parse(page.body).headers.cookie]).toEqual([200, undefined]);
    }
    // An address of another host cannot be made of the path.
    const away = await get(`${dev.lanIngressUrl}//example.com/?lan=${lan}`, NAVIGATIONS[0]);
    expect(away.headers.location).toBe(`${dev.lanIngressUrl}//example.com/`);
  });

  it('can do nothing with the origin of the console or the phone, whatever kind of request gets it there', async () => {
    const bases = [dev.url, ...(dev.lanUrl ? [new URL(dev.lanUrl).origin] : [])];
    const cookie = await scan(dev);
    for (const base of bases)
      for (const kind of [{}, { accept: '*/*' }, { accept: '*/*', 'sec-fetch-dest': 'object' }]) {
        const headers = { ...kind, cookie };
        const answer = await get(`${base}/@demo/local/cookies`, headers);
        expect(answer.headers['content-security-policy']).toMatch(/^sandbox /);
        expect(answer.headers['content-security-policy']).not.toContain('allow-same-origin');
        expect(answer.headers['x-content-type-options']).toBe('nosniff');
        expect(answer.headers['clear-site-data']).toBeUndefined();
        expect(answer.headers['service-worker-allowed']).toBeUndefined();
        expect(String(answer.headers['set-cookie'])).not.toContain('sparrow_lan');
        if (base !== dev.url) expect(answer.headers['set-cookie']).toBeUndefined();
      }
  });

  it('shares cookies with nobody: ours do not reach the backend, and it sets none of ours', async () => {
    const base = dev.lanIngressUrl ?? `${dev.ingressUrl}`;
    const ours = await scan(dev);
    const answer = await get(`${base}/cookies`, { cookie: `a=1; ${ours}; sparrow_lan=secret; b=2` });
    expect(JSON.parse(answer.body).headers.cookie).toBe('a=1; b=2');
    expect(answer.headers['set-cookie']).toEqual(['own=1; Path=/']);
    const alone = await get(`${base}/cookies`, { cookie: ours });
    expect(JSON.parse(alone.body).headers.cookie).toBeUndefined();
  });

  it('a second run beside it is open to the LAN, too', async () => {
    if (!dev.lanUrl || !dev.lanIngressUrl) return console.info(`not run: ${dev.notices.join(', ')}`);
    const other = temporaryFolder();
    writeProject(other.path, BACKEND);
    // The port that the first run gave its app in the LAN, which is still free on this machine's own address.
    const second = await startDev(other.path, {
      lan: true,
      port: Number(new URL(dev.lanIngressUrl).port),
      async registerSimulator() {
        return { phonePath: '/phone', close: async () => {} };
      },
    });
    try {
      expect([second.lanUrl, second.notices.map(String)]).toEqual([
        expect.stringContaining('http'),
        [expect.stringMatching(/so this run took/)],
      ]);
    } finally {
      await second.close();
      other.remove();
    }
  });

  it('cannot keep the phone out by a cookie of the same name before ours', async () => {
    if (!dev.lanUrl) return console.info(`not run: ${dev.notices.join(', ')}`);
    const { origin, searchParams } = new URL(dev.lanUrl);
    const name = `sparrow_lan_${dev.port}`;
    const cookie = `${name}=wrong; ${name}=${searchParams.get('lan')}`;
    expect((await get(`${origin}/phone`, { cookie: `${name}=wrong` })).status).toBe(403);
    expect((await get(`${origin}/phone`, { cookie })).status).toBe(200);
  });
});

describe('the backend', () => {
  it('is told who asks by us alone', async () => {
    const forged = {
      'x-forwarded-for': '1.2.3.4',
      'x-forwarded-host': 'bank.example.com',
      'x-forwarded-proto': 'https',
      'x-forwarded-port': '1',
      'x-forwarded-user': 'admin',
      'x-real-ip': '1.2.3.4',
      forwarded: 'for=1.2.3.4',
      'x-sparrow-relay': 'guessed',
    };
    const { headers } = JSON.parse((await get(`${dev.ingressUrl}/x`, forged)).body) as {
      headers: Record<string, string>;
    };
    expect(headers).toMatchObject({
      host: `127.0.0.1:${dev.port}`,
      'x-forwarded-host': `127.0.0.1:${dev.port}`,
      'x-forwarded-proto': 'http',
      'x-forwarded-for': '127.0.0.1',
    });
    expect(JSON.stringify(headers)).not.toMatch(/1\.2\.3\.4|bank|admin|guessed/);
    const target = dev.deps.addresses.resolve(new URL('https://demo.local.localhost/y'));
    if (target.kind !== 'local') throw new Error('not local');
    const relayed = await json<{ headers: object }>(fetch(target.origin + target.path, { headers: target.headers }));
    expect(relayed.headers).toMatchObject({ host: 'demo.local.localhost', 'x-forwarded-proto': 'https' });
    // The secret of the relay is not for the backend.
    expect(relayed.headers).not.toHaveProperty('x-sparrow-relay');
  });

  it('sees its own environment and not that of whoever started Sparrow', async () => {
    const env = JSON.parse((await get(`${dev.ingressUrl}/env`)).body) as Record<string, string>;
    expect(env).toMatchObject({ SPARROW_APP: 'demo', NODE_ENV: 'development', WANTED: 'yes', PATH: process.env.PATH });
    expect(env.CLOUD_SECRET_KEY).toBeUndefined();
    const known =
      /^(SPARROW_\w+|PORT|NODE_ENV|NODE_OPTIONS|WANTED|PATH|HOME|USER|LOGNAME|SHELL|LANG\w*|LC_\w+|TZ|TMPDIR|TEMP|TMP|TERM|\w*COLOR\w*|\w+_PROXY|\w+_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_\w+)$/;
    expect(Object.keys(env).filter((name) => !known.test(name))).toEqual([]);
  });
});

describe('calls to the tunnel', () => {
  const call = (bytes: number, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${dev.url}/tunnel/ws/push`, { method: 'POST', body: 'x'.repeat(bytes), headers });

  it('are read further than 1 MiB only for the backend itself', async () => {
    expect((await call(100_000)).status).toBe(400);
    expect((await call(2 << 20)).status).toBe(413);
    expect((await call(2 << 20, { authorization: `Bearer ${dev.token}` })).status).toBe(413);
    const { SPARROW_TOKEN } = JSON.parse((await get(`${dev.ingressUrl}/env`)).body) as Record<string, string>;
    expect((await call(2 << 20, { authorization: `Bearer ${SPARROW_TOKEN}` })).status).toBe(400);
  });

  it('of strangers are few at the same time', async () => {
    const open = Array.from({ length: 8 }, () => {
      const socket = net.connect(dev.port, '127.0.0.1');
      socket.write(
        `POST /tunnel/ws/push HTTP/1.1\r\nHost: 127.0.0.1:${dev.port}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\nx`,
      );
      return socket;
    });
    await expect.poll(async () => (await call(10)).status).toBe(503);
    for (const socket of open) socket.destroy();
    await expect.poll(async () => (await call(10)).status).toBe(400);
  });
});

describe('a name that sparrow.json allows', () => {
  it('leads to other services of this machine, and never to the console, wherever it resolves to', () => {
    const book = createAddressBook({
      app: 'a',
      env: 'local',
      port: 7700,
      hosts: [],
      hasBackend: false,
      lanAddresses: ['192.168.1.9'],
      domains: ['mine.example.com'],
    });
    const refusal = (port: number, address: string): string | undefined => {
      const found = book.resolve(new URL(`http://mine.example.com:${port}/`));
      return found.kind === 'public' ? found.refusal?.(address) : found.kind;
    };
    for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '192.168.1.9', '0.0.0.0']) {
      expect(refusal(7700, address), address).toContain('the console');
      expect(refusal(7800, address), address).toBeUndefined();
    }
  });
});

describe('a request without an end', () => {
  let front: HttpFront | undefined;
  afterEach(() => front?.close());

  it('of a WebSocket that was refused is let go of, also when the other side keeps its end open', async () => {
    let port = 0;
    const access = createAccess({ port: () => port, consoleToken: 'c', backendToken: 'b', lanToken: 'l' });
    front = createHttpFront({ access });
    ({ port } = await listenSomewhere(front.server, '127.0.0.1', 0));
    front.open({
      entrance: createEntrance({ app: 'a', env: 'local', port, lanHosts: [], appHosts: [] }),
      ingress: undefined,
      appOrigin: () => undefined,
      handler: (_request, response) => void response.end(),
    });
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.write(
      `GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    expect(answer).toMatch(/^HTTP\/1\.1 404 [\s\S]*NOT_FOUND/);
    const { server } = front;
    await expect
      .poll(() => new Promise((resolve) => server.getConnections((_error, count) => resolve(count))), {
        timeout: 10_000,
      })
      .toBe(0);
    socket.destroy();
  });

  it.each([
    'POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 100\r\n\r\nhalf',
    'GET / HTTP/1.1\r\nHost: 127.',
  ])('is given up at its deadline: %j', async (text) => {
    let port = 0;
    const access = createAccess({ port: () => port, consoleToken: 'c', backendToken: 'b', lanToken: 'l' });
    front = createHttpFront({ access, headersTimeoutMs: 300, requestTimeoutMs: 600 });
    ({ port } = await listenSomewhere(front.server, '127.0.0.1', 0));
    front.open({
      entrance: createEntrance({ app: 'a', env: 'local', port, lanHosts: [], appHosts: [] }),
      ingress: undefined,
      appOrigin: () => undefined,
      handler: (request, response) => void request.on('end', () => response.end()).resume(),
    });
    const socket = net.connect(port, '127.0.0.1');
    socket.write(text.replace('PORT', String(port)));
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 408/);
  });
});
