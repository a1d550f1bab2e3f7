import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { eventually, onePage } from './support.ts';

useBrowser();

const wxml = `
  <view id="box" class="item" data-n="1" style="position: absolute; left: 10px; top: 20px; width: 50px; height: 30px"></view>
  <view class="item" data-n="2" style="height: 40px"></view>
  <view style="height: 2000px"></view>
  <view id="low" style="height: 20px">low</view>`;

inBothModes('questions to the view', (mode) => {
  it('wx.createSelectorQuery: measures nodes, one or all, the viewport, and gives null for what is not there', async () => {
    const test = await startApp({ mode, files: onePage(wxml) });
    const results = await test.service(
      ({ wx }) =>
        new Promise((resolve) => {
          const query = wx.createSelectorQuery();
          const single: unknown[] = [];
          query.select('#box').boundingClientRect((r: unknown) => single.push(r));
          query.selectAll('.item').fields({ dataset: true, size: true });
          query.selectViewport().scrollOffset();
          query.select('#none').boundingClientRect();
          query.select('#box').fields({ computedStyle: ['position'] });
          query.exec((all: unknown[]) => resolve([single, ...all]));
        }),
    );
    expect(results).toEqual([
      [{ id: 'box', dataset: { n: '1' }, left: 10, top: 20, right: 60, bottom: 50, width: 50, height: 30 }],
      { id: 'box', dataset: { n: '1' }, left: 10, top: 20, right: 60, bottom: 50, width: 50, height: 30 },
      [
        { dataset: { n: '1' }, width: 50, height: 30 },
        { dataset: { n: '2' }, width: expect.any(Number), height: 40 },
      ],
      expect.objectContaining({ scrollTop: 0, scrollLeft: 0 }),
      null,
      { position: 'absolute' },
    ]);
    await test.close();
  });

  it('wx.createIntersectionObserver: tells when a node comes into sight, until it is disconnected', async () => {
    const test = await startApp({ mode, files: onePage(wxml) });
    await test.service(({ wx, getApp }) => {
      const observer = wx.createIntersectionObserver();
      getApp().observer = observer;
      observer
        .relativeToViewport()
        .observe('#low', (r: { id: string; intersectionRatio: number }) =>
          getApp().log.push([r.id, r.intersectionRatio > 0]),
        );
    });
    const scroll = (top: number) =>
      test.service(({ wx }, to: number) => wx.pageScrollTo({ scrollTop: to, duration: 0 }), top);
    await scroll(3000);
    await eventually(() => test.service(({ getApp }) => getApp().log)).toEqual([['low', true]]);
    await scroll(0);
    await eventually(() => test.service(({ getApp }) => getApp().log.at(-1))).toEqual(['low', false]);
    await test.service(({ getApp }) => {
      getApp().observer.disconnect();
      getApp().log.length = 0;
    });
    await scroll(3000);
    // A question that is answered after the scroll: an entry would have come before it.
    await test.service(
      ({ wx }) => new Promise((resolve) => wx.createSelectorQuery().select('#low').boundingClientRect(resolve).exec()),
    );
    expect(await test.service(({ getApp }) => getApp().log)).toEqual([]);
    await test.close();
  });

  it('wx.createMediaQueryObserver: tells whether the page matches, at once and on change', async () => {
    const test = await startApp({ mode, files: onePage(wxml) });
    await test.service(({ wx, getApp, getCurrentPages }) => {
      const { log } = getApp();
      wx.createMediaQueryObserver().observe({ minWidth: 100 }, (r: { matches: boolean }) =>
        log.push(['wide', r.matches]),
      );
      const own = getCurrentPages()[0].createMediaQueryObserver();
      own.observe({ minWidth: 10_000 }, (r: { matches: boolean }) => log.push(['huge', r.matches]));
      getApp().own = own;
    });
    await eventually(() => test.service(({ getApp }) => getApp().log)).toEqual([
      ['wide', true],
      ['huge', false],
    ]);
    await test.service(({ getApp }) => getApp().own.disconnect());
    await test.close();
  });
});
