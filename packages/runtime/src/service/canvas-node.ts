export type Context2D = OffscreenCanvasRenderingContext2D;

/** What `node()` of a query gives for a canvas: an OffscreenCanvas with the functions a mini program has besides. */
export interface CanvasNode extends OffscreenCanvas {
  requestAnimationFrame(callback: (time: number) => void): number;
  cancelAnimationFrame(id: number): void;
  createImage(): CanvasImage;
  createImageData(width: number, height: number): ImageData;
  createPath2D(path?: Path2D | string): Path2D;
  toDataURL(type?: string): string;
}

/** An image for drawing, like the DOM's. */
export class CanvasImage {
  onload: ((event: { type: 'load' }) => void) | null = null;
  onerror: ((event: { type: 'error'; errMsg: string }) => void) | null = null;
  width = 0;
  height = 0;
  complete = false;
  bitmap: ImageBitmap | undefined;
  #src = '';
  readonly #load: (src: string) => Promise<ImageBitmap>;

  constructor(load: (src: string) => Promise<ImageBitmap>) {
    this.#load = load;
  }
  get naturalWidth(): number {
    return this.width;
  }
  get naturalHeight(): number {
    return this.height;
  }
  get src(): string {
    return this.#src;
  }
  set src(src: string) {
    this.#src = src;
    this.complete = false;
    void this.#load(src).then(
      (bitmap) => {
        // Another picture may have been asked for since.
        if (this.#src !== src) return;
        this.bitmap = bitmap;
        this.width = bitmap.width;
        this.height = bitmap.height;
        this.complete = true;
        this.onload?.({ type: 'load' });
      },
      (error: Error) => {
        if (this.#src === src) this.onerror?.({ type: 'error', errMsg: error.message });
      },
    );
  }
}
