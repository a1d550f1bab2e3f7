import type { WxElement } from './wx-element.ts';

/** Every built-in component that is more than a style, by its element name. */
const COMPONENTS: Record<string, new () => WxElement> = {};

/** Defines the elements once for this realm. */
export function registerComponents(): void {
  for (const [name, constructor] of Object.entries(COMPONENTS))
    if (!customElements.get(name)) customElements.define(name, constructor);
}
