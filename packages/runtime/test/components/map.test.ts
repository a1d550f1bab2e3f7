import { expect, it } from 'vitest';
import { inBothModes, useBrowser, type View } from '../harness.ts';
import { eventually, onePage } from './page.ts';

useBrowser();

/** The middle of a part of the map, in the map's own pixels. */
const placeOf = (view: View, selector: string) =>
  view.frame
    .locator(`wx-map ${selector}`)
    .first()
    .evaluate((part) => {
      const map = (part.getRootNode() as ShadowRoot).host.getBoundingClientRect();
      const { left, top, width, height } = part.getBoundingClientRect();
      return [Math.round(left + width / 2 - map.left), Math.round(top + height - map.top)];
    });

const MAP = 'style="width: 300px; height: 200px" latitude="{{0}}"';

inBothModes('map', (mode) => {
  it('puts markers, labels, bubbles and shapes where Mercator puts them, and tells of taps', async () => {
    const { app, view, events } = await onePage(
      mode,
      // At zoom 8 a degree at the equator is 2^16 / 360 = 182.04 CSS pixels.
      `<map id="m" ${MAP} longitude="{{0}}" scale="{{8}}" markers="{{markers}}" circles="{{circles}}" polyline="{{lines}}" polygons="{{polygons}}" controls="{{controls}}"
        bindmarkertap="log" bindcallouttap="log" bindlabeltap="log" bindcontroltap="log" bindtap="log" bindupdated="log"/>`,
      `{ data: {
        markers: [
          { id: 7, longitude: 0.5, latitude: 0, width: 20, height: 30, title: 'shop', callout: { content: 'open', padding: 5, display: 'BYCLICK' }, label: { content: 'L', anchorX: -60, anchorY: 20, fontSize: 12 } },
          { id: 8, longitude: -0.5, latitude: 0, iconPath: '/dot.svg', width: 10, height: 10, anchor: { x: 0.5, y: 0.5 } },
        ],
        circles: [{ longitude: 0, latitude: 0, radius: 10000, color: '#ff0000ff', fillColor: '#00ff0011' }],
        lines: [{ points: [{ longitude: 0, latitude: 0 }, { longitude: 0.5, latitude: 0 }], color: '#0000ff', width: 4, dottedLine: true }],
        polygons: [{ points: [{ longitude: 0, latitude: 0 }, { longitude: 0.1, latitude: 0.1 }, { longitude: 0.1, latitude: 0 }], fillColor: '#00000033' }],
        controls: [{ id: 3, iconPath: '/dot.svg', clickable: true, position: { left: 5, top: 160, width: 30, height: 30 } }],
      } }`,
      {
        'dot.svg': `<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10" fill="rgb(200,0,0)"/></svg>`,
      },
    );
    await eventually(() => placeOf(view, '.marker[data-id="7"]')).toEqual([241, 100]);
    expect(await placeOf(view, '.marker[data-id="8"]')).toEqual([59, 105]);
    const shape = (name: string, attribute: string) =>
      view.frame.locator(`wx-map ${name}`).first().getAttribute(attribute);
    // 10 km of the equator's 40,075 km.
    expect(Number(await shape('circle', 'r'))).toBeCloseTo((10_000 * 65536) / 40_075_016.686, 3);
    expect(await shape('polyline', 'points')).toBe(`150.00,100.00 ${(150 + 65536 / 720).toFixed(2)},100.00`);
    expect((await shape('polygon', 'points'))?.split(' ').length).toBe(3);
    await view.tap('wx-map .marker[data-id="7"]');
    await view.tap('wx-map .callout');
    await view.tap('wx-map .label');
    await view.tap('wx-map .control');
    const box = await view.frame.locator('wx-map').first().boundingBox();
    await app.page.mouse.click((box?.x ?? 0) + 150, (box?.y ?? 0) + 30);
    await eventually(async () => (await events()).length).toBe(6);
    const [updated, marker, callout, label, control, tap] = await events();
    expect([updated, marker, callout, label, control]).toEqual([
      ['updated', {}],
      ['markertap', { markerId: 7 }],
      ['callouttap', { markerId: 7 }],
      ['labeltap', { markerId: 7 }],
      ['controltap', { controlId: 3 }],
    ]);
    expect(tap?.[0]).toBe('tap');
    const { longitude, latitude } = (tap as [string, unknown])[1] as { longitude: number; latitude: number };
    expect(longitude).toBeCloseTo(0, 1);
    expect(latitude).toBeCloseTo(70 / 182.04, 1);
    await app.close();
  });

  it('is dragged, zoomed by wheel and keys, and moved by the program, each with begin and end', async () => {
    const { app, view } = await onePage(
      mode,
      `<map id="m" ${MAP} longitude="{{x}}" scale="{{8}}" max-scale="{{9}}" enable-scroll="{{scroll}}" bindregionchange="told"/>`,
      `{ data: { x: 0, scroll: true }, seen: [], told(e) { this.seen.push([e.type, e.causedBy, e.detail.centerLocation.longitude, e.detail.scale]) } }`,
    );
    const seen = () =>
      app.service(({ getCurrentPages }) => getCurrentPages()[0].seen as [string, string, number, number][]);
    const last = async () => {
      const [type, cause, longitude, scale] = (await seen()).at(-1) ?? [];
      return [type, cause, Math.round((longitude ?? 0) * 100) / 100, scale];
    };
    const box = await view.frame.locator('wx-map').first().boundingBox();
    if (!box) throw new Error('no map');
    const drag = async () => {
      await app.page.mouse.move(box.x + 200, box.y + 100);
      await app.page.mouse.down();
      await app.page.mouse.move(box.x + 109, box.y + 100, { steps: 5 });
      await app.page.mouse.up();
    };
    await drag();
    await eventually(last).toEqual(['end', 'drag', 0.5, 8]);
    expect((await seen()).map(([type, cause]) => [type, cause])).toEqual([
      ['begin', 'gesture'],
      ['end', 'drag'],
    ]);
    await app.page.mouse.move(box.x + 150, box.y + 100);
    await app.page.mouse.wheel(0, -300);
    await eventually(last).toEqual(['end', 'scale', 0.5, 9]);
    await view.frame.locator('wx-map').first().focus();
    await app.page.keyboard.press('+');
    await app.page.keyboard.press('-');
    await eventually(last).toEqual(['end', 'scale', 0.5, 8]);
    await app.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ x: 2, scroll: false }));
    await eventually(last).toEqual(['end', 'update', 2, 8]);
    const count = (await seen()).length;
    await drag();
    expect((await seen()).length).toBe(count);
    await app.close();
  });
});
