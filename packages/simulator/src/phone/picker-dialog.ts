import type { InvokeMap } from '@sparrow/protocol';
import type { Call } from '@sparrow/runtime/native';
import { h } from './dom.ts';

/** The sheet with wheels from the bottom of the screen, for `picker`. Column moves are reported as progress of the call. */
export function createPickerDialog(screen: HTMLElement): {
  open(params: InvokeMap['showPicker'][0], call: Call): Promise<InvokeMap['showPicker'][1]>;
} {
  return {
    open(params, call) {
      return new Promise((resolve) => {
        const values = (Array.isArray(params.value) ? params.value : [params.value]).map((value) => Number(value) || 0);
        const close = (confirmed: boolean): void => {
          layer.remove();
          if (!confirmed) resolve({ cancel: true });
          else resolve({ value: params.mode === 'selector' ? values[0] : [...values] });
        };
        const columns = params.columns.map((texts, column) => {
          const list = h('div.wheel', {}, ...texts.map((text) => h('div', {}, text)));
          list.addEventListener('scrollend', () => {
            const index = Math.min(texts.length - 1, Math.max(0, Math.round(list.scrollTop / 40)));
            if (values[column] === index) return;
            values[column] = index;
            call.progress('columnchange', { column, value: index });
          });
          return list;
        });
        const layer = h(
          'div.sheet-layer',
          { onclick: (event: Event) => event.target === layer && close(false) },
          h(
            'div.sheet.picker',
            {},
            h(
              'div.picker-head',
              {},
              h('button', { onclick: () => close(false) }, '取消'),
              h('span', {}, params.headerText ?? ''),
              h('button.picker-confirm', { onclick: () => close(true) }, '确定'),
            ),
            h('div.wheels', {}, ...columns),
          ),
        );
        screen.append(layer);
        columns.forEach((list, column) => {
          list.scrollTop = (values[column] ?? 0) * 40;
        });
      });
    },
  };
}
