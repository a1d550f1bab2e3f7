import { Refresher } from './refresher.ts';
import { hasBox, WxElement, whenShown } from './wx-element.ts';

/** `scroll-view`: a scrolling area with edge events, scrolling into view and its own pull-down refresh. */
export class WxScrollView extends WxElement {
  readonly #scroller = document.createElement('div');
  #last = { left: 0, top: 0 };
  #edges = { upper: true, lower: false, left: true, right: false };
  #framePending = false;
  readonly #refresher: Refresher;

  constructor() {
    super();
    const shadow = this.attachShadow({ mode: 'open' });
    const style = document.createElement('style');
    style.textContent = `:host { display: block; width: 100%; overflow: hidden } div { width: 100%; height: 100%; max-height: inherit; overflow: hidden; box-sizing: border-box; scrollbar-width: none }
      div::-webkit-scrollbar { display: none }`;
    this.#scroller.append(document.createElement('slot'));
    shadow.append(style, this.#scroller);
    this.#refresher = new Refresher(this, this.#scroller, {
      enabled: () => this.flag('refresher-enabled') && this.flag('scroll-y'),
      threshold: () => this.number('refresher-threshold', 45),
      emit: (type, dy) => this.emit(type, { dy }),
    });
    this.#scroller.addEventListener('scroll', () => {
      if (this.#framePending) return;
      this.#framePending = true;
      requestAnimationFrame(() => {
        this.#framePending = false;
        this.#scrolled();
      });
    });
  }

  connectedCallback(): void {
    // Its content may come after it.
    queueMicrotask(() => this.#position());
  }

  #scrolled(): void {
    const { scrollLeft, scrollTop, scrollWidth, scrollHeight, clientWidth, clientHeight } = this.#scroller;
    const deltaX = this.#last.left - scrollLeft;
    const deltaY = this.#last.top - scrollTop;
    this.#last = { left: scrollLeft, top: scrollTop };
    this.emit('scroll', { scrollLeft, scrollTop, scrollHeight, scrollWidth, deltaX, deltaY, isDrag: false });
    const upperDistance = this.number('upper-threshold', 50);
    const lowerDistance = this.number('lower-threshold', 50);
    const now = {
      upper: scrollTop <= upperDistance,
      lower: scrollHeight - clientHeight - scrollTop <= lowerDistance,
      left: scrollLeft <= upperDistance,
      right: scrollWidth - clientWidth - scrollLeft <= lowerDistance,
    };
    if (deltaY > 0 && now.upper && !this.#edges.upper) this.emit('scrolltoupper', { direction: 'top' });
    if (deltaY < 0 && now.lower && !this.#edges.lower) this.emit('scrolltolower', { direction: 'bottom' });
    if (deltaX > 0 && now.left && !this.#edges.left) this.emit('scrolltoupper', { direction: 'left' });
    if (deltaX < 0 && now.right && !this.#edges.right) this.emit('scrolltolower', { direction: 'right' });
    this.#edges = now;
  }

  protected override attributeGiven(name: string, value: unknown): void {
    const scroller = this.#scroller;
    if (name === 'scroll-x' || name === 'scroll-y') {
      scroller.style.overflowX = this.flag('scroll-x') ? 'auto' : 'hidden';
      scroller.style.overflowY = this.flag('scroll-y') ? 'auto' : 'hidden';
    } else if (name === 'enable-flex') {
      scroller.style.cssText += this.flag('enable-flex') ? ';display:flex;flex-direction:inherit' : '';
    } else if (name === 'scroll-anchoring')
      scroller.style.overflowAnchor = this.flag('scroll-anchoring') ? 'auto' : 'none';
    else if (name === 'refresher-triggered') {
      if (this.flag('refresher-triggered')) this.#refresher.begin();
      else this.#refresher.end();
    } else if (name.startsWith('refresher-'))
      this.#refresher.look(
        this.text('refresher-default-style', 'black'),
        this.text('refresher-background', 'transparent'),
      );
    else if (['scroll-top', 'scroll-left', 'scroll-into-view'].includes(name)) this.#wanted(name, value);
  }

  /** Places wanted since the last time, by attribute. A value that was wanted before says nothing new, as in the original. */
  readonly #wishes = new Set<string>();
  readonly #known = new Map<string, unknown>();
  #wanted(name: string, value: unknown): void {
    if (value === undefined || this.#known.get(name) === value) return;
    this.#known.set(name, value);
    this.#wishes.add(name);
    // The content of this very change is put in place after the attributes.
    if (this.#wishes.size === 1) queueMicrotask(() => this.#position());
  }

  /** An element to show counts more than a distance that is given in the same change. */
  #position(): void {
    if (!this.isConnected || this.#wishes.size === 0) return;
    if (!hasBox(this)) return whenShown(this, () => this.#position());
    const behavior = this.flag('scroll-with-animation') ? 'smooth' : 'instant';
    const wishes = [...this.#wishes];
    this.#wishes.clear();
    const target = wishes.includes('scroll-into-view') && this.text('scroll-into-view');
    const element = target ? this.querySelector(`#${CSS.escape(target)}`) : null;
    if (element) return this.#show(element, behavior);
    // It may be there when the same name is given again.
    if (target) this.#known.delete('scroll-into-view');
    const top = wishes.includes('scroll-top') ? this.number('scroll-top', 0) : undefined;
    const left = wishes.includes('scroll-left') ? this.number('scroll-left', 0) : undefined;
    if (top !== undefined || left !== undefined)
      this.#scroller.scrollTo({ ...(top !== undefined && { top }), ...(left !== undefined && { left }), behavior });
  }

  #show(element: Element | null, behavior: 'smooth' | 'instant'): void {
    if (!element) return;
    const here = this.#scroller.getBoundingClientRect();
    const there = element.getBoundingClientRect();
    this.#scroller.scrollTo({
      ...(this.flag('scroll-y') && { top: this.#scroller.scrollTop + there.top - here.top }),
      ...(this.flag('scroll-x') && { left: this.#scroller.scrollLeft + there.left - here.left }),
      behavior,
    });
  }

  override callMethod(method: string, args: unknown[]): unknown {
    if (method === 'scroller') return this.#scroller;
    if (method === 'triggerRefresh') return this.#refresher.begin();
    if (method === 'closeRefresh') return this.#refresher.end();
    if (method === 'scrollIntoView')
      return this.#show(this.querySelector(String(args[0])), args[1] ? 'smooth' : 'instant');
    if (method === 'scrollTo') return this.#scroller.scrollTo(args[0] as ScrollToOptions);
    return super.callMethod(method, args);
  }
}
