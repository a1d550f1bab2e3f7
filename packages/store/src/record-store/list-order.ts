import { encodeIndexValues } from '../codec/key-codec.ts';
import type { RecordValue } from '../codec/message-codec.ts';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { TableDef } from '../schema/table.ts';
import type { ListHeader } from './list-header.ts';

/** Index of `listAddAfter`: behind the last, before the first. */
export const LIST_TAIL = -1;
export const LIST_HEAD = -2;

/** What happens to a full list: 0 refuse, 1 drop the head, 2 drop the tail. */
export type Shift = 0 | 1 | 2;

/** Which element a list of this table has where. It changes the headers that it is given. */
export interface ListOrder {
  /**
   * Puts a new element where the call or the list's order says; answers its index, and that of the element that went to
   * make room.
   *
   * @throws StoreError LIST_INDEX, LIST_FULL, SORTLIST_REFUSED
   */
  add(header: ListHeader, record: RecordValue, after: number, shift: Shift): { index: number; dropped?: number };
  /** Puts an element that was changed where the list's order says now. @throws StoreError LIST_INDEX */
  replace(header: ListHeader, record: RecordValue, index: number): void;
}

export const missingElement = (table: TableDef, index: number): StoreError =>
  new StoreError('LIST_INDEX', phrase`${table.name}: the list has no element ${index}`, {
    hint: phrase`listGetAll names the elements`,
  });

export function createListOrder(table: TableDef): ListOrder {
  const sortKey = (record: RecordValue): Buffer => {
    if (!table.sort) return Buffer.alloc(0);
    const bytes = encodeIndexValues(table.sort.fields, record);
    if (table.sort.descending) for (let i = 0; i < bytes.length; i++) bytes[i] = ~(bytes[i] as number) & 0xff;
    return bytes;
  };

  /** In a sorted list behind its equals. */
  function placeOf(elements: ListHeader['elements'], sort: Buffer, after: number): number {
    if (table.sort) return sortedPlace(elements, sort);
    if (after === LIST_TAIL) return elements.length;
    if (after === LIST_HEAD) return 0;
    const place = elements.findIndex(({ index }) => index === after) + 1;
    if (place === 0) throw missingElement(table, after);
    return place;
  }

  /** Takes one element out of a full list; answers its index and where the place is then. */
  function makeRoom(elements: ListHeader['elements'], place: number, shift: Shift): { dropped: number; place: number } {
    const last = (): number => (elements.pop() as { index: number }).index;
    if (table.sort) {
      // What comes last by the order goes; an element behind the end is refused.
      if (place >= elements.length)
        throw new StoreError(
          'SORTLIST_REFUSED',
          phrase`${table.name}: the sorted list is full and this element comes last`,
          {
            hint: phrase`it holds ${table.listMax} elements`,
          },
        );
      return { dropped: last(), place };
    }
    if (shift === 1) {
      const dropped = (elements.shift() as { index: number }).index;
      return { dropped, place: Math.max(0, place - 1) };
    }
    if (shift === 2) {
      const dropped = last();
      return { dropped, place: Math.min(place, elements.length) };
    }
    throw new StoreError('LIST_FULL', phrase`${table.name}: the list has its ${table.listMax} elements`, {
      hint: phrase`give shift: 1 to drop the head, 2 to drop the tail`,
    });
  }

  return {
    add(header, record, after, shift) {
      const { elements, next: index } = header;
      const sort = sortKey(record);
      let place = placeOf(elements, sort, after);
      let dropped: number | undefined;
      if (elements.length >= table.listMax) ({ dropped, place } = makeRoom(elements, place, shift));
      header.next = (index + 1) % 0x7fff_ffff;
      elements.splice(place, 0, { index, sort });
      return { index, ...(dropped === undefined ? {} : { dropped }) };
    },
    replace({ elements }, record, index) {
      const at = elements.findIndex((element) => element.index === index);
      if (at < 0) throw missingElement(table, index);
      if (!table.sort) return;
      const sort = sortKey(record);
      elements.splice(at, 1);
      elements.splice(sortedPlace(elements, sort), 0, { index, sort });
    },
  };
}

function sortedPlace(elements: ListHeader['elements'], sort: Buffer): number {
  let low = 0;
  let high = elements.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((elements[middle] as { sort: Buffer }).sort.compare(sort) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
