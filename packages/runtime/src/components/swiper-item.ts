import { attachParts, part, WxElement } from './wx-element.ts';

/** `swiper-item`: one card; its swiper puts it into place. */
export class WxSwiperItem extends WxElement {
  readonly #place: HTMLStyleElement;

  constructor() {
    super();
    const shadow = attachParts(
      this,
      ':host { display: block; flex: none; position: relative; width: 100%; height: 100%; overflow: hidden }',
      '<style class="place"></style><slot></slot>',
    );
    this.#place = part<HTMLStyleElement>(shadow, '.place');
  }

  get itemId(): string {
    return this.text('item-id');
  }

  /**
   * Size of the card along the axis, in percent of the swiper, and how many percent of itself it is moved. Written as a rule,
   * since the inline style belongs to the program.
   */
  place(vertical: boolean, size: number, shift: number): void {
    const side = vertical ? 'height' : 'width';
    const move = shift === 0 ? '' : `transform: translate${vertical ? 'Y' : 'X'}(${shift * 100}%);`;
    const rule = `:host { ${side}: ${size}% !important; ${move} }`;
    if (this.#place.textContent !== rule) this.#place.textContent = rule;
  }
}
