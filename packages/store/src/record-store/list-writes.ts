import type { RecordValue } from '../codec/message-codec.ts';
import type { Row, Write, WriteResult } from '../engines/kv-engine.ts';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { TableCore } from './core.ts';
import { WriteRefused } from './core.ts';
import type { ListTable, ListWriteOptions } from './list-api.ts';
import {
  decodeHeader,
  elementKey,
  encodeHeader,
  type ListHeader,
  removeElement,
  removeElements,
} from './list-header.ts';
import { createListOrder, LIST_TAIL, missingElement } from './list-order.ts';

/** What a change makes of a list. */
interface ListPlan<T> {
  /** Of elements. */
  writes: Write[];
  /** The list afterwards; undefined removes it. */
  header: ListHeader | undefined;
  /** @param results of `writes` */
  done(version: number, results: WriteResult[]): T;
}

/** Writes of a LIST or SORTLIST table: each reads the header and writes it and the elements in one commit. */
export function createListWrites(
  core: TableCore,
): Pick<ListTable, 'listAddAfter' | 'listReplace' | 'listDelete' | 'listDeleteBatch' | 'listDeleteAll'> {
  const { codec, context } = core;
  const { table } = codec;
  const { limits } = context;
  const order = createListOrder(table);

  const noList = (): StoreError =>
    new StoreError('NOT_FOUND', phrase`${table.name}: there is no list of this key`, {
      hint: phrase`listAddAfter makes it`,
    });

  /** The write of the header itself. */
  function headerWrite(
    key: Buffer,
    header: ListHeader | undefined,
    row: Row | undefined,
    options: ListWriteOptions,
  ): Write {
    const write = {
      key,
      when: 'any',
      policy: options.policy ?? 1,
      version: options.version ?? 0,
      guard: row?.rev ?? 0,
    } as const;
    if (!header) return { ...write, op: 'delete' };
    const expires = core.expires();
    const index = expires > 0 ? codec.indexEntries({}, key, expires) : [];
    return { ...write, op: 'put', value: encodeHeader(header), expires, index };
  }

  function checkHeader(own: WriteResult, options: ListWriteOptions): void {
    if (own.code === 'version')
      throw new WriteRefused(
        'VERSION_MISMATCH',
        `${table.name}: the list has version ${own.version}, not ${options.version}`,
        'read the list again and repeat the change',
        { version: own.version },
      );
    if (own.code !== 'ok') throw noList();
  }

  /** Reads the header, lets `plan` say what it is to be, writes header and elements in one commit. */
  async function change<T>(
    op: string,
    key: RecordValue,
    options: ListWriteOptions,
    plan: (header: ListHeader | undefined, listKey: Buffer) => ListPlan<T>,
  ): Promise<T> {
    const at = { slot: codec.slot(key), key: codec.rowKey(key) };
    return core.tracked(op, at.key, () => {
      context.charge('write', 64);
      return core.readModifyWrite(at, core.deadline(options), (row, expired) => {
        const leftovers = expired ? removeElements(at.key, expired.value) : [];
        const { writes, header, done } = plan(row && decodeHeader(row.value), at.key);
        return {
          writes: [headerWrite(at.key, header, row, options), ...leftovers, ...writes],
          result: (results) => {
            const [own] = results as [WriteResult];
            checkHeader(own, options);
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
  /** The element as it was, when the result flag asked for it. */
  const before = (result: WriteResult | undefined, listKey: Buffer, index: number): { record?: RecordValue } =>
    result?.before ? { record: codec.decode(result.before.value, elementKey(listKey, index)) } : {};

  return {
    async listAddAfter(record, after = LIST_TAIL, options = {}) {
      return change('listAddAfter', record, options, (present, listKey) => {
        const header: ListHeader = { next: present?.next ?? 0, elements: [...(present?.elements ?? [])] };
        const added = order.add(header, record, after, options.shift ?? 0);
        const gone = added.dropped === undefined ? [] : [remove(listKey, added.dropped)];
        const flag = options.resultFlag?.success ?? 0;
        return {
          writes: [...gone, put(record, listKey, added.index)],
          header,
          done: (version) => ({ code: 0, ...added, version, ...(flag === 0 ? {} : { record }) }),
        };
      });
    },
    async listReplace(record, index, options = {}) {
      return change('listReplace', record, options, (present, listKey) => {
        if (!present) throw noList();
        const header: ListHeader = { next: present.next, elements: [...present.elements] };
        order.replace(header, record, index);
        const flag = options.resultFlag?.success ?? 0;
        return {
          writes: [put(record, listKey, index, flag === 3 ? 'before' : undefined)],
          header,
          done: (version, [result]) => ({
            code: 0,
            index,
            version,
            ...(flag === 1 || flag === 2 ? { record } : flag === 3 ? before(result, listKey, index) : {}),
          }),
        };
      });
    },
    async listDelete(key, index, options = {}) {
      return change('listDelete', key, options, (present, listKey) => {
        if (!present) throw noList();
        if (!present.elements.some((element) => element.index === index)) throw missingElement(table, index);
        const rest = present.elements.filter((element) => element.index !== index);
        const flag = options.resultFlag?.success ?? 0;
        return {
          writes: [remove(listKey, index, flag === 3 ? 'before' : undefined)],
          header: { next: present.next, elements: rest },
          done: (version, [result]) => ({
            code: 0,
            index,
            version,
            ...(flag === 3 ? before(result, listKey, index) : {}),
          }),
        };
      });
    },
    async listDeleteBatch(key, indexes, options = {}) {
      if (indexes.length > limits.batchRecords)
        throw new StoreError('BATCH_TOO_LARGE', phrase`a batch of ${indexes.length} elements`, {
          hint: phrase`send at most ${limits.batchRecords}`,
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
  };
}
