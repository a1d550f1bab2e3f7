import type * as glassEasel from 'glass-easel';
import { copyPlain } from './definitions.ts';

/** What WXS code gets of a component or node. Source: the WXS event chapter of the guide (ComponentDescriptor). */
export interface WxsInstance {
  selectComponent(selector: string): WxsInstance | undefined;
  selectAllComponents(selector: string): WxsInstance[];
  setStyle(style: string | Record<string, string | number>): void;
  addClass(name: string): void;
  removeClass(name: string): void;
  hasClass(name: string): boolean;
  getDataset(): unknown;
  callMethod(name: string, argument?: unknown): void;
  triggerEvent(name: string, detail?: unknown): void;
  /** An object that stays with the node. */
  getState(): Record<string, unknown>;
  requestAnimationFrame(callback: () => void): void;
  setTimeout(callback: () => void, milliseconds?: number): number;
  clearTimeout(timer: number): void;
}

/** One frame at 60 a second, in milliseconds: the logic layer has no frames of its own. */
const FRAME_MS = 16;
/** `StyleSegmentIndex.TEMP` of glass-easel: lies over the style of the template. */
const TEMPORARY_STYLE = 3;

type Host = glassEasel.GeneralComponent;

/** Makes WXS instances; the same node always gets the same one, so that its state stays. */
export function createWxsInstances(
  triggerEvent: (element: glassEasel.Element, name: string, detail: unknown) => void,
): (element: glassEasel.Element) => WxsInstance {
  const known = new WeakMap<object, WxsInstance>();
  function of(element: glassEasel.Element): WxsInstance {
    const existing = known.get(element);
    if (existing) return existing;
    const state: Record<string, unknown> = {};
    const component = 'getMethodCaller' in element ? (element as Host) : undefined;
    const shadow = (): glassEasel.ShadowRoot | null => component?.getShadowRoot() ?? null;
    const made: WxsInstance = {
      selectComponent(selector) {
        const found = shadow()?.querySelector(selector);
        return found ? of(found) : undefined;
      },
      selectAllComponents: (selector) => (shadow()?.querySelectorAll(selector) ?? []).map(of),
      setStyle(style) {
        const text =
          typeof style === 'string'
            ? style
            : Object.entries(style)
                .map(([name, value]) => `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}:${value}`)
                .join(';');
        element.setNodeStyle(text, TEMPORARY_STYLE as never);
      },
      addClass: (name) => element.toggleNodeClass(name, true),
      removeClass: (name) => element.toggleNodeClass(name, false),
      hasClass: (name) => element.class.split(/\s+/).includes(name),
      getDataset: () => copyPlain(element.dataset ?? {}),
      callMethod(name, argument) {
        const method = (component?.getMethodCaller() as Record<string, unknown> | undefined)?.[name];
        if (typeof method === 'function') method.call(component?.getMethodCaller(), argument);
      },
      triggerEvent: (name, detail) => triggerEvent(element, name, detail),
      getState: () => state,
      requestAnimationFrame: (callback) => void globalThis.setTimeout(callback, FRAME_MS),
      setTimeout: (callback, milliseconds) => globalThis.setTimeout(callback, milliseconds) as unknown as number,
      clearTimeout: (timer) => globalThis.clearTimeout(timer),
    };
    known.set(element, made);
    return made;
  }
  return of;
}
