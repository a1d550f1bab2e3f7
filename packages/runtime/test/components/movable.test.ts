import { expect, it } from 'vitest';
import { inBothModes, type TestApp, useBrowser, type View } from '../harness.ts';
import { eventually, onePage } from './page.ts';

useBrowser();

type Change = { x: number; y: number; source: string };

async function middle(view: View, selector: string): Promise<{ x: number; y: number }> {
  const box = await view.frame.locator(selector).first().boundingBox();
  if (!box) throw new Error(`no ${selector}`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

async function drag(app: TestApp, from: { x: number; y: number }, dx: number, dy: number): Promise<void> {
  await app.page.mouse.move(from.x, from.y);
  await app.page.mouse.down();
  await app.page.mouse.move(from.x + dx, from.y + dy, { steps: 5 });
}

/** Place of the view in its area. */
const place = (view: View, selector = 'wx-movable-view') =>
  view.eval(selector, (moved) => {
    const area = moved.parentElement?.getBoundingClientRect();
    const { left, top } = moved.getBoundingClientRect();
    return [Math.round(left - (area?.left ?? 0)), Math.round(top - (area?.top ?? 0))];
  });

inBothModes('movable-view', (mode) => {
  const area = (attributes: string) =>
    `<movable-area style="width: 200px; height: 200px"><movable-view style="width: 50px; height: 50px" bindchange="log" bindscale="log" bindhtouchmove="log" bindvtouchmove="log" ${attributes}>x</movable-view></movable-area>`;

  it('follows the finger along its direction only, and tells the direction it began with', async () => {
    const { app, view, events } = await onePage(mode, area('direction="horizontal"'));
    await drag(app, await middle(view, 'wx-movable-view'), 60, 20);
    await app.page.mouse.up();
    await eventually(() => place(view)).toEqual([60, 0]);
    const seen = await events();
    expect(seen[0]).toEqual(['htouchmove', {}]);
    expect(seen.at(-1)).toEqual(['change', { x: 60, y: 0, source: 'touch' }]);
    expect(seen.filter(([type]) => type === 'vtouchmove')).toEqual([]);
    await app.close();
  });

  it('stays where it is when it is disabled or has no direction', async () => {
    const { app, view, events } = await onePage(mode, `${area('')}${area('direction="all" disabled')}`);
    for (const selector of ['wx-movable-area:nth-of-type(1) wx-movable-view', 'wx-movable-view[disabled]']) {
      await drag(app, await middle(view, selector), 40, 40);
      await app.page.mouse.up();
      expect(await place(view, selector)).toEqual([0, 0]);
    }
    expect(await events()).toEqual([]);
    await app.close();
  });

  it('is pulled out of bounds with resistance and springs back', async () => {
    const { app, view, events } = await onePage(mode, area('direction="all" out-of-bounds y="{{140}}"'));
    await eventually(() => place(view)).toEqual([0, 140]);
    await drag(app, await middle(view, 'wx-movable-view'), 0, 110);
    // 100 beyond the edge: it follows by the root of that.
    await eventually(() => place(view)).toEqual([0, 160]);
    await eventually(async () => (await events()).at(-1)).toEqual([
      'change',
      { x: 0, y: 160, source: 'touch-out-of-bounds' },
    ]);
    await app.page.mouse.up();
    await eventually(() => place(view)).toEqual([0, 150]);
    await eventually(async () => (await events()).at(-1)).toEqual([
      'change',
      { x: 0, y: 150, source: 'out-of-bounds' },
    ]);
    await app.close();
  });

  it('slides on when it is thrown, and friction or the edge ends that', async () => {
    const { app, view, events } = await onePage(mode, area('direction="all" inertia friction="{{1}}"'));
    await view.eval('wx-movable-view', (moved) => {
      const send = (type: string, x: number, timeStamp: number) => {
        const event = new PointerEvent(type, { bubbles: true, clientX: x, clientY: 10, pointerId: 7 });
        Object.defineProperty(event, 'timeStamp', { value: timeStamp });
        moved.dispatchEvent(event);
      };
      // 20 CSS pixels in 20 ms, whatever this machine needs for them.
      send('pointerdown', 10, 0);
      send('pointermove', 20, 10);
      send('pointermove', 30, 20);
      send('pointerup', 30, 20);
    });
    await eventually(() => place(view)).toEqual([150, 0]);
    await eventually(async () => (await events()).at(-1)).toEqual(['change', { x: 150, y: 0, source: 'friction' }]);
    await app.close();
  });

  it('moves where the program wants it, step by step or at once', async () => {
    const { app, view, events } = await onePage(
      mode,
      area('x="{{x}}" animation="{{animation}}"'),
      '{ data: { x: 0, animation: true } }',
    );
    const set = (data: object) =>
      app.service(({ getCurrentPages }, given: object) => getCurrentPages()[0].setData(given), data);
    await set({ x: 120 });
    await eventually(() => place(view)).toEqual([120, 0]);
    await eventually(async () => (await events()).at(-1)).toEqual(['change', { x: 120, y: 0, source: '' }]);
    await set({ animation: false });
    const before = (await events()).length;
    await set({ x: 900 });
    await eventually(() => place(view)).toEqual([150, 0]);
    expect((await events()).slice(before)).toEqual([['change', { x: 150, y: 0, source: '' }]]);
    await app.close();
  });

  it('is scaled by two fingers anywhere in an area with scale-area, within its limits', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<movable-area scale-area style="width: 200px; height: 200px"><movable-view style="width: 50px; height: 50px" direction="all" x="{{75}}" y="{{75}}" scale scale-max="3" bindscale="log">x</movable-view></movable-area>`,
    );
    const width = () => view.eval('wx-movable-view', (moved) => moved.getBoundingClientRect().width);
    await eventually(() => place(view)).toEqual([75, 75]);
    const { x, y } = await middle(view, 'wx-movable-area');
    const session = await app.page.context().newCDPSession(app.page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', apart?: number) =>
      session.send('Input.dispatchTouchEvent', {
        type,
        touchPoints:
          apart === undefined
            ? []
            : [
                { id: 0, x: x - apart, y: y - 80 },
                { id: 1, x: x + apart, y: y - 80 },
              ],
      });
    await touch('touchStart', 20);
    await touch('touchMove', 40);
    await eventually(width).toBe(100);
    await touch('touchMove', 90);
    await touch('touchEnd');
    await eventually(width).toBe(150);
    await eventually(async () => (await events()).at(-1)).toEqual(['scale', { x: 75, y: 75, scale: 3 }]);
    await app.close();
  });

  it('takes its scale from the program and keeps the grown view inside', async () => {
    const { app, view, data } = await onePage(
      mode,
      area('direction="all" scale scale-min="{{0.2}}" model:scale-value="{{scale}}"'),
      '{ data: { scale: 2 } }',
    );
    const box = () =>
      view.eval('wx-movable-view', (moved) => {
        const { left, top, width } = moved.getBoundingClientRect();
        const area = moved.parentElement?.getBoundingClientRect();
        return [left - (area?.left ?? 0), top - (area?.top ?? 0), width].map(Math.round);
      });
    await eventually(box).toEqual([0, 0, 100]);
    await app.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ scale: 0.1 }));
    await eventually(async () => (await box())[2]).toBe(10);
    await eventually(async () => (await data()).scale).toBe(0.2);
    await app.close();
  });

  it('is moved by the arrow keys', async () => {
    const { app, view, events } = await onePage(mode, area('direction="vertical"'));
    await view.frame.locator('wx-movable-view').first().focus();
    await app.page.keyboard.press('ArrowDown');
    await app.page.keyboard.press('ArrowRight');
    await eventually(() => place(view)).toEqual([0, 10]);
    expect((await events()) as [string, Change][]).toEqual([['change', { x: 0, y: 10, source: 'touch' }]]);
    await app.close();
  });
});
