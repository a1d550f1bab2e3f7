import { expect, it } from 'vitest';
import { inBothModes, useBrowser } from '../harness.ts';
import { eventually, onePage } from './page.ts';

useBrowser();

inBothModes('what a page does with its components', (mode) => {
  it('replaces the text of an input by what the handler returns', async () => {
    const { app, view } = await onePage(
      mode,
      `<input class="upper" bindinput="upper"/><textarea class="cut" bindinput="cut"/><input class="plain" bindinput="plain"/>`,
      `{ upper(e) { return e.detail.value.toUpperCase() }, cut(e) { return { value: e.detail.value.replace(/b/g, ''), cursor: 1 } }, plain() { return 7 } }`,
    );
    const typed = async (name: string, text: string) => {
      const field = view.frame.locator(`.${name} input, .${name} textarea`).first();
      await field.pressSequentially(text);
      return field;
    };
    const upper = await typed('upper', 'abc');
    await eventually(() => upper.inputValue()).toBe('ABC');
    const cut = await typed('cut', 'acb');
    await eventually(() => cut.inputValue()).toBe('ac');
    expect(await cut.evaluate((field) => (field as HTMLTextAreaElement).selectionStart)).toBe(1);
    const plain = await typed('plain', 'abc');
    expect(await plain.inputValue()).toBe('abc');
    await app.close();
  });

  it('gives the context of a scroll-view, and goes to the top at a double tap on the title', async () => {
    const { app, view } = await onePage(
      mode,
      `<scroll-view id="s" style="height: 200px" scroll-y enhanced enable-back-to-top><view style="height: 900px">long</view><view id="low" style="height: 300px">low</view></scroll-view><view style="height: 3000px"/>`,
      `{ go(run) { return new Promise((resolve) => wx.createSelectorQuery().select('#s').node(({ node }) => { run(node); resolve() }).exec()) } }`,
    );
    const top = () =>
      view.eval('wx-scroll-view', (element) => element.shadowRoot?.querySelector('div:not(.sign)')?.scrollTop ?? -1);
    await app.service(({ getCurrentPages }) =>
      getCurrentPages()[0].go((node: { scrollTo(o: object): void }) => node.scrollTo({ top: 120 })),
    );
    await eventually(top).toBe(120);
    await app.service(({ getCurrentPages }) =>
      getCurrentPages()[0].go((node: { scrollIntoView(s: string): void }) => node.scrollIntoView('#low')),
    );
    await eventually(top).toBe(900);
    await app.page.locator('.nav-bar').dblclick();
    await eventually(top).toBe(0);
    await app.close();
  });

  it('shows the refresher that a page draws itself', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<scroll-view style="height: 300px" scroll-y refresher-enabled refresher-default-style="none" refresher-triggered="{{on}}" bindrefresherrefresh="log" bindrefresherrestore="log">
        <view slot="refresher" class="own" style="height: 40px">mine</view><view class="long" style="height: 900px">long</view></scroll-view>`,
      `{ data: { on: false } }`,
    );
    const visible = () =>
      view.frame
        .locator('.own')
        .first()
        .evaluate((own) => getComputedStyle(own).visibility);
    expect(await visible()).toBe('hidden');
    // It stands above the content, not in it.
    expect(await view.eval('.long', (long) => long.getBoundingClientRect().top)).toBe(
      await view.eval('wx-scroll-view', (area) => area.getBoundingClientRect().top),
    );
    await app.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ on: true }));
    await eventually(visible).toBe('visible');
    await app.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ on: false }));
    await eventually(visible).toBe('hidden');
    await eventually(async () => (await events()).map(([type]) => type)).toEqual([
      'refresherrefresh',
      'refresherrestore',
    ]);
    await app.close();
  });

  it('a navigator goes to pages only where the router would, and leaves the mini program', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<navigator class="gone" url="/pages/none/none" bindfail="log">none</navigator>
       <navigator class="tab" url="/pages/index/index" bindfail="log">tab</navigator>
       <navigator class="switch" open-type="switchTab" url="/pages/b/b" bindfail="log">switch</navigator>
       <navigator class="exit" open-type="exit" bindsuccess="log">exit</navigator>`,
      `{ onHide() { this.events.push(['hide']) }, onShow() { this.events.push(['show']) } }`,
      {
        'app.json': {
          pages: ['pages/index/index', 'pages/b/b', 'pages/c/c'],
          tabBar: {
            list: [
              { pagePath: 'pages/index/index', text: 'a' },
              { pagePath: 'pages/c/c', text: 'c' },
            ],
          },
        },
        'pages/b/b.wxml': 'b',
        'pages/b/b.js': 'Page({})',
        'pages/c/c.wxml': 'c',
        'pages/c/c.js': 'Page({})',
      },
    );
    for (const name of ['gone', 'tab', 'switch', 'exit']) await view.tap(`.${name}`);
    await eventually(async () => (await events()).length).toBe(6);
    expect(await events()).toEqual(
      expect.arrayContaining([
        ['fail', { errMsg: 'navigateTo:fail page "pages/none/none" is not found' }],
        ['fail', { errMsg: 'navigateTo:fail can not navigate to a tabbar page' }],
        ['fail', { errMsg: 'switchTab:fail can not switch to no-tabBar page' }],
        ['success', { errMsg: 'exitMiniProgram:ok' }],
        ['hide'],
      ]),
    );
    await app.page.locator('.exited button').click();
    await eventually(async () => (await events()).at(-1)).toEqual(['show']);
    await app.close();
  });

  it('page-meta tells of scrolling', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<page-meta bindscroll="log"/><view style="height: 3000px">long</view>`,
    );
    await view.eval('wx-page', (page) => page.closest('wx-root')?.scrollTo({ top: 70 }));
    await eventually(async () => (await events()).at(-1)).toEqual(['scroll', { scrollTop: 70 }]);
    await app.close();
  });

  it('draws with WebGL on a canvas', async () => {
    const { app, view } = await onePage(
      mode,
      `<canvas id="c" type="webgl" style="width: 40px; height: 40px"/>`,
      `{ draw() { return new Promise((resolve) => wx.createSelectorQuery().select('#c').node(({ node }) => {
          const gl = node.getContext('webgl'); if (!gl) return resolve('none');
          gl.clearColor(0, 0, 1, 1); gl.clear(gl.COLOR_BUFFER_BIT); resolve('drawn') }).exec()) } }`,
    );
    expect(await app.service(({ getCurrentPages }) => getCurrentPages()[0].draw())).toBe('drawn');
    await eventually(() =>
      view.eval('wx-canvas', (element) => {
        const shown = element.querySelector('canvas') ?? element.shadowRoot?.querySelector('canvas');
        const copy = document.createElement('canvas').getContext('2d');
        if (shown) copy?.drawImage(shown, 0, 0);
        return Array.from(copy?.getImageData(2, 2, 1, 1).data ?? []);
      }),
    ).toEqual([0, 0, 255, 255]);
    await app.close();
  });
});
