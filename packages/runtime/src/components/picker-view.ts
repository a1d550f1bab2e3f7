import { attachParts, hasBox, part, WxElement, whenShown } from './wx-element.ts';

/** Height of a line when the program sets none. CSS pixels. */
const LINE = 34;

/** `picker-view-column`: one wheel of a picker-view. */
export class WxPickerViewColumn extends WxElement {
  readonly #wheel: HTMLElement;

  constructor() {
    super();
    const css = `:host { display: block; position: relative; flex: 1; height: 100%; overflow: hidden }
      .wheel { height: 100%; overflow-y: scroll; scroll-snap-type: y mandatory; scrollbar-width: none;
      mask: linear-gradient(transparent, #000 45%, #000 55%, transparent) }
      .pad { height: calc(50% - var(--line, ${LINE}px) / 2) }
      ::slotted(*) { height: var(--line, ${LINE}px); scroll-snap-align: center; overflow: hidden; text-align: center }
      .mark { position: absolute; left: 0; right: 0; top: calc(50% - var(--line, ${LINE}px) / 2); height: var(--line, ${LINE}px);
      border-block: 1px solid rgba(0, 0, 0, .1); box-sizing: border-box; pointer-events: none }`;
    const markup =
      '<div class="wheel"><div class="pad"></div><slot></slot><div class="pad"></div></div><div class="mark"></div>';
    const shadow = attachParts(this, css, markup);
    this.#wheel = part(shadow, '.wheel');
    this.#wheel.addEventListener('scrollend', () => this.closest<WxPickerView>('wx-picker-view')?.columnMoved());
    shadow
      .querySelector('slot')
      ?.addEventListener('slotchange', () => this.closest<WxPickerView>('wx-picker-view')?.place());
  }

  /** The line height follows the first option's own when the program gave it one. */
  get #line(): number {
    return (this.firstElementChild as HTMLElement | null)?.offsetHeight || LINE;
  }
  get index(): number {
    return Math.min(
      Math.max(0, this.childElementCount - 1),
      Math.max(0, Math.round(this.#wheel.scrollTop / this.#line)),
    );
  }
  set index(index: number) {
    this.#wheel.scrollTop = index * this.#line;
  }
}

/** `picker-view`: wheels in the page; `change` with the index of every column. */
export class WxPickerView extends WxElement {
  #shown = '';
  #waits = false;

  connectedCallback(): void {
    requestAnimationFrame(() => this.place());
  }
  protected override attributeGiven(name: string): void {
    if (name === 'value' && this.isConnected) requestAnimationFrame(() => this.place());
  }
  #columns(): WxPickerViewColumn[] {
    return [...this.querySelectorAll<WxPickerViewColumn>('wx-picker-view-column')];
  }
  /** Puts the wheels where the value says; those that are not laid out are placed as soon as they are. */
  place(): void {
    if (!this.isConnected || this.#waits) return;
    if (!hasBox(this)) {
      this.#waits = true;
      whenShown(this, () => {
        this.#waits = false;
        this.place();
      });
      return;
    }
    const value = this.attributesGiven.get('value');
    const list = Array.isArray(value) ? value.map(Number) : [];
    const columns = this.#columns();
    columns.forEach((column, at) => {
      column.index = list[at] ?? 0;
    });
    this.#shown = String(columns.map((column) => column.index));
  }
  columnMoved(): void {
    // A wheel that loses its box loses its place, which nobody has chosen.
    if (!hasBox(this)) return this.place();
    const value = this.#columns().map((column) => column.index);
    if (String(value) === this.#shown) return;
    this.#shown = String(value);
    this.changed('value', value);
    this.emit('change', { value });
    this.emit('pickend', {});
  }
}
