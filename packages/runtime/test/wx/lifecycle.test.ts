import { expect, it } from 'vitest';
import { inBothModes, startApp, type TestApp, useBrowser } from '../harness.ts';
import { call, callBack, eventually, message, missing, onePage, sync } from './support.ts';

useBrowser();

const twoPages = {
  ...onePage(),
  'app.json': { pages: ['pages/a/a', 'pages/b/b'] },
  'pages/b/b.wxml': '<view>b</view>',
  'pages/b/b.js': `Page({ onLoad() { getApp().log.push('onLoad') }, onUnload() { getApp().log.push('onUnload') } })`,
};
const heard = (test: TestApp): Promise<string[]> => test.service(({ getApp }) => getApp().log);

inBothModes('lifecycle', (mode) => {
  it('wx.onBeforeAppRoute wx.onAppRoute wx.onAppRouteDone wx.onBeforePageLoad wx.onAfterPageLoad wx.onBeforePageUnload wx.onAfterPageUnload wx.offBeforeAppRoute wx.offAppRoute wx.offAppRouteDone wx.offBeforePageLoad wx.offAfterPageLoad wx.offBeforePageUnload wx.offAfterPageUnload: a route is heard at each of its steps', async () => {
    const test = await startApp({ mode, files: twoPages });
    await test.service(({ wx, getApp }) => {
      for (const name of ['BeforeAppRoute', 'AppRoute', 'AppRouteDone', 'BeforePageLoad', 'AfterPageLoad'])
        wx[`on${name}`]((told: { openType: string; path: string; query: { q?: string } }) =>
          getApp().log.push(`${name} ${told.openType} ${told.path} ${told.query.q ?? ''}`),
        );
      for (const name of ['BeforePageUnload', 'AfterPageUnload'])
        wx[`on${name}`]((told: { path: string; page: { route: string } }) =>
          getApp().log.push(`${name} ${told.path} ${told.page.route}`),
        );
    });
    await message(test, 'navigateTo', { url: '/pages/b/b?q=1' });
    await test.ready('pages/b/b');
    await eventually(() => heard(test)).toEqual([
      'BeforeAppRoute navigateTo pages/b/b 1',
      'BeforePageLoad navigateTo pages/b/b 1',
      'onLoad',
      'AfterPageLoad navigateTo pages/b/b 1',
      'AppRoute navigateTo pages/b/b 1',
      'AppRouteDone navigateTo pages/b/b 1',
    ]);
    await test.service(({ getApp }) => {
      getApp().log.length = 0;
    });
    await message(test, 'navigateBack');
    await test.ready('pages/a/a');
    await eventually(() => heard(test)).toEqual([
      'BeforeAppRoute navigateBack pages/a/a ',
      'BeforePageUnload pages/b/b pages/b/b',
      'onUnload',
      'AfterPageUnload pages/b/b pages/b/b',
      'AppRoute navigateBack pages/a/a ',
      'AppRouteDone navigateBack pages/a/a ',
    ]);
    await test.service(({ wx, getApp }) => {
      getApp().log.length = 0;
      for (const name of ['BeforeAppRoute', 'AppRoute', 'AppRouteDone', 'BeforePageLoad', 'AfterPageLoad'])
        wx[`off${name}`]();
      for (const name of ['BeforePageUnload', 'AfterPageUnload']) wx[`off${name}`]();
    });
    await message(test, 'navigateTo', { url: '/pages/b/b' });
    await test.ready('pages/b/b');
    expect(await heard(test)).toEqual(['onLoad']);
    await test.close();
  });

  it('wx.requestIdleCallback wx.cancelIdleCallback: run once there is time, in any case after the timeout, not when taken back', async () => {
    const test = await startApp({ mode, files: onePage() });
    const seen = await test.service(
      ({ wx }) =>
        new Promise((resolve) => {
          const log: unknown[] = [];
          const taken = wx.requestIdleCallback(() => log.push('taken back'));
          wx.cancelIdleCallback(taken);
          wx.requestIdleCallback(({ didTimeout, timeRemaining }: { didTimeout: boolean; timeRemaining(): number }) =>
            log.push(didTimeout, timeRemaining() > 0),
          );
          // Never idle: something always runs for longer than a frame.
          const busy = setInterval(() => {
            const until = performance.now() + 30;
            while (performance.now() < until);
          }, 0);
          wx.requestIdleCallback(
            ({ didTimeout }: { didTimeout: boolean }) => {
              clearInterval(busy);
              setTimeout(() => resolve([typeof taken, log.length, didTimeout]), 50);
            },
            { timeout: 300 },
          );
        }),
    );
    expect(seen).toMatchObject(['number', 2, expect.any(Boolean)]);
    expect(await sync(test, 'requestIdleCallback', 5)).toBe(
      'throws requestIdleCallback:fail parameter error: parameter should be Function instead of Number;',
    );
    await test.close();
  });

  it('wx.getRendererUserAgent wx.getSkylineInfo wx.getSkylineInfoSync wx.preloadWebview wx.preloadSkylineView: what draws the pages', async () => {
    const test = await startApp({ mode, files: onePage() });
    expect(await test.service(({ wx }) => wx.getRendererUserAgent())).toMatch(/Chrom.* miniProgram\/wxtest$/);
    expect(await callBack(test, 'getRendererUserAgent')).toEqual([
      'success getRendererUserAgent:ok',
      'complete getRendererUserAgent:ok',
    ]);
    const skyline = { isSupported: false, version: '', reason: 'client not supported' };
    expect(await call(test, 'getSkylineInfo')).toEqual({ ...skyline, errMsg: 'getSkylineInfo:ok' });
    expect(await sync(test, 'getSkylineInfoSync')).toEqual(skyline);
    expect(await message(test, 'preloadWebview')).toBe('preloadWebview:ok');
    expect(await message(test, 'preloadSkylineView')).toBe('preloadSkylineView:fail skyline is not supported');
    await test.close();
  });

  it('wx.preloadAssets wx.preDownloadSubpackage: say what cannot be had', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>';
    const test = await startApp({ mode, files: { ...onePage(), 'a.svg': svg } });
    expect(await message(test, 'preloadAssets')).toBe(missing('preloadAssets', 'data', 'Array'));
    expect(await message(test, 'preloadAssets', { data: [{ type: 'font', src: '/a.ttf' }] })).toBe('preloadAssets:ok');
    expect(await message(test, 'preloadAssets', { data: [{ type: 'image', src: '/none.png' }] })).toBe(
      'preloadAssets:fail no such file "/none.png"',
    );
    expect(await message(test, 'preloadAssets', { data: [{ type: 'film', src: '/a' }] })).toBe(
      'preloadAssets:fail invalid type "film"',
    );
    expect(await message(test, 'preDownloadSubpackage')).toBe(missing('preDownloadSubpackage', 'packageType'));
    expect(await message(test, 'preDownloadSubpackage', { packageType: 'pages' })).toBe(
      'preDownloadSubpackage:fail invalid packageType "pages"',
    );
    expect(await message(test, 'preDownloadSubpackage', { packageType: 'workers' })).toBe(
      'preDownloadSubpackage:fail workers subpackage is not found',
    );
    await test.close();
    const working = await startApp({
      mode,
      files: { ...onePage(), 'app.json': { pages: ['pages/a/a'], workers: 'workers' }, 'workers/a.js': '' },
    });
    expect(await message(working, 'preDownloadSubpackage', { packageType: 'workers' })).toBe(
      'preDownloadSubpackage:ok',
    );
    await working.close();
  });

  it('wx.onLazyLoadError wx.offLazyLoadError: hear of a component whose package cannot be loaded, until they are taken off', async () => {
    const test = await startApp({
      mode,
      files: {
        ...onePage('<view wx:if="{{shown}}"><far/></view>'),
        'app.json': {
          pages: ['pages/a/a'],
          subPackages: [{ root: 'sub', pages: ['p'] }],
        },
        'pages/a/a.json': { usingComponents: { far: '/sub/far' }, componentPlaceholder: { far: 'view' } },
        'sub/p.wxml': 'p',
        'sub/p.js': 'Page({})',
        'sub/far.json': { component: true },
        'sub/far.wxml': 'far',
        'sub/far.js': 'Component({})',
      },
    });
    await test.page.route('**/sub/service.json', (route) => route.abort());
    const show = (shown: boolean): Promise<void> =>
      test.service(({ getCurrentPages }, value: boolean) => getCurrentPages()[0].setData({ shown: value }), shown);
    await test.service(({ wx, getApp }) => {
      getApp().hear = (told: { type: string; subpackage: string[]; errMsg: string }) => getApp().log.push(told);
      wx.onLazyLoadError(getApp().hear);
      getApp().times = 0;
      wx.onLazyLoadError(() => getApp().times++);
    });
    await show(true);
    await eventually(() => test.service(({ getApp }) => getApp().log)).toEqual([
      { type: 'subpackage', subpackage: ['sub'], errMsg: expect.any(String) },
    ]);
    await test.service(({ wx, getApp }) => wx.offLazyLoadError(getApp().hear));
    await show(false);
    await show(true);
    // The other listener hears the second time.
    await eventually(() => test.service(({ getApp }) => getApp().times)).toBe(2);
    expect(await test.service(({ getApp }) => getApp().log.length)).toBe(1);
    await test.close();
  });

  it('wx.reportPerformance: the developer finds what was reported', async () => {
    const test = await startApp({ mode, files: onePage() });
    expect(await sync(test, 'reportPerformance', 1101, 680, 'wifi')).toBe(undefined);
    await eventually(() => test.page.evaluate(() => window.sparrow.reports)).toMatchObject([
      { event: '1101', data: { api: 'reportPerformance', data: { value: 680, dimensions: 'wifi' } } },
    ]);
    expect(await sync(test, 'reportPerformance', 'x', 1)).toBe(
      'throws reportPerformance:fail parameter error: parameter.id should be Number instead of String;',
    );
    await test.close();
  });
});
