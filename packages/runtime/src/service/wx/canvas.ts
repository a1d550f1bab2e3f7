import type { Page } from '../pages.ts';
import type { WxDomain } from './context.ts';

/** The old canvas API; the new one begins with a selector query. */
export const canvasDomain: WxDomain = (context) => {
  return {
    createCanvasContext: (canvasId: string, component?: { is?: string }) => {
      const page: Page | undefined = context.pageOf(component) ?? context.currentPage();
      return context.canvases.createContext(page, String(canvasId));
    },
    createOffscreenCanvas: (options: { width?: number; height?: number } | number = {}, height?: number) => {
      const [w, h] = typeof options === 'number' ? [options, height] : [options.width, options.height];
      return new OffscreenCanvas(w ?? 300, h ?? 150);
    },
  };
};
