import { encodeIndexValues } from '../codec/key-codec.ts';
import type { RecordValue } from '../codec/message-codec.ts';
import type { Row, Write, WriteResult } from '../engines/kv-engine.ts';
import { StoreError } from '../errors.ts';
import type { TableCore } from './core.ts';
import { WriteRefused } from './core.ts';
import {
  decodeHeader,
  elementKey,
  encodeHeader,
  type ListHeader,
  removeElement,
  removeElements,
} from './list-header.ts';
import type { CallOptions, ReadCallOptions, ResultFlag, VersionPolicy } from './options.ts';
import type { Reads } from './reads.ts';
import { createReads } from './reads.ts';

export interface ListElement<R = RecordValue> {
  /** Its name in the list; stays while the list changes. */
  index: number;
  record: Readonly<R>;
  /** Of the whole list. */
  version: number;
}

export interface ListWriteOptions extends CallOptions {
  /** Of the list's version. Default 1. */
  policy?: VersionPolicy;
  version?: number;
  /**
   * What happens to a full list: 0 refuse (default), 1 drop the head, 2 drop the tail. A sorted list drops by its
   * order.
   */
  shift?: 0 | 1 | 2;
  resultFlag?: { success?: ResultFlag };
}

export interface ListWritten<R = RecordValue> {
  code: 0;
  index: number;
  version: number;
  record?: Readonly<R>;
  /** The element that went to make room. */
  dropped?: number;
}

/** Index of `listAddAfter`: behind the last, before the first. */
export const LIST_TAIL = -1;
export const LIST_HEAD = -2;

/** A LIST or SORTLIST table: a list of elements a key. */
export interface ListTable<R = RecordValue, K = RecordValue> extends Pick<Reads<R, K>, 'changes'> {
  /**
   * Puts an element behind that of `index` (LIST_TAIL, LIST_HEAD or the index of one). In a sorted list its place is
   * given by its fields.
   *
   * @throws StoreError LIST_FULL, LIST_INDEX, SORTLIST_REFUSED, VERSION_MISMATCH
   */
  listAddAfter(record: R, index?: number, options?: ListWriteOptions): Promise<ListWritten<R>>;
  /** Undefined when there is no such element. */
  listGet(key: K, index: number, options?: ReadCallOptions): Promise<ListElement<R> | undefined>;
  /** Elements in order; a negative offset counts from the end. */
  listGetAll(
    key: K,
    options?: { offset?: number; limit?: number } & ReadCallOptions,
  ): Promise<{ elements: ListElement<R>[]; total: number; version: number }>;
  /** @throws StoreError LIST_INDEX, NOT_FOUND */
  listReplace(record: R, index: number, options?: ListWriteOptions): Promise<ListWritten<R>>;
  /** @throws StoreError LIST_INDEX, NOT_FOUND */
  listDelete(key: K, index: number, options?: ListWriteOptions): Promise<ListWritten<R>>;
  /** Indexes that are not there are passed over; answers those that went. */
  listDeleteBatch(
    key: K,
    indexes: readonly number[],
    options?: ListWriteOptions,
  ): Promise<{ deleted: number[]; version: number }>;
  /** With `keepVersion` (TCaplus: flag 8) the emptied list keeps its version and its next index. */
  listDeleteAll(key: K, options?: ListWriteOptions & { keepVersion?: boolean }): Promise<{ deleted: number }>;
  /** Elements of a list. */
  listCount(key: K, options?: ReadCallOptions): Promise<number>;
}

export function createListTable(core: TableCore): ListTable {
  const { codec, context } = core;
  const { table } = codec;
  const { engine, limits } = context;

  const sortKey = (record: RecordValue): Buffer => {
    if (!table.sort) return Buffer.alloc(0);
    const bytes = encodeIndexValues(table.sort.fields, record);
    if (table.sort.descending) for (let i = 0; i < bytes.length; i++) bytes[i] = ~(bytes[i] as number) & 0xff;
    return bytes;
  };
  const where = (key: RecordValue): { slot: number; key: Buffer } => ({
    slot: codec.slot(key),
    key: codec.rowKey(key),
  });
  const missing = (index: number): StoreError =>
    new StoreError('LIST_INDEX', `${table.name}: the list has no element ${index}`, {
      hint: 'listGetAll names the elements',
    });
  const noList = (): StoreError =>
    new StoreError('NOT_FOUND', `${table.name}: there is no list of this key`, { hint: 'listAddAfter makes it' });

  /** Reads the header, lets `plan` change it, writes header and elements in one commit. */
  async function change<T>(
    op: string,
    key: RecordValue,
    options: ListWriteOptions,
    plan: (
      header: ListHeader | undefined,
      listKey: Buffer,
      row: Row | undefined,
    ) => { writes: Write[]; header: ListHeader | undefined; done: (version: number, results: WriteResult[]) => T },
  ): Promise<T> {
    const at = where(key);
    return core.tracked(op, at.key, () => {
      context.charge('write', 64);
      return core.readModifyWrite(at, core.deadline(options), (row, expired) => {
        const present = row && decodeHeader(row.value);
        const leftovers = expired ? removeElements(at.key, expired.value) : [];
        const { writes, header, done } = plan(present, at.key, row);
        const expires = core.expires();
        const list: Write = {
          key: at.key,
          op: header ? 'put' : 'delete',
          when: 'any',
          policy: options.policy ?? 1,
          version: options.version ?? 0,
          guard: row?.rev ?? 0,
          ...(header
            ? {
                value: encodeHeader(header),
                expires,
                index: expires > 0 ? codec.indexEntries({}, at.key, expires) : [],
              }
            : {}),
        };
        return {
          writes: [list, ...leftovers, ...writes],
          result: (results) => {
            const [own] = results as [WriteResult];
            if (own.code === 'version')
              throw new WriteRefused(
                'VERSION_MISMATCH',
                `${table.name}: the list has version ${own.version}, not ${options.version}`,
                'read the list again and repeat the change',
                { version: own.version },
              );
            if (own.code !== 'ok') throw noList();
            return done(own.version, results.slice(1 + leftovers.length));
          },
        };
      });
    });
  }

  const put = (record: RecordValue, listKey: Buffer, index: number, want?: 'before'): Write => {
    const key = elementKey(listKey, index);
    return {
      key,
      op: 'put',
      when: 'any',
      policy: 3,
      version: 0,
      value: codec.encode(record, key),
      expires: 0,
      index: [],
      ...(want ? { want } : {}),
    };
  };
  const remove = (listKey: Buffer, index: number, want?: 'before'): Write => ({
    ...removeElement(listKey, index),
    ...(want ? { want } : {}),
  });

  /** The place of a new element in a sorted list: behind its equals. */
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

  async function elements(
    key: RecordValue,
    listKey: Buffer,
    indexes: readonly number[],
    version: number,
    deadline: number,
  ): Promise<ListElement[]> {
    const slot = codec.slot(key);
    const keys = indexes.map((index) => ({ slot, key: elementKey(listKey, index) }));
    const rows = keys.length > 0 ? await engine.getMany(keys, { deadline }) : [];
    const found: ListElement[] = [];
    for (const [i, row] of rows.entries())
      if (row)
        found.push({
          index: indexes[i] as number,
          record: codec.decode(row.value, (keys[i] as { key: Buffer }).key),
          version,
        });
    return found;
  }

  async function readHeader(
    key: RecordValue,
    options: ReadCallOptions,
  ): Promise<{ header: ListHeader; version: number; listKey: Buffer; deadline: number } | undefined> {
    const at = where(key);
    const deadline = core.deadline(options);
    const answer = engine.get(at, { deadline, ...(options.stale ? { stale: true } : {}) });
    const row = answer instanceof Promise ? await answer : answer;
    context.charge('read', 1);
    if (!core.alive(row)) return undefined;
    return { header: decodeHeader(row.value), version: row.version, listKey: at.key, deadline };
  }

  return {
    changes: createReads(core).changes,
    async listAddAfter(record, after = LIST_TAIL, options = {}) {
      return change('listAddAfter', record, options, (present, listKey) => {
        const header: ListHeader = { next: present?.next ?? 0, elements: [...(present?.elements ?? [])] };
        const sort = sortKey(record);
        const writes: Write[] = [];
        let dropped: number | undefined;
        let place: number;
        if (table.sort) place = sortedPlace(header.elements, sort);
        else if (after === LIST_TAIL) place = header.elements.length;
        else if (after === LIST_HEAD) place = 0;
        else {
          place = header.elements.findIndex(({ index }) => index === after) + 1;
          if (place === 0) throw missing(after);
        }
        if (header.elements.length >= table.listMax) {
          if (table.sort) {
            // What comes last by the order goes; an element behind the end is refused.
            if (place >= header.elements.length)
              throw new StoreError(
                'SORTLIST_REFUSED',
                `${table.name}: the sorted list is full and this element comes last`,
                {
                  hint: `it holds ${table.listMax} elements`,
                },
              );
            dropped = (header.elements.pop() as { index: number }).index;
          } else if (options.shift === 1) {
            dropped = (header.elements.shift() as { index: number }).index;
            place = Math.max(0, place - 1);
          } else if (options.shift === 2) {
            dropped = (header.elements.pop() as { index: number }).index;
            place = Math.min(place, header.elements.length);
          } else
            throw new StoreError('LIST_FULL', `${table.name}: the list has its ${table.listMax} elements`, {
              hint: 'give shift: 1 to drop the head, 2 to drop the tail',
            });
          writes.push(remove(listKey, dropped));
        }
        const index = header.next;
        header.next = (header.next + 1) % 0x7fff_ffff;
        header.elements.splice(place, 0, { index, sort });
        writes.push(put(record, listKey, index));
        return {
          writes,
          header,
          done: (version) => ({
            code: 0,
            index,
            version,
            ...(dropped === undefined ? {} : { dropped }),
            ...((options.resultFlag?.success ?? 0) === 0 ? {} : { record }),
          }),
        };
      });
    },
    async listGet(key, index, options = {}) {
      return core.tracked('listGet', undefined, async () => {
        const list = await readHeader(key, options);
        if (!list?.header.elements.some((element) => element.index === index)) return undefined;
        return (await elements(key, list.listKey, [index], list.version, list.deadline))[0];
      });
    },
    async listGetAll(key, options = {}) {
      return core.tracked('listGetAll', undefined, async () => {
        const list = await readHeader(key, options);
        if (!list) return { elements: [], total: 0, version: 0 };
        const all = list.header.elements;
        const offset = options.offset ?? 0;
        const from = offset < 0 ? Math.max(0, all.length + offset) : offset;
        const limit = Math.min(options.limit ?? limits.listElements, limits.listElements);
        const indexes = all.slice(from, from + limit).map(({ index }) => index);
        return {
          elements: await elements(key, list.listKey, indexes, list.version, list.deadline),
          total: all.length,
          version: list.version,
        };
      });
    },
    async listReplace(record, index, options = {}) {
      return change('listReplace', record, options, (present, listKey) => {
        if (!present) throw noList();
        const header: ListHeader = { next: present.next, elements: [...present.elements] };
        const at = header.elements.findIndex((element) => element.index === index);
        if (at < 0) throw missing(index);
        if (table.sort) {
          const sort = sortKey(record);
          header.elements.splice(at, 1);
          header.elements.splice(sortedPlace(header.elements, sort), 0, { index, sort });
        }
        const flag = options.resultFlag?.success ?? 0;
        return {
          writes: [put(record, listKey, index, flag === 3 ? 'before' : undefined)],
          header,
          done: (version, [result]) => ({
            code: 0,
            index,
            version,
            ...(flag === 1 || flag === 2
              ? { record }
              : flag === 3 && result?.before
                ? { record: codec.decode(result.before.value, elementKey(listKey, index)) }
                : {}),
          }),
        };
      });
    },
    async listDelete(key, index, options = {}) {
      return change('listDelete', key, options, (present, listKey) => {
        if (!present) throw noList();
        if (!present.elements.some((element) => element.index === index)) throw missing(index);
        const rest = present.elements.filter((element) => element.index !== index);
        const flag = options.resultFlag?.success ?? 0;
        return {
          writes: [remove(listKey, index, flag === 3 ? 'before' : undefined)],
          header: { next: present.next, elements: rest },
          done: (version, [result]) => ({
            code: 0,
            index,
            version,
            ...(flag === 3 && result?.before
              ? { record: codec.decode(result.before.value, elementKey(listKey, index)) }
              : {}),
          }),
        };
      });
    },
    async listDeleteBatch(key, indexes, options = {}) {
      if (indexes.length > limits.batchRecords)
        throw new StoreError('BATCH_TOO_LARGE', `a batch of ${indexes.length} elements`, {
          hint: `send at most ${limits.batchRecords}`,
        });
      return change('listDeleteBatch', key, options, (present, listKey) => {
        if (!present) throw noList();
        const wanted = new Set(indexes);
        const deleted = present.elements.filter(({ index }) => wanted.has(index)).map(({ index }) => index);
        return {
          writes: deleted.map((index) => remove(listKey, index)),
          header: { next: present.next, elements: present.elements.filter(({ index }) => !wanted.has(index)) },
          done: (version) => ({ deleted, version }),
        };
      });
    },
    async listDeleteAll(key, options = {}) {
      return change('listDeleteAll', key, options, (present, listKey) => {
        if (!present) throw noList();
        return {
          writes: present.elements.map(({ index }) => remove(listKey, index)),
          header: options.keepVersion ? { next: present.next, elements: [] } : undefined,
          done: () => ({ deleted: present.elements.length }),
        };
      });
    },
    async listCount(key, options = {}) {
      return (await readHeader(key, options))?.header.elements.length ?? 0;
    },
  };
}
