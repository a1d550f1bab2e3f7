import type { CanvasNode } from '../../service/canvas-node.ts';
import { findComponent, videoContext } from '../../service/node-contexts.ts';
import type { Page } from '../../service/pages.ts';
import { ApiFailure, shouldBe } from '../../service/wx/api.ts';
import type { WxContext } from '../../service/wx/context.ts';
import { asyncFunction, service, value } from '../../service/wx/define.ts';
import { anything, number, optional, text } from '../schema.ts';

interface Area {
  x?: number | undefined;
  y?: number | undefined;
  width?: number | undefined;
  height?: number | undefined;
}

/** Pixels that one call may read or write: 4 bytes each. */
const MAX_PIXELS = 8192 * 8192;

type Component = { is?: string };
const pageFor = (wx: WxContext, component?: Component): Page | undefined => wx.pageOf(component) ?? wx.currentPage();

async function byId(wx: WxContext, canvasId: string | undefined) {
  const found = canvasId === undefined ? undefined : await wx.canvases.byId(wx.currentPage(), canvasId);
  if (!found) throw new ApiFailure('fail canvas is empty');
  return found;
}

/** The area in pixels of the canvas; what is asked for is in CSS pixels for a canvas that is named by its id. */
function areaOf(options: Area, width: number, height: number, scale: number): [number, number, number, number] {
  const x = Math.round((options.x ?? 0) * scale);
  const y = Math.round((options.y ?? 0) * scale);
  const area: [number, number, number, number] = [
    x,
    y,
    Math.round((options.width ?? width - (options.x ?? 0)) * scale),
    Math.round((options.height ?? height - (options.y ?? 0)) * scale),
  ];
  if (area[2] <= 0 || area[3] <= 0 || area[2] * area[3] > MAX_PIXELS)
    throw new ApiFailure('fail the area is empty or too large');
  return area;
}

/** The context that is drawn on. */
const pixelsOf = (canvas: CanvasNode) => canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;

/** An area of one canvas, drawn on another one of its own size. */
function pictureOf(
  canvas: CanvasNode,
  [x, y, width, height]: [number, number, number, number],
  size: { width: number | undefined; height: number | undefined },
  isOpaque: boolean,
): OffscreenCanvas {
  const picture = new OffscreenCanvas(
    Math.max(1, Math.round(size.width ?? width)),
    Math.max(1, Math.round(size.height ?? height)),
  );
  const paint = picture.getContext('2d') as OffscreenCanvasRenderingContext2D;
  if (isOpaque) {
    // There is no transparency in a JPEG, and black is not what one expects.
    paint.fillStyle = '#fff';
    paint.fillRect(0, 0, picture.width, picture.height);
  }
  paint.drawImage(canvas, x, y, width, height, 0, 0, picture.width, picture.height);
  return picture;
}

const side = optional(anything<number>());
const area = { x: number(), y: number(), width: number(), height: number() };

/**
 * The old canvas API, pictures of canvases, and the context of a video; the new canvas API begins with a selector
 * query.
 */
export const canvasService = service({
  createCanvasContext: value(
    (wx) => (canvasId: string, component?: Component) =>
      wx.canvases.createContext(pageFor(wx, component), String(canvasId)),
  ),
  createOffscreenCanvas: value(() => (options: { width?: number; height?: number } | number = {}, height?: number) => {
    const [w, h] = typeof options === 'number' ? [options, height] : [options.width, options.height];
    return new OffscreenCanvas(w ?? 300, h ?? 150);
  }),
  createVideoContext: value(
    (wx) => (id: string, component?: Component) =>
      videoContext(() => findComponent(pageFor(wx, component), 'video', id)),
  ),
  canvasToTempFilePath: asyncFunction(
    {
      canvas: optional(anything<CanvasNode>()),
      canvasId: optional(text()),
      fileType: optional(text()),
      quality: optional(number()),
      ...{ x: side, y: side, width: side, height: side, destWidth: side, destHeight: side },
    },
    async (wx, options) => {
      const named = options.canvas ? undefined : await byId(wx, options.canvasId);
      const canvas = options.canvas ?? (named?.canvas as CanvasNode);
      const scale = named ? canvas.width / named.width : 1;
      const jpeg = options.fileType === 'jpg';
      const from = areaOf(options, canvas.width / scale, canvas.height / scale, scale);
      const picture = pictureOf(canvas, from, { width: options.destWidth, height: options.destHeight }, jpeg);
      const { quality } = options;
      const blob = await picture.convertToBlob({
        type: jpeg ? 'image/jpeg' : 'image/png',
        quality: quality && quality > 0 && quality <= 1 ? quality : 1,
      });
      return wx.invoke('writeTempFile', { data: await blob.arrayBuffer(), suffix: jpeg ? 'jpg' : 'png' });
    },
  ),
  canvasGetImageData: asyncFunction({ canvasId: text(), ...area }, async (wx, options) => {
    const { canvas, width, height } = await byId(wx, options.canvasId);
    // Pixels of the canvas, as in the original: nothing is scaled.
    const image = pixelsOf(canvas).getImageData(...areaOf(options, width, height, 1));
    return { width: image.width, height: image.height, data: image.data };
  }),
  canvasPutImageData: asyncFunction(
    { canvasId: text(), data: anything<Uint8ClampedArray<ArrayBuffer>>(), ...area },
    async (wx, options) => {
      const { data } = options;
      if (!(data instanceof Uint8ClampedArray)) throw shouldBe('Uint8ClampedArray', data, 'data');
      const { canvas, width, height } = await byId(wx, options.canvasId);
      const [x, y, wide, high] = areaOf(options, width, height, 1);
      if (data.length !== wide * high * 4) throw new ApiFailure('fail the data do not have the size of the area');
      pixelsOf(canvas).putImageData(new ImageData(data, wide, high), x, y);
    },
  ),
});
