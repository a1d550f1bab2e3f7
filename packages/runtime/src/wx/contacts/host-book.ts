import { h, words } from '../../native/dom.ts';
import { NativeFailure } from '../../native/failure.ts';
import type { Phone } from '../../native/phone.ts';
import { tallSheet } from '../../native/tall-sheet.ts';

/** Texts by field. */
export type Entry = Readonly<Record<string, string>>;
type Shown = Pick<Phone, 'screen' | 'language'>;

const TEXTS = {
  zh: { cancel: '取消', save: '保存', edit: '编辑', add: '新增' },
  en: { cancel: 'Cancel', save: 'Save', edit: 'Edit', add: 'Add' },
};

export interface BookOptions {
  title: string;
  /** What an entry has, with its name for the user, in the order in which they are edited. */
  fields: readonly (readonly [field: string, label: string])[];
  /** The two lines of an entry in the list. */
  lines(entry: Entry): readonly [string, string];
}

/** Entries of one kind, which the user chooses from and changes. */
export interface Book {
  /** @throws NativeFailure when the user cancels */
  choose(): Promise<Entry>;
  add(entry: Entry): void;
}

export function createBook(phone: Shown, options: BookOptions, samples: readonly Entry[]): Book {
  const texts = words(phone.language, TEXTS);
  const entries = [...samples];
  return {
    add: (entry) => void entries.push(entry),
    choose: () =>
      new Promise((resolve, reject) => {
        const cancel = (): void => {
          uncover();
          reject(new NativeFailure('cancel'));
        };
        const list = h('div.place-list', { role: 'listbox' });
        const edit = async (index: number): Promise<void> => {
          const changed = await editEntry(phone, options, entries[index] ?? {}).catch(() => undefined);
          if (!changed) return;
          entries[index] = changed;
          fill();
        };
        const row = (entry: Entry, index: number): HTMLElement => {
          const [name, below] = options.lines(entry);
          const take = (): void => {
            uncover();
            resolve(entry);
          };
          return h(
            'div.book-row',
            {},
            h(
              'button.place-row',
              { role: 'option', onclick: take },
              h('div.place-name', {}, name),
              h('div.place-address', {}, below),
            ),
            h('button.book-edit', { onclick: () => void edit(index) }, texts.edit),
          );
        };
        const fill = (): void => {
          const add = h('button.book-add', { onclick: () => void edit(entries.length) }, `+ ${texts.add}`);
          list.replaceChildren(...entries.map(row), add);
        };
        fill();
        const layer = tallSheet({ cancel: texts.cancel, onCancel: cancel }, [options.title], [list]);
        const uncover = phone.screen.cover(layer, cancel);
      }),
  };
}

/** A form with the fields of one entry. @throws NativeFailure when the user cancels */
export function editEntry(
  { screen, language }: Shown,
  { title, fields, confirm }: Pick<BookOptions, 'title' | 'fields'> & { confirm?: string },
  entry: Entry,
): Promise<Entry> {
  const texts = words(language, TEXTS);
  return new Promise((resolve, reject) => {
    const inputs = fields.map(([field, label]) => ({
      label,
      input: h('input', { value: entry[field] ?? '', name: field, ariaLabel: label }),
    }));
    const cancel = (): void => {
      uncover();
      reject(new NativeFailure('cancel'));
    };
    const save = (): void => {
      uncover();
      resolve({ ...entry, ...Object.fromEntries(inputs.map(({ input }) => [input.name, input.value])) });
    };
    const rows = inputs.map(({ label, input }) => h('label.form-row', {}, h('span', {}, label), input));
    const layer = tallSheet({ cancel: texts.cancel, onCancel: cancel }, [title, confirm ?? texts.save, save], rows);
    const uncover = screen.cover(layer, cancel);
  });
}
