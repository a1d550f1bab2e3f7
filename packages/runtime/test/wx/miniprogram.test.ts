import { expect, it } from 'vitest';
import { inBothModes, startApp, type TestApp, useBrowser } from '../harness.ts';
import { eventually, message, onePage } from './support.ts';

useBrowser();

const answer = (test: TestApp, text: string): Promise<void> =>
  test.page.locator('.sheet button', { hasText: text }).click();
const withHide = { ...onePage(), 'app.js': `App({ log: [], onHide() { this.log.push('hidden') } })` };
const heard = (test: TestApp): Promise<string[]> => test.service(({ getApp }) => getApp().log);

inBothModes('miniprogram', (mode) => {
  it('wx.navigateToMiniProgram wx.openEmbeddedMiniProgram: a sheet says where it goes; the user decides', async () => {
    const test = await startApp({ mode, files: withHide });
    const target = { appId: 'wx1234567890', path: 'pages/x?y=1', envVersion: 'trial' };
    const refused = message(test, 'navigateToMiniProgram', target);
    await expect.poll(() => test.page.locator('.sheet').innerText()).toContain('wx1234567890 体验版');
    expect(await test.page.locator('.sheet-path').innerText()).toBe('pages/x?y=1');
    await answer(test, '取消');
    expect(await refused).toBe('navigateToMiniProgram:fail cancel');
    const embedded = message(test, 'openEmbeddedMiniProgram', target);
    await answer(test, '允许');
    expect(await embedded).toBe('openEmbeddedMiniProgram:ok');
    expect(await heard(test)).toEqual([]);
    const gone = message(test, 'navigateToMiniProgram', { shortLink: '#小程序://麻雀/abc' });
    await answer(test, '允许');
    expect(await gone).toBe('navigateToMiniProgram:ok');
    await eventually(() => heard(test)).toEqual(['hidden']);
    for (const name of ['navigateToMiniProgram', 'openEmbeddedMiniProgram'])
      expect(await message(test, name, { path: 'x' })).toBe(`${name}:fail invalid appid`);
    await test.close();
  });

  it('wx.navigateBackMiniProgram: only for a program that another one has opened', async () => {
    const test = await startApp({ mode, files: withHide });
    expect(await message(test, 'navigateBackMiniProgram')).toBe(
      'navigateBackMiniProgram:fail not opened by another mini program',
    );
    await test.close();
    const opened = await startApp({ mode, files: withHide, phone: { scene: '1037' } });
    expect(await message(opened, 'navigateBackMiniProgram', { extraData: { a: 1 } })).toBe(
      'navigateBackMiniProgram:ok',
    );
    await eventually(() => heard(opened)).toEqual(['hidden']);
    await opened.close();
  });

  it('wx.openPrivacyContract: a sheet stands where the contract will be', async () => {
    const test = await startApp({ mode, files: onePage() });
    expect(await message(test, 'openPrivacyContract')).toBe('openPrivacyContract:ok');
    expect(await test.page.locator('.sheet').innerText()).toContain('用户隐私保护指引');
    await answer(test, '知道了');
    expect(await test.page.locator('.sheet').count()).toBe(0);
    for (let open = 0; open < 6; open++) await message(test, 'openPrivacyContract');
    expect(await message(test, 'openPrivacyContract')).toBe('openPrivacyContract:fail too many dialogs are open');
    await test.close();
  });
});
