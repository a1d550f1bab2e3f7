import { h, words } from '../../native/dom.ts';
import { NativeFailure } from '../../native/failure.ts';
import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import type { Screen } from '../../native/screen.ts';
import type { ModalAnswer, ModalParams, SheetParams, uiContract } from './contract.ts';
import { createPickerSheet } from './host-picker.ts';

/** Longer texts are cut, in characters: nobody reads them, and laying them out takes seconds. */
const MAX_TEXT = 5_000;
const MAX_TITLE = 200;
/** The original has six. */
const MAX_ITEMS = 20;

export function createUiHost({ screen, language }: Phone): HostHalf<typeof uiContract> {
  const texts = words(language, {
    zh: { cancel: '取消', confirm: '确定' },
    en: { cancel: 'Cancel', confirm: 'OK' },
  });
  const picker = createPickerSheet(screen, texts);
  return {
    showToast: ({ duration, ...toast }) => screen.toasts.show(toast, duration),
    hideToast: () => screen.toasts.hide(),
    showLoading: ({ title, mask }) => screen.toasts.show({ title, mask, icon: 'loading' }),
    hideLoading: () => screen.toasts.hideLoading(),
    showModal: (params) => askModal(screen, params),
    showActionSheet: async (params) => ({ tapIndex: await askSheet(screen, params, texts.cancel) }),
    showPicker: (params, call) => picker.open(params, call),
  };
}

function askModal(screen: Screen, params: ModalParams): Promise<ModalAnswer> {
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
    const dialog = h(
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
    );
    const uncover = screen.cover(h('div.modal-layer', {}, dialog), () => close(false));
  });
}

/** @returns the index of the item that was tapped */
function askSheet(screen: Screen, params: SheetParams, cancel: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const close = (index: number): void => {
      uncover();
      if (index < 0) reject(new NativeFailure('cancel'));
      else resolve(index);
    };
    const item = (text: string, index: number): HTMLElement => {
      const element = h('button', { onclick: () => close(index) }, text.slice(0, MAX_TITLE));
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
        item(cancel, -1),
      ),
    );
    const uncover = screen.cover(layer, () => close(-1));
  });
}
