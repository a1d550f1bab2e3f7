import { RECORD_OPEN_PATH, RECORD_OPERATIONS } from '@sparrow/protocol/record-wire';
import type { SparrowConfig } from './config.ts';
import { type LinkKind, openRecordLink, type RecordLink } from './record-link.ts';
import type { ServiceClient } from './service-client.ts';

export { SparrowRecordError } from './record-error.ts';

/** A record as it was found. */
export interface FoundRecord<R> {
  record: R;
  version: number;
  /** Milliseconds UTC of the last change. */
  modified: number;
  /** Milliseconds UTC, 0 is never. */
  expires: number;
}

export interface RecordWriteOptions {
  /** 1: the version must be the stored one (default), 2: overwrite it, 3: do not look. */
  policy?: 1 | 2 | 3;
  /** Version of the request; 0 is any. */
  version?: number;
  /** What must be so of the stored record, e.g. `gold >= 10`. */
  condition?: string;
  resultFlag?: { success?: 0 | 1 | 2 | 3; failure?: 0 | 1 | 2 | 3 };
  /** Life of the record, ms. */
  ttlMs?: number;
  timeoutMs?: number;
}

export interface WrittenRecord<R> {
  version: number;
  record?: R;
}

type Row = Record<string, unknown>;

/** One record a key. int64 fields are bigint, bytes are Uint8Array. */
export interface SparrowTable<R = Row, K = Row> {
  insert(record: R, options?: RecordWriteOptions): Promise<WrittenRecord<R>>;
  replace(record: R, options?: RecordWriteOptions): Promise<WrittenRecord<R>>;
  update(record: R, options?: RecordWriteOptions): Promise<WrittenRecord<R>>;
  delete(key: K, options?: RecordWriteOptions): Promise<WrittenRecord<R>>;
  /** Undefined when there is none. */
  get(key: K): Promise<FoundRecord<R> | undefined>;
  batchGet(keys: readonly K[]): Promise<(FoundRecord<R> | null)[]>;
  fieldGet(key: K, fields: readonly string[]): Promise<{ version: number; values: Row } | undefined>;
  fieldUpdate(
    key: K,
    values: Row,
    options?: RecordWriteOptions & { insertIfAbsent?: boolean },
  ): Promise<WrittenRecord<R>>;
  fieldIncrease(
    key: K,
    deltas: Record<string, bigint | number>,
    options?: RecordWriteOptions & { insertIfAbsent?: boolean; lower?: bigint | number; upper?: bigint | number },
  ): Promise<WrittenRecord<R>>;
  getByPartKey(
    part: Partial<K>,
    options?: { limit?: number; cursor?: string },
  ): Promise<{ records: FoundRecord<R>[]; cursor?: string }>;
  /** `select * from Table where …`, by an index. */
  query(text: string): Promise<{ records: FoundRecord<R>[]; values?: unknown[] }>;
  traverse(options?: { limit?: number; cursor?: string }): Promise<{ records: FoundRecord<R>[]; cursor?: string }>;
  count(): Promise<number>;
}

export interface ListEntry<R> {
  index: number;
  record: R;
  version: number;
}

/** A list of elements a key. */
export interface SparrowList<R = Row, K = Row> {
  /** Index -1 is the end, -2 the beginning. `shift` 1 drops the head of a full list, 2 its tail. */
  listAddAfter(record: R, index?: number, options?: { shift?: 0 | 1 | 2 }): Promise<{ index: number; version: number }>;
  listGet(key: K, index: number): Promise<ListEntry<R> | undefined>;
  /** A negative offset counts from the end. */
  listGetAll(
    key: K,
    options?: { offset?: number; limit?: number },
  ): Promise<{ elements: ListEntry<R>[]; total: number; version: number }>;
  listReplace(record: R, index: number): Promise<{ index: number; version: number }>;
  listDelete(key: K, index: number): Promise<{ index: number; version: number }>;
  listDeleteAll(key: K): Promise<{ deleted: number }>;
  listCount(key: K): Promise<number>;
}

/**
 * The records of this app, apart from those of every other. Its tables stand in `records.proto` beside the backend's
 * sources.
 */
export interface SparrowStore {
  table<R = Row, K = Row>(name: string): SparrowTable<R, K>;
  list<R = Row, K = Row>(name: string): SparrowList<R, K>;
  close(): void;
}

/** One connection for all calls, opened with the first. */
export function createStoreApi(config: SparrowConfig, client: ServiceClient): SparrowStore {
  let connecting: Promise<RecordLink> | undefined;
  let link: RecordLink | undefined;

  async function connect(): Promise<RecordLink> {
    const { socket: path } = await client.call<{ socket: string }>(RECORD_OPEN_PATH, {});
    link = await openRecordLink({
      path,
      token: config.token,
      onClose() {
        link = undefined;
        connecting = undefined;
      },
    });
    return link;
  }

  function connected(): Promise<RecordLink> {
    connecting ??= connect().catch((error) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  }

  function facade(kind: LinkKind, table: string): Record<string, (...args: unknown[]) => Promise<unknown>> {
    return Object.fromEntries(
      RECORD_OPERATIONS[kind].map((name, operation) => [
        name,
        (...args: unknown[]) =>
          link
            ? link.call(kind, table, operation, args)
            : connected().then((opened) => opened.call(kind, table, operation, args)),
      ]),
    );
  }

  return {
    table: (name) => facade('GENERIC', name) as never,
    list: (name) => facade('LIST', name) as never,
    close() {
      void connecting?.then(
        (opened) => opened.close(),
        () => {},
      );
    },
  };
}
