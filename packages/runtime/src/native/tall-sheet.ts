import { h } from './dom.ts';

/** A sheet over most of the screen: a title between "cancel" and, where there is one, "confirm", and below what it holds. */
export function tallSheet(
  { cancel, onCancel }: { cancel: string; onCancel: () => void },
  [title, confirm, onConfirm]: readonly [title: string, confirm?: string, onConfirm?: () => void],
  body: readonly HTMLElement[],
): HTMLElement {
  return h(
    'div.sheet-layer',
    {},
    h(
      'div.sheet.tall-sheet',
      { role: 'dialog', ariaLabel: title },
      h(
        'div.tall-head',
        {},
        h('button.tall-cancel', { onclick: onCancel }, cancel),
        h('span', {}, title),
        confirm ? h('button.tall-confirm', { onclick: onConfirm }, confirm) : h('span.tall-cancel'),
      ),
      ...body,
    ),
  );
}
