import type { ViewLook } from '@sparrow/protocol';

/** Tells `check` what the view shows of a page: its own elements and text, without bars and overlays. */
export function lookAtView(pageId: number): ViewLook {
  const scope: ParentNode = document.querySelector(`sparrow-page[data-page="${pageId}"]`)?.shadowRoot ?? document;
  const page = scope.querySelector<HTMLElement>('wx-page');
  const elements = page ? [...page.querySelectorAll('*')] : [];
  return {
    elements: elements.length,
    text: page?.innerText ?? '',
    tags: [...new Set(elements.map((element) => element.localName.replace(/^wx-/, '')))],
  };
}

declare global {
  interface Window {
    sparrowLook: typeof lookAtView;
  }
}
