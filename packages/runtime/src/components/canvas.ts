import { attachParts, componentHost, hasBox, part, WxElement } from './wx-element.ts';

/** Of a canvas whose styles say nothing. CSS pixels. */
const WIDTH = 300;
const HEIGHT = 150;

/**
 * `canvas`: shows what the logic layer draws. The drawing itself happens there, on an OffscreenCanvas, so that every
 * call of the 2D context answers at once; whole pictures come here.
 */
export class WxCanvas extends WxElement {
  readonly #canvas: HTMLCanvasElement;
  #context: ImageBitmapRenderingContext | null = null;

  constructor() {
    super();
    const css = `:host { display: block; position: relative; width: ${WIDTH}px; height: ${HEIGHT}px; overflow: hidden } canvas { display: block; width: 100%; height: 100% }`;
    this.#canvas = part<HTMLCanvasElement>(attachParts(this, css, '<canvas></canvas><slot></slot>'), 'canvas');
    for (const type of ['touchstart', 'touchmove'])
      this.addEventListener(
        type,
        (event) => this.flag('disable-scroll') && event.cancelable && event.preventDefault(),
        {
          passive: false,
        },
      );
  }

  override async callMethod(method: string, args: unknown[]): Promise<unknown> {
    switch (method) {
      case 'present': {
        this.#context ??= this.#canvas.getContext('bitmaprenderer');
        const bitmap = args[0] as ImageBitmap;
        if (this.#canvas.width !== bitmap.width) this.#canvas.width = bitmap.width;
        if (this.#canvas.height !== bitmap.height) this.#canvas.height = bitmap.height;
        this.#context?.transferFromImageBitmap(bitmap);
        return true;
      }
      case 'size': {
        const { width, height } = this.#size();
        return { width, height, pixelRatio: this.ownerDocument.defaultView?.devicePixelRatio ?? 1 };
      }
      case 'loadImage':
        return await this.#load(String(args[0]));
      default:
        return super.callMethod(method, args);
    }
  }

  /** CSS pixels. While the canvas is not shown it is what its styles say, so that what is drawn by then is not lost. */
  #size(): { width: number; height: number } {
    if (hasBox(this)) return { width: this.clientWidth, height: this.clientHeight };
    const style = getComputedStyle(this);
    const side = (text: string, fallback: number): number => (text.endsWith('px') ? Number.parseFloat(text) : fallback);
    return { width: side(style.width, WIDTH), height: side(style.height, HEIGHT) };
  }

  /** A picture for the drawing: only a page can decode SVG, and its files are at hand here. */
  async #load(src: string): Promise<{ bitmap: ImageBitmap } | { error: string }> {
    const image = new Image();
    // Without it the picture would taint the canvas.
    image.crossOrigin = 'anonymous';
    image.src = componentHost(this)?.resolveUrl(src) ?? src;
    try {
      await image.decode();
      return { bitmap: await createImageBitmap(image) };
    } catch {
      return { error: `the image "${src.slice(0, 200)}" cannot be loaded` };
    }
  }
}
