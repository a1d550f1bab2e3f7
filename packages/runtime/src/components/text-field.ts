import type { FormControl } from './form.ts';
import { WxElement } from './wx-element.ts';

/** Source: the input and textarea pages of the component reference. */
const MAX_LENGTH = 140;

/** What `input` and `textarea` share: value, cursor, limits, placeholder and focus. */
export abstract class TextField<T extends HTMLInputElement | HTMLTextAreaElement>
  extends WxElement
  implements FormControl
{
  protected readonly field: T;
  protected composing = false;
  #before = '';

  constructor(field: T, css: string) {
    super();
    this.field = field;
    const shadow = this.attachShadow({ mode: 'open' });
    const style = document.createElement('style');
    style.textContent = `${css} .field::placeholder { color: #808080; opacity: 1 }`;
    this.#placeholder = document.createElement('style');
    field.className = 'field';
    field.maxLength = MAX_LENGTH;
    shadow.append(style, this.#placeholder, field);
    field.addEventListener('compositionstart', () => {
      this.composing = true;
    });
    field.addEventListener('compositionend', () => {
      this.composing = false;
      this.#typed();
    });
    field.addEventListener('input', () => {
      if (!this.composing) this.#typed();
    });
    field.addEventListener('focus', () => {
      this.emit('focus', { value: field.value, height: 0 });
      this.emit('keyboardheightchange', { height: 0, duration: 0 });
    });
    field.addEventListener('blur', () => {
      this.attributesGiven.set('focus', false);
      this.emit('blur', {
        value: field.value,
        cursor: field.selectionStart ?? 0,
        encryptedValue: '',
        encryptError: '',
      });
      this.emit('change', { value: field.value });
      this.emit('keyboardheightchange', { height: 0, duration: 0 });
    });
  }

  readonly #placeholder: HTMLStyleElement;

  connectedCallback(): void {
    if (this.flag('focus') || this.flag('auto-focus')) queueMicrotask(() => this.field.focus());
    this.#stylePlaceholder();
    this.sized();
  }

  /** The text or its room changed. */
  protected sized(): void {}

  #typed(): void {
    const { field } = this;
    const { value } = field;
    const cursor = field.selectionStart ?? value.length;
    const keyCode = value.length > this.#before.length ? (value.codePointAt(cursor - 1) ?? 0) : 8;
    this.#before = value;
    this.changed('value', value);
    this.emit('input', { value, cursor, keyCode });
    this.sized();
  }

  protected override attributeGiven(name: string, value: unknown): void {
    const { field } = this;
    switch (name) {
      case 'value': {
        const limit = this.#limit();
        const given = value === undefined || value === null ? '' : String(value);
        const text = limit === undefined ? given : given.slice(0, limit);
        if (field.value !== text) field.value = text;
        this.#before = text;
        this.sized();
        break;
      }
      case 'placeholder':
        field.placeholder = this.text('placeholder');
        break;
      case 'placeholder-style':
      case 'placeholder-class':
        this.#stylePlaceholder();
        break;
      case 'disabled':
        field.disabled = this.flag('disabled');
        break;
      case 'maxlength': {
        const limit = this.#limit();
        if (limit === undefined) field.removeAttribute('maxlength');
        else field.maxLength = limit;
        break;
      }
      case 'focus':
        if (!this.isConnected) break;
        // What is shown by the same change has to be there before it can be focused.
        queueMicrotask(() => (this.flag('focus') ? field.focus() : field.blur()));
        break;
      case 'confirm-type':
        field.enterKeyHint = this.text('confirm-type', 'done');
        break;
      case 'cursor':
        this.#select(this.number('cursor', -1), this.number('cursor', -1));
        break;
      case 'selection-start':
      case 'selection-end':
        this.#select(this.number('selection-start', -1), this.number('selection-end', -1));
    }
  }

  #limit(): number | undefined {
    const limit = this.number('maxlength', MAX_LENGTH);
    return limit < 0 ? undefined : limit;
  }

  #select(start: number, end: number): void {
    if (start < 0 || end < start) return;
    // The value of this very change comes first.
    queueMicrotask(() => this.field.setSelectionRange(start, end));
  }

  /** The class is looked up in the page, since its rules do not reach into a shadow root. */
  #stylePlaceholder(): void {
    const name = this.text('placeholder-class');
    const rules: string[] = [];
    if (name && this.isConnected) {
      const probe = this.ownerDocument.createElement('wx-view');
      probe.className = name;
      probe.style.display = 'none';
      this.before(probe);
      const plain = this.ownerDocument.createElement('wx-view');
      plain.style.display = 'none';
      this.before(plain);
      const [wanted, usual] = [getComputedStyle(probe), getComputedStyle(plain)];
      for (const property of ['color', 'font-size', 'font-weight', 'font-family', 'text-align', 'line-height'])
        if (wanted.getPropertyValue(property) !== usual.getPropertyValue(property))
          rules.push(`${property}: ${wanted.getPropertyValue(property)}`);
      probe.remove();
      plain.remove();
    }
    const own = this.text('placeholder-style').replace(/(-?[\d.]+)rpx/g, 'calc(var(--rpx) * $1)');
    // Braces would end the rule.
    this.#placeholder.textContent = `.field::placeholder { ${[...rules, own].join('; ').replace(/[{}]/g, '')} }`;
  }

  override activate(): void {
    if (!this.flag('disabled')) this.field.focus();
  }

  get formValue(): string {
    return this.field.value;
  }
  resetForm(): void {
    this.field.value = '';
    this.#before = '';
    this.changed('value', '');
    this.sized();
  }
  override callMethod(method: string, args: unknown[]): unknown {
    if (method === 'focus') return this.field.focus();
    if (method === 'blur') return this.field.blur();
    if (method === 'property' && args[0] === 'value') return this.field.value;
    // What an `input` handler returned takes the place of the text.
    if (method === 'replaceValue') {
      const [about, value, cursor] = args;
      if (this.field.value !== about) return;
      this.field.value = String(value);
      this.#before = this.field.value;
      this.changed('value', this.field.value);
      if (typeof cursor === 'number') this.field.setSelectionRange(cursor, cursor);
      return this.sized();
    }
    return super.callMethod(method, args);
  }
}
