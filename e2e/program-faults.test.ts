/** What is wrong with a program, from the file to the three places where a developer looks: phone, Logs, terminal. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { launchBrowser } from '@sparrow/simulator/server';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Run, start, temporaryFolder, write } from '../packages/cli/test/harness.ts';

const PATIENT_MS = 30_000;
let browser: Browser;
let folder: ReturnType<typeof temporaryFolder>;
let dev: Run | undefined;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterEach(async () => {
  dev?.child.kill('SIGTERM');
  await dev?.ended;
  dev = undefined;
  folder.remove();
});
afterAll(() => browser.close());

const times = (text: string, part: string): number => text.split(part).length - 1;

/** `sparrow dev` on these files, and its console with two phones. */
async function develop(files: Record<string, string>): Promise<{ run: Run; page: Page }> {
  folder = temporaryFolder();
  write(folder.path, {
    'project.config.json': '{ "appid": "wxtest", "projectname": "faulty" }',
    'app.json': '{ "pages": ["pages/a/a"] }',
    'app.js': 'App({})',
    'pages/a/a.wxml': '<view>fine</view>',
    'pages/a/a.js': 'Page({})',
    ...files,
  });
  const run = start(['dev', folder.path, '--port', '0', '--no-lan']);
  dev = run;
  await run.until('Next');
  const url = /http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]+/.exec(run.stdout)?.[0] ?? '';
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'en-US' });
  page.setDefaultTimeout(PATIENT_MS);
  await page.goto(url);
  await expect.poll(() => page.frames().filter((frame) => frame.url().includes('phone.html')).length).toBe(2);
  for (const frame of page.frames().filter((each) => each.url().includes('phone.html')))
    await frame.waitForFunction(() => window.sparrow?.readyPages.length > 0);
  return { run, page };
}

const linesOf = (page: Page, text: string): Promise<number> =>
  page.getByRole('tabpanel').locator('.line .text', { hasText: text }).count();

it('tells a throw in onLoad once in the terminal, whichever phones meet it, with its place and its lines', async () => {
  const { run, page } = await develop({
    'pages/a/a.js': `Page({\n  onLoad() {\n    throw new Error('no data')\n  },\n})\n`,
  });
  await run.until('no data');
  await expect.poll(() => linesOf(page, 'no data')).toBe(2);
  for (const frame of page.frames().filter((each) => each.url().includes('phone.html')))
    await frame.locator('.faults').getByText('pages/a/a.js:3:11').first().waitFor();
  expect(times(run.stdout, 'UNCAUGHT pages/a/a.js:3:11  Error: no data')).toBe(1);
  expect(run.stdout).toMatch(/> 3 \| {5}throw new Error/);
  // Mended and broken again it is told again.
  const path = join(folder.path, 'pages/a/a.js');
  await writeFile(path, 'Page({})');
  await page
    .frames()
    .find((each) => each.url().includes('phone.html'))
    ?.locator('.faults')
    .waitFor({ state: 'hidden' });
  await writeFile(path, `Page({ onLoad() { throw new Error('other data') } })`);
  for (const button of await page.getByRole('button', { name: 'Restart', exact: true }).all()) await button.click();
  await run.until('other data');
  await page.close();
});

it.each([
  ['pages/a/a.wxml', '<view><text>{{ a }}</view>', 'WXML_SYNTAX pages/a/a.wxml:1:7', '<text> has no end tag'],
  ['pages/a/a.wxss', '.a { color: red\n.b { color: blue }\n', 'WXSS_SYNTAX pages/a/a.wxss:1:1', 'the } of this rule'],
])(
  'tells a slip in %s once in Logs, once in the terminal, and over the phone',
  async (file, content, place, message) => {
    const { run, page } = await develop({});
    await writeFile(join(folder.path, file), content);
    await run.until(message);
    await expect.poll(() => linesOf(page, message)).toBe(1);
    const phone = page.frames().find((each) => each.url().includes('phone.html'));
    await phone?.locator('.overlay').getByText(message).waitFor();
    // Another edit, which mends nothing, says nothing new.
    await writeFile(join(folder.path, 'pages/a/a.js'), `Page({ data: { a: 1 } })`);
    await writeFile(join(folder.path, 'app.wxss'), '.late { color: }x{ }');
    await page.waitForTimeout(1_500);
    expect(times(run.stdout, place)).toBe(1);
    expect(await linesOf(page, message)).toBe(1);
    expect(await phone?.locator('.overlay article').count()).toBe(1);
    await page.close();
  },
);
