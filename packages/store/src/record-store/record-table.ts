import type { RecordValue } from '../codec/message-codec.ts';
import { StoreError } from '../errors.ts';
import type { ReadRow, TableCore } from './core.ts';
import { type IncreaseLimits, increaseEdit, readPaths, setEdit } from './field-edits.ts';
import { inParallel } from './in-parallel.ts';
import type { Found, NotModified, ReadCallOptions, WriteCallOptions, Written } from './options.ts';
import { createReads, type Reads } from './reads.ts';
import { createFinds, tooMany } from './record-finds.ts';
import { createRecordWrites, type FieldWriteOptions } from './record-writes.ts';
import { rotateKeys } from './rotate-keys.ts';

export type BatchWrite<R = RecordValue, K = RecordValue> =
  | { op: 'insert' | 'replace' | 'update'; record: R; options?: WriteCallOptions<R> }
  | { op: 'delete'; key: K; options?: WriteCallOptions<R> }
  | { op: 'fieldUpdate'; key: K; values: RecordValue; options?: FieldWriteOptions<R> }
  | {
      op: 'fieldIncrease';
      key: K;
      deltas: Record<string, bigint | number>;
      options?: FieldWriteOptions<R> & IncreaseLimits;
    };

/**
 * A GENERIC table: one record a key. Every promise of a write resolves when it is durable; refused ones throw a
 * StoreError that carries TCaplus's code.
 *
 * @example
 * const players = store.table('Player');
 * await players.insert({ id: 7n, name: 'Ann', gold: 10n });
 * const { version } = await players.fieldIncrease({ id: 7n }, { gold: -3n }, { lower: 0n });
 */
export interface RecordTable<R = RecordValue, K = RecordValue> extends Reads<R, K> {
  /** @throws StoreError EXISTS */
  insert(record: R, options?: WriteCallOptions<R>): Promise<Written<R>>;
  /** Writes the record, whether it is there or not. */
  replace(record: R, options?: WriteCallOptions<R>): Promise<Written<R>>;
  /** @throws StoreError NOT_FOUND, VERSION_MISMATCH, CONDITION_FAILED */
  update(record: R, options?: WriteCallOptions<R>): Promise<Written<R>>;
  /** @throws StoreError NOT_FOUND, VERSION_MISMATCH, CONDITION_FAILED */
  delete(key: K, options?: WriteCallOptions<R>): Promise<Written<R>>;
  /** Undefined when there is none. With `ifModifiedFrom` a record that still has this version is not sent. */
  get(key: K, options?: ReadCallOptions): Promise<Found<R> | undefined>;
  get(key: K, options: ReadCallOptions & { ifModifiedFrom: number }): Promise<Found<R> | NotModified | undefined>;
  /**
   * For servers: `get` without decoding. What comes at once stands in a buffer of the store and is good until anything
   * else runs. Encrypted fields are opened.
   *
   * @throws StoreError at once, or by the promise
   */
  getEncoded(key: K, options?: ReadCallOptions): ReadRow | undefined | Promise<ReadRow | undefined>;
  /** In the order of the keys; at most `limits.batchRecords`. */
  batchGet(keys: readonly K[], options?: ReadCallOptions): Promise<(Found<R> | undefined)[]>;
  /** For servers: `batchGet` without decoding. */
  batchGetEncoded(keys: readonly K[], options?: ReadCallOptions): Promise<(ReadRow | undefined)[]>;
  /** Writes independent of each other, in parallel and bounded; each has its own result or error. */
  batch(writes: readonly BatchWrite<R, K>[]): Promise<(Written<R> | StoreError)[]>;
  /** Single fields by name or path (`a.b.c`), the rest is not decoded. */
  fieldGet(
    key: K,
    fields: readonly string[],
    options?: ReadCallOptions,
  ): Promise<{ version: number; values: RecordValue } | undefined>;
  /**
   * Sets single fields; undefined clears. Fields that this schema does not know stay.
   *
   * @throws StoreError NOT_FOUND …
   */
  fieldUpdate(key: K, values: RecordValue, options?: FieldWriteOptions<R>): Promise<Written<R>>;
  /** Adds to number fields, within `lower` and `upper`. @throws StoreError OUT_OF_RANGE, NOT_FOUND … */
  fieldIncrease(
    key: K,
    deltas: Record<string, bigint | number>,
    options?: FieldWriteOptions<R> & IncreaseLimits,
  ): Promise<Written<R>>;
  /** Writes every record again whose encrypted fields are not under the current key; answers how many. */
  rotateKeys(options?: { timeoutMs?: number }): Promise<number>;
}

export function createRecordTable(core: TableCore): RecordTable {
  const { codec, context } = core;
  const { table } = codec;
  const { limits, messages } = context;
  const { find, findMany, get, opened } = createFinds(core);
  const { writeWhole, writeFields } = createRecordWrites(core);

  const self: RecordTable = {
    ...createReads(core),
    insert: (record, options) => writeWhole('insert', record, options),
    replace: (record, options) => writeWhole('replace', record, options),
    update: (record, options) => writeWhole('update', record, options),
    delete: (key, options) => writeWhole('delete', key, options),
    get: get as RecordTable['get'],
    getEncoded: (key, options) => find(key, options, opened),
    batchGet: (keys, options) => findMany(keys, options, core.decode),
    batchGetEncoded: (keys, options) =>
      findMany(keys, options, (row, rowKey) => ({ ...row, value: Buffer.from(codec.openFields(row.value, rowKey)) })),
    async batch(writes) {
      if (writes.length > limits.batchRecords) throw tooMany(writes.length, limits.batchRecords);
      return inParallel(writes, limits.batchParallel, async (write): Promise<Written | StoreError> => {
        try {
          switch (write.op) {
            case 'delete':
              return await self.delete(write.key, write.options);
            case 'fieldUpdate':
              return await self.fieldUpdate(write.key, write.values, write.options);
            case 'fieldIncrease':
              return await self.fieldIncrease(write.key, write.deltas, write.options);
            default:
              return await self[write.op](write.record, write.options);
          }
        } catch (error) {
          if (error instanceof StoreError) return error;
          throw error;
        }
      });
    },
    async fieldGet(key, fields, options) {
      const rowKey = codec.rowKey(key);
      return core.tracked('fieldGet', rowKey, async () => {
        context.charge('read', 1);
        const answer = core.read(rowKey, options);
        const row = answer instanceof Promise ? await answer : answer;
        if (!core.alive(row)) return undefined;
        return {
          version: row.version,
          values: readPaths(messages, table.message, codec.openFields(row.value, rowKey), fields),
        };
      });
    },
    async fieldUpdate(key, values, options) {
      const edits = Object.entries(values).map(([path, value]) => setEdit(messages, table.message, path, value));
      return writeFields('fieldUpdate', key, edits, options);
    },
    async fieldIncrease(key, deltas, options = {}) {
      const edits = Object.entries(deltas).map(([path, by]) => increaseEdit(table.message, path, by, options));
      return writeFields('fieldIncrease', key, edits, options);
    },
    rotateKeys: (options = {}) => rotateKeys(core, options),
  };
  return self;
}
