import type { NodeQuery } from '@sparrow/protocol';
import type { WxElement } from '../components/wx-element.ts';

/** Layout of one node for a selector query; null when it is gone. Lengths in CSS pixels. */
export function answerQuery(
  element: HTMLElement | undefined,
  request: NodeQuery,
  page: { root: HTMLElement; window: Window },
): Record<string, unknown> | null {
  const viewport = request.node === 0;
  const target = viewport ? page.root : element;
  if (!target) return null;
  const answer: Record<string, unknown> = {};
  const rect = viewport
    ? {
        left: 0,
        top: 0,
        right: page.window.innerWidth,
        bottom: page.window.innerHeight,
        width: page.window.innerWidth,
        height: page.window.innerHeight,
      }
    : target.getBoundingClientRect();
  if (request.rect) Object.assign(answer, { left: rect.left, top: rect.top, right: rect.right, bottom: rect.bottom });
  if (request.size) Object.assign(answer, { width: rect.width, height: rect.height });
  if (request.scrollOffset) {
    const scroller = (target as Partial<WxElement>).callMethod?.('scroller', []) as HTMLElement | undefined;
    const { scrollLeft, scrollTop, scrollWidth, scrollHeight } = scroller ?? target;
    Object.assign(answer, { scrollLeft, scrollTop, scrollWidth, scrollHeight });
  }
  if (request.computedStyle) {
    const style = page.window.getComputedStyle(target);
    for (const name of request.computedStyle)
      answer[name] = style.getPropertyValue(name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
  }
  if (request.properties) {
    const read = (target as Partial<WxElement>).callMethod?.bind(target);
    for (const name of request.properties)
      answer[name] = read?.('property', [name]) ?? target.getAttribute(name) ?? undefined;
  }
  return answer;
}
