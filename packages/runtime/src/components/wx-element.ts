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
  /** Calls native; answers like `wx.*`. */
  invoke(name: string, params: unknown): Promise<unknown>;
  /** Address of a file of the mini program or of the network, for src and the like. */
  resolveUrl(url: string): string;
  /** Navigation, sharing and other actions of `navigator` and `button open-type`. */
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
  readonly #models = new Set<string>();

  /** `undefined` removes. Called for every attribute but class, style, id and data-*. */
  setWxAttribute(name: string, value: unknown): void {
    if (value === undefined) this.attributesGiven.delete(name);
    else this.attributesGiven.set(name, value);
    // Attribute selectors of the mini program's style sheets see plain values.
    if (value === undefined || value === false || value === null) this.removeAttribute(name);
    else if (typeof value !== 'object') this.setAttribute(name, value === true ? '' : String(value));
    this.attributeGiven(name, value);
  }

  /** Called after an attribute changed. */
  protected attributeGiven(_name: string, _value: unknown): void {}

  bindModel(attribute: string): void {
    this.#models.add(attribute);
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

  protected emit(type: string, detail: unknown = {}, options?: { bubbles?: boolean; composed?: boolean }): void {
    componentHost(this)?.emit(this, type, detail, options);
  }
  /** The user changed the attribute: it is remembered, and reported when it is bound with `model:`. */
  protected changed(attribute: string, value: unknown): void {
    this.attributesGiven.set(attribute, value);
    if (this.#models.has(attribute)) componentHost(this)?.model(this, attribute, value);
  }

  /** Methods a selector query's context can call; see `call` of the bridge. */
  callMethod(_method: string, _args: unknown[]): unknown {
    return undefined;
  }
}
