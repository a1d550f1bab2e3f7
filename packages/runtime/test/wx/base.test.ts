import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { call, callBack, eventually, onePage, sync } from './support.ts';

useBrowser();

/** A program that knows dark colours; the others are light on every phone. */
const darkPage = () => ({ ...onePage(), 'app.json': { pages: ['pages/a/a'], darkmode: true } });

inBothModes('system', (mode) => {
  it('wx.getSystemInfo wx.getSystemInfoSync wx.getSystemInfoAsync wx.getWindowInfo wx.getDeviceInfo wx.getAppBaseInfo wx.getSystemSetting wx.getAppAuthorizeSetting wx.getMenuButtonBoundingClientRect: describe the phone that is drawn', async () => {
    const test = await startApp({ mode, files: darkPage(), phone: { theme: 'dark', lang: 'en' } });
    const info = (await sync(test, 'getSystemInfoSync')) as Record<string, number & string>;
    const screen = await test.page.locator('.screen').evaluate((e: HTMLElement) => [e.offsetWidth, e.offsetHeight]);
    expect([info.screenWidth, info.screenHeight]).toEqual(screen);
    expect(info).toMatchObject({ theme: 'dark', language: 'en', SDKVersion: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
    expect(await call(test, 'getSystemInfo')).toEqual({ ...info, errMsg: 'getSystemInfo:ok' });
    expect(await callBack(test, 'getSystemInfoAsync')).toEqual([
      'success getSystemInfoAsync:ok',
      'complete getSystemInfoAsync:ok',
    ]);
    const window = (await sync(test, 'getWindowInfo')) as Record<string, number>;
    expect(window.windowWidth).toBe(info.windowWidth);
    expect(window.screenTop).toBe(Number(info.screenHeight) - Number(info.windowHeight));
    expect(await sync(test, 'getDeviceInfo')).toMatchObject({ brand: info.brand, model: info.model });
    expect(await sync(test, 'getAppBaseInfo')).toMatchObject({ theme: 'dark', SDKVersion: info.SDKVersion });
    expect(await sync(test, 'getSystemSetting')).toMatchObject({ deviceOrientation: 'portrait', wifiEnabled: true });
    expect(await sync(test, 'getAppAuthorizeSetting')).toMatchObject({ albumAuthorized: 'authorized' });
    const menu = (await sync(test, 'getMenuButtonBoundingClientRect')) as Record<string, number>;
    expect(menu.right).toBe(Number(menu.left) + Number(menu.width));
    expect(menu.right).toBeLessThan(Number(info.screenWidth));
    await test.close();
  });

  it('wx.getLaunchOptionsSync wx.getEnterOptionsSync wx.getAccountInfoSync: say how and as what the program was opened', async () => {
    const test = await startApp({ mode, files: onePage(), phone: { page: 'pages/a/a?x=1', scene: '1011' } });
    const launch = { path: 'pages/a/a', query: { x: '1' }, scene: 1011, referrerInfo: {} };
    expect(await sync(test, 'getLaunchOptionsSync')).toEqual(launch);
    expect(await sync(test, 'getEnterOptionsSync')).toEqual(launch);
    expect(await sync(test, 'getAccountInfoSync')).toMatchObject({
      miniProgram: { appId: 'wxtest', envVersion: 'develop' },
    });
    await test.close();
  });

  it('wx.nextTick wx.canIUse: the next turn; what is there and what is not', async () => {
    const test = await startApp({ mode, files: onePage() });
    expect(
      await test.service(
        ({ wx }) =>
          new Promise((resolve) => {
            const log: string[] = [];
            wx.nextTick(() => resolve([...log, 'tick']));
            log.push('now');
          }),
      ),
    ).toEqual(['now', 'tick']);
    for (const schema of [
      'request',
      'request.object.method.OPTIONS',
      'getSystemInfoSync.return.theme',
      'showToast.object.image',
      'view',
      'button.open-type.contact',
      'scroll-view.scroll-y',
      'SocketTask.onOpen',
      'canIUse',
    ])
      expect([schema, await sync(test, 'canIUse', schema)]).toEqual([schema, true]);
    for (const schema of [
      'startBeaconDiscovery',
      'noSuchThing',
      'request.nonsense.method',
      'xr-scene',
      'SocketTask.fly',
      'constructor',
      '',
      undefined,
    ])
      expect([schema, await sync(test, 'canIUse', schema)]).toEqual([schema, false]);
    await test.close();
  });

  it('wx: what a program builds upon it has its own functions, and frozen it stays as it is', async () => {
    const test = await startApp({ mode, files: onePage() });
    const found = await test.service(({ wx }) => {
      const mine = Object.create(wx);
      let calls = 0;
      mine.getWindowInfo = () => {
        calls++;
        return wx.getWindowInfo();
      };
      const width: number = mine.getWindowInfo().windowWidth;
      Object.freeze(wx);
      return [width === wx.getWindowInfo().windowWidth, calls, typeof wx.getDeviceInfo().platform];
    });
    expect(found).toEqual([true, 1, 'string']);
    await test.close();
  });

  it('wx.onAppShow wx.offAppShow wx.onAppHide wx.offAppHide wx.onThemeChange wx.offThemeChange: follow the phone until they are taken off', async () => {
    const test = await startApp({ mode, files: darkPage(), phone: { theme: 'light' } });
    await test.service(({ wx, getApp }) => {
      const { log } = getApp();
      getApp().listeners = {
        AppShow: (o: { path: string }) => log.push(`show ${o.path}`),
        AppHide: () => log.push('hide'),
        ThemeChange: (r: { theme: string }) => log.push(r.theme),
      };
      for (const [name, listener] of Object.entries(getApp().listeners)) wx[`on${name}`](listener);
    });
    const act = () =>
      test.page.evaluate(() => {
        const { phone } = window.sparrow;
        phone?.hide();
        phone?.show();
        phone?.setTheme('dark');
      });
    await act();
    await eventually(() => test.service(({ getApp }) => getApp().log)).toEqual(['hide', 'show pages/a/a', 'dark']);
    expect(await sync(test, 'getAppBaseInfo')).toMatchObject({ theme: 'dark' });
    await test.service(({ wx, getApp }) => {
      for (const [name, listener] of Object.entries(getApp().listeners)) wx[`off${name}`](listener);
    });
    await act();
    expect(await test.service(({ getApp }) => getApp().log.length)).toBe(3);
    await test.close();
  });

  it('wx.onWindowResize wx.offWindowResize: tell of another size of the screen, as does onResize of the page', async () => {
    const test = await startApp({
      mode,
      files: onePage('a', 'onResize(r) { getApp().log.push(r.size.windowWidth) }'),
      phone: { full: '1' },
    });
    await test.service(({ wx, getApp }) =>
      wx.onWindowResize((r: { size: object }) => getApp().log.push(Object.keys(r.size).length, r.size)),
    );
    await test.page.setViewportSize({ width: 500, height: 640 });
    await eventually(() => test.service(({ getApp }) => getApp().log)).toEqual([
      4,
      expect.objectContaining({ windowWidth: 500, screenHeight: 640 }),
      500,
    ]);
    expect(await sync(test, 'getWindowInfo')).toMatchObject({ windowWidth: 500, screenHeight: 640 });
    await test.service(({ wx }) => wx.offWindowResize());
    await test.page.setViewportSize({ width: 420, height: 640 });
    await eventually(() => test.service(({ getApp }) => getApp().log.slice(3))).toEqual([420]);
    await test.close();
  });

  it('wx.onError wx.offError wx.onUnhandledRejection wx.offUnhandledRejection: hear what goes wrong', async () => {
    const test = await startApp({ mode, files: onePage() });
    await test.service(({ wx, getApp }) => {
      const { log } = getApp();
      getApp().listeners = {
        Error: (text: string) => log.push(`error ${text.split(' (')[0]}`),
        UnhandledRejection: (r: { reason: Error }) => log.push(`rejected ${r.reason.message}`),
      };
      for (const [name, listener] of Object.entries(getApp().listeners)) wx[`on${name}`](listener);
      wx.nextTick(() => {
        throw new Error('boom');
      });
    });
    await eventually(() => test.service(({ getApp }) => getApp().log)).toEqual(['error Error: boom']);
    await test.service(({ wx, getApp }) => {
      wx.offError(getApp().listeners.Error);
      void Promise.reject(new Error('alone'));
    });
    await eventually(() => test.service(({ getApp }) => getApp().log)).toEqual(['error Error: boom', 'rejected alone']);
    await test.service(({ wx }) => wx.offUnhandledRejection());
    await test.service(() => {
      void Promise.reject(new Error('unheard'));
    });
    await eventually(async () => JSON.stringify(await test.problems())).toContain('unheard');
    expect(await test.service(({ getApp }) => getApp().log.length)).toBe(2);
    await test.close();
  });

  it('wx.onPageNotFound wx.offPageNotFound: hear of an address that has no page', async () => {
    const files = {
      ...onePage(),
      'app.js': `App({ log: [] });
        wx.onPageNotFound((r) => getApp().log.push(r.path + ' ' + r.isEntryPage));
        const gone = () => getApp().log.push('gone');
        wx.onPageNotFound(gone); wx.offPageNotFound(gone);`,
    };
    const test = await startApp({ mode, files, phone: { page: 'pages/none/none' } });
    expect(await test.service(({ getApp }) => getApp().log)).toEqual(['pages/none/none true']);
    await test.close();
  });
});
