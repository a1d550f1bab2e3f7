import { installDrag } from './drag.ts';

export interface RefresherOptions {
  enabled(): boolean;
  /** How far the content must be pulled, CSS pixels. */
  threshold(): number;
  emit(type: string, dy: number): void;
}

/** The content follows the finger at this share of its way. */
const RESISTANCE = 0.5;

/** Pull-down refresh of a scroll-view: pulling, refresh, restore and abort, as the component reference describes them. */
export class Refresher {
  readonly #options: RefresherOptions;
  readonly #scroller: HTMLElement;
  readonly #sign: HTMLElement;
  #refreshing = false;
  #pulled = 0;

  constructor(host: HTMLElement, scroller: HTMLElement, options: RefresherOptions) {
    this.#options = options;
    this.#scroller = scroller;
    this.#sign = document.createElement('div');
    // A page that sets refresher-default-style to none puts a sign of its own into the slot.
    const own = document.createElement('slot');
    own.name = 'refresher';
    this.#sign.append(...[0, 1, 2].map(() => document.createElement('i')), own);
    const shadow = host.shadowRoot as ShadowRoot;
    const style = document.createElement('style');
    style.textContent = `:host([refresher-enabled]) { position: relative }
      .sign { display: none; position: absolute; inset: 0 0 auto; height: 45px; align-items: center; justify-content: center; gap: 6px; color: #888; z-index: -1 }
      .sign slot { display: block; flex: 1 } .sign:not(.none) slot { display: none } .sign.none i { display: none }
      .sign.shown { display: flex; z-index: 0 } .sign i { width: 8px; height: 8px; border-radius: 50%; background: currentColor }
      .sign.none { height: auto; display: block; visibility: hidden } .sign.none.shown { visibility: visible }
      .sign.active i { animation: wx-refresh .9s infinite } .sign.active i:nth-child(2) { animation-delay: .15s } .sign.active i:nth-child(3) { animation-delay: .3s }
      @keyframes wx-refresh { 0%, 100% { opacity: .3 } 40% { opacity: 1 } }`;
    this.#sign.className = 'sign';
    shadow.prepend(style, this.#sign);
    installDrag(scroller, () => ({
      axis: 'y',
      begin: () => options.enabled() && !this.#refreshing && scroller.scrollTop <= 0,
      move: ({ dy }) => {
        this.#pulled = Math.max(0, dy * RESISTANCE);
        // Upwards the area scrolls by itself.
        if (this.#pulled === 0) return;
        this.#shift(this.#pulled, false);
        options.emit('refresherpulling', this.#pulled);
      },
      end: (_, cancelled) => {
        if (!cancelled && this.#pulled >= options.threshold()) this.begin();
        else if (this.#pulled > 0) {
          options.emit('refresherabort', this.#pulled);
          this.#shift(0, true);
        }
        this.#pulled = 0;
      },
    }));
  }

  /** By the user, or by `refresher-triggered`. */
  begin(): void {
    if (this.#refreshing) return;
    this.#refreshing = true;
    this.#shift(this.#options.threshold(), true);
    this.#sign.classList.add('active');
    this.#options.emit('refresherrefresh', this.#pulled);
  }

  /** `refresher-triggered` became false. */
  end(): void {
    if (!this.#refreshing) return;
    this.#refreshing = false;
    this.#sign.classList.remove('active');
    this.#shift(0, true);
    this.#options.emit('refresherrestore', 0);
  }

  look(style: string, background: string): void {
    this.#sign.style.color = style === 'white' ? '#fff' : '#888';
    this.#sign.classList.toggle('none', style === 'none');
    this.#sign.style.backgroundColor = background;
  }

  #shift(distance: number, animated: boolean): void {
    this.#scroller.style.transition = animated ? 'transform .25s' : '';
    this.#scroller.style.transform = distance > 0 ? `translateY(${distance}px)` : '';
    this.#sign.classList.toggle('shown', distance > 0);
  }
}
