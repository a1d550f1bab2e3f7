/** The record store: Protobuf records, hot and cold in one, from an embedded file to many shards. See README.md. */

export {
  checkLoad,
  fill as fillCounters,
  finalState as finalCounters,
  LOAD_SCHEMA,
  type Load,
  startLoad,
} from './checker/load.ts';
export type { Operation, Violation } from './checker/record-history.ts';
export type { CryptoKeys } from './codec/field-cipher.ts';
export type { RecordValue } from './codec/message-codec.ts';
export {
  CONFIG_FILE,
  changeStoreConfig,
  type GrowOptions,
  namespacesOf,
  type OpenedStore,
  openEngine,
  openEngineToRead,
  openStore,
  readStoreConfig,
  type StoreConfig,
  storeExists,
} from './config/open-store.ts';
export type { KvEngine } from './engines/kv-engine.ts';
export type { ChangeArchive } from './engines/lmdb/change.ts';
export {
  createLmdbEngine,
  type LmdbEngine,
  type LmdbEngineOptions,
} from './engines/lmdb/lmdb-engine.ts';
export { createShardsEngine, joinShard, type ShardsOptions } from './engines/postgres/open-shards.ts';
export type { PostgresEngine } from './engines/postgres/postgres-engine.ts';
export { MOVED_TABLES, migrateShard } from './engines/postgres/shard-sql.ts';
export { createSwitchableEngine, type SwitchableEngine } from './engines/switchable-engine.ts';
export { NOT_MODIFIED, StoreError, type StoreErrorCode, TCAPLUS_CODES } from './errors.ts';
export { DEFAULT_LIMITS, type StoreLimits } from './limits.ts';
export { type ArchiveRun, describeArchive, gapsOf, openArchive, pruneArchive } from './operations/archive.ts';
export { readArchive } from './operations/archive-path.ts';
export { backupStore, type Restored, restoreStore, verifyBackup } from './operations/backup.ts';
export { type Growth, growToShards } from './operations/grow.ts';
export { fromJson, toJson } from './operations/json-record.ts';
export { parseTime } from './operations/parse-time.ts';
export { type RepairReport, repairStore } from './operations/repair-store.ts';
export { exportTable, importTable, type TransferFormat } from './operations/transfer.ts';
export { verifyStore } from './operations/verify-store.ts';
export { type ReadRow, WriteRefused } from './record-store/core.ts';
export type { ListElement, ListTable } from './record-store/list-api.ts';
export { LIST_HEAD, LIST_TAIL } from './record-store/list-order.ts';
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
export { type FailOver, failOver } from './shards/fail-over.ts';
export { type MetaStore, type Move, openMetaStore, type ShardInfo } from './shards/meta-store.ts';
export { createMover, type Mover, type MoverOptions } from './shards/mover.ts';
