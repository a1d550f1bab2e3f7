import { join } from 'node:path';
import { createDevServer, type DevServer } from '@sparrow/cloud';
import { createCompiler } from '@sparrow/compiler';
import type { RuntimeMode } from '@sparrow/protocol';
import { createSimulator, launchBrowser } from '@sparrow/simulator/server';
import type { Browser, Frame, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleCopy } from './example-copy.ts';

const root = join(import.meta.dirname, '..');
let browser: Browser;
const { dir, remove } = exampleCopy('chat-room');

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => {
  remove();
  await browser.close();
});

async function start(): Promise<DevServer> {
  const server = await createDevServer({
    dir,
    port: 0,
    consoleDir: join(root, 'apps/console/dist'),
    registerSimulator: createSimulator({ compiler: createCompiler({ dir }), watch: false }),
    watch: false,
  });
  await server.whenBackendReady(20_000);
  return server;
}

/** The console's two phones; at full zoom, because a scaled frame makes the driver miss what it clicks. */
async function openPhones(server: DevServer, mode: RuntimeMode): Promise<[Page, [Frame, Frame]]> {
  const page = await browser.newPage({ viewport: { width: 1600, height: 1100 } });
  page.setDefaultTimeout(10_000);
  await page.goto(server.consoleUrl);
  if (mode === 'single') {
    await page.locator('.ant-select', { has: page.getByRole('combobox', { name: /线程|hread/ }) }).click();
    await page.locator('.ant-select-item-option').nth(1).click();
  }
  const inMode = (frame: Frame): boolean => frame.url().includes('phone.html') && frame.url().includes(`mode=${mode}`);
  await expect.poll(() => page.frames().filter(inMode).length).toBe(2);
  return [page, page.frames().filter((frame) => frame.url().includes('phone.html')) as [Frame, Frame]];
}

async function view(phone: Frame): Promise<Frame> {
  const handle = await phone.evaluateHandle(() =>
    window.sparrow.phone?.viewFrame(window.sparrow.phone.pages().at(-1)?.id ?? 0),
  );
  const frame = await handle.asElement()?.contentFrame();
  if (!frame) throw new Error('the phone shows no page');
  return frame;
}

async function onPage(phone: Frame, path: string): Promise<Frame> {
  await phone.waitForFunction((wanted) => window.sparrow?.phone?.pages().at(-1)?.path === wanted, path, {
    timeout: 15_000,
  });
  return view(phone);
}

async function logIn(phone: Frame): Promise<void> {
  const login = await onPage(phone, 'pages/login/login');
  await login.locator('wx-button').click();
  await onPage(phone, 'pages/rooms/rooms');
}

async function enterLobby(phone: Frame): Promise<Frame> {
  const rooms = await onPage(phone, 'pages/rooms/rooms');
  await rooms.getByText('麻雀大厅').click();
  return onPage(phone, 'pages/chat/chat');
}

async function say(chat: Frame, text: string): Promise<void> {
  await chat.locator('wx-input input, wx-textarea textarea').first().fill(text);
  await chat.locator('wx-button', { hasText: '发送' }).click();
}

describe('the chat room, with the console and two phones', () => {
  const modes: RuntimeMode[] = ['dual', 'single'];
  it.each(modes)('two users log in, see each other and chat; the history survives a restart [%s]', async (mode) => {
    // The history of the other mode is there, too.
    const [tweet, chirp] = [`叽叽 ${mode}`, `喳喳 ${mode}`];
    const server = await start();
    const [page, [one, two]] = await openPhones(server, mode);
    await logIn(one);
    await logIn(two);
    const chatOne = await enterLobby(one);
    const chatTwo = await enterLobby(two);
    await chatOne.getByText('2 人在线').waitFor();
    await say(chatOne, tweet);
    await chatTwo.getByText(tweet, { exact: true }).waitFor();
    await say(chatTwo, chirp);
    await chatOne.getByText(chirp, { exact: true }).waitFor();
    for (const phone of [one, two]) expect(await phone.evaluate(() => window.sparrow.problems)).toEqual([]);
    await page.close();
    await server.close();

    const again = await start();
    const [laterPage, [later]] = await openPhones(again, mode);
    await logIn(later);
    const chat = await enterLobby(later);
    await chat.getByText(tweet, { exact: true }).waitFor();
    await chat.getByText(chirp, { exact: true }).waitFor();
    await laterPage.close();
    await again.close();
  });
});
