import type { RecordValue } from '../codec/message-codec.ts';
import type { Shift } from './list-order.ts';
import type { CallOptions, ReadCallOptions, ResultFlag, VersionPolicy } from './options.ts';
import type { Reads } from './reads.ts';

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
  shift?: Shift;
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
