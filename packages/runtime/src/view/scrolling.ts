import type { ViewCommand, ViewConfig } from '@sparrow/protocol';
import type { WxElement } from '../components/wx-element.ts';

export interface ScrollingOptions {
  root: HTMLElement;
  window: Window;
  emit(type: '@scroll' | '@reachBottom' | '@pullDownRefresh', detail: unknown): void;
  config(): ViewConfig;
}

/** How far the finger must pull, and how far the page stays down while it refreshes. CSS pixels. */
const PULL_THRESHOLD = 60;
const PULL_REST = 50;

/** Scrolling of the page: positions, reaching the bottom, pulling down, scrolling to a place. */
export function installScrolling(options: ScrollingOptions): {
  configure(config: ViewConfig): void;
  command(command: Exclude<ViewCommand, { type: 'closeLayer' | 'loadFont' }>): void;
} {
  const { root, window, emit } = options;
  let atBottom = false;
  let bottomHeight = 0;
  let framePending = false;
  root.addEventListener(
    'scroll',
    () => {
      if (framePending) return;
      framePending = true;
      window.requestAnimationFrame(() => {
        framePending = false;
        emit('@scroll', { scrollTop: root.scrollTop });
        const distance = root.scrollHeight - root.clientHeight - root.scrollTop;
        const near = distance <= options.config().onReachBottomDistance;
        // A page that has grown since has a new bottom, even if the finger goes there in one go.
        if (near && (!atBottom || root.scrollHeight > bottomHeight)) {
          emit('@reachBottom', {});
          bottomHeight = root.scrollHeight;
        }
        atBottom = near;
      });
    },
    { passive: true },
  );

  // Pull-down refresh
  const indicator = root.ownerDocument.createElement('wx-pull-indicator');
  indicator.append(...[0, 1, 2].map(() => root.ownerDocument.createElement('i')));
  root.before(indicator);
  let refreshing = false;
  let from: number | undefined;
  let pulled = 0;
  const shift = (distance: number, animated: boolean): void => {
    root.style.transition = animated ? 'transform .25s' : '';
    root.style.transform = distance > 0 ? `translateY(${distance}px)` : '';
    indicator.style.opacity = String(Math.min(1, distance / PULL_REST));
  };
  const begin = (notify: boolean): void => {
    refreshing = true;
    indicator.classList.add('wx-active');
    shift(PULL_REST, true);
    if (notify) emit('@pullDownRefresh', {});
  };
  const end = (): void => {
    refreshing = false;
    indicator.classList.remove('wx-active');
    shift(0, true);
  };
  root.addEventListener('pointerdown', (event) => {
    if (options.config().enablePullDownRefresh && !refreshing && root.scrollTop <= 0) from = event.clientY;
  });
  root.addEventListener('pointermove', (event) => {
    if (from === undefined || !(event.buttons & 1)) return;
    pulled = Math.max(0, (event.clientY - from) / 2);
    if (pulled > 5) shift(pulled, false);
  });
  const release = (): void => {
    if (from === undefined) return;
    from = undefined;
    if (pulled >= PULL_THRESHOLD) begin(true);
    else if (pulled > 0) shift(0, true);
    pulled = 0;
  };
  root.addEventListener('pointerup', release);
  root.addEventListener('pointercancel', release);
  // A browser that pans the page itself cancels the pointer; it leaves the finger to us when its first moves are prevented.
  let lastY = 0;
  root.addEventListener('touchstart', (event) => (lastY = event.touches[0]?.clientY ?? 0), { passive: true });
  const holdPan = (event: TouchEvent): void => {
    const y = event.touches[0]?.clientY ?? 0;
    if (from !== undefined && (pulled > 0 || (root.scrollTop <= 0 && y > lastY)) && event.cancelable)
      event.preventDefault();
    lastY = y;
  };

  return {
    configure(config) {
      // Only pages that refresh pay for a listener that scrolling has to wait for.
      if (config.enablePullDownRefresh) root.addEventListener('touchmove', holdPan, { passive: false });
      else root.removeEventListener('touchmove', holdPan);
      root.style.overscrollBehaviorY = config.enablePullDownRefresh ? 'contain' : '';
      indicator.dataset.style = config.backgroundTextStyle ?? 'dark';
    },
    command(command) {
      if (command.type === 'startPullDownRefresh') {
        if (!refreshing) begin(true);
      } else if (command.type === 'stopPullDownRefresh') end();
      else if (command.type === 'backToTop') {
        for (const area of root.querySelectorAll('wx-scroll-view[enable-back-to-top][scroll-y]'))
          (area as WxElement).callMethod('scrollTo', [{ top: 0, behavior: 'smooth' }]);
        root.scrollTo({ top: 0, behavior: 'smooth' });
      } else {
        const target = command.selector ? found(root, command.selector) : null;
        const top = target
          ? target.getBoundingClientRect().top + root.scrollTop + (command.offsetTop ?? 0)
          : (command.scrollTop ?? root.scrollTop);
        root.scrollTo({ top, behavior: command.duration > 0 ? 'smooth' : 'instant' });
      }
    },
  };
}

/** A selector comes from the program: one that is no selector finds nothing. */
function found(root: HTMLElement, selector: string): Element | null {
  try {
    return root.querySelector(selector);
  } catch {
    return null;
  }
}
