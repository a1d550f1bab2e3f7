import { WxButton } from './button.ts';
import { WxImage } from './image.ts';
import { WxInput } from './input.ts';
import { WxScrollView } from './scroll-view.ts';
import type { WxElement } from './wx-element.ts';

/** Every built-in component that is more than a style, by its element name. */
const COMPONENTS: Record<string, new () => WxElement> = {
  'wx-button': WxButton,
  'wx-image': WxImage,
  'wx-input': WxInput,
  'wx-scroll-view': WxScrollView,
};

/** Defines the elements once for this realm. */
export function registerComponents(): void {
  for (const [name, constructor] of Object.entries(COMPONENTS))
    if (!customElements.get(name)) customElements.define(name, constructor);
}
