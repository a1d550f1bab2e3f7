/**
 * Bounds of tables and requests. The defaults are those of the newest TcaplusDB guide; older editions of TCaplus have
 * smaller ones.
 */
export interface StoreLimits {
  keyFields: { GENERIC: number; LIST: number };
  valueFields: { GENERIC: number; LIST: number };
  /** Bytes of one packed record, and of one field. */
  recordBytes: number;
  /** Bytes of one key field, and of all of them packed. */
  keyFieldBytes: number;
  keyBytes: number;
  listElements: number;
  /** Records of one batch or transaction. */
  batchRecords: number;
  /** Operations of one batch that are under way at once. */
  batchParallel: number;
  /** Bytes of the name of a table or field, its closing NUL included. */
  nameBytes: number;
  /** Nesting of messages in a record. */
  messageDepth: number;
  /** Records that one index query or page of a traversal answers at most. */
  queryRecords: number;
  /** Bytes of the text of an index query. */
  queryBytes: number;
}

export const DEFAULT_LIMITS: StoreLimits = {
  keyFields: { GENERIC: 8, LIST: 7 },
  valueFields: { GENERIC: 256, LIST: 255 },
  recordBytes: 10 * 1024 * 1024,
  keyFieldBytes: 1024,
  keyBytes: 1022,
  listElements: 10_000,
  batchRecords: 1024,
  batchParallel: 64,
  nameBytes: 32,
  messageDepth: 32,
  queryRecords: 10_000,
  queryBytes: 64 * 1024,
};
