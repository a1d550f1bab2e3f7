import type { Edit } from '../codec/edit.ts';

/**
 * Where rows live. A row is a key, a protobuf message and what the store notes beside it; rows of one slot can change
 * together. The engine knows no fields: tables, indexes and lists are made of rows by the record store.
 */
export interface Row {
  /** A view that stays valid until the next call of the engine: decode or copy it at once. */
  value: Uint8Array;
  /** Version as programs see it, int32. */
  version: number;
  /** Differs after every change of the row, below 2^53; never shown to programs. */
  rev: number;
  /** Milliseconds UTC, 0 is never. */
  expires: number;
  /** Milliseconds UTC of the last change. */
  modified: number;
}

export interface Write {
  /** Begins with the table's number, 4 bytes; at most 1,100 bytes. */
  key: Buffer;
  /** `edit` changes fields of a row that is there; `check` only demands. */
  op: 'put' | 'edit' | 'delete' | 'check';
  /** What must be so; an expired row counts as absent. */
  when: 'any' | 'absent' | 'present';
  /** Version policies of TCaplus: 1 check and increment, 2 overwrite, 3 increment without check. */
  policy: 1 | 2 | 3;
  /** Version of the request; at most 0 means that it does not matter. */
  version: number;
  /** The row must still be at this revision, 0 for absent: for read-modify-write. */
  guard?: number;
  value?: Uint8Array;
  edits?: readonly Edit[];
  /** Edits that would make the value longer are refused. */
  maxBytes?: number;
  /** Index entries of the row after a put; an edit leaves them as they are. */
  index?: readonly Buffer[];
  /** Of a put: milliseconds UTC, 0 is never. Undefined keeps what the row has. */
  expires?: number;
  /** False keeps this write out of the feed, though its commit is noted. */
  feed?: boolean;
  /** The row before or after is wanted in the result. */
  want?: 'before' | 'after' | 'both';
}

export interface Commit {
  slot: number;
  /** Milliseconds UTC, for expiry. */
  now: number;
  /** Of one slot, bounded by the caller. All or none of them happen. */
  writes: readonly Write[];
  /** Note the changes in the table's feed, in the same commit. */
  feed: boolean;
  /** `performance.now()` by which it must be done. */
  deadline: number;
}

/** All but `ok` and `skipped` tell why a commit did not happen. */
export type WriteCode = 'ok' | 'exists' | 'absent' | 'version' | 'guard' | 'range' | 'large' | 'skipped';

export interface WriteResult {
  code: WriteCode;
  /** Version and revision after the change; of the present row when it did not happen. */
  version: number;
  rev: number;
  before?: Row;
  after?: Row;
}

export interface Located {
  slot: number;
  key: Buffer;
}

export interface RangeRequest {
  /** Only this slot; undefined asks all. */
  slot?: number;
  from: Buffer;
  /** Exclusive. */
  to: Buffer;
  /** Cursor of the page before. */
  after?: string;
  limit: number;
  deadline: number;
}

export interface RowPage {
  rows: { slot: number; key: Buffer; row: Row }[];
  /** There may be more behind this. */
  cursor?: string;
}

export interface IndexPage {
  entries: { index: Buffer; key: Buffer; slot: number }[];
  cursor?: string;
}

export interface FeedEntry {
  key: Buffer;
  op: 'put' | 'delete';
  version: number;
  value?: Uint8Array;
  expires: number;
  /** Milliseconds UTC. */
  at: number;
}

export interface ReadOptions {
  deadline: number;
  /** A replica may answer, with what it has. */
  stale?: boolean;
  /**
   * An answer that this process got so many ms ago, or less, will do. Only shards make use of it: LMDB is asked anyway.
   */
  maxAgeMs?: number;
  /**
   * For a write that is computed on the row in the same turn: also what is not durable yet. Nobody may be shown it
   * before a commit that stands on it is durable. Only LMDB makes use of it: shards compare the revision when they
   * write.
   */
  newest?: boolean;
}

/** The smallest position, before every change. */
export const FEED_START = '';

/**
 * An engine. Every promise of a write resolves only when the change is durable. Errors are StoreErrors: TIMEOUT,
 * INDETERMINATE, OVERLOADED, DISK_FULL, LOG_FAILED, SHARD_DOWN, READ_ONLY, CLOSED.
 */
export interface KvEngine {
  readonly kind: 'lmdb' | 'postgres';
  /** Number of slots that sharding keys are spread over. */
  readonly slots: number;
  get(at: Located, options: ReadOptions): Row | undefined | Promise<Row | undefined>;
  /** In the order of the keys. */
  getMany(at: readonly Located[], options: ReadOptions): Promise<(Row | undefined)[]>;
  commit(commit: Commit): Promise<WriteResult[]>;
  scan(range: RangeRequest): Promise<RowPage>;
  scanIndex(range: RangeRequest): Promise<IndexPage>;
  /** Rows with keys in [from, to), expired ones that are not yet removed included. */
  count(from: Buffer, to: Buffer, deadline: number): Promise<number>;
  /** Changes of a table behind a position, oldest first within a slot. */
  feed(
    table: number,
    position: string,
    limit: number,
    deadline: number,
  ): Promise<{ entries: FeedEntry[]; position: string }>;
  /** Drops feed entries older than `before` (milliseconds UTC), a bounded number at once; answers how many. */
  trimFeed(table: number, before: number, limit: number): Promise<number>;
  /** Small texts of the store itself (its schema), under a name. */
  readMeta(name: string): Promise<string | undefined>;
  /** Names of these texts. */
  metaNames(): Promise<string[]>;
  /** Compare and set; false when the present text is not `expected`. */
  writeMeta(name: string, text: string, expected: string | undefined): Promise<boolean>;
  /**
   * Calls back with the key of every row that changes, when the change is durable and before anybody is told so;
   * returns a function that ends it. Undefined where rows change unseen. The key is good until the callback returns.
   */
  watchKeys?(onKey: (key: Buffer) => void): () => void;
  /** Figures for `sparrow store stats`. */
  stats(): Promise<Record<string, number>>;
  close(): Promise<void>;
}
