import { h, type Toasts } from '@sparrow/runtime/native';

/** A toast that follows another one sooner than this is drawn later, and only if no other follows. Milliseconds. */
const TOAST_MS = 50;
/** Longer texts are cut, in characters. */
const MAX_TITLE = 200;

type Toast = Parameters<Toasts['show']>[0];

/** The toast, or sign of loading, over the screen of one phone; a new one takes the place of the one before. */
export function createToasts(screen: HTMLElement, show: (image: HTMLImageElement, path: string) => void): Toasts {
  let shown: { element: HTMLElement; loading: boolean } | undefined;
  let hideTimer: ReturnType<typeof setTimeout> | undefined;
  let drawTimer: ReturnType<typeof setTimeout> | undefined;
  let drawnAt = -TOAST_MS;

  function hide(): void {
    clearTimeout(hideTimer);
    clearTimeout(drawTimer);
    drawTimer = undefined;
    shown?.element.remove();
    shown = undefined;
  }

  function pictureOf({ icon, image }: Toast): HTMLElement | undefined {
    if (image) {
      const picture = h('img');
      show(picture, image);
      return picture;
    }
    if (icon === 'loading') return h('div.toast-spinner');
    const symbol = { success: '✓', error: '✕' }[icon];
    return symbol ? h('div.toast-symbol', {}, symbol) : undefined;
  }

  function draw(toast: Toast): void {
    shown?.element.remove();
    const picture = pictureOf(toast);
    const text = h('div.toast-text', {}, toast.title.slice(0, MAX_TITLE));
    const className = picture ? 'toast toast-picture' : 'toast';
    const element = h('div.toast-layer', {}, h('div.toast', { className }, picture, text));
    element.classList.toggle('toast-mask', toast.mask);
    screen.append(element);
    shown = { element, loading: toast.icon === 'loading' };
  }

  return {
    show(toast, durationMs) {
      clearTimeout(hideTimer);
      clearTimeout(drawTimer);
      const drawNow = (): void => {
        drawnAt = performance.now();
        drawTimer = undefined;
        draw(toast);
      };
      const wait = drawnAt + TOAST_MS - performance.now();
      if (wait <= 0) drawNow();
      else drawTimer = setTimeout(drawNow, wait);
      if (durationMs !== undefined) hideTimer = setTimeout(hide, durationMs);
    },
    hide,
    hideLoading() {
      if (shown?.loading) hide();
    },
  };
}
