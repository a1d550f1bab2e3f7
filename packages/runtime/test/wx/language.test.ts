import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';

useBrowser();

/** What the phone itself says, by language. */
const WORDS = {
  zh_CN: {
    asks: ['申请使用你的麦克风', '拒绝', '允许'],
    settings: ['使用你的麦克风', '完成'],
    sheet: ['one', '取消'],
    picker: ['取消', '确定'],
    copied: '内容已复制',
    exited: ['小程序已退出', '重新进入'],
    fault: ['运行错误（1 个）', '调用栈', '解决办法：日志面板中有对应源码行的调用栈'],
  },
  en: {
    asks: ['May it use your microphone?', 'Deny', 'Allow'],
    settings: ['use your microphone', 'Done'],
    sheet: ['one', 'Cancel'],
    picker: ['Cancel', 'OK'],
    copied: 'Copied',
    exited: ['The mini program has ended', 'Open again'],
    fault: ['1 runtime error', 'Stack', 'Fix: the log panel has the stack with the lines of the source'],
  },
} as const;

inBothModes('the words of the phone', (mode) => {
  it.each(['zh_CN', 'en'] as const)('are in the language of its user: %s', async (lang) => {
    const words = WORDS[lang];
    const test = await startApp({
      mode,
      phone: { lang },
      files: {
        'app.js': 'App({})',
        'pages/a/a.wxml': `<picker class="p" range="{{['a', 'b']}}">pick</picker><view class="go" bindtap="go">go</view>`,
        'pages/a/a.js': `Page({ go() { throw new Error('broken') } })`,
      },
    });
    const { page } = test;
    const lines = async (selector: string): Promise<string[]> =>
      (await page.locator(selector).innerText())
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean);
    const shown = async (selector: string): Promise<string[]> => {
      await page.locator(selector).waitFor();
      return lines(selector);
    };
    await test.service(({ wx }) => void wx.authorize({ scope: 'scope.record' }));
    expect(await shown('.sheet')).toEqual(words.asks);
    await page.locator('.sheet button').last().click();
    await test.service(({ wx }) => void wx.openSetting({}));
    expect(await shown('.sheet')).toEqual(words.settings);
    await page.locator('.sheet button').click();
    await test.service(({ wx }) => void wx.showActionSheet({ itemList: ['one'] }).catch(() => {}));
    expect(await shown('.sheet')).toEqual(words.sheet);
    await page.locator('.sheet button').last().click();
    await (await test.view()).tap('.p');
    expect(await shown('.picker-head')).toEqual(words.picker);
    await page.locator('.picker-confirm').click();
    await test.service(({ wx }) => void wx.setClipboardData({ data: 'x' }));
    expect(await shown('.toast')).toEqual([words.copied]);
    await (await test.view()).tap('.go');
    const fault = await shown('.faults');
    for (const part of words.fault) expect(fault).toContain(part);
    await page.locator('.faults-close').click();
    await test.service(({ wx }) => void wx.exitMiniProgram());
    expect(await shown('.exited')).toEqual(words.exited);
    await test.close();
  });
});
