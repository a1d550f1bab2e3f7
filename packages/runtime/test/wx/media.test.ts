import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { inBothModes, startApp, type TestApp, useBrowser } from '../harness.ts';
import { call, callBack, eventually, message, missing, onePage } from './support.ts';

useBrowser();

/** A PNG of 3 by 2 pixels. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAEElEQVR42mP4z8AAQQxwFgBB0gX7b/EWxwAAAABJRU5ErkJggg==',
  'base64',
);

async function picking(test: TestApp, start: () => Promise<unknown>, files: string[]): Promise<unknown> {
  // A browser opens its picker only for somebody who has just touched the page.
  await test.page.mouse.click(2, 2);
  const chooser = test.page.waitForEvent('filechooser');
  const result = start();
  await (await chooser).setFiles(files);
  return result;
}

inBothModes('media', (mode) => {
  it('wx.chooseImage wx.chooseMedia wx.chooseMessageFile wx.getImageInfo wx.compressImage wx.saveImageToPhotosAlbum: files from the picker', async () => {
    const test = await startApp({ mode, files: onePage() });
    // While somebody listens, the browser leaves the picker to the test.
    test.page.on('filechooser', () => {});
    const image = join(test.dir, 'one.png');
    const note = join(test.dir, 'note.txt');
    await writeFile(image, PNG);
    await writeFile(note, 'hello');

    const chosen = (await picking(test, () => call(test, 'chooseImage', { count: 1 }), [image])) as {
      tempFilePaths: string[];
      tempFiles: object[];
      errMsg: string;
    };
    expect(chosen.errMsg).toBe('chooseImage:ok');
    const [path] = chosen.tempFilePaths;
    expect(path).toMatch(/^http:\/\/tmp\/.+\.png$/);
    expect(chosen.tempFiles).toEqual([{ path, size: PNG.length }]);
    const media = await picking(test, () => call(test, 'chooseMedia', { count: 2, mediaType: ['image'] }), [
      image,
      image,
    ]);
    expect(media).toMatchObject({
      errMsg: 'chooseMedia:ok',
      type: 'image',
      tempFiles: [{ fileType: 'image', size: PNG.length }, { fileType: 'image' }],
    });
    const file = await picking(test, () => call(test, 'chooseMessageFile', { count: 1, type: 'file' }), [note]);
    expect(file).toMatchObject({
      errMsg: 'chooseMessageFile:ok',
      tempFiles: [{ name: 'note.txt', size: 5, type: 'file', path: expect.stringMatching(/\.txt$/) }],
    });
    for (const [name, options] of Object.entries({
      chooseImage: {},
      chooseMedia: {},
      chooseMessageFile: { count: 1 },
    })) {
      const cancelled = callBack(test, name, options);
      await test.page.locator('.sparrow-file-picker').evaluate((input) => input.dispatchEvent(new Event('cancel')));
      expect(await cancelled).toEqual([`fail ${name}:fail cancel`, `complete ${name}:fail cancel`]);
    }
    expect(await message(test, 'chooseMessageFile')).toBe(missing('chooseMessageFile', 'count', 'Number'));

    expect(await call(test, 'getImageInfo', { src: path })).toEqual({
      width: 3,
      height: 2,
      path,
      orientation: 'up',
      type: 'png',
      errMsg: 'getImageInfo:ok',
    });
    expect(await message(test, 'getImageInfo')).toBe(missing('getImageInfo', 'src'));
    expect(await message(test, 'getImageInfo', { src: '/none.png' })).toBe(
      'getImageInfo:fail no such file "/none.png"',
    );
    expect(await call(test, 'compressImage', { src: path, quality: 50 })).toEqual({
      tempFilePath: path,
      errMsg: 'compressImage:ok',
    });
    expect(await message(test, 'compressImage', { src: '/none.png' })).toMatch(/^compressImage:fail no such file/);
    const saved = message(test, 'saveImageToPhotosAlbum', { filePath: path });
    await test.page.locator('.sheet button', { hasText: '允许' }).click();
    expect(await saved).toBe('saveImageToPhotosAlbum:ok');
    expect(await test.page.locator('.toast').innerText()).toContain('相册');
    expect(await message(test, 'saveImageToPhotosAlbum', { filePath: '/none.png' })).toMatch(
      /^saveImageToPhotosAlbum:fail no such file/,
    );
    await test.close();
  });

  it('wx.saveImageToPhotosAlbum: a user who refuses is told what it is for, and asked only once', async () => {
    const desc = '保存海报';
    const files = {
      ...onePage(),
      'app.json': { pages: ['pages/a/a'], permission: { 'scope.writePhotosAlbum': { desc } } },
      'a.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>',
    };
    const test = await startApp({ mode, files });
    const refused = message(test, 'saveImageToPhotosAlbum', { filePath: '/a.svg' });
    const dialog = test.page.locator('.sheet');
    await dialog.waitFor();
    expect(await dialog.locator('.sheet-reason').innerText()).toBe(desc);
    await dialog.locator('button', { hasText: '拒绝' }).click();
    expect(await refused).toBe('saveImageToPhotosAlbum:fail auth deny');
    expect(await message(test, 'saveImageToPhotosAlbum', { filePath: '/a.svg' })).toBe(
      'saveImageToPhotosAlbum:fail auth deny',
    );
    expect(await call(test, 'getSetting')).toMatchObject({ authSetting: { 'scope.writePhotosAlbum': false } });
    await test.close();
  });

  it('wx.previewImage: shows the images over the page, beginning with the current one', async () => {
    const test = await startApp({ mode, files: onePage() });
    const urls = [PNG, PNG].map((data, index) => `data:image/png;base64,${data.toString('base64')}#${index}`);
    expect(await message(test, 'previewImage', { urls, current: urls[1] })).toBe('previewImage:ok');
    const layer = test.page.locator('.preview-layer');
    expect(await layer.innerText()).toBe('2 / 2');
    expect(await layer.locator('img').getAttribute('src')).toBe(urls[1]);
    await layer.click();
    await eventually(() => layer.count()).toBe(0);
    expect(await message(test, 'previewImage')).toBe(missing('previewImage', 'urls', 'Array'));
    expect(await message(test, 'previewImage', { urls: [] })).toMatch(/^previewImage:fail parameter error/);
    await test.close();
  });
});
