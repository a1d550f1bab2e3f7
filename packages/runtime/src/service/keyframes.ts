import type { Caller } from './caller.ts';
import { find } from './selector-query.ts';
import type { TreeNode } from './tree-node.ts';

/** One frame of `this.animate`: style names as in the API reference, transforms as numbers or lists. */
export type KeyframeGiven = Record<string, unknown>;

/**
 * `this.animate` and `this.clearAnimation` of pages and components. The view gets them as a value of the attribute
 * `animation`, on the elements the selector finds at the time of the call.
 */
export const keyframeMethods = {
  animate(this: Caller, selector: string, keyframes: KeyframeGiven[], duration: number, callback?: () => void): void {
    send(this, selector, { keyframes: Array.isArray(keyframes) ? keyframes : [], duration: Number(duration) || 0 });
    if (typeof callback === 'function') setTimeout(() => callback.call(this), Number(duration) || 0);
  },
  clearAnimation(this: Caller, selector: string, options?: object | (() => void), callback?: () => void): void {
    send(this, selector, { clear: typeof options === 'object' && options ? Object.keys(options) : true });
    const done = typeof options === 'function' ? options : callback;
    if (typeof done === 'function') setTimeout(() => done.call(this), 0);
  },
};

function send(component: Caller, selector: string, value: object): void {
  for (const element of find(component._$, String(selector), true)) {
    const node = element.getBackendElement() as unknown as TreeNode | null;
    node?.setAttribute('animation', value);
  }
}
