import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { call, callBack, eventually, message, missing, onePage } from './support.ts';

useBrowser();

inBothModes('screen', (mode) => {
  it('wx.setScreenBrightness wx.getScreenBrightness: the phone is drawn darker', async () => {
    const test = await startApp({ mode, files: onePage() });
    const filter = (): Promise<string> =>
      test.page.locator('.screen').evaluate((element) => getComputedStyle(element).filter);
    expect(await call(test, 'getScreenBrightness')).toEqual({ value: 1, errMsg: 'getScreenBrightness:ok' });
    expect(await message(test, 'setScreenBrightness', { value: 0.5 })).toBe('setScreenBrightness:ok');
    expect(await call(test, 'getScreenBrightness')).toMatchObject({ value: 0.5 });
    expect(await filter()).toBe('brightness(0.65)');
    expect(await message(test, 'setScreenBrightness', { value: -0.5 })).toBe(
      'setScreenBrightness:fail value out of range',
    );
    expect(await message(test, 'setScreenBrightness')).toBe(missing('setScreenBrightness', 'value', 'Number'));
    expect(await message(test, 'setScreenBrightness', { value: -1 })).toBe('setScreenBrightness:ok');
    expect(await filter()).toBe('none');
    await test.close();
  });

  it('wx.setKeepScreenOn: holds the lock of the browser and gives it back', async () => {
    const test = await startApp({ mode, files: onePage() });
    await test.page.evaluate(() => {
      const locks: string[] = [];
      Object.assign(window, { locks });
      const release = async (): Promise<void> => void locks.push('released');
      const request = async (type: string): Promise<object> => (locks.push(type), { release });
      Object.defineProperty(navigator, 'wakeLock', { value: { request } });
    });
    expect(await message(test, 'setKeepScreenOn', { keepScreenOn: true })).toBe('setKeepScreenOn:ok');
    expect(await message(test, 'setKeepScreenOn', { keepScreenOn: true })).toBe('setKeepScreenOn:ok');
    expect(await message(test, 'setKeepScreenOn', { keepScreenOn: false })).toBe('setKeepScreenOn:ok');
    expect(await test.page.evaluate(() => (window as unknown as { locks: string[] }).locks)).toEqual([
      'screen',
      'released',
    ]);
    expect(await message(test, 'setKeepScreenOn')).toBe(missing('setKeepScreenOn', 'keepScreenOn', 'Boolean'));
    await test.close();
  });

  it('wx.getScreenRecordingState wx.onScreenRecordingStateChanged wx.offScreenRecordingStateChanged wx.setVisualEffectOnCapture: a screen that is recorded is black when the program wants it', async () => {
    const test = await startApp({ mode, files: onePage() });
    const record = (on: boolean): Promise<void> =>
      test.page.evaluate((screenRecording) => window.sparrow.surroundings.change({ screenRecording }), on);
    const covers = (): Promise<number> => test.page.locator('.capture-cover').count();
    expect(await call(test, 'getScreenRecordingState')).toEqual({ state: 'off', errMsg: 'getScreenRecordingState:ok' });
    await test.service(({ wx, getApp }) => wx.onScreenRecordingStateChanged((r: object) => getApp().log.push(r)));
    expect(await message(test, 'setVisualEffectOnCapture', { visualEffect: 'hidden' })).toBe(
      'setVisualEffectOnCapture:ok',
    );
    expect(await covers()).toBe(0);
    await record(true);
    expect(await covers()).toBe(1);
    expect((await call(test, 'getScreenRecordingState')).state).toBe('on');
    expect(await message(test, 'setVisualEffectOnCapture', { visualEffect: 'none' })).toBe(
      'setVisualEffectOnCapture:ok',
    );
    expect(await covers()).toBe(0);
    expect(await message(test, 'setVisualEffectOnCapture', { visualEffect: 'odd' })).toBe(
      'setVisualEffectOnCapture:fail invalid visualEffect',
    );
    await record(false);
    await eventually(() => test.service(({ getApp }) => getApp().log)).toEqual([{ state: 'start' }, { state: 'stop' }]);
    await test.service(({ wx }) => wx.offScreenRecordingStateChanged());
    await record(true);
    expect((await call(test, 'getScreenRecordingState')).state).toBe('on');
    expect(await test.service(({ getApp }) => getApp().log.length)).toBe(2);
    await test.close();
  });

  it('wx.onUserCaptureScreen wx.offUserCaptureScreen wx.onMemoryWarning wx.offMemoryWarning wx.onWindowStateChange wx.offWindowStateChange wx.onNetworkWeakChange wx.offNetworkWeakChange: hear what the developer lets happen in the panel', async () => {
    const test = await startApp({ mode, files: onePage() });
    const events = ['UserCaptureScreen', 'MemoryWarning', 'WindowStateChange', 'NetworkWeakChange'];
    await test.service(({ wx, getApp }, names: string[]) => {
      for (const name of names) wx[`on${name}`]((r: object) => getApp().log.push([name, r]));
    }, events);
    await test.page.locator('.capsule button').first().click();
    await test.page.locator('.menu-layer button').filter({ hasText: '模拟环境' }).click();
    const panel = test.page.locator('.surroundings-layer');
    const happen = async (): Promise<void> => {
      for (const text of ['截屏', '内存告警', '窗口最小化'])
        await panel.locator('button').filter({ hasText: text }).click();
      await panel.locator('[name="weakNetwork"]').click();
    };
    await happen();
    const heard = [
      ['UserCaptureScreen', {}],
      ['MemoryWarning', { level: 10 }],
      ['WindowStateChange', { state: 'minimize' }],
      ['NetworkWeakChange', { weakNet: true, networkType: 'wifi' }],
    ];
    await eventually(() => test.service(({ getApp }) => getApp().log)).toEqual(heard);
    await test.service(({ wx }, names: string[]) => {
      for (const name of names) wx[`off${name}`]();
    }, events);
    await happen();
    await panel.locator('.tall-confirm').click();
    expect(await panel.count()).toBe(0);
    expect(await call(test, 'getScreenBrightness')).toMatchObject({ value: 1 });
    expect(await test.service(({ getApp }) => getApp().log)).toEqual(heard);
    await test.close();
  });

  it('wx.getLocalIPAddress wx.checkIsOpenAccessibility wx.getDeviceBenchmarkInfo: tell of a simulated phone', async () => {
    const test = await startApp({ mode, files: onePage() });
    expect(await call(test, 'getLocalIPAddress')).toEqual({
      localip: '192.168.1.100',
      netmask: '255.255.255.0',
      errMsg: 'getLocalIPAddress:ok',
    });
    expect(await call(test, 'checkIsOpenAccessibility')).toEqual({
      open: false,
      errMsg: 'checkIsOpenAccessibility:ok',
    });
    expect(await call(test, 'getDeviceBenchmarkInfo')).toEqual({
      benchmarkLevel: 50,
      modelLevel: 2,
      errMsg: 'getDeviceBenchmarkInfo:ok',
    });
    expect(await callBack(test, 'getDeviceBenchmarkInfo')).toEqual([
      'success getDeviceBenchmarkInfo:ok',
      'complete getDeviceBenchmarkInfo:ok',
    ]);
    await test.close();
  });

  it('wx.openSystemBluetoothSetting wx.openAppAuthorizeSetting: say what would open', async () => {
    const test = await startApp({ mode, files: onePage() });
    for (const [name, text] of [
      ['openSystemBluetoothSetting', '系统蓝牙设置'],
      ['openAppAuthorizeSetting', '系统授权管理'],
    ] as const) {
      expect(await message(test, name)).toBe(`${name}:ok`);
      expect(await test.page.locator('.sheet-title').innerText()).toContain(text);
      await test.page.locator('.sheet button').click();
      expect(await test.page.locator('.sheet').count()).toBe(0);
    }
    await test.close();
  });
});
