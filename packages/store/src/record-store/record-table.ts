import type { Edit } from '../codec/edit.ts';
import { own, type RecordValue } from '../codec/message-codec.ts';
import type { Row, Write } from '../engines/kv-engine.ts';
import { NOT_MODIFIED, StoreError } from '../errors.ts';
import type { ReadRow, TableCore } from './core.ts';
import { applyPathEdits, type IncreaseLimits, increaseEdit, type PathEdit, readPaths, setEdit } from './field-edits.ts';
import { inParallel } from './in-parallel.ts';
import type { Found, NotModified, ReadCallOptions, WriteCallOptions, Written } from './options.ts';
import { createReads, type Reads } from './reads.ts';

export interface FieldWriteOptions<R = RecordValue> extends WriteCallOptions<R> {
  /** An absent record is made of the key and the fields of the request. TCaplus: flag 16. */
  insertIfAbsent?: boolean;
}

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

type Show<T> = (row: ReadRow, rowKey: Buffer, options?: GetOptions) => T;
type GetOptions = ReadCallOptions & { ifModifiedFrom?: number };

export function createRecordTable(core: TableCore): RecordTable {
  const { codec, context } = core;
  const { table } = codec;
  const { engine, limits, messages } = context;

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

  /** Insert, replace, update and delete: one trip, unless a condition has to be looked at first. */
  function writeWhole(
    op: 'insert' | 'replace' | 'update' | 'delete',
    record: RecordValue,
    options: WriteCallOptions = {},
  ): Promise<Written> {
    let rowKey: Buffer;
    try {
      rowKey = codec.rowKey(record);
    } catch (error) {
      return Promise.reject(error);
    }
    return core.tracked(op, rowKey, () => {
      const deadline = core.deadline(options);
      const slot = codec.slotOfRow(rowKey);
      const when = op === 'insert' ? 'absent' : op === 'replace' ? 'any' : 'present';
      const flag = options.resultFlag?.success ?? 0;
      const write: Write = {
        key: rowKey,
        op: op === 'delete' ? 'delete' : 'put',
        when,
        policy: options.policy ?? 1,
        version: options.version ?? 0,
        ...(flag === 3 ? { want: 'before' as const } : {}),
      };
      if (op !== 'delete') {
        const expires = core.expires(options);
        write.value = codec.encode(record, rowKey);
        write.expires = expires;
        write.index = table.indexes.length > 0 || expires > 0 ? codec.indexEntries(record, rowKey, expires) : [];
      }
      context.charge('write', write.value?.length ?? 0);
      const condition = core.condition(options.condition);
      const finish = (results: { code: string; version: number; before?: Row }[]): Written => {
        const result = results[0] as Parameters<TableCore['refusal']>[0];
        if (result.code !== 'ok') throw core.refusal(result, options, rowKey, record);
        const shown =
          flag === 1 || (flag === 2 && op !== 'delete')
            ? record
            : flag === 3 && result.before
              ? codec.decode(result.before.value, rowKey)
              : undefined;
        return { code: 0, version: result.version, ...(shown ? { record: shown } : {}) };
      };
      if (!condition) return core.commit(slot, [write], deadline).then(finish);
      return core.readModifyWrite({ slot, key: rowKey }, deadline, (row) => {
        if (row) checkCondition(condition, row, rowKey, options, record);
        return { writes: [{ ...write, guard: row?.rev ?? 0 }], result: finish };
      });
    });
  }

  function checkCondition(
    condition: (record: RecordValue) => boolean,
    row: Row,
    rowKey: Buffer,
    options: WriteCallOptions,
    request?: RecordValue,
  ): void {
    if (condition(codec.decode(row.value, rowKey))) return;
    throw core.refusal({ code: 'guard', version: row.version, rev: row.rev, before: row }, options, rowKey, request);
  }

  /** Field operations: an edit of the wire in one trip where that is enough, else read, change and write back. */
  async function writeFields(
    op: string,
    key: RecordValue,
    edits: PathEdit[],
    options: FieldWriteOptions = {},
  ): Promise<Written> {
    const rowKey = codec.rowKey(key);
    for (const { way, field } of edits)
      if (table.keyFields.includes(way[0] ?? field))
        throw new StoreError('FIELD_TYPE', `${field.name} is part of the key and cannot change`, {
          hint: 'insert a new record',
        });
    return core.tracked(op, rowKey, async () => {
      const deadline = core.deadline(options);
      const slot = codec.slotOfRow(rowKey);
      const flag = options.resultFlag?.success ?? 0;
      const condition = core.condition(options.condition);
      const want = flag === 2 ? 'after' : flag === 3 ? 'before' : undefined;
      context.charge('write', 64);
      const onWire =
        !condition &&
        !options.insertIfAbsent &&
        table.ttlMs === 0 &&
        options.ttlMs === undefined &&
        edits.every(({ way, field }) => way.length === 0 && !codec.isIndexed(field) && !field.encrypted);
      const show = (result: { version: number; before?: Row; after?: Row }): Written => {
        const row = flag === 2 ? result.after : flag === 3 ? result.before : undefined;
        return {
          code: 0,
          version: result.version,
          ...(row ? { record: codec.decode(row.value, rowKey) } : flag === 1 ? { record: key } : {}),
        };
      };
      if (onWire) {
        const write: Write = {
          key: rowKey,
          op: 'edit',
          when: 'present',
          policy: options.policy ?? 1,
          version: options.version ?? 0,
          edits: edits.map(({ edit }): Edit => edit),
          ...(want ? { want } : {}),
        };
        const [result] = await core.commit(slot, [write], deadline);
        if (result?.code !== 'ok') throw core.refusal(result as NonNullable<typeof result>, options, rowKey, key);
        return show(result);
      }
      return core.readModifyWrite({ slot, key: rowKey }, deadline, (row) => {
        if (!row && !options.insertIfAbsent)
          throw core.refusal({ code: 'absent', version: 0, rev: 0 }, options, rowKey, key);
        if (row && condition) checkCondition(condition, row, rowKey, options, key);
        const before = row ? codec.openFields(row.value, rowKey) : messages.encode(table.message, pickKey(key));
        let plain: Uint8Array;
        try {
          plain = applyPathEdits(before, edits);
        } catch (error) {
          if (!(error instanceof StoreError) || error.code !== 'OUT_OF_RANGE') throw error;
          const present = row && { before: { ...row, value: Buffer.from(row.value) } };
          throw core.refusal({ code: 'range', version: row?.version ?? 0, rev: 0, ...present }, options, rowKey, key);
        }
        if (plain.length > limits.recordBytes)
          throw new StoreError('RECORD_TOO_LARGE', `the record would have ${plain.length} bytes`, {
            hint: `at most ${limits.recordBytes} are allowed`,
          });
        const expires = options.ttlMs !== undefined || table.ttlMs > 0 || !row ? core.expires(options) : row.expires;
        // Only index entries need the fields.
        const record = table.indexes.length > 0 ? messages.decode(table.message, plain) : {};
        const write: Write = {
          key: rowKey,
          op: 'put',
          when: 'any',
          policy: options.policy ?? 1,
          version: options.version ?? 0,
          guard: row?.rev ?? 0,
          value: Buffer.from(codec.sealFields(plain, rowKey)),
          expires,
          index: codec.indexEntries(record, rowKey, expires),
          ...(want ? { want } : {}),
        };
        return {
          writes: [write],
          result: ([result]) => {
            if (result?.code !== 'ok') throw core.refusal(result as NonNullable<typeof result>, options, rowKey, key);
            return show(result);
          },
        };
      });
    });
  }

  const pickKey = (key: RecordValue): RecordValue =>
    Object.fromEntries(table.keyFields.map((field) => [field.name, own(key, field.name)]));

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
    async rotateKeys(options = {}) {
      let rotated = 0;
      let cursor: string | undefined;
      do {
        const page = await engine.scan({
          ...codec.range,
          limit: 256,
          deadline: core.deadline(options),
          ...(cursor === undefined ? {} : { after: cursor }),
        });
        cursor = page.cursor;
        for (const { key } of page.rows) {
          const at = { slot: codec.slotOfRow(key), key };
          rotated += await core.readModifyWrite(at, core.deadline(options), (row) => {
            const ids = row ? codec.cipherKeys(row.value) : [];
            if (!row || ids.every((id) => id === currentKey())) return { writes: [], result: () => 0 };
            const plain = codec.openFields(row.value, key);
            const record = messages.decode(table.message, plain);
            const write: Write = {
              key,
              op: 'put',
              when: 'present',
              // The content is the same, so its version stays.
              policy: 2,
              version: row.version,
              guard: row.rev,
              value: Buffer.from(codec.sealFields(plain, key)),
              expires: row.expires,
              index: codec.indexEntries(record, key, row.expires),
            };
            return { writes: [write], result: () => 1 };
          });
        }
      } while (cursor !== undefined);
      return rotated;
    },
  };
  const currentKey = (): string => context.currentKey ?? '';
  return self;
}

function tooMany(count: number, limit: number): StoreError {
  return new StoreError('BATCH_TOO_LARGE', `a batch of ${count} records`, { hint: `send at most ${limit} at once` });
}
