/** The record store: Protobuf records, hot and cold in one, from an embedded file to many shards. See README.md. */
export type { CryptoKeys } from './codec/field-cipher.ts';
export type { RecordValue } from './codec/message-codec.ts';
export type { KvEngine } from './engines/kv-engine.ts';
export { createLmdbEngine, type LmdbEngine, type LmdbEngineOptions } from './engines/lmdb/lmdb-engine.ts';
export { NOT_MODIFIED, StoreError, type StoreErrorCode, TCAPLUS_CODES } from './errors.ts';
export { DEFAULT_LIMITS, type StoreLimits } from './limits.ts';
export { WriteRefused } from './record-store/core.ts';
export { LIST_HEAD, LIST_TAIL, type ListElement, type ListTable } from './record-store/list-table.ts';
export type { Found, NotModified, Page, Written } from './record-store/options.ts';
export {
  createRecordStore,
  type RecordStore,
  type RecordStoreOptions,
  type TableTypes,
} from './record-store/record-store.ts';
export type { BatchWrite, RecordTable } from './record-store/record-table.ts';
export type { Transaction } from './record-store/transaction.ts';
export { checkEvolution } from './schema/check-evolution.ts';
export { generateTypes } from './schema/generate-types.ts';
export { parseSchema } from './schema/parse-schema.ts';
export type { FieldDef, Schema, TableDef } from './schema/table.ts';
