import { attachParts, part, WxElement } from './wx-element.ts';

const CSS_TEXT = `:host { display: flex; align-items: center }
.bar { flex: 1; overflow: hidden } .inner { width: 0; height: 100% } .info { margin-left: 15px; min-width: 2em }`;

/** `progress`: a bar, which may grow to its value (`active`). */
export class WxProgress extends WxElement {
  readonly #bar: HTMLElement;
  readonly #inner: HTMLElement;
  readonly #info: HTMLElement;
  #shown = 0;
  #frame = 0;

  constructor() {
    super();
    const shadow = attachParts(
      this,
      CSS_TEXT,
      '<div class="bar"><div class="inner"></div></div><div class="info" hidden></div>',
    );
    this.#bar = part(shadow, '.bar');
    this.#inner = part(shadow, '.inner');
    this.#info = part(shadow, '.info');
  }

  connectedCallback(): void {
    this.#style();
    this.#run();
  }
  disconnectedCallback(): void {
    cancelAnimationFrame(this.#frame);
  }
  protected override attributeGiven(name: string): void {
    if (!this.isConnected) return;
    this.#style();
    if (name === 'percent' || name === 'active') this.#run();
  }

  #style(): void {
    const radius = this.length('border-radius', 0);
    this.#bar.style.cssText = `height:${this.length('stroke-width', 6)};border-radius:${radius}`;
    this.#bar.style.backgroundColor = this.text('background-color', '#ebebeb');
    this.#inner.style.backgroundColor = this.text('active-color', this.text('color', '#09bb07'));
    this.#inner.style.borderRadius = radius;
    this.#info.hidden = !this.flag('show-info');
    this.#info.style.fontSize = this.length('font-size', 16);
  }

  #run(): void {
    cancelAnimationFrame(this.#frame);
    const target = Math.min(100, Math.max(0, this.number('percent', 0)));
    if (!this.flag('active')) return this.#show(target);
    // Milliseconds for one percent.
    const pace = Math.max(1, this.number('duration', 30));
    const from = this.text('active-mode', 'backwards') === 'forwards' ? Math.min(this.#shown, target) : 0;
    const start = performance.now();
    const step = (now: number): void => {
      const value = Math.min(target, from + Math.max(0, now - start) / pace);
      this.#show(value);
      if (value < target) this.#frame = requestAnimationFrame(step);
      else this.emit('activeend', { curPercent: target });
    };
    this.#show(from);
    this.#frame = requestAnimationFrame(step);
  }

  #show(value: number): void {
    this.#shown = value;
    this.#inner.style.width = `${value}%`;
    this.#info.textContent = `${Math.floor(value)}%`;
  }
}
