import { WxElement } from './wx-element.ts';

/** What a label may stand for. Source: the label page of the component reference. */
const CONTROLS = 'wx-button, wx-checkbox, wx-radio, wx-switch, wx-input, wx-textarea';

/** `label`: hands taps on to the control named by `for`, else to the first control inside. */
export class WxLabel extends WxElement {
  connectedCallback(): void {
    this.addEventListener('wxtap', this.#tapped);
  }
  disconnectedCallback(): void {
    this.removeEventListener('wxtap', this.#tapped);
  }

  readonly #tapped = (event: Event): void => {
    const name = this.text('for');
    const control = name
      ? (this.getRootNode() as Document | ShadowRoot).querySelector(`#${CSS.escape(name)}`)
      : this.querySelector(CONTROLS);
    if (!(control instanceof WxElement)) return;
    // A tap on a control inside is that control's own.
    const inside = (event.target as Element).closest(CONTROLS);
    if (inside && this.contains(inside)) return;
    control.activate();
  };
}
