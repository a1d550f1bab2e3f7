import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from './harness.ts';

// The program's side can ask for a collection of garbage.
useBrowser(['--js-flags=--expose-gc']);

/** Pages that are opened and closed. */
const ROUNDS = 200;
/** In one question to the logic layer, which has a limit of its own. */
const BATCH = 20;

interface Seen {
  pages: WeakRef<object>[];
  components: WeakRef<object>[];
}

inBothModes('memory', (mode) => {
  it(`of ${ROUNDS} pages that were opened and closed is free again, in all layers`, async () => {
    const test = await startApp({
      mode,
      files: {
        'app.js': 'App({ globalData: { seen: { pages: [], components: [] } } })',
        'app.json': { pages: ['pages/a/a', 'pages/b/b'], usingComponents: { part: '/part/part' } },
        'pages/a/a.wxml': '<view>a</view>',
        'pages/a/a.js': 'Page({})',
        'pages/b/b.wxml':
          '<part wx:for="{{rows}}" wx:key="*this" id="p{{item}}" value="{{item}}"/><scroll-view><input value="x"/></scroll-view>',
        'pages/b/b.js': `Page({
          data: { rows: [1, 2, 3, 4, 5] },
          onLoad() {
            getApp().globalData.seen.pages.push(new WeakRef(this));
            this.ballast = new Array(100000).fill(0);
            this.observer = wx.createIntersectionObserver(this);
            this.observer.relativeToViewport().observe('#p1', () => {});
            wx.createSelectorQuery().in(this).select('#p1').boundingClientRect(() => {}).exec();
            wx.onThemeChange(() => {});
          },
          onReady() { this.setData({ rows: [3, 4, 5, 6] }); },
        })`,
        'part/part.json': { component: true },
        'part/part.wxml': '<view bindtap="tap">{{value}}</view>',
        'part/part.js': `Component({
          properties: { value: Number },
          lifetimes: { attached() { getApp().globalData.seen.components.push(new WeakRef(this)); } },
          methods: { tap() {} },
        })`,
      },
    });
    await test.ready('pages/a/a');
    for (let done = 0; done < ROUNDS; done += BATCH)
      await test.service(async ({ wx, getCurrentPages }, rounds: number) => {
        const until = async (depth: number): Promise<void> => {
          while (getCurrentPages().length !== depth) await new Promise((resolve) => setTimeout(resolve, 5));
        };
        // A phone changes its page some ten times a second and no more.
        const turn = async (call: () => Promise<unknown>): Promise<unknown> =>
          call().catch(async ({ errMsg }: { errMsg: string }) => {
            if (!errMsg.includes('too many')) throw new Error(errMsg);
            await new Promise((resolve) => setTimeout(resolve, 300));
            return turn(call);
          });
        for (let i = 0; i < rounds; i++) {
          await turn(() => wx.navigateTo({ url: '/pages/b/b' }));
          await until(2);
          await new Promise((resolve) => setTimeout(resolve, 50));
          await turn(() => wx.navigateBack());
          await until(1);
        }
      }, BATCH);
    const left = await test.service(async ({ getApp }) => {
      const { pages, components } = getApp().globalData.seen as Seen;
      const living = (list: WeakRef<object>[]): number => list.filter((ref) => ref.deref() !== undefined).length;
      const { gc } = globalThis as unknown as { gc(): void };
      for (let i = 0; i < 10; i++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        gc();
      }
      return { opened: pages.length, pages: living(pages), parts: components.length, components: living(components) };
    });
    expect(left.opened).toBe(ROUNDS);
    expect(left.parts).toBeGreaterThanOrEqual(5 * ROUNDS);
    // The last ones may still be on somebody's stack.
    expect(left.pages).toBeLessThanOrEqual(2);
    expect(left.components).toBeLessThanOrEqual(20);
    const frames = await test.page.evaluate(() => document.querySelectorAll('iframe').length);
    const sections = await test.page.evaluate(() => document.querySelectorAll('section.page').length);
    expect([frames <= 4, sections <= 2]).toEqual([true, true]);
    expect(await test.problems()).toEqual([]);
    await test.close();
  });
});
