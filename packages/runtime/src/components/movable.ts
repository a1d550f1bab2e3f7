import { type DragMove, installDrag } from './drag.ts';
import { installPinch } from './pinch.ts';
import { type Movement, type Place, slideFrom, springTo } from './spring.ts';
import { hasBox, WxElement, whenShown } from './wx-element.ts';

/** What moved a view, as `change` tells it. Empty: the program did. */
type Source = 'touch' | 'touch-out-of-bounds' | 'out-of-bounds' | 'friction' | '';

/** Defaults and bounds of the movable-view page of the component reference. */
const DAMPING = 20;
const FRICTION = 2;
const SCALE = { least: 0.1, min: 0.5, max: 10 };
/** One press of an arrow key moves so far. CSS pixels. */
const KEY_STEP = 10;
const KEYS: Record<string, Place> = {
  ArrowLeft: { x: -KEY_STEP, y: 0 },
  ArrowRight: { x: KEY_STEP, y: 0 },
  ArrowUp: { x: 0, y: -KEY_STEP },
  ArrowDown: { x: 0, y: KEY_STEP },
};

/** `movable-area`: room for movable views. With `scale-area` two fingers anywhere in it scale the views that may be scaled. */
export class WxMovableArea extends WxElement {
  #prepared = false;
  connectedCallback(): void {
    if (this.#prepared) return;
    this.#prepared = true;
    const views = (): WxMovableView[] =>
      [...this.children].filter((child): child is WxMovableView => child instanceof WxMovableView);
    installPinch(this, {
      begin: () => this.flag('scale-area') && views().filter((view) => view.beginPinch()).length > 0,
      pinch: (ratio) => views().forEach((view) => view.pinch(ratio)),
      end: () => views().forEach((view) => view.endPinch()),
    });
  }
}

/** `movable-view`: dragged, thrown, scaled and moved by the program inside of its area. Places and sizes in CSS pixels. */
export class WxMovableView extends WxElement {
  #at: Place = { x: 0, y: 0 };
  #scale = 1;
  #from: Place = { x: 0, y: 0 };
  #scaleFrom: number | undefined;
  #frame = 0;
  #prepared = false;
  /** It has been given its first place, which it takes without a movement. */
  #placed = false;
  /** The direction of this drag has been told. */
  #told = false;

  connectedCallback(): void {
    if (!this.#prepared) this.#prepare();
    queueMicrotask(() => this.#given(false));
  }
  disconnectedCallback(): void {
    cancelAnimationFrame(this.#frame);
    this.#placed = false;
  }
  override styleReplaced(): void {
    this.#draw();
  }
  protected override attributeGiven(name: string): void {
    if (!this.isConnected) return;
    if (['x', 'y', 'scale-value', 'scale-min', 'scale-max', 'scale'].includes(name))
      queueMicrotask(() => this.#given(name.startsWith('scale')));
    if (name === 'direction' || name === 'disabled') this.#focusable();
  }

  #prepare(): void {
    this.#prepared = true;
    this.#focusable();
    installDrag(this, () => ({
      axis: this.#moves('x') && this.#moves('y') ? 'both' : this.#moves('x') ? 'x' : 'y',
      begin: () => {
        this.#from = { ...this.#at };
        this.#told = false;
        return !this.flag('disabled') && this.text('direction', 'none') !== 'none';
      },
      move: (drag) => this.#dragged(drag),
      end: (drag, cancelled) => this.#released(drag, cancelled),
    }));
    installPinch(this, {
      begin: () => this.beginPinch(),
      pinch: (ratio) => this.pinch(ratio),
      end: () => this.endPinch(),
    });
    this.addEventListener('keydown', (event) => {
      const step = KEYS[event.key];
      if (!step || event.target !== this || this.flag('disabled')) return;
      event.preventDefault();
      cancelAnimationFrame(this.#frame);
      const { x, y } = this.#at;
      this.#show(
        this.#inside({ x: x + (this.#moves('x') ? step.x : 0), y: y + (this.#moves('y') ? step.y : 0) }),
        'touch',
      );
    });
  }
  #focusable(): void {
    if (this.flag('disabled') || this.text('direction', 'none') === 'none') this.removeAttribute('tabindex');
    else this.tabIndex = 0;
  }
  #moves(axis: 'x' | 'y'): boolean {
    const direction = this.text('direction', 'none');
    return direction === 'all' || direction === (axis === 'x' ? 'horizontal' : 'vertical');
  }

  // ---- by a finger

  #dragged({ dx, dy }: DragMove): void {
    // The second finger scales.
    if (this.#scaleFrom !== undefined) return;
    cancelAnimationFrame(this.#frame);
    if (!this.#told) {
      this.#told = true;
      const across = Math.abs(dx) >= Math.abs(dy);
      this.emit(across ? 'htouchmove' : 'vtouchmove', {}, { bubbles: true, composed: true });
    }
    const wanted = {
      x: this.#from.x + (this.#moves('x') ? dx : 0),
      y: this.#from.y + (this.#moves('y') ? dy : 0),
    };
    const inside = this.#inside(wanted);
    const outside = inside.x !== wanted.x || inside.y !== wanted.y;
    if (!outside || !this.flag('out-of-bounds')) return this.#show(inside, 'touch');
    // Beyond its bounds it follows less and less.
    const held = (want: number, bound: number): number =>
      bound + Math.sign(want - bound) * Math.sqrt(Math.abs(want - bound));
    this.#show({ x: held(wanted.x, inside.x), y: held(wanted.y, inside.y) }, 'touch-out-of-bounds');
  }

  #released({ vx, vy }: DragMove, cancelled: boolean): void {
    const inside = this.#inside(this.#at);
    const speed = { x: this.#moves('x') ? vx * 1000 : 0, y: this.#moves('y') ? vy * 1000 : 0 };
    if (inside.x !== this.#at.x || inside.y !== this.#at.y)
      return this.#run(springTo(this.#at, inside, speed, this.#damping), 'out-of-bounds');
    if (!this.flag('inertia') || cancelled || Math.hypot(speed.x, speed.y) < 100) return;
    const friction = this.number('friction', FRICTION);
    this.#run(slideFrom(this.#at, speed, friction > 0 ? friction : FRICTION), 'friction');
  }

  beginPinch(): boolean {
    if (!this.flag('scale') || this.flag('disabled')) return false;
    cancelAnimationFrame(this.#frame);
    this.#scaleFrom = this.#scale;
    return true;
  }
  pinch(ratio: number): void {
    if (this.#scaleFrom === undefined) return;
    this.#scaleTo(this.#scaleFrom * ratio);
  }
  endPinch(): void {
    this.#scaleFrom = undefined;
    this.#from = { ...this.#at };
  }

  // ---- by the program

  #given(scaled: boolean): void {
    if (!this.isConnected) return;
    // Without a box there is no room to keep inside of.
    if (!hasBox(this)) return whenShown(this, () => this.#given(scaled));
    if (scaled || !this.#placed) {
      const wanted = this.flag('scale') ? this.number('scale-value', this.#scale) : 1;
      if (this.#placed) this.#scaleTo(wanted);
      else this.#scale = this.#limitScale(wanted);
    }
    const wanted = { x: this.number('x', this.#at.x), y: this.number('y', this.#at.y) };
    const target = this.#inside(wanted);
    const animated = this.#placed && this.flag('animation', true);
    this.#placed = true;
    if (animated && !scaled) this.#run(springTo(this.#at, target, { x: 0, y: 0 }, this.#damping), '');
    else this.#show(target, '');
  }
  get #damping(): number {
    const damping = this.number('damping', DAMPING);
    return damping > 0 ? damping : DAMPING;
  }

  // ---- movement

  #run(movement: Movement, source: Source): void {
    cancelAnimationFrame(this.#frame);
    const start = performance.now();
    const step = (now: number): void => {
      const { x, y, rests } = movement(Math.max(0, now - start) / 1000);
      const inside = this.#inside({ x, y });
      const left = source === 'friction' && (inside.x !== x || inside.y !== y);
      this.#show(left ? inside : { x, y }, source);
      if (!rests && !left) this.#frame = requestAnimationFrame(step);
    };
    this.#frame = requestAnimationFrame(step);
  }

  #limitScale(wanted: number): number {
    const min = Math.max(SCALE.least, this.number('scale-min', SCALE.min));
    const max = Math.min(SCALE.max, this.number('scale-max', SCALE.max));
    return Math.min(max, Math.max(min, wanted));
  }
  #scaleTo(wanted: number): void {
    const scale = this.#limitScale(wanted);
    if (scale === this.#scale) return;
    this.#scale = scale;
    this.changed('scale-value', scale);
    this.#show(this.#inside(this.#at), '');
    this.#draw();
    this.emit('scale', { x: this.#at.x, y: this.#at.y, scale });
  }

  /** The nearest place where the view is inside of its area, or the area inside of the view when that is larger. */
  #inside({ x, y }: Place): Place {
    const area = this.closest('wx-movable-area');
    const limit = (value: number, room: number, size: number): number => {
      // The view grows around its middle.
      const grown = (size * (this.#scale - 1)) / 2;
      const rest = room - size * this.#scale;
      return Math.min(Math.max(0, rest) + grown, Math.max(Math.min(0, rest) + grown, value));
    };
    return {
      x: limit(x, area?.clientWidth ?? 0, this.offsetWidth),
      y: limit(y, area?.clientHeight ?? 0, this.offsetHeight),
    };
  }

  #show({ x, y }: Place, source: Source): void {
    if (x === this.#at.x && y === this.#at.y) return this.#draw();
    this.#at = { x, y };
    this.#draw();
    this.changed('x', x);
    this.changed('y', y);
    this.emit('change', { x, y, source });
  }
  #draw(): void {
    const { x, y } = this.#at;
    this.style.transform = `translate(${x}px, ${y}px)${this.#scale === 1 ? '' : ` scale(${this.#scale})`}`;
  }
}
