import { expect, it } from 'vitest';
import { inBothModes, startApp, type TestApp, useBrowser } from '../harness.ts';
import { call, callBack, message, onePage } from './support.ts';

useBrowser();

/** The smallest picture there is. */
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const type = async (test: TestApp, text: string, kind?: string): Promise<void> => {
  if (kind) await test.page.locator('.scan-kind').selectOption(kind);
  await test.page.locator('.scan-text').fill(text);
  await test.page.locator('.scan-take').click();
};
const base64 = (text: string): string => Buffer.from(text).toString('base64');

inBothModes('scan', (mode) => {
  it('wx.scanCode: gives what the user types for the code, and fails when it is closed', async () => {
    const test = await startApp({ mode, files: onePage() });
    const typed = call(test, 'scanCode');
    await type(test, '你好 https://example.com');
    expect(await typed).toEqual({
      result: '你好 https://example.com',
      scanType: 'QR_CODE',
      charSet: 'UTF-8',
      rawData: base64('你好 https://example.com'),
      errMsg: 'scanCode:ok',
    });
    const barCode = call(test, 'scanCode', { scanType: ['barCode'], onlyFromCamera: true });
    expect(await test.page.locator('.scan-album').count()).toBe(0);
    expect(await test.page.locator('.scan-kind option').allInnerTexts()).not.toContain('QR CODE');
    await type(test, '6901234567892', 'EAN_13');
    expect(await barCode).toMatchObject({ result: '6901234567892', scanType: 'EAN_13' });
    const closed = callBack(test, 'scanCode');
    await test.page.locator('.scan-close').click();
    expect(await closed).toEqual(['fail scanCode:fail cancel', 'complete scanCode:fail cancel']);
    expect(await message(test, 'scanCode', { scanType: 'qrCode' })).toBe(
      'scanCode:fail parameter error: parameter.scanType should be Array instead of String;',
    );
    await test.close();
  });

  it('wx.scanCode: gives the path of a code of this mini program', async () => {
    const test = await startApp({ mode, files: onePage() });
    const own = call(test, 'scanCode', { scanType: ['wxCode'] });
    await type(test, 'pages/a/a?id=3');
    expect(await own).toMatchObject({ scanType: 'WX_CODE', path: 'pages/a/a?id=3', result: '', charSet: 'utf-8' });
    const address = `http://127.0.0.1:7700/simulator/phone.html#token=t&page=${encodeURIComponent('pages/a/a?id=4')}`;
    const qrCode = call(test, 'scanCode');
    await type(test, address);
    expect(await qrCode).toMatchObject({ scanType: 'QR_CODE', path: 'pages/a/a?id=4', result: address });
    const other = call(test, 'scanCode');
    await type(test, 'pages/other/other');
    expect(await other).not.toHaveProperty('path');
    await test.close();
  });

  it('wx.scanCode: reads the code in a picture where the browser can, and takes only the kinds that were asked for', async () => {
    const test = await startApp({ mode, files: onePage() });
    const pick = async (): Promise<void> => {
      const chooser = test.page.waitForEvent('filechooser');
      await test.page.locator('.scan-album').click();
      await (await chooser).setFiles({ name: 'code.png', mimeType: 'image/png', buffer: PICTURE });
    };
    // Without a reader in the browser it says so, and waits.
    await test.page.evaluate(() => Reflect.deleteProperty(globalThis, 'BarcodeDetector'));
    const read = call(test, 'scanCode', { scanType: ['qrCode'] });
    await pick();
    await test.page.locator('.toast').filter({ hasText: '没有可识别的码' }).waitFor();
    await test.page.evaluate(() => {
      const found = [{ rawValue: '123', format: 'ean_13' }];
      Object.assign(window, {
        found,
        BarcodeDetector: class {
          detect = async (): Promise<object[]> => [...found];
        },
      });
    });
    await pick();
    await test.page.locator('.toast').filter({ hasText: '不支持此类型' }).waitFor();
    await test.page.evaluate(() => {
      Object.assign(window as unknown as { found: object[] }).found[0] = {
        rawValue: 'in the picture',
        format: 'qr_code',
      };
    });
    await pick();
    expect(await read).toMatchObject({ result: 'in the picture', scanType: 'QR_CODE', errMsg: 'scanCode:ok' });
    await test.close();
  });
});
