import type { ViewLook } from '@sparrow/protocol';

/** A picture that takes this share of the window is something to look at. */
const PICTURE_SHARE = 0.1;
/** A background picture has so long to arrive, in milliseconds. */
const BACKGROUND_MS = 1_000;

/** Tells `check` what the view shows of a page: its own elements, text and pictures, without bars and overlays. */
export async function lookAtView(pageId: number): Promise<ViewLook> {
  const scope: ParentNode = document.querySelector(`sparrow-page[data-page="${pageId}"]`)?.shadowRoot ?? document;
  const page = scope.querySelector<HTMLElement>('wx-page');
  const elements = page ? [...page.querySelectorAll('*')] : [];
  const pictures = await Promise.all(elements.filter(isLarge).map(showsPicture));
  return {
    elements: elements.length,
    text: page?.innerText ?? '',
    picture: pictures.includes(true),
    tags: [...new Set(elements.map((element) => element.localName.replace(/^wx-/, '')))],
  };
}

/** What lies inside the window, and not only a corner of it. */
function isLarge(element: Element): boolean {
  if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
  const { left, top, right, bottom } = element.getBoundingClientRect();
  const width = Math.min(right, innerWidth) - Math.max(left, 0);
  const height = Math.min(bottom, innerHeight) - Math.max(top, 0);
  return width > 0 && height > 0 && width * height >= innerWidth * innerHeight * PICTURE_SHARE;
}

async function showsPicture(element: Element): Promise<boolean> {
  const own = element.shadowRoot?.querySelector('img, canvas, video') ?? element;
  if (own instanceof HTMLImageElement) return own.complete && own.naturalWidth > 0;
  if (own instanceof HTMLCanvasElement) return true;
  if (own instanceof HTMLVideoElement) return own.readyState > 0 || own.poster !== '';
  const url = /url\("(.*?)"\)/.exec(getComputedStyle(element).backgroundImage)?.[1];
  return url !== undefined && (await arrives(url));
}

/** Whether a picture can be had; the browser has it already when it is drawn. */
function arrives(url: string): Promise<boolean> {
  const image = new Image();
  image.src = url;
  const late = new Promise<boolean>((resolve) => setTimeout(resolve, BACKGROUND_MS, false));
  return Promise.race([
    image.decode().then(
      () => image.naturalWidth > 0,
      () => false,
    ),
    late,
  ]);
}

declare global {
  interface Window {
    sparrowLook: typeof lookAtView;
  }
}
