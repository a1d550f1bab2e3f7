import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { callBack, eventually, message, onePage, threePages } from './support.ts';

useBrowser();

const files = threePages();

inBothModes('the page that is shown', (mode) => {
  it('wx.setBackgroundColor wx.setBackgroundTextStyle: reach the view', async () => {
    const test = await startApp({ mode, files: { ...files, 'pages/a/a.json': { enablePullDownRefresh: true } } });
    expect(await message(test, 'setBackgroundColor', { backgroundColor: '#123456' })).toBe('setBackgroundColor:ok');
    expect(await message(test, 'setBackgroundColor', { backgroundColor: 5 })).toBe(
      'setBackgroundColor:fail parameter error: parameter.backgroundColor should be String instead of Number;',
    );
    expect(await message(test, 'setBackgroundTextStyle', { textStyle: 'light' })).toBe('setBackgroundTextStyle:ok');
    expect(await message(test, 'setBackgroundTextStyle', { textStyle: 'pink' })).toBe(
      'setBackgroundTextStyle:fail invalid textStyle "pink"',
    );
    const view = await test.view();
    await eventually(() =>
      view.frame.evaluate(() => {
        const found: string[] = [];
        const walk = (root: Document | ShadowRoot): void => {
          for (const element of root.querySelectorAll<HTMLElement>('*')) {
            found.push(getComputedStyle(element).backgroundColor, element.dataset.style ?? '');
            if (element.shadowRoot) walk(element.shadowRoot);
          }
        };
        walk(document);
        return [found.includes('rgb(18, 52, 86)'), found.includes('light')];
      }),
    ).toEqual([true, true]);
    await test.close();
  });

  it('wx.pageScrollTo wx.startPullDownRefresh wx.stopPullDownRefresh: act on the page that is shown', async () => {
    const test = await startApp({
      mode,
      files: {
        ...onePage(
          '<view style="height: 3000px">x</view><view id="end">end</view>',
          'onPageScroll(e) { this.top = e.scrollTop }, onPullDownRefresh() { getApp().log.push("refresh") }',
        ),
        'pages/a/a.json': { enablePullDownRefresh: true },
      },
    });
    expect(await message(test, 'pageScrollTo', { scrollTop: 500, duration: 0 })).toBe('pageScrollTo:ok');
    await eventually(() => test.service(({ getCurrentPages }) => getCurrentPages()[0].top)).toBe(500);
    expect(await message(test, 'pageScrollTo', { scrollTop: 'far' })).toMatch(/^pageScrollTo:fail parameter error/);
    expect(await message(test, 'startPullDownRefresh')).toBe('startPullDownRefresh:ok');
    await eventually(() => test.service(({ getApp }) => getApp().log)).toEqual(['refresh']);
    expect(await callBack(test, 'stopPullDownRefresh')).toEqual([
      'success stopPullDownRefresh:ok',
      'complete stopPullDownRefresh:ok',
    ]);
    await test.close();
  });
});
