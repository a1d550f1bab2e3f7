import type { CanvasNode } from '../canvas-node.ts';
import { videoContext } from '../node-contexts.ts';
import type { Page } from '../pages.ts';
import { ApiFailure, createApiHelper } from './api.ts';
import type { WxDomain } from './context.ts';

interface Area {
  x?: number;
  y?: number;
  width?: number;
  height?: number;
}
interface ExportOptions extends Area {
  canvas?: CanvasNode;
  canvasId?: string;
  destWidth?: number;
  destHeight?: number;
  fileType?: string;
  quality?: number;
}
interface PixelOptions extends Area {
  canvasId: string;
}

/** Pixels that one call may read or write: 4 bytes each. */
const MAX_PIXELS = 8192 * 8192;

/**
 * The old canvas API, pictures of canvases, and the context of a video; the new canvas API begins with a selector
 * query.
 */
export const canvasDomain: WxDomain = (context) => {
  const api = createApiHelper(context.reporter);
  const pageFor = (component?: { is?: string }): Page | undefined => context.pageOf(component) ?? context.currentPage();

  async function byId(canvasId: string | undefined) {
    const found = canvasId === undefined ? undefined : await context.canvases.byId(context.currentPage(), canvasId);
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
  const pixelsOf = (canvas: CanvasNode) => canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;

  return {
    createCanvasContext: (canvasId: string, component?: { is?: string }) =>
      context.canvases.createContext(pageFor(component), String(canvasId)),
    createOffscreenCanvas: (options: { width?: number; height?: number } | number = {}, height?: number) => {
      const [w, h] = typeof options === 'number' ? [options, height] : [options.width, options.height];
      return new OffscreenCanvas(w ?? 300, h ?? 150);
    },
    createVideoContext: (id: string, component?: { is?: string }) =>
      videoContext(() => {
        const backend = pageFor(component)?.backend;
        backend?.flush();
        const node = [...(backend?.nodes.values() ?? [])].find((each) => each.tag === 'video' && each.domId === id);
        return backend && node && { backend, node };
      }),
    canvasToTempFilePath: api.async(
      'canvasToTempFilePath',
      { 'canvasId?': 'String', 'fileType?': 'String', 'quality?': 'Number' },
      async (options: ExportOptions) => {
        const named = options.canvas ? undefined : await byId(options.canvasId);
        const canvas = options.canvas ?? (named?.canvas as CanvasNode);
        const scale = named ? canvas.width / named.width : 1;
        const [x, y, width, height] = areaOf(options, canvas.width / scale, canvas.height / scale, scale);
        const picture = new OffscreenCanvas(
          Math.max(1, Math.round(options.destWidth ?? width)),
          Math.max(1, Math.round(options.destHeight ?? height)),
        );
        const jpeg = options.fileType === 'jpg';
        const paint = picture.getContext('2d') as OffscreenCanvasRenderingContext2D;
        if (jpeg) {
          // There is no transparency in a JPEG, and black is not what one expects.
          paint.fillStyle = '#fff';
          paint.fillRect(0, 0, picture.width, picture.height);
        }
        paint.drawImage(canvas, x, y, width, height, 0, 0, picture.width, picture.height);
        const quality =
          typeof options.quality === 'number' && options.quality > 0 && options.quality <= 1 ? options.quality : 1;
        const blob = await picture.convertToBlob({ type: jpeg ? 'image/jpeg' : 'image/png', quality });
        const data = await blob.arrayBuffer();
        return context.invoker.invoke('writeTempFile', { data, suffix: jpeg ? 'jpg' : 'png' });
      },
    ),
    canvasGetImageData: api.async(
      'canvasGetImageData',
      { canvasId: 'String', x: 'Number', y: 'Number', width: 'Number', height: 'Number' },
      async (options: PixelOptions) => {
        const { canvas, width, height } = await byId(options.canvasId);
        // Pixels of the canvas, as in the original: nothing is scaled.
        const image = pixelsOf(canvas).getImageData(...areaOf(options, width, height, 1));
        return { width: image.width, height: image.height, data: image.data };
      },
    ),
    canvasPutImageData: api.async(
      'canvasPutImageData',
      { canvasId: 'String', data: 'Uint8ClampedArray', x: 'Number', y: 'Number', width: 'Number', height: 'Number' },
      async (options: PixelOptions & { data: Uint8ClampedArray<ArrayBuffer> }) => {
        const { canvas, width, height } = await byId(options.canvasId);
        const [x, y, wide, high] = areaOf(options, width, height, 1);
        if (options.data.length !== wide * high * 4)
          throw new ApiFailure('fail the data do not have the size of the area');
        pixelsOf(canvas).putImageData(new ImageData(options.data, wide, high), x, y);
      },
    ),
  };
};
