import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { call, callBack, eventually, message, missing, type Outcome, onePage, threePages } from './support.ts';

useBrowser();

const files = threePages('Page({ onLoad(q) { this.q = q } })');

inBothModes('routing calls', (mode) => {
  it('wx.navigateTo wx.redirectTo wx.navigateBack wx.switchTab wx.reLaunch: change the stack or say why not', async () => {
    const test = await startApp({ mode, files });
    const opened = await test.service(({ wx }) =>
      wx.navigateTo({ url: '/pages/c/c?x=1' }).then((r: Outcome) => [r.errMsg, typeof r.eventChannel]),
    );
    expect(opened).toEqual(['navigateTo:ok', 'object']);
    await test.ready('pages/c/c');
    expect(await test.service(({ getCurrentPages }) => getCurrentPages().map((p) => p.q))).toEqual([{}, { x: '1' }]);
    expect(await message(test, 'navigateTo', { url: '/pages/x/x' })).toBe(
      'navigateTo:fail page "pages/x/x" is not found',
    );
    expect(await callBack(test, 'navigateTo', { url: '/pages/b/b' })).toEqual([
      'fail navigateTo:fail can not navigate to a tabbar page',
      'complete navigateTo:fail can not navigate to a tabbar page',
    ]);

    expect(await message(test, 'redirectTo', { url: 'c?y=2' })).toBe('redirectTo:ok');
    await eventually(() => test.service(({ getCurrentPages }) => getCurrentPages().at(-1)?.q)).toEqual({ y: '2' });
    await test.ready('pages/c/c');
    expect(await test.paths()).toEqual(['pages/a/a', 'pages/c/c']);
    expect(await message(test, 'redirectTo')).toBe(missing('redirectTo', 'url'));

    expect(await callBack(test, 'navigateBack')).toEqual(['success navigateBack:ok', 'complete navigateBack:ok']);
    await eventually(() => test.paths()).toEqual(['pages/a/a']);
    await eventually(() => test.service(({ getCurrentPages }) => getCurrentPages().length)).toBe(1);
    expect(await message(test, 'navigateBack')).toBe('navigateBack:fail cannot navigate back at first page');

    expect(await message(test, 'switchTab', { url: '/pages/b/b' })).toBe('switchTab:ok');
    await test.ready('pages/b/b');
    expect(await message(test, 'switchTab', { url: '/pages/c/c' })).toBe(
      'switchTab:fail can not switch to no-tabBar page',
    );

    expect(await message(test, 'reLaunch', { url: '/pages/c/c?z=3' })).toBe('reLaunch:ok');
    await test.ready('pages/c/c');
    expect(await test.paths()).toEqual(['pages/c/c']);
    expect((await call(test, 'reLaunch', { url: '/pages/no/no' })).errMsg).toBe(
      'reLaunch:fail page "pages/no/no" is not found',
    );
    await test.close();
  });

  it('wx.exitMiniProgram: hides the program until the user comes back', async () => {
    const test = await startApp({
      mode,
      files: {
        ...onePage(),
        'app.js': 'App({ log: [], onHide() { this.log.push("hide") }, onShow() { this.log.push("show") } })',
      },
    });
    expect(await message(test, 'exitMiniProgram')).toBe('exitMiniProgram:ok');
    await eventually(() => test.service(({ getApp }) => getApp().log)).toEqual(['show', 'hide']);
    // It is not there to be left twice.
    expect(await callBack(test, 'exitMiniProgram')).toEqual([
      'success exitMiniProgram:ok',
      'complete exitMiniProgram:ok',
    ]);
    await test.page.locator('.exited button').click();
    await eventually(() => test.service(({ getApp }) => getApp().log)).toEqual(['show', 'hide', 'show']);
    await test.close();
  });
});
