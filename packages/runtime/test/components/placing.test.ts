/** What is shown or not, and what is put in its place while it is not shown. */
import { expect, it } from 'vitest';
import { inBothModes, useBrowser } from '../harness.ts';
import { eventually, onePage } from './page.ts';

useBrowser();

const TAGS = 'view text button image scroll-view input canvas swiper picker-view label cover-view rich-text form'.split(
  ' ',
);

inBothModes('hidden', (mode) => {
  it('hides every built-in component and shows it again, unless a class of the program says otherwise', async () => {
    const { app, view } = await onePage(
      mode,
      `<view class="all">${TAGS.map((tag) => `<${tag} id="${tag}" hidden="{{off}}"/>`).join('')}</view>
       <view id="bare" hidden/><view id="count" hidden="{{n}}"/><view id="no" hidden="{{false}}"/><view id="flex" class="flex" hidden/>`,
      '{ data: { off: true, n: 0 } }',
      { 'pages/index/index.wxss': '.flex { display: flex }' },
    );
    const displays = () =>
      view.eval('.all', (all) => [
        ...new Set([...all.children].map((each) => getComputedStyle(each).display === 'none')),
      ]);
    const display = (selector: string) => view.eval(selector, (each) => getComputedStyle(each).display);
    expect(await displays()).toEqual([true]);
    expect([await display('#bare'), await display('#count'), await display('#no'), await display('#flex')]).toEqual([
      'none',
      'block',
      'block',
      'flex',
    ]);
    await app.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ off: false, n: 2 }));
    await eventually(displays).toEqual([false]);
    expect(await display('#count')).toBe('none');
    await app.close();
  });
});

inBothModes('what is placed while it is not shown', (mode) => {
  it('finds the wheels of a picker-view at their value when it is shown, and tells of no change', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<view style="display:{{shown ? 'block' : 'none'}}"><picker-view class="wheels" style="height:200px" value="{{value}}" bindchange="log">
         <picker-view-column wx:for="{{2}}" wx:for-item="column" wx:key="*this">
           <view wx:for="{{30}}" wx:key="*this" style="line-height:40px">{{item}}</view>
         </picker-view-column></picker-view></view>`,
      '{ data: { shown: false, value: [8, 17] } }',
    );
    const look = () =>
      view.eval('.wheels', (wheels) => {
        const box = wheels.getBoundingClientRect();
        const middle = box.top + box.height / 2;
        return [...wheels.querySelectorAll('wx-picker-view-column')].map(
          (column) =>
            [...column.querySelectorAll('wx-view')].find((each) => {
              const { top, bottom } = each.getBoundingClientRect();
              return bottom > top && top <= middle && bottom > middle;
            })?.textContent,
        );
      });
    const set = (data: object) =>
      app.service(({ getCurrentPages }, given: object) => getCurrentPages()[0].setData(given), data);
    await set({ shown: true });
    await eventually(look).toEqual(['8', '17']);
    await set({ shown: false });
    await set({ value: [3, 5] });
    await set({ shown: true });
    await eventually(look).toEqual(['3', '5']);
    expect(await events()).toEqual([]);
    await app.close();
  });

  it('scrolls a scroll-view to its place once it is shown', async () => {
    const { app, view } = await onePage(
      mode,
      `<scroll-view class="area" hidden="{{!shown}}" scroll-y style="height:100px" scroll-into-view="{{into}}">
         <view wx:for="{{10}}" wx:key="*this" id="row{{item}}" style="height:50px"/></scroll-view>`,
      `{ data: { shown: false, into: 'row4' } }`,
    );
    await app.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ shown: true }));
    await eventually(() =>
      view.eval('.area', (area) => area.shadowRoot?.querySelector('div:not(.sign)')?.scrollTop),
    ).toBe(200);
    await app.close();
  });

  it('places text fields, movable views, cards, sliders and drawings so that they are right when they are shown', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<view hidden="{{!shown}}">
         <textarea class="area" auto-height style="line-height:20px" value="{{'a\\nb\\nc'}}"/>
         <movable-area style="width:200px;height:100px"><movable-view class="moved" direction="all" x="{{x}}" y="{{20}}" style="width:40px;height:40px" bindchange="log"/></movable-area>
         <swiper class="cards" style="height:60px" current="{{card}}" bindchange="log"><swiper-item wx:for="{{4}}" wx:key="*this">{{item}}</swiper-item></swiper>
         <slider class="slider" value="{{value}}" bindchange="log"/>
         <canvas canvas-id="old" class="old" style="width:80px;height:40px"/>
         <canvas type="2d" id="new" class="new" style="width:80px;height:40px"/>
       </view>`,
      `{ data: { shown: false, x: 50, card: 2, value: 30 },
         draw() {
           const old = wx.createCanvasContext('old', this); old.setFillStyle('rgb(1,2,3)'); old.fillRect(0, 0, 80, 40)
           return new Promise((done) => old.draw(false, () => this.createSelectorQuery().select('#new').fields({ node: true }).exec(([{ node }]) => {
             node.width = 80; node.height = 40; const context = node.getContext('2d'); context.fillStyle = 'rgb(4,5,6)'; context.fillRect(0, 0, 80, 40); done(true)
           })))
         } }`,
    );
    await app.service(({ getCurrentPages }) => getCurrentPages()[0].draw());
    await app.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ shown: true, value: 40 }));
    await eventually(() => view.eval('.area', (area) => area.getBoundingClientRect().height)).toBe(60);
    await eventually(() =>
      view.eval('.moved', (moved) => {
        const area = moved.parentElement?.getBoundingClientRect();
        const { left, top } = moved.getBoundingClientRect();
        return [left - (area?.left ?? 0), top - (area?.top ?? 0)];
      }),
    ).toEqual([50, 20]);
    await eventually(() =>
      view.eval('.cards', (cards) => {
        const box = cards.getBoundingClientRect();
        return [...cards.querySelectorAll('wx-swiper-item')].findIndex(
          (card) => Math.abs(card.getBoundingClientRect().left - box.left) < 1,
        );
      }),
    ).toBe(2);
    const block = () =>
      view.eval('.slider', (slider) => slider.shadowRoot?.querySelector<HTMLElement>('.block')?.style.left);
    await eventually(block).toBe('40%');
    const colour = (selector: string) =>
      view.eval(selector, (element) => {
        const shown = element.shadowRoot?.querySelector('canvas') as HTMLCanvasElement;
        const copy = document.createElement('canvas');
        const context = copy.getContext('2d');
        context?.drawImage(shown, 0, 0);
        return [...(context?.getImageData(shown.width - 2, shown.height - 2, 1, 1).data ?? [])].join();
      });
    await eventually(() => colour('.old')).toBe('1,2,3,255');
    await eventually(() => colour('.new')).toBe('4,5,6,255');
    // Nothing here was moved by a user.
    expect((await events()).filter(([, detail]) => (detail as { source?: string }).source !== '')).toEqual([]);
    await app.close();
  });

  it('gives a picture its height when it is shown', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<view hidden="{{!shown}}"><image class="pic" mode="widthFix" style="width:100px" src="/dot.svg" bindload="log"/></view>`,
      '{ data: { shown: false } }',
      { 'dot.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"/>' },
    );
    await eventually(async () => (await events()).length).toBe(1);
    await app.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ shown: true }));
    await eventually(() => view.eval('.pic', (pic) => pic.getBoundingClientRect().height)).toBe(50);
    await app.close();
  });
});

inBothModes('scroll-view', (mode) => {
  it('shows an element whatever distance is given beside it, and takes a distance once', async () => {
    const { app, view } = await onePage(
      mode,
      `<scroll-view wx:if="{{list}}" class="area" scroll-y style="height:200px" scroll-into-view="{{into}}" scroll-top="{{top}}">
         <view wx:for="{{list}}" wx:key="*this" id="{{item}}" style="height:150px">{{item}}</view></scroll-view>`,
      '{ data: { list: null } }',
    );
    const set = (data: object) =>
      app.service(({ getCurrentPages }, given: object) => getCurrentPages()[0].setData(given), data);
    const top = () => view.eval('.area', (area) => area.shadowRoot?.querySelector('div:not(.sign)')?.scrollTop);
    await set({ list: ['blue', 'red', 'yellow', 'green'], into: 'yellow', top: 0 });
    await eventually(top).toBe(300);
    await set({ into: 'red' });
    await eventually(top).toBe(150);
    await set({ top: 20 });
    await eventually(top).toBe(20);
    await view.eval('.area', (area) => area.shadowRoot?.querySelector('div:not(.sign)')?.scrollTo(0, 90));
    await set({ top: 20 });
    // The next change comes after the one that says nothing new.
    await set({ list: ['n1', 'n2', 'blue', 'red', 'yellow', 'green'] });
    await eventually(() => view.count('#n2')).toBe(1);
    expect(await top()).toBeGreaterThanOrEqual(90);
    await set({ list: ['n1', 'n2', 'n3', 'blue', 'red', 'yellow'], into: 'blue' });
    await eventually(top).toBe(450);
    await app.close();
  });
});
