import { expect, it } from 'vitest';
import { inBothModes, useBrowser } from '../harness.ts';
import { eventually, onePage } from './page.ts';

useBrowser();

inBothModes('text, icon, button and label', (mode) => {
  it('shows spaces, entities and written-out line breaks of a text, and keeps them so', async () => {
    const { app, view } = await onePage(
      mode,
      `<text id="a" space="nbsp">a  {{n}}</text><text id="b" decode>{{html}}</text><text id="c">x\\ny</text>
       <text id="d" selectable>outer <text id="e">inner</text></text>`,
      `{ data: { n: 1, html: '1 &lt; 2&emsp;!' } }`,
    );
    expect(await view.eval('#a', (element) => element.textContent)).toBe('a\u00a0\u00a01');
    expect(await view.eval('#b', (element) => element.textContent)).toBe('1 < 2\u2003!');
    expect(await view.eval('#c', (element) => element.textContent)).toBe('x\ny');
    expect(await view.eval('#e', (element) => getComputedStyle(element).userSelect)).toBe('text');
    await app.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ n: 'b  c', html: '&amp;' }));
    await view.waitText('#b', '&');
    expect(await view.eval('#a', (element) => element.textContent)).toBe('a\u00a0\u00a0b\u00a0\u00a0c');
    await app.close();
  });

  it('draws an icon in its size and colour', async () => {
    const { app, view } = await onePage(
      mode,
      `<icon class="a" type="success"/><icon class="b" type="cancel" size="40" color="rgb(1, 2, 3)"/>`,
    );
    expect(await view.eval('.a', (element) => element.getBoundingClientRect().width)).toBe(23);
    const look = await view.eval('.b', (element) => {
      const svg = element.shadowRoot?.querySelector('svg') as SVGElement;
      return [svg.getBoundingClientRect().width, getComputedStyle(svg).color];
    });
    expect(look).toEqual([40, 'rgb(1, 2, 3)']);
    await app.close();
  });

  it('shows a finger by the class that is given, or by its own while none is', async () => {
    const { app, view } = await onePage(
      mode,
      `<button id="own">a</button><button id="given" hover-class="{{name}}">b</button><navigator id="link" url="/x">c</navigator>
       <button id="none" hover-class="none">d</button><view id="view">e</view>`,
      `{ data: { name: 'mine' } }`,
    );
    const pressed = async (selector: string, shown: string): Promise<void> => {
      const box = await view.frame.locator(selector).first().boundingBox();
      if (!box) throw new Error(`${selector} is not shown`);
      const names = async () => (await view.eval(selector, (element) => element.className)).split(' ');
      const before = await names();
      const added = async () => (await names()).filter((name) => !before.includes(name)).join(' ');
      await app.page.mouse.move(box.x + 5, box.y + 5);
      await app.page.mouse.down();
      // What shows nothing is given the time in which others have shown something.
      if (shown === '') await app.page.waitForTimeout(300);
      await expect.poll(added).toBe(shown);
      await app.page.mouse.up();
      await expect.poll(added).toBe('');
    };
    await pressed('#own', 'button-hover');
    await pressed('#given', 'mine');
    await pressed('#none', '');
    await pressed('#view', '');
    await app.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ name: null }));
    await expect.poll(() => view.eval('#given', (element) => element.hasAttribute('hover-class'))).toBe(false);
    await pressed('#given', 'button-hover');
    await pressed('#link', 'navigator-hover');
    await app.close();
  });

  it('swallows taps of a disabled button, and asks the page what a share button shares', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<view bindtap="log"><button class="off" disabled bindtap="log">off</button></view>
       <button class="share" open-type="share" data-k="7">share</button>`,
      `{ onShareAppMessage(o) { this.events.push(['share', o]) } }`,
    );
    await view.tap('.off');
    await view.tap('.share');
    await eventually(events).toEqual([['share', { from: 'button', target: { id: '', dataset: { k: '7' } } }]]);
    await app.close();
  });

  it('hands the tap on a label to its control', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<label class="first"><text>inside</text><switch bindchange="log"/></label>
       <label class="other" for="box">for</label><checkbox-group bindchange="log"><checkbox id="box" value="v"/></checkbox-group>`,
    );
    await view.tap('.first wx-text');
    await view.tap('.other');
    await view.tap('.first wx-switch');
    await eventually(events).toEqual([
      ['change', { value: true }],
      ['change', { value: ['v'] }],
      ['change', { value: false }],
    ]);
    await app.close();
  });

  it('reports a component that is not supported once a page', async () => {
    const { app } = await onePage(mode, `<list-builder/><list-builder/><view>x</view>`);
    expect((await app.problems()).map(({ kind, code }) => [kind, code])).toEqual([
      ['component', 'COMPONENT_NOT_SUPPORTED'],
    ]);
    await app.close();
  });

  it('gives every component the display and the size that the original gives it', async () => {
    const shown: Record<string, string> = {
      view: 'block',
      'scroll-view': 'block',
      swiper: 'block 150px',
      text: 'inline',
      image: 'inline-block 240px',
      icon: 'inline-block',
      button: 'block',
      form: 'block',
      input: 'block',
      textarea: 'block 150px',
      label: 'inline',
      checkbox: 'inline-block',
      'checkbox-group': 'block',
      radio: 'inline-block',
      'radio-group': 'block',
      switch: 'inline-block',
      slider: 'block',
      picker: 'block',
      progress: 'flex',
      navigator: 'block',
      'rich-text': 'block',
      canvas: 'block 150px',
      video: 'inline-block 225px',
      'cover-view': 'block',
      'movable-area': 'block',
    };
    const { app, view } = await onePage(
      mode,
      Object.keys(shown)
        .map((tag) => `<${tag}></${tag}>`)
        .join(''),
    );
    const found: Record<string, string> = {};
    for (const [tag, expected] of Object.entries(shown)) {
      const [display, height] = await view.eval(`wx-${tag}`, (element) => {
        const style = getComputedStyle(element);
        return [style.display, style.height];
      });
      found[tag] = expected.includes(' ') ? `${display} ${height}` : (display ?? '');
    }
    expect(found).toEqual(shown);
    await app.close();
  });
});
