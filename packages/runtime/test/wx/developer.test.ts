import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { call, callBack, eventually, message, missing, onePage, sync } from './support.ts';

useBrowser();

inBothModes('developer and platform calls', (mode) => {
  it('wx.reportEvent wx.reportAnalytics wx.reportMonitor: are kept by the phone', async () => {
    const test = await startApp({ mode, files: onePage() });
    await sync(test, 'reportEvent', 'buy', { price: 3 });
    await sync(test, 'reportAnalytics', 'enter', { page: 'a' });
    await sync(test, 'reportMonitor', '1', 5);
    await eventually(() => test.page.evaluate(() => window.sparrow.reports)).toEqual([
      { event: 'buy', data: { api: 'reportEvent', data: { price: 3 } } },
      { event: 'enter', data: { api: 'reportAnalytics', data: { page: 'a' } } },
      { event: '1', data: { api: 'reportMonitor', data: 5 } },
    ]);
    for (const name of ['reportEvent', 'reportAnalytics', 'reportMonitor'])
      expect(await sync(test, name)).toBe(
        `throws ${name}:fail parameter error: parameter should be String instead of Undefined;`,
      );
    await test.close();
  });

  it('wx.getLogManager wx.getRealtimeLogManager: write to the log of the phone', async () => {
    const test = await startApp({ mode, files: onePage() });
    await test.service(({ wx }) => {
      const log = wx.getLogManager({ level: 1 });
      log.debug('one');
      log.warn('two', { x: 1 });
      const realtime = wx.getRealtimeLogManager();
      realtime.info('three');
      realtime.tag('shop').error('four');
      realtime.setFilterMsg('f');
      realtime.addFilterMsg('g');
    });
    const lines = async () => (await test.logs()).map(({ level, text }) => `${level} ${text}`);
    await eventually(lines).toEqual(
      expect.arrayContaining(['debug one', 'warn two {"x":1}', 'info three', 'error [shop] four']),
    );
    await test.close();
  });

  it('wx.getUpdateManager wx.getPerformance: there is no update; a clock runs', async () => {
    const test = await startApp({ mode, files: onePage() });
    const seen = await test.service(
      ({ wx }) =>
        new Promise((resolve) => {
          const manager = wx.getUpdateManager();
          const log: unknown[] = [];
          manager.onUpdateReady(() => log.push('ready'));
          manager.onUpdateFailed(() => log.push('failed'));
          manager.onCheckForUpdate((r: { hasUpdate: boolean }) => resolve([...log, r.hasUpdate]));
        }),
    );
    expect(seen).toEqual([false]);
    expect(
      await test.service(({ wx }) => {
        const performance = wx.getPerformance();
        performance.createObserver(() => {}).observe({ entryTypes: ['render'] });
        return [performance.now() >= 0, performance.getEntries()];
      }),
    ).toEqual([true, []]);
    await test.close();
  });

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

  it('wx.base64ToArrayBuffer wx.arrayBufferToBase64 wx.getRandomValues: bytes both ways', async () => {
    const test = await startApp({ mode, files: onePage() });
    const seen = await test.service(({ wx }) => {
      const buffer = wx.base64ToArrayBuffer('AQL/');
      return [Array.from(new Uint8Array(buffer)), wx.arrayBufferToBase64(buffer)];
    });
    expect(seen).toEqual([[1, 2, 255], 'AQL/']);
    expect(await sync(test, 'base64ToArrayBuffer', '###')).toBe('throws base64ToArrayBuffer:fail invalid base64');
    expect(await sync(test, 'arrayBufferToBase64', 'x')).toBe(
      'throws arrayBufferToBase64:fail parameter error: parameter should be ArrayBuffer instead of String;',
    );
    expect(
      await test.service(async ({ wx }) => {
        const { randomValues, errMsg } = await wx.getRandomValues({ length: 16 });
        return [randomValues.byteLength, new Set(new Uint8Array(randomValues)).size > 4, errMsg];
      }),
    ).toEqual([16, true, 'getRandomValues:ok']);
    expect(await message(test, 'getRandomValues')).toBe(missing('getRandomValues', 'length', 'Number'));
    expect(await message(test, 'getRandomValues', { length: -1 })).toBe('getRandomValues:fail invalid length');
    await test.close();
  });
});
