import type { CanvasNode, Context2D } from './canvas-node.ts';

export interface CanvasTarget {
  canvas: CanvasNode;
  /** Size of the element in CSS pixels: the old context draws in these. */
  width: number;
  height: number;
  pixelRatio: number;
  loadImage(src: string): Promise<ImageBitmap>;
}

type Action = (context: Context2D, images: Map<string, ImageBitmap>) => void;
type Style = string | CanvasGradient | CanvasPattern | OldGradient;

/** A gradient that is made when it is drawn. */
class OldGradient {
  readonly stops: [number, string][] = [];
  readonly make: (context: Context2D) => CanvasGradient;
  constructor(make: (context: Context2D) => CanvasGradient) {
    this.make = make;
  }
  addColorStop(stop: number, color: string): void {
    this.stops.push([stop, color]);
  }
}

const PLAIN = [
  'save',
  'restore',
  'beginPath',
  'closePath',
  'moveTo',
  'lineTo',
  'rect',
  'arc',
  'arcTo',
  'bezierCurveTo',
  'quadraticCurveTo',
  'clip',
  'fill',
  'stroke',
  'fillRect',
  'strokeRect',
  'clearRect',
  'strokeText',
  'scale',
  'rotate',
  'translate',
  'transform',
  'setTransform',
] as const;
/** setX(value) → property. Source: the CanvasContext pages of the API reference. */
const SETTERS: Record<string, string> = {
  setLineWidth: 'lineWidth',
  setLineCap: 'lineCap',
  setLineJoin: 'lineJoin',
  setMiterLimit: 'miterLimit',
  setGlobalAlpha: 'globalAlpha',
  setTextAlign: 'textAlign',
  setTextBaseline: 'textBaseline',
};
const PROPERTIES = [
  'lineWidth',
  'lineCap',
  'lineJoin',
  'miterLimit',
  'globalAlpha',
  'textAlign',
  'textBaseline',
  'font',
  'globalCompositeOperation',
  'lineDashOffset',
  'shadowColor',
  'shadowBlur',
  'shadowOffsetX',
  'shadowOffsetY',
  'fillStyle',
  'strokeStyle',
];

/** The context of `wx.createCanvasContext`: what is called is kept until `draw()`. */
export class CanvasContext {
  readonly #target: () => Promise<CanvasTarget | undefined>;
  readonly #measure = new OffscreenCanvas(1, 1).getContext('2d');
  readonly #state: Record<string, unknown> = { font: '10px sans-serif' };
  #actions: Action[] = [];
  #images = new Set<string>();
  /** Drawings of one canvas follow each other. */
  #last: Promise<void> = Promise.resolve();
  [method: string]: unknown;

  constructor(target: () => Promise<CanvasTarget | undefined>) {
    this.#target = target;
    for (const name of PLAIN)
      this[name] = (...args: never[]) => {
        this.#actions.push((context) => (context[name] as (...a: never[]) => void)(...args));
      };
    for (const [setter, property] of Object.entries(SETTERS))
      this[setter] = (value: unknown) => this.#set(property, value);
    for (const property of PROPERTIES)
      Object.defineProperty(this, property, {
        get: () => this.#state[property],
        set: (value: unknown) => this.#set(property, value),
      });
  }

  #set(property: string, value: unknown): void {
    this.#state[property] = value;
    this.#actions.push((context) => {
      (context as unknown as Record<string, unknown>)[property] =
        value instanceof OldGradient ? realGradient(value, context) : value;
    });
  }

  setFillStyle(style: Style): void {
    this.#set('fillStyle', style);
  }
  setStrokeStyle(style: Style): void {
    this.#set('strokeStyle', style);
  }
  setFontSize(size: number): void {
    this.#set('font', String(this.#state.font).replace(/[\d.]+px/, `${size}px`));
  }
  setLineDash(pattern: number[], offset = 0): void {
    this.#actions.push((context) => {
      context.setLineDash(pattern);
      context.lineDashOffset = offset;
    });
  }
  setShadow(x: number, y: number, blur: number, color: string): void {
    this.#actions.push((context) => {
      Object.assign(context, { shadowOffsetX: x, shadowOffsetY: y, shadowBlur: blur, shadowColor: color });
    });
  }
  fillText(text: string, x: number, y: number, maxWidth?: number): void {
    this.#actions.push((context) => context.fillText(String(text), x, y, maxWidth));
  }
  createLinearGradient(x0: number, y0: number, x1: number, y1: number): OldGradient {
    return new OldGradient((context) => context.createLinearGradient(x0, y0, x1, y1));
  }
  createCircularGradient(x: number, y: number, radius: number): OldGradient {
    return new OldGradient((context) => context.createRadialGradient(x, y, 0, x, y, radius));
  }
  measureText(text: string): { width: number } {
    if (this.#measure) this.#measure.font = String(this.#state.font);
    return { width: this.#measure?.measureText(String(text)).width ?? 0 };
  }
  /** (src, dx, dy) and (src, dx, dy, dw, dh), and with nine parameters (src, sx, sy, sw, sh, dx, dy, dw, dh). */
  drawImage(src: string, ...numbers: number[]): void {
    this.#images.add(src);
    this.#actions.push((context, images) => {
      const image = images.get(src);
      if (image) (context.drawImage as (...args: unknown[]) => void)(image, ...numbers);
    });
  }

  /** Draws what was called since the last time; without `reserve` the old picture goes. */
  draw(reserve?: boolean | (() => void), callback?: () => void): void {
    const done = typeof reserve === 'function' ? reserve : callback;
    const actions = this.#actions;
    const sources = [...this.#images];
    this.#actions = [];
    this.#images = new Set();
    this.#last = this.#last.then(async () => {
      const target = await this.#target();
      if (!target) return;
      const images = new Map<string, ImageBitmap>();
      for (const src of sources) {
        const image = await target.loadImage(src).catch(() => undefined);
        if (image) images.set(src, image);
      }
      const { canvas, width, height, pixelRatio } = target;
      const [w, h] = [Math.round(width * pixelRatio), Math.round(height * pixelRatio)];
      if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
      const context = canvas.getContext('2d');
      if (!context) return;
      if (reserve !== true) context.reset();
      context.save();
      context.scale(pixelRatio, pixelRatio);
      for (const action of actions) action(context, images);
      context.restore();
      done?.();
    });
  }
}

function realGradient(gradient: OldGradient, context: Context2D): CanvasGradient {
  const real = gradient.make(context);
  for (const [stop, color] of gradient.stops) real.addColorStop(stop, color);
  return real;
}
