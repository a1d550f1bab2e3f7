import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from './harness.ts';

useBrowser();

const app = { 'app.js': 'App({ log: [] })' };

inBothModes('components', (mode) => {
  it('knows properties, observers, events, slots, external classes and the parent it is selected by', async () => {
    const test = await startApp({
      mode,
      files: {
        ...app,
        'pages/a/a.json': { usingComponents: { card: '/components/card/card' } },
        'pages/a/a.wxml': `
          <card id="one" class="mine" title="{{title}}" dataset="{{set}}" outer-class="red" bind:press="pressed" data-x="7">
            <view slot="head" class="head">head</view><view class="body">body</view>
          </card>
          <view class="out">{{out}}</view>`,
        'pages/a/a.wxss': '.red { color: rgb(255, 0, 0) } .inner { color: rgb(0, 0, 255) }',
        'pages/a/a.js': `Page({
          data: { title: 'T', set: { a: 1 }, out: '' },
          onReady() { getApp().log.push('selected ' + this.selectComponent('#one').data.title + this.selectComponent('.mine').shout()) },
          pressed(e) { this.setData({ out: e.type + e.detail.n + e.currentTarget.dataset.x + e.target.id }) },
        })`,
        'components/card/card.json': { component: true },
        'components/card/card.wxml': `<view class="inner outer-class" bindtap="tap">{{title}}/{{double}}/{{dataset.a}}</view><slot name="head"/><slot/>`,
        'components/card/card.wxss': '.inner { font-size: 30px } :host { display: block; padding-left: 11px }',
        'components/card/card.js': `Component({
          options: { multipleSlots: true },
          externalClasses: ['outer-class'],
          behaviors: ['wx://form-field', Behavior({ data: { fromBehavior: 1 }, methods: { shout() { return '!' + this.data.fromBehavior } } })],
          properties: { title: { type: String, observer: 'titleChanged' }, dataset: Object },
          data: { double: '' },
          observers: { title(value) { this.setData({ double: value + value }) } },
          lifetimes: { created() { getApp().log.push('created') }, attached() { getApp().log.push('attached ' + this.data.title) }, ready() { getApp().log.push('ready') }, detached() { getApp().log.push('detached') } },
          pageLifetimes: { show() { getApp().log.push('page show') }, hide() { getApp().log.push('page hide') } },
          methods: { titleChanged(now) { getApp().log.push('title ' + now) }, tap() { this.triggerEvent('press', { n: 5 }) } },
        })`,
      },
    });
    const view = await test.view();
    expect(await view.text('.head')).toBe('head');
    expect(await view.text('.body')).toBe('body');
    const inner = 'wx-card wx-view >> nth=0';
    expect(await view.text(inner)).toBe('T/TT/1');
    // Red by the external class; the page's own .inner does not reach into the component.
    expect(await view.eval(inner, (e) => [getComputedStyle(e).color, getComputedStyle(e).fontSize])).toEqual([
      'rgb(255, 0, 0)',
      '30px',
    ]);
    expect(await view.eval('wx-card', (e) => [getComputedStyle(e).display, getComputedStyle(e).paddingLeft])).toEqual([
      'block',
      '11px',
    ]);
    await view.tap(inner);
    await view.waitText('.out', 'press57one');
    expect(await test.service(({ getApp }) => getApp().log)).toEqual([
      'created',
      'title T',
      'attached T',
      'page show',
      'ready',
      'selected T!1',
    ]);
    expect(await test.problems()).toEqual([]);
    await test.close();
  });

  it('runs definitionFilter of behaviors, and relations on both sides', async () => {
    const test = await startApp({
      mode,
      files: {
        ...app,
        'pages/a/a.json': { usingComponents: { list: '/c/list', item: '/c/item' } },
        'pages/a/a.wxml': '<list><item wx:for="{{n}}" wx:key="*this" label="{{item}}"/></list>',
        'pages/a/a.js': 'Page({ data: { n: 2 } })',
        'c/computed.js': `module.exports = Behavior({
          definitionFilter(definition) {
            const computed = definition.computed || {};
            definition.methods = definition.methods || {};
            definition.methods.compute = function () { return Object.keys(computed).map((key) => computed[key](this.data)).join() };
          },
        })`,
        'c/list.json': { component: true },
        'c/list.wxml': '<slot/>',
        'c/list.js': `Component({ relations: { './item': { type: 'child', linked(t) { getApp().log.push('list linked ' + t.data.label) } } } })`,
        'c/item.json': { component: true },
        'c/item.wxml': '<view class="item">{{label}}</view>',
        'c/item.js': `Component({
          behaviors: [require('./computed')],
          computed: { twice(data) { return data.label * 2 } },
          properties: { label: Number },
          relations: { './list': { type: 'parent', linked() { getApp().log.push('item linked ' + this.compute()) } } },
        })`,
      },
    });
    const log = (await test.service(({ getApp }) => getApp().log)) as string[];
    expect(log.sort()).toEqual(['item linked 0', 'item linked 2', 'list linked 0', 'list linked 1']);
    await test.close();
  });

  it('updates by path, binds two ways, follows lists by key and repaints what setData calls back for', async () => {
    const test = await startApp({
      mode,
      files: {
        ...app,
        'pages/a/a.wxml': `
          <view class="deep">{{o.list[1].v}}</view><input model:value="{{typed}}" class="in"/><view class="typed">{{typed}}</view>
          <view wx:for="{{rows}}" wx:key="id" class="row" data-id="{{item.id}}">{{index}}:{{item.id}}</view>
          <block wx:if="{{rows.length > 2}}"><view class="many">many</view></block><view wx:else class="few">few</view>`,
        'pages/a/a.js': `Page({ data: { o: { list: [{ v: 1 }, { v: 2 }] }, typed: 'x', rows: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] } })`,
      },
    });
    const view = await test.view();
    await test.service(({ getCurrentPages, getApp }) => {
      const page = getCurrentPages()[0];
      page.setData({ 'o.list[1].v': 9, rows: [{ id: 'c' }, { id: 'a' }] }, () => getApp().log.push('painted'));
    });
    await view.waitText('.deep', '9');
    expect(await view.frame.locator('.row').allInnerTexts()).toEqual(['0:c', '1:a']);
    expect(await view.count('.few')).toBe(1);
    expect(await view.count('.many')).toBe(0);
    await expect.poll(() => test.service(({ getApp }) => getApp().log)).toEqual(['painted']);
    await view.frame.locator('.in input').fill('hello');
    await view.waitText('.typed', 'hello');
    expect(await test.service(({ getCurrentPages }) => getCurrentPages()[0].data.typed)).toBe('hello');
    await test.close();
  });

  it('bubbles, captures, catches and marks events as the guide says', async () => {
    const test = await startApp({
      mode,
      files: {
        ...app,
        'pages/a/a.wxml': `
          <view mark:m="outer" bindtap="note" data-name="outer" capture-bind:tap="note" >
            <view bindtap="note" data-name="middle" mark:n="middle"><view class="leaf" bind:tap="note" data-name="leaf">leaf</view></view>
            <view catchtap="note" data-name="wall"><view class="behind" bindtap="note" data-name="behind">behind</view></view>
            <view catchtap="{{off}}"><view class="open" bindtap="note" data-name="open">open</view></view>
          </view>`,
        'pages/a/a.js': `Page({ data: { off: '' }, note(e) { getApp().log.push(e.currentTarget.dataset.name + ' ' + JSON.stringify(e.mark)) } })`,
      },
    });
    const view = await test.view();
    const tapped = async (selector: string): Promise<string[]> => {
      await test.service(({ getApp }) => {
        getApp().log.length = 0;
      });
      await view.tap(selector);
      await new Promise((resolve) => setTimeout(resolve, 150));
      return (await test.service(({ getApp }) => getApp().log.map((line: string) => line.split(' ')[0]))) as string[];
    };
    expect(await tapped('.leaf')).toEqual(['outer', 'leaf', 'middle', 'outer']);
    expect(await tapped('.behind')).toEqual(['outer', 'behind', 'wall']);
    expect(await tapped('.open')).toEqual(['outer', 'open', 'outer']);
    await view.tap('.leaf');
    await expect.poll(() => test.service(({ getApp }) => getApp().log.at(-1))).toBe('outer {"n":"middle","m":"outer"}');
    await test.close();
  });

  it('keeps WXS modules of one name apart, calls change:prop, and hands events to WXS', async () => {
    const test = await startApp({
      mode,
      files: {
        ...app,
        'wxs/shared.wxs': `module.exports = { kind: function (x) { return x.constructor === 'Array' ? 'array' : typeof x } }`,
        'pages/a/a.json': { usingComponents: { other: '/c/other' } },
        'pages/a/a.wxml': `
          <wxs module="m">module.exports = { name: 'page', tap: function (e, owner) { owner.callMethod('fromWxs', e.type) }, watch: function (now, old, owner) { owner.callMethod('fromWxs', now) } }</wxs>
          <wxs src="../../wxs/shared.wxs" module="shared"/>
          <view class="p" bindtap="{{m.tap}}" change:n="{{m.watch}}" n="{{n}}">{{m.name}} {{shared.kind(list)}}</view><other/>`,
        'pages/a/a.js': `Page({ data: { list: [1], n: 1 }, fromWxs(x) { getApp().log.push('wxs ' + x) } })`,
        'c/other.json': { component: true },
        'c/other.wxml': `<wxs module="m">module.exports = { name: 'other' }</wxs><view class="o">{{m.name}}</view>`,
        'c/other.js': 'Component({})',
      },
    });
    const view = await test.view();
    expect(await view.text('.p')).toBe('page array');
    expect(await view.text('wx-other')).toBe('other');
    await view.tap('.p');
    await test.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ n: 2 }));
    await expect
      .poll(() => test.service(({ getApp }) => getApp().log))
      .toEqual(expect.arrayContaining(['wxs tap', 'wxs 2']));
    await test.close();
  });

  it('goes on after errors: in a lifecycle, in a handler, in an endless observer, in a missing component', async () => {
    const test = await startApp({
      mode,
      files: {
        ...app,
        'pages/a/a.json': { usingComponents: { bad: '/c/bad', gone: '/c/gone', loop: '/c/loop' } },
        'pages/a/a.wxml': `<bad/><gone>slotted</gone><loop n="{{n}}"/><view class="go" bindtap="go">n {{n}}</view>`,
        'pages/a/a.js': `Page({ data: { n: 1 }, onLoad() { throw new Error('load broke') }, go() { this.setData({ n: 2 }); throw new Error('go broke') } })`,
        'c/bad.json': { component: true },
        'c/bad.wxml': '<view class="bad">bad</view>',
        'c/bad.js': `Component({ lifetimes: { attached() { throw new Error('attached broke') } } })`,
        'c/loop.json': { component: true },
        'c/loop.wxml': '<view>loop</view>',
        'c/loop.js': `Component({ properties: { n: Number }, data: { x: 0 }, observers: { 'x, n': function () { this.setData({ x: this.data.x + 1 }) } } })`,
      },
    });
    const view = await test.view();
    await test.page.locator('.overlay-close').click();
    expect(await view.text('wx-bad')).toBe('bad');
    await view.tap('.go');
    await view.waitText('.go', 'n 2');
    await expect
      .poll(async () => (await test.problems()).map((problem) => problem.message).join())
      .toContain('go broke');
    const messages = (await test.problems()).map((problem) => problem.message).join('\n');
    expect(messages).toContain('load broke');
    expect(messages).toContain('attached broke');
    // Its place is asked of the server first.
    const stack = async () => (await test.logs()).find((line) => line.text.includes('go broke'))?.stack ?? '';
    await expect.poll(stack).toContain('pages/a/a.js:1');
    await test.close();
  });

  it('says so when setData runs in a loop through its own callback, and stays usable', async () => {
    const test = await startApp({
      mode,
      files: {
        ...app,
        'pages/a/a.wxml': '<view class="n">{{n}}</view><view class="go" bindtap="go">go {{gone}}</view>',
        'pages/a/a.js': `Page({ data: { n: 0, gone: 0 },
          onReady() { const loop = () => { this.setData({ n: this.data.n + 1 }); setTimeout(loop) }; loop() },
          go() { this.setData({ gone: 1 }) } })`,
      },
    });
    await expect.poll(async () => (await test.problems()).map((problem) => problem.code)).toContain('SET_DATA_FLOOD');
    // Found, not clicked: a page that changes all the time never holds still for the driver.
    await (await test.view()).eval('.go', (element) => {
      for (const type of ['mousedown', 'mouseup'])
        element.dispatchEvent(new MouseEvent(type, { bubbles: true, composed: true, clientX: 5, clientY: 5 }));
    });
    await (await test.view()).waitText('.go', 'go 1');
    expect((await test.problems()).filter((problem) => problem.code === 'SET_DATA_FLOOD')).toHaveLength(1);
    await test.close();
  });

  it('says so when a script never ends, and starts again', async () => {
    const test = await startApp({
      mode,
      files: {
        ...app,
        'pages/a/a.wxml': '<view class="go" bindtap="go">go</view>',
        'pages/a/a.js': 'Page({ go() { for (;;) {} } })',
      },
    });
    // In single mode the driver itself waits for the frame that hangs.
    void (await test.view()).tap('.go').catch(() => {});
    await test.page.locator('.overlay').getByText('LOGIC_STUCK').waitFor({ timeout: 30_000 });
    await test.page.locator('.overlay-close').click();
    await test.page.locator('.capsule button:last-child').click();
    await test.ready('pages/a/a');
    expect(await (await test.view()).text('.go')).toBe('go');
    await test.close();
  });

  // In single mode the script and the watch share a thread: nobody is there to say it.
  if (mode === 'dual')
    it('says that a script does not end, leaves the restart free, and takes that alone back when it ends', async () => {
      const test = await startApp({
        mode,
        files: {
          'app.js': 'App({})',
          'app.json': { pages: ['pages/a/a', 'pages/broken/broken'] },
          'pages/a/a.wxml': 'a',
          'pages/a/a.js': 'Page({})',
          'pages/broken/broken.wxml': '<view>',
          'pages/broken/broken.js': 'Page({})',
        },
      });
      // What the compiler says of another page is there before and afterwards.
      const overlay = test.page.locator('.overlay');
      await overlay.filter({ hasText: 'pages/broken/broken.wxml' }).waitFor();
      void test.service(() => {
        const end = Date.now() + 16_000;
        while (Date.now() < end);
      });
      await overlay.filter({ hasText: 'LOGIC_STUCK' }).waitFor({ timeout: 30_000 });
      await test.page.locator('.capsule button:last-child').click({ trial: true });
      await overlay.filter({ hasText: 'pages/broken/broken.wxml' }).waitFor({ timeout: 30_000 });
      expect(await overlay.getByText('LOGIC_STUCK').count()).toBe(0);
      expect(await test.problems()).toEqual([]);
      await test.close();
    });

  if (mode === 'dual')
    it('says that a WXS function does not end, and takes it back when it does', async () => {
      const test = await startApp({
        mode,
        files: {
          'app.js': 'App({})',
          'pages/a/a.wxml': `<wxs module="m">module.exports = {
              long: function () { var end = Date.now() + 40000; while (Date.now() < end) {} }
            }</wxs><view class="go" bindtap="{{m.long}}">go</view>`,
          'pages/a/a.js': 'Page({})',
        },
      });
      const overlay = test.page.locator('.overlay');
      void (await test.view()).tap('.go').catch(() => {});
      await overlay.filter({ hasText: 'VIEW_STUCK' }).waitFor({ timeout: 60_000 });
      // The logic layer is none the worse for it.
      expect(await test.service(() => 'here')).toBe('here');
      await overlay.waitFor({ state: 'hidden', timeout: 90_000 });
      expect(await test.problems()).toEqual([]);
      await test.close();
    }, 180_000);

  // In single mode the views have no frames of their own.
  if (mode === 'dual')
    it('does not wait for the frame of a page that was closed before it started', async () => {
      const test = await startApp({
        mode,
        files: {
          'app.js': 'App({})',
          'app.json': { pages: ['pages/a/a', 'pages/b/b'] },
          'pages/a/a.wxml': '<view>a</view>',
          'pages/a/a.js': 'Page({})',
          'pages/b/b.wxml': '<view>b</view>',
          'pages/b/b.js': 'Page({})',
        },
        phone: { ahead: '0' },
      });
      let letGo = (): void => {};
      const held = new Promise<void>((resolve) => (letGo = resolve));
      await test.page.route('**/view.html', async (route) => {
        await held;
        await route.abort();
      });
      await test.service(async ({ wx }) => {
        await wx.navigateTo({ url: '/pages/b/b' });
        await wx.navigateBack();
      });
      // As long as a frame is waited for that is there and does not start.
      await test.page.waitForTimeout(18_000);
      expect(await test.problems()).toEqual([]);
      letGo();
      await test.close();
    });

  it('says that a frame does not start, and takes it back when it starts after all', async () => {
    const test = await startApp({
      mode,
      files: { 'app.js': 'App({})', 'pages/a/a.wxml': '<view class="x">fine</view>', 'pages/a/a.js': 'Page({})' },
    });
    let letGo = (): void => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    await test.page.route(mode === 'dual' ? '**/boot.html' : '**/single.html', async (route) => {
      await held;
      await route.continue();
    });
    await test.page.locator('.capsule button:last-child').click();
    const overlay = test.page.locator('.overlay');
    await overlay.filter({ hasText: 'START_FAILED' }).waitFor({ timeout: 60_000 });
    await test.page.locator('.capsule button:last-child').click({ trial: true });
    expect((await test.problems()).map(({ code }) => code)).toEqual(['START_FAILED']);
    letGo();
    await test.ready('pages/a/a');
    await overlay.waitFor({ state: 'hidden' });
    expect(await test.problems()).toEqual([]);
    expect(await (await test.view()).text('.x')).toBe('fine');
    await test.close();
  });
});
