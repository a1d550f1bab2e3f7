import { installDrag } from './drag.ts';
import type { FormControl } from './form.ts';
import { attachParts, part, WxElement } from './wx-element.ts';

const CSS_TEXT = `:host { display: block; margin: 10px 18px; padding: 0; touch-action: pan-y }
.row { display: flex; align-items: center; min-height: 16px }
.bar { position: relative; flex: 1; padding: 12px 0; cursor: pointer }
.rail { height: 2px; border-radius: 5px; overflow: hidden }
.track { height: 100% }
.block { position: absolute; top: 50%; border-radius: 50%; transform: translate(-50%, -50%); box-shadow: 0 0 4px rgba(0, 0, 0, .2) }
.value { width: 3ch; margin-left: 1em; text-align: center; color: #888; font-size: 15px }`;

/** `slider`: a value chosen by dragging. */
export class WxSlider extends WxElement implements FormControl {
  readonly #bar: HTMLElement;
  readonly #rail: HTMLElement;
  readonly #track: HTMLElement;
  readonly #block: HTMLElement;
  readonly #shown: HTMLElement;

  constructor() {
    super();
    const shadow = attachParts(
      this,
      CSS_TEXT,
      '<div class="row"><div class="bar"><div class="rail"><div class="track"></div></div><div class="block"></div></div><div class="value" hidden></div></div>',
    );
    this.#bar = part(shadow, '.bar');
    this.#rail = part(shadow, '.rail');
    this.#track = part(shadow, '.track');
    this.#block = part(shadow, '.block');
    this.#shown = part(shadow, '.value');
    installDrag(this.#bar, () => ({
      axis: 'x',
      begin: () => !this.flag('disabled'),
      move: (_, event) => this.#to(event.clientX, 'changing'),
      end: () => this.emit('change', { value: this.#value }),
    }));
    this.#bar.addEventListener('click', (event) => {
      if (!this.flag('disabled') && this.#to(event.clientX, undefined)) this.emit('change', { value: this.#value });
    });
  }

  connectedCallback(): void {
    this.#show();
  }
  protected override attributeGiven(): void {
    this.#show();
  }

  get #value(): number {
    const min = this.number('min', 0);
    return Math.min(this.number('max', 100), Math.max(min, this.number('value', min)));
  }

  /** True when the value changed. */
  #to(clientX: number, event: 'changing' | undefined): boolean {
    const { left, width } = this.#bar.getBoundingClientRect();
    const min = this.number('min', 0);
    const max = this.number('max', 100);
    const step = this.number('step', 1);
    const share = width > 0 ? Math.min(1, Math.max(0, (clientX - left) / width)) : 0;
    const steps = Math.round((share * (max - min)) / (step > 0 ? step : 1));
    // Steps like 0.1 must not show as 0.30000000000000004.
    const value = Math.min(max, Number((min + steps * (step > 0 ? step : 1)).toFixed(10)));
    if (value === this.#value) return false;
    this.changed('value', value);
    this.#show();
    if (event) this.emit(event, { value });
    return true;
  }

  #show(): void {
    const min = this.number('min', 0);
    const range = this.number('max', 100) - min;
    const percent = range > 0 ? ((this.#value - min) / range) * 100 : 0;
    this.#rail.style.backgroundColor = this.text('background-color', this.text('color', '#e9e9e9'));
    this.#track.style.backgroundColor = this.text('active-color', this.text('selected-color', '#1aad19'));
    this.#track.style.width = `${percent}%`;
    const size = Math.min(28, Math.max(12, this.number('block-size', 28)));
    this.#block.style.cssText = `left:${percent}%;width:${size}px;height:${size}px`;
    this.#block.style.backgroundColor = this.text('block-color', '#fff');
    this.#shown.hidden = !this.flag('show-value');
    this.#shown.textContent = String(this.#value);
  }

  get formValue(): number {
    return this.#value;
  }
  resetForm(): void {
    this.changed('value', this.number('min', 0));
    this.#show();
  }
}
