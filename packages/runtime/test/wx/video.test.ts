import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { inBothModes, startApp, type TestApp, useBrowser } from '../harness.ts';
import { call, eventually, message, missing, type Outcome, onePage } from './support.ts';

useBrowser();

/** A film of 64 by 48 pixels and about a second, made by the browser; its bytes. */
async function film(test: TestApp): Promise<Buffer> {
  const text = await test.page.evaluate(async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 48 });
    const pen = canvas.getContext('2d') as CanvasRenderingContext2D;
    const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: 'video/webm' });
    const pieces: Blob[] = [];
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    const ended = new Promise((resolve) => (recorder.onstop = resolve));
    let frame = 0;
    const draw = setInterval(() => {
      pen.fillStyle = `hsl(${frame++ * 20} 90% 50%)`;
      pen.fillRect(0, 0, 64, 48);
    }, 40);
    recorder.start();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    recorder.stop();
    await ended;
    clearInterval(draw);
    const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  });
  return Buffer.from(text, 'base64');
}

/** Chooses this film; gives what chooseVideo gave. */
async function choose(test: TestApp, bytes: Buffer): Promise<Outcome> {
  const path = join(test.dir, 'film.webm');
  await writeFile(path, bytes);
  // A browser opens its picker only for somebody who has just touched the page.
  await test.page.mouse.click(2, 2);
  const chooser = test.page.waitForEvent('filechooser');
  const chosen = call(test, 'chooseVideo');
  await (await chooser).setFiles([path]);
  return chosen;
}

inBothModes('video', (mode) => {
  it('wx.chooseVideo wx.getVideoInfo wx.compressVideo wx.saveVideoToPhotosAlbum: a film from the picker', async () => {
    const test = await startApp({ mode, files: onePage() });
    const bytes = await film(test);
    const chosen = await choose(test, bytes);
    const facts = { width: 64, height: 48, duration: expect.any(Number) };
    expect(chosen).toMatchObject({ ...facts, size: bytes.length, errMsg: 'chooseVideo:ok' });
    expect(chosen.duration).toBeGreaterThan(0.3);
    const src = chosen.tempFilePath as string;
    expect(src).toMatch(/\.webm$/);
    expect(await call(test, 'getVideoInfo', { src })).toMatchObject({
      ...{ ...facts, size: bytes.length / 1024, type: 'webm', orientation: 'up', fps: 30 },
      bitrate: Math.round((bytes.length * 8) / (chosen.duration as number) / 1000),
      errMsg: 'getVideoInfo:ok',
    });
    expect(await call(test, 'compressVideo', { src, quality: 'low' })).toEqual({
      ...{ tempFilePath: src, size: bytes.length / 1024, errMsg: 'compressVideo:ok' },
    });
    const saved = message(test, 'saveVideoToPhotosAlbum', { filePath: src });
    await test.page.locator('.sheet button', { hasText: '允许' }).click();
    expect(await saved).toBe('saveVideoToPhotosAlbum:ok');
    expect(await test.page.locator('.toast').innerText()).toContain('相册');

    for (const name of ['getVideoInfo', 'compressVideo']) {
      expect(await message(test, name)).toBe(missing(name, 'src'));
      expect(await message(test, name, { src: '/none.mp4' })).toBe(`${name}:fail no such file "/none.mp4"`);
      expect(await message(test, name, { src: '/pages/a/a.wxml' })).toMatch(
        /^\w+:fail (the file is not a video|no such)/,
      );
    }
    expect(await message(test, 'compressVideo', { src, quality: 'best' })).toBe(
      'compressVideo:fail invalid quality "best"',
    );
    expect(await message(test, 'compressVideo', { src, resolution: 2 })).toBe(
      'compressVideo:fail invalid resolution "2"',
    );
    expect(await message(test, 'saveVideoToPhotosAlbum', { filePath: '/none.mp4' })).toBe(
      'saveVideoToPhotosAlbum:fail no such file "/none.mp4"',
    );
    expect((await choose(test, Buffer.from('no film'))).errMsg).toBe('chooseVideo:fail the file is not a video');
    await test.close();
  });

  it('wx.previewMedia: shows pictures and films over the page', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>';
    const test = await startApp({ mode, files: { ...onePage(), 'a.svg': svg } });
    const { tempFilePath } = await choose(test, await film(test));
    const sources = [{ url: '/a.svg' }, { url: tempFilePath, type: 'video' }];
    expect(await message(test, 'previewMedia', { sources, current: 1 })).toBe('previewMedia:ok');
    const layer = test.page.locator('.preview-layer');
    await eventually(() => layer.locator('video').evaluate((element) => (element as HTMLVideoElement).videoWidth)).toBe(
      64,
    );
    expect(await layer.locator('.preview-counter').innerText()).toBe('2 / 2');
    const box = await layer.boundingBox();
    if (!box) throw new Error('the layer is not shown');
    await test.page.mouse.click(box.x + box.width - 10, box.y + box.height - 40);
    await eventually(() => layer.locator('img').evaluate((element) => (element as HTMLImageElement).naturalWidth)).toBe(
      30,
    );
    await test.page.mouse.click(box.x + box.width / 2, box.y + box.height - 40);
    await eventually(() => layer.count()).toBe(0);
    expect(await message(test, 'previewMedia', { sources: [{ url: '/none.mp4', type: 'video' }] })).toBe(
      'previewMedia:ok',
    );
    await eventually(() => layer.innerText()).toContain('no such file "/none.mp4"');
    expect(await message(test, 'previewMedia')).toBe(missing('previewMedia', 'sources', 'Array'));
    expect(await message(test, 'previewMedia', { sources: [] })).toMatch(/^previewMedia:fail parameter error/);
    await test.close();
  });
});
