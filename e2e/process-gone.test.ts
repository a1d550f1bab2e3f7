import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDevServer, type DevServer } from '@sparrow/cloud';
import { createCompiler } from '@sparrow/compiler';
import { createSimulator, launchBrowser } from '@sparrow/simulator/server';
import { writeTree } from '@sparrow/testkit';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openRawTab, type RawTab } from './raw-tab.ts';

const root = join(import.meta.dirname, '..');
const PATIENT = { timeout: 90_000, interval: 200 };
/** Takes memory until its process has none left. */
const BOMB = '() => { const all = []; for (;;) all.push(new Array(1e5).fill(Math.random())); }';
let browser: Browser;
let server: DevServer;
let dir: string;
let token = '';

beforeAll(async () => {
  // A small heap, so that the end comes soon and takes nothing from whoever else is on the machine.
  browser = await launchBrowser({ args: ['--js-flags=--max-old-space-size=96'] });
  dir = await mkdtemp(join(tmpdir(), 'sparrow-gone-'));
  await writeTree(dir, {
    'project.config.json': { appid: 'wxgone', projectname: 'gone' },
    'app.json': { pages: ['pages/a/a'] },
    'app.js': 'App({})',
    'pages/a/a.wxml': '<view>a</view>',
    'pages/a/a.js': 'Page({})',
  });
  const register = createSimulator({ compiler: createCompiler({ dir }), watch: false });
  server = await createDevServer({
    dir,
    port: 0,
    watch: false,
    consoleDir: join(root, 'apps/console/dist'),
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
  await rm(dir, { recursive: true, force: true });
});

/** The windows of the phones in a tab: those in the console's frames, or the tab itself. */
async function openPhones(url: string) {
  const tab: RawTab = await openRawTab(browser, url);
  onTestFinished(() => tab.close());
  const each = <T>(body: string): Promise<T[]> =>
    tab.evaluate(`(async () => {
      const frames = [...document.querySelectorAll('iframe')].filter((frame) => frame.src.includes('phone.html'));
      const phones = location.pathname.endsWith('phone.html') ? [window] : frames.map((frame) => frame.contentWindow);
      return Promise.all(phones.map(async (phone, index) => { ${body} }));
    })()`);
  const shown =
    'const layer = phone.document.querySelector(".overlay"); return layer && !layer.hidden ? layer.innerText : ""';
  /** Phones find out one by one, and each starts again soon: what they said is kept. */
  const watch = `phone.said = []; phone.setInterval(() => { const text = (() => { ${shown} })(); if (text && !phone.said.includes(text)) phone.said.push(text) }, 50)`;
  return {
    tab,
    overlays: () => each<string>(shown),
    watch: () => each(watch),
    said: () => each<string>('return phone.said.join("\\n")'),
    /** What the programs compute: they live. */
    answers: () =>
      each<number | null>(`try { return await phone.sparrow.phone.evaluate('() => 6 * 7', []) } catch { return null }`),
    ready: () => each<boolean>('return phone.sparrow?.phone !== undefined && phone.sparrow.readyPages.length > 0'),
    explode: (which: number) =>
      each(`if (index === ${which}) void phone.sparrow.phone.evaluate(${JSON.stringify(BOMB)}, []).catch(() => {})`),
    pressRestart: () => each('phone.document.querySelector(".overlay-restart").click()'),
    problems: () => each<string[]>('return phone.sparrow.problems.map(({ code }) => code)'),
  };
}

describe('a program that takes all memory', () => {
  it('is told of on every phone of the page, in Chinese; they start again once, and then wait for a press', async () => {
    const phones = await openPhones(server.consoleUrl);
    await phones.tab.evaluate(`localStorage.setItem('sparrow.language', 'zh'), location.reload()`);
    await expect.poll(() => phones.tab.evaluate('document.body.innerText'), PATIENT).toContain('添加手机');
    await expect.poll(phones.ready, PATIENT).toEqual([true, true]);
    await phones.watch();
    await phones.explode(0);
    const gone = expect.stringMatching(/小程序的进程已退出[\s\S]*PROCESS_GONE[\s\S]*即将自动重新进入小程序/);
    await expect.poll(phones.said, PATIENT).toEqual([gone, gone]);
    // They come back by themselves, whole.
    await expect.poll(phones.overlays, PATIENT).toEqual(['', '']);
    await expect.poll(phones.ready, PATIENT).toEqual([true, true]);
    expect(await phones.answers()).toEqual([42, 42]);
    await expect
      .poll(() => phones.tab.evaluate(`document.body.innerText.match(/PROCESS_GONE/g)?.length`), PATIENT)
      .toBe(2);

    await phones.explode(1);
    const again = expect.stringMatching(/小程序的进程已退出[\s\S]*一分钟内再次退出，不再自动重新进入/);
    await expect.poll(phones.overlays, PATIENT).toEqual([again, again]);
    expect(await phones.problems()).toEqual([['PROCESS_GONE'], ['PROCESS_GONE']]);
    await phones.pressRestart();
    await expect.poll(phones.ready, PATIENT).toEqual([true, true]);
    expect(await phones.answers()).toEqual([42, 42]);
  });

  it('is told of in English, in single mode too', async () => {
    const phones = await openPhones(`${server.url}/simulator/phone.html#token=${token}&mode=single&user=one&lang=en`);
    await expect.poll(phones.ready, PATIENT).toEqual([true]);
    await phones.watch();
    await phones.explode(0);
    const gone = expect.stringMatching(/has ended[\s\S]*PROCESS_GONE[\s\S]*starts again by itself/);
    await expect.poll(phones.said, PATIENT).toEqual([gone]);
    await expect.poll(phones.ready, PATIENT).toEqual([true]);
    expect(await phones.answers()).toEqual([42]);
  });
});
