import { installDrag } from './drag.ts';
import { WxSwiperItem } from './swiper-item.ts';
import { attachParts, part, WxElement } from './wx-element.ts';

type Source = 'touch' | 'autoplay' | '';

const CSS_TEXT = `:host { display: block; height: 150px }
.clip { position: relative; overflow: hidden; width: 100%; height: 100%; touch-action: pan-y }
.clip.vertical { touch-action: pan-x }
.frame { position: absolute; inset: 0 }
.track { display: flex; width: 100%; height: 100%; will-change: transform }
.vertical .track { flex-direction: column }`;

/** Source: the swiper page of the component reference (easing-function). */
const EASINGS: Record<string, (t: number) => number> = {
  default: (t) => 1 - (1 - t) ** 3,
  linear: (t) => t,
  easeInCubic: (t) => t ** 3,
  easeOutCubic: (t) => 1 - (1 - t) ** 3,
  easeInOutCubic: (t) => (t < 0.5 ? 4 * t ** 3 : 1 - (-2 * t + 2) ** 3 / 2),
};

/** `swiper`: cards that are changed by dragging, by themselves, or by the program. */
export class WxSwiper extends WxElement {
  readonly #clip: HTMLElement;
  readonly #frame: HTMLElement;
  readonly #track: HTMLElement;
  #dots: HTMLElement | undefined;
  #items: WxSwiperItem[] = [];
  /** Card at the start of the frame; in a circle it counts on beyond the ends. */
  #position = 0;
  #current = 0;
  #from = 0;
  #frameRequest = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #dragging = false;
  readonly #children = new MutationObserver(() => this.#collect());

  constructor() {
    super();
    const markup =
      '<div class="clip"><div class="frame"><div class="track"><slot></slot></div></div><slot name="dots"></slot></div>';
    const shadow = attachParts(this, CSS_TEXT, markup);
    this.#clip = part(shadow, '.clip');
    this.#frame = part(shadow, '.frame');
    this.#track = part(shadow, '.track');
    installDrag(this.#clip, () => ({
      axis: this.#vertical ? 'y' : 'x',
      begin: () => {
        if (this.flag('disable-touch') || this.#items.length < 2) return false;
        this.#from = this.#position;
        return true;
      },
      move: ({ dx, dy }) => {
        cancelAnimationFrame(this.#frameRequest);
        this.#dragging = true;
        const moved = this.#from - (this.#vertical ? dy : dx) / (this.#cardSize() || 1);
        // Beyond an end the card follows at a third of the way.
        const last = this.#last;
        this.#show(this.#circular ? moved : moved < 0 ? moved / 3 : moved > last ? last + (moved - last) / 3 : moved);
        this.#transition();
      },
      end: ({ vx, vy }, cancelled) => {
        this.#dragging = false;
        const speed = this.#vertical ? vy : vx;
        const origin = Math.round(this.#from);
        let target = Math.round(this.#position);
        // A flick changes the card however short it was. Pixels a millisecond.
        if (!cancelled && target === origin && Math.abs(speed) > 0.3) target = origin + (speed < 0 ? 1 : -1);
        if (!this.#circular) target = Math.min(this.#last, Math.max(0, target));
        this.#go(target, 'touch', true);
      },
    }));
  }

  connectedCallback(): void {
    if (!this.#dots) {
      this.#dots = this.ownerDocument.createElement('div');
      this.#dots.slot = 'dots';
      this.prepend(this.#dots);
    }
    this.#children.observe(this, { childList: true });
    this.#collect();
    this.#autoplay();
  }
  disconnectedCallback(): void {
    this.#children.disconnect();
    clearInterval(this.#timer);
    cancelAnimationFrame(this.#frameRequest);
  }

  get #vertical(): boolean {
    return this.flag('vertical');
  }
  get #shownAtOnce(): number {
    return Math.max(1, Math.trunc(this.number('display-multiple-items', 1)));
  }
  get #circular(): boolean {
    return this.flag('circular') && this.#items.length > this.#shownAtOnce;
  }
  get #last(): number {
    return Math.max(0, this.#items.length - this.#shownAtOnce);
  }
  #cardSize(): number {
    const { clientWidth, clientHeight } = this.#frame;
    return (this.#vertical ? clientHeight : clientWidth) / this.#shownAtOnce;
  }

  #collect(): void {
    this.#items = [...this.children].filter((child): child is WxSwiperItem => child instanceof WxSwiperItem);
    if (this.#current > this.#last) this.#current = this.#last;
    this.#jumpToGiven();
  }

  protected override attributeGiven(name: string): void {
    if (!this.isConnected) return;
    if (name === 'current' || name === 'current-item-id') {
      const target = this.#given();
      if (target !== undefined && target !== this.#current) this.#go(this.#nearest(target), '', true);
    } else if (name === 'autoplay' || name === 'interval') this.#autoplay();
    else this.#show(this.#position);
  }

  #given(): number | undefined {
    const id = this.text('current-item-id');
    const byId = id ? this.#items.findIndex((item) => item.itemId === id) : -1;
    if (byId >= 0) return byId;
    if (!this.attributesGiven.has('current')) return undefined;
    return Math.min(this.#last, Math.max(0, Math.trunc(this.number('current', 0))));
  }

  /** Cards came or went: the place is taken without an animation. */
  #jumpToGiven(): void {
    cancelAnimationFrame(this.#frameRequest);
    const target = this.#given() ?? this.#current;
    this.#current = target;
    this.#show(target);
  }

  /** The shorter way round a circle. */
  #nearest(target: number): number {
    if (!this.#circular) return target;
    const count = this.#items.length;
    const base = Math.round(this.#position);
    const forward = (((target - base) % count) + count) % count;
    return forward <= count / 2 ? base + forward : base + forward - count;
  }

  #autoplay(): void {
    clearInterval(this.#timer);
    if (!this.flag('autoplay')) return;
    this.#timer = setInterval(
      () => {
        if (this.#dragging || this.#items.length < 2 || this.ownerDocument.hidden) return;
        const next = Math.round(this.#position) + 1;
        this.#go(this.#circular || next <= this.#last ? next : 0, 'autoplay', true);
      },
      Math.max(100, this.number('interval', 5000)),
    );
  }

  /** Moves to a position (not wrapped) and reports the change. */
  #go(target: number, source: Source, animated: boolean): void {
    const count = this.#items.length || 1;
    const current = ((target % count) + count) % count;
    if (current !== this.#current) {
      this.#current = current;
      this.changed('current', current);
      this.emit('change', { current, currentItemId: this.#items[current]?.itemId ?? '', source });
    }
    cancelAnimationFrame(this.#frameRequest);
    const from = this.#position;
    const duration = animated ? Math.max(0, this.number('duration', 500)) : 0;
    const easing = EASINGS[this.text('easing-function', 'default')] ?? ((t: number) => t);
    const start = performance.now();
    const step = (now: number): void => {
      const t = duration > 0 ? Math.min(1, Math.max(0, now - start) / duration) : 1;
      this.#show(from + (target - from) * easing(t));
      if (t < 1) {
        this.#transition();
        this.#frameRequest = requestAnimationFrame(step);
        return;
      }
      this.#show(current);
      this.emit('animationfinish', { current, currentItemId: this.#items[current]?.itemId ?? '', source });
    };
    this.#frameRequest = requestAnimationFrame(step);
  }

  #transition(): void {
    const moved = (this.#position - this.#current) * this.#cardSize();
    this.emit('transition', this.#vertical ? { dx: 0, dy: moved } : { dx: moved, dy: 0 });
  }

  #show(position: number): void {
    this.#position = position;
    const vertical = this.#vertical;
    const shown = this.#shownAtOnce;
    const count = this.#items.length;
    this.#clip.classList.toggle('vertical', vertical);
    const [before, after] = [this.length('previous-margin', 0), this.length('next-margin', 0)];
    this.#frame.style.inset = vertical ? `${before} 0 ${after} 0` : `0 ${after} 0 ${before}`;
    const size = 100 / shown;
    this.#track.style.transform = `translate${vertical ? 'Y' : 'X'}(${-position * size}%)`;
    this.#items.forEach((item, index) => {
      // In a circle every card stands at the turn that is nearest to the frame.
      const middle = position + (shown - 1) / 2;
      const turns = this.#circular ? Math.round((middle - index) / count) : 0;
      item.place(vertical, size, turns * count);
    });
    this.#drawDots();
  }

  #drawDots(): void {
    const dots = this.#dots;
    if (!dots) return;
    dots.className = `wx-swiper-dots wx-swiper-dots-${this.#vertical ? 'vertical' : 'horizontal'}`;
    dots.hidden = !this.flag('indicator-dots');
    if (dots.hidden) return;
    while (dots.children.length > this.#items.length) dots.lastChild?.remove();
    while (dots.children.length < this.#items.length) dots.append(this.ownerDocument.createElement('div'));
    const shown = this.#shownAtOnce;
    [...dots.children].forEach((dot, index) => {
      const active = index >= this.#current && index < this.#current + shown;
      dot.className = active ? 'wx-swiper-dot wx-swiper-dot-active' : 'wx-swiper-dot';
      const color = active
        ? this.text('indicator-active-color', '#000')
        : this.text('indicator-color', 'rgba(0, 0, 0, .3)');
      (dot as HTMLElement).style.backgroundColor = color;
    });
  }
}
