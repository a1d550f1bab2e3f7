import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { eventually, message, missing, onePage } from './support.ts';

useBrowser();

inBothModes('canvas calls', (mode) => {
  it('wx.createCanvasContext wx.createOffscreenCanvas: draw on a canvas of the page, and on one that is nowhere', async () => {
    const test = await startApp({
      mode,
      files: onePage('<canvas canvas-id="old" style="width: 40px; height: 40px"/>'),
    });
    await test.service(({ wx }) => {
      const context = wx.createCanvasContext('old');
      context.setFillStyle('#ff0000');
      context.fillRect(0, 0, 40, 40);
      context.draw();
    });
    const view = await test.view();
    // The canvas shows bitmaps: its pixels are read from a copy.
    await eventually(() =>
      view.eval('wx-canvas', (element) => {
        const shown = element.querySelector('canvas') ?? element.shadowRoot?.querySelector('canvas');
        const copy = document.createElement('canvas').getContext('2d');
        if (shown) copy?.drawImage(shown, 0, 0);
        return Array.from(copy?.getImageData(2, 2, 1, 1).data ?? []);
      }),
    ).toEqual([255, 0, 0, 255]);
    expect(
      await test.service(({ wx }) => {
        const canvas = wx.createOffscreenCanvas({ type: '2d', width: 4, height: 3 });
        const context = canvas.getContext('2d');
        context.fillStyle = '#00ff00';
        context.fillRect(0, 0, 4, 3);
        return [canvas.width, canvas.height, ...context.getImageData(1, 1, 1, 1).data];
      }),
    ).toEqual([4, 3, 0, 255, 0, 255]);
    await test.close();
  });

  it('wx.canvasToTempFilePath wx.canvasGetImageData wx.canvasPutImageData: read and write the pixels of a canvas', async () => {
    const test = await startApp({
      mode,
      files: onePage('<canvas canvas-id="old" style="width: 20px; height: 20px"/><canvas id="new" type="2d"/>'),
    });
    await test.service(
      ({ wx }) =>
        new Promise<void>((resolve) => {
          const context = wx.createCanvasContext('old');
          context.setFillStyle('#ff0000');
          context.fillRect(0, 0, 20, 20);
          context.draw(false, () => resolve());
        }),
    );
    const area = { canvasId: 'old', x: 0, y: 0, width: 2, height: 1 };
    const pixels = () =>
      test.service(async ({ wx }, given: object) => {
        const { width, height, data, errMsg } = await wx.canvasGetImageData(given);
        return [errMsg, width, height, ...data];
      }, area);
    expect(await pixels()).toEqual(['canvasGetImageData:ok', 2, 1, 255, 0, 0, 255, 255, 0, 0, 255]);
    expect(
      await test.service(
        async ({ wx }, given: object) =>
          (await wx.canvasPutImageData({ ...given, data: new Uint8ClampedArray([0, 255, 0, 255, 0, 0, 255, 255]) }))
            .errMsg,
        area,
      ),
    ).toBe('canvasPutImageData:ok');
    expect((await pixels()).slice(3)).toEqual([0, 255, 0, 255, 0, 0, 255, 255]);

    const picture = await test.service(async ({ wx }) => {
      const made = await wx.canvasToTempFilePath({
        canvasId: 'old',
        width: 10,
        height: 5,
        destWidth: 30,
        destHeight: 15,
      });
      return { errMsg: made.errMsg, ...(await wx.getImageInfo({ src: made.tempFilePath })) };
    });
    expect(picture).toMatchObject({ width: 30, height: 15, type: 'png' });
    const jpeg = await test.service(
      ({ wx }) =>
        new Promise((resolve) =>
          wx
            .createSelectorQuery()
            .select('#new')
            .node(async ({ node }: { node: { getContext(type: string): { fillRect(...n: number[]): void } } }) => {
              node.getContext('2d').fillRect(0, 0, 10, 10);
              const { tempFilePath } = await wx.canvasToTempFilePath({ canvas: node, fileType: 'jpg', quality: 0.5 });
              const { type, width } = await wx.getImageInfo({ src: tempFilePath });
              resolve([type, width]);
            })
            .exec(),
        ),
    );
    expect(jpeg).toEqual(['jpeg', 300]);

    expect(await message(test, 'canvasToTempFilePath', { canvasId: 'none' })).toBe(
      'canvasToTempFilePath:fail fail canvas is empty',
    );
    expect(await message(test, 'canvasGetImageData', { ...area, canvasId: 'none' })).toBe(
      'canvasGetImageData:fail fail canvas is empty',
    );
    expect(await message(test, 'canvasGetImageData', {})).toBe(missing('canvasGetImageData', 'canvasId'));
    expect(await message(test, 'canvasPutImageData', area)).toBe(
      missing('canvasPutImageData', 'data', 'Uint8ClampedArray'),
    );
    await test.close();
  });

  it('wx.createVideoContext: plays, seeks and stops the video with this id', async () => {
    const test = await startApp({ mode, files: onePage('<video id="film"/>') });
    await test.service(({ wx }) => {
      const film = wx.createVideoContext('film');
      film.playbackRate(2);
      film.seek(3);
      // One that is not there does nothing.
      wx.createVideoContext('none').play();
    });
    const view = await test.view();
    await eventually(() =>
      view.eval('wx-video', (element) => element.shadowRoot?.querySelector('video')?.playbackRate),
    ).toBe(2);
    await test.close();
  });
});
