import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from './harness.ts';

useBrowser();

/** A page that writes down its lifecycles in the app's log. */
const page = (name: string, more = ''): Record<string, string> => ({
  [`pages/${name}/${name}.wxml`]: `<view class="name">${name}</view>`,
  [`pages/${name}/${name}.js`]: `
    const note = (what) => getApp().log.push('${name} ' + what);
    Page({
      onLoad(q) { note('load' + (Object.keys(q).length ? ' ' + JSON.stringify(q) : '')) },
      onShow() { note('show') }, onReady() { note('ready') }, onHide() { note('hide') }, onUnload() { note('unload') },
      ${more}
    })`,
});
const app = { 'app.js': 'App({ log: [] })' };

inBothModes('routing', (mode) => {
  it('runs the lifecycles of navigateTo, navigateBack and redirectTo in the documented order', async () => {
    const test = await startApp({
      mode,
      files: {
        ...app,
        'app.json': { pages: ['pages/a/a', 'pages/b/b', 'pages/c/c'] },
        ...page('a'),
        ...page('b'),
        ...page('c'),
      },
    });
    const result = await test.service(({ wx }) => wx.navigateTo({ url: '/pages/b/b?x=1&y=%E4%BD%A0' }));
    expect((result as { errMsg: string }).errMsg).toBe('navigateTo:ok');
    await test.ready('pages/b/b');
    expect(await (await test.view()).text('.name')).toBe('b');
    await test.service(({ wx }) => wx.redirectTo({ url: '../c/c' }));
    await test.ready('pages/c/c');
    await test.service(({ wx }) => wx.navigateBack());
    await expect.poll(() => test.paths()).toEqual(['pages/a/a']);
    expect(await test.service(({ getApp }) => getApp().log)).toEqual([
      'a load',
      'a show',
      'a ready',
      'a hide',
      'b load {"x":"1","y":"%E4%BD%A0"}',
      'b show',
      'b ready',
      'b unload',
      'c load',
      'c show',
      'c ready',
      'c unload',
      'a show',
    ]);
    expect(await (await test.view()).text('.name')).toBe('a');
    await test.close();
  });

  it('keeps tab pages alive on switchTab and closes the others', async () => {
    const test = await startApp({
      mode,
      files: {
        ...app,
        'app.json': {
          pages: ['pages/a/a', 'pages/b/b', 'pages/c/c'],
          tabBar: {
            list: [
              { pagePath: 'pages/a/a', text: 'A' },
              { pagePath: 'pages/b/b', text: 'B' },
            ],
          },
        },
        ...page('a', 'onTabItemTap(item) { note("tab " + item.index + item.text) },'),
        ...page('b', 'onTabItemTap(item) { note("tab " + item.index + item.text) },'),
        ...page('c'),
      },
    });
    await test.service(({ wx }) => wx.navigateTo({ url: '/pages/c/c' }));
    await test.ready('pages/c/c');
    await test.service(({ wx }) => wx.switchTab({ url: '/pages/b/b' }));
    await test.ready('pages/b/b');
    await test.page.locator('.tab-bar button').first().click();
    await expect.poll(() => test.paths()).toEqual(['pages/a/a']);
    await expect
      .poll(() => test.service(({ getApp }) => getApp().log.slice(3)))
      .toEqual([
        'a hide',
        'c load',
        'c show',
        'c ready',
        'c unload',
        'b load',
        'b show',
        'b ready',
        'b hide',
        'a show',
        'a tab 0A',
      ]);
    expect(await (await test.view()).text('.name')).toBe('a');
    await test.close();
  });

  it('draws a custom tab bar on every tab page and hands its instance out', async () => {
    const test = await startApp({
      mode,
      files: {
        ...app,
        'app.json': {
          pages: ['pages/a/a', 'pages/b/b'],
          tabBar: {
            custom: true,
            list: [
              { pagePath: 'pages/a/a', text: 'A' },
              { pagePath: 'pages/b/b', text: 'B' },
            ],
          },
        },
        ...page('a', 'onShow() { this.getTabBar().setData({ at: 0 }) },'),
        ...page('b', 'onShow() { this.getTabBar().setData({ at: 1 }) },'),
        'custom-tab-bar/index.json': { component: true },
        'custom-tab-bar/index.wxml': '<view class="bar"><view class="to-b" bindtap="go">at {{at}}</view></view>',
        'custom-tab-bar/index.wxss': '.bar { position: fixed; bottom: 0; height: 50px; width: 100% }',
        'custom-tab-bar/index.js': `Component({ data: { at: -1 }, methods: { go() { wx.switchTab({ url: '/pages/b/b' }) } } })`,
      },
    });
    const first = await test.view();
    await first.waitText('wx-custom-tab-bar wx-view', 'at 0');
    expect(await test.page.locator('.tab-bar').count()).toBe(0);
    expect(
      await first.eval('wx-custom-tab-bar > wx-view', (bar) => bar.getBoundingClientRect().bottom === innerHeight),
    ).toBe(true);
    await first.tap('wx-custom-tab-bar wx-view >> nth=1');
    await test.ready('pages/b/b');
    await (await test.view()).waitText('wx-custom-tab-bar wx-view', 'at 1');
    await test.close();
  });

  it('refuses what the original refuses, with its texts', async () => {
    const test = await startApp({
      mode,
      files: {
        ...app,
        'app.json': {
          pages: ['pages/a/a', 'pages/b/b', 'pages/c/c'],
          tabBar: {
            list: [
              { pagePath: 'pages/a/a', text: 'A' },
              { pagePath: 'pages/b/b', text: 'B' },
            ],
          },
        },
        ...page('a'),
        ...page('b'),
        ...page('c'),
      },
    });
    const message = (run: Parameters<typeof test.service>[0]) => test.service(run).then(String, String);
    expect(
      await message(({ wx }) => wx.navigateTo({ url: '/pages/x/x' }).catch((e: { errMsg: string }) => e.errMsg)),
    ).toBe('navigateTo:fail page "pages/x/x" is not found');
    expect(
      await message(({ wx }) => wx.navigateTo({ url: '/pages/b/b' }).catch((e: { errMsg: string }) => e.errMsg)),
    ).toBe('navigateTo:fail can not navigate to a tabbar page');
    expect(
      await message(({ wx }) => wx.switchTab({ url: '/pages/c/c' }).catch((e: { errMsg: string }) => e.errMsg)),
    ).toBe('switchTab:fail can not switch to no-tabBar page');
    expect(await message(({ wx }) => wx.navigateBack().catch((e: { errMsg: string }) => e.errMsg))).toBe(
      'navigateBack:fail cannot navigate back at first page',
    );
    expect(await message(({ wx }) => wx.navigateTo({}).catch((e: { errMsg: string }) => e.errMsg))).toBe(
      'navigateTo:fail parameter error: parameter.url should be String instead of Undefined;',
    );
    for (let depth = 2; depth <= 10; depth++) {
      await test.service(({ wx }) => wx.navigateTo({ url: '/pages/c/c' }));
      await expect.poll(async () => (await test.paths()).length).toBe(depth);
      await test.ready('pages/c/c');
    }
    expect(
      await message(({ wx }) => wx.navigateTo({ url: '/pages/c/c' }).catch((e: { errMsg: string }) => e.errMsg)),
    ).toBe('navigateTo:fail webview count limit exceed');
    await test.close();
  });

  it('joins the opener and the opened page by an EventChannel', async () => {
    const test = await startApp({
      mode,
      files: {
        ...app,
        'app.json': { pages: ['pages/a/a', 'pages/b/b'] },
        ...page('a'),
        ...page(
          'b',
          `onLoad() {
          const channel = this.getOpenerEventChannel();
          channel.on('down', (x) => { note('got ' + x); channel.emit('up', x + 1) });
        },`,
        ),
      },
    });
    await test.service(({ wx, getApp }) =>
      wx.navigateTo({
        url: '/pages/b/b',
        events: { up: (x: number) => getApp().log.push(`up ${x}`) },
        success: (res: { eventChannel: { emit(name: string, x: number): void } }) =>
          setTimeout(() => res.eventChannel.emit('down', 41), 100),
      }),
    );
    await expect
      .poll(() => test.service(({ getApp }) => getApp().log))
      .toEqual(expect.arrayContaining(['b got 41', 'up 42']));
    await test.close();
  });

  it('opens a page of a subpackage, normal and independent, directly and by navigation', async () => {
    const files = {
      ...app,
      'app.json': {
        pages: ['pages/a/a'],
        subPackages: [
          { root: 'sub', pages: ['s/s'] },
          { root: 'alone', pages: ['i/i'], independent: true },
        ],
      },
      ...page('a'),
      'sub/s/s.wxml': '<view class="name">sub {{text}}</view>',
      'sub/s/s.js': `const { text } = require('../tool'); Page({ data: { text } })`,
      'sub/tool.js': `module.exports = { text: 'tool' }`,
      'alone/i/i.wxml': '<view class="name">{{text}}</view>',
      'alone/i/i.js': `Page({ data: { text: getApp() ? 'with app' : 'without app' } })`,
    };
    const test = await startApp({ mode, files });
    await test.service(({ wx }) => wx.navigateTo({ url: '/sub/s/s' }));
    await test.ready('sub/s/s');
    expect(await (await test.view()).text('.name')).toBe('sub tool');
    await test.close();
    const direct = await startApp({ mode, files, phone: { page: 'sub/s/s?x=1' } });
    expect(await (await direct.view()).text('.name')).toBe('sub tool');
    await direct.close();
    const alone = await startApp({ mode, files, phone: { page: 'alone/i/i' } });
    expect(await (await alone.view()).text('.name')).toBe('without app');
    await alone.close();
  });

  it('hands on the query as it was written, also after a restart of the page', async () => {
    const test = await startApp({ mode, watch: true, files: { ...app, ...page('a'), ...page('b') } });
    await test.service(({ wx }) =>
      wx.navigateTo({ url: '/pages/b/b?id=VXNlci0xMA%3D%3D&q=a%20b&raw=x=1,{y}&empty=&bare' }),
    );
    await test.ready('pages/b/b');
    const raw = { id: 'VXNlci0xMA%3D%3D', q: 'a%20b', raw: 'x=1,{y}', empty: '', bare: '' };
    expect(await test.service(({ getCurrentPages }) => getCurrentPages().at(-1).options)).toEqual(raw);
    expect(await test.service(({ getApp }) => getApp().log)).toContain(`b load ${JSON.stringify(raw)}`);
    // Another configuration of a page cannot be exchanged under it: the phone starts anew on the page that is shown.
    await test.write({
      'pages/b/b.json': { usingComponents: { c: '/c' } },
      'c.json': { component: true },
      'c.wxml': 'c',
    });
    await expect.poll(() => test.paths()).toEqual(['pages/b/b']);
    await test.ready('pages/b/b');
    expect(await test.service(({ getCurrentPages }) => getCurrentPages().at(-1).options)).toEqual(raw);
    await test.close();
  });

  it('gives the properties of a page made by Component() its query, before it is attached', async () => {
    const test = await startApp({
      mode,
      phone: { page: 'pages/a/a?n=7&flag=&text=a%20b&other=1' },
      files: {
        ...app,
        'pages/a/a.json': { component: true },
        'pages/a/a.wxml': '<view class="n">{{n}}/{{text}}/{{other}}</view>',
        'pages/a/a.js': `Component({ properties: { n: Number, text: String },
          lifetimes: { attached() { getApp().log.push('attached ' + this.data.n + ' ' + typeof this.properties.n) } },
          methods: { onLoad(q) { getApp().log.push('load ' + q.n + ' ' + typeof q.n) } } })`,
      },
    });
    expect(await (await test.view()).text('.n')).toBe('7/a%20b/');
    expect(await test.service(({ getApp }) => getApp().log)).toEqual(['attached 7 number', 'load 7 string']);
    await test.close();
  });

  it('keeps the order of going to a page and to the background', async () => {
    const test = await startApp({
      mode,
      files: {
        'app.js': 'App({ log: [], onHide() { this.log.push("app hide") }, onShow() { this.log.push("app show") } })',
        'app.json': { pages: ['pages/a/a'], subpackages: [{ root: 'sub', pages: ['b/b'] }] },
        ...page('a'),
        'sub/b/b.wxml': 'b',
        'sub/b/b.js': `Page({ onLoad() { getApp().log.push('b load') }, onShow() { getApp().log.push('b show') }, onHide() { getApp().log.push('b hide') }, onShareAppMessage() { getApp().log.push('b share') } })`,
      },
    });
    await test.page.evaluate(() => {
      window.sparrow.phone?.navigate('/sub/b/b');
      window.sparrow.phone?.share('shared');
      window.sparrow.phone?.hide();
      window.sparrow.phone?.show();
    });
    await test.ready('sub/b/b');
    await expect
      .poll(() => test.service(({ getApp }) => getApp().log.slice(-7)))
      .toEqual(['b load', 'b show', 'b share', 'b hide', 'app hide', 'app show', 'b show']);
    await test.close();
  });
});
