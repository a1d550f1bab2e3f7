import { it } from 'vitest';
import { inBothModes, useBrowser } from '../harness.ts';
import { eventually, onePage } from './page.ts';

useBrowser();

inBothModes('scroll-view, movable-view and picker-view', (mode) => {
  it('refreshes a scroll-view that is pulled down, until the page says it is done', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<scroll-view style="height: 300px" scroll-y refresher-enabled refresher-triggered="{{on}}"
        bindrefresherrefresh="refresh" bindrefresherrestore="log"><view style="height: 900px">long</view></scroll-view>`,
      `{ data: { on: false }, refresh(e) { this.log({ type: e.type, detail: {} }); this.setData({ on: true }, () => this.setData({ on: false })) } }`,
    );
    const box = await view.frame.locator('wx-scroll-view').boundingBox();
    if (!box) throw new Error('no scroll-view');
    await app.page.mouse.move(box.x + 100, box.y + 20);
    await app.page.mouse.down();
    await app.page.mouse.move(box.x + 100, box.y + 180, { steps: 6 });
    await app.page.mouse.up();
    await eventually(events).toEqual([
      ['refresherrefresh', {}],
      ['refresherrestore', { dy: 0 }],
    ]);
    await app.close();
  });

  it('moves a movable-view inside its area', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<movable-area style="width: 200px; height: 200px"><movable-view style="width: 50px; height: 50px" direction="all" x="{{10}}" y="{{10}}" bindchange="log">x</movable-view></movable-area>`,
    );
    await eventually(events).toEqual([['change', { x: 10, y: 10, source: '' }]]);
    const box = await view.frame.locator('wx-movable-view').boundingBox();
    if (!box) throw new Error('no movable-view');
    await app.page.mouse.move(box.x + 20, box.y + 20);
    await app.page.mouse.down();
    await app.page.mouse.move(box.x + 60, box.y + 400, { steps: 4 });
    await app.page.mouse.up();
    await eventually(async () => (await events()).at(-1)).toEqual(['change', { x: 50, y: 150, source: 'touch' }]);
    await app.close();
  });

  it('opens a picker-view at its value and reports a wheel that was turned', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<picker-view value="{{[1, 2]}}" style="height: 170px" bindchange="log">
        <picker-view-column><view wx:for="{{4}}" wx:key="*this">{{item}}</view></picker-view-column>
        <picker-view-column><view wx:for="{{4}}" wx:key="*this">{{item}}</view></picker-view-column>
      </picker-view>`,
    );
    const top = () =>
      view.eval('wx-picker-view-column', (element) => element.shadowRoot?.querySelector('.wheel')?.scrollTop ?? -1);
    await eventually(top).toBe(34);
    await view.eval('wx-picker-view-column', (element) => {
      element.shadowRoot?.querySelector('.wheel')?.scrollTo({ top: 102 });
    });
    await eventually(events).toEqual([['change', { value: [3, 2] }]]);
    await app.close();
  });
});
