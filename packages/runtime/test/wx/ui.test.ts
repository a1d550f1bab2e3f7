import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { call, callBack, eventually, message, missing, onePage } from './support.ts';

useBrowser();

/** How far each text stands out from what is behind it, as WCAG counts it. */
function contrastsOf(elements: Element[]): number[] {
  const parts = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
  const light = (color: string): number => {
    const [red = 0, green = 0, blue = 0] = parts(color).map((part) =>
      part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  return elements.map((element) => {
    let behind: Element | null = element;
    while (behind && (parts(getComputedStyle(behind).backgroundColor)[3] ?? 1) === 0) behind = behind.parentElement;
    const [low = 0, high = 0] = [element, behind ?? element]
      .map((one, i) => light(getComputedStyle(one)[i === 0 ? 'color' : 'backgroundColor']))
      .sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  });
}

inBothModes('dialogs', (mode) => {
  it('wx.showToast wx.hideToast wx.showLoading wx.hideLoading: stand over the page until they are hidden', async () => {
    const test = await startApp({ mode, files: onePage() });
    const toast = test.page.locator('.toast');
    expect(await message(test, 'showToast', { title: '好了', duration: 60_000 })).toBe('showToast:ok');
    expect(await toast.innerText()).toContain('好了');
    expect(await message(test, 'hideToast')).toBe('hideToast:ok');
    expect(await toast.count()).toBe(0);
    expect(await callBack(test, 'showToast', { title: 1 })).toEqual([
      'fail showToast:fail parameter error: parameter.title should be String instead of Number;',
      'complete showToast:fail parameter error: parameter.title should be String instead of Number;',
    ]);
    expect(await message(test, 'showLoading', { title: '等等', mask: true })).toBe('showLoading:ok');
    expect(await toast.locator('.toast-spinner').count()).toBe(1);
    expect(await test.page.locator('.toast-mask').count()).toBe(1);
    expect(await message(test, 'showLoading')).toBe(missing('showLoading', 'title'));
    expect(await callBack(test, 'hideLoading')).toEqual(['success hideLoading:ok', 'complete hideLoading:ok']);
    expect(await toast.count()).toBe(0);
    await test.close();
  });

  it('wx.showModal: resolves with the button, and with the text of an editable one', async () => {
    const test = await startApp({ mode, files: onePage() });
    const asked = call(test, 'showModal', { title: 't', content: 'c', confirmText: 'Yes' });
    await test.page.locator('.modal button').filter({ hasText: 'Yes' }).click();
    expect(await asked).toEqual({ confirm: true, cancel: false, errMsg: 'showModal:ok' });
    const refused = call(test, 'showModal', { content: 'c' });
    await test.page.locator('.modal button').filter({ hasText: '取消' }).click();
    expect(await refused).toEqual({ confirm: false, cancel: true, errMsg: 'showModal:ok' });
    const edited = call(test, 'showModal', { editable: true });
    await test.page.locator('.modal textarea').fill('typed');
    await test.page.locator('.modal button').last().click();
    expect(await edited).toMatchObject({ confirm: true, content: 'typed' });
    expect(await message(test, 'showModal', { confirmText: 'much too long' })).toBe(
      'showModal:fail confirmText length should not larger than 4 Chinese characters',
    );
    await test.close();
  });

  it('wx.showActionSheet: resolves with the index, or fails with cancel', async () => {
    const test = await startApp({ mode, files: onePage() });
    const asked = call(test, 'showActionSheet', { itemList: ['one', 'two'] });
    await test.page.locator('.sheet button').nth(1).click();
    expect(await asked).toEqual({ tapIndex: 1, errMsg: 'showActionSheet:ok' });
    const cancelled = callBack(test, 'showActionSheet', { itemList: ['one'] });
    await test.page.locator('.sheet button').last().click();
    expect(await cancelled).toEqual(['fail showActionSheet:fail cancel', 'complete showActionSheet:fail cancel']);
    expect(await message(test, 'showActionSheet')).toBe(missing('showActionSheet', 'itemList', 'Array'));
    expect(await message(test, 'showActionSheet', { itemList: Array(7).fill('x') })).toBe(
      'showActionSheet:fail parameter error: itemList should not be large than 6',
    );
    await test.close();
  });

  it('dialogs are readable in both themes, and have the colours that a program names', async () => {
    for (const theme of ['light', 'dark']) {
      const test = await startApp({ mode, files: onePage(), phone: { theme } });
      const contrasts = (selector: string): Promise<number[]> => test.page.locator(selector).evaluateAll(contrastsOf);
      const asked = call(test, 'showModal', { title: 't', content: 'c' });
      await test.page.locator('.modal').waitFor();
      for (const contrast of await contrasts('.modal :is(.modal-title, .modal-content, button)'))
        expect(contrast).toBeGreaterThan(3);
      await test.page.locator('.modal button').first().click();
      await asked;
      const chosen = call(test, 'showActionSheet', { itemList: ['one', 'two'] });
      await test.page.locator('.sheet').waitFor();
      const items = await contrasts('.sheet button');
      expect(items).toHaveLength(3);
      for (const contrast of items) expect(contrast).toBeGreaterThan(3);
      await test.page.locator('.sheet button').first().click();
      await chosen;
      const own = call(test, 'showModal', { content: 'c', confirmColor: '#010203', cancelColor: '#040506' });
      await test.page.locator('.modal').waitFor();
      const colors = await test.page
        .locator('.modal button')
        .evaluateAll((buttons) => buttons.map((button) => getComputedStyle(button).color));
      expect(colors).toEqual(['rgb(4, 5, 6)', 'rgb(1, 2, 3)']);
      await test.page.locator('.modal button').last().click();
      await own;
      await test.close();
    }
  });

  it('takes dialogs, sheets, pictures and pickers away with the page that opened them, unanswered', async () => {
    const test = await startApp({
      mode,
      files: {
        ...onePage(
          '<picker class="p" range="{{[1, 2]}}" bindcancel="cancelled">pick</picker>',
          'cancelled() { getApp().log.push("picker") }',
        ),
        'app.json': { pages: ['pages/a/a', 'pages/b/b'] },
        'pages/b/b.wxml': 'b',
        'pages/b/b.js': 'Page({})',
      },
    });
    await (await test.view()).tap('.p');
    await eventually(() => test.page.locator('.sheet.picker').count()).toBe(1);
    await test.service(({ wx, getApp }) => {
      const { log } = getApp();
      wx.showModal({
        title: 'm',
        success: (r: { confirm: boolean; cancel: boolean }) => log.push(`${r.confirm} ${r.cancel}`),
      });
      wx.showActionSheet({ itemList: ['x'], fail: (e: { errMsg: string }) => log.push(e.errMsg) });
      wx.previewImage({ urls: ['/none.png'] });
    });
    const layers = () => test.page.locator('.modal-layer, .sheet-layer, .preview-layer').count();
    await eventually(layers).toBe(4);
    await test.service(({ wx }) => wx.navigateTo({ url: '/pages/b/b' }));
    await eventually(layers).toBe(0);
    await eventually(async () => (await test.service(({ getApp }) => getApp().log)).sort()).toEqual([
      'false true',
      'picker',
      'showActionSheet:fail cancel',
    ]);
    await test.close();
  });
});
