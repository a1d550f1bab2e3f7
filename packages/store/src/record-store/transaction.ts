import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordValue } from '../codec/message-codec.ts';
import type { Write } from '../engines/kv-engine.ts';
import { StoreError } from '../errors.ts';
import type { StoreContext } from './context.ts';
import type { TableCore } from './core.ts';
import { applyPathEdits, type IncreaseLimits, increaseEdit, type PathEdit, setEdit } from './field-edits.ts';
import { type CallOptions, DEFAULT_TIMEOUT_MS, type Found } from './options.ts';

/** What a transaction does with records of one sharding key, in any tables. Writes are seen by its own later reads. */
export interface Transaction {
  get(table: string, key: RecordValue): Promise<Found | undefined>;
  insert(table: string, record: RecordValue): Promise<void>;
  replace(table: string, record: RecordValue): Promise<void>;
  update(table: string, record: RecordValue): Promise<void>;
  delete(table: string, key: RecordValue): Promise<void>;
  fieldUpdate(table: string, key: RecordValue, values: RecordValue): Promise<void>;
  fieldIncrease(
    table: string,
    key: RecordValue,
    deltas: Record<string, bigint | number>,
    limits?: IncreaseLimits,
  ): Promise<void>;
}

interface Touched {
  core: TableCore;
  rowKey: Buffer;
  /** Revision that was read, 0 for absent. */
  rev: number;
  /** Undefined: absent. Plain bytes, encrypted fields open. */
  plain: Uint8Array | undefined;
  version: number;
  expires: number;
  modified: number;
  dirty: boolean;
}

/**
 * Runs `work` against a snapshot of what it touches and commits all of it or nothing, when nobody changed any of it in between;
 * else runs it again, until the deadline. All records must have equal values in their sharding keys.
 *
 * @throws StoreError TRANSACTION_SPREAD, TIMEOUT, and what `work` throws
 */
export async function runTransaction<T>(
  context: StoreContext,
  coreOf: (table: string) => TableCore,
  work: (transaction: Transaction) => Promise<T>,
  options: CallOptions = {},
): Promise<T> {
  const ms = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const deadline = performance.now() + ms;
  for (let attempt = 0; ; attempt++) {
    const touched = new Map<string, Touched>();
    const slots = new Set<number>();

    const touch = async (table: string, key: RecordValue): Promise<Touched> => {
      const core = coreOf(table);
      if (core.codec.table.kind !== 'GENERIC')
        throw new StoreError('TABLE_KIND', `${table} is a list and takes no part in transactions`, {
          hint: 'a list operation is atomic by itself',
        });
      const rowKey = core.codec.rowKey(key);
      const text = rowKey.latin1Slice(0, rowKey.length);
      const known = touched.get(text);
      if (known) return known;
      slots.add(core.codec.slotOfRow(rowKey));
      const slot = core.codec.slotOfRow(rowKey);
      if (slots.size > 1)
        throw new StoreError('TRANSACTION_SPREAD', 'the records of a transaction have different sharding keys', {
          hint: 'give the tables a common tcaplus_sharding_key, and records with equal values in it',
        });
      if (touched.size >= context.limits.batchRecords)
        throw new StoreError('BATCH_TOO_LARGE', 'a transaction touches too many records', {
          hint: `at most ${context.limits.batchRecords}`,
        });
      const answer = context.engine.get({ slot, key: rowKey }, { deadline });
      // See readModifyWrite: a row that came at once does not outlive an await.
      const found = answer instanceof Promise ? await answer : answer;
      const row = core.alive(found) ? found : undefined;
      const entry: Touched = {
        core,
        rowKey,
        rev: row?.rev ?? 0,
        plain: row ? Uint8Array.from(core.codec.openFields(row.value, rowKey)) : undefined,
        version: row?.version ?? 0,
        expires: row?.expires ?? 0,
        modified: row?.modified ?? 0,
        dirty: false,
      };
      touched.set(text, entry);
      return entry;
    };
    const set = (entry: Touched, record: RecordValue): void => {
      const { codec } = entry.core;
      entry.plain = Uint8Array.from(codec.openFields(codec.encode(record, entry.rowKey), entry.rowKey));
      entry.expires = entry.core.expires();
      entry.dirty = true;
    };
    const demand = (entry: Touched, present: boolean): void => {
      if ((entry.plain !== undefined) === present) return;
      throw entry.core.refusal(
        { code: present ? 'absent' : 'exists', version: entry.version, rev: entry.rev },
        undefined,
        entry.rowKey,
      );
    };
    const edit = (entry: Touched, edits: PathEdit[]): void => {
      demand(entry, true);
      entry.plain = applyPathEdits(entry.plain as Uint8Array, edits);
      entry.dirty = true;
    };
    const transaction: Transaction = {
      async get(table, key) {
        const entry = await touch(table, key);
        if (!entry.plain) return undefined;
        const record = context.messages.decode(entry.core.codec.table.message, entry.plain);
        return {
          code: 0,
          record,
          version: entry.version,
          expires: entry.expires,
          modified: entry.modified,
        };
      },
      async insert(table, record) {
        const entry = await touch(table, record);
        demand(entry, false);
        set(entry, record);
      },
      async replace(table, record) {
        set(await touch(table, record), record);
      },
      async update(table, record) {
        const entry = await touch(table, record);
        demand(entry, true);
        set(entry, record);
      },
      async delete(table, key) {
        const entry = await touch(table, key);
        demand(entry, true);
        entry.plain = undefined;
        entry.dirty = true;
      },
      async fieldUpdate(table, key, values) {
        const { message } = coreOf(table).codec.table;
        const edits = Object.entries(values).map(([path, value]) => setEdit(context.messages, message, path, value));
        edit(await touch(table, key), edits);
      },
      async fieldIncrease(table, key, deltas, limits = {}) {
        const { message } = coreOf(table).codec.table;
        const edits = Object.entries(deltas).map(([path, by]) => increaseEdit(message, path, by, limits));
        edit(await touch(table, key), edits);
      },
    };
    const result = await work(transaction);
    const entries = [...touched.values()];
    if (!entries.some(({ dirty }) => dirty) && entries.length <= 1) return result;
    const writes = entries.map((entry): Write => {
      const { codec } = entry.core;
      const base = {
        key: entry.rowKey,
        when: 'any',
        policy: 3,
        version: 0,
        guard: entry.rev,
        feed: codec.table.feed,
      } as const;
      if (!entry.dirty) return { ...base, op: 'check' };
      if (!entry.plain) return entry.rev === 0 ? { ...base, op: 'check' } : { ...base, op: 'delete' };
      const record = context.messages.decode(codec.table.message, entry.plain);
      return {
        ...base,
        op: 'put',
        value: Buffer.from(codec.sealFields(entry.plain, entry.rowKey)),
        expires: entry.expires,
        index: codec.indexEntries(record, entry.rowKey, entry.expires),
      };
    });
    context.charge('write', writes.length);
    const feed = entries.some((entry) => entry.core.codec.table.feed);
    const results = await context.engine.commit({
      slot: [...slots][0] as number,
      now: context.clock.now(),
      writes,
      feed,
      deadline,
    });
    if (results.every(({ code }) => code === 'ok')) return result;
    if (performance.now() > deadline)
      throw new StoreError('TIMEOUT', `the transaction met other changes each of ${attempt + 1} times`, {
        hint: 'make it shorter, or give more timeoutMs',
      });
    if (attempt > 1) await sleep(Math.random() * Math.min(50, 2 ** attempt));
  }
}
