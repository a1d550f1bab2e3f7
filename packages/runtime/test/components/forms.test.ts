import { expect, it } from 'vitest';
import { inBothModes, useBrowser } from '../harness.ts';
import { eventually, onePage } from './page.ts';

useBrowser();

inBothModes('forms', (mode) => {
  it('submits the values of all named controls, custom form fields included, and resets them', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<form bindsubmit="log" bindreset="log">
        <input class="i" name="i" value="one"/><textarea name="t" value="two"/>
        <switch name="s" checked/><slider name="n" value="30"/>
        <checkbox-group name="c"><checkbox value="a" checked/><checkbox value="b"/></checkbox-group>
        <radio-group name="r"><radio value="x"/><radio value="y" checked/></radio-group>
        <picker name="p" range="{{['k', 'l']}}" value="{{1}}"><text>pick</text></picker>
        <rate name="stars"/>
        <view><button class="submit" form-type="submit">go</button><button class="reset" form-type="reset">no</button></view>
      </form>`,
      '{}',
      {
        'pages/index/index.json': { usingComponents: { rate: '/rate' } },
        'rate.json': { component: true },
        'rate.wxml': `<input name="hidden" value="inner"/>`,
        'rate.js': `Component({ behaviors: ['wx://form-field'], attached() { this.setData({ value: 4 }) } })`,
      },
    );
    await view.tap('.submit');
    await view.tap('.reset');
    await view.tap('.submit');
    await eventually(async () => (await events()).length).toBe(3);
    const [first, reset, second] = await events();
    expect(first?.[1]).toMatchObject({
      value: { i: 'one', t: 'two', s: true, n: 30, c: ['a'], r: 'y', p: 1, stars: 4 },
      formId: '',
    });
    expect(reset?.[0]).toBe('reset');
    expect(second?.[1]).toMatchObject({ value: { i: '', t: '', s: false, n: 0, c: [], r: '', p: 0, stars: 4 } });
    await app.close();
  });

  it('reports what is typed, keeps to maxlength and confirms with Enter', async () => {
    const { app, view, events, data } = await onePage(
      mode,
      `<input class="i" model:value="{{text}}" maxlength="3" bindinput="log" bindconfirm="log" bindfocus="log" bindblur="log"
        placeholder="here" placeholder-class="ph"/>`,
      `{ data: { text: '' } }`,
      { 'pages/index/index.wxss': `.ph { color: rgb(9, 8, 7) }` },
    );
    const color = await view.eval('.i', (element) => {
      const field = element.shadowRoot?.querySelector('input') as HTMLInputElement;
      return [field.placeholder, getComputedStyle(field, '::placeholder').color];
    });
    expect(color).toEqual(['here', 'rgb(9, 8, 7)']);
    await view.tap('.i');
    await app.page.keyboard.type('abcd');
    await app.page.keyboard.press('Enter');
    await eventually(async () => (await events()).at(-1)?.[0]).toBe('blur');
    expect(await events()).toEqual([
      ['focus', { value: '', height: 0 }],
      ['input', { value: 'a', cursor: 1, keyCode: 97 }],
      ['input', { value: 'ab', cursor: 2, keyCode: 98 }],
      ['input', { value: 'abc', cursor: 3, keyCode: 99 }],
      ['confirm', { value: 'abc' }],
      ['blur', { value: 'abc', cursor: 3, encryptedValue: '', encryptError: '' }],
    ]);
    expect((await data()).text).toBe('abc');
    await app.close();
  });

  it('keeps what is typed while the program is busy with what was typed before', async () => {
    const busy = 'const end = Date.now() + 150; while (Date.now() < end);';
    const { app, view, data } = await onePage(
      mode,
      `<input class="set" value="{{set}}" bindinput="typed"/><input class="model" model:value="{{model}}" bindinput="busy"/><input class="up" bindinput="up"/>
       <input class="cut" value="{{cut}}" bindinput="cut"/>`,
      `{ data: { set: '', model: '', cut: '' },
        typed(e) { ${busy} this.setData({ set: e.detail.value }) }, busy() { ${busy} },
        up(e) { ${busy} return e.detail.value.toUpperCase() },
        cut(e) { this.setData({ cut: e.detail.value.replace('b', '') }) } }`,
    );
    for (const [name, text, shown] of [
      ['set', 'abcd', 'abcd'],
      ['model', 'abcd', 'abcd'],
      ['up', 'abcd', 'ABCD'],
    ] as const) {
      const field = view.frame.locator(`.${name} input`);
      await field.pressSequentially(text, { delay: 100 });
      await eventually(() => field.inputValue()).toBe(shown);
    }
    await eventually(async () => [(await data()).set, (await data()).model]).toEqual(['abcd', 'abcd']);
    // What differs from what was typed is shown.
    const cut = view.frame.locator('.cut input');
    await cut.fill('ab');
    await eventually(() => cut.inputValue()).toBe('a');
    await app.close();
  });

  it('grows a textarea with its lines', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<textarea class="t" auto-height style="line-height: 20px" bindlinechange="log" value="{{v}}"/>`,
      `{ data: { v: 'a' } }`,
    );
    const height = () => view.eval('.t', (element) => element.getBoundingClientRect().height);
    await eventually(height).toBe(20);
    await app.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ v: 'a\nb\nc' }));
    await eventually(height).toBe(60);
    expect((await events()).at(-1)?.[1]).toMatchObject({ height: 60, lineCount: 3, lineHeight: 20 });
    await app.close();
  });

  it('checks boxes in the order of the page and one radio of a group', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<checkbox-group bindchange="log"><checkbox class="a" value="a"/><checkbox class="b" value="b"/><checkbox class="off" value="c" disabled/></checkbox-group>
       <radio-group bindchange="log"><radio class="x" value="x" checked/><radio class="y" value="y"/></radio-group>`,
    );
    for (const name of ['b', 'a', 'off', 'y', 'x', 'x']) await view.tap(`.${name}`);
    await eventually(events).toEqual([
      ['change', { value: ['b'] }],
      ['change', { value: ['a', 'b'] }],
      ['change', { value: 'y' }],
      ['change', { value: 'x' }],
    ]);
    expect(await view.count('.y .wx-radio-input-checked')).toBe(0);
    await app.close();
  });

  it('drags a slider in steps and reports the end', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<slider min="10" max="20" step="5" value="10" show-value bindchanging="log" bindchange="log"/>`,
    );
    const box = await view.frame.locator('.bar >> visible=true').first().boundingBox();
    if (!box) throw new Error('the slider has no bar');
    const y = box.y + box.height / 2;
    await app.page.mouse.move(box.x + 2, y);
    await app.page.mouse.down();
    await app.page.mouse.move(box.x + box.width / 2, y, { steps: 4 });
    await app.page.mouse.move(box.x + box.width + 30, y, { steps: 4 });
    await app.page.mouse.up();
    await eventually(events).toEqual([
      ['changing', { value: 15 }],
      ['changing', { value: 20 }],
      ['change', { value: 20 }],
    ]);
    await app.close();
  });

  it('fills a progress bar and says when it is full', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<progress percent="30" active duration="1" show-info bindactiveend="log"/>`,
    );
    await eventually(events).toEqual([['activeend', { curPercent: 30 }]]);
    expect(await view.eval('wx-progress', (element) => element.shadowRoot?.querySelector('.info')?.textContent)).toBe(
      '30%',
    );
    await app.close();
  });
});

inBothModes('picker', (mode) => {
  const confirm = '.picker-confirm';

  it('chooses from texts or objects, and reports a cancel', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<picker class="p" range="{{list}}" range-key="name" value="{{1}}" bindchange="log" bindcancel="log"><text>pick</text></picker>`,
      `{ data: { list: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] } }`,
    );
    await view.tap('.p');
    await eventually(() => app.page.locator('.wheel > div').allInnerTexts()).toEqual(['a', 'b', 'c']);
    await app.page.locator('.wheel > div', { hasText: 'c' }).click();
    await app.page.waitForFunction(() => document.querySelector('.wheel')?.scrollTop === 80);
    await app.page.click(confirm);
    await eventually(events).toEqual([['change', { value: 2 }]]);
    await view.tap('.p');
    await app.page.click('.picker-cancel');
    await eventually(async () => (await events()).length).toBe(2);
    expect((await events())[1]?.[0]).toBe('cancel');
    await app.close();
  });

  it('lets the page exchange columns while the sheet is open', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<picker class="p" mode="multiSelector" range="{{range}}" value="{{value}}" bindchange="log" bindcolumnchange="column"><text>pick</text></picker>`,
      `{ data: { range: [['x', 'y'], ['x1', 'x2']], value: [0, 1] },
         column(e) { this.log(e); this.setData({ range: [['x', 'y'], ['y1', 'y2', 'y3']], value: [1, 0] }) } }`,
    );
    await view.tap('.p');
    await app.page.locator('.wheel > div', { hasText: 'y' }).first().click();
    await app.page.locator('.wheel > div', { hasText: 'y3' }).waitFor();
    await app.page.click(confirm);
    await eventually(events).toEqual([
      ['columnchange', { column: 0, value: 1 }],
      ['change', { value: [1, 0] }],
    ]);
    await app.close();
  });

  it('opens dates, times and regions at their value', async () => {
    const { app, view, events } = await onePage(
      mode,
      `<picker class="d" mode="date" value="2024-02-29" start="2020-01-15" end="2024-12-31" bindchange="log"><text>d</text></picker>
       <picker class="m" mode="date" fields="month" value="2024-02" bindchange="log"><text>m</text></picker>
       <picker class="t" mode="time" value="09:05" start="09:01" end="21:30" bindchange="log"><text>t</text></picker>
       <picker class="r" mode="region" value="{{['广东省', '深圳市', '南山区']}}" bindchange="log"><text>r</text></picker>`,
    );
    for (const name of ['d', 'm', 't', 'r']) {
      await view.tap(`.${name}`);
      if (name === 'd') expect(await app.page.locator('.wheel').nth(2).locator('div').count()).toBe(29);
      await app.page.click(confirm);
      await app.page.locator(confirm).waitFor({ state: 'detached' });
    }
    await eventually(events).toEqual([
      ['change', { value: '2024-02-29' }],
      ['change', { value: '2024-02' }],
      ['change', { value: '09:05' }],
      ['change', { value: ['广东省', '深圳市', '南山区'], code: [], postcode: '' }],
    ]);
    await app.close();
  });
});
