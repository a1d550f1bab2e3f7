import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { eventually, onePage } from './support.ts';

useBrowser();

const MARKERS = '[{ id: 1, longitude: 0, latitude: 0 }, { id: 2, longitude: 0.1, latitude: 0 }]';

inBothModes('map calls', (mode) => {
  it('wx.createMapContext: asks a map, moves it and its markers, and fails where there is none', async () => {
    const test = await startApp({
      mode,
      files: onePage(
        '<map id="m" style="width: 256px; height: 256px" longitude="{{0}}" latitude="{{0}}" scale="{{8}}" markers="{{markers}}"/>',
        `data: { markers: ${MARKERS} }`,
      ),
    });
    const ask = (method: string, options: object = {}, id = 'm') =>
      test.service(
        ({ wx }, which: string, given: object, map: string) =>
          wx
            .createMapContext(map)
            [which](given)
            .then(
              (result: object) => result,
              (error: object) => error,
            ),
        method,
        options,
        id,
      ) as Promise<Record<string, unknown> & { errMsg: string }>;
    expect(await ask('getCenterLocation')).toEqual({ longitude: 0, latitude: 0, errMsg: 'getCenterLocation:ok' });
    expect(await ask('getScale')).toEqual({ scale: 8, errMsg: 'getScale:ok' });
    // 256 CSS pixels at zoom 8 are one 256th of the world.
    const { southwest, northeast } = (await ask('getRegion')) as unknown as Record<string, { longitude: number }>;
    expect([southwest?.longitude, northeast?.longitude]).toEqual([-360 / 512, 360 / 512]);
    expect(await ask('moveToLocation', { longitude: 10, latitude: 20 })).toEqual({ errMsg: 'moveToLocation:ok' });
    const centre = await ask('getCenterLocation');
    expect(centre).toMatchObject({ longitude: 10, latitude: 20 });
    await ask('includePoints', {
      points: [
        { longitude: -45, latitude: 0 },
        { longitude: 45, latitude: 0 },
      ],
      padding: [64],
    });
    // 90 degrees in 128 pixels would be zoom 1: a map has 3 at least.
    const zoomed = await ask('getScale');
    expect(zoomed.scale).toBe(3);
    expect((await ask('getCenterLocation')).longitude).toBeCloseTo(0, 6);

    const view = await test.view();
    const ids = () =>
      view.frame
        .locator('wx-map .marker')
        .evaluateAll((markers) => markers.map((marker) => (marker as HTMLElement).dataset.id));
    await ask('addMarkers', { markers: [{ id: 3, longitude: 1, latitude: 0 }] });
    await eventually(ids).toEqual(['1', '2', '3']);
    await ask('removeMarkers', { markerIds: [1] });
    await eventually(ids).toEqual(['2', '3']);
    await ask('addMarkers', { markers: [{ id: 1, longitude: 0, latitude: 0 }], clear: true });
    await eventually(ids).toEqual(['1']);

    const ended = await test.service(
      ({ wx }) =>
        new Promise((resolve) => {
          const destination = { longitude: 45, latitude: 0 };
          const map = wx.createMapContext('m');
          map.translateMarker({ markerId: 1, destination, duration: 50, animationEnd: () => resolve('ended') });
        }),
    );
    expect(ended).toBe('ended');
    const left = () =>
      view.frame
        .locator('wx-map .marker')
        .first()
        .evaluate((marker) => Math.round(Number.parseFloat((marker as HTMLElement).style.left)));
    // The world has 2048 pixels at zoom 3.
    await eventually(left).toBe(128 + 256);

    expect((await ask('getScale', {}, 'none')).errMsg).toBe('getScale:fail the map "none" is not found');
    expect((await ask('translateMarker', { markerId: 9, destination: {} })).errMsg).toBe(
      'translateMarker:fail the marker is not found',
    );
    expect((await ask('removeMarkers')).errMsg).toMatch(/^removeMarkers:fail parameter error: parameter\.markerIds/);
    expect((await ask('initMarkerCluster')).errMsg).toBe('initMarkerCluster:fail not supported');
    await test.close();
  });
});
