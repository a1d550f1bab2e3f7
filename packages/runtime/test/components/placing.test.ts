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
