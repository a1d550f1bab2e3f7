import type { InvokeMap } from '@sparrow/protocol';
import { NativeFailure } from '@sparrow/runtime/native';
import { h } from './dom.ts';

/** Toast, loading, dialog and action sheet over the screen of one phone. */
export function createDialogs(screen: HTMLElement) {
  let toast: { element: HTMLElement; timer: ReturnType<typeof setTimeout> | undefined; loading: boolean } | undefined;

  function hideToast(): void {
    if (!toast) return;
    clearTimeout(toast.timer);
    toast.element.remove();
    toast = undefined;
  }
  function showToast(title: string, icon: string, mask: boolean, duration: number | undefined, image?: string): void {
    hideToast();
    const symbol = { success: '✓', error: '✕', loading: '' }[icon];
    const picture = image
      ? h('img', { src: image })
      : icon === 'loading'
        ? h('div.toast-spinner')
        : symbol
          ? h('div.toast-symbol', {}, symbol)
          : undefined;
    const element = h(
      'div.toast-layer',
      {},
      h('div.toast', { className: picture ? 'toast toast-picture' : 'toast' }, picture, h('div.toast-text', {}, title)),
    );
    element.classList.toggle('toast-mask', mask);
    screen.append(element);
    toast = {
      element,
      loading: icon === 'loading',
      timer: duration === undefined ? undefined : setTimeout(hideToast, duration),
    };
  }

  /** A sheet from below with lines and buttons. */
  const panel = (lines: HTMLElement[], buttons: [string, () => void][]): HTMLElement =>
    h(
      'div.sheet-layer',
      {},
      h('div.sheet', { role: 'dialog' }, ...lines, ...buttons.map(([text, onclick]) => h('button', { onclick }, text))),
    );

  return {
    showToast: (params: InvokeMap['showToast'][0]) =>
      showToast(params.title, params.icon, params.mask, params.duration, params.image),
    hideToast,
    /** A line from the phone itself. */
    notice: (text: string) => showToast(text, 'none', false, 2000),
    askPermission: (question: string): Promise<boolean> =>
      new Promise((resolve) => {
        const answer = (allowed: boolean): void => {
          layer.remove();
          resolve(allowed);
        };
        const layer = panel(
          [h('div.sheet-title', {}, `申请${question}`)],
          [
            ['拒绝', () => answer(false)],
            ['允许', () => answer(true)],
          ],
        );
        screen.append(layer);
      }),
    editPermissions: (entries: { scope: string; text: string; allowed: boolean }[]): Promise<Record<string, boolean>> =>
      new Promise((resolve) => {
        const switches = entries.map((entry) => ({
          ...entry,
          box: h('input', { type: 'checkbox', checked: entry.allowed, name: entry.scope }),
        }));
        const close = (): void => {
          layer.remove();
          resolve(Object.fromEntries(switches.map(({ scope, box }) => [scope, box.checked])));
        };
        const layer = panel(
          switches.map(({ text, box }) => h('label.sheet-title', {}, box, ` ${text}`)),
          [['完成', close]],
        );
        screen.append(layer);
      }),
    showLoading: (params: InvokeMap['showLoading'][0]) => showToast(params.title, 'loading', params.mask, undefined),
    hideLoading(): void {
      if (toast?.loading) hideToast();
    },

    showModal(params: InvokeMap['showModal'][0]): Promise<InvokeMap['showModal'][1]> {
      return new Promise((resolve) => {
        const input = params.editable
          ? h('textarea.modal-input', { value: params.content, placeholder: params.placeholderText })
          : undefined;
        const close = (confirm: boolean): void => {
          layer.remove();
          resolve({ confirm, cancel: !confirm, ...(input && confirm && { content: input.value }) });
        };
        const button = (text: string, color: string, confirm: boolean): HTMLElement => {
          const element = h('button', { onclick: () => close(confirm) }, text);
          element.style.color = color;
          return element;
        };
        const layer = h(
          'div.modal-layer',
          {},
          h(
            'div.modal',
            { role: 'dialog' },
            params.title ? h('div.modal-title', {}, params.title) : undefined,
            input ?? h('div.modal-content', {}, params.content),
            h(
              'div.modal-buttons',
              {},
              params.showCancel ? button(params.cancelText, params.cancelColor, false) : undefined,
              button(params.confirmText, params.confirmColor, true),
            ),
          ),
        );
        screen.append(layer);
      });
    },

    showActionSheet(params: InvokeMap['showActionSheet'][0]): Promise<InvokeMap['showActionSheet'][1]> {
      return new Promise((resolve, reject) => {
        const close = (index: number): void => {
          layer.remove();
          if (index < 0) reject(new NativeFailure('cancel'));
          else resolve({ tapIndex: index });
        };
        const item = (text: string, index: number): HTMLElement => {
          const element = h('button', { onclick: () => close(index) }, text);
          if (index >= 0) element.style.color = params.itemColor;
          return element;
        };
        const layer = h(
          'div.sheet-layer',
          { onclick: (event: Event) => event.target === layer && close(-1) },
          h(
            'div.sheet',
            {},
            params.alertText ? h('div.sheet-title', {}, params.alertText) : undefined,
            ...params.itemList.map(item),
            h('div.sheet-gap'),
            item('取消', -1),
          ),
        );
        screen.append(layer);
      });
    },

    previewImage(urls: string[], current: number): void {
      let index = current;
      const image = h('img', { src: urls[index] ?? '' });
      const counter = h('div.preview-counter');
      const layer = h(
        'div.preview-layer',
        {
          onclick: (event: MouseEvent) => {
            const side = event.offsetX / layer.clientWidth;
            if (urls.length > 1 && side > 0.7) step(1);
            else if (urls.length > 1 && side < 0.3) step(-1);
            else layer.remove();
          },
        },
        image,
        counter,
      );
      const step = (by: number): void => {
        index = (index + by + urls.length) % urls.length;
        image.src = urls[index] ?? '';
        counter.textContent = urls.length > 1 ? `${index + 1} / ${urls.length}` : '';
      };
      step(0);
      screen.append(layer);
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
