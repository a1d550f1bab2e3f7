import { ApiFailure } from '../../service/wx/api.ts';
import { asyncFunction, forwarded, service } from '../../service/wx/define.ts';
import { anything, list, optional } from '../schema.ts';
import { uiContract as ui } from './contract.ts';

const free = optional(anything());

/** Most items of an action sheet. Source: wx.showActionSheet of the API reference. */
const ITEM_LIMIT = 6;
/** Characters of a button. Source: wx.showModal of the API reference. */
const BUTTON_LIMIT = 4;

/** What a program gave as a text, whatever its type. */
const asText = (value: unknown, otherwise = ''): string => String(value ?? otherwise);

/** Toasts, dialogs and sheets. */
export const uiService = service({
  showToast: forwarded(ui, 'showToast', { icon: 'success', duration: 1500, mask: false }),
  hideToast: forwarded(ui, 'hideToast'),
  showLoading: forwarded(ui, 'showLoading', { mask: false }),
  hideLoading: forwarded(ui, 'hideLoading'),
  showModal: asyncFunction(
    {
      ...{ title: free, content: free, showCancel: free, editable: free, placeholderText: free },
      ...{ cancelText: free, cancelColor: free, confirmText: free, confirmColor: free },
    },
    ({ invoke }, options) => {
      for (const name of ['confirmText', 'cancelText'] as const)
        if (asText(options[name]).length > BUTTON_LIMIT)
          throw new ApiFailure(`${name} length should not larger than ${BUTTON_LIMIT} Chinese characters`);
      const { cancelColor, confirmColor } = options;
      return invoke('showModal', {
        title: asText(options.title),
        content: asText(options.content),
        showCancel: options.showCancel !== false,
        cancelText: asText(options.cancelText, '取消'),
        confirmText: asText(options.confirmText, '确定'),
        editable: options.editable === true,
        placeholderText: asText(options.placeholderText),
        ...(cancelColor !== undefined && { cancelColor: String(cancelColor) }),
        ...(confirmColor !== undefined && { confirmColor: String(confirmColor) }),
      });
    },
  ),
  showActionSheet: asyncFunction(
    { itemList: list(anything()), itemColor: free, alertText: ui.calls.showActionSheet.params.alertText },
    ({ invoke }, { itemList, itemColor, alertText }) => {
      if (itemList.length === 0) throw new ApiFailure('parameter error: itemList should have at least one item');
      if (itemList.length > ITEM_LIMIT)
        throw new ApiFailure(`parameter error: itemList should not be large than ${ITEM_LIMIT}`);
      return invoke('showActionSheet', {
        itemList: itemList.map(String),
        ...(itemColor !== undefined && { itemColor: String(itemColor) }),
        ...(alertText && { alertText }),
      });
    },
  ),
});
