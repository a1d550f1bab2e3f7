import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { call, callBack, eventually, message, missing, onePage } from './support.ts';

useBrowser();

inBothModes('device', (mode) => {
  it('wx.setClipboardData wx.getClipboardData wx.makePhoneCall: the phone notes them and says so', async () => {
    const test = await startApp({ mode, files: onePage() });
    const toast = test.page.locator('.toast');
    expect(await message(test, 'setClipboardData', { data: 'copied 文' })).toBe('setClipboardData:ok');
    expect(await toast.innerText()).toBe('内容已复制');
    expect(await call(test, 'getClipboardData')).toEqual({ data: 'copied 文', errMsg: 'getClipboardData:ok' });
    expect(await callBack(test, 'setClipboardData')).toEqual([
      `fail ${missing('setClipboardData', 'data')}`,
      `complete ${missing('setClipboardData', 'data')}`,
    ]);
    expect(await message(test, 'makePhoneCall', { phoneNumber: '10086' })).toBe('makePhoneCall:ok');
    expect(await toast.innerText()).toContain('10086');
    expect(await message(test, 'makePhoneCall')).toBe(missing('makePhoneCall', 'phoneNumber'));
    await test.close();
  });

  it('wx.vibrateShort wx.vibrateLong: shake the device for as long as each says', async () => {
    const test = await startApp({ mode, files: onePage() });
    await test.page.evaluate(() => {
      const seen: unknown[] = [];
      Object.assign(window, { seen });
      Object.defineProperty(navigator, 'vibrate', { value: (ms: number) => seen.push(ms) > 0 });
    });
    expect(await message(test, 'vibrateShort', { type: 'light' })).toBe('vibrateShort:ok');
    expect(await message(test, 'vibrateShort', { type: 'odd' })).toBe('vibrateShort:fail invalid type');
    expect(await message(test, 'vibrateLong')).toBe('vibrateLong:ok');
    expect(await test.page.evaluate(() => (window as unknown as { seen: number[] }).seen)).toEqual([15, 400]);
    await test.close();
  });

  it('wx.getNetworkType wx.onNetworkStatusChange wx.offNetworkStatusChange: follow the connection', async () => {
    const test = await startApp({ mode, files: onePage() });
    expect(await call(test, 'getNetworkType')).toMatchObject({ networkType: 'wifi', errMsg: 'getNetworkType:ok' });
    await test.service(({ wx, getApp }) => wx.onNetworkStatusChange((r: object) => getApp().log.push(r)));
    await test.page.context().setOffline(true);
    await eventually(() => test.service(({ getApp }) => getApp().log)).toEqual([
      { isConnected: false, networkType: 'none' },
    ]);
    expect((await call(test, 'getNetworkType')).networkType).toBe('none');
    await test.service(({ wx }) => wx.offNetworkStatusChange());
    await test.page.context().setOffline(false);
    await eventually(async () => (await call(test, 'getNetworkType')).networkType).toBe('wifi');
    expect(await test.service(({ getApp }) => getApp().log.length)).toBe(1);
    await test.close();
  });

  it('wx.hideKeyboard wx.onKeyboardHeightChange wx.offKeyboardHeightChange: the keyboard of a page', async () => {
    const test = await startApp({ mode, files: onePage('<input id="in"/>') });
    expect(await message(test, 'hideKeyboard')).toBe('hideKeyboard:fail input not exists!');
    const view = await test.view();
    await view.frame.locator('input').click();
    expect(await test.page.evaluate(() => document.activeElement?.tagName)).toBe('IFRAME');
    expect(await message(test, 'hideKeyboard')).toBe('hideKeyboard:ok');
    expect(await test.page.evaluate(() => document.activeElement?.tagName)).not.toBe('IFRAME');

    await test.service(({ wx, getApp }) => wx.onKeyboardHeightChange((r: object) => getApp().log.push(r)));
    const cover = (height: number) =>
      test.page.evaluate((covered) => {
        const { visualViewport } = window;
        Object.defineProperty(visualViewport, 'height', { value: innerHeight - covered, configurable: true });
        visualViewport?.dispatchEvent(new Event('resize'));
      }, height);
    await cover(300);
    await cover(0);
    await eventually(() => test.service(({ getApp }) => getApp().log)).toEqual([{ height: 300 }, { height: 0 }]);
    await test.service(({ wx }) => wx.offKeyboardHeightChange());
    await cover(200);
    expect(await test.service(({ getApp }) => getApp().log.length)).toBe(2);
    await test.close();
  });
});
