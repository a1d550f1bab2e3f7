import { expect, it } from 'vitest';
import { eventually } from './components/page.ts';
import { inBothModes, startApp, type TestApp, useBrowser } from './harness.ts';

useBrowser();

inBothModes('what breaks in a running program', (mode) => {
  const app = (page: string, files: Record<string, string | object> = {}, phone: Record<string, string> = {}) =>
    startApp({
      mode,
      phone,
      files: {
        'app.js': 'App({})',
        'pages/a/a.wxml': '<view class="go" bindtap="go">go {{n}}</view>',
        ...(page && { 'pages/a/a.js': page }),
        ...files,
      },
    });
  const sheet = (test: TestApp) => test.page.locator('.faults');
  const errors = async (test: TestApp) =>
    (await test.logs()).filter(({ level }) => level === 'error').map(({ text }) => text);

  it.each([
    ['onLoad', 'Page({\n  onLoad() {\n    null.x\n  }\n})', {}, 'UNCAUGHT pages/a/a.js:3:10', /> 3 \|\s+null\.x/],
    ['the first line', `Page({ onLoad() { throw new Error('at once') } })`, {}, 'pages/a/a.js:1:25', /> 1 \|/],
    [
      'App.onLaunch',
      'Page({})',
      { 'app.js': `App({\n  onLaunch() { throw new Error('no launch') }\n})` },
      'UNCAUGHT app.js:2:22',
      /no launch/,
    ],
    [
      'TypeScript, behind types that are gone',
      '',
      {
        'pages/a/a.ts':
          'interface X {\n  a: string\n}\nPage({\n  onLoad(this: unknown): void {\n    (null as never as X).a.trim()\n  },\n})\n',
      },
      'UNCAUGHT pages/a/a.ts:6:26',
      /> 6 \|/,
    ],
    [
      'a promise that nobody catches',
      `Page({\n  async later() { throw new RangeError('late') },\n  onLoad() { this.later() }\n})`,
      {},
      'UNHANDLED_REJECTION pages/a/a.js:2:25',
      /RangeError: late/,
    ],
    [
      'a rejection without an error',
      `Page({ onLoad() { Promise.reject({ code: 7 }) } })`,
      {},
      'UNHANDLED_REJECTION pages/a/a',
      /"code":7/,
    ],
    [
      'a timer',
      `Page({ onLoad() { setTimeout(() => {\n  throw 'thrown text'\n}) } })`,
      {},
      'UNCAUGHT pages/a/a.js:2:3',
      /thrown text/,
    ],
  ] as const)(
    'is shown with its place and its lines, and stands once in the log: %s',
    async (_what, page, files, place, text) => {
      const test = await app(page, files);
      await sheet(test).waitFor();
      const shown = await sheet(test).innerText();
      expect(shown).toContain(place);
      expect(shown).toMatch(text);
      expect(await errors(test)).toHaveLength(1);
      await test.close();
    },
  );

  it('folds what comes again and what follows, leaves the restart free, and stays away once it is closed', async () => {
    const test = await app(
      `Page({ data: { n: 0 },
        onLoad() { throw new Error('first') },
        go() { this.setData({ n: this.data.n + 1 }); if (this.data.n < 4) throw new Error('again'); throw new Error('new ' + 'long '.repeat(200)) } })`,
    );
    const view = await test.view();
    await sheet(test).getByText('Error: first (in').first().waitFor();
    for (const n of [1, 2, 3]) {
      await view.tap('.go');
      await view.waitText('.go', `go ${n}`);
    }
    await eventually(() => sheet(test).locator('.faults-count').allTextContents()).toEqual(['', '×3']);
    expect(await sheet(test).locator('.faults-more').getAttribute('open')).toBeNull();
    expect(await errors(test)).toHaveLength(4);
    await test.page.locator('.capsule button:last-child').click({ trial: true });
    await test.page.locator('.faults-close').click();
    await test.service(({ getCurrentPages }) => {
      getCurrentPages()[0].data.n = 0;
    });
    await view.tap('.go');
    await eventually(async () => (await errors(test)).length).toBe(5);
    expect(await sheet(test).isVisible()).toBe(false);
    for (const _ of [1, 2, 3]) await view.tap('.go');
    await sheet(test).getByText('Error: new long').first().waitFor();
    expect(await sheet(test).innerText()).not.toContain('Error: first (in');
    // A long text wraps.
    expect(await sheet(test).evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
    await test.page.locator('.capsule button:last-child').click();
    await sheet(test).getByText('Error: first (in').first().waitFor();
    expect(await sheet(test).innerText()).not.toContain('Error: new long');
    await test.close();
  });

  it('is not shown where nobody develops, and neither are failed calls of wx', async () => {
    const quiet = await app(`Page({ onLoad() { throw new Error('quiet') } })`, {}, { errors: 'none' });
    await eventually(() => errors(quiet)).toEqual([expect.stringContaining('quiet')]);
    expect(await quiet.page.locator(':is(.overlay, .faults):visible').count()).toBe(0);
    await quiet.close();
    const call = await app(
      `Page({ onLoad() { wx.getStorage({ key: 'none' }); setTimeout(() => console.log('later')) } })`,
    );
    await eventually(async () => (await call.logs()).map(({ text }) => text)).toContain('later');
    expect(await sheet(call).isVisible()).toBe(false);
    expect(await call.problems()).toEqual([]);
    await call.close();
  });

  it('is told once when it is a script that did not compile', async () => {
    const test = await app('Page({ data: { ]');
    await test.page.locator('.overlay').getByText('SCRIPT_SYNTAX').waitFor();
    await eventually(async () => (await test.problems()).length).toBe(1);
    expect(await sheet(test).isVisible()).toBe(false);
    expect(await errors(test)).toEqual([]);
    await test.close();
  });
});
