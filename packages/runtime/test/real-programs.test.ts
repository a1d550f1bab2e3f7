/** What programs in the wild are written like. Each of these stops a whole program, or a page, in other runtimes. */
import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from './harness.ts';

useBrowser();

const component = (wxml: string, js = 'Component({})', json: object = {}) => ({
  json: { component: true, ...json },
  wxml,
  js,
});
/** Files of a component or page. */
const at = (path: string, { json, wxml, js }: { json: object; wxml: string; js: string }) => ({
  [`${path}.json`]: json,
  [`${path}.wxml`]: wxml,
  [`${path}.js`]: js,
});

inBothModes('programs as they are found', (mode) => {
  it('compiles templates that are careless', async () => {
    const test = await startApp({
      mode,
      files: {
        'app.js': 'App({})',
        'app.json': { pages: ['pages/a/a'], usingComponents: { shared: '/c/shared' } },
        'style/base.wxss': '.based { color: rgb(1, 2, 3) }',
        'pages/a/a.json': { usingComponents: { outer: '/c/outer', missing: '/c/none' } },
        'pages/a/a.wxss': '@import "/style/base.wxss";',
        'pages/a/a.wxml': `
          <import src="none.wxml"/>
          <view class="keys"><view wx:for="{{list}}" wx:key>{{item}}</view><view wx:for="{{list}}" wx:key="">{{item}}</view></view>
          <missing><view class="slotted">slotted</view></missing>
          <outer/>
          <wxs module="re">module.exports = { path: function (s) { return getRegExp('/\\\\d+/').test(s) ? 'number' : 'text' } }</wxs>
          <view class="regexp">{{re.path('a/12/b')}}</view>
          <view class="both {{on ? 'one' : 'two'}}{{in}} based">{{class}}</view>
          <view wx:for="{{list}}" wx:for-item="class" wx:key="*this" class="word">{{class}}</view>
          <wxs module="words">var fn = function (of) { var let_ = { in: 1, class: 2 }; return let_.in + let_.class + of }; module.exports = { sum: fn }</wxs>
          <view class="sum">{{words.sum(4)}}</view>
          <image/>`,
        'pages/a/a.js': `Page({ data: { list: ['x', 'y'], on: true, in: ' inside', class: 'a word' } })`,
        ...at('c/outer', component('<view class="outer"><shared/></view>')),
        ...at('c/shared', component('<view class="shared">seen everywhere</view>')),
      },
    });
    const view = await test.view();
    await test.page.locator('.overlay-close').click();
    expect(await view.text('.keys')).toBe('x\ny\nx\ny');
    expect(await view.text('.slotted')).toBe('slotted');
    expect(await view.text('wx-outer')).toBe('seen everywhere');
    expect(await view.text('.regexp')).toBe('number');
    expect(await view.eval('.both', (element) => [element.className, getComputedStyle(element).color])).toEqual([
      'both one inside based',
      'rgb(1, 2, 3)',
    ]);
    expect(await view.text('.both')).toBe('a word');
    expect(await view.count('.word')).toBe(2);
    expect(await view.text('.sum')).toBe('7');
    expect(await view.count('wx-image')).toBe(1);
    await test.close();
  });

  it('opens a page of a subpackage directly, with a WXS module from a shared folder', async () => {
    const test = await startApp({
      mode,
      phone: { page: 'shop/pages/item/item?id=7' },
      files: {
        'app.js': 'App({ ran: true })',
        'app.json': { pages: ['pages/a/a'], subpackages: [{ root: 'shop', pages: ['pages/item/item'] }] },
        'pages/a/a.wxml': 'home',
        'pages/a/a.js': 'Page({})',
        'shared/price.wxs': `module.exports = function (n) { return '¥' + n.toFixed(2) }`,
        'shop/pages/item/item.wxml': `<wxs src="/shared/price.wxs" module="price"/><view class="price">{{id}} {{price(3)}} {{ran}}</view>`,
        'shop/pages/item/item.js': 'Page({ data: {}, onLoad({ id }) { this.setData({ id, ran: getApp().ran }) } })',
      },
    });
    expect(await test.paths()).toEqual(['shop/pages/item/item']);
    expect(await (await test.view()).text('.price')).toBe('7 ¥3.00 true');
    await test.close();
  });

  it('keeps components of one page apart that name their WXS modules alike', async () => {
    const test = await startApp({
      mode,
      files: {
        'app.js': 'App({})',
        'pages/a/a.json': { usingComponents: { one: '/c/one', two: '/c/two' } },
        'pages/a/a.wxml': `<wxs module="x">module.exports = { who: function () { return 'page' } }</wxs><one/><two/><view class="page">{{x.who()}}</view>`,
        'pages/a/a.js': 'Page({})',
        ...at(
          'c/one',
          component(
            `<wxs module="x">module.exports = { who: function () { return 'one' } }</wxs><view class="one">{{x.who()}}</view>`,
          ),
        ),
        ...at(
          'c/two',
          component(
            `<wxs module="x">module.exports = { who: function () { return 'two' } }</wxs><view class="two">{{x.who()}}</view>`,
          ),
        ),
      },
    });
    const view = await test.view();
    expect([await view.text('wx-one'), await view.text('wx-two'), await view.text('.page')]).toEqual([
      'one',
      'two',
      'page',
    ]);
    await test.close();
  });

  it('lets a program name its classes as it likes, by import and by require', async () => {
    const names = ['TextDecoder', 'URL', 'Worker', 'WebSocket', 'Headers', 'Event', 'Map', 'App', 'console', 'top'];
    const test = await startApp({
      mode,
      files: {
        'app.js': 'App({})',
        'es.js': names.map((name) => `export class ${name} { own() { return '${name}' } }`).join('\n'),
        'cjs.js': `module.exports = { ${names.map((name) => `${name}: class { own() { return '${name}' } }`).join(', ')} }`,
        'pages/a/a.wxml': '<view class="t">{{t}}</view>',
        'pages/a/a.js': `import { ${names.filter((name) => name !== 'App').join(', ')} } from '../../es'
          import * as all from '../../es'
          import { read } from './b'
          Page({ data: { t: [new TextDecoder().own(), new URL().own(), new Map().own(), new console().own(), new top().own(), new all.App().own(), read()].join() } })`,
        'pages/a/b.js': `const { TextDecoder, Worker, Event, console } = require('../../cjs')
          const URL = require('../../cjs').URL
          exports.read = () => [TextDecoder, Worker, Event, console, URL].map((Own) => new Own().own()).join('-')`,
      },
    });
    expect(await (await test.view()).text('.t')).toBe(
      'TextDecoder,URL,Map,console,top,App,TextDecoder-Worker-Event-console-URL',
    );
    expect(await test.problems()).toEqual([]);
    await test.close();
  });

  it('has what libraries build on: definitionFilter, components to select, the tab bar in onShow, queries with numbers', async () => {
    const test = await startApp({
      mode,
      files: {
        'app.js': 'App({ seen: {} })',
        'app.json': {
          pages: ['pages/a/a'],
          tabBar: {
            custom: true,
            list: [
              { pagePath: 'pages/a/a', text: 'a' },
              { pagePath: 'pages/b/b', text: 'b' },
            ],
          },
        },
        ...at('custom-tab-bar/index', component('<view class="bar">bar {{n}}</view>', 'Component({ data: { n: 0 } })')),
        'pages/b/b.wxml': 'b',
        'pages/b/b.js': 'Page({})',
        'pages/a/a.json': { usingComponents: { c: '/c/c' } },
        'pages/a/a.wxml': '<c id="c"/><view class="box" style="width: 50px; height: 20px"/>',
        'pages/a/a.js': `Page({
          onShow() { const bar = this.getTabBar(); getApp().seen.bar = bar !== null; bar.setData({ n: 7 }) },
          onReady() {
            const { seen } = getApp();
            seen.doubled = this.selectComponent('#c').data.doubled;
            wx.createSelectorQuery().select('.box').boundingClientRect(({ width, height }) => { seen.box = [width, height] }).exec();
          },
        })`,
        'c/computed.js': `module.exports = Behavior({
          definitionFilter(definition) { const { computed = {} } = definition; definition.data = definition.data || {};
            for (const name of Object.keys(computed)) definition.data[name] = computed[name](definition.data) } })`,
        ...at(
          'c/c',
          component(
            '<view class="c">{{doubled}}</view>',
            `Component({ behaviors: [require('./computed')], data: { n: 21 }, computed: { doubled: (data) => data.n * 2 } })`,
          ),
        ),
      },
    });
    const view = await test.view();
    expect(await view.text('wx-c')).toBe('42');
    await view.waitText('wx-custom-tab-bar', 'bar 7');
    await expect
      .poll(() => test.service(({ getApp }) => getApp().seen))
      .toEqual({ bar: true, doubled: 42, box: [50, 20] });
    await test.close();
  });

  it('answers synchronous calls, and changes data of a page before it is there', async () => {
    const test = await startApp({
      mode,
      files: {
        'app.js': 'App({ onLaunch() { wx.setStorageSync("k", { n: 1 }) } })',
        'pages/a/a.wxml': '<view class="n">{{n}}</view>',
        'pages/a/a.js': `Page({ data: { n: 0 }, onLoad() { for (let n = 1; n <= 50; n++) this.setData({ n }) } })`,
      },
    });
    expect(await (await test.view()).text('.n')).toBe('50');
    expect(
      await test.service(({ wx }) => [
        wx.getStorageSync('k'),
        wx.getAccountInfoSync().miniProgram.appId,
        wx.canIUse('getStorageSync'),
        wx.canIUse('noSuchThing'),
        typeof wx.getSystemInfoSync().windowWidth,
      ]),
    ).toEqual([{ n: 1 }, 'wxtest', true, false, 'number']);
    expect(await test.service(async ({ wx }) => (await wx.stopPullDownRefresh()).errMsg)).toBe(
      'stopPullDownRefresh:ok',
    );
    await test.close();
  });

  it('leaves the status bar free above a navigation bar that a page draws itself', async () => {
    const test = await startApp({
      mode,
      files: {
        'app.js': 'App({})',
        'app.json': { pages: ['pages/a/a'], window: { navigationStyle: 'custom' } },
        'pages/a/a.wxml': '<view class="nav" style="height: {{bottom}}px; padding-top: {{top}}px">title</view>',
        'pages/a/a.js': `Page({ data: { top: 0, bottom: 0 }, onLoad() {
          const { statusBarHeight } = wx.getSystemInfoSync(); const { bottom } = wx.getMenuButtonBoundingClientRect();
          this.setData({ top: statusBarHeight, bottom: bottom - statusBarHeight }) } })`,
      },
    });
    const [statusBar, capsule] = await test.page.evaluate(() =>
      ['.status-bar', '.capsule'].map(
        (selector) => document.querySelector(selector)?.getBoundingClientRect().bottom ?? 0,
      ),
    );
    const device = await test.page.evaluate(() => document.querySelector('.device')?.getBoundingClientRect().top ?? 0);
    const view = await test.view();
    const padding = await view.eval('.nav', (nav) => Number.parseFloat(getComputedStyle(nav).paddingTop));
    const bottom = await view.eval('.nav', (nav) => nav.getBoundingClientRect().bottom);
    // The page begins at the top of the screen, and what it draws ends where the capsule does.
    expect(padding).toBe((statusBar ?? 0) - device);
    expect(bottom).toBe((capsule ?? 0) - device);
    await test.close();
  });

  it('runs WXS change handlers when their tree is built, and goes on when code extends a class that is not there', async () => {
    const test = await startApp({
      mode,
      files: {
        'app.js': 'App({})',
        'pages/a/a.json': { usingComponents: { slide: '/c/slide' } },
        'pages/a/a.wxml': '<slide/>',
        'pages/a/a.js': `const xr = wx.getXrFrameSystem(); class Mine extends xr.Component {} ; Page({ mine: typeof Mine })`,
        'c/slide.wxs': `module.exports = { shown: function (now, before, owner, self) {
          owner.selectComponent('.left').setStyle({ color: 'rgb(9, 8, 7)' }); self.getState().seen = true } }`,
        ...at(
          'c/slide',
          component(
            `<wxs module="h" src="./slide.wxs"/><view wx:if="{{on}}"><view class="left" show="{{on}}" change:show="{{h.shown}}">left</view></view>`,
            'Component({ data: { on: true } })',
          ),
        ),
      },
    });
    const view = await test.view();
    await expect
      .poll(() => view.eval('wx-slide wx-view wx-view', (left) => getComputedStyle(left).color))
      .toBe('rgb(9, 8, 7)');
    expect(await test.service(({ getCurrentPages }) => getCurrentPages()[0].mine)).toBe('function');
    expect((await test.problems()).map(({ kind }) => kind)).toEqual(['api']);
    await test.close();
  });

  it('takes property types in a list, and observers that name no method', async () => {
    const test = await startApp({
      mode,
      files: {
        'app.js': 'App({})',
        'pages/a/a.json': { usingComponents: { c: '/c/c' } },
        'pages/a/a.wxml':
          '<c id="one" flag="{{true}}" either="text" seen="{{1}}"/><c id="two" flag="abc" either="{{5}}"/>',
        'pages/a/a.js': 'Page({})',
        ...at(
          'c/c',
          component(
            '<view>{{flag}} {{either}} {{count}}</view>',
            `Component({
              properties: { flag: { type: [Boolean, String], value: false }, either: [Number, String],
                seen: { type: Number, observer: 'none' }, other: { type: Number, observer: undefined } },
              data: { count: 0 },
              observers: { 'flag, either': 'counted', seen: 'noMethod', other: undefined },
              methods: { counted() { this.setData({ count: this.data.count + 1 }) } } })`,
          ),
        ),
      },
    });
    const view = await test.view();
    expect([await view.text('#one'), await view.text('#two')]).toEqual(['true text 1', 'abc 5 1']);
    expect(await test.problems()).toEqual([]);
    await test.close();
  });

  it('measures what an observer asks about when it is there', async () => {
    const test = await startApp({
      mode,
      files: {
        'app.js': 'App({})',
        'pages/a/a.json': { usingComponents: { c: '/c/c' } },
        'pages/a/a.wxml': '<c text="{{text}}"/>',
        'pages/a/a.js': `Page({ data: { text: 'short' } })`,
        ...at(
          'c/c',
          component(
            '<view class="x" style="width: {{text.length * 10}}px; height: 5px"/>',
            `Component({ properties: { text: String }, sizes: [], observers: { text() {
              this.createSelectorQuery().select('.x').fields({ size: true }, (r) => getApp().sizes.push(r && r.width)).exec() } },
              created() { getApp().sizes = getApp().sizes || [] } })`,
          ),
        ),
      },
    });
    const sizes = () => test.service(({ getApp }) => getApp().sizes);
    await expect.poll(sizes).toEqual([50]);
    await test.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ text: 'longer text' }));
    await expect.poll(sizes).toEqual([50, 110]);
    await test.close();
  });

  it('loads modules of a subpackage when they are asked for, and says which one is missing', async () => {
    const test = await startApp({
      mode,
      files: {
        'app.js': 'App({ got: [] })',
        'app.json': { pages: ['pages/a/a'], subpackages: [{ root: 'far', pages: ['q/q'] }] },
        'pages/a/a.wxml': 'a',
        'pages/a/a.js': `Page({ onLoad() {
          const { got } = getApp();
          require('../../far/util.js', (m) => got.push(['ok', m.name]), (e) => got.push(['bad', e.mod]));
          require('../../far/none.js', () => got.push('ok'), ({ mod, errMsg }) => got.push(['fail', mod, typeof errMsg]));
          require('../../far/broken.js', () => got.push('ok'), ({ errMsg }) => got.push(['broken', errMsg]));
          require.async('../../far/none.js').catch(({ mod, errMsg }) => got.push(['rejected', mod, typeof errMsg]));
          require.async('../../far/util.js').then((m) => got.push(['async', m.name]));
        } })`,
        'far/util.js': `exports.name = 'far'`,
        'far/broken.js': `throw new Error('as it is')`,
        'far/q/q.wxml': 'q',
        'far/q/q.js': 'Page({})',
      },
    });
    await expect
      .poll(async () => (await test.service(({ getApp }) => getApp().got)).map(String).sort())
      .toEqual([
        'async,far',
        'broken,as it is',
        'fail,../../far/none.js,string',
        'ok,far',
        'rejected,../../far/none.js,string',
      ]);
    await test.close();
  });

  it('runs declarations that name themselves, and has the option of an animation', async () => {
    const test = await startApp({
      mode,
      files: {
        'app.js': 'App({})',
        'pages/a/a.wxml': '<view class="t">{{t}}</view>',
        'pages/a/a.js': `
          const Queue = Queue ? Queue : class { kind() { return 'own' } };
          const { option } = wx.createAnimation({ duration: 300 });
          Page({ data: { t: new Queue().kind() + ' ' + option.transition.duration } })`,
      },
    });
    expect(await (await test.view()).text('.t')).toBe('own 300');
    await test.close();
  });

  it('shows components of a subpackage: behind a placeholder until they are there, or at once', async () => {
    const test = await startApp({
      mode,
      files: {
        'app.js': 'App({})',
        'app.json': {
          pages: ['pages/a/a', 'pages/b/b'],
          subpackages: [
            { root: 'far', pages: ['q/q'] },
            { root: 'other', pages: ['r/r'] },
          ],
        },
        'pages/a/a.json': {
          usingComponents: { far: '/far/c/far', plain: '/far/c/plain', wait: '/c/wait' },
          componentPlaceholder: { far: 'wait', plain: 'view' },
        },
        'pages/a/a.wxml':
          '<far id="far" msg="{{msg}}" bindcame="came">slotted</far><plain wx:if="{{more}}" id="plain"/>',
        'pages/a/a.js': `Page({ data: { msg: 'hi', more: false, came: [] }, came(e) { this.data.came.push(e.detail) } })`,
        'pages/b/b.json': { usingComponents: { near: '/other/c/near' } },
        'pages/b/b.wxml': '<near/>',
        'pages/b/b.js': 'Page({})',
        ...at('c/wait', component('<view>wait</view><slot/>')),
        ...at(
          'far/c/far',
          component(
            '<view class="x">far {{msg}} <inner/></view><slot/>',
            `Component({ properties: { msg: String }, attached() { this.triggerEvent('came', this.data.msg) } })`,
            { usingComponents: { inner: '/other/c/near' } },
          ),
        ),
        'far/c/far.wxss': '.x { color: rgb(1, 2, 3) }',
        ...at('far/c/plain', component('<view>plain</view>')),
        ...at('other/c/near', component('<text class="near">near</text>')),
        'other/c/near.wxss': '.near { color: rgb(4, 5, 6) }',
        'far/q/q.json': { usingComponents: { far: '/far/c/far' } },
        'far/q/q.wxml': '<far id="far" msg="q"/>',
        'far/q/q.js': 'Page({})',
        'other/r/r.wxml': 'r',
        'other/r/r.js': 'Page({})',
      },
    });
    const first = await test.view();
    await first.waitText('#far', 'far hi near');
    expect(await first.text('#far')).toBe('far hi near\nslotted');
    const color = (selector: string) => first.eval(selector, (element) => getComputedStyle(element).color);
    expect([await color('#far > wx-view'), await color('#far wx-text')]).toEqual(['rgb(1, 2, 3)', 'rgb(4, 5, 6)']);
    const sheets = await first.eval('#far', (element) =>
      [...((element.getRootNode() as ParentNode).querySelectorAll('style') ?? [])].map(
        (each) => (each as HTMLElement).dataset.path,
      ),
    );
    expect(sheets.filter(Boolean).slice(0, 3)).toEqual(['app', 'c/wait', 'pages/a/a']);
    await test.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ more: true, msg: 'again' }));
    await first.waitText('#far', 'far again near');
    await first.waitText('#plain', 'plain');
    expect(await test.service(({ getCurrentPages }) => getCurrentPages()[0].data.came)).toEqual(['hi']);
    await test.service(({ wx }) => wx.navigateTo({ url: '/far/q/q' }));
    await test.ready('far/q/q');
    expect(await (await test.view()).text('#far')).toBe('far q near');
    await test.service(({ wx }) => wx.redirectTo({ url: '/pages/b/b' }));
    await test.ready('pages/b/b');
    expect(await (await test.view()).text('wx-page')).toBe('near');
    expect(await test.problems()).toEqual([]);
    await test.close();
  });
});
