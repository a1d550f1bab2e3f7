import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCompiler } from '@sparrow/compiler';
import type { AddressBook, DevEvent, RuntimeMode, WeChatUsers } from '@sparrow/protocol';
import { createSimulator, launchBrowser } from '@sparrow/simulator/server';
import { writeTree } from '@sparrow/testkit';
import fastify from 'fastify';
import type { Browser, BrowserContext, Frame, Page } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';

/** Every runtime test runs in both modes with the same expectations. */
export function inBothModes(name: string, define: (mode: RuntimeMode) => void): void {
  for (const mode of ['dual', 'single'] as const) describe(`${name} [${mode}]`, () => define(mode));
}

let browser: Browser | undefined;

/** One browser for a test file. @param args more flags of Chromium */
export function useBrowser(args: string[] = []): void {
  beforeAll(async () => {
    browser = await launchBrowser({ args });
  });
  afterAll(async () => {
    await browser?.close();
    browser = undefined;
  });
}

/** A mini program running on a phone in a real browser. */
export interface TestApp {
  page: Page;
  dir: string;
  /** Address of the server. */
  url: string;
  /** The view of the page on top of the stack. */
  view(): Promise<View>;
  /**
   * Runs a function in the logic layer. It gets `{ wx, getApp, getCurrentPages, pages, require }` and the arguments.
   */
  service<T>(run: (env: ServiceEnv, ...args: never[]) => T | Promise<T>, ...args: unknown[]): Promise<T>;
  problems(): Promise<{ kind: string; code: string; message: string }[]>;
  logs(): Promise<{ level: string; text: string; stack?: string }[]>;
  paths(): Promise<string[]>;
  /** Waits until the page with this path is on top and ready. */
  ready(path: string): Promise<void>;
  write(files: Record<string, string | object>): Promise<void>;
  close(): Promise<void>;
}

export interface ServiceEnv {
  // biome-ignore lint/suspicious/noExplicitAny: the wx object of a test program is what the test knows it to be
  wx: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  getApp(): any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  getCurrentPages(): any[];
  /** Runs a module of the program by its path with suffix. */
  require(path: string): unknown;
}

/** A page's view; selectors are CSS on the real DOM (`wx-view`, `.class`, `#id`). */
export interface View {
  frame: Frame;
  text(selector?: string): Promise<string>;
  count(selector: string): Promise<number>;
  tap(selector: string): Promise<void>;
  waitText(selector: string, text: string): Promise<void>;
  eval<T>(selector: string, run: (element: HTMLElement) => T): Promise<T>;
}

export interface AppOptions {
  mode: RuntimeMode;
  /** Files of the mini program. `app.json` gets `pages` from `pages/**` when it is absent. */
  files: Record<string, string | object>;
  users?: WeChatUsers;
  addresses?: AddressBook;
  domains?: string[];
  /** Parameters of the phone's address: device, theme, page … */
  phone?: Record<string, string>;
  watch?: boolean;
}

const nobody: WeChatUsers = {
  issueCode: async (user) => `code-${user}`,
  checkSession: async () => true,
  userInfo: async () => {
    throw new Error('this test has no users');
  },
};
const openBook: AddressBook = { resolve: () => ({ kind: 'public' }) };

/** Starts a mini program made of these files and waits for its first page. */
export async function startApp(options: AppOptions): Promise<TestApp> {
  if (!browser) throw new Error('call useBrowser() in this test file');
  const dir = await mkdtemp(join(tmpdir(), 'sparrow-test-'));
  const files = { ...options.files };
  files['app.json'] ??= {
    pages: Object.keys(files)
      .filter((path) => /^pages\/.*\.wxml$/.test(path))
      .map((path) => path.replace(/\.wxml$/, '')),
  };
  files['project.config.json'] ??= { appid: 'wxtest', projectname: 'test' };
  await writeTree(dir, files);

  const listeners = new Set<(event: DevEvent) => void>();
  const app = fastify();
  const upgrades: [string, (...args: never[]) => void][] = [];
  const compiler = createCompiler({ dir });
  const simulator = await createSimulator({ compiler, watch: options.watch ?? false })(app, {
    stateDir: join(dir, '.sparrow'),
    users: options.users ?? nobody,
    addresses: options.addresses ?? openBook,
    events: {
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      emit: (event) => listeners.forEach((listener) => listener(event)),
      log: () => {},
      backend: () => ({ state: 'none', restarts: 0 }),
    },
    url: 'http://127.0.0.1',
    domains: options.domains,
    onUpgrade: (prefix, handler) => upgrades.push([prefix, handler as never]),
  });
  app.server.on('upgrade', (request, socket, head) => {
    const found = upgrades.find(([prefix]) => request.url?.startsWith(prefix));
    if (found) (found[1] as (...args: unknown[]) => void)(request, socket, head);
    else socket.destroy();
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const context: BrowserContext = await browser.newContext({ viewport: { width: 460, height: 900 } });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  if (process.env.SPARROW_TEST_CONSOLE) page.on('console', (message) => process.stderr.write(`${message.text()}\n`));
  const query = new URLSearchParams({
    token: simulator.token,
    mode: options.mode,
    user: 'tester',
    ahead: '0',
    ...options.phone,
  });
  await page.goto(`${url}/simulator/phone.html#${query}`);
  await page.evaluate(() => window.sparrow.ready);

  async function topFrame(): Promise<Frame> {
    const handle = await page.evaluateHandle(() => {
      const { phone, failure } = window.sparrow;
      if (!phone) throw new Error(failure ?? 'the phone has not started');
      return phone.viewFrame(phone.pages().at(-1)?.id ?? 0);
    });
    const frame = await handle.asElement()?.contentFrame();
    if (!frame) throw new Error('the page has no frame');
    return frame;
  }

  const test: TestApp = {
    page,
    dir,
    url,
    async view() {
      const frame = await topFrame();
      const id = await page.evaluate(() => window.sparrow.phone?.pages().at(-1)?.id ?? 0);
      // In single mode the pages share a frame; playwright's selectors see through their shadow roots.
      const scope = options.mode === 'single' ? `sparrow-page[data-page="${id}"] ` : '';
      const at = (selector: string) => frame.locator(scope + selector);
      return {
        frame,
        text: (selector = 'wx-page') => at(selector).first().innerText(),
        count: (selector) => at(selector).count(),
        async tap(selector) {
          const target = at(selector).first();
          // Found, at rest and not covered; then real input. A click of the driver waits for an answer of the frame,
          // which a tap that closes the page takes with it.
          await target.click({ trial: true });
          const box = await target.boundingBox();
          if (!box) throw new Error(`${selector} is not shown`);
          await press(page, frame, box.x + box.width / 2, box.y + box.height / 2);
        },
        async waitText(selector, text) {
          await at(selector).filter({ hasText: text }).first().waitFor({ timeout: 30_000 });
        },
        eval: (selector, run) =>
          at(selector)
            .first()
            .evaluate(run as never),
      };
    },
    service: (run, ...args) =>
      page.evaluate(
        ([source, values]) => {
          const { phone, failure } = window.sparrow;
          if (!phone) throw new Error(failure ?? 'the phone has not started');
          return phone.evaluate(source as string, values as unknown[]);
        },
        [run.toString(), args],
      ) as never,
    problems: () => page.evaluate(() => window.sparrow.problems),
    logs: () => page.evaluate(() => window.sparrow.logs) as never,
    paths: () => page.evaluate(() => window.sparrow.phone?.pages().map((entry) => entry.path) ?? []),
    async ready(path) {
      await page.waitForFunction(
        (wanted) => {
          const { phone, readyPages, failure } = window.sparrow;
          if (failure) throw new Error(failure);
          const top = phone?.pages().at(-1);
          // A page that still slides in would not be where the driver clicks.
          const moves = document
            .getAnimations()
            .some((animation) =>
              ((animation.effect as KeyframeEffect | null)?.target as Element | null)?.classList.contains('page'),
            );
          return !moves && top?.path === wanted && readyPages.some((entry) => entry.pageId === top.id);
        },
        path,
        { timeout: 15_000 },
      );
    },
    write: (changed) => writeTree(dir, changed),
    async close() {
      await context.close();
      await simulator.close();
      await app.close();
      await rm(dir, { recursive: true, force: true });
      if (errors.length > 0) throw new Error(`the host page reported errors:\n${errors.join('\n')}`);
    },
  };
  const first = await page.evaluate(() => window.sparrow.phone?.pages().at(-1)?.path);
  try {
    if (first) await test.ready(first);
  } catch (error) {
    const seen = await page.evaluate(() => ({ ...window.sparrow, phone: undefined, ready: undefined }));
    await test.close().catch(() => {});
    throw new Error(`the first page did not get ready: ${JSON.stringify(seen, null, 1)}\n${errors.join('\n')}`, {
      cause: error,
    });
  }
  return test;
}

/** A click of real input; one that does not reach the frame says so, instead of a wait for its effect. */
async function press(page: Page, frame: Frame, x: number, y: number): Promise<void> {
  await frame.evaluate(() => {
    document.documentElement.dataset.pressed = '0';
    const onPress = (): string => (document.documentElement.dataset.pressed = '1');
    window.addEventListener('mousedown', onPress, { capture: true, once: true });
  });
  await page.mouse.click(x, y);
  // A tap may close its own frame.
  const arrived = await frame.evaluate(() => document.documentElement.dataset.pressed === '1').catch(() => true);
  if (!arrived) throw new Error(`the click at ${x}, ${y} did not reach the frame`);
}
