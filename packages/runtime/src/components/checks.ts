import type { FormControl } from './form.ts';
import { WxElement } from './wx-element.ts';

/**
 * What checkbox, radio and switch share. The sign stands in the light DOM under the original's class name
 * (`wx-checkbox-input` …), since style sheets of real programs reach for it.
 */
abstract class Checkable extends WxElement {
  protected sign: HTMLElement | undefined;
  protected abstract readonly signClass: string;

  connectedCallback(): void {
    if (!this.sign) {
      this.sign = this.ownerDocument.createElement('div');
      this.prepend(this.sign);
    }
    this.addEventListener('wxtap', this.#tapped);
    this.show();
  }
  disconnectedCallback(): void {
    this.removeEventListener('wxtap', this.#tapped);
  }
  protected override attributeGiven(_name: string): void {
    this.show();
  }

  get checked(): boolean {
    return this.flag('checked');
  }

  protected show(): void {
    if (!this.sign) return;
    const { checked } = this;
    this.sign.className = checked ? `${this.signClass} ${this.signClass}-checked` : this.signClass;
    this.sign.toggleAttribute('disabled', this.flag('disabled'));
    this.sign.style.color = this.text('color');
  }

  protected set(checked: boolean): void {
    this.changed('checked', checked);
    this.toggleAttribute('checked', checked);
    this.show();
  }

  readonly #tapped = (event: Event): void => {
    if (this.flag('disabled')) event.preventDefault();
    else this.activate();
  };
}

/** `checkbox`, a member of the nearest `checkbox-group`. */
export class WxCheckbox extends Checkable {
  protected readonly signClass = 'wx-checkbox-input';
  override activate(): void {
    if (this.flag('disabled')) return;
    this.set(!this.checked);
    this.closest<WxCheckboxGroup>('wx-checkbox-group')?.memberChanged();
  }
  get value(): string {
    return this.text('value');
  }
  uncheck(): void {
    this.set(false);
  }
}

/** `checkbox-group`: `change` with the values of all that are checked, in the order of the page. */
export class WxCheckboxGroup extends WxElement implements FormControl {
  #members(): WxCheckbox[] {
    return [...this.querySelectorAll<WxCheckbox>('wx-checkbox')];
  }
  get formValue(): string[] {
    return this.#members()
      .filter((member) => member.checked)
      .map((member) => member.value);
  }
  memberChanged(): void {
    const value = this.formValue;
    this.changed('value', value);
    this.emit('change', { value });
  }
  resetForm(): void {
    for (const member of this.#members()) member.uncheck();
  }
}

/** `radio`: one of its `radio-group` is checked. */
export class WxRadio extends Checkable {
  protected readonly signClass = 'wx-radio-input';
  override activate(): void {
    if (this.flag('disabled') || this.checked) return;
    const group = this.closest<WxRadioGroup>('wx-radio-group');
    group?.uncheckAll();
    this.set(true);
    group?.memberChanged(this.value);
  }
  get value(): string {
    return this.text('value');
  }
  uncheck(): void {
    if (this.checked) this.set(false);
  }
  protected override attributeGiven(name: string): void {
    // A radio checked by the program takes it from the others.
    if (name === 'checked' && this.checked && this.isConnected) {
      for (const other of this.closest('wx-radio-group')?.querySelectorAll<WxRadio>('wx-radio') ?? [])
        if (other !== this) other.uncheck();
    }
    super.attributeGiven(name);
  }
}

/** `radio-group`: `change` with the value of the one that was chosen. */
export class WxRadioGroup extends WxElement implements FormControl {
  get formValue(): string {
    return [...this.querySelectorAll<WxRadio>('wx-radio')].find((member) => member.checked)?.value ?? '';
  }
  uncheckAll(): void {
    for (const member of this.querySelectorAll<WxRadio>('wx-radio')) member.uncheck();
  }
  memberChanged(value: string): void {
    this.changed('value', value);
    this.emit('change', { value });
  }
  resetForm(): void {
    this.uncheckAll();
  }
}

/** `switch`, also in the look of a checkbox (`type="checkbox"`). */
export class WxSwitch extends Checkable implements FormControl {
  protected get signClass(): string {
    return this.text('type') === 'checkbox' ? 'wx-checkbox-input' : 'wx-switch-input';
  }
  override activate(): void {
    if (this.flag('disabled')) return;
    this.set(!this.checked);
    this.emit('change', { value: this.checked });
  }
  protected override show(): void {
    super.show();
    if (!this.sign || this.text('type') === 'checkbox') return;
    this.sign.style.color = '';
    const color = this.checked ? this.text('color') : '';
    this.sign.style.backgroundColor = color;
    this.sign.style.borderColor = color;
  }
  get formValue(): boolean {
    return this.checked;
  }
  resetForm(): void {
    this.set(false);
  }
}
