import { attachParts, part, WxElement } from './wx-element.ts';

/** Drawings in a box of 24 × 24. `disc`: a filled circle behind a white sign. */
interface Drawing {
  color: string;
  body: string;
}
const disc = (sign: string): string =>
  `<circle cx="12" cy="12" r="11"/><path d="${sign}" fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/>`;
const ring = (sign: string): string =>
  `<circle cx="12" cy="12" r="10.4" fill="none" stroke="currentColor" stroke-width="1.2"/><path d="${sign}" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round"/>`;
const line = (sign: string): string =>
  `<path d="${sign}" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/>`;

const TICK = 'M6.5 12.5l3.8 3.8 7.2-8';
const CROSS = 'M8 8l8 8M16 8l-8 8';
const BANG = 'M12 6.5v7M12 17v.2';
const LETTER_I = 'M12 7v.2M12 10.5v7';

/** Types and their default colours. Source: the icon page of the component reference. */
const ICONS: Record<string, Drawing> = {
  success: { color: '#09bb07', body: disc(TICK) },
  success_no_circle: { color: '#09bb07', body: line('M3.5 12.5l5.5 5.5L20.5 6') },
  success_circle: { color: '#09bb07', body: ring(TICK) },
  safe_success: { color: '#09bb07', body: disc(TICK) },
  safe_warn: { color: '#ffbe00', body: disc(BANG) },
  info: { color: '#10aeff', body: disc(LETTER_I) },
  info_circle: { color: '#10aeff', body: ring(LETTER_I) },
  warn: { color: '#f76260', body: disc(BANG) },
  waiting: { color: '#10aeff', body: disc('M12 6.5V13l4 2.5') },
  waiting_circle: { color: '#10aeff', body: ring('M12 6.5V13l4 2.5') },
  cancel: { color: '#f43530', body: ring(CROSS) },
  clear: { color: '#b2b2b2', body: disc(CROSS) },
  download: { color: '#09bb07', body: ring('M12 6.5v10M8 13l4 4 4-4') },
  search: { color: '#b2b2b2', body: line('M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5L21 21') },
  circle: {
    color: '#c9c9c9',
    body: '<circle cx="12" cy="12" r="10.4" fill="none" stroke="currentColor" stroke-width="1.2"/>',
  },
};

/** `icon`: the signs WeChat brings along. */
export class WxIcon extends WxElement {
  readonly #box: HTMLElement;

  constructor() {
    super();
    const css =
      ':host { display: inline-block; font-size: 0; vertical-align: middle } i { display: inline-block } svg { display: block; width: 100%; height: 100%; fill: currentColor }';
    this.#box = part(attachParts(this, css, '<i></i>'), 'i');
  }

  connectedCallback(): void {
    this.#draw();
  }
  protected override attributeGiven(): void {
    if (this.isConnected) this.#draw();
  }

  #draw(): void {
    const icon = ICONS[this.text('type')];
    const size = this.length('size', 23);
    this.#box.style.cssText = `width:${size};height:${size}`;
    this.#box.style.color = this.text('color', icon?.color ?? '');
    this.#box.innerHTML = icon ? `<svg viewBox="0 0 24 24">${icon.body}</svg>` : '';
  }
}
