import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAddressBook } from '../src/dev/address-book.ts';
import { readProject, readRun } from '../src/index.ts';
import {
  BACKEND,
  backendSource,
  json,
  loginHeaders,
  type RunningDev,
  SDK,
  startDev,
  temporaryFolder,
  writeProject,
} from './harness.ts';

let folder: ReturnType<typeof temporaryFolder>;
const running: RunningDev[] = [];
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(async () => {
  for (const dev of running.splice(0)) await dev.close();
  folder.remove();
});

async function start(...args: Parameters<typeof startDev>): Promise<RunningDev> {
  const dev = await startDev(...args);
  running.push(dev);
  return dev;
}

describe('a dev server', () => {
  it('takes the next port when its own is taken, and names the holder', async () => {
    const holder = net.createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as net.AddressInfo;
    writeProject(folder.path, { 'project.config.json': {} });
    const dev = await start(folder.path, { port });
    expect(dev.port).toBeGreaterThan(port);
    expect(dev.notices.join()).toMatch(
      new RegExp(`port ${port} is in use by pid ${process.pid} .*so this run took ${dev.port}`),
    );
    await expect(startDev(temporaryProject(), { port, strictPort: true })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
    });
    holder.close();
  });

  function temporaryProject(): string {
    return writeProject(join(folder.path, 'other'), { 'project.config.json': {} });
  }

  it('refuses a second run on one folder and leaves the first one alone', async () => {
    writeProject(folder.path, { 'project.config.json': {} });
    const dev = await start(folder.path);
    await expect(startDev(folder.path)).rejects.toMatchObject({
      code: 'FOLDER_IN_USE',
      message: expect.stringContaining(`by pid ${process.pid}, at ${dev.url}`),
    });
    expect((await fetch(dev.url)).status).toBe(200);
    expect(readRun(folder.path)).toMatchObject({ pid: process.pid, port: dev.port });
  });

  it('ends clean: ports free, backend gone, state kept', async () => {
    writeProject(folder.path, { ...BACKEND, 'server/index.mjs': backendSource() });
    const dev = await startDev(folder.path);
    await dev.whenBackendReady(20_000);
    const backendPid = readRun(folder.path)?.backend?.pid as number;
    const { kept } = await dev.close();
    expect(() => process.kill(backendPid, 0)).toThrow('ESRCH');
    await expect(fetch(dev.url)).rejects.toThrow();
    expect(existsSync(join(folder.path, '.sparrow/run.json'))).toBe(false);
    expect(kept).toEqual(['control.db', 'apps/demo/local/data', 'apps/demo/local/files']);
    for (const name of kept) expect(existsSync(join(dev.stateDir, name))).toBe(true);
    await (await start(folder.path, { port: dev.port, strictPort: true })).whenBackendReady(20_000);
  });

  it('runs when the backend does not, and says why to who asks it', async () => {
    writeProject(folder.path, { ...BACKEND, 'server/index.mjs': 'throw new Error("no database today");' });
    const dev = await start(folder.path);
    await dev.until((event) => event.type === 'backend' && event.status.state === 'crashed');
    const refused = await fetch(`${dev.ingressUrl}/`);
    // It may just be trying again.
    const { error } = await json(refused);
    expect([502, 503]).toContain(refused.status);
    expect(error.message + (dev.backend().reason ?? '')).toContain('no database today');
    expect((await fetch(dev.url)).status).toBe(200);
  });

  it('runs a project without a backend', async () => {
    writeProject(folder.path, { 'project.config.json': {} });
    const dev = await start(folder.path);
    expect(dev.backend()).toEqual({ state: 'none', restarts: 0 });
    expect((await json(fetch(`${dev.ingressUrl}/`))).error).toMatchObject({ code: 'BACKEND_DOWN' });
  });

  it('keeps the newest log lines for who comes later', async () => {
    writeProject(folder.path, { ...BACKEND, 'server/index.mjs': `console.error('读取配置'); ${backendSource()}` });
    const dev = await start(folder.path);
    await dev.whenBackendReady(20_000);
    await dev.until((event) => event.type === 'log' && event.line.text === 'listening');
    const { lines } = await json(
      fetch(`${dev.url}/api/v1/logs`, { headers: { authorization: `Bearer ${dev.token}` } }),
    );
    expect(lines).toContainEqual(expect.objectContaining({ source: 'backend', level: 'error', text: '读取配置' }));
  });

  it('writes its log to a file and keeps the one before', async () => {
    writeProject(folder.path, { ...BACKEND, 'server/index.mjs': `console.log('first run'); ${backendSource()}` });
    const first = await startDev(folder.path);
    await first.whenBackendReady(20_000);
    await first.until((event) => event.type === 'log' && event.line.text === 'listening');
    await first.close();
    expect(readFileSync(first.logFile, 'utf8')).toMatch(/^\d{4}-\d\d-\d\dT\S+Z backend info first run$/m);
    const second = await start(folder.path);
    expect(readFileSync(second.logFile.replace('dev.log', 'dev.1.log'), 'utf8')).toContain('first run');
  });

  it('exchanges codes of real phones with WeChat when appid and secret are there', async () => {
    const asked: string[] = [];
    const wechat = http.createServer((request, response) => {
      asked.push(new URL(request.url ?? '', 'http://x').searchParams.get('js_code') ?? '');
      response.end(JSON.stringify({ errcode: 40029, errmsg: 'invalid code' }));
    });
    wechat.listen(0, '127.0.0.1');
    await once(wechat, 'listening');
    const { port } = wechat.address() as net.AddressInfo;
    writeProject(folder.path, {
      ...BACKEND,
      '.sparrow/wechat.json': { appid: 'wxreal', secret: 's', endpoint: `http://127.0.0.1:${port}/sns` },
      'server/index.mjs': `
        import { createSparrow } from '${SDK}';
        import http from 'node:http';
        const sparrow = createSparrow();
        http.createServer((req, res) => sparrow.handleLogin(req, res)).listen(sparrow.config.port, '127.0.0.1');`,
    });
    const dev = await start(folder.path);
    await dev.whenBackendReady(20_000);
    const login = (headers: Record<string, string>): Promise<{ code: number; error?: string }> =>
      json(fetch(dev.ingressUrl, { headers }));
    expect(await login({ 'X-WX-Code': '0a1b2c' })).toMatchObject({ code: -1, error: 'ERR_GET_SESSION_KEY' });
    expect(await login(await loginHeaders(dev, 'alice'))).toMatchObject({ code: 0 });
    expect(asked).toEqual(['0a1b2c']);
    wechat.close();
  });

  it('opens the LAN to the phone view for holders of its token, and nothing else', async () => {
    writeProject(folder.path, { ...BACKEND, 'server/index.mjs': backendSource() });
    const dev = await start(folder.path, {
      lan: true,
      async registerSimulator(app) {
        app.get('/phone', { config: { access: 'lan' } }, async () => 'phone');
        app.get('/phone/app.js', { config: { access: 'lan' } }, async () => 'script');
        return { close: async () => {} };
      },
    });
    if (!dev.lanUrl) return; // This machine has no network: `notices` says so.
    await dev.whenBackendReady(20_000);
    const lan = new URL(dev.lanUrl);
    const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
      fetch(lan.origin + path, { headers });
    expect((await get('/phone')).status).toBe(403);
    const opened = await fetch(dev.lanUrl);
    expect(await opened.text()).toBe('phone');
    const cookie = (opened.headers.get('set-cookie') as string).split(';')[0] as string;
    expect(await (await get('/phone/app.js', { cookie })).text()).toBe('script');
    for (const path of ['/', '/api/v1/status', '/session/v1/check', '/tunnel/get/wsurl'])
      expect([path, (await get(path, { cookie, authorization: `Bearer ${dev.token}` })).status]).toEqual([path, 403]);
    // The app is for those who scanned, too.
    expect([(await get('/@demo/local/x')).status, (await get('/@demo/local/x', { cookie })).status]).toEqual([
      403, 200,
    ]);
    expect((await get('/avatars/alice.svg')).status).toBe(200);
  });
});

describe('files', () => {
  const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(2000, 1)]);
  const UPLOAD = `
    import http from 'node:http';
    import { createSparrow, failure, ok } from '${SDK}';
    const sparrow = createSparrow();
    http.createServer(async (req, res) => {
      let answer;
      if (req.url === '/upload') answer = sparrow.files.receive(req);
      else if (req.url === '/images-only') answer = sparrow.files.receive(req, { types: ['image/png'] });
      else if (req.url === '/put') answer = sparrow.files.put(req, { name: '报告.pdf' });
      else answer = sparrow.checkSession(req);
      res.end(JSON.stringify(await answer.then(ok, failure)));
    }).listen(sparrow.config.port, '127.0.0.1');`;

  async function startUploads(): Promise<RunningDev> {
    writeProject(folder.path, { ...BACKEND, 'server/index.mjs': UPLOAD });
    const dev = await start(folder.path, { maxFileBytes: 100_000 });
    await dev.whenBackendReady(20_000);
    return dev;
  }

  async function upload(
    dev: RunningDev,
    path: string,
    content: Buffer,
    name: string,
  ): Promise<{
    code: number;
    error?: string;
    data: { url: string; mimeType: string; size: number; name: string; key: string };
  }> {
    const form = new FormData();
    form.append('note', 'a field');
    form.append('file', new Blob([new Uint8Array(content)], { type: 'image/png' }), name);
    return await json(fetch(dev.ingressUrl + path, { method: 'POST', body: form }));
  }

  const stored = (): string[] => readdirSync(join(folder.path, '.sparrow/apps/demo/local/files'));

  it('keeps what wx.uploadFile sends and gives it back', async () => {
    const dev = await startUploads();
    const { code, data } = await upload(dev, '/upload', PNG, '照片.png');
    expect([code, data.mimeType, data.size, data.name]).toEqual([0, 'image/png', PNG.length, '照片.png']);
    const back = await fetch(data.url);
    expect(back.headers.get('content-type')).toBe('image/png');
    expect(back.headers.get('content-security-policy')).toContain('sandbox');
    expect(Buffer.compare(Buffer.from(await back.arrayBuffer()), PNG)).toBe(0);
    const part = await fetch(data.url, { headers: { range: 'bytes=0-3' } });
    expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, 4]);
  });

  it('keeps bytes that the backend makes', async () => {
    const dev = await startUploads();
    const answer = await fetch(`${dev.ingressUrl}/put`, { method: 'POST', body: '%PDF-1.7 …' });
    const { data } = await json<{ data: { url: string } }>(answer);
    expect(data).toMatchObject({ mimeType: 'application/pdf', name: '报告.pdf' });
    expect((await fetch(data.url)).headers.get('content-disposition')).toBe('attachment');
  });

  it('believes the first bytes and not the name', async () => {
    const dev = await startUploads();
    const { data } = await upload(dev, '/upload', Buffer.from('<script>alert(1)</script>'), 'evil.png');
    expect(data.mimeType).toBe('application/octet-stream');
    const back = await fetch(data.url);
    expect(back.headers.get('content-disposition')).toBe('attachment');
    expect(back.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await upload(dev, '/images-only', Buffer.from('text'), 'a.png')).toMatchObject({
      code: -1,
      error: 'ERR_UNSUPPORT_FILE_TYPE',
    });
  });

  it('lets the sender of a file that is refused read why, however much it still sends', async () => {
    const dev = await startUploads();
    const parts = ['--X\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n', '\r\n--X--\r\n'];
    const send = (path: string, bytes: number): Promise<string> =>
      new Promise((resolve) => {
        const body = Buffer.concat([
          Buffer.from(parts[0] as string),
          Buffer.alloc(bytes),
          Buffer.from(parts[1] as string),
        ]);
        const headers = { 'content-type': 'multipart/form-data; boundary=X', 'content-length': body.length };
        const request = http.request(dev.ingressUrl + path, { method: 'POST', agent: false, headers }, (answer) => {
          let text = '';
          answer.on('data', (chunk) => (text += chunk));
          answer.on('end', () => resolve(JSON.parse(text).error));
          answer.on('error', (error) => resolve(`the answer broke off: ${error.message}`));
        });
        request.on('error', (error) => resolve(`the request broke off: ${error.message}`));
        request.end(body);
      });
    for (const bytes of [200_000, 3_000_000, 30_000_000]) {
      expect(await send('/upload', bytes)).toBe('ERR_FILE_EXCEEDS_MAX_SIZE');
      if (bytes > 1_000_000) continue;
      expect(await send('/images-only', 50_000)).toBe('ERR_UNSUPPORT_FILE_TYPE');
    }
    expect((await upload(dev, '/upload', PNG, 'a.png')).code).toBe(0);
  });

  it('refuses what is too large or empty and leaves nothing of it', async () => {
    const dev = await startUploads();
    const large = Buffer.concat([PNG, Buffer.alloc(200_000)]);
    expect(await upload(dev, '/upload', large, 'a.png')).toMatchObject({
      code: -1,
      error: 'ERR_FILE_EXCEEDS_MAX_SIZE',
    });
    expect(await upload(dev, '/upload', Buffer.alloc(0), 'a.png')).toMatchObject({
      code: -1,
      error: 'ERR_REQUEST_PARAM',
    });
    const put = await fetch(`${dev.ingressUrl}/put`, { method: 'POST', body: new Uint8Array(large) });
    expect(await put.json()).toMatchObject({ code: -1, error: 'ERR_FILE_EXCEEDS_MAX_SIZE' });
    expect(stored()).toEqual([]);
  });

  it('never leaves its folder', async () => {
    const dev = await startUploads();
    await upload(dev, '/upload', PNG, '../../../../escaped.png');
    expect(stored()).toHaveLength(1);
    expect(stored()[0]).toMatch(/^file_[0-9A-Z]{26}\.png$/);
    writeFileSync(join(folder.path, '.sparrow/apps/demo/local/data/secret.txt'), 'secret');
    for (const path of [
      '../data/secret.txt',
      '..%2fdata%2fsecret.txt',
      '%2e%2e/data/secret.txt',
      '..%5cdata',
      '.env',
      '%00.png',
    ]) {
      const refused = await fetch(`${dev.url}/files/demo/local/${path}`);
      expect([path, refused.status]).toEqual([path, 404]);
      expect(await refused.text()).not.toBe('secret');
    }
  });

  it('removes what a killed upload left', async () => {
    writeProject(folder.path, {
      ...BACKEND,
      'server/index.mjs': UPLOAD,
      '.sparrow/apps/demo/local/files/file_X.tmp': 'half',
    });
    await start(folder.path);
    expect(stored()).toEqual([]);
  });

  it('tells a backend of a forged skey from an old one', async () => {
    writeProject(folder.path, {
      ...BACKEND,
      'server/index.mjs': UPLOAD.replace('/put', '/x').replace(
        "sparrow.files.put(req, { name: '报告.pdf' })",
        'sparrow.login(req)',
      ),
    });
    const dev = await start(folder.path, { sessionTtlSeconds: 0 });
    await dev.whenBackendReady(20_000);
    const { data } = await json<{ data: { skey: string } }>(
      fetch(`${dev.ingressUrl}/x`, { headers: await loginHeaders(dev, 'alice') }),
    );
    const check = async (headers: Record<string, string>): Promise<string> =>
      (await json<{ error: string }>(fetch(`${dev.ingressUrl}/me`, { headers }))).error;
    expect(await check({})).toBe('ERR_SKEY_INVALID');
    expect(await check({ 'X-WX-Skey': 'forged' })).toBe('ERR_SKEY_INVALID');
    expect(await check({ 'X-WX-Skey': data.skey })).toBe('ERR_SKEY_EXPIRED');
  });
});

describe('the address book', () => {
  const book = createAddressBook({
    app: 'demo',
    env: 'local',
    port: 7700,
    hosts: ['api.example.com', 'dev.example.com:8443'],
    hasBackend: true,
    lanAddresses: ['192.168.1.5'],
  });
  const kind = (url: string): string => book.resolve(new URL(url)).kind;

  it('maps the hosts of sparrow.json, with their ports, to the backend', () => {
    expect(book.resolve(new URL('wss://api.example.com/live?a=1'))).toEqual({
      kind: 'local',
      origin: 'http://127.0.0.1:7700',
      path: '/@demo/local/live?a=1',
      headers: { 'x-forwarded-host': 'api.example.com', 'x-forwarded-proto': 'https' },
    });
    expect(kind('https://dev.example.com:8443/')).toBe('local');
    expect(kind('https://dev.example.com/')).toBe('public');
    expect(kind('https://API.example.com/')).toBe('local');
    expect(kind('http://demo.local.localhost:7700/')).toBe('local');
  });

  it('lets tunnel sockets, files and avatars through', () => {
    expect(kind('ws://127.0.0.1:7700/tunnel/ws/tunnel_1')).toBe('local');
    expect(kind('http://127.0.0.1:7700/files/demo/local/x.png')).toBe('local');
    expect(kind('http://192.168.1.5:7700/avatars/alice.svg')).toBe('local');
    expect(kind('http://127.0.0.1:7700/@demo/local/x')).toBe('local');
  });

  it('refuses the console and other apps under every name of this machine', () => {
    for (const url of [
      'http://127.0.0.1:7700/',
      'http://127.0.0.1:7700/api/v1/status',
      'http://localhost:7700/',
      'http://localhost.:7700/',
      'http://[::1]:7700/',
      'http://[::ffff:127.0.0.1]:7700/',
      'http://0.0.0.0:7700/',
      'http://0x7f.1:7700/',
      'http://2130706433:7700/',
      'http://127.9.9.9:7700/',
      'http://192.168.1.5:7700/',
      'http://127.0.0.1:7700/tunnel/ws/push/../../get/wsurl',
      'http://127.0.0.1:7700/files/../api/v1/status',
      'http://127.0.0.1:7700/@other/local/',
      'http://other.local.localhost:7700/',
    ])
      expect([url, kind(url)]).toEqual([url, 'refuse']);
  });

  it('leaves the rest to the domain list', () => {
    expect(kind('https://www.example.org/')).toBe('public');
    expect(kind('http://127.0.0.1:5757/')).toBe('public');
  });
});

describe('a project', () => {
  const read = (files: Record<string, string | object>): ReturnType<typeof readProject> =>
    readProject(writeProject(folder.path, files));

  it('is named after its projectname, as a DNS label', () => {
    expect(read({ 'project.config.json': { projectname: 'My%20Shop_2', appid: 'wx1' } })).toMatchObject({
      app: 'my-shop-2',
      appid: 'wx1',
    });
    expect(read({ 'project.config.json': { projectname: '聊天室' } }).app).toMatch(/^sparrow-test-/);
    expect(read({ 'project.config.json': {} }).appid).toBe('touristappid');
  });

  it('may have no backend folder although WeChat’s IDE wrote one down', () => {
    expect(read({ 'project.config.json': { qcloudRoot: 'server/' } }).backendDir).toBeUndefined();
    expect(() => read({ 'sparrow.json': { backend: { dir: 'nowhere' } } })).toThrow(
      expect.objectContaining({ code: 'PROJECT_INVALID' }),
    );
  });

  it('stays inside its folder', () => {
    for (const dir of ['../other', '/etc', 'a/../../b'])
      expect(() => read({ 'project.config.json': {}, 'sparrow.json': { backend: { dir } } })).toThrow(
        expect.objectContaining({ code: 'PATH_OUTSIDE_PROJECT' }),
      );
  });

  it.each<[string, Record<string, string | object>, RegExp]>([
    ['no mini program', { 'readme.txt': '' }, /neither project.config.json nor app.json/],
    ['no JSON', { 'project.config.json': '{\n"a": }' }, /not JSON at line 2, column 6/],
    ['an array', { 'project.config.json': '[]' }, /no JSON object/],
    ['an unknown field', { 'project.config.json': {}, 'sparrow.json': { backnd: {} } }, /backnd/],
    [
      'a wrong type',
      { 'project.config.json': {}, 'sparrow.json': { backend: { command: 'node x' } } },
      /backend\.command/,
    ],
  ])('is refused with the place when it is %s', (_name, files, message) => {
    expect(() => read(files)).toThrow(
      expect.objectContaining({ code: 'PROJECT_INVALID', message: expect.stringMatching(message) }),
    );
  });
});

describe('the packages of a project', () => {
  it('are linked when a folder above has the very version, and nothing is installed', async () => {
    const dir = join(folder.path, 'examples/one');
    writeProject(folder.path, {
      'node_modules/left/package.json': { name: 'left', version: '1.2.3', main: 'index.js' },
      'node_modules/left/index.js': 'module.exports = 1;',
      'lib/right/package.json': { name: 'right', version: '0.0.1' },
      'examples/one/project.config.json': {},
      'examples/one/package.json': { dependencies: { left: '1.2.3', right: 'file:../../lib/right' } },
    });
    await start(dir);
    expect(readFileSync(join(dir, 'node_modules/left/index.js'), 'utf8')).toContain('exports');
    expect(JSON.parse(readFileSync(join(dir, 'node_modules/right/package.json'), 'utf8')).version).toBe('0.0.1');
  });

  it('that cannot be had are named, the others are installed, and the program runs', async () => {
    writeProject(folder.path, {
      'project.config.json': { miniprogramRoot: 'client' },
      'client/package.json': {
        dependencies: { gone: 'file:./vendor/gone.tgz', kept: 'file:../lib/kept.tgz' },
        devDependencies: { tool: 'file:./vendor/no-such-tool.tgz' },
      },
      'lib/package/package.json': { name: 'kept', version: '1.0.0' },
      'lib/package/index.js': 'module.exports = 1;',
    });
    execFileSync('tar', ['czf', 'kept.tgz', 'package'], { cwd: join(folder.path, 'lib') });
    const dev = await start(folder.path);
    expect(dev.notices.map(String)).toEqual([
      expect.stringMatching(/^gone@file:\.\/vendor\/gone\.tgz cannot be had: `npm install`.*Fix: /s),
    ]);
    expect(readFileSync(join(folder.path, 'client/node_modules/kept/index.js'), 'utf8')).toContain('exports');
    expect(readdirSync(join(folder.path, 'client/node_modules')).filter((name) => name.startsWith('.sparrow'))).toEqual(
      [],
    );
  });

  it('leave out what serves development only', async () => {
    writeProject(folder.path, {
      'project.config.json': {},
      'package.json': {
        dependencies: { kept: 'file:./kept.tgz' },
        devDependencies: { tool: 'file:./no-such-tool.tgz', other: 'file:./kept.tgz' },
      },
      'package/package.json': { name: 'kept', version: '1.0.0' },
    });
    execFileSync('tar', ['czf', 'kept.tgz', 'package'], { cwd: folder.path });
    const dev = await start(folder.path);
    expect(dev.notices).toEqual([]);
    const names = readdirSync(join(folder.path, 'node_modules')).filter((name) => !name.startsWith('.'));
    expect(names).toEqual(['kept']);
  });

  it('are not installed when the developer has built them', async () => {
    writeProject(folder.path, {
      'project.config.json': { miniprogramRoot: 'client' },
      'package.json': { dependencies: { shown: 'file:./no-such.tgz', unused: 'file:./no-such.tgz' } },
      'client/miniprogram_npm/shown/index.js': 'module.exports = 1;',
    });
    const dev = await start(folder.path);
    expect(dev.notices).toEqual([]);
    expect(existsSync(join(folder.path, 'node_modules'))).toBe(false);
  });

  it('of the backend are installed all the same', async () => {
    writeProject(folder.path, {
      'project.config.json': { qcloudRoot: 'server' },
      'server/index.mjs': backendSource(),
      'package.json': { dependencies: { shown: 'file:./no-such.tgz', wanted: 'file:./wanted' } },
      'miniprogram_npm/shown/index.js': 'module.exports = 1;',
      'wanted/package.json': { name: 'wanted', version: '1.0.0' },
    });
    await start(folder.path);
    expect(readdirSync(join(folder.path, 'node_modules'))).toEqual(['wanted']);
  });
});
