import { type ErrorWords, type Phrase, SparrowError } from '@sparrow/core';
import { STORE_ERRORS_ZH } from './errors.zh.ts';

/** Everything the record store can refuse or fail at. */
export type StoreErrorCode =
  /** A `.proto` cannot be read, or its options contradict each other. The message names file, line and column. */
  | 'SCHEMA_INVALID'
  /** The new schema changes something that stored records depend on. */
  | 'SCHEMA_CHANGE_FORBIDDEN'
  /** No table of this name was defined. */
  | 'TABLE_UNKNOWN'
  /** The operation is not one of this kind of table. */
  | 'TABLE_KIND'
  /** A field that the message does not have. */
  | 'FIELD_UNKNOWN'
  /** A value that does not fit its field. */
  | 'FIELD_TYPE'
  /** A field of the primary key is not given. */
  | 'KEY_MISSING'
  /** A key field or the whole key is larger than it may be. */
  | 'KEY_TOO_LONG'
  /** A record or one of its fields is larger than it may be. */
  | 'RECORD_TOO_LARGE'
  /** Bytes that are no protobuf message of this table. */
  | 'RECORD_MALFORMED'
  /** There is no such record. */
  | 'NOT_FOUND'
  /** A record of this key is there already. */
  | 'EXISTS'
  /** The stored version is not the one the request expects. */
  | 'VERSION_MISMATCH'
  /** The stored record does not meet the condition of the request. */
  | 'CONDITION_FAILED'
  /** An increase would leave its limits, or the range of its type. */
  | 'OUT_OF_RANGE'
  /** The list has as many elements as it may have. */
  | 'LIST_FULL'
  /** The list has no element of this index. */
  | 'LIST_INDEX'
  /** A sorted list is full and the element would come behind its end. */
  | 'SORTLIST_REFUSED'
  /** The store takes no writes now. */
  | 'READ_ONLY'
  /** An index query that is not of the documented grammar, or has no index that serves it. */
  | 'QUERY_INVALID'
  /** More records at once than a batch may have. */
  | 'BATCH_TOO_LARGE'
  /** A cursor or position that this table did not give out. */
  | 'CURSOR_INVALID'
  /** The change feed of this position was cleaned already, or the table has none. */
  | 'FEED_GONE'
  /** Records of one transaction have different sharding keys. */
  | 'TRANSACTION_SPREAD'
  /** It took longer than its deadline and certainly did not happen. */
  | 'TIMEOUT'
  /** The connection was lost before the answer: it may have happened or not. */
  | 'INDETERMINATE'
  /** More work is waiting than the store takes. */
  | 'OVERLOADED'
  /** The app used what its quota gives it. */
  | 'QUOTA_EXCEEDED'
  /** The disk is full. Nothing of the refused write remains. */
  | 'DISK_FULL'
  /** The disk failed to make a write durable; the store must be opened anew. */
  | 'LOG_FAILED'
  /** A file of the store is damaged. */
  | 'STORE_CORRUPT'
  /** Another process has the store open for writing. */
  | 'STORE_IN_USE'
  /** The store was closed. */
  | 'CLOSED'
  /** An encrypted field, and no key to open it. */
  | 'CRYPTO_KEY_UNKNOWN'
  /** An encrypted field was changed outside of the store, or its key is wrong. */
  | 'DECRYPT_FAILED'
  /** The configuration of the store contradicts itself. */
  | 'CONFIG_INVALID'
  /** A shard or the meta store does not answer. */
  | 'SHARD_DOWN'
  /** A move cannot start or go on. */
  | 'MOVE_REFUSED'
  /** The two sides of a move differ. */
  | 'VERIFY_FAILED'
  /** A backup or an export that cannot be read. */
  | 'BACKUP_INVALID';

/** Result codes of TCaplus beside ours, where it has one (TcaplusDB user guide, go-sdk 3.46). */
export const TCAPLUS_CODES: Partial<Record<StoreErrorCode, number>> = {
  NOT_FOUND: 261,
  EXISTS: -1293,
  VERSION_MISMATCH: -7949,
  READ_ONLY: -1792,
  LIST_FULL: -6157,
  LIST_INDEX: -4109,
  SORTLIST_REFUSED: -3328,
  OUT_OF_RANGE: -12301,
  TIMEOUT: -8734,
};

/** TCaplus's code of a get that found the record unchanged; a result, not an error. */
export const NOT_MODIFIED = 288;

/** An error of the record store; `tcaplus` is the code TCaplus answers in the same case. */
export class StoreError extends SparrowError<StoreErrorCode> {
  readonly tcaplus: number | undefined;
  constructor(code: StoreErrorCode, message: string | Phrase, options: { hint: string | Phrase; cause?: unknown }) {
    super(code, message, options);
    this.tcaplus = TCAPLUS_CODES[code];
  }

  get chinese(): ErrorWords {
    const words: Record<StoreErrorCode, ErrorWords> = STORE_ERRORS_ZH;
    return words[this.code];
  }
}
