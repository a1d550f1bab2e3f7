import { WxElement } from './wx-element.ts';

const KEYBOARDS: Record<string, string> = { number: 'numeric', digit: 'decimal', idcard: 'text', tel: 'tel' };

/** `input`: one line of text. */
export class WxInput extends WxElement {
  readonly #input = document.createElement('input');
  #composing = false;

  constructor() {
    super();
    const shadow = this.attachShadow({ mode: 'open' });
    const style = document.createElement('style');
    style.textContent = `input { display: block; width: 100%; height: 100%; min-height: inherit; margin: 0; padding: 0; border: 0; outline: 0;
      background: transparent; color: inherit; font: inherit; text-align: inherit; letter-spacing: inherit; user-select: text }
      input::placeholder { color: var(--placeholder-color, #808080); font-size: var(--placeholder-size, inherit) }`;
    shadow.append(style, this.#input);
    const input = this.#input;
    input.addEventListener('compositionstart', () => {
      this.#composing = true;
    });
    input.addEventListener('compositionend', () => {
      this.#composing = false;
      this.#typed();
    });
    input.addEventListener('input', () => {
      if (!this.#composing) this.#typed();
    });
    input.addEventListener('focus', () => this.emit('focus', { value: input.value, height: 0 }));
    input.addEventListener('blur', () => {
      this.emit('blur', {
        value: input.value,
        cursor: input.selectionStart ?? 0,
        encryptedValue: '',
        encryptError: '',
      });
      this.emit('change', { value: input.value });
    });
    input.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || this.#composing) return;
      this.emit('confirm', { value: input.value });
      if (!this.flag('confirm-hold')) input.blur();
    });
  }

  connectedCallback(): void {
    if (this.flag('focus') || this.flag('auto-focus')) queueMicrotask(() => this.#input.focus());
  }

  #typed(): void {
    const input = this.#input;
    const before = this.text('value');
    const { value } = input;
    this.changed('value', value);
    const keyCode = value.length > before.length ? (value.codePointAt((input.selectionStart ?? 1) - 1) ?? 0) : 8;
    this.emit('input', { value, cursor: input.selectionStart ?? value.length, keyCode });
  }

  protected override attributeGiven(name: string, value: unknown): void {
    const input = this.#input;
    if (name === 'value') {
      const text = value === undefined || value === null ? '' : String(value);
      if (input.value !== text) input.value = text;
    } else if (name === 'type' || name === 'password') {
      const type = this.text('type', 'text');
      input.type = this.flag('password') || type === 'safe-password' ? 'password' : 'text';
      input.inputMode = KEYBOARDS[type] ?? 'text';
    } else if (name === 'placeholder') input.placeholder = this.text('placeholder');
    else if (name === 'placeholder-style') {
      const declarations = new CSSStyleSheet();
      declarations.replaceSync(`input { ${this.text('placeholder-style')} }`);
      const { style } = (declarations.cssRules[0] as CSSStyleRule) ?? {};
      this.style.setProperty('--placeholder-color', style?.color ?? '');
      this.style.setProperty('--placeholder-size', style?.fontSize ?? '');
    } else if (name === 'disabled') input.disabled = this.flag('disabled');
    else if (name === 'maxlength') {
      const limit = this.number('maxlength', 140);
      if (limit >= 0) input.maxLength = limit;
      else input.removeAttribute('maxlength');
    } else if (name === 'focus') {
      if (this.flag('focus')) input.focus();
      else if (this.isConnected) input.blur();
    } else if (name === 'confirm-type') input.enterKeyHint = this.text('confirm-type', 'done');
    else if (name === 'cursor') {
      const at = this.number('cursor', -1);
      if (at >= 0) input.setSelectionRange(at, at);
    } else if (name === 'selection-start' || name === 'selection-end') {
      const start = this.number('selection-start', -1);
      const end = this.number('selection-end', -1);
      if (start >= 0 && end >= start) input.setSelectionRange(start, end);
    }
  }

  /** For forms. */
  get formValue(): string {
    return this.#input.value;
  }
  resetForm(): void {
    this.#input.value = '';
    this.changed('value', '');
  }
  override callMethod(method: string, args: unknown[]): unknown {
    if (method === 'property') return this.attributesGiven.get(String(args[0]));
    if (method === 'focus') this.#input.focus();
    if (method === 'blur') this.#input.blur();
    return undefined;
  }
}
