import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { call, callBack, message, missing, onePage, sync } from './support.ts';

useBrowser();

inBothModes('sharing, and services of the platform', (mode) => {
  it('wx.showShareMenu wx.hideShareMenu wx.updateShareMenu wx.getPrivacySetting wx.requirePrivacyAuthorize wx.getExtConfig wx.getExtConfigSync wx.getExptInfoSync wx.setBackgroundFetchToken wx.getBackgroundFetchToken wx.getBackgroundFetchData: answer as for a program without any', async () => {
    const test = await startApp({ mode, files: onePage() });
    expect(await callBack(test, 'showShareMenu', { withShareTicket: true })).toEqual([
      'success showShareMenu:ok',
      'complete showShareMenu:ok',
    ]);
    expect(await message(test, 'showShareMenu', { menus: 'x' })).toMatch(/^showShareMenu:fail parameter error/);
    expect(await message(test, 'hideShareMenu')).toBe('hideShareMenu:ok');
    expect(await message(test, 'hideShareMenu', { menus: 'x' })).toMatch(/^hideShareMenu:fail parameter error/);
    expect(await message(test, 'updateShareMenu', { withShareTicket: true })).toBe('updateShareMenu:ok');
    expect(await message(test, 'updateShareMenu', { withShareTicket: 1 })).toMatch(/^updateShareMenu:fail parameter/);
    expect(await call(test, 'getPrivacySetting')).toMatchObject({
      needAuthorization: false,
      errMsg: 'getPrivacySetting:ok',
    });
    expect(await message(test, 'requirePrivacyAuthorize')).toBe('requirePrivacyAuthorize:ok');
    expect(await call(test, 'getExtConfig')).toEqual({ extConfig: {}, errMsg: 'getExtConfig:ok' });
    expect(await sync(test, 'getExtConfigSync')).toEqual({});
    expect(await sync(test, 'getExptInfoSync', ['color'])).toEqual({});
    expect(await message(test, 'getBackgroundFetchToken')).toBe('getBackgroundFetchToken:fail token is empty');
    expect(await message(test, 'setBackgroundFetchToken', { token: 't1' })).toBe('setBackgroundFetchToken:ok');
    expect(await message(test, 'setBackgroundFetchToken')).toBe(missing('setBackgroundFetchToken', 'token'));
    expect(await call(test, 'getBackgroundFetchToken')).toEqual({ token: 't1', errMsg: 'getBackgroundFetchToken:ok' });
    expect(await message(test, 'getBackgroundFetchData', { fetchType: 'pre' })).toBe(
      'getBackgroundFetchData:fail record is null',
    );
    await test.close();
  });
});
