import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { call, callBack, eventually, onePage, sync } from './support.ts';

useBrowser();

inBothModes('battery', (mode) => {
  it('wx.getBatteryInfo wx.getBatteryInfoSync: tell what is set in the surroundings, also before they were first asked', async () => {
    const test = await startApp({ mode, files: onePage() });
    await test.page.evaluate(() => window.sparrow.surroundings.change({ battery: { level: 41 } }));
    await eventually(() => sync(test, 'getBatteryInfoSync')).toEqual({
      level: 41,
      isCharging: true,
      isLowPowerModeEnabled: false,
    });
    await test.page.evaluate(() =>
      window.sparrow.surroundings.change({ battery: { level: 7, isCharging: false, isLowPowerModeEnabled: true } }),
    );
    const now = { level: 7, isCharging: false, isLowPowerModeEnabled: true };
    await eventually(() => call(test, 'getBatteryInfo')).toEqual({ ...now, errMsg: 'getBatteryInfo:ok' });
    expect(await sync(test, 'getBatteryInfoSync')).toEqual(now);
    expect(await callBack(test, 'getBatteryInfo')).toEqual(['success getBatteryInfo:ok', 'complete getBatteryInfo:ok']);
    await test.close();
  });

  it('wx.onBatteryInfoChange wx.offBatteryInfoChange: hear of the low power mode only', async () => {
    const test = await startApp({ mode, files: onePage() });
    await test.service(({ wx, getApp }) => wx.onBatteryInfoChange((r: object) => getApp().log.push(r)));
    const lowPower = (on: boolean): Promise<void> =>
      test.page.evaluate(
        (isLowPowerModeEnabled) =>
          window.sparrow.surroundings.change({ battery: { level: 20, isLowPowerModeEnabled } }),
        on,
      );
    await lowPower(true);
    await test.page.evaluate(() => window.sparrow.surroundings.change({ battery: { level: 19 } }));
    await lowPower(false);
    await eventually(() => test.service(({ getApp }) => getApp().log)).toEqual([
      { isLowPowerModeEnabled: true },
      { isLowPowerModeEnabled: false },
    ]);
    await test.service(({ wx }) => wx.offBatteryInfoChange());
    await lowPower(true);
    await eventually(async () => (await call(test, 'getBatteryInfo')).isLowPowerModeEnabled).toBe(true);
    expect(await test.service(({ getApp }) => getApp().log.length)).toBe(2);
    await test.close();
  });
});
