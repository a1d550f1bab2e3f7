/** WXS that handles events and changes: it runs in the view, without a word to the logic layer. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { inBothModes, startApp, type TestApp, useBrowser } from './harness.ts';

useBrowser();

const require = createRequire(import.meta.url);

/** Files of a component library from npm, as they stand in a mini program: those of some of its folders. */
function library(name: string, folder: string, parts: RegExp): Record<string, string> {
  const root = join(dirname(require.resolve(`${name}/package.json`)), folder);
  return Object.fromEntries(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(js|json|wxml|wxss|wxs)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => parts.test(relative(root, path)))
      .map((path) => [`lib/${relative(root, path)}`, readFileSync(path, 'utf8')]),
  );
}

/** From now on counts what the view of the page on top says to the logic layer. */
async function countMessages(test: TestApp): Promise<() => Promise<number>> {
  await test.service((env) => {
    const { backend } = (
      env as never as { pages: { current(): { backend: Record<string, unknown> } } }
    ).pages.current();
    const seen = env.getApp();
    seen.messages = 0;
    for (const name of ['elementOf', 'elementAt']) {
      const own = backend[name] as (...args: unknown[]) => unknown;
      backend[name] = function (this: unknown, ...args: unknown[]) {
        seen.messages++;
        return own.apply(this, args);
      };
    }
  });
  return () => test.service(({ getApp }) => getApp().messages);
}

/** Presses at the middle of an element. */
async function press(test: TestApp, selector: string): Promise<{ x: number; y: number }> {
  const view = await test.view();
  const box = await view.frame.locator(selector).first().boundingBox();
  if (!box) throw new Error(`${selector} is not shown`);
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  await test.page.mouse.move(at.x, at.y);
  await test.page.mouse.down();
  return at;
}

const app = { 'app.js': 'App({ log: [] })' };
const log = (test: TestApp): Promise<unknown[]> => test.service(({ getApp }) => getApp().log);

inBothModes('WXS in the view', (mode) => {
  it('a drag by touchstart, touchmove and touchend needs no message; what it calls arrives in order', async () => {
    const test = await startApp({
      mode,
      files: {
        ...app,
        'pages/a/drag.wxs': `
          function start(e, owner) { var s = e.instance.getState(); s.x = e.touches[0].clientX; s.moves = 0 }
          function move(e, owner) {
            var s = e.instance.getState(); s.moves++;
            var by = e.touches[0].clientX - s.x;
            e.instance.setStyle({ transform: 'translateX(' + by + 'px)', 'margin-top': '10rpx' }).addClass('moving');
            owner.selectComponent('.shade').setStyle('opacity: ' + by / 100);
            return false;
          }
          function end(e, owner) {
            var s = e.instance.getState();
            e.instance.removeClass('moving');
            owner.callMethod('ended', { moves: s.moves, id: e.currentTarget.id, n: e.currentTarget.dataset.n, of: e.target.dataset.part });
            owner.callMethod('ended', e.instance.hasClass('moving') + ' ' + e.instance.hasClass('box'));
          }
          module.exports = { start: start, move: move, end: end }`,
        'pages/a/a.wxml': `<wxs src="./drag.wxs" module="drag"/>
          <view class="shade">shade</view>
          <view id="box" class="box {{extra}}" style="width: {{width}}px; height: 50px" data-n="{{n}}" bindtouchstart="{{drag.start}}" bindtouchmove="{{drag.move}}" bindtouchend="{{drag.end}}">
            <view data-part="{{ {deep: n} }}" class="inner">drag me</view>
          </view>`,
        'pages/a/a.js': `Page({ data: { n: 1, width: 100, extra: '' }, ended(x) { getApp().log.push(x) } })`,
      },
    });
    const view = await test.view();
    await test.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ n: 7 }));
    const messages = await countMessages(test);
    const { x, y } = await press(test, '.inner');
    await test.page.mouse.move(x + 60, y, { steps: 12 });
    expect(await view.eval('.box', (box) => box.style.transform)).toBe('translateX(60px)');
    expect(await view.eval('.box', (box) => box.classList.contains('moving'))).toBe(true);
    expect(await view.eval('.box', (box) => getComputedStyle(box).marginTop)).not.toBe('0px');
    expect(await view.eval('.shade', (shade) => shade.style.opacity)).toBe('0.6');
    // What the template sets stays, and what it sets now does not take away what WXS has set.
    await test.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ width: 120, extra: 'more' }));
    await expect.poll(() => view.eval('.box', (box) => box.style.width)).toBe('120px');
    expect(await view.eval('.box', (box) => [box.style.transform, box.className])).toEqual([
      'translateX(60px)',
      'box more moving',
    ]);
    expect(await messages()).toBe(0);
    await test.page.mouse.up();
    await expect.poll(() => log(test)).toEqual([{ moves: 12, id: 'box', n: 7, of: { deep: 7 } }, 'false true']);
    expect(await messages()).toBe(2);
    await test.close();
  });

  it('handlers of both layers on one path keep their order of rights: bubbling, catch, capture, mut-bind, false', async () => {
    const test = await startApp({
      mode,
      files: {
        ...app,
        'pages/a/a.wxml': `<wxs module="m">
            var note = function (name) { return function (e, owner) { owner.callMethod('note', name) } };
            module.exports = {
              outer: note('wxs outer'), captured: note('wxs captured'), inner: note('wxs inner'), one: note('wxs one'), two: note('wxs two'),
              stop: function (e, owner) { owner.callMethod('note', 'wxs stop'); return false }
            }</wxs>
          <view bindtap="note" data-name="js outer" capture-bind:tap="note"><view bindtap="{{m.outer}}" capture-bind:tap="{{m.captured}}">
            <view class="plain" bindtap="{{m.inner}}">plain</view>
            <view class="stopped" bindtap="{{m.stop}}">stopped</view>
            <view catchtap="note" data-name="js catch"><view class="js-catch" bindtap="{{m.inner}}">js catch</view></view>
            <view class="wxs-catch" catchtap="{{m.inner}}">wxs catch</view>
            <view mut-bind:tap="{{m.two}}"><view class="mut" mut-bind:tap="{{m.one}}">mut</view></view>
          </view></view>
          <view class="changing" bindtap="{{on ? m.inner : 'note'}}" data-name="js now">changing</view>
          <view class="none" bindtap="{{on ? m.inner : ''}}">none</view>`,
        'pages/a/a.js': `Page({ data: { on: true }, note(x) { getApp().log.push(x.type ? x.currentTarget.dataset.name : x) } })`,
      },
    });
    const view = await test.view();
    const tapped = async (selector: string, expected: string[]): Promise<void> => {
      await test.service(({ getApp }) => getApp().log.splice(0));
      await view.tap(selector);
      await expect.poll(async () => (await log(test)).toSorted()).toEqual(expected.toSorted());
    };
    await tapped('.plain', ['js outer', 'wxs captured', 'wxs inner', 'wxs outer', 'js outer']);
    await tapped('.stopped', ['js outer', 'wxs captured', 'wxs stop']);
    await tapped('.js-catch', ['js outer', 'wxs captured', 'wxs inner', 'js catch']);
    await tapped('.wxs-catch', ['js outer', 'wxs captured', 'wxs inner']);
    await tapped('.mut', ['js outer', 'wxs captured', 'wxs one', 'wxs outer', 'js outer']);
    await tapped('.changing', ['wxs inner']);
    await tapped('.none', ['wxs inner']);
    await test.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ on: false }));
    await tapped('.none', []);
    await tapped('.changing', ['js now']);
    await test.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ on: true }));
    await tapped('.none', ['wxs inner']);
    await tapped('.changing', ['wxs inner']);
    await test.close();
  });

  it('a change handler runs when the whole change stands in the page, with the value before', async () => {
    const test = await startApp({
      mode,
      files: {
        ...app,
        'pages/a/a.wxml': `<wxs module="m">module.exports = { watch: function (now, before, owner, instance) {
            var rows = owner.selectAllComponents('.row');
            rows.forEach(function (row, index) { row.setStyle({ left: index * now.step + 'px' }) });
            owner.callMethod('seen', { now: now, before: before === undefined ? 'none' : before, rows: rows.length, dataset: rows[0].getDataset(), wide: instance.getBoundingClientRect().width, color: instance.getComputedStyle(['color', 'backgroundColor']) });
          } }</wxs>
          <view style="color: rgb(1, 2, 3); background-color: rgb(4, 5, 6); width: 90px" change:prop="{{m.watch}}" prop="{{prop}}"/>
          <view wx:for="{{rows}}" wx:key="*this" class="row" data-id="{{item}}">{{item}}</view>`,
        'pages/a/a.js': `Page({ data: { prop: { step: 2 }, rows: [5] }, seen(x) { getApp().log.push(x) } })`,
      },
    });
    const view = await test.view();
    const color = { color: 'rgb(1, 2, 3)', backgroundColor: 'rgb(4, 5, 6)' };
    const first = { now: { step: 2 }, before: 'none', rows: 1, dataset: { id: 5 }, wide: 90, color };
    await expect.poll(() => log(test)).toEqual([first]);
    await test.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ prop: { step: 3 }, rows: [6, 5, 7] }));
    const second = { ...first, now: { step: 3 }, before: { step: 2 }, rows: 3, dataset: { id: 6 } };
    await expect.poll(() => log(test)).toEqual([first, second]);
    expect(
      await view.frame.locator('.row').evaluateAll((rows) => rows.map((row) => (row as HTMLElement).style.left)),
    ).toEqual(['0px', '3px', '6px']);
    await test.close();
  });

  it('components are worlds of their own: slots, classes of their sheets, events, virtual hosts', async () => {
    const test = await startApp({
      mode,
      files: {
        ...app,
        'pages/a/a.json': { usingComponents: { card: '/c/card', ghost: '/c/ghost' } },
        'pages/a/a.wxss': '.lit { color: rgb(0, 0, 9) }',
        'pages/a/a.wxml': `<wxs module="m">module.exports = {
            custom: function (e, owner) { owner.callMethod('note', ['page', e.type, e.detail, e.currentTarget.dataset.a, owner.selectAllComponents('.part').length]); e.instance.addClass('lit') },
            slotted: function (e, owner) { owner.callMethod('note', ['slotted', e.target.id, e.currentTarget.id]) }
          }</wxs>
          <card id="card" data-a="1" bind:picked="{{m.custom}}"><view id="in" class="part" bindtap="{{m.slotted}}">slotted</view></card>
          <ghost/>`,
        'pages/a/a.js': `Page({ note(x) { getApp().log.push(x) } })`,
        'c/card.json': { component: true },
        'c/card.wxss': '.lit { color: rgb(9, 0, 0) } .part { height: 20px }',
        'c/card.wxml': `<wxs module="m">module.exports = {
            tap: function (e, owner) {
              var all = owner.selectAllComponents('.part');
              all.forEach(function (part) { part.addClass('lit') });
              owner.callMethod('note', ['card', all.length, e.target.dataset.b, e.instance.hasClass('lit')]);
              owner.triggerEvent('picked', { n: 1 });
            } }</wxs>
          <view class="part" data-b="2" bindtap="{{m.tap}}">part</view><view class="part"><slot/></view>`,
        'c/card.js': `Component({ methods: { note(x) { getApp().log.push(x) } } })`,
        'c/ghost.json': { component: true },
        'c/ghost.wxml': `<wxs module="m">module.exports = { tap: function (e, owner) { owner.selectComponent('#seen').setStyle('color: rgb(7, 7, 7)'); owner.callMethod('note', 'ghost') } }</wxs>
          <view id="ghost" bindtap="{{m.tap}}">ghost <view id="seen">seen</view></view>`,
        'c/ghost.js': `Component({ options: { virtualHost: true }, methods: { note(x) { getApp().log.push(x) } } })`,
      },
    });
    const view = await test.view();
    const color = (selector: string): Promise<string> =>
      view.eval(selector, (element) => getComputedStyle(element).color);
    await view.tap('wx-card wx-view');
    await expect
      .poll(() => log(test))
      .toEqual([
        ['card', 2, '2', true],
        ['page', 'picked', { n: 1 }, '1', 1],
      ]);
    expect(await color('wx-card wx-view >> nth=0')).toBe('rgb(9, 0, 0)');
    await expect.poll(() => color('wx-card')).toBe('rgb(0, 0, 9)');
    await view.tap('#in');
    await view.tap('#ghost');
    await expect.poll(async () => (await log(test)).slice(2)).toEqual([['slotted', 'in', 'in'], 'ghost']);
    expect(await color('#seen')).toBe('rgb(7, 7, 7)');
    await test.close();
  });

  it('timers and frames run in the view; errors and the console are told; no global name is seen', async () => {
    const test = await startApp({
      mode,
      files: {
        ...app,
        'shared.wxs': `var count = 0; module.exports = { next: function () { return ++count }, deep: { fn: function (e, owner) { owner.callMethod('note', 'deep') } } }`,
        'pages/a/a.wxml': `<wxs module="m">
            var shared = require('../../shared.wxs'), stolen = 'nothing';
            module.exports = {
              hooks: function (e, owner) {
                var push = [].push, own = {};
                [].__proto__.push = function (x) { if (x && x.ownerDocument) stolen = 'an element'; return push.apply(this, arguments) };
                ({}).__proto__.portal = 1;
                own.toString = function () { return 'own' };
                owner.callMethod('note', stolen + ' ' + own + ' ' + e.portal);
              },
              times: function (e, owner) {
                var stopped = owner.setTimeout(function () { owner.callMethod('note', 'never') }, 1);
                owner.clearTimeout(stopped);
                owner.requestAnimationFrame(function () { owner.callMethod('note', 'frame ' + shared.next()); owner.setTimeout(function () { owner.callMethod('note', 'timer ' + shared.next()) }, 5) });
              },
              breaks: function () { console.warn('from wxs', { a: 1 }); null.x },
              reach: function (e, owner) {
                var key = 'construct' + 'or', made = [typeof window, typeof globalThis, typeof document, typeof postMessage, typeof eval, typeof Function, typeof setTimeout];
                var makers = [function () {}, async function () {}, function* () {}, owner.callMethod].map(function (f) { return typeof f[key] });
                var frames; try { null.x } catch (error) { var Kind = error[key]; Kind.prepareStackTrace = function (e, sites) { frames = sites; return '' }; Kind.__proto__.prepareStackTrace = Kind.prepareStackTrace }
                try { null.x } catch (error) { error.stack }
                owner.callMethod('note', made.join() + ' ' + (this === undefined) + ' ' + makers.join() + ' ' + typeof frames);
              },
              made: function (n) { return function (e, owner) { owner.callMethod('note', 'made ' + n) } }
            }</wxs><wxs src="/shared.wxs" module="s"/>
          <view class="times" bindtap="{{m.times}}">times</view><view class="breaks" bindtap="{{m.breaks}}">breaks</view>
          <view class="reach" bindtap="{{m.reach}}">reach</view><view class="deep" bindtap="{{s.deep.fn}}">deep</view>
          <view class="made" bindtap="{{m.made(3)}}">made</view><view class="hooks" bindtap="{{m.hooks}}">hooks</view>`,
        'pages/a/a.js': `Page({ note(x) { getApp().log.push(x) } })`,
      },
    });
    const view = await test.view();
    await view.tap('.times');
    await expect.poll(() => log(test)).toEqual(['frame 1', 'timer 2']);
    await view.tap('.reach');
    const hidden = 'undefined,undefined,undefined,undefined,undefined,undefined,undefined true';
    // In single mode the mini program's own scripts are in the frame, and need the maker of functions.
    const gone = `${hidden} undefined,undefined,undefined,undefined undefined`;
    await expect
      .poll(async () => (await log(test)).at(-1))
      .toEqual(mode === 'dual' ? gone : expect.stringContaining(`${hidden} function`));
    // What all values share stays as it is: the view works with it. (In single mode so do the program's own scripts.)
    if (mode === 'dual') {
      await view.tap('.hooks');
      await view.tap('.hooks');
      await expect.poll(async () => (await log(test)).slice(-2)).toEqual(Array(2).fill('nothing own undefined'));
    }
    await view.tap('.deep');
    await view.tap('.made');
    await expect.poll(async () => (await log(test)).slice(-2)).toEqual(['deep', 'made 3']);
    await view.tap('.breaks');
    await expect
      .poll(() => test.problems())
      .toEqual([expect.objectContaining({ kind: 'component', code: 'COMPONENT_ERROR' })]);
    expect(await test.logs()).toContainEqual(expect.objectContaining({ level: 'warn', text: 'from wxs {"a":1}' }));
    await test.close();
  });

  it('a changed module takes the place of the one before under a living page', async () => {
    const wxml = (
      text: string,
    ): string => `<wxs module="m">var n = 0; module.exports = { tap: function (e, owner) { owner.callMethod('note', '${text} ' + (++n)) } }</wxs>
      <view class="go" bindtap="{{m.tap}}">${text}</view>`;
    const test = await startApp({
      mode,
      watch: true,
      files: { ...app, 'pages/a/a.wxml': wxml('old'), 'pages/a/a.js': `Page({ note(x) { getApp().log.push(x) } })` },
    });
    const view = await test.view();
    await view.tap('.go');
    await test.write({ 'pages/a/a.wxml': wxml('new') });
    await view.waitText('.go', 'new');
    await view.tap('.go');
    await view.tap('.go');
    await expect.poll(() => log(test)).toEqual(['old 1', 'new 1', 'new 2']);
    await test.close();
  });

  it('the swipe cell of TDesign opens by a drag that the logic layer does not hear of', async () => {
    const test = await startApp({
      mode,
      files: {
        ...app,
        ...library('tdesign-miniprogram', 'miniprogram_dist', /^(swipe-cell|icon|common|mixins|miniprogram_npm)\//),
        'pages/a/a.json': { usingComponents: { 't-swipe-cell': '/lib/swipe-cell/swipe-cell' } },
        'pages/a/a.wxml': `<t-swipe-cell right="{{right}}" bind:dragstart="note" bind:dragend="note"><view class="cell" style="height: 60px">swipe me</view></t-swipe-cell>
          <view class="far">far</view>`,
        'pages/a/a.js': `Page({ data: { right: [{ text: 'delete', className: 'delete' }] }, note(e) { getApp().log.push(e.type) } })`,
      },
    });
    const view = await test.view();
    const shift = (): Promise<number> =>
      view.eval('#wrapper', (wrapper) => new DOMMatrix(getComputedStyle(wrapper).transform).m41);
    const { x, y } = await press(test, '.cell');
    await test.page.mouse.move(x - 20, y, { steps: 4 });
    // The drag has begun, and that is told.
    await expect.poll(() => log(test)).toEqual(['dragstart']);
    const messages = await countMessages(test);
    await test.page.mouse.move(x - 45, y, { steps: 10 });
    await expect.poll(shift).toBeLessThan(-30);
    expect(await messages()).toBe(0);
    await test.page.mouse.up();
    await expect.poll(() => log(test)).toEqual(['dragstart', 'dragend']);
    // It stays open, as wide as its button.
    const wide = await view.eval('.t-swipe-cell__right', (right) => right.getBoundingClientRect().width);
    expect(wide).toBeGreaterThan(30);
    await expect.poll(async () => Math.abs((await shift()) + wide)).toBeLessThan(1);
    await test.close();
  });

  it('the slide view of WeUI follows the finger by WXS alone, and its button answers', async () => {
    const test = await startApp({
      mode,
      files: {
        ...app,
        ...library(
          'weui-miniprogram',
          'miniprogram_dist',
          /^(slideview|icon|_commons|weui-wxss|common|miniprogram_npm)\b/,
        ),
        'app.wxss': '@import "/lib/weui-wxss/dist/style/weui.wxss";',
        'pages/a/a.json': { usingComponents: { 'mp-slideview': '/lib/slideview/slideview' } },
        'pages/a/a.wxml': `<mp-slideview buttons="{{buttons}}" bindbuttontap="tapped" bindshow="note"><view class="cell" style="height: 60px">slide me</view></mp-slideview>`,
        'pages/a/a.js': `Page({ data: { buttons: [{ text: 'one', data: 'd1' }] }, tapped(e) { getApp().log.push(e.detail.data) }, note(e) { getApp().log.push(e.type) } })`,
      },
    });
    const view = await test.view();
    const messages = await countMessages(test);
    const { x, y } = await press(test, '.cell');
    const before = await messages();
    await test.page.mouse.move(x - 70, y, { steps: 10 });
    expect(await view.eval('.left', (left) => left.style.transform)).toMatch(/^translateX\(-\d/);
    expect(await messages()).toBe(before);
    await test.page.mouse.up();
    await expect.poll(() => log(test)).toEqual(['show']);
    await view.tap('.weui-slideview__btn');
    await expect.poll(() => log(test)).toEqual(['show', 'd1']);
    await test.close();
  });
});
