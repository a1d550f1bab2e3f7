import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { call, callBack, message, missing, onePage, sync } from './support.ts';

useBrowser();

inBothModes('storage calls', (mode) => {
  it('wx.setStorage wx.getStorage wx.removeStorage wx.clearStorage wx.getStorageInfo: keep values and outlive a restart', async () => {
    const test = await startApp({ mode, files: onePage() });
    expect(await message(test, 'setStorage', { key: 'k', data: { a: [1, '二'] } })).toBe('setStorage:ok');
    expect(await call(test, 'getStorage', { key: 'k' })).toEqual({ data: { a: [1, '二'] }, errMsg: 'getStorage:ok' });
    expect(await callBack(test, 'getStorage', { key: 'no' })).toEqual([
      'fail getStorage:fail data not found',
      'complete getStorage:fail data not found',
    ]);
    expect(await message(test, 'setStorage', { data: 1 })).toBe(missing('setStorage', 'key'));
    expect(await call(test, 'getStorageInfo')).toEqual({
      keys: ['k'],
      currentSize: 1,
      limitSize: 10240,
      errMsg: 'getStorageInfo:ok',
    });
    expect(await message(test, 'setStorage', { key: 'big', data: 'x'.repeat(1_100_000) })).toBe(
      'setStorage:fail exceed max size of one key',
    );
    await test.page.reload();
    await test.page.evaluate(() => window.sparrow.ready);
    await test.ready('pages/a/a');
    expect(await message(test, 'getStorage', { key: 'k' })).toBe('getStorage:ok');
    expect(await message(test, 'removeStorage', { key: 'k' })).toBe('removeStorage:ok');
    expect(await message(test, 'getStorage', { key: 'k' })).toBe('getStorage:fail data not found');
    expect(await message(test, 'removeStorage')).toBe(missing('removeStorage', 'key'));
    await call(test, 'setStorage', { key: 'z', data: 1 });
    expect(await message(test, 'clearStorage')).toBe('clearStorage:ok');
    expect((await call(test, 'getStorageInfo')).keys).toEqual([]);
    await test.close();
  });

  it('wx.setStorageSync wx.getStorageSync wx.removeStorageSync wx.clearStorageSync wx.getStorageInfoSync: answer at once', async () => {
    const test = await startApp({ mode, files: onePage() });
    const seen = await test.service(({ wx }) => {
      const date = new Date(5);
      for (const [key, value] of Object.entries({ text: 'x', none: null, zero: 0, no: false, date }))
        wx.setStorageSync(key, value);
      return {
        values: ['text', 'none', 'zero', 'no'].map((key) => wx.getStorageSync(key)),
        date: wx.getStorageSync('date').getTime(),
        absent: wx.getStorageSync('absent'),
        keys: wx.getStorageInfoSync().keys.length,
      };
    });
    expect(seen).toEqual({ values: ['x', null, 0, false], date: 5, absent: '', keys: 5 });
    await sync(test, 'removeStorageSync', 'text');
    expect(await sync(test, 'getStorageSync', 'text')).toBe('');
    expect(await sync(test, 'setStorageSync', 5, 1)).toBe(
      'throws setStorageSync:fail parameter error: parameter.key should be String instead of Number;',
    );
    expect(await sync(test, 'getStorageSync')).toContain('getStorageSync:fail parameter error');
    expect(await sync(test, 'removeStorageSync')).toContain('removeStorageSync:fail parameter error');
    await sync(test, 'clearStorageSync');
    expect(await sync(test, 'getStorageInfoSync')).toEqual({ keys: [], currentSize: 0, limitSize: 10240 });
    await test.close();
  });

  it('wx.batchSetStorage wx.batchGetStorage wx.batchSetStorageSync wx.batchGetStorageSync: take several keys', async () => {
    const test = await startApp({ mode, files: onePage() });
    expect(
      await message(test, 'batchSetStorage', {
        kvList: [
          { key: 'a', value: 1 },
          { key: 'b', value: 'two' },
        ],
      }),
    ).toBe('batchSetStorage:ok');
    expect(await call(test, 'batchGetStorage', { keyList: ['a', 'b', 'c'] })).toEqual({
      dataList: [1, 'two', ''],
      errMsg: 'batchGetStorage:ok',
    });
    expect(await message(test, 'batchSetStorage')).toBe(missing('batchSetStorage', 'kvList', 'Array'));
    expect(await message(test, 'batchGetStorage')).toBe(missing('batchGetStorage', 'keyList', 'Array'));
    await sync(test, 'batchSetStorageSync', [{ key: 'c', value: [3] }]);
    expect(await sync(test, 'batchGetStorageSync', ['a', 'c'])).toEqual([1, [3]]);
    expect(await sync(test, 'batchGetStorageSync')).toContain('batchGetStorageSync:fail parameter error');
    expect(await sync(test, 'batchSetStorageSync', [{ key: '' }])).toBe('throws batchSetStorageSync:fail key is empty');
    await test.close();
  });
});
