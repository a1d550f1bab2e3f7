import type { NodeId, ObserveRequest } from '@sparrow/protocol';

/** Intersection and media observers of one page. */
export function createObservers(page: {
  element(id: NodeId): HTMLElement | undefined;
  root: HTMLElement;
  window: Window;
  report(id: number, entry: unknown): void;
}): { observe(id: number, request: ObserveRequest): void; unobserve(id: number): void } {
  const stops = new Map<number, () => void>();
  return {
    observe(id, request) {
      if (request.kind === 'intersection') {
        const target = page.element(request.node);
        if (!target) return;
        const { top, right, bottom, left } = request.margins;
        const observer = new IntersectionObserver(
          (entries) => {
            for (const entry of entries)
              page.report(id, {
                intersectionRatio: entry.intersectionRatio,
                intersectionRect: plain(entry.intersectionRect),
                boundingClientRect: plain(entry.boundingClientRect),
                relativeRect: plain(entry.rootBounds),
                time: Date.now(),
              });
          },
          {
            root: request.relativeTo ? (page.element(request.relativeTo) ?? null) : page.root,
            rootMargin: `${top}px ${right}px ${bottom}px ${left}px`,
            threshold: request.thresholds.length > 0 ? request.thresholds : [0],
          },
        );
        observer.observe(target);
        stops.set(id, () => observer.disconnect());
        return;
      }
      const condition = Object.entries(request.query)
        .map(([name, value]) => {
          const feature = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
          return `(${feature}: ${typeof value === 'number' ? `${value}px` : value})`;
        })
        .join(' and ');
      const media = page.window.matchMedia(condition);
      const changed = (): void => page.report(id, { matches: media.matches });
      media.addEventListener('change', changed);
      changed();
      stops.set(id, () => media.removeEventListener('change', changed));
    },
    unobserve(id) {
      stops.get(id)?.();
      stops.delete(id);
    },
  };
}

function plain(rect: DOMRectReadOnly | null): Record<string, number> | null {
  if (!rect) return null;
  const { left, top, right, bottom, width, height } = rect;
  return { left, top, right, bottom, width, height };
}
