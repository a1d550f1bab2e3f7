import { contract, type ParamsOf, type ResultOf } from '../contract.ts';
import { anything, flag, list, number, optional, text } from '../schema.ts';

/** Toasts, dialogs and sheets over the page. */
export const uiContract = contract({
  calls: {
    showToast: {
      params: {
        title: text(),
        icon: text(),
        image: optional(text()),
        /** Milliseconds. */
        duration: number(),
        mask: flag(),
      },
    },
    hideToast: {},
    showLoading: { params: { title: text(), mask: flag() } },
    hideLoading: {},
    showModal: {
      params: {
        title: text(),
        content: text(),
        showCancel: flag(),
        cancelText: text(),
        /** Colours that the program names; without one a button has that of the phone's theme. */
        cancelColor: optional(text()),
        confirmText: text(),
        confirmColor: optional(text()),
        editable: flag(),
        placeholderText: text(),
      },
      result: { confirm: flag(), cancel: flag(), content: optional(text()) },
    },
    showActionSheet: {
      params: { itemList: list(text()), itemColor: optional(text()), alertText: optional(text()) },
      result: { tapIndex: number() },
    },
    /** The sheet with wheels of the component `picker`. */
    showPicker: {
      view: true,
      params: {
        mode: text(),
        /** Option texts of every wheel. */
        columns: list(list(text())),
        /** Index in every column; what is no index counts as 0. */
        value: list(anything<number>()),
        headerText: optional(text()),
        /** Gives the sheet that is open these columns, and answers at once. */
        update: optional(flag()),
      },
      result: { value: optional(anything()), cancel: optional(flag()) },
      progress: { columnchange: { column: number(), value: number() } },
    },
  },
});

type Calls = (typeof uiContract)['calls'];
export type ModalParams = ParamsOf<Calls['showModal']>;
export type ModalAnswer = ResultOf<Calls['showModal']>;
export type SheetParams = ParamsOf<Calls['showActionSheet']>;
export type PickerParams = ParamsOf<Calls['showPicker']>;
export type PickerAnswer = ResultOf<Calls['showPicker']>;
