import { expect, it } from 'vitest';
import { inBothModes, startApp, type TestApp, useBrowser } from './harness.ts';

useBrowser();

const files = {
  'app.js': 'App({ log: [] })',
  'app.json': { pages: ['pages/a/a'], window: { enablePullDownRefresh: true, onReachBottomDistance: 40 } },
  'pages/a/a.wxml': '<view wx:for="{{rows}}" wx:key="*this" class="row" style="height: 100px">row {{item}}</view>',
  'pages/a/a.js': `
const { log } = getApp();
Page({
  data: { rows: Array.from({ length: 20 }, (_, i) => i) },
  onPageScroll({ scrollTop }) { this.top = scrollTop },
  onReachBottom() {
    log.push('bottom at ' + this.data.rows.length);
    this.setData({ rows: this.data.rows.concat(Array.from({ length: 10 }, (_, i) => this.data.rows.length + i)) });
  },
  onPullDownRefresh() { log.push('refresh'); this.done = () => wx.stopPullDownRefresh() },
})`,
};

const logOf = (test: TestApp): Promise<string[]> => test.service(({ getApp }) => getApp().log);
/** Where the page has been pushed to, in CSS pixels. */
const shiftOf = async (test: TestApp): Promise<number> =>
  (await test.view()).eval('wx-root', (page) => new DOMMatrix(getComputedStyle(page).transform).f);

inBothModes('scrolling of a page', (mode) => {
  it('reports the way and, each time it comes near the bottom, that it has', async () => {
    const test = await startApp({ mode, files });
    const view = await test.view();
    const scrollTo = (top: number) =>
      view.frame.evaluate(
        ([y, single]) => {
          const scope = single ? document.querySelector('sparrow-page')?.shadowRoot : document;
          scope?.querySelector('wx-root')?.scrollTo({ top: y as number });
        },
        [top, mode === 'single'],
      );
    await scrollTo(500);
    await expect.poll(() => test.service(({ getCurrentPages }) => getCurrentPages()[0].top)).toBe(500);
    expect(await logOf(test)).toEqual([]);
    await scrollTo(10_000);
    await expect.poll(() => logOf(test)).toEqual(['bottom at 20']);
    await view.waitText('.row', 'row 29');
    await scrollTo(10_000);
    await expect.poll(() => logOf(test)).toEqual(['bottom at 20', 'bottom at 30']);
    await test.close();
  });

  it('refreshes when the mouse or a finger pulls it down, and stays down until the page says it is done', async () => {
    const test = await startApp({ mode, files });
    const { mouse } = test.page;
    await mouse.move(200, 300);
    await mouse.down();
    await mouse.move(200, 330, { steps: 3 });
    await mouse.up();
    // Not far enough.
    await expect.poll(() => shiftOf(test)).toBe(0);
    expect(await logOf(test)).toEqual([]);

    await mouse.down();
    await mouse.move(200, 500, { steps: 5 });
    await mouse.up();
    await expect.poll(() => logOf(test)).toEqual(['refresh']);
    await expect.poll(() => shiftOf(test)).toBe(50);
    await test.service(({ getCurrentPages }) => getCurrentPages()[0].done());
    await expect.poll(() => shiftOf(test)).toBe(0);

    const finger = await test.page.context().newCDPSession(test.page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', y?: number) =>
      finger.send('Input.dispatchTouchEvent', { type, touchPoints: y === undefined ? [] : [{ x: 200, y }] });
    await touch('touchStart', 300);
    for (let y = 310; y <= 500; y += 10) await touch('touchMove', y);
    await touch('touchEnd');
    await expect.poll(() => logOf(test)).toEqual(['refresh', 'refresh']);
    await test.service(({ getCurrentPages }) => getCurrentPages()[0].done());
    await expect.poll(() => shiftOf(test)).toBe(0);
    await test.close();
  });
});
