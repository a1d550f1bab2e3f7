import type { Invoker } from '../bridge/index.ts';
import { CanvasContext } from './canvas-context.ts';
import { CanvasImage, type CanvasNode } from './canvas-node.ts';
import type { Page } from './pages.ts';
import { encodePng } from './png.ts';
import type { NodeInstances } from './selector-query.ts';
import type { TreeBackend } from './tree-backend.ts';
import type { TreeNode } from './tree-node.ts';

/** Size of a canvas nobody has set: as in HTML. */
const WIDTH = 300;
const HEIGHT = 150;
/**
 * Frames follow each other in this time; a worker of a hidden frame gets no animation frames of its own. Milliseconds.
 */
const FRAME_MS = 16;
/** After these the picture has changed. */
const DRAWING_2D = [
  'clearRect',
  'fillRect',
  'strokeRect',
  'fill',
  'stroke',
  'fillText',
  'strokeText',
  'drawImage',
  'putImageData',
  'reset',
];
const DRAWING_GL = ['clear', 'drawArrays', 'drawElements', 'drawArraysInstanced', 'drawElementsInstanced'];

type AnyFunction = (...args: unknown[]) => unknown;

/** Of the element, in CSS pixels. */
export interface CanvasSize {
  width: number;
  height: number;
  pixelRatio: number;
}

export interface Canvases {
  instances: NodeInstances;
  /** The canvas of a page with this `canvas-id`, as soon as it is rendered; undefined when there is none. */
  byId(page: Page | undefined, canvasId: string): Promise<(CanvasSize & { canvas: CanvasNode }) | undefined>;
  /** `wx.createCanvasContext`: the old way, by `canvas-id`. */
  createContext(page: Page | undefined, canvasId: string): CanvasContext;
}

/** Canvases of all pages: drawn here, shown in the views. */
export function createCanvases(invoker: Invoker): Canvases {
  const made = new WeakMap<TreeNode, Promise<CanvasNode>>();

  async function loadImage(backend: TreeBackend, node: TreeNode, src: string): Promise<ImageBitmap> {
    let address = src;
    // What comes over the network comes through native, as `wx.downloadFile` does.
    if (/^https?:\/\/(?!tmp\/|usr\/)/i.test(src))
      address = (await invoker.invoke('downloadFile', { url: src, header: {}, timeout: 60_000 })).tempFilePath;
    const answer = (await backend.call(backend.idOf(node), 'loadImage', [address])) as
      | { bitmap?: ImageBitmap; error?: string }
      | undefined;
    if (!answer?.bitmap) throw new Error(answer?.error ?? `the image "${src}" cannot be loaded`);
    return answer.bitmap;
  }

  function create(backend: TreeBackend, node: TreeNode): CanvasNode {
    const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
    let dirty = false;
    let sending = false;
    /** There is no picture before there is a context. */
    let drawable = false;

    async function present(): Promise<void> {
      if (sending || !dirty) return;
      sending = true;
      // All drawing of this turn shows at once.
      await Promise.resolve();
      while (dirty) {
        dirty = false;
        if (!drawable || canvas.width === 0 || canvas.height === 0) break;
        const bitmap = await createImageBitmap(canvas);
        await backend.call(backend.idOf(node), 'present', [bitmap]);
      }
      sending = false;
    }
    const drawn = (): void => {
      dirty = true;
      void present();
    };

    /** Own properties of the context stand before those of its prototype, and the rest stays native. */
    const watch = (context: object, names: readonly string[]): void => {
      const target = context as Record<string, AnyFunction>;
      for (const name of names) {
        const native = target[name];
        if (typeof native !== 'function') continue;
        target[name] = (...args) => {
          const result = native.apply(context, args.map(unwrapImage));
          drawn();
          return result;
        };
      }
      for (const name of ['createPattern', 'texImage2D', 'texSubImage2D']) {
        const native = target[name];
        if (typeof native === 'function') target[name] = (...args) => native.apply(context, args.map(unwrapImage));
      }
    };
    const watched = new WeakSet<object>();
    const nativeContext = canvas.getContext.bind(canvas) as (type: string, options?: object) => object | null;
    const getContext = (type: string, options?: object): unknown => {
      const gl = type.startsWith('webgl');
      const context = nativeContext(type, gl ? { ...options, preserveDrawingBuffer: true } : options);
      if (context && !watched.has(context)) {
        drawable = true;
        watched.add(context);
        watch(context, gl ? DRAWING_GL : DRAWING_2D);
      }
      return context;
    };
    const size = (name: 'width' | 'height'): PropertyDescriptor => {
      const native = Object.getOwnPropertyDescriptor(OffscreenCanvas.prototype, name) as PropertyDescriptor;
      return {
        get: () => native.get?.call(canvas) as number,
        set(value: number) {
          native.set?.call(canvas, Math.max(0, Math.trunc(Number(value)) || 0));
          drawn();
        },
      };
    };
    Object.defineProperties(canvas, { width: size('width'), height: size('height') });
    return Object.assign(canvas, {
      getContext,
      requestAnimationFrame: (callback: (time: number) => void) =>
        setTimeout(() => callback(performance.now()), FRAME_MS) as unknown as number,
      cancelAnimationFrame: (id: number) => clearTimeout(id),
      createImage: () => new CanvasImage((src) => loadImage(backend, node, src)),
      createImageData: (width: number, height: number) => new ImageData(width, height),
      createPath2D: (path?: Path2D | string) => new Path2D(path),
      toDataURL: () => toDataUrl(canvas),
    }) as unknown as CanvasNode;
  }

  function canvasOf(backend: TreeBackend, node: TreeNode): Promise<CanvasNode> {
    const known = made.get(node) ?? Promise.resolve(create(backend, node));
    made.set(node, known);
    return known;
  }

  async function byId(page: Page | undefined, canvasId: string) {
    const backend = page?.backend;
    // A page may ask for its canvas before it is rendered.
    backend?.flush();
    const node = [...(backend?.nodes.values() ?? [])].find(
      (each) =>
        each.tag === 'canvas' && (each.attributes?.get('canvas-id') ?? each.attributes?.get('canvasId')) === canvasId,
    );
    if (!backend || !node) return undefined;
    const canvas = await canvasOf(backend, node);
    const size = (await backend.call(backend.idOf(node), 'size', [])) as CanvasSize | undefined;
    return {
      canvas,
      ...(size ?? { width: WIDTH, height: HEIGHT, pixelRatio: 1 }),
      loadImage: (src: string) => loadImage(backend, node, src),
    };
  }

  return {
    instances: (kind, backend, node) =>
      kind === 'node' && node.tag === 'canvas' ? canvasOf(backend, node) : undefined,
    byId,
    createContext: (page, canvasId) => new CanvasContext(() => byId(page, canvasId)),
  };
}

function unwrapImage(value: unknown): unknown {
  if (!(value instanceof CanvasImage)) return value;
  if (!value.bitmap) throw new TypeError('the image is not loaded');
  return value.bitmap;
}

function toDataUrl(canvas: OffscreenCanvas): string {
  const { width, height } = canvas;
  if (width === 0 || height === 0) return 'data:,';
  const copy = new OffscreenCanvas(width, height).getContext('2d');
  copy?.drawImage(canvas, 0, 0);
  const pixels = copy?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray(width * height * 4);
  let binary = '';
  // The arguments of a call are limited.
  const png = encodePng(width, height, pixels);
  for (let at = 0; at < png.length; at += 8192) binary += String.fromCharCode(...png.subarray(at, at + 8192));
  return `data:image/png;base64,${btoa(binary)}`;
}
