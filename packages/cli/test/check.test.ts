import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { launchBrowser } from '@sparrow/simulator/server';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { REPOSITORY, type Run, run, start, temporaryFolder, write } from './harness.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeAll(() => {
  // The phone's parts are what the simulator serves; npm test builds them before.
  execFileSync(process.execPath, [join(REPOSITORY, 'scripts/build.mjs')], { stdio: 'ignore' });
});
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

interface Page {
  path: string;
  compiled: boolean;
  rendered: boolean;
  clean: boolean;
  text: string;
  errors: { kind: string; code: string; message: string; file?: string }[];
}

/** A mini program of pages with the template and, where it matters, the script and JSON given. */
function program(pages: Record<string, { wxml: string; js?: string; json?: object }>, app: object = {}): void {
  write(folder.path, {
    'project.config.json': { projectname: 'shop' },
    'app.json': { pages: Object.keys(pages), ...app },
    'app.js': 'App({})',
  });
  for (const [path, { wxml, js = 'Page({})', json = {} }] of Object.entries(pages))
    write(folder.path, { [`${path}.wxml`]: wxml, [`${path}.js`]: js, [`${path}.json`]: json });
}

async function check(...args: string[]): Promise<{ code: number; pages: Record<string, Page>; stderr: string }> {
  const { code, stdout, stderr } = await run(['check', folder.path, '--json', ...args]);
  const report = JSON.parse(stdout) as { pages: Page[] };
  return { code, stderr, pages: Object.fromEntries(report.pages.map((page) => [page.path, page])) };
}

const codes = (page: Page | undefined): string[] | undefined => page?.errors.map(({ code }) => code);

/** How much of a picture is nearly black. */
async function darkShare(file: string): Promise<number> {
  const browser = await launchBrowser();
  try {
    const tab = await browser.newPage();
    const url = `data:image/png;base64,${readFileSync(file).toString('base64')}`;
    return await tab.evaluate<number>(`(async () => {
      const image = new Image();
      image.src = ${JSON.stringify(url)};
      await image.decode();
      const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, image.width, image.height);
      let dark = 0;
      for (let at = 0; at < data.length; at += 4) if (data[at] + data[at + 1] + data[at + 2] < 150) dark++;
      return dark / (image.width * image.height);
    })()`);
  } finally {
    await browser.close();
  }
}

/** A picture of 1 × 1. */
const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

describe('sparrow check', () => {
  it('finds fault with the pages whose components are missing, and with no other', async () => {
    program(
      {
        own: { wxml: '<gone>a</gone>', json: { usingComponents: { gone: '/parts/gone' } } },
        inner: { wxml: '<part/>', json: { usingComponents: { part: '/part' } } },
        shared: { wxml: '<view>text</view><lost-one/>' },
        whole: { wxml: '<view>whole</view>' },
      },
      { usingComponents: { 'lost-one': 'lost-package/one' } },
    );
    write(folder.path, {
      'part.wxml': '<view>part</view>',
      'part.js': 'Component({})',
      'part.json': { component: true, usingComponents: { deep: './deep' } },
    });
    const { code, pages } = await check();
    expect(code).toBe(1);
    for (const path of ['own', 'inner', 'shared'])
      expect([path, pages[path]?.clean, codes(pages[path])]).toEqual([path, false, ['COMPONENT_MISSING']]);
    expect(pages.whole).toMatchObject({ clean: true, errors: [] });
  });

  it('installs before it compiles, and only the pages that need a package that cannot be had are not clean', async () => {
    const using = (path: string) => ({ usingComponents: { item: path } });
    program({
      here: { wxml: '<item/>', json: using('kept/item') },
      lost: { wxml: '<item/>', json: using('gone/item') },
      script: { wxml: '<view>a</view>', js: 'require("gone"); Page({})' },
      none: { wxml: '<view>none</view>' },
    });
    write(folder.path, {
      'package.json': { dependencies: { kept: 'file:./kept.tgz', gone: 'file:./gone.tgz' } },
      'package/package.json': { name: 'kept', version: '1.0.0', miniprogram: 'dist' },
      'package/dist/item.wxml': '<view>from the package</view>',
      'package/dist/item.js': 'Component({})',
      'package/dist/item.json': { component: true },
    });
    execFileSync('tar', ['czf', 'kept.tgz', 'package'], { cwd: folder.path });
    rmSync(join(folder.path, 'package'), { recursive: true });
    const { pages, stderr } = await check();
    expect(pages.here).toMatchObject({ clean: true, text: 'from the package' });
    expect(pages.none).toMatchObject({ clean: true, text: 'none' });
    expect(codes(pages.lost)).toEqual(['COMPONENT_MISSING']);
    expect(pages.script?.clean).toBe(false);
    expect(stderr).toContain('gone@file:./gone.tgz cannot be had');
  });

  it('answers a mini game with what it is', async () => {
    write(folder.path, { 'game.json': { deviceOrientation: 'portrait' }, 'game.js': '' });
    for (const config of [{ compileType: 'game' }, {}]) {
      write(folder.path, { 'project.config.json': config });
      for (const args of [
        ['check', folder.path],
        ['build', folder.path, '--out', join(folder.path, 'out')],
      ]) {
        const { code, stderr } = await run(args);
        expect([code, stderr]).toEqual([1, expect.stringContaining('is a mini game')]);
      }
    }
  });

  it('covers the picture of a page with its own compile errors only', async () => {
    program({ whole: { wxml: '<view>whole</view>' }, broken: { wxml: '<view>', js: 'Page({' } });
    const pictures = join(folder.path, 'pictures');
    const together = await check('--screenshots', pictures);
    expect([together.pages.whole?.clean, together.pages.broken?.compiled]).toEqual([true, false]);
    // What the compiler says is written on a dark sheet over the whole phone.
    expect(await darkShare(join(pictures, 'whole.png'))).toBeLessThan(0.2);
    expect(await darkShare(join(pictures, 'broken.png'))).toBeGreaterThan(0.5);
  });

  it('counts a page of one picture as rendered, and an empty one not', async () => {
    const full = 'width: 100vw; height: 100vh';
    program({
      image: { wxml: `<image style="${full}" src="${PIXEL}"/>` },
      background: { wxml: `<view style="${full}; background-image: url(${PIXEL})"></view>` },
      canvas: { wxml: `<canvas type="2d" style="${full}"/>` },
      lost: { wxml: `<image style="${full}" src="/no-such-picture.png"/>` },
      small: { wxml: `<image style="width: 20px; height: 20px" src="${PIXEL}"/>` },
      empty: { wxml: `<view style="${full}"></view>` },
    });
    const { pages } = await check();
    const rendered = Object.values(pages).flatMap((page) => (page.rendered ? [page.path] : []));
    expect(rendered).toEqual(['image', 'background', 'canvas']);
  });

  it.each(['dual', 'single'])('lets no page answer for what another one did to the phone [%s]', async (mode) => {
    program({
      first: { wxml: '<view>first</view>' },
      thrower: {
        wxml: '<view>a</view>',
        js: 'Page({ onReady() { setTimeout(() => { throw new Error("late") }, 100) } })',
      },
      late: {
        wxml: '<view>late</view>',
        js: 'Page({ onReady() { setTimeout(() => { throw new Error("very late") }, 1200) } })',
      },
      after: { wxml: '<view>after</view>', js: 'Page({ onReady() { setTimeout(() => {}, 100) } })' },
      modal: { wxml: '<view>modal</view>', js: 'Page({ onReady() { wx.showModal({ title: "stay" }) } })' },
      leaver: { wxml: '<view>leaver</view>', js: 'Page({ onLoad() { wx.reLaunch({ url: "/first" }) } })' },
      next: { wxml: '<view>next</view>' },
      last: { wxml: '<view>last</view>' },
    });
    const { pages } = await check('--mode', mode, '--workers', '1', '--screenshots', folder.path);
    expect(codes(pages.thrower)).toEqual(['UNCAUGHT']);
    for (const path of ['first', 'after', 'modal', 'next', 'last'])
      expect([path, pages[path]?.clean, pages[path]?.text.trim()]).toEqual([path, true, path]);
  });

  it('goes on after a page that never ends, within the limit that was given', async () => {
    program({
      stuck: { wxml: '<view>a</view>', js: 'Page({ onLoad() { for (;;); } })' },
      next: { wxml: '<view>next</view>' },
    });
    const { pages } = await check('--timeout', '3', '--workers', '1');
    expect(codes(pages.stuck)).toContain('PAGE_TIMEOUT');
    expect(pages.stuck?.errors.find(({ code }) => code === 'PAGE_TIMEOUT')?.message).toContain('3000 ms');
    expect(pages.next).toMatchObject({ clean: true, text: 'next' });
  });

  it('takes it back that a page is late when it has come after all', async () => {
    const js = 'Page({ onLoad() { for (const end = Date.now() + 2500; Date.now() < end; ); } })';
    program({ late: { wxml: '<view>late</view>', js } });
    // In single mode the script holds the phone itself up, so the limit passes before anybody can look.
    const { pages } = await check('--timeout', '1', '--workers', '1', '--mode', 'single');
    expect(pages.late).toMatchObject({ clean: true, text: 'late', errors: [] });
  });

  it('writes one file with the pictures of all pages, and no word of the program becomes markup', async () => {
    program({
      'a/b': { wxml: '<view>one</view>' },
      a_b: { wxml: '<view>two</view>', js: 'Page({ onLoad() { throw new Error("<img src=x>") } })' },
    });
    mkdirSync(join(folder.path, 'out'));
    await check('--sheet', join(folder.path, 'out/sheet.html'), '--screenshots', join(folder.path, 'out'));
    const sheet = readFileSync(join(folder.path, 'out/sheet.html'), 'utf8');
    expect(sheet.match(/src="data:image\/png;base64,[\w+/=]{1000,}"/g)).toHaveLength(2);
    expect(sheet).toContain('&lt;img src=x&gt;');
    expect(sheet).not.toContain('<img src=x>');
    expect(
      readFileSync(join(folder.path, 'out/a_b.png')).equals(readFileSync(join(folder.path, 'out/a_b-2.png'))),
    ).toBe(false);
  });
});

describe('packages that cannot be had in time', () => {
  it('are given up after the limit that was given, and the pages are checked without them', async () => {
    // A registry that takes every connection and never answers.
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    try {
      program({ whole: { wxml: '<view>whole</view>' } });
      write(folder.path, {
        'package.json': { name: 'shop', dependencies: { 'never-there': '1.0.0' } },
        '.npmrc': `registry=http://127.0.0.1:${(silent.address() as AddressInfo).port}/\n`,
      });
      const { pages, stderr } = await check('--install-timeout', '2');
      expect(stderr).toContain('never-there@1.0.0 cannot be had');
      expect(stderr).toContain('took longer than 2 s');
      expect(pages.whole?.clean).toBe(true);
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });
});

describe('sparrow check that is broken off', () => {
  const MANY = 40;
  interface Report {
    pages: Page[];
    summary: { pages: number };
    unfinished?: { reason: string; pages: string[] };
  }

  /** Starts a check of many pages, of which the first is unclean, and waits until it has been looked at. */
  async function underWay(): Promise<Run> {
    program({
      p0: { wxml: '<view>first</view>', js: 'Page({ onLoad() { throw new Error("first") } })' },
      ...Object.fromEntries(
        Array.from({ length: MANY - 1 }, (_, i) => [`p${i + 1}`, { wxml: '<view>another</view>' }]),
      ),
    });
    const checking = start([
      'check',
      folder.path,
      '--workers',
      '1',
      '--json',
      '--sheet',
      join(folder.path, 'all.html'),
    ]);
    await expect.poll(() => checking.stderr, { timeout: 60_000 }).toContain(`1/${MANY} p0`);
    return checking;
  }

  it('by a signal ends with its code, what was seen, and nothing left running', async () => {
    const checking = await underWay();
    const family = descendants(checking.child.pid as number);
    expect(family.length).toBeGreaterThan(1);
    checking.child.kill('SIGTERM');
    expect(await checking.ended).toBe(143);
    expect(checking.stderr).toMatch(
      new RegExp(`INTERRUPTED: SIGTERM ended this: \\d+ of ${MANY} pages were looked at`),
    );
    expect(checking.stderr).not.toContain('INTERNAL');
    const report = JSON.parse(checking.stdout) as Report;
    expect(report.pages[0]?.path).toBe('p0');
    expect(report.unfinished?.reason).toBe('interrupted');
    expect(report.pages.length + (report.unfinished?.pages.length ?? 0)).toBe(MANY);
    expect(readFileSync(join(folder.path, 'all.html'), 'utf8')).toContain('were not looked at');
    await expect.poll(() => family.filter(isRunning)).toEqual([]);
  });

  it('by the end of its browser says so, and reports what was seen', async () => {
    const checking = await underWay();
    const family = descendants(checking.child.pid as number);
    const browser = family.find(
      (pid) => /remote-debugging-pipe/.test(commandOf(pid)) && !/--type=/.test(commandOf(pid)),
    );
    process.kill(browser as number, 'SIGKILL');
    expect(await checking.ended).toBe(1);
    expect(checking.stderr).toContain('BROWSER_DIED');
    expect(checking.stderr).not.toContain('INTERNAL');
    const report = JSON.parse(checking.stdout) as Report;
    expect(report.pages[0]?.path).toBe('p0');
    expect(report.unfinished?.reason).toBe('browser-died');
    expect(report.pages.flatMap((page) => codes(page))).not.toContain('CHECK_FAILED');
    await expect.poll(() => family.filter(isRunning)).toEqual([]);
  });

  it('before its first page ends at once, too', async () => {
    program({ p0: { wxml: '<view>first</view>' } });
    // A backend that never listens: the check waits for it.
    write(folder.path, {
      'project.config.json': { projectname: 'shop', qcloudRoot: 'server/' },
      'server/index.mjs': 'console.log("up"); setInterval(() => {}, 1000)',
    });
    const checking = start(['check', folder.path]);
    const family = (): number[] => descendants(checking.child.pid as number);
    await expect
      .poll(() => family().some((pid) => /server\/index.mjs|index\.mjs/.test(commandOf(pid))), { timeout: 60_000 })
      .toBe(true);
    const before = family();
    checking.child.kill('SIGINT');
    expect(await checking.ended).toBe(130);
    expect(checking.stderr).toContain('INTERRUPTED: SIGINT ended this');
    await expect.poll(() => before.filter(isRunning)).toEqual([]);
  });
});

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
};

/** All processes that a process started, and those that they started. */
function descendants(root: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It ended while we looked.
    }
  const isBelow = (pid: number | undefined): boolean =>
    pid !== undefined && pid > 1 && (parents.get(pid) === root || isBelow(parents.get(pid)));
  return [...parents.keys()].filter(isBelow);
}

/** False for a zombie too: it runs no more, only nobody has asked for its end. */
function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}
