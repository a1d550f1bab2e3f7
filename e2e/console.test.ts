import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDevServer, type DevServer } from '@sparrow/cloud';
import { createCompiler } from '@sparrow/compiler';
import { createSimulator, launchBrowser } from '@sparrow/simulator/server';
import type { Browser, Frame, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { exampleCopy } from './example-copy.ts';

const root = join(import.meta.dirname, '..');
const PATIENT_MS = 30_000;
let browser: Browser;
const { dir, remove } = exampleCopy('chat-room');
const open: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
});
afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part.close();
});
afterAll(async () => {
  remove();
  await browser.close();
});

async function start(port = 0, folder = dir): Promise<DevServer> {
  const server = await createDevServer({
    dir: folder,
    port,
    consoleDir: join(root, 'apps/console/dist'),
    registerSimulator: createSimulator({ compiler: createCompiler({ dir: folder }), watch: false }),
    watch: false,
    command: 'npm run -s sparrow --',
  });
  open.push(server);
  await server.whenBackendReady(20_000);
  return server;
}

async function openConsole(
  server: DevServer,
  viewport = { width: 1440, height: 900 },
  locale = 'zh-CN',
): Promise<Page> {
  const page = await browser.newPage({ viewport, locale });
  open.push(page);
  page.setDefaultTimeout(PATIENT_MS);
  await page.goto(server.consoleUrl);
  await phones(page, 2);
  return page;
}

/** Frames of the phones, when their first page is shown. */
async function phones(page: Page, count: number): Promise<Frame[]> {
  const found = (): Frame[] => page.frames().filter((frame) => frame.url().includes('phone.html'));
  await expect.poll(() => found().length, { timeout: PATIENT_MS }).toBe(count);
  for (const frame of found())
    await frame.waitForFunction(() => window.sparrow?.readyPages.length > 0, undefined, { timeout: PATIENT_MS });
  return found();
}

const topPage = (phone: Frame): Promise<string | undefined> =>
  phone.evaluate(() => window.sparrow.phone?.pages().at(-1)?.path);

describe('the console', () => {
  it('says that its server is gone, and comes back with it', async () => {
    const server = await start();
    const page = await openConsole(server);
    await server.close();
    await page.getByText('无法连接 Sparrow').waitFor();
    await start(server.port);
    await page.getByText('无法连接 Sparrow').waitFor({ state: 'hidden' });
    await phones(page, 2);
  });

  it.each(['zh-CN', 'en-US'])('is usable in a window as narrow as a phone, in %s', async (locale) => {
    const viewport = { width: 390, height: 844 };
    const page = await openConsole(await start(), viewport, locale);
    const box = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((element) => element.getBoundingClientRect().toJSON() as DOMRect);
    // Nothing hangs over the edge, and nothing lies over anything else.
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(viewport.width);
    for (const button of await page.locator('.console > header button').all()) {
      const { left, right } = await button.evaluate((element) => element.getBoundingClientRect().toJSON() as DOMRect);
      expect([left >= 0, right <= viewport.width]).toEqual([true, true]);
    }
    const [header, bezel, panel] = [await box('.console > header'), await box('.bezel'), await box('.panel')];
    expect([bezel.left >= 0, bezel.right <= viewport.width]).toEqual([true, true]);
    expect([bezel.top >= header.bottom, bezel.bottom <= viewport.height]).toEqual([true, true]);
    expect([panel.top >= bezel.bottom, panel.width]).toEqual([true, viewport.width]);
    // Every tab is in sight, none behind "…" or pushed aside.
    await expect.poll(() => page.locator('.panel .ant-tabs-nav-more').isVisible()).toBe(false);
    for (const tab of await page.locator('.panel [role="tab"]').all()) {
      const { left, right } = await tab.evaluate((element) => element.getBoundingClientRect().toJSON() as DOMRect);
      expect([left >= 0, right <= viewport.width]).toEqual([true, true]);
    }
    await page.getByRole('tab', { name: /^(网络|Network)$/ }).click();
    await page.getByRole('button', { name: /^(记录|Records)$/ }).click();
    await page.locator('.ant-drawer .ant-tabs-tab').first().waitFor();
    const drawer = await page.locator('.ant-drawer-body').evaluate((body) => body.scrollWidth - body.clientWidth);
    expect(drawer).toBe(0);
  });

  it.each([
    { width: 1440, height: 900 },
    { width: 1024, height: 700 },
  ])('shows two whole phones at $width × $height, and brings an added one into sight', async (viewport) => {
    const page = await openConsole(await start(), viewport);
    const outside = (): Promise<boolean[]> =>
      page.evaluate(() => {
        const shelf = (document.querySelector('.shelf') as HTMLElement).getBoundingClientRect();
        return [...document.querySelectorAll('.bezel')].map((phone) => {
          const { left, right, top, bottom } = phone.getBoundingClientRect();
          // Scrolling goes by whole pixels.
          return (
            left >= shelf.left - 1 && right <= shelf.right + 1 && top >= shelf.top - 1 && bottom <= shelf.bottom + 1
          );
        });
      });
    expect(await outside()).toEqual([true, true]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(viewport.width);
    await page.getByRole('button', { name: '添加手机' }).click();
    await phones(page, 3);
    await expect.poll(async () => (await outside()).at(-1)).toBe(true);
    // The ring around it is two pixels wide.
    const room = await page.evaluate(() => {
      const edge = (selector: string): number =>
        [...document.querySelectorAll(selector)].at(-1)?.getBoundingClientRect().right ?? 0;
      return edge('.shelf') - edge('.bezel');
    });
    expect(room).toBeGreaterThan(2);
    // Whatever in the phone is scrolled into view, the phone stays in its frame.
    const moved = await page
      .locator('.bezel')
      .first()
      .evaluate((bezel) => {
        bezel.scrollTo(80, 80);
        return [bezel.scrollLeft, bezel.scrollTop];
      });
    expect(moved).toEqual([0, 0]);
  });

  it('shows the address behind the QR code and copies it', async () => {
    const server = await start();
    const page = await openConsole(server);
    await page.getByRole('button', { name: '二维码' }).click();
    if (server.lanUrl === undefined) await page.getByText('局域网未开放').waitFor();
    else {
      await page.getByText(server.lanUrl).waitFor();
      await page.getByRole('button', { name: /复制/ }).waitFor();
    }
  });

  it('explains an empty page of games and asks for one only once', async () => {
    const page = await openConsole(await start());
    let asked = 0;
    page.on('request', (request) => request.url().includes('/game/topology') && asked++);
    await page.getByRole('button', { name: /游\s?戏/ }).click();
    await page.getByText('当前项目没有游戏后端').waitFor();
    // Two rounds of what polled before.
    await page.waitForTimeout(2_500);
    const once = asked;
    await page.getByRole('button', { name: '重新检查' }).click();
    await expect.poll(() => asked).toBe(once + 1);
    expect(once).toBe(1);
  });

  it('explains an empty page of records, in the language of the user, and asks no more', async () => {
    const { dir: bare, remove } = exampleCopy();
    open.push({ close: async () => remove() });
    await writeFile(join(bare, 'app.json'), '{"pages":["index"]}');
    await writeFile(join(bare, 'index.wxml'), '<view>only a page</view>');
    await writeFile(join(bare, 'index.js'), 'Page({})');
    const page = await openConsole(await start(0, bare));
    const asked: string[] = [];
    page.on('request', (request) => request.url().includes('/store/') && asked.push(request.url()));
    await page.getByRole('button', { name: /记\s?录/ }).click();
    await page.getByText('当前项目没有数据表').waitFor();
    await page.waitForTimeout(2_500);
    expect(asked).toHaveLength(1);
  });
});

describe('what the server says no with', () => {
  it('is told in the language of the user, and commands as they are typed here', async () => {
    const page = await openConsole(await start());
    await page.getByRole('button', { name: /记\s?录/ }).click();
    await page.getByPlaceholder(/^select/).fill('select nonsense');
    await page.getByPlaceholder(/^select/).press('Enter');
    await page.getByText('此处应为 from，实际是 语句末尾').waitFor();
    await page.getByRole('tab', { name: '分片' }).click();
    await page.getByText('npm run -s sparrow -- store shards grow').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('button', { name: 'Records' }).click();
    await page.getByPlaceholder(/^select/).fill('select nonsense');
    await page.getByPlaceholder(/^select/).press('Enter');
    await page.getByText('QUERY_INVALID').waitFor();
    expect(await page.getByText('此处应为').count()).toBe(0);
  });
});

describe('a template that does not compile', () => {
  it('is told over the phone with the very character marked, and once in the log', async () => {
    const { dir: broken, remove } = exampleCopy();
    open.push({ close: async () => remove() });
    await writeFile(join(broken, 'app.json'), '{"pages":["index"]}');
    await writeFile(join(broken, 'index.wxml'), '<view>\n  <view>one</veiw>\n</view>\n');
    await writeFile(join(broken, 'index.js'), 'Page({})');
    const server = await start(0, broken);
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'zh-CN' });
    open.push(page);
    page.setDefaultTimeout(PATIENT_MS);
    await page.goto(server.consoleUrl);
    const phone = page.frameLocator('.bezel iframe').first();
    await phone.getByText('编译错误（1 个）').waitFor();
    expect(await phone.locator('.overlay mark').innerText()).toBe('<');
    expect(await phone.locator('.overlay pre').innerText()).toContain('<view>one</veiw>');
    const lines = page.locator('.line', { hasText: 'WXML_SYNTAX index.wxml:2' });
    await lines.first().waitFor();
    expect(await lines.count()).toBe(1);
  });
});

describe('a phone in the console', () => {
  it('turns with its pages, which hear of their new size', async () => {
    const page = await openConsole(await start());
    const [phone] = (await phones(page, 2)) as [Frame];
    await phone.evaluate(() => window.sparrow.phone?.navigate('pages/login/login?from=test'));
    const from = (): Promise<unknown> => phone.evaluate(() => window.sparrow.phone?.pages().at(-1)?.query.from);
    await expect.poll(from).toBe('test');
    const width = (): Promise<unknown> =>
      phone.evaluate(() =>
        window.sparrow.phone?.evaluate('(env) => env.wx.getWindowInfo().windowWidth', []).catch((e) => String(e)),
      );
    const device = (): Promise<string> =>
      phone.evaluate(() => (document.querySelector('.device') as HTMLElement).style.width);
    await phone.evaluate(() => {
      (document.body as HTMLElement).dataset.marked = 'yes';
    });
    await page.getByRole('button', { name: '旋转' }).click();
    await expect.poll(device).toBe('852px');
    expect(await width()).toBe(852);
    expect(await from()).toBe('test');
    await page.getByRole('button', { name: '旋转' }).click();
    await expect.poll(device).toBe('393px');
    // It is the same document, not another start of the phone.
    expect(await phone.evaluate(() => document.body.dataset.marked)).toBe('yes');
  });

  it('has a menu that tells about the program and restarts it, in the language of the user', async () => {
    const page = await openConsole(await start(), undefined, 'en-US');
    const [phone] = (await phones(page, 2)) as [Frame];
    const menu = phone.getByRole('button', { name: 'More' });
    await menu.dispatchEvent('click');
    await phone.getByRole('button', { name: 'About' }).dispatchEvent('click');
    await phone.getByText('User: 小麻雀').waitFor();
    await phone.getByRole('button', { name: 'Close' }).last().dispatchEvent('click');
    await phone.evaluate(() => window.sparrow.phone?.navigate('pages/rooms/rooms'));
    await menu.dispatchEvent('click');
    await phone.getByRole('button', { name: 'Restart the mini program' }).last().dispatchEvent('click');
    await expect.poll(() => topPage(phone)).toBe('pages/login/login');
  });

  it('shows the time as it goes on, and a launch screen until the first page is there', async () => {
    const server = await start();
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    open.push(page);
    page.setDefaultTimeout(PATIENT_MS);
    await page.clock.install({ time: new Date('2026-03-01T09:41:58') });
    let letGo = (): void => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    await page.route('**/simulator/view.html', async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(server.consoleUrl);
    await expect.poll(() => page.frames().filter((one) => one.url().includes('phone.html')).length).toBe(2);
    const phone = page.frames().find((one) => one.url().includes('phone.html')) as Frame;
    await phone.locator('.launch').waitFor();
    letGo();
    await phone.locator('.launch').waitFor({ state: 'detached' });
    await page.clock.fastForward(120_000);
    await expect.poll(() => phone.locator('.clock').textContent()).toMatch(/^9:4[3-9]$/);
  });

  it('shows requests with readable bodies and the messages of sockets', async () => {
    const page = await openConsole(await start(), { width: 1600, height: 1100 });
    const [phone] = (await phones(page, 2)) as [Frame];
    const handle = await phone.evaluateHandle(() =>
      window.sparrow.phone?.viewFrame(window.sparrow.phone.pages().at(-1)?.id ?? 0),
    );
    const view = await handle.asElement()?.contentFrame();
    await view?.locator('wx-button').click();
    await expect.poll(() => topPage(phone), { timeout: PATIENT_MS }).toBe('pages/rooms/rooms');
    await page.getByRole('tab', { name: '网络' }).click();
    await page.locator('.line-network button', { hasText: '/rooms' }).first().click();
    await expect
      .poll(() => page.locator('.detail pre').allTextContents())
      .toContainEqual(expect.stringMatching(/^[[{]\n {2}/));
    await page.locator('.line-network button', { hasText: 'WS' }).first().click();
    await page.locator('.frame-server').first().waitFor();

    // The watch over the logic layer asks every two seconds, and is no message of the program.
    await page.getByRole('tab', { name: '通信' }).click();
    const rows = page.getByRole('tabpanel').locator('.line-network button');
    await expect.poll(() => rows.count()).toBeGreaterThan(3);
    await page.waitForTimeout(2_500);
    await page.getByRole('button', { name: /清\s?空/ }).click();
    await page.waitForTimeout(4_500);
    expect(await rows.allTextContents()).not.toContainEqual(expect.stringMatching(/reply\[\d+,\{\}/));
    await phone.evaluate(() => window.sparrow.phone?.back());
    await phone.evaluate(() => window.sparrow.phone?.setTheme('dark'));
    await rows.first().click();
    await page.getByRole('tabpanel').locator('.detail').waitFor();
  });

  it('takes a flood of calls piece by piece: few lines at a time, each drawn once', async () => {
    const page = await openConsole(await start(), { width: 1440, height: 900 }, 'en-US');
    const [phone] = (await phones(page, 2)) as [Frame];
    await page.getByRole('tab', { name: 'Bridge' }).click();
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.evaluate(() => {
      const seen = { most: 0, added: 0, rewritten: 0 };
      Object.assign(window, { seen });
      const observer = new MutationObserver((records) => {
        const lines = records.flatMap(({ addedNodes }) => [...addedNodes]).filter((node) => node instanceof Element);
        const added = lines.filter((node) => (node as Element).classList.contains('line')).length;
        seen.most = Math.max(seen.most, added);
        seen.added += added;
        seen.rewritten += records.filter(({ type }) => type === 'characterData').length;
      });
      observer.observe(document.querySelector('.panel') as Element, {
        ...{ childList: true, characterData: true, subtree: true },
      });
    });
    await phone.evaluate(() =>
      window.sparrow.phone?.evaluate(
        '({ wx }) => { for (let i = 0; i < 10000; i++) wx.vibrateShort({ type: "light", fail() {} }) }',
        [],
      ),
    );
    const seen = () => page.evaluate(() => (window as unknown as { seen: Record<string, number> }).seen);
    await expect.poll(async () => (await seen()).added, { timeout: PATIENT_MS }).toBeGreaterThan(500);
    // Until nothing comes any more.
    let before = -1;
    await expect
      .poll(
        async () => {
          const { added = 0 } = await seen();
          const same = added === before;
          before = added;
          return same;
        },
        { timeout: PATIENT_MS, interval: 1_000 },
      )
      .toBe(true);
    const { most, rewritten } = await seen();
    expect(most).toBeLessThanOrEqual(100);
    expect(rewritten).toBe(0);
    expect(await page.locator('.tail:visible .line').count()).toBeLessThanOrEqual(1_000);
  });

  it('shows what passes between logic and view: setData, flushes, events, with direction, size, page and payload', async () => {
    const page = await openConsole(await start(), { width: 1600, height: 1100 }, 'en-US');
    const [phone] = (await phones(page, 2)) as [Frame];
    await page.getByRole('tab', { name: 'Bridge' }).click();
    await page.getByRole('button', { name: 'Clear' }).click();
    const handle = await phone.evaluateHandle(() =>
      window.sparrow.phone?.viewFrame(window.sparrow.phone.pages().at(-1)?.id ?? 0),
    );
    const view = await handle.asElement()?.contentFrame();
    await view?.locator('wx-button').click();
    await expect.poll(() => topPage(phone), { timeout: PATIENT_MS }).toBe('pages/rooms/rooms');
    // By its own name: the page beside it may be called the same.
    const row = (name: string) =>
      page
        .getByRole('tabpanel')
        .locator('.line-network')
        .filter({ has: page.locator('b', { hasText: new RegExp(`^${name}$`) }) })
        .first();
    for (const [name, direction] of [
      ['event tap', 'view → logic'],
      ['setData', 'logic → view'],
      ['flush', 'logic → view'],
      ['login', 'logic → phone'],
    ] as const) {
      await row(name).waitFor();
      expect(await row(name).locator('.ant-tag').nth(1).textContent()).toBe(direction);
      expect(await row(name).locator('.ms').last().textContent()).toMatch(/^\d/);
    }
    expect(await row('event tap').locator('.ms').first().textContent()).toBe('pages/login/login');
    await row('setData').locator('button').click();
    await expect
      .poll(() => row('setData').locator('pre').textContent())
      .toMatch(/"component": "pages\/[\s\S]*"data": \{/);
    const rows = await page.getByRole('tabpanel').locator('.line-network button').allTextContents();
    expect(rows.filter((text) => /evaluate|debugResult|trace/.test(text))).toEqual([]);
    if (process.env.SPARROW_PICTURES) await page.screenshot({ path: `${process.env.SPARROW_PICTURES}/bridge.png` });
  });
});

describe('a real phone', () => {
  it('is a user of its own, the same one after a reload', async () => {
    const server = await start();
    const fragment = await fetch(`${server.url}/api/v1/simulator`, {
      headers: { authorization: `Bearer ${server.token}` },
    }).then((answer) => answer.json() as Promise<{ token: string }>);
    const user = async (page: Page): Promise<string | null> => {
      await page.goto(`${server.url}/simulator/phone.html#token=${fragment.token}&full`);
      await page.waitForFunction(() => window.sparrow?.readyPages.length > 0, undefined, { timeout: PATIENT_MS });
      return page.evaluate(() => localStorage.getItem('sparrow.user'));
    };
    const [one, other] = await Promise.all([browser.newContext(), browser.newContext()]);
    open.push(one, other);
    const page = await one.newPage();
    const first = await user(page);
    expect(first).toMatch(/^手机\d{4}$/);
    await page.reload();
    expect(await user(page)).toBe(first);
    expect(await user(await other.newPage())).not.toBe(first);
  });
});
