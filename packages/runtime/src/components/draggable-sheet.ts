import { installDrag } from './drag.ts';
import { WxElement } from './wx-element.ts';

/** Shares of the parent's height. Source: the draggable-sheet page of the component reference. */
const SIZES = { initial: 0.5, min: 0.25, max: 1 };
/** Thrown faster than this it goes on to the next size. CSS pixels a millisecond. */
const THROWN = 0.4;
const MOVE_MS = 300;

/** `draggable-sheet`: a sheet at the lower edge of its parent, which its user pulls higher or lower. */
export class WxDraggableSheet extends WxElement {
  #size: number | undefined;
  #from = 0;
  #prepared = false;

  connectedCallback(): void {
    if (this.#prepared) return this.#draw();
    this.#prepared = true;
    installDrag(this, () => ({
      axis: 'y',
      begin: (event) => {
        this.#from = this.#now;
        return this.#mayPull(event);
      },
      move: ({ dy }) => this.#to(this.#from - dy / this.#room, false),
      end: ({ vy }) => {
        if (this.flag('snap')) this.#to(this.#snapped(vy), true);
      },
    }));
    this.#draw();
  }
  override styleReplaced(): void {
    this.#draw();
  }
  protected override attributeGiven(): void {
    if (this.isConnected) this.#draw();
  }
  override callMethod(method: string, args: unknown[]): unknown {
    if (method !== 'scrollTo') return super.callMethod(method, args);
    const { size, pixels, animated = true } = (args[0] ?? {}) as { size?: number; pixels?: number; animated?: boolean };
    const wanted = size ?? (pixels === undefined ? undefined : pixels / this.#room);
    if (wanted !== undefined) this.#to(wanted, animated);
    return undefined;
  }

  get #room(): number {
    return this.parentElement?.clientHeight || window.innerHeight;
  }
  get #now(): number {
    return this.#size ?? this.#limit(this.number('initial-child-size', SIZES.initial));
  }
  #limit(size: number): number {
    const [min, max] = [this.number('min-child-size', SIZES.min), this.number('max-child-size', SIZES.max)];
    return Math.min(max, Math.max(min, size));
  }

  /** The list inside scrolls once the sheet is at its highest, or while it is not at its beginning. */
  #mayPull(event: Event): boolean {
    const area = event.composedPath().find((node) => node instanceof WxElement && node.localName === 'wx-scroll-view');
    const scroller = (area as WxElement | undefined)?.callMethod('scroller', []) as HTMLElement | undefined;
    return !scroller || scroller.scrollTop <= 0;
  }

  /** The size it comes to rest at: the next one in the direction it was thrown, else the nearest. */
  #snapped(vy: number): number {
    const between = this.attributesGiven.get('snap-sizes');
    const inner = Array.isArray(between) ? between.map(Number).filter(Number.isFinite) : [];
    const sizes = [0, ...inner, 9].map((size) => this.#limit(size)).sort((a, b) => a - b);
    const now = this.#now;
    const thrown =
      vy < -THROWN ? sizes.find((size) => size > now) : vy > THROWN ? sizes.findLast((size) => size < now) : undefined;
    return thrown ?? sizes.reduce((best, size) => (Math.abs(size - now) < Math.abs(best - now) ? size : best));
  }

  #to(wanted: number, animated: boolean): void {
    const size = this.#limit(wanted);
    if (size === this.#now) return;
    this.#size = size;
    this.#draw(animated);
    this.emit('sizeupdate', { pixels: size * this.#room, size });
  }
  #draw(animated = false): void {
    this.style.transition = animated ? `height ${MOVE_MS}ms ease-out` : '';
    this.style.height = `${this.#now * 100}%`;
  }
}
