import { expect, it } from 'vitest';
import { toGcj02, toWgs84 } from '../../src/wx/location/coordinates.ts';
import { inBothModes, startApp, type TestApp, useBrowser } from '../harness.ts';
import { call, callBack, eventually, message, missing, onePage } from './support.ts';

useBrowser();

const ALL = [
  ...['getLocation', 'getFuzzyLocation', 'chooseLocation', 'choosePoi'],
  ...['startLocationUpdate', 'startLocationUpdateBackground', 'onLocationChange'],
];
const declared = (requiredPrivateInfos = ALL, more: object = { requiredBackgroundModes: ['location'] }) => ({
  ...onePage(),
  'app.json': { pages: ['pages/a/a'], requiredPrivateInfos, ...more },
});
const UNDECLARED = 'the api need to be declared in the requiredPrivateInfos field in app.json/ext.json';
const answer = (test: TestApp, text: string): Promise<void> =>
  test.page.locator('.sheet button').filter({ hasText: text }).click();

inBothModes('location', (mode) => {
  it('wx.getLocation: asks its user, and gives the position in either system of coordinates', async () => {
    const test = await startApp({ mode, files: declared() });
    await test.page.evaluate(() =>
      window.sparrow.surroundings.change({
        position: { latitude: 39.908823, longitude: 116.39747, altitude: 44, speed: 2 },
      }),
    );
    const first = call(test, 'getLocation');
    await answer(test, '允许');
    const wgs84 = await first;
    // Tian'anmen, as published for both systems.
    expect(wgs84.latitude).toBeCloseTo(39.90742, 4);
    expect(wgs84.longitude).toBeCloseTo(116.39123, 4);
    expect(wgs84).toMatchObject({
      ...{ altitude: 0, speed: 2, accuracy: 65, horizontalAccuracy: 65, verticalAccuracy: 65 },
      errMsg: 'getLocation:ok',
    });
    expect(await call(test, 'getLocation', { type: 'gcj02', altitude: true, isHighAccuracy: true })).toMatchObject({
      ...{ latitude: 39.908823, longitude: 116.39747, altitude: 44, accuracy: 10 },
    });
    expect(await callBack(test, 'getLocation')).toEqual(['success getLocation:ok', 'complete getLocation:ok']);
    expect(await message(test, 'getLocation', { altitude: 'yes' })).toBe(
      'getLocation:fail parameter error: parameter.altitude should be Boolean instead of String;',
    );
    await test.page.evaluate(() => window.sparrow.surroundings.change({ position: { source: 'none' } }));
    expect(await call(test, 'getLocation').catch((error) => error)).toEqual({
      errMsg: 'getLocation:fail ERROR_NOCELL&WIFI_LOCATIONSWITCHOFF',
      errCode: 2,
    });
    await test.close();
  });

  it('wx.getLocation: gives the position of the browser when that is chosen, and its refusal', async () => {
    const test = await startApp({ mode, files: declared() });
    await test.page.evaluate(() => window.sparrow.surroundings.change({ position: { source: 'browser' } }));
    const context = test.page.context();
    await context.grantPermissions(['geolocation']);
    await context.setGeolocation({ latitude: 48.8584, longitude: 2.2945, accuracy: 30 });
    const asked = call(test, 'getLocation', { type: 'gcj02' });
    await answer(test, '允许');
    expect(await asked).toMatchObject({ latitude: 48.8584, longitude: 2.2945, accuracy: 30 });
    await context.clearPermissions();
    expect(await call(test, 'getLocation')).toEqual({
      errMsg: 'getLocation:fail system permission denied',
      errCode: 1,
    });
    await test.close();
  });

  it('wx.getLocation wx.getFuzzyLocation wx.chooseLocation wx.choosePoi wx.startLocationUpdate wx.startLocationUpdateBackground: fail when app.json does not declare them, and when their user refuses', async () => {
    const names = ALL.slice(0, -1);
    const bare = await startApp({ mode, files: declared([]) });
    for (const name of names) expect(await message(bare, name)).toBe(`${name}:fail ${UNDECLARED}`);
    await bare.close();
    const test = await startApp({ mode, files: declared(ALL, {}) });
    expect(await message(test, 'startLocationUpdateBackground')).toBe(
      'startLocationUpdateBackground:fail requiredBackgroundModes in app.json should contain location',
    );
    for (const name of ['getLocation', 'getFuzzyLocation']) {
      const asked = call(test, name);
      await answer(test, '拒绝');
      expect(await asked).toEqual({ errMsg: `${name}:fail auth deny`, errno: 103 });
    }
    expect(await message(test, 'startLocationUpdate')).toBe('startLocationUpdate:fail auth deny');
    await test.close();
  });

  it('wx.getFuzzyLocation: gives the neighbourhood only', async () => {
    const test = await startApp({ mode, files: declared() });
    const asked = call(test, 'getFuzzyLocation', { type: 'gcj02' });
    await answer(test, '允许');
    expect(await asked).toEqual({ latitude: 22.5, longitude: 113.95, errMsg: 'getFuzzyLocation:ok' });
    await test.close();
  });

  it('wx.startLocationUpdate wx.startLocationUpdateBackground wx.stopLocationUpdate wx.onLocationChange wx.offLocationChange wx.onLocationChangeError wx.offLocationChangeError: follow the phone until they are stopped', async () => {
    const test = await startApp({ mode, files: declared() });
    const at = (latitude: number): Promise<void> =>
      test.page.evaluate((north) => window.sparrow.surroundings.change({ position: { latitude: north } }), latitude);
    const heard = (): Promise<unknown[]> => test.service(({ getApp }) => getApp().log);
    await test.service(({ wx, getApp }) => {
      wx.onLocationChange((r: { latitude: number }) => getApp().log.push(r.latitude));
      wx.onLocationChangeError((r: object) => getApp().log.push(r));
    });
    const started = message(test, 'startLocationUpdate');
    await answer(test, '允许');
    expect(await started).toBe('startLocationUpdate:ok');
    await eventually(heard).toContain(22.522807);
    await at(22.6);
    await eventually(heard).toContain(22.6);
    await test.page.evaluate(() => window.sparrow.surroundings.change({ position: { source: 'none' } }));
    await eventually(heard).toContainEqual({ errCode: 2 });
    expect(await message(test, 'stopLocationUpdate')).toBe('stopLocationUpdate:ok');
    await test.page.evaluate(() => window.sparrow.surroundings.change({ position: { source: 'simulated' } }));
    await at(22.7);
    const background = message(test, 'startLocationUpdateBackground', { type: 'wgs84' });
    await answer(test, '允许');
    expect(await background).toBe('startLocationUpdateBackground:ok');
    await eventually(async () => (await heard()).at(-1)).toBeCloseTo(22.7 + 0.00277, 3);
    expect(await heard()).not.toContain(22.7);
    await test.service(({ wx, getApp }) => {
      wx.offLocationChange();
      wx.offLocationChangeError();
      getApp().log = [];
    });
    await at(22.8);
    await test.page.evaluate(() => window.sparrow.surroundings.change({ position: { source: 'none' } }));
    expect(await message(test, 'stopLocationUpdate')).toBe('stopLocationUpdate:ok');
    expect(await heard()).toEqual([]);
    await test.close();
  });

  it('wx.chooseLocation: a place of the list, of the map or of the search; cancel fails', async () => {
    const test = await startApp({ mode, files: declared() });
    const sheet = test.page.locator('.tall-sheet');
    const chosen = call(test, 'chooseLocation', { latitude: 30, longitude: 120 });
    await sheet.locator('.place-row').filter({ hasText: '咖啡馆' }).click();
    await sheet.locator('.tall-confirm').click();
    const place = await chosen;
    expect(place).toMatchObject({ name: '咖啡馆', errMsg: 'chooseLocation:ok' });
    expect(place.address).toMatch(/./);
    expect(place.latitude).toBeCloseTo(30, 2);
    expect(place.longitude).toBeCloseTo(120, 2);

    const tapped = call(test, 'chooseLocation', { latitude: 30, longitude: 120 });
    await sheet.locator('.map-drawn').click({ position: { x: 5, y: 5 } });
    await sheet.locator('.place-search').fill('西湖');
    await sheet.locator('.tall-confirm').click();
    const found = await tapped;
    expect(found.name).toBe('西湖');
    expect(found.latitude).toBeGreaterThan(30.0005);
    expect(found.longitude).toBeLessThan(119.9995);

    const cancelled = callBack(test, 'chooseLocation');
    await sheet.locator('.tall-cancel').click();
    expect(await cancelled).toEqual(['fail chooseLocation:fail cancel', 'complete chooseLocation:fail cancel']);
    expect(await message(test, 'chooseLocation', { latitude: 'x' })).toBe(
      'chooseLocation:fail parameter error: parameter.latitude should be Number instead of String;',
    );
    await test.close();
  });

  it('wx.choosePoi: a place, or the city alone; cancel fails', async () => {
    const test = await startApp({ mode, files: declared() });
    const rows = test.page.locator('.place-row');
    const place = call(test, 'choosePoi');
    await rows.filter({ hasText: '图书馆' }).click();
    expect(await place).toMatchObject({ type: 2, name: '图书馆', city: '深圳市', errMsg: 'choosePoi:ok' });
    const city = call(test, 'choosePoi');
    await rows.first().click();
    expect(await city).toMatchObject({ type: 1, city: '深圳市', name: '', address: '' });
    const cancelled = message(test, 'choosePoi');
    await test.page.locator('.tall-cancel').first().click();
    expect(await cancelled).toBe('choosePoi:fail cancel');
    await test.close();
  });

  it('wx.openLocation: shows the place on a map until its user goes back', async () => {
    const test = await startApp({ mode, files: onePage() });
    const page = test.page.locator('.place-page');
    const place = { latitude: 23.099994, longitude: 113.32452, name: '示例广场', address: '示例路1号' };
    expect(await message(test, 'openLocation', place)).toBe('openLocation:ok');
    expect(await page.innerText()).toContain('示例广场');
    expect(await page.innerText()).toContain('示例路1号');
    expect(await page.locator('.map-drawn').getAttribute('data-latitude')).toBe('23.099994');
    await page.locator('.place-back').click();
    expect(await page.count()).toBe(0);
    expect(await message(test, 'openLocation', { longitude: 1 })).toBe(missing('openLocation', 'latitude', 'Number'));
    expect(await message(test, 'openLocation', { latitude: 91, longitude: 1 })).toBe(
      'openLocation:fail parameter error: parameter.latitude should be at least -90 and at most 90;',
    );
    await test.close();
  });
});

it('coordinates: the way to the other system and back ends where it began; outside of China they are the same', () => {
  for (const latitude of [18.3, 22.5, 31.2, 39.9, 45.7])
    for (const longitude of [87.6, 104.1, 113.9, 121.5]) {
      const back = toWgs84(toGcj02({ latitude, longitude }));
      expect(Math.abs(back.latitude - latitude)).toBeLessThan(1e-7);
      expect(Math.abs(back.longitude - longitude)).toBeLessThan(1e-7);
      expect(toGcj02({ latitude, longitude })).not.toEqual({ latitude, longitude });
    }
  const paris = { latitude: 48.8584, longitude: 2.2945 };
  expect(toGcj02(paris)).toEqual(paris);
  expect(toWgs84(paris)).toEqual(paris);
});
