import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from './harness.ts';

useBrowser();

inBothModes('live reload', (mode) => {
  it('keeps route, data and scroll under a stack of three pages when WXML, WXSS and JS change', async () => {
    const script = (answer: string): string => `
      Page({
        data: { n: 0, rows: Array.from({ length: 80 }, (_, i) => i) },
        add() { this.setData({ n: this.data.n + 1 }) },
        answer() { return '${answer}' },
      })`;
    const template = (title: string): string =>
      `<view class="title" bindtap="add">${title} {{n}}</view><view wx:for="{{rows}}" wx:key="*this" class="row">row {{item}}</view>`;
    const test = await startApp({
      mode,
      watch: true,
      files: {
        'app.js': 'App({ started: Date.now() })',
        'app.json': { pages: ['pages/a/a', 'pages/b/b', 'pages/c/c'] },
        'pages/a/a.wxml': '<view>a</view>',
        'pages/a/a.js': 'Page({})',
        'pages/b/b.wxml': '<view>b {{x}}</view>',
        'pages/b/b.js': 'Page({ data: { x: 1 } })',
        'pages/c/c.wxml': template('old'),
        'pages/c/c.js': script('old'),
        'pages/c/c.wxss': '.title { color: rgb(1, 1, 1) } .row { height: 40px }',
      },
    });
    await test.service(({ wx }) => wx.navigateTo({ url: '/pages/b/b?q=1' }));
    await test.ready('pages/b/b');
    await test.service(({ wx }) => wx.navigateTo({ url: '/pages/c/c?q=2' }));
    await test.ready('pages/c/c');
    const view = await test.view();
    await view.tap('.title');
    await view.tap('.title');
    await view.waitText('.title', 'old 2');
    await view.eval('wx-root', (root) => root.scrollTo(0, 500));
    const started = await test.service(({ getApp }) => getApp().started);

    await test.write({ 'pages/c/c.wxss': '.title { color: rgb(2, 2, 2) } .row { height: 40px }' });
    await expect.poll(() => view.eval('.title', (element) => getComputedStyle(element).color)).toBe('rgb(2, 2, 2)');
    await test.write({ 'pages/c/c.wxml': template('new') });
    await view.waitText('.title', 'new 2');
    await test.write({ 'pages/c/c.js': script('new') });
    await expect.poll(() => test.service(({ getCurrentPages }) => getCurrentPages().at(-1).answer())).toBe('new');

    expect(await test.paths()).toEqual(['pages/a/a', 'pages/b/b', 'pages/c/c']);
    expect(await test.service(({ getCurrentPages }) => getCurrentPages().map((page) => page.options))).toEqual([
      {},
      { q: '1' },
      { q: '2' },
    ]);
    expect(await view.eval('wx-root', (root) => root.scrollTop)).toBe(500);
    await view.eval('wx-root', (root) => root.scrollTo(0, 0));
    await view.tap('.title');
    await view.waitText('.title', 'new 3');
    expect(await test.service(({ getApp }) => getApp().started)).toBe(started);
    expect(await test.problems()).toEqual([]);
    await test.close();
  });

  it('shows a compile error over the phone and takes it away when it is mended', async () => {
    const test = await startApp({
      mode,
      watch: true,
      files: { 'app.js': 'App({})', 'pages/a/a.wxml': '<view class="x">fine</view>', 'pages/a/a.js': 'Page({})' },
    });
    await test.write({ 'pages/a/a.js': 'Page({ data: { ]' });
    await test.page.locator('.overlay pre').first().waitFor();
    const shown = await test.page.locator('.overlay').innerText();
    expect(shown).toContain('SCRIPT_SYNTAX');
    expect(shown).toContain('pages/a/a.js:1');
    expect(shown).toContain('Page({ data: { ]');
    await test.write({ 'pages/a/a.js': 'Page({ data: {} })' });
    await test.page.locator('.overlay').waitFor({ state: 'hidden' });
    await test.close();
  });
});
