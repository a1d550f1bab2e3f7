/**
 * Base of the built-in components that need more than a tag and a style. One file a component; `registry.ts` lists them.
 *
 * A component lives in the light DOM of the page: its children are the mini program's, what it adds itself stands in its
 * shadow root. It gets attributes as values (numbers, objects …), not as text, and emits events with the shapes documented
 * for mini programs.
 */

/** What a component may ask of its page. */
export interface ComponentHost {
  emit(element: HTMLElement, type: string, detail: unknown, options?: { bubbles?: boolean; composed?: boolean }): void;
  /** Two-way binding changed by the user. */
  model(element: HTMLElement, attribute: string, value: unknown): void;
  /** Something for the logic layer itself, whoever listens: `@share`, `@native` … */
  tell(element: HTMLElement, type: `@${string}`, detail: unknown): void;
  /** Calls native; answers like `wx.*`. */
  invoke(name: string, params: unknown, onProgress?: (event: string, data: unknown) => void): Promise<unknown>;
  /** Address of a file of the mini program or of the network, for src and the like. */
  resolveUrl(url: string): string;
  /** Path of the page, for relative addresses of pages. */
  readonly path: string;
  readonly theme: 'light' | 'dark';
}

const hosts = new WeakMap<Document | ShadowRoot, ComponentHost>();

/** Every page announces itself before its first component is created. */
export function setComponentHost(root: Document | ShadowRoot, host: ComponentHost): void {
  hosts.set(root, host);
}

export function componentHost(element: Element): ComponentHost | undefined {
  for (let root: Node = element.getRootNode(); ; ) {
    const host = hosts.get(root as Document | ShadowRoot);
    if (host) return host;
    if (!(root instanceof ShadowRoot)) return undefined;
    root = root.host.getRootNode();
  }
}

export abstract class WxElement extends HTMLElement {
  protected readonly attributesGiven = new Map<string, unknown>();
  /** Names as the template gives them, by those with dashes. */
  readonly #models = new Map<string, string>();

  /** `undefined` removes. Called for every attribute but class, style, id and data-*. `activeColor` is `active-color`. */
  setWxAttribute(given: string, value: unknown): void {
    const name = dashed(given);
    if (value === undefined) this.attributesGiven.delete(name);
    else this.attributesGiven.set(name, value);
    // Attribute selectors of the mini program's style sheets see plain values.
    if (value === undefined || value === false || value === null) this.removeAttribute(name);
    else if (typeof value !== 'object') this.setAttribute(name, value === true ? '' : String(value));
    this.attributeGiven(name, value);
  }

  /** Called after the mini program replaced the inline style, by which sizes a component has set itself are lost. */
  styleReplaced(): void {}

  /** Called after an attribute changed. */
  protected attributeGiven(_name: string, _value: unknown): void {}

  bindModel(attribute: string): void {
    this.#models.set(dashed(attribute), attribute);
  }

  protected text(name: string, fallback = ''): string {
    const value = this.attributesGiven.get(name);
    return value === undefined || value === null ? fallback : String(value);
  }
  /** WXML's truth: the text "false" is true, as in the original; an absent attribute is `fallback`. */
  protected flag(name: string, fallback = false): boolean {
    const value = this.attributesGiven.get(name);
    if (value === undefined || value === null) return fallback;
    return value === '' ? true : Boolean(value);
  }
  protected number(name: string, fallback: number): number {
    const value = this.attributesGiven.get(name);
    const parsed = typeof value === 'number' ? value : Number.parseFloat(String(value));
    return Number.isFinite(parsed) ? parsed : fallback;
  }

  /** A length in CSS: a number is CSS pixels, a text may be in rpx. */
  protected length(name: string, fallback: number): string {
    const value = this.attributesGiven.get(name);
    const rpx = typeof value === 'string' ? /^\s*(-?[\d.]+)\s*rpx\s*$/.exec(value) : null;
    return rpx ? `calc(var(--rpx) * ${rpx[1]})` : `${this.number(name, fallback)}px`;
  }

  protected emit(type: string, detail: unknown = {}, options?: { bubbles?: boolean; composed?: boolean }): void {
    componentHost(this)?.emit(this, type, detail, options);
  }
  /** The user changed the attribute: it is remembered, and reported when it is bound with `model:`. */
  protected changed(attribute: string, value: unknown): void {
    this.attributesGiven.set(attribute, value);
    const bound = this.#models.get(attribute);
    if (bound !== undefined) componentHost(this)?.model(this, bound, value);
  }

  /** Methods a selector query's context can call; see `call` of the bridge. */
  callMethod(method: string, args: unknown[]): unknown {
    return method === 'property' ? this.attributesGiven.get(dashed(String(args[0]))) : undefined;
  }

  /** What a tap does; a label hands its taps on to this. */
  activate(): void {}
}

function dashed(name: string): string {
  return /[A-Z]/.test(name) ? name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`) : name;
}

/** It is laid out: neither it nor what holds it is `display: none`. */
export function hasBox(element: HTMLElement): boolean {
  return element.getClientRects().length > 0;
}

/** Calls once when the element, which has no box now, gets one: what depends on sizes is done then. */
export function whenShown(element: HTMLElement, run: () => void): void {
  const observer = new ResizeObserver(() => {
    if (!hasBox(element)) return;
    observer.disconnect();
    run();
  });
  observer.observe(element);
}

/** A shadow root with a style sheet and fixed markup of our own. Rules for `:host` are weaker than any class of the program. */
export function attachParts(element: HTMLElement, css: string, markup: string): ShadowRoot {
  const shadow = element.attachShadow({ mode: 'open' });
  shadow.innerHTML = `<style>${css}</style>${markup}`;
  return shadow;
}

/** A part of a shadow root that is known to be there. */
export function part<T extends HTMLElement = HTMLElement>(shadow: ShadowRoot, selector: string): T {
  const found = shadow.querySelector<T>(selector);
  if (!found) throw new Error(`the component has no part ${selector}`);
  return found;
}
