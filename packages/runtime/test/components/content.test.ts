import { expect, it } from 'vitest';
import { inBothModes, useBrowser } from '../harness.ts';
import { eventually, onePage } from './page.ts';

useBrowser();

inBothModes('swiper', (mode) => {
  const cards = `<swiper-item wx:for="{{[0, 1, 2]}}" wx:key="*this" item-id="id{{item}}"><view class="card{{item}}">{{item}}</view></swiper-item>`;

  it('changes its card by a drag, round the end of a circle, and by the program', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<swiper circular indicator-dots current="{{current}}" duration="50" bindchange="log" bindanimationfinish="log">${cards}</swiper>`,
      `{ data: { current: 0 } }`,
    );
    const left = (name: string) => view.eval(name, (element) => Math.round(element.getBoundingClientRect().left));
    expect([await left('.card0'), await left('.card1'), await left('.card2')]).toEqual([0, 393, -393]);
    const box = await view.frame.locator('wx-swiper').boundingBox();
    if (!box) throw new Error('no swiper');
    await app.page.mouse.move(box.x + 100, box.y + 70);
    await app.page.mouse.down();
    await app.page.mouse.move(box.x + 380, box.y + 75, { steps: 6 });
    await app.page.mouse.up();
    const detail = (current: number, source: string) => ({ current, currentItemId: `id${current}`, source });
    await eventually(events).toEqual([
      ['change', detail(2, 'touch')],
      ['animationfinish', detail(2, 'touch')],
    ]);
    expect(await left('.card2')).toBe(0);
    await app.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ current: 1 }));
    await expect
      .poll(async () => (await events()).slice(2))
      .toEqual([
        ['change', detail(1, '')],
        ['animationfinish', detail(1, '')],
      ]);
    expect(await view.count('.wx-swiper-dot')).toBe(3);
    expect(await left('.card1')).toBe(0);
    await app.close();
  });

  it('goes on by itself', async () => {
    const { app, events } = await onePage(
      mode,
      `<swiper autoplay interval="120" duration="10" bindchange="log">${cards}</swiper>`,
    );
    await expect
      .poll(async () => (await events()).slice(0, 3).map(([, detail]) => detail))
      .toEqual([
        { current: 1, currentItemId: 'id1', source: 'autoplay' },
        { current: 2, currentItemId: 'id2', source: 'autoplay' },
        { current: 0, currentItemId: 'id0', source: 'autoplay' },
      ]);
    await app.close();
  });
});

inBothModes('navigator and rich-text', (mode) => {
  it('goes to a relative address, and back', async () => {
    const { app, view } = await onePage(mode, `<navigator class="n" url="../two/two?a=1">go</navigator>`, '{}', {
      'pages/two/two.wxml': `<navigator class="b" open-type="navigateBack">{{a}}</navigator>`,
      'pages/two/two.js': `Page({ data: { a: '' }, onLoad(query) { this.setData({ a: 'a is ' + query.a }) } })`,
    });
    await view.tap('.n');
    await app.ready('pages/two/two');
    const second = await app.view();
    expect(await second.text('.b')).toBe('a is 1');
    await second.tap('.b');
    await eventually(() => app.paths()).toEqual(['pages/index/index']);
    await app.close();
  });

  it('shows the allowed part of HTML and of node lists', async () => {
    const { app, view } = await onePage(
      mode,
      `<rich-text class="a" nodes="{{html}}"/><rich-text class="b" nodes="{{nodes}}" space="nbsp"/>`,
      `{ data: {
        html: '<div class="c" style="color: rgb(1, 2, 3)" onclick="bad()">1 &lt; 2<script>bad()</script><p>p<b>bold</p><iframe src="x"></iframe><img src="javascript:bad()" alt="i"></div>',
        nodes: [{ name: 'h1', attrs: { class: 'd', onclick: 'bad()' }, children: [{ type: 'text', text: 'a b' }] }, { name: 'script', children: [] }],
      } }`,
      { 'pages/index/index.wxss': `.d { font-size: 31px }` },
    );
    expect(await view.eval('.a > div', (element) => element.innerHTML)).toBe(
      '<div class="c" style="color: rgb(1, 2, 3);">1 &lt; 2<p>p<b>bold</b></p><img alt="i"></div>',
    );
    expect(await view.eval('.b h1', (element) => [element.textContent, getComputedStyle(element).fontSize])).toEqual([
      'a\u00a0b',
      '31px',
    ]);
    expect(await view.count('[onclick]')).toBe(0);
    await app.close();
  });
});

inBothModes('what programs find otherwise than in a browser', (mode) => {
  it('decodes entities in the texts of nodes, and drops a node it does not trust with all in it', async () => {
    const { app, view } = await onePage(
      mode,
      `<rich-text class="a" nodes="{{nodes}}"/><rich-text class="b" nodes="{{html}}"/>`,
      `{ data: {
        nodes: [{ name: 'p', attrs: { class: ['x'], style: 1 }, children: [{ type: 'text', text: 't &amp; &lt;u' }] },
          { name: 'video', children: [{ type: 'text', text: 'no' }] }, { name: 'section' }],
        html: '<p>a &amp;amp; b</p><marquee>no<b>no</b></marquee>',
      } }`,
    );
    expect(await view.eval('.a > div', (element) => element.textContent)).toBe('t & <u');
    expect(await view.eval('.b > div', (element) => element.textContent)).toBe('a &amp; b');
    await app.close();
  });

  it('shows nothing where a picture cannot be had, and the next picture', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<image class="a" src="{{src}}" binderror="log" bindload="log"/>`,
      `{ data: { src: '/none.png' } }`,
      { 'dot.svg': `<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>` },
    );
    const shown = () =>
      view.eval('.a', (image) => getComputedStyle(image.shadowRoot?.querySelector('img') as Element).visibility);
    await eventually(async () => (await events()).map(([type]) => type)).toEqual(['error']);
    expect(await shown()).toBe('hidden');
    await app.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ src: '/dot.svg' }));
    await eventually(async () => (await events()).map(([type]) => type)).toEqual(['error', 'load']);
    expect(await shown()).toBe('visible');
    await app.close();
  });

  it('lets a program take the tick of a radio and a checkbox away', async () => {
    const { app, view } = await onePage(
      mode,
      `<radio class="own" checked/><radio class="plain" checked/><checkbox class="own" checked/><checkbox class="off"/>`,
      '{}',
      {
        'pages/index/index.wxss': `.own .wx-radio-input::before, .own .wx-checkbox-input::before { content: ''; width: 7px }`,
      },
    );
    const content = (selector: string) =>
      view.eval(selector, (element) => getComputedStyle(element.firstElementChild as Element, '::before').content);
    expect(await content('wx-radio.own')).toBe('""');
    expect(await content('wx-checkbox.own')).toBe('""');
    expect(await content('.plain')).toBe('"\u2713"');
    expect(await content('.off')).toBe('none');
    expect(await view.count('.own svg')).toBe(0);
    await app.close();
  });
});

inBothModes('canvas', (mode) => {
  /** Size of the picture the view shows, and the colour of one of its pixels. */
  const look = (element: HTMLElement): number[] => {
    const canvas = element.shadowRoot?.querySelector('canvas') as HTMLCanvasElement;
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d');
    copy?.drawImage(canvas, 0, 0);
    return [canvas.width, canvas.height, ...(copy?.getImageData(5, 5, 1, 1).data ?? [])];
  };

  it('draws with the 2D context of a queried node, images included', async () => {
    const { app, view, data } = await onePage(
      mode,
      `<canvas type="2d" id="c" style="width: 40px; height: 30px"/>`,
      `{ onReady() {
        wx.createSelectorQuery().select('#c').fields({ node: true, size: true }).exec(([{ node, width, height }]) => {
          node.width = width * 2; node.height = height * 2
          const context = node.getContext('2d')
          context.fillStyle = 'rgb(10, 20, 30)'
          context.fillRect(0, 0, 80, 60)
          const image = node.createImage()
          image.onload = () => {
            context.drawImage(image, 0, 0, 10, 10)
            this.setData({ width: context.measureText('abc').width > 0, pixel: [...context.getImageData(5, 5, 1, 1).data], url: node.toDataURL() })
          }
          image.onerror = (e) => this.setData({ url: e.errMsg })
          image.src = '/dot.svg'
        })
      } }`,
      {
        'dot.svg': `<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10" fill="rgb(200,0,0)"/></svg>`,
      },
    );
    await eventually(async () => typeof (await data()).url).toBe('string');
    expect(await data()).toMatchObject({ width: true, pixel: [200, 0, 0, 255] });
    const url = (await data()).url as string;
    expect(
      await app.page.evaluate(async (src) => {
        const image = new Image();
        image.src = src;
        await image.decode();
        return [image.width, image.height];
      }, url),
    ).toEqual([80, 60]);
    const shown = () => view.eval('wx-canvas', look);
    await eventually(shown).toEqual([80, 60, 200, 0, 0, 255]);
    await app.close();
  });

  it('draws with the old context when it is told to', async () => {
    const { app, view, data } = await onePage(
      mode,
      `<canvas canvas-id="old" style="width: 20px; height: 20px"/>`,
      `{ onReady() {
        const context = wx.createCanvasContext('old')
        context.setFillStyle('rgb(0, 128, 0)')
        context.fillRect(0, 0, 20, 20)
        context.draw(false, () => this.setData({ drawn: true }))
      } }`,
    );
    await eventually(async () => (await data()).drawn).toBe(true);
    const shown = () => view.eval('wx-canvas', look);
    await eventually(async () => (await shown()).slice(2)).toEqual([0, 128, 0, 255]);
    await app.close();
  });
});
