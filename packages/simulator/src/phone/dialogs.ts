import type { InvokeMap } from '@sparrow/protocol';
import { NativeFailure, type Scope } from '@sparrow/runtime/native';
import { h } from './dom.ts';
import type { PhoneTexts } from './texts.ts';

/** Dialogs, sheets and pictures that may lie over each other; a program that asks for more is refused. */
const MAX_LAYERS = 6;
/** A toast that follows another one sooner than this is drawn later, and only if no other follows. Milliseconds. */
const TOAST_MS = 50;
/** Longer texts are cut, in characters: nobody reads them, and laying them out takes seconds. */
const MAX_TEXT = 5_000;
const MAX_TITLE = 200;
/** The original has six. */
const MAX_ITEMS = 20;

/** Toast, loading, dialog and action sheet over the screen of one phone. */
export function createDialogs(
  screen: HTMLElement,
  texts: PhoneTexts,
  show: (image: HTMLImageElement, path: string) => void,
) {
  let toast: { element: HTMLElement; loading: boolean } | undefined;
  let hideTimer: ReturnType<typeof setTimeout> | undefined;
  let drawTimer: ReturnType<typeof setTimeout> | undefined;
  let drawnAt = -TOAST_MS;
  let layers = 0;
  /** Answers in the user's stead what a page has asked: no. */
  const open = new Set<() => void>();

  function hideToast(): void {
    clearTimeout(hideTimer);
    clearTimeout(drawTimer);
    drawTimer = undefined;
    toast?.element.remove();
    toast = undefined;
  }
  function showToast(title: string, icon: string, mask: boolean, duration: number | undefined, image?: string): void {
    clearTimeout(hideTimer);
    clearTimeout(drawTimer);
    const draw = (): void => {
      drawnAt = performance.now();
      drawTimer = undefined;
      drawToast(title, icon, mask, image);
    };
    const wait = drawnAt + TOAST_MS - performance.now();
    if (wait <= 0) draw();
    else drawTimer = setTimeout(draw, wait);
    if (duration !== undefined) hideTimer = setTimeout(hideToast, duration);
  }
  function drawToast(title: string, icon: string, mask: boolean, image?: string): void {
    toast?.element.remove();
    const symbol = { success: '✓', error: '✕', loading: '' }[icon];
    const picture = image
      ? h('img')
      : icon === 'loading'
        ? h('div.toast-spinner')
        : symbol
          ? h('div.toast-symbol', {}, symbol)
          : undefined;
    if (image && picture instanceof HTMLImageElement) show(picture, image);
    const element = h(
      'div.toast-layer',
      {},
      h(
        'div.toast',
        { className: picture ? 'toast toast-picture' : 'toast' },
        picture,
        h('div.toast-text', {}, title.slice(0, MAX_TITLE)),
      ),
    );
    element.classList.toggle('toast-mask', mask);
    screen.append(element);
    toast = { element, loading: icon === 'loading' };
  }

  /** Lays something over the screen until the function that is returned takes it away. @throws NativeFailure */
  function cover(layer: HTMLElement, dismiss?: () => void): () => void {
    if (layers >= MAX_LAYERS) throw new NativeFailure('too many dialogs are open');
    layers++;
    screen.append(layer);
    if (dismiss) open.add(dismiss);
    return () => {
      if (!layer.isConnected) return;
      layers--;
      layer.remove();
      if (dismiss) open.delete(dismiss);
    };
  }

  /** A sheet from below with lines and buttons. */
  const panel = (lines: HTMLElement[], buttons: [string, () => void][]): HTMLElement =>
    h(
      'div.sheet-layer',
      {},
      h('div.sheet', { role: 'dialog' }, ...lines, ...buttons.map(([text, onclick]) => h('button', { onclick }, text))),
    );

  const notice = (text: string): void => showToast(text, 'none', false, 2000);

  return {
    showToast: (params: InvokeMap['showToast'][0]) =>
      showToast(params.title, params.icon, params.mask, params.duration, params.image),
    hideToast,
    /** The page below has gone: dialogs, sheets and pictures over it go, too. Questions of the phone itself stay. */
    dismiss: () => [...open].forEach((close) => close()),
    /** A line from the phone itself. */
    notice,
    copied: () => notice(texts.copied),
    savedToAlbum: () => notice(texts.savedToAlbum),
    askPermission: (scope: Scope): Promise<boolean> =>
      new Promise((resolve) => {
        const answer = (allowed: boolean): void => {
          uncover();
          resolve(allowed);
        };
        const layer = panel(
          [h('div.sheet-title', {}, texts.asks(texts.scopes[scope]))],
          [
            [texts.deny, () => answer(false)],
            [texts.allow, () => answer(true)],
          ],
        );
        const uncover = cover(layer);
      }),
    editPermissions: (entries: { scope: Scope; allowed: boolean }[]): Promise<Record<string, boolean>> =>
      new Promise((resolve) => {
        const switches = entries.map((entry) => ({
          ...entry,
          box: h('input', { type: 'checkbox', checked: entry.allowed, name: entry.scope }),
        }));
        const close = (): void => {
          uncover();
          resolve(Object.fromEntries(switches.map(({ scope, box }) => [scope, box.checked])));
        };
        const layer = panel(
          switches.map(({ scope, box }) => h('label.sheet-title', {}, box, ` ${texts.scopes[scope]}`)),
          [[texts.done, close]],
        );
        const uncover = cover(layer);
      }),
    showLoading: (params: InvokeMap['showLoading'][0]) => showToast(params.title, 'loading', params.mask, undefined),
    hideLoading(): void {
      if (toast?.loading) hideToast();
    },

    showModal(params: InvokeMap['showModal'][0]): Promise<InvokeMap['showModal'][1]> {
      return new Promise((resolve) => {
        const input = params.editable
          ? h('textarea.modal-input', { value: params.content.slice(0, MAX_TEXT), placeholder: params.placeholderText })
          : undefined;
        const close = (confirm: boolean): void => {
          uncover();
          resolve({ confirm, cancel: !confirm, ...(input && confirm && { content: input.value }) });
        };
        const button = (text: string, color: string | undefined, confirm: boolean): HTMLElement => {
          const element = h(confirm ? 'button.modal-confirm' : 'button', { onclick: () => close(confirm) }, text);
          element.style.color = color ?? '';
          return element;
        };
        const layer = h(
          'div.modal-layer',
          {},
          h(
            'div.modal',
            { role: 'dialog' },
            params.title ? h('div.modal-title', {}, params.title.slice(0, MAX_TITLE)) : undefined,
            input ?? h('div.modal-content', {}, params.content.slice(0, MAX_TEXT)),
            h(
              'div.modal-buttons',
              {},
              params.showCancel ? button(params.cancelText, params.cancelColor, false) : undefined,
              button(params.confirmText, params.confirmColor, true),
            ),
          ),
        );
        const uncover = cover(layer, () => close(false));
      });
    },

    showActionSheet(params: InvokeMap['showActionSheet'][0]): Promise<InvokeMap['showActionSheet'][1]> {
      return new Promise((resolve, reject) => {
        const close = (index: number): void => {
          uncover();
          if (index < 0) reject(new NativeFailure('cancel'));
          else resolve({ tapIndex: index });
        };
        const item = (text: string, index: number): HTMLElement => {
          const element = h('button', { onclick: () => close(index) }, String(text).slice(0, MAX_TITLE));
          if (index >= 0) element.style.color = params.itemColor ?? '';
          return element;
        };
        const layer = h(
          'div.sheet-layer',
          { onclick: (event: Event) => event.target === layer && close(-1) },
          h(
            'div.sheet',
            {},
            params.alertText ? h('div.sheet-title', {}, params.alertText.slice(0, MAX_TITLE)) : undefined,
            ...params.itemList.slice(0, MAX_ITEMS).map(item),
            h('div.sheet-gap'),
            item(texts.cancel, -1),
          ),
        );
        const uncover = cover(layer, () => close(-1));
      });
    },

    previewImage(urls: string[], current: number): void {
      let index = current;
      const image = h('img');
      const counter = h('div.preview-counter');
      const layer = h(
        'div.preview-layer',
        {
          onclick: (event: MouseEvent) => {
            const side = event.offsetX / layer.clientWidth;
            if (urls.length > 1 && side > 0.7) step(1);
            else if (urls.length > 1 && side < 0.3) step(-1);
            else uncover();
          },
        },
        image,
        counter,
      );
      const step = (by: number): void => {
        index = (index + by + urls.length) % urls.length;
        show(image, urls[index] ?? '');
        counter.textContent = urls.length > 1 ? `${index + 1} / ${urls.length}` : '';
      };
      const uncover = cover(layer, () => uncover());
      step(0);
    },

    pickFiles: (options: { accept: string; multiple: boolean }): Promise<File[]> =>
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
        screen.append(input);
        input.click();
      }),
  };
}

export type Dialogs = ReturnType<typeof createDialogs>;
