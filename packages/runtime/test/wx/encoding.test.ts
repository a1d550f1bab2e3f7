import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { message, missing, onePage, sync } from './support.ts';

useBrowser();

inBothModes('encoding', (mode) => {
  it('wx.base64ToArrayBuffer wx.arrayBufferToBase64 wx.getRandomValues: bytes both ways', async () => {
    const test = await startApp({ mode, files: onePage() });
    const seen = await test.service(({ wx }) => {
      const buffer = wx.base64ToArrayBuffer('AQL/');
      return [Array.from(new Uint8Array(buffer)), wx.arrayBufferToBase64(buffer)];
    });
    expect(seen).toEqual([[1, 2, 255], 'AQL/']);
    expect(await sync(test, 'base64ToArrayBuffer', '###')).toBe('throws base64ToArrayBuffer:fail invalid base64');
    expect(await sync(test, 'arrayBufferToBase64', 'x')).toBe(
      'throws arrayBufferToBase64:fail parameter error: parameter should be ArrayBuffer instead of String;',
    );
    expect(
      await test.service(async ({ wx }) => {
        const { randomValues, errMsg } = await wx.getRandomValues({ length: 16 });
        return [randomValues.byteLength, new Set(new Uint8Array(randomValues)).size > 4, errMsg];
      }),
    ).toEqual([16, true, 'getRandomValues:ok']);
    expect(await message(test, 'getRandomValues')).toBe(missing('getRandomValues', 'length', 'Number'));
    expect(await message(test, 'getRandomValues', { length: -1 })).toBe('getRandomValues:fail invalid length');
    await test.close();
  });
});
