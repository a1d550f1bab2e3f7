import { WxElement } from './wx-element.ts';

/**
 * Its content stands in a layer at the end of the page, where no ancestor clips or moves it. The applier asks for
 * `contentHome` wherever it puts children into this element.
 */
export abstract class Portal extends WxElement {
  readonly contentHome: HTMLElement = Object.assign(this.ownerDocument.createElement('wx-portal-layer'), {
    portal: this as HTMLElement,
  });

  connectedCallback(): void {
    this.#place();
  }
  disconnectedCallback(): void {
    this.contentHome.remove();
  }
  protected override attributeGiven(_name: string, _value: unknown): void {
    if (this.isConnected) this.#place();
  }
  /** Whether the content is taken out of its place. */
  protected abstract get lifted(): boolean;

  #place(): void {
    const home = this.lifted ? this.closest('wx-root') : this;
    if (home && this.contentHome.parentNode !== home) home.append(this.contentHome);
  }
}

/** `root-portal`: its content lies over the whole page. */
export class WxRootPortal extends Portal {
  protected get lifted(): boolean {
    return this.flag('enable', true);
  }
}

/** `keyboard-accessory`: a bar at the lower edge of the page while the text field around it has the focus. */
export class WxKeyboardAccessory extends Portal {
  #field: HTMLElement | null = null;
  protected get lifted(): boolean {
    return true;
  }
  override connectedCallback(): void {
    super.connectedCallback();
    this.contentHome.className = 'wx-keyboard-accessory';
    this.contentHome.hidden = true;
    // A press on the bar must not take the focus from the field.
    this.contentHome.onmousedown = (event) => event.preventDefault();
    this.#field = this.closest<HTMLElement>('wx-textarea, wx-input');
    this.#field?.addEventListener('focusin', this.#show);
    this.#field?.addEventListener('focusout', this.#hide);
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#field?.removeEventListener('focusin', this.#show);
    this.#field?.removeEventListener('focusout', this.#hide);
  }
  readonly #show = (): void => {
    this.contentHome.hidden = false;
  };
  readonly #hide = (): void => {
    this.contentHome.hidden = true;
  };
}
