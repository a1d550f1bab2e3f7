import { h } from '../../native/dom.ts';
import type { Call } from '../../native/host-half.ts';
import type { Screen } from '../../native/screen.ts';
import type { PickerAnswer, PickerParams, uiContract } from './contract.ts';

/** Height of one line of a wheel, as in the style sheet. CSS pixels. */
const LINE = 40;

type PickerCall = Call<(typeof uiContract)['calls']['showPicker']>;

/**
 * The sheet with wheels from the bottom of the screen, for `picker`. Wheels that the user moves are reported as
 * progress of the call; a further call with `update` gives the open sheet other columns. Answers with an index a
 * column.
 */
export function createPickerSheet(
  screen: Pick<Screen, 'cover'>,
  texts: { cancel: string; confirm: string },
): { open(params: PickerParams, call: PickerCall): Promise<PickerAnswer> } {
  let update: ((params: PickerParams) => void) | undefined;
  let cancel: (() => void) | undefined;

  function show(params: PickerParams, call: PickerCall, resolve: (answer: PickerAnswer) => void): void {
    let columns = params.columns;
    let values = indexes(params);
    const wheels = h('div.wheels');
    const close = (answer: PickerAnswer): void => {
      uncover();
      update = undefined;
      cancel = undefined;
      resolve(answer);
    };
    const layer = h(
      'div.sheet-layer',
      { onclick: (event: Event) => event.target === layer && close({ cancel: true }) },
      h(
        'div.sheet.picker',
        {},
        h(
          'div.picker-head',
          {},
          h('button.picker-cancel', { onclick: () => close({ cancel: true }) }, texts.cancel),
          h('span', {}, params.headerText ?? ''),
          h('button.picker-confirm', { onclick: () => close({ value: [...values] }) }, texts.confirm),
        ),
        wheels,
      ),
    );

    /** Texts of one wheel; its place among the columns stays. */
    const fill = (wheel: HTMLElement, texts: string[], index: number): void => {
      wheel.replaceChildren(
        ...texts.map((text, at) =>
          h('div', { onclick: () => wheel.scrollTo({ top: at * LINE, behavior: 'smooth' }) }, text),
        ),
      );
      wheel.scrollTop = index * LINE;
    };
    const create = (column: number): HTMLElement => {
      const wheel = h('div.wheel');
      wheel.addEventListener('scrollend', () => {
        const last = (columns[column]?.length ?? 1) - 1;
        const index = Math.min(last, Math.max(0, Math.round(wheel.scrollTop / LINE)));
        if (values[column] === index) return;
        values[column] = index;
        call.progress('columnchange', { column, value: index });
      });
      return wheel;
    };

    const uncover = screen.cover(layer, () => close({ cancel: true }));
    cancel = () => close({ cancel: true });
    const draw = (old: string[][]): void => {
      while (wheels.children.length > columns.length) wheels.lastChild?.remove();
      while (wheels.children.length < columns.length) wheels.append(create(wheels.children.length));
      columns.forEach((texts, column) => {
        const wheel = wheels.children[column] as HTMLElement;
        const index = values[column] ?? 0;
        if (String(old[column]) !== String(texts)) fill(wheel, texts, index);
        else if (Math.round(wheel.scrollTop / LINE) !== index) wheel.scrollTop = index * LINE;
      });
    };
    draw([]);
    update = (next) => {
      const old = columns;
      columns = next.columns;
      values = indexes(next);
      draw(old);
    };
  }

  return {
    async open(params, call) {
      if (params.update) {
        update?.(params);
        return { value: [] };
      }
      cancel?.();
      return new Promise((resolve) => show(params, call, resolve));
    },
  };
}

function indexes({ columns, value }: PickerParams): number[] {
  return columns.map((texts, column) =>
    Math.min(Math.max(0, texts.length - 1), Math.max(0, Number(value[column]) || 0)),
  );
}
