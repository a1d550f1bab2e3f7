import { h, NativeFailure, type Screen } from '@sparrow/runtime/native';
import { createToasts } from './toasts.ts';

/** Dialogs, sheets and pictures that may lie over each other; a program that asks for more is refused. */
const MAX_LAYERS = 6;
const NOTICE_MS = 2000;

/** What lies over the pages of one phone. */
export interface PhoneScreen extends Screen {
  /** The page below has gone: what asks about it goes, too. Questions of the phone itself stay. */
  dismiss(): void;
}

/** @param show puts a file of the program into a picture */
export function createScreen(element: HTMLElement, show: (image: HTMLImageElement, path: string) => void): PhoneScreen {
  const toasts = createToasts(element, show);
  let layers = 0;
  /** Answers in the user's stead what a page has asked: no. */
  const open = new Set<() => void>();
  return {
    element,
    toasts,
    cover(layer, dismiss) {
      if (layers >= MAX_LAYERS) throw new NativeFailure('too many dialogs are open');
      layers++;
      element.append(layer);
      if (dismiss) open.add(dismiss);
      return () => {
        if (!layer.isConnected) return;
        layers--;
        layer.remove();
        if (dismiss) open.delete(dismiss);
      };
    },
    dismiss: () => [...open].forEach((close) => close()),
    notice: (title) => toasts.show({ title, icon: 'none', mask: false }, NOTICE_MS),
    pickFiles: (options) =>
      new Promise((resolve) => {
        const input = h('input', { type: 'file', ...options });
        input.style.display = 'none';
        input.className = 'sparrow-file-picker';
        const done = (): void => {
          resolve(Array.from(input.files ?? []));
          input.remove();
        };
        input.onchange = done;
        input.oncancel = done;
        element.append(input);
        input.click();
      }),
  };
}
