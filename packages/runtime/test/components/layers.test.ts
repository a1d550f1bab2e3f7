/** Components that lie over a page, stay in sight in it, or stand in the place of what only WeChat has. */
import { expect, it } from 'vitest';
import { inBothModes, useBrowser } from '../harness.ts';
import { eventually, onePage } from './page.ts';

useBrowser();

inBothModes('layers', (mode) => {
  it('page-container comes and goes with its events, and a tap beside it and back close it before the page', async () => {
    const { app, view } = await onePage(mode, `<navigator class="go" url="/pages/two/two">go</navigator>`, '{}', {
      'pages/two/two.wxml': `<page-container round position="{{position}}" duration="{{60}}" custom-style="height: 200rpx" model:show="{{show}}"
          bindbeforeenter="log" bindenter="log" bindafterenter="log" bindbeforeleave="log" bindleave="log" bindafterleave="log" bindclickoverlay="log"><view class="in">inside</view></page-container>`,
      'pages/two/two.js': `Page({ data: { show: false, position: 'bottom' }, events: [], log(e) { this.events.push(e.type) } })`,
    });
    await view.tap('.go');
    await app.ready('pages/two/two');
    const two = await app.view();
    const set = (data: object) =>
      app.service(({ getCurrentPages }, given: object) => getCurrentPages().at(-1).setData(given), data);
    const events = () => app.service(({ getCurrentPages }) => getCurrentPages().at(-1).events.splice(0) as string[]);
    const seen: string[] = [];
    const told = async () => {
      seen.push(...(await events()));
      return seen;
    };
    const enter = ['beforeenter', 'enter', 'afterenter'];
    const leave = ['beforeleave', 'leave', 'afterleave'];
    await set({ show: true });
    await eventually(told).toEqual(enter);
    const panel = () =>
      two.eval('wx-page-container', (element) => {
        const box = element.shadowRoot?.querySelector('.panel')?.getBoundingClientRect();
        return [box?.height ?? 0, window.innerWidth / 7.5 + window.innerWidth / 7.5];
      });
    const [height, expected] = await panel();
    expect(height).toBeCloseTo(expected as number, 1);
    // Back: the layer goes, the page stays.
    await app.service(({ wx }) => wx.navigateBack());
    await eventually(told).toEqual([...enter, ...leave]);
    expect((await app.paths()).at(-1)).toBe('pages/two/two');
    expect(await app.service(({ getCurrentPages }) => getCurrentPages().at(-1).data.show)).toBe(false);
    await set({ show: true, position: 'top' });
    await eventually(told).toEqual([...enter, ...leave, ...enter]);
    const box = await two.frame.locator('wx-page-container .overlay').first().boundingBox();
    await app.page.mouse.click((box?.x ?? 0) + 50, (box?.y ?? 0) + (box?.height ?? 0) - 40);
    await eventually(told).toEqual([...enter, ...leave, ...enter, 'clickoverlay', ...leave]);
    // Nothing holds back any more.
    await app.service(({ wx }) => wx.navigateBack());
    await eventually(() => app.paths()).toEqual(['pages/index/index']);
    await app.close();
  });

  it('back closes the layer that was opened last, each time another one', async () => {
    const container = (name: string): string =>
      `<page-container class="${name}" duration="{{60000}}" model:show="{{${name}}}" bindbeforeleave="left" data-name="${name}">${name}</page-container>`;
    const { app, view } = await onePage(mode, `<navigator class="go" url="/pages/two/two">go</navigator>`, '{}', {
      'pages/two/two.wxml': ['a', 'b', 'c'].map(container).join(''),
      'pages/two/two.js': `Page({ data: {}, gone: [], left(e) { this.gone.push(e.currentTarget.dataset.name) } })`,
    });
    await view.tap('.go');
    await app.ready('pages/two/two');
    const two = await app.view();
    for (const name of ['c', 'a', 'b']) {
      await app.service(
        ({ getCurrentPages }, key: string) =>
          getCurrentPages()
            .at(-1)
            .setData({ [key]: true }),
        name,
      );
      await eventually(() => two.count(`wx-page-container.${name}[data-shown]`)).toBe(1);
    }
    const gone = () => app.service(({ getCurrentPages }) => getCurrentPages().at(-1).gone as string[]);
    // Each of them goes out for a minute.
    for (const left of [['b'], ['b', 'a'], ['b', 'a', 'c']]) {
      await app.service(({ wx }) => wx.navigateBack());
      await eventually(gone).toEqual(left);
    }
    await app.service(({ wx }) => wx.navigateBack());
    await eventually(() => app.paths()).toEqual(['pages/index/index']);
    await app.close();
  });

  it('a layer that does not close keeps nobody on its page', async () => {
    const { app, view } = await onePage(mode, `<navigator class="go" url="/pages/two/two">go</navigator>`, '{}', {
      'pages/two/two.wxml': '<page-container show="{{true}}">inside</page-container>',
      'pages/two/two.js': 'Page({})',
    });
    await view.tap('.go');
    await app.ready('pages/two/two');
    const two = await app.view();
    await eventually(() => two.count('wx-page-container[data-shown]')).toBe(1);
    await two.eval('wx-page-container', (element) => {
      Object.assign(element, { leave() {} });
    });
    await app.service(({ wx }) => wx.navigateBack());
    expect((await app.paths()).at(-1)).toBe('pages/two/two');
    await eventually(async () => {
      await app.service(({ wx }) => wx.navigateBack().catch(() => {}));
      return app.paths();
    }).toEqual(['pages/index/index']);
    await app.close();
  });

  it('root-portal takes its content out of what clips it, also rows that come later, and gives it back', async () => {
    const { app, view } = await onePage(
      mode,
      `<view style="height: 20px; overflow: hidden; transform: translateX(0)"><root-portal enable="{{on}}"><view class="over" style="position: fixed; top: 100px; height: 40px" bindtap="tapped">{{n}}<view wx:for="{{rows}}" wx:key="*this" class="row">{{item}}</view></view><text wx:for="{{rows}}" wx:key="*this" class="mark">{{item}}</text></root-portal></view>`,
      `{ data: { on: true, n: 0, rows: ['b'] }, tapped() { this.setData({ n: this.data.n + 1, rows: ['a', 'b', 'c'] }) } }`,
    );
    const holder = () => view.eval('.over', (over) => over.closest('wx-root-portal')?.localName ?? 'page');
    expect(await holder()).toBe('page');
    await view.tap('.over');
    await view.waitText('.over', '1');
    await eventually(() =>
      view.eval('.over', (over) =>
        [...(over.parentElement?.querySelectorAll('.mark') ?? [])].map((mark) => mark.textContent).join(''),
      ),
    ).toBe('abc');
    await app.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ on: false }));
    await eventually(holder).toBe('wx-root-portal');
    await app.close();
  });

  it('keyboard-accessory is there while its field has the focus', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<textarea class="field"><keyboard-accessory class="bar" style="height: 50px"><cover-view class="send" bindtap="log">send</cover-view></keyboard-accessory></textarea>`,
    );
    const shown = () => view.eval('.send', (send) => send.getClientRects().length > 0);
    expect(await shown()).toBe(false);
    await view.frame.locator('.field textarea').first().focus();
    await eventually(shown).toBe(true);
    await view.tap('.send');
    await eventually(async () => (await events()).map(([type]) => type)).toEqual(['tap']);
    expect(await shown()).toBe(true);
    await view.eval('.field', (field) => field.shadowRoot?.querySelector('textarea')?.blur());
    await eventually(shown).toBe(false);
    await app.close();
  });

  it('match-media shows its content while the window fits', async () => {
    const { app, view } = await onePage(
      mode,
      `<match-media min-width="{{300}}" max-width="{{500}}"><view class="fits">a</view></match-media><match-media min-width="{{2000}}"><view class="wide">b</view></match-media><match-media orientation="portrait"><view class="tall">c</view></match-media>`,
    );
    const shown = (name: string) => view.eval(name, (element) => element.getClientRects().length > 0);
    expect([await shown('.fits'), await shown('.wide'), await shown('.tall')]).toEqual([true, false, true]);
    await app.close();
  });
});

inBothModes('lists', (mode) => {
  it('sticky-header stays at the upper edge while its section is in sight, and tells of it', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<scroll-view type="list" scroll-y style="height: 200px"><view style="height: 50px">top</view>
        <sticky-section><sticky-header class="head" offset-top="{{10}}" bindstickontopchange="log"><view style="height: 30px">head</view></sticky-header><list-view><view style="height: 300px">rows</view></list-view></sticky-section>
        <view style="height: 600px">end</view></scroll-view>`,
    );
    const scroll = (top: number) =>
      view.frame
        .locator('wx-scroll-view')
        .first()
        .evaluate((area, to) => {
          const scroller = (area as unknown as { callMethod(name: string, args: unknown[]): HTMLElement }).callMethod(
            'scroller',
            [],
          );
          scroller.scrollTop = to;
        }, top);
    const top = () =>
      view.eval('.head', (head) => {
        const area = head.closest('wx-scroll-view');
        return Math.round(head.getBoundingClientRect().top - (area?.getBoundingClientRect().top ?? 0));
      });
    expect(await top()).toBe(50);
    await scroll(150);
    await eventually(top).toBe(10);
    await eventually(events).toEqual([['stickontopchange', { isStickOnTop: true }]]);
    await scroll(600);
    await eventually(async () => (await events()).at(-1)).toEqual(['stickontopchange', { isStickOnTop: false }]);
    await app.close();
  });

  it('grid-view puts children in rows, or each in the shortest column', async () => {
    const { app, view } = await onePage(
      mode,
      `<grid-view type="{{type}}" cross-axis-count="{{2}}" main-axis-gap="{{10}}" cross-axis-gap="{{20}}" style="width: 220px"><view wx:for="{{[90, 20, 30, 40]}}" wx:key="*this" class="cell{{index}}" style="height: {{item}}px">{{index}}</view></grid-view>`,
      `{ data: { type: 'aligned' } }`,
    );
    const places = () =>
      view.eval('wx-grid-view', (grid) => {
        const origin = grid.getBoundingClientRect();
        return [...grid.children].map((cell) => {
          const box = cell.getBoundingClientRect();
          return [box.left - origin.left, box.top - origin.top, box.width];
        });
      });
    await eventually(places).toEqual([
      [0, 0, 100],
      [120, 0, 100],
      [0, 100, 100],
      [120, 100, 100],
    ]);
    await app.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ type: 'masonry' }));
    await eventually(places).toEqual([
      [0, 0, 100],
      [120, 0, 100],
      [120, 30, 100],
      [120, 70, 100],
    ]);
    await app.close();
  });

  it('draggable-sheet is pulled between its sizes and comes to rest at one', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<view style="height: 400px; position: relative"><draggable-sheet initial-child-size="{{0.5}}" min-child-size="{{0.2}}" max-child-size="{{0.9}}" snap bindsizeupdate="log"><view class="in" style="height: 60px">pull</view></draggable-sheet></view>`,
    );
    const height = () => view.eval('wx-draggable-sheet', (sheet) => Math.round(sheet.getBoundingClientRect().height));
    expect(await height()).toBe(200);
    const box = await view.frame.locator('.in').first().boundingBox();
    if (!box) throw new Error('no sheet');
    await app.page.mouse.move(box.x + 50, box.y + 30);
    await app.page.mouse.down();
    await app.page.mouse.move(box.x + 50, box.y - 100, { steps: 5 });
    await app.page.mouse.up();
    await eventually(height).toBe(360);
    await eventually(async () => (await events()).at(-1)).toEqual(['sizeupdate', { pixels: 360, size: 0.9 }]);
    await app.close();
  });
});

inBothModes('placeholders', (mode) => {
  it('stand in the place of what only WeChat has, with the event of the original and one line in the log', async () => {
    const { app, view, data } = await onePage(
      mode,
      `<ad unit-id="a" binderror="told" id="ad"/><ad-custom unit-id="b" binderror="told" id="ad-custom"/><official-account binderror="told" id="official-account"/>
       <live-player src="rtmp://x" bindstatechange="told" id="live-player"/><live-pusher bindstatechange="told" id="live-pusher"/><voip-room binderror="told" id="voip-room"/>
       <channel-live id="channel-live"/><ad unit-id="c"/><functional-page-navigator id="functional-page-navigator" bindfail="told"><view class="own">own</view></functional-page-navigator>
       <pan-gesture-handler><view class="through">through</view></pan-gesture-handler><share-element key="k"><view class="shared">shared</view></share-element>`,
      `{ data: {}, told(e) { this.setData({ [e.target.id]: e.type + ' ' + (e.detail.errCode || e.detail.code || e.detail.status || e.detail.errMsg) }) } }`,
    );
    await eventually(data).toMatchObject({
      ad: 'error 1004',
      'ad-custom': 'error 1004',
      'official-account': 'error 3',
      'live-player': 'statechange -2301',
      'live-pusher': 'statechange -1307',
      'voip-room': 'error -1',
    });
    await view.tap('.own');
    await eventually(async () => (await data())['functional-page-navigator']).toBe(
      'fail functional pages are not available',
    );
    expect(
      await view.eval('#channel-live', (box) => [box.offsetWidth, box.shadowRoot?.textContent?.trim().slice(-12)]),
    ).toEqual([300, 'channel-live']);
    expect([await view.text('.through'), await view.text('.shared')]).toEqual(['through', 'shared']);
    const lines = (await app.logs()).filter(({ text }) => text.startsWith('<ad>'));
    expect(lines.map(({ level }) => level)).toEqual(['warn']);
    expect((await app.problems()).filter(({ code }) => code === 'COMPONENT_NOT_SUPPORTED')).toEqual([]);
    expect(
      await app.service(({ wx }) => [wx.canIUse('live-player'), wx.canIUse('movable-view'), wx.canIUse('grid-view')]),
    ).toEqual([false, true, true]);
    await app.close();
  });
});
