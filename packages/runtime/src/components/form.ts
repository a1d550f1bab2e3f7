import { WxElement } from './wx-element.ts';

/** What a form asks of the controls inside it. */
export interface FormControl {
  /** Value in the `submit` event. */
  readonly formValue: unknown;
  resetForm(): void;
}

function isControl(element: Element): element is WxElement & FormControl {
  return element instanceof WxElement && 'formValue' in element;
}

/** `form`: collects the values of named controls. Custom components with `wx://form-field` are added by the logic layer. */
export class WxForm extends WxElement {
  #reports = 0;

  connectedCallback(): void {
    this.addEventListener('wxform', this.#acted);
  }
  disconnectedCallback(): void {
    this.removeEventListener('wxform', this.#acted);
  }

  readonly #acted = (event: Event): void => {
    event.stopPropagation();
    const { detail, target } = event as CustomEvent<'submit' | 'reset'>;
    const controls = [...this.querySelectorAll('*')].filter(isControl);
    if (detail === 'reset') {
      for (const control of controls) control.resetForm();
      this.emit('reset', { target: { id: (target as Element).id } });
      return;
    }
    const value: Record<string, unknown> = {};
    for (const control of controls) {
      const name = control.getAttribute('name');
      if (name) value[name] = control.formValue;
    }
    const formId = this.flag('report-submit') ? `the formId is a mock one ${++this.#reports}` : '';
    this.emit('submit', { value, formId, target: { id: (target as Element).id } });
  };
}
