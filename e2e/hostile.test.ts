import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDevServer, type DevServer } from '@sparrow/cloud';
import { createCompiler } from '@sparrow/compiler';
import { createSimulator, launchBrowser } from '@sparrow/simulator/server';
import { writeTree } from '@sparrow/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/**
 * A program that has taken the port to native and sends what it likes. Nothing that the logic layer checks holds for
 * it, so what is asserted here is what the host does by itself.
 */
let browser: Browser;
let dir: string;
let server: DevServer;
let outside: Server;
let token = '';
const visits: string[] = [];

const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

beforeAll(async () => {
  browser = await launchBrowser();
  outside = createServer((request, response) => {
    visits.push(request.url ?? '');
    response.writeHead(200, { 'content-type': 'image/png' }).end(PIXEL);
  });
  await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
  dir = await mkdtemp(join(tmpdir(), 'sparrow-hostile-'));
  await writeTree(dir, {
    'project.config.json': { appid: 'wxforged', projectname: 'forged' },
    'app.json': { pages: ['pages/a/a'], subPackages: [{ root: 'sub', pages: ['b'] }] },
    'app.js': 'App({})',
    'pages/a/a.wxml': '<view>a</view>',
    'pages/a/a.js': 'Page({})',
    'sub/b.wxml': '<view>b</view>',
    'sub/b.js': 'Page({})',
    'data/words.txt': 'words of the package',
  });
  await start(undefined);
});
afterAll(async () => {
  await server.close();
  await browser.close();
  outside.close();
  await rm(dir, { recursive: true, force: true });
});

async function start(domains: string[] | undefined): Promise<void> {
  await server?.close();
  await writeTree(dir, { 'sparrow.json': domains ? { domains } : {} });
  const register = createSimulator({ compiler: createCompiler({ dir }), watch: false });
  server = await createDevServer({
    dir,
    port: 0,
    watch: false,
    consoleDir: join(import.meta.dirname, '../apps/console/dist'),
    registerSimulator: async (app, deps) => {
      const simulator = await register(app, deps);
      token = simulator.token;
      return simulator;
    },
  });
}

const far = (): string => `http://127.0.0.1:${(outside.address() as AddressInfo).port}`;

async function openPhone(user = 'victim'): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(`${server.url}/simulator/phone.html#${new URLSearchParams({ token, user, ahead: '0' })}`);
  await page.waitForFunction(() => window.sparrow?.settled('pages/a/a'));
  // Every message to native goes through the port's post: the first one shows the port.
  await inLogic(
    page,
    `({ wx }) => new Promise((resolve) => {
      const realm = Function('return this')();
      const { prototype } = realm.MessagePort;
      const post = prototype.postMessage;
      prototype.postMessage = function (...args) {
        if (Array.isArray(args[0]) && args[0][0] === 'I') realm.stolen = this;
        return post.apply(this, args);
      };
      let id = 5e6;
      realm.forge = (name, params) => new Promise((done) => {
        const mine = ++id;
        const listen = ({ data }) => {
          if (data[1] !== 'reply' || data[2] !== mine) return;
          realm.stolen.removeEventListener('message', listen);
          done(data[4] ? 'refused: ' + data[4].message : data[3]);
        };
        realm.stolen.addEventListener('message', listen);
        post.call(realm.stolen, ['I', name, mine, params]);
      });
      realm.flood = (name, params, count) => { for (let i = 0; i < count; i++) post.call(realm.stolen, ['I', name, ++id, params]); };
      wx.getNetworkType({ complete: () => resolve(true) });
    })`,
  );
  return page;
}

function inLogic(page: Page, source: string, ...args: unknown[]): Promise<unknown> {
  return page.evaluate(
    ([code, values]) => window.sparrow.phone?.evaluate(code as string, values as unknown[]),
    [source, args],
  );
}

/** Sends a call past the logic layer; bytes come back as text. */
function forge(page: Page, name: string, params: unknown): Promise<unknown> {
  return inLogic(
    page,
    `async (_env, name, params) => {
      const answer = await Function('return this')().forge(name, params);
      return answer?.data instanceof ArrayBuffer ? 'bytes: ' + new TextDecoder().decode(answer.data) : answer;
    }`,
    name,
    params,
  );
}

const refused = expect.stringMatching(/^refused: /);

describe('files that a program names', () => {
  it('are of the package, the user folder or temporary, and nothing else is fetched', {
    timeout: 240_000,
  }, async () => {
    const page = await openPhone();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    visits.length = 0;
    const { port } = server;
    const names = [
      `${server.url}/%61pi/v1/simulator`,
      `${server.url}/api/v1/status`,
      `${server.url}/simulator/phone.html`,
      `${server.url}/@forged/local/env`,
      `HTTP://127.0.0.1:${port}/simulator/phone.html`,
      ` ${server.url}/simulator/phone.html`,
      `\t${server.url}/simulator/phone.html`,
      `http:/127.0.0.1:${port}/simulator/phone.html`,
      `http:127.0.0.1:${port}/x`,
      `//127.0.0.1:${port}/simulator/phone.html`,
      `\\\\127.0.0.1:${port}\\simulator\\phone.html`,
      `/\\127.0.0.1:${port}/simulator/phone.html`,
      '../../../../%61pi/v1/status',
      '../../../simulator/phone.html',
      '..\\..\\..\\simulator\\phone.html',
      '%2e%2e/%2e%2e/%2e%2e/simulator/phone.html',
      '..%2f..%2f..%2fsimulator/phone.html',
      'x/..%5c..%5c..%5c..%5csimulator/phone.html',
      'data/../../manifest.json',
      'http://usr/../../tmp/x',
      'http://usr/../../../phone.html',
      'http://usr/..%2f..%2f..%2fphone.html',
      'http://tmp/../../phone.html',
      'http://tmp/..\\..\\phone.html',
      'http://tmp.127.0.0.1:1/x',
      'wxfile://../../phone.html',
      'wxfile://usr/../../../phone.html',
      'wxfile://tmp/..%2f..%2fphone.html',
      'file:///etc/passwd',
      'blob:http://127.0.0.1/x',
      'data:text/plain,hello',
      'javascript:1',
      'ftp://127.0.0.1/x',
      `${far()}/leak?x`,
      'https://example.com/leak',
      '',
      '/',
      '.',
    ];
    for (const name of names) {
      for (const [call, params] of [
        ['readFile', { path: name }],
        ['getImageInfo', { src: name }],
        ['saveImageToPhotosAlbum', { filePath: name }],
        ['uploadFile', { url: `${far()}/up`, filePath: name, name: 'f', header: {}, formData: {}, timeout: 1000 }],
      ] as const)
        expect([call, name, await forge(page, call, params)]).toEqual([call, name, refused]);
      await forge(page, 'previewImage', { current: name, urls: [name] });
      await page.locator('.preview-layer').click({ position: { x: 150, y: 200 } });
      await forge(page, 'showToast', { title: 'x', icon: 'none', image: name, duration: 10, mask: false });
    }
    for (const root of [
      '../../../%61pi/v1/simulator?',
      'x/../../../../simulator/package/1',
      '../..',
      'sub/',
      '/',
      'none',
      '__proto__',
    ])
      expect([root, await forge(page, 'loadSubpackage', { root })]).toEqual([root, refused]);
    // What was asked for all the same was the package, the two folders of files, the relay, and parts of the phone.
    const open =
      /^http:\/\/127\.0\.0\.1:\d+\/simulator\/(package\/[0-9a-f]+\/(files\/|\w+\.json)|files\/(tmp|usr)\/|relay\/|assets\/phone-\w+\.js$)/;
    const strange = asked.filter(
      (url) => !open.test(new URL(url).href) && !url.startsWith('blob:') && !url.startsWith('data:'),
    );
    expect(strange).toEqual([]);
    expect(asked.filter((url) => /\/api\/v1|%61pi/.test(url) && !url.includes('/files/api/v1/'))).toEqual([]);
    expect(visits).toEqual([]);
    await page.close();
  });

  it('are read where they may be, in every call', async () => {
    await start([`127.0.0.1:${(outside.address() as AddressInfo).port}`]);
    const page = await openPhone();
    for (const path of [
      'data/words.txt',
      '/data/words.txt',
      './data/words.txt',
      '../data/words.txt',
      'data/%77ords.txt',
      'x/../data/words.txt',
    ])
      expect([path, await forge(page, 'readFile', { path })]).toEqual([path, 'bytes: words of the package']);
    const answers = await inLogic(
      page,
      `async ({ wx }, far) => {
        const fs = wx.getFileSystemManager();
        fs.mkdirSync('http://usr/a b');
        fs.writeFileSync('http://usr/a b/ü%41.txt', 'mine');
        const call = (name, options) => new Promise((resolve) => wx[name] ? wx[name]({ ...options, success: resolve, fail: resolve }) : fs[name]({ ...options, success: resolve, fail: resolve }));
        const { tempFilePath } = await call('downloadFile', { url: far + '/pic.png' });
        return {
          copied: (await call('copyFile', { srcPath: '/data/words.txt', destPath: 'http://usr/copy.txt' })).errMsg,
          saved: (await call('saveFile', { tempFilePath })).errMsg,
          user: (await call('readFile', { filePath: 'http://usr/a b/ü%41.txt', encoding: 'utf8' })).data,
          info: await call('getImageInfo', { src: far + '/pic.png' }),
          temporary: (await call('getImageInfo', { src: tempFilePath })).width,
          upload: (await call('uploadFile', { url: far + '/up', filePath: 'http://usr/a b/ü%41.txt', name: 'f' })).statusCode,
        };
      }`,
      far(),
    );
    expect(answers).toMatchObject({
      copied: 'copyFile:ok',
      saved: 'saveFile:ok',
      user: 'mine',
      info: { errMsg: 'getImageInfo:ok', width: 1, height: 1, type: 'png' },
      temporary: 1,
      upload: 200,
    });
    // A picture of the network is fetched by the relay and shown.
    await inLogic(page, '({ wx }, url) => { wx.previewImage({ urls: [url] }) }', `${far()}/shown.png`);
    await page.waitForFunction(
      () => document.querySelector<HTMLImageElement>('.preview-layer img')?.naturalWidth === 1,
    );
    expect(visits).toContain('/shown.png');
    await page.close();
    await start(undefined);
  });
});

describe('a flood of calls', () => {
  it('of dialogs shows a few and refuses the rest', async () => {
    const page = await openPhone();
    const modal = {
      title: 'x',
      content: 'y'.repeat(20_000),
      showCancel: true,
      cancelText: 'no',
      cancelColor: '#000',
      confirmText: 'yes',
      confirmColor: '#000',
      editable: false,
      placeholderText: '',
    };
    await inLogic(page, `(_env, params) => Function('return this')().flood('showModal', params, 5000)`, modal);
    await inLogic(
      page,
      `() => Function('return this')().flood('showActionSheet', { itemList: Array(500).fill('x'.repeat(1e3)), itemColor: '#000' }, 500)`,
    );
    await inLogic(
      page,
      `() => Function('return this')().flood('previewImage', { current: '', urls: Array(50).fill('data/x.png') }, 1000)`,
    );
    await expect.poll(() => page.locator('.modal-layer, .sheet-layer, .preview-layer').count()).toBe(6);
    expect(await forge(page, 'showModal', modal)).toBe('refused: too many dialogs are open');
    expect((await page.locator('.modal-content').first().innerText()).length).toBeLessThan(10_000);
    // Each that is closed makes room for another.
    await page.locator('.modal-buttons button').last().click();
    await expect.poll(() => page.locator('.modal-layer').count()).toBe(5);
    // It is open when the page goes.
    forge(page, 'showModal', modal).catch(() => {});
    await expect.poll(() => page.locator('.modal-layer').count()).toBe(6);
    await page.close();
  });

  it('of toasts shows the last one', async () => {
    const page = await openPhone();
    await page.evaluate(() => {
      const counter = { added: 0 };
      (window as unknown as { counter: typeof counter }).counter = counter;
      new MutationObserver((records) => {
        for (const record of records)
          for (const node of record.addedNodes)
            if ((node as Element).classList?.contains('toast-layer')) counter.added++;
      }).observe(document.body, { childList: true, subtree: true });
    });
    await inLogic(
      page,
      `() => { const realm = Function('return this')();
        for (let i = 0; i < 3000; i++) realm.flood('showToast', { title: 'x'.repeat(1000) + i, icon: 'none', duration: 1e9, mask: true }, 1);
        realm.flood('showToast', { title: 'the last', icon: 'none', duration: 1e9, mask: true }, 1); }`,
    );
    await expect.poll(() => page.locator('.toast-text').innerText()).toBe('the last');
    expect(await page.evaluate(() => (window as unknown as { counter: { added: number } }).counter.added)).toBeLessThan(
      300,
    );
    await page.close();
  });

  it.each([
    ['getNetworkType', {}, 100_000],
    ['vibrate', { long: false }, 100_000],
    ['setNavigationBarTitle', { pageId: 1, title: 'x'.repeat(50_000) }, 2_000],
    ['reLaunch', { url: '/pages/a/a' }, 3_000],
    ['navigateTo', { url: '/pages/a/a' }, 3_000],
    ['log', { level: 'log', text: 'x'.repeat(200), pageId: 1 }, 50_000],
    ['problem', { kind: 'api', code: 'UNCAUGHT', message: 'x', pageId: 1 }, 20_000],
    ['report', { event: 'x', data: {} }, 20_000],
  ])('of %s leaves the phone alive and its lists bounded', async (name, params, count) => {
    const page = await openPhone();
    await inLogic(
      page,
      `(_env, name, params, count) => Function('return this')().flood(name, params, count)`,
      name,
      params,
      count,
    );
    await expect.poll(() => forge(page, 'getNetworkType', {})).toMatchObject({ networkType: expect.any(String) });
    const sizes = await page.evaluate(() => {
      const { logs, problems, reports, readyPages } = window.sparrow;
      return [logs, problems, reports, readyPages]
        .map((list) => list.length)
        .concat(document.querySelectorAll('iframe').length);
    });
    for (const size of sizes.slice(0, 4)) expect(size).toBeLessThanOrEqual(1_000);
    expect(sizes[4]).toBeLessThan(60);
    await page.close();
  });

  it('is none when a program stores a thousand values at once: all are kept', async () => {
    const page = await openPhone('writer');
    await inLogic(page, `({ wx }) => { for (let i = 0; i < 3000; i++) wx.setStorageSync('key' + i, { i }); }`);
    await expect.poll(() => stored(page, 'writer').then(({ keys }) => keys)).toBe(3000);
    await page.close();
  });
});

async function stored(page: Page, user: string): Promise<{ keys: number; characters: number }> {
  return page.evaluate(
    (name) =>
      new Promise((resolve) => {
        const opening = indexedDB.open(`sparrow/wxforged/${name}`);
        opening.onsuccess = () => {
          const store = opening.result.transaction('values').objectStore('values');
          const all = store.getAll();
          all.onsuccess = () => {
            opening.result.close();
            const characters = all.result.reduce((sum: number, { data }: { data: string }) => sum + data.length, 0);
            resolve({ keys: all.result.length, characters });
          };
        };
      }),
    user,
  );
}

describe('quotas', () => {
  it('of storage hold at the host', async () => {
    const page = await openPhone('hoarder');
    const value = (length: number): object => ({ type: 'String', data: 'x'.repeat(length) });
    expect(await forge(page, 'setStorage', { key: 'big', value: value(2 << 20) })).toBe(
      'refused: exceed max size of one key',
    );
    expect(await forge(page, 'setStorage', { key: 'k'.repeat(2 << 20), value: value(1) })).toBe(
      'refused: exceed max size of one key',
    );
    await inLogic(
      page,
      `(_env, value) => { for (let i = 0; i < 60; i++) Function('return this')().flood('setStorage', { key: 'z' + i, value }, 1); }`,
      value(1_000_000),
    );
    expect(await forge(page, 'setStorage', { key: 'more', value: value(1_000_000) })).toBe(
      'refused: exceed storage max size 10Mb',
    );
    expect((await stored(page, 'hoarder')).characters).toBeLessThanOrEqual(10 << 20);
    for (const wrong of [{ type: 5, data: 'x' }, { type: 'String', data: {} }, { data: 'x' }, {}])
      expect(await forge(page, 'setStorage', { key: 'w', value: wrong })).toEqual(refused);
    // Room that is given back can be used again, and a key of any name is only a key.
    expect(await forge(page, 'removeStorage', { key: 'z0' })).toEqual({});
    expect(await forge(page, 'setStorage', { key: '__proto__', value: value(900_000) })).toEqual({});
    expect(await forge(page, 'clearStorage', {})).toEqual({});
    expect(await forge(page, 'setStorage', { key: 'again', value: value(1_000_000) })).toEqual({});
    await page.close();
  });

  it('of user files hold at the host, whoever writes', { timeout: 240_000 }, async () => {
    const page = await openPhone('filer');
    for (const path of [
      '../escape',
      'http://usr/../../escape',
      'http://usr/x/../../../escape',
      'http://usr/..%2f..%2fescape/../..',
      'http://usr/',
      'http://usr',
      '',
      '/etc/x',
      'http://tmp/x',
      'data/words.txt',
      `http://usr/${'a'.repeat(300)}`,
      `http://usr/${'a/'.repeat(3000)}x`,
      'http://usr/a\0b',
      'http://usr/a\\..\\..\\b',
    ]) {
      expect([path, await forge(page, 'writeUserFile', { path, data: 'x' })]).toEqual([path, refused]);
      expect([path, await forge(page, 'removeUserFile', { path })]).toEqual([path, refused]);
    }
    // The user has 190 MB already; the folder is counted when the first of these calls comes.
    const own = join(dir, '.sparrow/user-files', createHash('sha256').update('filer').digest('hex').slice(0, 32));
    await writeFile(join(own, 'before'), '');
    await truncate(join(own, 'before'), 190 << 20);
    const write = async (name: string): Promise<string> => {
      const source = `async (_env, path) => Function('return this')().forge('writeUserFile', { path, data: new ArrayBuffer(4 << 20) })`;
      return typeof (await inLogic(page, source, `http://usr/${name}`)) === 'string' ? 'refused' : 'kept';
    };
    const answers: string[] = [];
    for (const name of ['a', 'b', 'c', 'a']) answers.push(await write(name));
    await forge(page, 'removeUserFile', { path: 'http://usr/b' });
    answers.push(await write('again'));
    expect(answers).toEqual(['kept', 'kept', 'refused', 'kept', 'kept']);
    expect((await readdir(own)).sort()).toEqual(['a', 'again', 'before']);
    await page.close();
  });
});
