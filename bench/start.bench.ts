/**
 * From the command to the ready line, from the address to the first text, from a saved file to the new package: on the
 * chat room.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDevServer, ensureDependencies } from '@sparrow/cloud';
import { createCompiler } from '@sparrow/compiler';
import { startChild } from '@sparrow/core/process';
import { createSimulator, launchBrowser } from '@sparrow/simulator/server';
import type { BrowserContext, Page } from 'playwright-core';
import { type Row, row } from './row.ts';

const ROOT = join(import.meta.dirname, '..');
const READY_RUNS = 5;
const TEXT_RUNS = 7;
const REBUILD_RUNS = 9;
const LATE_MS = 20_000;

function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${LATE_MS} ms`)), LATE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Wall clock from the start of the process to its JSON, which it prints right after the panel. */
async function ready(dir: string): Promise<number> {
  const main = join(ROOT, 'packages/cli/bin/sparrow.mjs');
  const started = performance.now();
  const child = await startChild(
    process.execPath,
    [main, 'dev', dir, '--port', '0', '--no-lan', '--no-logs', '--json'],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  try {
    let text = '';
    await within(
      new Promise<void>((resolve, reject) => {
        child.process.stdout?.on('data', (chunk) => {
          text += chunk;
          if (text.includes('"readyMs"')) resolve();
        });
        child.ended.then(({ code }) => reject(new Error(`sparrow dev ended with ${code}`)));
      }),
      'sparrow dev',
    );
    return performance.now() - started;
  } finally {
    await child.stop(10_000);
  }
}

/** In every frame: tells the time of the first text of a page, and the text. */
const watchForText = `if (window !== top) {
  const look = () => {
    const text = document.querySelector('wx-page')?.innerText.trim();
    if (text) window.benchText(performance.timeOrigin + performance.now(), text);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}`;

/**
 * Opens the phone in the context; milliseconds from the navigation to the first text, on the clock of the phone's page.
 */
async function firstText(context: BrowserContext, address: string, expected: string): Promise<[number, Page]> {
  const page = await context.newPage();
  page.setDefaultTimeout(LATE_MS);
  let seen = (_at: number): void => {};
  await page.exposeBinding('benchText', (_source, at: number, text: string) => text.includes(expected) && seen(at));
  const text = new Promise<number>((resolve) => {
    seen = resolve;
  });
  await page.addInitScript(watchForText);
  await page.goto(address);
  const at = await within(text, `the text ${expected}`);
  return [at - (await page.evaluate(() => performance.timeOrigin)), page];
}

/**
 * The first text of the entry page for a user whom the phone knows, and of the login page to which the entry page sends
 * a new user on.
 */
async function firstTexts(dir: string): Promise<{ known: number[]; fresh: number[] }> {
  const compiler = createCompiler({ dir });
  const register = createSimulator({ compiler, watch: false });
  let token = '';
  const server = await createDevServer({
    dir,
    port: 0,
    watch: false,
    registerSimulator: async (app, deps) => {
      const simulator = await register(app, deps);
      token = simulator.token;
      return simulator;
    },
  });
  const times = { known: [] as number[], fresh: [] as number[] };
  try {
    await server.whenBackendReady(LATE_MS);
    const browser = await launchBrowser();
    const address = `${server.url}/simulator/phone.html#${new URLSearchParams({ token, mode: 'dual', user: 'bench' })}`;
    const viewport = { width: 393, height: 852 };
    try {
      const known = await browser.newContext({ viewport });
      const [, first] = await firstText(known, address, '微信一键登录');
      const login = await first.evaluateHandle(() =>
        window.sparrow.phone?.viewFrame(window.sparrow.phone.pages().at(-1)?.id ?? 0),
      );
      await (await login.asElement()?.contentFrame())?.locator('wx-button').click();
      await first.waitForFunction(() => window.sparrow.phone?.pages().at(-1)?.path === 'pages/rooms/rooms');
      await first.close();
      // The first round warms up.
      for (let round = 0; round <= TEXT_RUNS; round++) {
        const [ms, page] = await firstText(known, address, '房间');
        if (round > 0) times.known.push(ms);
        await page.close();
        const context = await browser.newContext({ viewport });
        const [freshMs] = await firstText(context, address, '微信一键登录');
        if (round > 0) times.fresh.push(freshMs);
        await context.close();
      }
    } finally {
      await browser.close();
    }
  } finally {
    await server.close();
  }
  return times;
}

async function rebuilds(dir: string): Promise<number[]> {
  const compiler = createCompiler({ dir });
  const file = join(dir, 'client/pages/login/login.wxml');
  const times: number[] = [];
  try {
    await compiler.build();
    let onUpdate = (): void => {};
    await compiler.watch(() => onUpdate());
    await new Promise((resolve) => setTimeout(resolve, 500));
    const source = await readFile(file, 'utf8');
    // The first round warms up.
    for (let round = 0; round <= REBUILD_RUNS; round++) {
      const updated = new Promise<void>((resolve) => {
        onUpdate = resolve;
      });
      const started = performance.now();
      await writeFile(file, `${source}<view>${round}</view>\n`);
      await within(updated, 'the rebuild');
      if (round > 0) times.push(performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  } finally {
    await compiler.close();
  }
  return times;
}

export async function run(): Promise<Row[]> {
  // Beside the original, so that what it links to (sdk, packages) is found from here, too.
  const dir = await mkdtemp(join(ROOT, 'examples', '.bench-'));
  try {
    await cp(join(ROOT, 'examples/chat-room'), dir, {
      recursive: true,
      filter: (path) => !path.includes('/.sparrow') && !path.includes('/node_modules'),
    });
    await ensureDependencies(dir);
    const readies: number[] = [];
    for (let run = 0; run <= READY_RUNS; run++) {
      const ms = await ready(dir);
      // The first run makes the state folder.
      if (run > 0) readies.push(ms);
    }
    const texts = await firstTexts(dir);
    const builds = await rebuilds(dir);
    return [
      row('sparrow dev, warm, to the ready line', 'ms', readies, [], { op: '<=', value: 3000, of: 'ours' }),
      row('entry page to first text', 'ms', texts.known, [], { op: '<=', value: 400, of: 'ours' }),
      row('entry page, which sends a new user on, to first text of the login', 'ms', texts.fresh, []),
      row('rebuild after one changed file', 'ms', builds, [], { op: '<=', value: 150, of: 'ours' }),
    ];
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The programs that this bench drives (scripts/debian.mjs). */
export const programs = ['chromium'];
