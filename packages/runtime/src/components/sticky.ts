import { WxElement } from './wx-element.ts';

/** Where this element scrolls: the nearest scroll-view, or the page. */
function scrollerOf(element: HTMLElement): HTMLElement | null {
  const area = element.closest<WxElement>('wx-scroll-view');
  return (area?.callMethod('scroller', []) as HTMLElement | undefined) ?? element.closest<HTMLElement>('wx-root');
}

/** `[top, right, bottom, left]` in CSS pixels, as the list components have it. */
function inset(element: HTMLElement, value: unknown): void {
  if (Array.isArray(value)) element.style.padding = value.map((side) => `${Number(side) || 0}px`).join(' ');
}

/** `sticky-section`: a part of a list whose header stays in sight while the part is. */
export class WxStickySection extends WxElement {
  protected override attributeGiven(name: string, value: unknown): void {
    if (name === 'padding') inset(this, value);
  }
  override styleReplaced(): void {
    inset(this, this.attributesGiven.get('padding'));
  }
}

/** `sticky-header`: stays at the upper edge of what scrolls; `stickontopchange` when it begins or ends to. */
export class WxStickyHeader extends WxElement {
  #scroller: HTMLElement | null = null;
  #stuck = false;
  connectedCallback(): void {
    this.styleReplaced();
    // The scroll-view around it may be prepared after it.
    queueMicrotask(() => {
      this.#scroller = this.isConnected ? scrollerOf(this) : null;
      this.#scroller?.addEventListener('scroll', this.#scrolled, { passive: true });
    });
  }
  disconnectedCallback(): void {
    this.#scroller?.removeEventListener('scroll', this.#scrolled);
  }
  override styleReplaced(): void {
    this.style.top = this.length('offset-top', 0);
    inset(this, this.attributesGiven.get('padding'));
  }
  protected override attributeGiven(): void {
    this.styleReplaced();
  }
  readonly #scrolled = (): void => {
    if (!this.#scroller) return;
    const { scrollTop } = this.#scroller;
    const edge = this.#scroller.getBoundingClientRect().top + (Number.parseFloat(getComputedStyle(this).top) || 0);
    const stuck = scrollTop > 0 && Math.abs(this.getBoundingClientRect().top - edge) < 1;
    if (stuck === this.#stuck) return;
    this.#stuck = stuck;
    this.emit('stickontopchange', { isStickOnTop: stuck });
  };
}

/** `list-view`: the rows of a list. */
export class WxListView extends WxStickySection {
  connectedCallback(): void {
    this.setAttribute('role', 'list');
  }
}

/** `grid-view`: its children in columns; `type="masonry"` puts each in the column that is the shortest. */
export class WxGridView extends WxElement {
  readonly #columns: HTMLElement[] = [];
  readonly #shadow: ShadowRoot = this.attachShadow({ mode: 'open' });
  readonly #resized = new ResizeObserver(() => this.#deal());
  readonly #children = new MutationObserver(() => this.#arrange());

  connectedCallback(): void {
    this.setAttribute('role', 'list');
    this.#children.observe(this, { childList: true });
    this.#arrange();
  }
  disconnectedCallback(): void {
    this.#children.disconnect();
    this.#resized.disconnect();
  }
  protected override attributeGiven(name: string, value: unknown): void {
    if (name === 'padding') inset(this, value);
    if (this.isConnected) this.#arrange();
  }
  override styleReplaced(): void {
    inset(this, this.attributesGiven.get('padding'));
  }

  get #count(): number {
    const extent = this.number('max-cross-axis-extent', 0);
    if (extent > 0 && this.clientWidth > 0) return Math.max(1, Math.ceil(this.clientWidth / extent));
    return Math.max(1, Math.trunc(this.number('cross-axis-count', 2)));
  }

  #arrange(): void {
    const [main, cross] = [this.length('main-axis-gap', 0), this.length('cross-axis-gap', 0)];
    const count = this.#count;
    const masonry = this.text('type', 'aligned') === 'masonry';
    this.#resized.disconnect();
    const style = masonry
      ? `.all { display: flex; align-items: flex-start; gap: ${cross} } .column { flex: 1; min-width: 0; display: flex; flex-direction: column; gap: ${main} }`
      : `.all { display: grid; grid-template-columns: repeat(${count}, minmax(0, 1fr)); gap: ${main} ${cross} }`;
    const columns = masonry
      ? Array.from({ length: count }, (_, index) => `<div class="column"><slot name="column${index}"></slot></div>`)
      : ['<slot></slot>'];
    this.#shadow.innerHTML = `<style>${style}</style><div class="all">${columns.join('')}</div>`;
    this.#columns.splice(0, Infinity, ...this.#shadow.querySelectorAll<HTMLElement>('.column'));
    for (const child of this.children) {
      if (masonry) this.#resized.observe(child);
      else child.removeAttribute('slot');
    }
    this.#deal();
  }

  /** Puts every child into the column that is the shortest so far. */
  #deal(): void {
    if (this.#columns.length === 0) return;
    const heights = this.#columns.map(() => 0);
    for (const child of this.children as HTMLCollectionOf<HTMLElement>) {
      const shortest = heights.indexOf(Math.min(...heights));
      heights[shortest] = (heights[shortest] ?? 0) + child.offsetHeight;
      if (child.slot !== `column${shortest}`) child.slot = `column${shortest}`;
    }
  }
}
