import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { callBack, eventually, message, onePage } from './support.ts';

useBrowser();

/** Each sensor: its functions, its event, what is set and what is then told. */
const SENSORS = [
  {
    start: 'startAccelerometer',
    stop: 'stopAccelerometer',
    event: 'AccelerometerChange',
    set: { acceleration: { x: 0.5, y: -2 } },
    told: { x: 0.5, y: -2, z: -1 },
  },
  {
    start: 'startGyroscope',
    stop: 'stopGyroscope',
    event: 'GyroscopeChange',
    set: { rotation: { z: 1.5 } },
    told: { x: 0, y: 0, z: 1.5 },
  },
  {
    start: 'startDeviceMotionListening',
    stop: 'stopDeviceMotionListening',
    event: 'DeviceMotionChange',
    set: { orientation: { alpha: 3, beta: -1 } },
    told: { alpha: 3, beta: -1, gamma: 0 },
  },
  {
    start: 'startCompass',
    stop: 'stopCompass',
    event: 'CompassChange',
    set: { direction: 275 },
    told: { direction: 275, accuracy: 'high' },
  },
] as const;

inBothModes('sensors', (mode) => {
  it('wx.startAccelerometer wx.stopAccelerometer wx.onAccelerometerChange wx.offAccelerometerChange wx.startGyroscope wx.stopGyroscope wx.onGyroscopeChange wx.offGyroscopeChange wx.startDeviceMotionListening wx.stopDeviceMotionListening wx.onDeviceMotionChange wx.offDeviceMotionChange wx.startCompass wx.stopCompass wx.onCompassChange wx.offCompassChange: tell what is set, again and again, until they are stopped', async () => {
    const test = await startApp({ mode, files: onePage() });
    for (const { start, stop, event, set, told } of SENSORS) {
      await test.page.evaluate((values) => window.sparrow.surroundings.change(values), set);
      await test.service(({ wx, getApp }, name: string) => {
        getApp().log = [];
        wx[`on${name}`]((r: object) => getApp().log.push(r));
      }, event);
      expect(await message(test, start, { interval: 'game' })).toBe(`${start}:ok`);
      await eventually(() => test.service(({ getApp }) => getApp().log.length)).toBeGreaterThan(3);
      expect(await test.service(({ getApp }) => getApp().log.at(-1))).toEqual(told);
      await test.service(({ wx }, name: string) => wx[`off${name}`](), event);
      const heard = await test.service(({ getApp }) => getApp().log.length);
      await test.service(() => new Promise((resolve) => setTimeout(resolve, 300)));
      expect(await test.service(({ getApp }) => getApp().log.length)).toBe(heard);

      // Nothing comes after it was stopped, though somebody listens.
      expect(await callBack(test, stop)).toEqual([`success ${stop}:ok`, `complete ${stop}:ok`]);
      if (event === 'GyroscopeChange' || event === 'DeviceMotionChange') {
        await test.service(
          ({ wx, getApp }, name: string) => wx[`on${name}`]((r: object) => getApp().log.push(r)),
          event,
        );
        await test.service(() => new Promise((resolve) => setTimeout(resolve, 300)));
        expect(await test.service(({ getApp }) => getApp().log.length)).toBe(heard);
      }
    }
    for (const { start } of SENSORS.slice(0, 3))
      expect(await message(test, start, { interval: 'often' })).toBe(
        `${start}:fail parameter error: parameter.interval should be one of game, ui, normal instead of String;`,
      );
    await test.close();
  });

  it('wx.onAccelerometerChange wx.onCompassChange: start their sensor, which keeps the pace it was given', async () => {
    const test = await startApp({ mode, files: onePage() });
    for (const event of ['AccelerometerChange', 'CompassChange']) {
      await test.service(({ wx, getApp }, name: string) => {
        getApp().log = [];
        wx[`on${name}`](() => getApp().log.push(name));
      }, event);
      await eventually(() => test.service(({ getApp }) => getApp().log.length)).toBeGreaterThan(1);
    }
    await test.close();
  });
});
