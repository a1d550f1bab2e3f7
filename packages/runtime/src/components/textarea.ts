import { TextField } from './text-field.ts';
import { hasBox, whenShown } from './wx-element.ts';

/** `textarea`: lines of text, which may set their own height. */
export class WxTextarea extends TextField<HTMLTextAreaElement> {
  #lines = 0;

  constructor() {
    super(
      document.createElement('textarea'),
      `:host { display: block; width: 300px; height: 150px; position: relative; overflow: hidden }
      textarea { display: block; box-sizing: border-box; width: 100%; height: 100%; margin: 0; padding: 0; border: 0; outline: 0; resize: none;
      background: transparent; color: inherit; font: inherit; text-align: inherit; letter-spacing: inherit; line-height: inherit; user-select: text; -webkit-user-select: text;
      scrollbar-width: none }
      :host([auto-height]) textarea { overflow: hidden }`,
    );
    this.field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || this.composing) return;
      const type = this.text('confirm-type', 'return');
      if (type === 'return') return;
      event.preventDefault();
      this.emit('confirm', { value: this.field.value });
      if (!this.flag('confirm-hold')) this.field.blur();
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // Fonts and the width are known after the first layout.
    requestAnimationFrame(() => this.sized());
  }
  override styleReplaced(): void {
    this.sized();
  }

  protected override attributeGiven(name: string, value: unknown): void {
    super.attributeGiven(name, value);
    if (name === 'auto-height') this.sized();
  }

  /** Padding and border above and below, when the height of the element has to hold them. CSS pixels. */
  #frame(): number {
    const style = getComputedStyle(this);
    if (style.boxSizing !== 'border-box') return 0;
    const sides = [style.paddingTop, style.paddingBottom, style.borderTopWidth, style.borderBottomWidth];
    return sides.reduce((sum, side) => sum + (Number.parseFloat(side) || 0), 0);
  }

  protected override sized(): void {
    if (!this.isConnected) return;
    if (!hasBox(this)) return whenShown(this, () => this.sized());
    const { field } = this;
    const style = getComputedStyle(field);
    const lineHeight = Number.parseFloat(style.lineHeight) || Number.parseFloat(style.fontSize) * 1.2;
    // The height of the text alone shows in a field that has none of its own.
    const kept = field.style.height;
    field.style.height = '0';
    const lines = Math.max(1, Math.floor(field.scrollHeight / lineHeight + 0.3));
    // Fonts taller than their line make the field scroll a little further than its lines reach.
    const height = Math.ceil(lines * lineHeight);
    field.style.height = kept;
    if (this.flag('auto-height')) this.style.height = `${height + this.#frame()}px`;
    if (lines === this.#lines) return;
    this.#lines = lines;
    const rpx =
      Number.parseFloat(style.getPropertyValue('--rpx')) || this.ownerDocument.documentElement.clientWidth / 750;
    this.emit('linechange', { height, heightRpx: height / rpx, lineCount: lines, lineHeight });
  }
}
