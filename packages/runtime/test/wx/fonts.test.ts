import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { inBothModes, startApp, type TestApp, useBrowser } from '../harness.ts';
import { call, eventually, message, missing, onePage } from './support.ts';

useBrowser();

/** A font of signs that are as wide as they are high; it comes with the driver of the browser. */
const FOLDER = join(dirname(createRequire(import.meta.url).resolve('playwright-core')), 'lib/vite/recorder/assets');
const FONT = readFileSync(join(FOLDER, readdirSync(FOLDER).find((name) => name.endsWith('.ttf')) ?? 'no font there'));
const SIGN = '\uea60';
const page = `<text class="signs" style="font: 50px signs">${SIGN}</text>`;
const files = {
  ...onePage(page),
  'app.json': { pages: ['pages/a/a', 'pages/b/b'] },
  'pages/b/b.wxml': page,
  'pages/b/b.js': 'Page({})',
  'signs.ttf': FONT,
  'broken.ttf': 'no font',
};

const widthOf = async (test: TestApp): Promise<number> =>
  (await test.view()).eval('.signs', (element) => Math.round(element.getBoundingClientRect().width));
const drawnWidth = (test: TestApp): Promise<number> =>
  test.service(({ wx }, sign: string) => {
    const pen = wx.createOffscreenCanvas({ type: '2d', width: 9, height: 9 }).getContext('2d');
    pen.font = '50px drawn';
    return Math.round(pen.measureText(sign).width);
  }, SIGN);

inBothModes('fonts', (mode) => {
  it('wx.loadFontFace: the page and its canvases have the font; with "global" the other pages, too', async () => {
    const test = await startApp({ mode, files });
    expect(await widthOf(test)).not.toBe(50);
    const source = `url("data:font/ttf;base64,${FONT.toString('base64')}")`;
    expect(await call(test, 'loadFontFace', { family: 'signs', source, scopes: ['webview'] })).toEqual({
      status: 'loaded',
      errMsg: 'loadFontFace:ok',
    });
    await eventually(() => widthOf(test)).toBe(50);
    // A canvas has the font for a family that it has not drawn with before.
    expect(await call(test, 'loadFontFace', { family: 'drawn', source: 'url(/signs.ttf)' })).toEqual({
      status: 'loaded',
      errMsg: 'loadFontFace:ok',
    });
    await message(test, 'loadFontFace', { family: 'signs', source: 'url(/signs.ttf)', global: true });
    expect(await drawnWidth(test)).toBe(50);
    await message(test, 'navigateTo', { url: '/pages/b/b' });
    await test.ready('pages/b/b');
    await eventually(() => widthOf(test)).toBe(50);
    await test.close();
  });

  it('wx.loadFontFace: says why there is no font', async () => {
    const test = await startApp({ mode, files });
    expect(await message(test, 'loadFontFace')).toBe(missing('loadFontFace', 'family'));
    for (const [source, error] of [
      ['url("/none.ttf")', 'no such file "/none.ttf"'],
      ['/broken.ttf', 'the font cannot be read'],
      ['url(data:font/ttf;base64,AAAA)', 'the font cannot be read'],
    ])
      expect(await call(test, 'loadFontFace', { family: 'signs', source })).toEqual({
        status: 'error',
        errMsg: `loadFontFace:fail ${error}`,
      });
    await test.close();
  });
});
