import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from './harness.ts';

useBrowser();

const colorOf = (element: HTMLElement): string => getComputedStyle(element).color;

inBothModes('the theme', (mode) => {
  it('prefers-color-scheme in styles follows the phone and not the machine', async () => {
    const test = await startApp({
      mode,
      files: {
        'app.json': { pages: ['pages/a/a'], darkmode: true },
        'app.wxss': '.a { color: rgb(1, 1, 1) } @media (prefers-color-scheme: dark) { .a { color: rgb(2, 2, 2) } }',
        'pages/a/a.wxml': '<view class="a">a</view><view class="b">b</view>',
        'pages/a/a.wxss':
          '@media screen and (prefers-color-scheme:light) { .b { color: rgb(3, 3, 3) } } @media screen and ( prefers-color-scheme : dark ) { .b { color: rgb(4, 4, 4) } }',
        'pages/a/a.js': 'Page({})',
      },
    });
    const view = await test.view();
    const colors = async (): Promise<string[]> => [await view.eval('.a', colorOf), await view.eval('.b', colorOf)];
    await test.page.emulateMedia({ colorScheme: 'dark' });
    expect(await colors()).toEqual(['rgb(1, 1, 1)', 'rgb(3, 3, 3)']);
    await test.page.evaluate('sparrow.phone.setTheme("dark")');
    await test.page.emulateMedia({ colorScheme: 'light' });
    await expect.poll(colors).toEqual(['rgb(2, 2, 2)', 'rgb(4, 4, 4)']);
    await test.page.evaluate('sparrow.phone.setTheme("light")');
    await expect.poll(colors).toEqual(['rgb(1, 1, 1)', 'rgb(3, 3, 3)']);
    await test.close();
  });

  it('is light for a program without darkmode in app.json, whatever the phone has', async () => {
    const test = await startApp({
      mode,
      phone: { theme: 'dark' },
      files: {
        'app.json': { pages: ['pages/a/a'] },
        'pages/a/a.wxml': '<view class="a">a</view>',
        'pages/a/a.wxss': '@media (prefers-color-scheme: dark) { .a { color: rgb(2, 2, 2) } }',
        'pages/a/a.js': 'Page({ onLoad() { wx.onThemeChange(() => (this.changed = true)); } })',
      },
    });
    const seen = async (): Promise<unknown[]> => [
      await (await test.view()).eval('.a', colorOf),
      await test.service(({ wx, getCurrentPages }) => [wx.getSystemInfoSync().theme, getCurrentPages()[0].changed]),
      await test.page.evaluate(() => document.body.dataset.theme),
    ];
    const light = ['rgb(0, 0, 0)', ['light', undefined], 'light'];
    expect(await seen()).toEqual(light);
    await test.page.evaluate('sparrow.phone.setTheme("light")');
    await test.page.evaluate('sparrow.phone.setTheme("dark")');
    expect(await seen()).toEqual(light);
    await test.close();
  });
});
