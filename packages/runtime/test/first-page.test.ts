import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from './harness.ts';

useBrowser();

inBothModes('a first page', (mode) => {
  it('renders data, reacts to a tap and runs its lifecycles in order', async () => {
    const app = await startApp({
      mode,
      files: {
        'app.js': `App({ log: [], onLaunch(o) { this.log.push('launch ' + o.path) }, onShow() { this.log.push('app show') } })`,
        'pages/index/index.wxml': `<view class="n" bindtap="add" data-by="2">n = {{n}}</view><view wx:for="{{list}}" wx:key="*this" class="row">{{item}}</view>`,
        'pages/index/index.js': `
          Page({
            data: { n: 1, list: ['a', 'b'] },
            onLoad(q) { getApp().log.push('load ' + JSON.stringify(q)) },
            onShow() { getApp().log.push('show') },
            onReady() { getApp().log.push('ready') },
            add(e) { this.setData({ n: this.data.n + Number(e.currentTarget.dataset.by), 'list[1]': 'c' }) },
          })`,
        'pages/index/index.wxss': `.n { width: 375rpx; color: rgb(1, 2, 3) }`,
      },
    });
    const view = await app.view();
    expect(await view.text('.n')).toBe('n = 1');
    await view.tap('.n');
    await view.waitText('.n', 'n = 3');
    expect(await view.text('.row >> nth=1')).toBe('c');
    expect(
      await view.eval('.n', (element) => [getComputedStyle(element).width, getComputedStyle(element).color]),
    ).toEqual(['196.5px', 'rgb(1, 2, 3)']);
    expect(await app.service(({ getApp }) => getApp().log)).toEqual([
      'launch pages/index/index',
      'app show',
      'load {}',
      'show',
      'ready',
    ]);
    expect(await app.problems()).toEqual([]);
    await app.close();
  });
});
