import type { Edit } from '../codec/edit.ts';
import { own, type RecordValue } from '../codec/message-codec.ts';
import type { Row, Write } from '../engines/kv-engine.ts';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { TableCore } from './core.ts';
import { applyPathEdits, type PathEdit } from './field-edits.ts';
import type { WriteCallOptions, Written } from './options.ts';

export interface FieldWriteOptions<R = RecordValue> extends WriteCallOptions<R> {
  /** An absent record is made of the key and the fields of the request. TCaplus: flag 16. */
  insertIfAbsent?: boolean;
}

/** Writes of one record: whole, or some of its fields. */
export function createRecordWrites(core: TableCore) {
  const { codec, context } = core;
  const { table } = codec;
  const { limits, messages } = context;

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
        throw new StoreError('FIELD_TYPE', phrase`${field.name} is part of the key and cannot change`, {
          hint: phrase`insert a new record`,
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
          maxBytes: limits.recordBytes,
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
          throw new StoreError('RECORD_TOO_LARGE', phrase`the record would have ${plain.length} bytes`, {
            hint: phrase`at most ${limits.recordBytes} are allowed`,
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

  return { writeWhole, writeFields };
}
