import { installDrag } from './drag.ts';
import { attachParts, componentHost, part, WxElement } from './wx-element.ts';

/** How long it comes and goes, in milliseconds. Source: the page-container page of the component reference. */
const DURATION = 300;
/** Pulled down so far it closes. CSS pixels. */
const PULL_CLOSES = 80;

/** Where it comes from, by its position. */
const AWAY: Record<string, string> = {
  bottom: 'translateY(100%)',
  top: 'translateY(-100%)',
  right: 'translateX(100%)',
  center: 'translateY(-50%) scale(.7)',
};
const CSS = `:host { display: none; position: fixed; inset: 0; z-index: var(--wx-layer, 100) }
  :host([data-shown]) { display: block }
  .overlay { position: absolute; inset: 0; background: rgba(0, 0, 0, .5) }
  .panel { position: absolute; left: 0; right: 0; bottom: 0; max-height: 100%; overflow: auto; background: #fff; box-sizing: border-box; outline: 0 }
  .panel.top { top: 0; bottom: auto } .panel.center { top: 50%; bottom: auto; transform: translateY(-50%) }
  .panel.right { left: auto; top: 0; width: 100% }
  .panel.round { border-radius: 16px 16px 0 0 } .panel.round.top { border-radius: 0 0 16px 16px }
  .panel.round.center { border-radius: 16px } .panel.round.right { border-radius: 16px 0 0 16px }
  [hidden] { display: none }`;

/** `page-container`: a layer like a page of its own, which comes in from a side. A tap beside it, a pull and back close it. */
export class WxPageContainer extends WxElement {
  #shown = false;
  /** When it was opened last, by `performance.now()`. */
  openedAt = 0;
  #running: Animation[] = [];
  readonly #overlay: HTMLElement;
  readonly #panel: HTMLElement;

  constructor() {
    super();
    const markup =
      '<div class="overlay"></div><div class="panel" role="dialog" aria-modal="true" tabindex="-1"><slot></slot></div>';
    const shadow = attachParts(this, CSS, markup);
    this.#overlay = part(shadow, '.overlay');
    this.#panel = part(shadow, '.panel');
    this.#overlay.addEventListener('wxtap', (event) => {
      event.stopPropagation();
      this.emit('clickoverlay', {});
      this.leave();
    });
    this.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.#shown) return;
      event.stopPropagation();
      this.leave();
    });
    installDrag(this.#panel, () => ({
      axis: 'y',
      begin: () => this.flag('close-on-slide-down') && this.#panel.scrollTop <= 0,
      move: ({ dy }) => {
        this.#panel.style.translate = `0 ${Math.max(0, dy)}px`;
      },
      end: ({ dy }, cancelled) => {
        this.#panel.style.translate = '';
        if (!cancelled && dy > PULL_CLOSES) this.leave();
      },
    }));
  }
  connectedCallback(): void {
    this.#apply();
  }
  disconnectedCallback(): void {
    if (this.#shown) this.#holdBack(false);
    this.#shown = false;
  }
  protected override attributeGiven(): void {
    if (this.isConnected) this.#apply();
  }

  /** It is open, or opens just now; one that goes out is not. */
  get isOpen(): boolean {
    return this.#shown;
  }

  /** Closes it, as its user wants it. */
  leave(): void {
    this.changed('show', false);
    this.#apply();
  }

  #apply(): void {
    const position = this.text('position', 'bottom');
    this.#overlay.hidden = !this.flag('overlay', true);
    this.#overlay.style.cssText = inCss(this.text('overlay-style'));
    this.#panel.className = `panel ${AWAY[position] ? position : 'bottom'}${this.flag('round') ? ' round' : ''}`;
    this.#panel.style.cssText = inCss(this.text('custom-style'));
    this.style.setProperty('--wx-layer', String(this.number('z-index', 100)));
    const show = this.flag('show');
    if (show === this.#shown) return;
    this.#shown = show;
    if (show) this.openedAt = performance.now();
    this.#holdBack(show);
    this.#move(show, AWAY[position] ?? 'translateY(100%)');
  }

  #move(show: boolean, away: string): void {
    for (const animation of this.#running) animation.cancel();
    const timing = { duration: Math.max(0, this.number('duration', DURATION)), easing: 'ease' };
    this.emit(show ? 'beforeenter' : 'beforeleave', {});
    this.setAttribute('data-shown', '');
    const shown = { opacity: 1 };
    const here = getComputedStyle(this.#panel).transform;
    const panel = [
      { transform: away, ...(away.includes('scale') && { opacity: 0 }) },
      { transform: here, ...shown },
    ];
    const overlay = [{ opacity: 0 }, shown];
    if (!show) [panel, overlay].forEach((frames) => void frames.reverse());
    const moving = this.#panel.animate(panel, { ...timing, fill: 'forwards' });
    this.#running = [moving, this.#overlay.animate(overlay, { ...timing, fill: 'forwards' })];
    this.emit(show ? 'enter' : 'leave', {});
    moving.onfinish = () => {
      for (const animation of this.#running) animation.cancel();
      if (show) this.#panel.focus({ preventScroll: true });
      else this.removeAttribute('data-shown');
      this.emit(show ? 'afterenter' : 'afterleave', {});
    };
  }

  /** Going back closes this first. */
  #holdBack(on: boolean): void {
    void componentHost(this)
      ?.invoke('holdBack', { on })
      .catch(() => {});
  }
}

/** The way back was taken while layers are open: the last one closes. */
export function closeLastLayer(root: ParentNode): void {
  const open = [...root.querySelectorAll<WxPageContainer>('wx-page-container[data-shown]')].filter(
    ({ isOpen }) => isOpen,
  );
  // Those that were opened in one go have their order in the page.
  open.sort((a, b) => a.openedAt - b.openedAt);
  open.at(-1)?.leave();
}

/** A style text of the program; its lengths may be in rpx. */
const inCss = (style: string): string => style.replace(/(-?[\d.]+)rpx/g, 'calc(var(--rpx) * $1)');
