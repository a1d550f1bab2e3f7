import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, createGzip, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { createDevServer, type DevServer } from '@sparrow/cloud';
import { createCompiler } from '@sparrow/compiler';
import { createSimulator } from '@sparrow/simulator/server';
import { earlyAnswerServer, writeTree } from '@sparrow/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';

let dir: string;
let dev: DevServer;
let token = '';
/** Servers on this machine: sparrow.json names the first two, nobody names the third. */
const named: Server[] = [];
let strange: Server;
const seen: { url: string; headers: IncomingHttpHeaders; body: string }[] = [];
const raw: net.Server[] = [];

const portOf = (server: net.Server): number => (server.address() as AddressInfo).port;
const urlOf = (server: net.Server, host = '127.0.0.1'): string => `http://${host}:${portOf(server)}`;

async function listen<T extends net.Server>(server: T): Promise<T> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function echo(): Server {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const url = request.url ?? '';
    seen.push({ url, headers: request.headers, body });
    const to = new URL(url, 'http://x').searchParams.get('to');
    if (to) response.writeHead(Number(url.slice(1, 4)), { location: to }).end();
    else response.end('hello');
  });
  new WebSocketServer({ server }).on('connection', (socket, request) => {
    seen.push({ url: request.url ?? '', headers: request.headers, body: '' });
    socket.send('hello');
  });
  return server;
}

/** A server that answers with these bytes and then does what `after` says. */
async function bytes(text: string, after: (socket: net.Socket) => void): Promise<string> {
  const server = await listen(
    net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.write(text, () => after(socket)));
    }),
  );
  raw.push(server);
  return urlOf(server);
}

beforeAll(async () => {
  named.push(await listen(echo()), await listen(echo()));
  strange = await listen(echo());
  dir = await mkdtemp(join(tmpdir(), 'sparrow-relay-'));
  await writeTree(dir, { 'app.json': { pages: [] }, 'project.config.json': { projectname: 'relay', appid: 'wx1' } });
});
afterAll(async () => {
  await dev?.close();
  for (const server of [...named, strange, ...raw]) server.close();
  for (const server of [...named, strange]) server.closeAllConnections();
  await rm(dir, { recursive: true, force: true });
});

async function start(domains: string[] | undefined): Promise<void> {
  await dev?.close();
  await writeTree(dir, { 'sparrow.json': domains ? { domains } : {} });
  const register = createSimulator({ compiler: createCompiler({ dir }), watch: false });
  dev = await createDevServer({
    dir,
    port: 0,
    async registerSimulator(app, deps) {
      const simulator = await register(app, deps);
      token = simulator.token;
      return simulator;
    },
  });
}

interface Relayed {
  statusCode?: number;
  header?: Record<string, string>;
  error?: { message: string };
  body: string;
}

async function relay(wanted: Record<string, unknown>, body?: string): Promise<Relayed> {
  const answer = await fetch(`${dev.url}/simulator/relay/request`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/octet-stream',
      'x-sparrow-request': encodeURIComponent(JSON.stringify({ method: 'GET', header: {}, timeout: 5000, ...wanted })),
    },
    ...(body !== undefined && { body }),
  });
  expect(answer.status).toBe(200);
  const all = Buffer.from(await answer.arrayBuffer());
  const relayed: Relayed = { body: '' };
  const data: Buffer[] = [];
  for (let at = 0; at < all.length; ) {
    const kind = String.fromCharCode(all[at] ?? 0);
    const end = at + 5 + all.readUInt32BE(at + 1);
    const content = all.subarray(at + 5, end);
    if (kind === 'h') Object.assign(relayed, JSON.parse(String(content)));
    else if (kind === 'd') data.push(content);
    else if (kind === 'f') relayed.error = JSON.parse(String(content)) as { message: string };
    at = end;
  }
  relayed.body = Buffer.concat(data).toString();
  return relayed;
}

/** What a mini program's socket sees. */
async function socket(url: string, header: Record<string, string> = {}): Promise<string[]> {
  const phone = new WebSocket(`${dev.url.replace('http', 'ws')}/simulator/relay/socket`);
  const frames: string[] = [];
  phone.on('message', (data) => {
    frames.push(String(data));
    if (/^[mc]/.test(String(data))) phone.close();
  });
  await once(phone, 'open');
  phone.send(JSON.stringify({ token, url, header, protocols: [], timeout: 5000 }));
  await once(phone, 'close');
  return frames;
}

describe('what a mini program may reach when nothing is said', () => {
  beforeAll(() => start(undefined));

  it('is not this machine, by whatever name', async () => {
    const port = portOf(strange);
    seen.length = 0;
    const names = [
      '127.0.0.1',
      'localhost',
      'LOCALHOST',
      'localhost.',
      '[::1]',
      '0.0.0.0',
      '0',
      '127.1',
      '2130706433',
      '0x7f000001',
      '0177.0.0.1',
      '127.9.9.9',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[::]',
      '[64:ff9b::7f00:1]',
      hostname(),
      'ip6-localhost',
    ];
    for (const name of names) {
      const answer = await relay({ url: `http://${name}:${port}/secret` });
      expect([name, answer.statusCode, answer.error?.message]).toEqual([name, undefined, expect.any(String)]);
      expect((await socket(`ws://${name}:${port}/secret`)).filter((frame) => /^[om]/.test(frame))).toEqual([]);
    }
    expect(seen).toEqual([]);
    expect((await relay({ url: urlOf(strange) })).error?.message).toMatch(/not public.*"domains" of sparrow\.json/);
  });

  it('is no private, link-local or otherwise special network', async () => {
    const hosts = [
      '10.1.2.3',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
      '192.0.2.1',
      '198.18.0.1',
      '224.0.0.1',
      '255.255.255.255',
      '[fe80::1]',
      '[fd00::1]',
      '[fc00::1]',
      '[ff02::1]',
      '[::ffff:10.0.0.1]',
      '[::10.0.0.1]',
      '[2002:a00:1::]',
      '[2001:db8::1]',
      '[64:ff9b::a00:1]',
    ];
    for (const host of hosts)
      expect((await relay({ url: `http://${host}/latest/meta-data`, timeout: 2000 })).error?.message, host).toMatch(
        /not public/,
      );
  });
});

describe('an answer that comes before the request was sent whole', () => {
  let early: Awaited<ReturnType<typeof earlyAnswerServer>>;
  beforeAll(async () => {
    early = await earlyAnswerServer();
    await start([new URL(early.origin).host]);
  });
  afterAll(() => early.close());

  it('reaches the mini program every time', async () => {
    const seen: string[] = [];
    for (let i = 0; i < 20; i++) {
      const { statusCode, body, error } = await relay({ url: early.origin, method: 'POST' }, 'x'.repeat(8 << 20));
      seen.push(error ? error.message : `${statusCode} ${body}`);
    }
    expect(new Set(seen)).toEqual(new Set(['413 too large']));
  });
});

describe('what a mini program may reach of the machine when sparrow.json names it', () => {
  beforeAll(() =>
    start([`127.0.0.1:${portOf(named[0] as Server)}`, `localhost:${portOf(named[1] as Server)}`, 'localhost']),
  );

  it('is that, and no more', async () => {
    expect((await relay({ url: urlOf(named[0] as Server) })).body).toBe('hello');
    expect((await relay({ url: urlOf(named[1] as Server, 'localhost') })).body).toBe('hello');
    expect((await socket(urlOf(named[0] as Server).replace('http', 'ws')))[1]).toBe('mhello');
    expect((await relay({ url: urlOf(strange) })).error?.message).toMatch(/not in "domains"/);
  });

  it('is never the console, even by a name that is allowed', async () => {
    for (const name of ['localhost', '127.0.0.1', hostname()]) {
      const answer = await relay({
        url: `http://${name}:${dev.port}/api/v1/status`,
        header: { host: `127.0.0.1:${dev.port}` },
      });
      expect(answer.error?.message, name).toMatch(/not in domain list/);
      const frames = await socket(`ws://${name}:${dev.port}/simulator/events`, { Host: `127.0.0.1:${dev.port}` });
      expect(
        frames.filter((frame) => frame.startsWith('o')),
        name,
      ).toEqual([]);
    }
  });

  it('cannot be talked to with headers that are not a program’s to set', async () => {
    const forged = {
      Host: 'evil.example.com',
      'X-Forwarded-For': '1.2.3.4',
      'x-forwarded-host': 'bank',
      Forwarded: 'for=x',
      'X-Real-IP': '1.2.3.4',
      'X-Sparrow-Relay': 'x',
      'Proxy-Authorization': 'y',
      'Transfer-Encoding': 'chunked',
      'Content-Length': '3',
      Upgrade: 'x',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Extensions': 'permessage-deflate',
      Authorization: 'Bearer mine',
    };
    const [server] = named as [Server];
    seen.length = 0;
    expect((await relay({ url: `${urlOf(server)}/http`, header: forged })).body).toBe('hello');
    expect((await socket(`${urlOf(server).replace('http', 'ws')}/socket`, forged))[1]).toBe('mhello');
    for (const { url, headers } of seen) {
      expect([url, headers.host, headers.authorization]).toEqual([url, `127.0.0.1:${portOf(server)}`, 'Bearer mine']);
      expect(JSON.stringify(headers)).not.toMatch(
        /evil|1\.2\.3\.4|bank|for=x|"y"|relay|permessage|dGhlIHNhbXBsZSBub25jZQ/,
      );
    }
    expect(seen).toHaveLength(2);
  });

  it('gets no login by a redirect from another origin, and keeps it within one', async () => {
    const [first, second] = named as [Server, Server];
    const login = {
      Authorization: 'a',
      Cookie: 'b',
      'X-WX-Skey': 'c',
      'x-token': 'd',
      'Proxy-Authorization': 'e',
      Accept: 'text/x',
    };
    // Another port is another origin, also of the same host.
    for (const [status, host] of [
      [301, 'localhost'],
      [302, '127.0.0.1'],
      [303, '127.0.0.1'],
      [307, 'localhost'],
      [308, '127.0.0.1'],
    ] as const) {
      seen.length = 0;
      const away = `${urlOf(second, 'localhost')}/away`;
      await relay({ url: `${urlOf(first, host)}/${status}?to=${encodeURIComponent(away)}`, header: login });
      expect(seen.map(({ url }) => url.slice(0, 5))).toEqual([`/${status}?`.slice(0, 5), '/away']);
      expect(seen[0]?.headers).toMatchObject({ authorization: 'a', cookie: 'b', 'x-wx-skey': 'c', 'x-token': 'd' });
      expect(seen[1]?.headers).toMatchObject({ accept: 'text/x' });
      for (const name of ['authorization', 'cookie', 'x-wx-skey', 'x-token'])
        expect(seen[1]?.headers[name], name).toBeUndefined();
      seen.length = 0;
      await relay({ url: `${urlOf(first)}/${status}?to=/here`, header: login });
      expect(seen[1]?.headers).toMatchObject({ authorization: 'a', cookie: 'b', 'x-wx-skey': 'c' });
    }
  });

  it('is checked again after a redirect', async () => {
    const [first] = named as [Server];
    seen.length = 0;
    for (const to of [urlOf(strange), `${dev.url}/api/v1/status`, 'file:///etc/passwd', 'http://169.254.169.254/']) {
      const answer = await relay({ url: `${urlOf(first)}/302?to=${encodeURIComponent(to)}` });
      expect(answer.error?.message, to).toEqual(expect.any(String));
    }
    expect(seen.every(({ url }) => url.startsWith('/302'))).toBe(true);
  });
});

describe('an answer', () => {
  it('that breaks off, or does not end in time, is no answer', async () => {
    const cut = await bytes('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort', (s) => s.end());
    const reset = await bytes('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort', (s) => s.resetAndDestroy());
    const chunk = await bytes('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n', (s) => s.end());
    const endless = await bytes('HTTP/1.1 200 OK\r\n\r\nx', (s) => void setInterval(() => s.write('x'), 100).unref());
    const silent = await bytes('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort', () => {});
    const mute = await bytes('', () => {});
    await start(raw.map((server) => `127.0.0.1:${portOf(server)}`));
    for (const url of [cut, reset, chunk]) {
      const { statusCode, error } = await relay({ url });
      expect([url, statusCode, error?.message]).toEqual([url, undefined, expect.stringMatching(/ERR_/)]);
    }
    for (const url of [endless, silent, mute]) {
      const { statusCode, error } = await relay({ url, timeout: 700 });
      expect([url, statusCode, error?.message]).toEqual([url, undefined, 'timeout']);
    }
  });

  it('is read from the coding that it names, also one that nobody asked for', async () => {
    const text = `${'麻雀虽小,五脏俱全。'.repeat(2_000)}!`;
    const coded = {
      gzip: gzipSync(text),
      'x-gzip': gzipSync(text),
      br: brotliCompressSync(text),
      deflate: deflateSync(text),
      // Some servers leave the frame out.
      'Deflate ': deflateRawSync(text),
      'gzip, br': brotliCompressSync(gzipSync(text)),
      identity: Buffer.from(text),
      unknown: Buffer.from(text),
    };
    const asked: (string | undefined)[] = [];
    const server = await listen(
      createServer((request, response) => {
        asked.push(request.headers['accept-encoding']);
        const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
        const coding = searchParams.get('coding') ?? '';
        const body = coded[coding as keyof typeof coded] ?? Buffer.alloc(0);
        response.setHeader('content-encoding', coding);
        if (pathname === '/none') response.writeHead(304).end();
        else if (pathname === '/wrong') response.end('no such coding');
        else if (pathname === '/short') response.end(body.subarray(0, body.length - 20));
        else if (pathname === '/bomb') response.end(gzipSync(Buffer.alloc(60 << 20)));
        else if (pathname === '/cut') {
          response.writeHead(200, { 'content-length': body.length });
          response.write(body.subarray(0, 30), () => request.socket.destroy());
        } else response.end(body);
      }),
    );
    raw.push(server);
    await start([`127.0.0.1:${portOf(server)}`]);
    const get = (path: string, coding: string, wanted: Record<string, unknown> = {}): Promise<Relayed> =>
      relay({ url: `${urlOf(server)}${path}?coding=${encodeURIComponent(coding)}`, ...wanted });
    for (const coding of Object.keys(coded)) {
      const answer = await get('/', coding);
      expect([coding, answer.error, answer.body === text]).toEqual([coding, undefined, true]);
      expect((await get('/', coding, { method: 'HEAD' })).error).toBeUndefined();
      expect((await get('/none', coding)).statusCode).toBe(304);
    }
    await get('/', 'gzip', { header: { 'Accept-Encoding': 'gzip' } });
    expect([asked[0], asked.at(-1)]).toEqual(['gzip, deflate, br', 'gzip']);
    for (const coding of ['gzip', 'br', 'deflate']) {
      for (const path of ['/wrong', '/short'])
        expect((await get(path, coding)).error?.message).toContain('ERR_CONTENT_DECODING_FAILED');
      expect((await get('/cut', coding)).error?.message).toContain('ERR_CO');
    }
    expect((await get('/cut', 'gzip')).error?.message).not.toContain('DECODING');
    expect((await get('/', 'gzip,gzip,gzip,gzip')).error?.message).toContain('ERR_CONTENT_DECODING_FAILED');
    expect((await get('/bomb', 'gzip')).error?.message).toBe('the answer is too large');
  });

  it('is decoded as it comes, for whoever takes it piece by piece', async () => {
    const server = await listen(
      createServer((_request, response) => {
        response.setHeader('content-encoding', 'gzip');
        const gzip = createGzip();
        gzip.pipe(response);
        gzip.write('first');
        gzip.flush();
        response.once('close', () => gzip.destroy());
      }),
    );
    raw.push(server);
    await start([`127.0.0.1:${portOf(server)}`]);
    const pieces = await fetch(`${dev.url}/simulator/relay/request`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/octet-stream',
        'x-sparrow-request': encodeURIComponent(JSON.stringify({ url: urlOf(server), header: {}, chunked: true })),
      },
    });
    let got = '';
    for await (const piece of pieces.body ?? []) {
      got += Buffer.from(piece).toString('latin1');
      if (got.includes('first')) break;
    }
    expect(got).toContain('first');
  });
});

describe('a malformed call', () => {
  beforeAll(() => start(undefined));

  it('is answered with 4xx and tells nothing of this machine', async () => {
    const post = (
      path: string,
      body: string | Buffer,
      headers: Record<string, string> = {},
      method = 'POST',
    ): Promise<Response> =>
      fetch(`${dev.url}/simulator/relay/${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        body: body as string,
      });
    const calls: Promise<Response>[] = [];
    for (const given of ['%', '%zz', '{', 'null', '[]', '1', '{}', '{"url":5}', '{"url":"http://x","method":{}}'])
      calls.push(post('request', '', { 'x-sparrow-request': given }));
    calls.push(post('request', ''));
    for (const path of ['login', 'check-session', 'user-info', 'user-files/list'])
      for (const body of ['', '{', 'null', '[]', '5', '{}', '{"user":{}}', `{"user":"${'u'.repeat(5000)}"}`])
        calls.push(post(path, body));
    const long = [
      'a'.repeat(300),
      `${'a/'.repeat(3000)}x`,
      '../x',
      '..\\x',
      'a/../../x',
      '/etc/passwd',
      'a\0b',
      '',
      '.',
      'a//b',
      `${'界'.repeat(100)}`,
    ];
    for (const path of long)
      for (const method of ['PUT', 'DELETE'])
        calls.push(
          post(
            `user-files?${new URLSearchParams({ user: 'u', path })}`,
            'x',
            { 'content-type': 'application/octet-stream' },
            method,
          ),
        );
    for (const answer of await Promise.all(calls)) {
      const text = await answer.text();
      expect([answer.url.slice(-40), answer.status, text], text).toEqual([
        answer.url.slice(-40),
        expect.toSatisfy((status: number) => status >= 400 && status < 500),
        text,
      ]);
      expect(text).not.toContain(dir);
      expect(text).not.toMatch(/\/tmp\/|at \w+ \(|node:/);
    }
    // A folder and a file in the way of each other.
    const put = (path: string, body: string): Promise<Response> =>
      post(
        `user-files?${new URLSearchParams({ user: 'u', path })}`,
        body,
        { 'content-type': 'application/octet-stream' },
        'PUT',
      );
    expect((await put('d/file', 'x')).status).toBe(200);
    for (const path of ['d', 'd/file/below']) {
      const answer = await put(path, 'x');
      expect([path, answer.status, await answer.text()]).toEqual([path, 400, expect.not.stringContaining(dir)]);
    }
    expect((await post('locate', 'null')).status).toBe(200);
  });

  it('on a socket ends that socket and nothing else', async () => {
    for (const first of [
      'null',
      '1',
      '"x"',
      '{',
      '[]',
      `{"token":"${token}"}`,
      `{"token":"${token}","url":5}`,
      `{"token":"${token}","url":"ws://x","protocols":[{}],"header":null}`,
      `{"token":"${token}","url":"file:///etc/passwd"}`,
    ]) {
      const phone = new WebSocket(`${dev.url.replace('http', 'ws')}/simulator/relay/socket`);
      await once(phone, 'open');
      phone.send(first);
      phone.send('cnull');
      phone.send('c{');
      await once(phone, 'close');
    }
    expect((await fetch(`${dev.url}/simulator/phone.html`)).status).toBe(200);
  });
});
