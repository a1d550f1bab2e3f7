import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { call, callBack, message, missing, onePage } from './support.ts';

useBrowser();

inBothModes('settings', (mode) => {
  it('wx.authorize wx.getSetting wx.openSetting: ask once, remember, and let the user change it', async () => {
    const test = await startApp({ mode, files: onePage() });
    expect((await call(test, 'getSetting')).authSetting).toEqual({});
    const allowed = message(test, 'authorize', { scope: 'scope.record' });
    await test.page.locator('.sheet button').filter({ hasText: '允许' }).click();
    expect(await allowed).toBe('authorize:ok');
    const refused = call(test, 'authorize', { scope: 'scope.camera' });
    await test.page.locator('.sheet button').filter({ hasText: '拒绝' }).click();
    expect(await refused).toMatchObject({ errMsg: 'authorize:fail auth deny', errno: 103 });
    expect(await message(test, 'authorize', { scope: 'scope.camera' })).toBe('authorize:fail auth deny');
    expect(await message(test, 'authorize', { scope: 'scope.nothing' })).toBe('authorize:fail invalid scope');
    expect(await message(test, 'authorize')).toBe(missing('authorize', 'scope'));
    const opened = call(test, 'openSetting');
    await test.page.locator('.sheet input[name="scope.camera"]').check();
    await test.page.locator('.sheet button').filter({ hasText: '完成' }).click();
    const authSetting = { 'scope.record': true, 'scope.camera': true };
    expect(await opened).toEqual({ authSetting, errMsg: 'openSetting:ok' });
    expect(await call(test, 'getSetting')).toEqual({ authSetting, errMsg: 'getSetting:ok' });
    expect(await callBack(test, 'authorize', { scope: 'scope.camera' })).toEqual([
      'success authorize:ok',
      'complete authorize:ok',
    ]);
    await test.close();
  });
});
