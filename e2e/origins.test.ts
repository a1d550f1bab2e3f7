import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDevServer, type DevServer } from '@sparrow/cloud';
import { createCompiler } from '@sparrow/compiler';
import { createSimulator, launchBrowser } from '@sparrow/simulator/server';
import { writeTree } from '@sparrow/testkit';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** What a page of the app tries with the origin that it has. */
const PAGE = `<!doctype html><title>app</title><script>
(async () => {
  const found = {};
  const attempt = async (name, run) => { try { found[name] = 'GOT ' + JSON.stringify(await run()); } catch (error) { found[name] = 'refused'; } };
  await attempt('databases', async () => (await indexedDB.databases()).filter(({ name }) => name.startsWith('sparrow/')).map(({ name }) => name));
  await attempt('token', async () => sessionStorage.getItem('sparrow.token'));
  await attempt('cookie', async () => document.cookie);
  await attempt('phone', async () => (await fetch(new URL('/simulator/phone.html', phone))).status);
  await attempt('frame', () => new Promise((yes, no) => { const f = document.createElement('iframe'); f.src = new URL('/simulator/phone.html', phone); f.onload = () => { try { yes(f.contentDocument.title); } catch (e) { no(e); } }; f.onerror = no; document.body.append(f); setTimeout(no, 1500); }));
  document.title = JSON.stringify({ origin: self.origin, found });
})();
</script>`;

let browser: Browser;
let dir: string;
let server: DevServer;

beforeAll(async () => {
  browser = await launchBrowser();
  dir = await mkdtemp(join(tmpdir(), 'sparrow-origins-'));
  await writeTree(dir, {
    'project.config.json': { appid: 'wxorigins', projectname: 'origins', qcloudRoot: 'server' },
    'app.json': { pages: ['pages/a/a'] },
    'pages/a/a.wxml': '<view>a</view>',
    'pages/a/a.js': 'Page({})',
    'server/index.mjs': `import http from 'node:http';
      http.createServer((q, r) => {
        const phone = new URL(q.url, 'http://x').searchParams.get('phone');
        r.setHeader('content-type', 'text/html');
        r.end(\`<script>const phone = \${JSON.stringify(phone)}</script>\` + ${JSON.stringify(PAGE)});
      }).listen(process.env.PORT, '127.0.0.1');`,
  });
  const register = createSimulator({ compiler: createCompiler({ dir }), watch: false });
  server = await createDevServer({ dir, port: 0, watch: false, lan: true, registerSimulator: register });
  await server.whenBackendReady(60_000);
});
afterAll(async () => {
  await server.close();
  await browser.close();
  await rm(dir, { recursive: true, force: true });
});

describe('a page of the app beside a phone that has stored something', () => {
  it.each(['this machine', 'the LAN'])('reads nothing of it on %s, and has an origin of its own', async (where) => {
    const lan = where === 'the LAN';
    if (lan && !server.lanUrl) return console.info(`not run: ${server.notices.join(', ')}`);
    const context = await browser.newContext();
    const phone = await context.newPage();
    const address = lan ? (server.lanUrl as string) : server.url;
    const origin = new URL(address).origin;
    if (lan) await phone.goto(address);
    else {
      const { token } = (await (
        await fetch(`${server.url}/api/v1/simulator`, { headers: { authorization: `Bearer ${server.token}` } })
      ).json()) as { token: string };
      await phone.goto(`${server.url}/simulator/phone.html#${new URLSearchParams({ token, user: 'owner' })}`);
    }
    await phone.waitForFunction(() => window.sparrow?.settled('pages/a/a'), undefined, { timeout: 60_000 });
    await phone.evaluate(() =>
      window.sparrow.phone?.evaluate('({ wx }) => { wx.setStorageSync("private", "of the user") }', []),
    );
    await phone.waitForFunction(async () =>
      (await indexedDB.databases()).some(({ name }) => name?.startsWith('sparrow/')),
    );
    const page = await context.newPage();
    await page.goto(`${origin}/@origins/local/page?phone=${encodeURIComponent(origin)}`);
    await page.waitForFunction(() => document.title.startsWith('{'), undefined, { timeout: 30_000 });
    const seen = JSON.parse(await page.title()) as { origin: string; found: Record<string, string> };
    expect(seen.origin).not.toBe(origin);
    expect(seen.origin).toMatch(/^http:/);
    expect(seen.found).toEqual({
      databases: 'GOT []',
      token: 'GOT null',
      cookie: 'GOT ""',
      phone: 'refused',
      frame: 'refused',
    });
    // It works as a page of its own: what it stores stays its own.
    expect(await page.evaluate(() => ((localStorage.own = '1'), localStorage.length))).toBe(1);
    await context.close();
  });
});
