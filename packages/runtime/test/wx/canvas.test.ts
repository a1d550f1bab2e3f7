import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { eventually, onePage } from './support.ts';

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
});
