import type { RecordValue } from '../codec/message-codec.ts';
import { NOT_MODIFIED, StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { ReadRow, TableCore } from './core.ts';
import type { Found, NotModified, ReadCallOptions } from './options.ts';

/** What becomes of a row that was found. */
type Show<T> = (row: ReadRow, rowKey: Buffer, options?: GetOptions) => T;
export type GetOptions = ReadCallOptions & { ifModifiedFrom?: number };

/** Reads records by their keys: decoded, or as they are kept. */
export function createFinds(core: TableCore) {
  const { codec, context } = core;
  const { table } = codec;
  const { engine, limits } = context;

  /**
   * No async function stands around this: reads are mostly answered at once, and a promise each is dear beside what
   * they do.
   */
  function find<T>(
    key: RecordValue,
    options: GetOptions | undefined,
    show: Show<T>,
  ): T | undefined | Promise<T | undefined> {
    const started = performance.now();
    try {
      const rowKey = codec.rowKeyOnce(key);
      const row = core.read(rowKey, options);
      if (row instanceof Promise) return findLater(codec.rowKey(key), row, options, started, show);
      const found = core.alive(row) ? show(row, rowKey, options) : undefined;
      context.charge('read', 1);
      context.telemetry.done('get', table.name, started, rowKey);
      return found;
    } catch (error) {
      context.telemetry.done('get', table.name, started, undefined, (error as StoreError).code);
      throw error;
    }
  }

  async function findLater<T>(
    rowKey: Buffer,
    answer: Promise<ReadRow | undefined>,
    options: GetOptions | undefined,
    started: number,
    show: Show<T>,
  ): Promise<T | undefined> {
    try {
      const row = await answer;
      const found = core.alive(row) ? show(row, rowKey, options) : undefined;
      context.charge('read', 1);
      context.telemetry.done('get', table.name, started, rowKey);
      return found;
    } catch (error) {
      context.telemetry.done('get', table.name, started, undefined, (error as StoreError).code);
      throw error;
    }
  }

  function get(key: RecordValue, options?: GetOptions): Promise<Found | NotModified | undefined> {
    try {
      return Promise.resolve(find(key, options, show));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async function findMany<T>(
    keys: readonly RecordValue[],
    options: ReadCallOptions | undefined,
    show: Show<T>,
  ): Promise<(T | undefined)[]> {
    if (keys.length > limits.batchRecords) throw tooMany(keys.length, limits.batchRecords);
    return core.tracked('batchGet', undefined, async () => {
      context.charge('read', keys.length);
      const rowKeys = keys.map((key) => codec.rowKey(key));
      if (engine.kind === 'lmdb') {
        const found: (T | undefined)[] = [];
        for (const rowKey of rowKeys) {
          const answer = core.read(rowKey, options);
          // A row that came at once does not outlive an await.
          const row = answer instanceof Promise ? await answer : answer;
          found.push(core.alive(row) ? show(row, rowKey) : undefined);
        }
        return found;
      }
      const located = rowKeys.map((key) => ({ slot: codec.slotOfRow(key), key }));
      const rows = await engine.getMany(located, readOptions(options));
      return rows.map((row, i) => (core.alive(row) ? show(row, rowKeys[i] as Buffer) : undefined));
    });
  }

  const show = (row: ReadRow, rowKey: Buffer, options?: GetOptions): Found | NotModified =>
    options?.ifModifiedFrom !== undefined && row.version === options.ifModifiedFrom
      ? { code: NOT_MODIFIED, version: row.version }
      : core.decode(row, rowKey);

  const opened = (row: ReadRow, rowKey: Buffer): ReadRow => {
    const value = codec.openFields(row.value, rowKey);
    return value === row.value ? row : { ...row, value };
  };

  const readOptions = (options?: ReadCallOptions): { deadline: number; stale?: boolean } => ({
    deadline: core.deadline(options),
    ...(options?.stale ? { stale: true } : {}),
  });

  return { find, findMany, get, opened };
}

export function tooMany(count: number, limit: number): StoreError {
  return new StoreError('BATCH_TOO_LARGE', phrase`a batch of ${count} records`, {
    hint: phrase`send at most ${limit} at once`,
  });
}
