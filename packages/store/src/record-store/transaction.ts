import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordValue } from '../codec/message-codec.ts';
import type { Write } from '../engines/kv-engine.ts';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
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
  slot: number;
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
 * Runs `work`, then commits all of what it did or nothing, when nobody changed in between what it touched; else runs it
 * again, until the deadline. Transactions and single writes of one slot happen as if one after the other, absent
 * records included (docs/decisions/transactions.md). What `work` reads may be of different moments, and is only then of
 * one moment when the promise resolves: also what `work` throws counts only then. All records must have equal values in
 * their sharding keys.
 *
 * @throws StoreError TRANSACTION_SPREAD, TIMEOUT, and what `work` throws
 */
export async function runTransaction<T>(
  context: StoreContext,
  coreOf: (table: string) => TableCore,
  work: (transaction: Transaction) => Promise<T>,
  options: CallOptions = {},
): Promise<T> {
  const deadline = performance.now() + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  for (let tries = 1; ; tries++) {
    const attempt = createAttempt(context, coreOf, deadline);
    const done = await work(attempt.transaction).then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
    if ('error' in done) {
      if (await standsAt(context, attempt.touched(), deadline)) throw done.error;
    } else if (await commitAttempt(context, attempt.touched(), deadline)) return done.result;
    if (performance.now() > deadline)
      throw new StoreError('TIMEOUT', phrase`the transaction met other changes each of ${tries} times`, {
        hint: phrase`make it shorter, or give more timeoutMs`,
      });
    if (tries > 2) await sleep(Math.min(deadline - performance.now(), Math.random() * Math.min(50, 2 ** tries)));
  }
}

/** One run of `work`, and what it touches. */
function createAttempt(
  context: StoreContext,
  coreOf: (table: string) => TableCore,
  deadline: number,
): { transaction: Transaction; touched(): Touched[] } {
  const touched = new Map<string, Touched>();
  let slot: number | undefined;

  async function touch(table: string, key: RecordValue): Promise<Touched> {
    const core = coreOf(table);
    if (core.codec.table.kind !== 'GENERIC')
      throw new StoreError('TABLE_KIND', phrase`${table} is a list and takes no part in transactions`, {
        hint: phrase`a list operation is atomic by itself`,
      });
    const rowKey = core.codec.rowKey(key);
    const text = rowKey.latin1Slice(0, rowKey.length);
    const known = touched.get(text);
    if (known) return known;
    const own = core.codec.slotOfRow(rowKey);
    slot ??= own;
    if (own !== slot)
      throw new StoreError('TRANSACTION_SPREAD', phrase`the records of a transaction have different sharding keys`, {
        hint: phrase`give the tables a common tcaplus_sharding_key, and records with equal values in it`,
      });
    if (touched.size >= context.limits.batchRecords)
      throw new StoreError('BATCH_TOO_LARGE', phrase`a transaction touches too many records`, {
        hint: phrase`at most ${context.limits.batchRecords}`,
      });
    const answer = context.engine.get({ slot: own, key: rowKey }, { deadline, newest: true });
    // See readModifyWrite: a row that came at once does not outlive an await.
    const found = answer instanceof Promise ? await answer : answer;
    const row = core.alive(found) ? found : undefined;
    const entry: Touched = {
      core,
      slot: own,
      rowKey,
      rev: row?.rev ?? 0,
      plain: row ? Uint8Array.from(core.codec.openFields(row.value, rowKey)) : undefined,
      version: row?.version ?? 0,
      expires: row?.expires ?? 0,
      modified: row?.modified ?? 0,
      dirty: false,
    };
    // Who touched the same record meanwhile was first: both go on with one entry.
    const other = touched.get(text);
    if (other) return other;
    touched.set(text, entry);
    return entry;
  }

  function set(entry: Touched, record: RecordValue): void {
    const { codec } = entry.core;
    entry.plain = Uint8Array.from(codec.openFields(codec.encode(record, entry.rowKey), entry.rowKey));
    entry.expires = entry.core.expires();
    entry.dirty = true;
  }

  function demand(entry: Touched, present: boolean): void {
    if ((entry.plain !== undefined) === present) return;
    throw entry.core.refusal(
      { code: present ? 'absent' : 'exists', version: entry.version, rev: entry.rev },
      undefined,
      entry.rowKey,
    );
  }

  function edit(entry: Touched, edits: PathEdit[]): void {
    demand(entry, true);
    const edited = applyPathEdits(entry.plain as Uint8Array, edits);
    if (edited.length > context.limits.recordBytes)
      throw new StoreError('RECORD_TOO_LARGE', phrase`the record would have ${edited.length} bytes`, {
        hint: phrase`at most ${context.limits.recordBytes} are allowed`,
      });
    entry.plain = edited;
    entry.dirty = true;
  }

  const transaction: Transaction = {
    async get(table, key) {
      const entry = await touch(table, key);
      if (!entry.plain) return undefined;
      const record = context.messages.decode(entry.core.codec.table.message, entry.plain);
      return { code: 0, record, version: entry.version, expires: entry.expires, modified: entry.modified };
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
  return { transaction, touched: () => [...touched.values()] };
}

/** Commits what an attempt did; false when somebody changed something in between. */
async function commitAttempt(context: StoreContext, touched: readonly Touched[], deadline: number): Promise<boolean> {
  const [first] = touched;
  if (!first) return true;
  const { engine } = context;
  const writing = touched.some(({ dirty }) => dirty);
  // One record that a shard answered was of one moment, and durable.
  if (!writing && touched.length === 1 && engine.kind !== 'lmdb') return true;
  const writes = touched.map((entry) => writeOf(context, entry));
  if (writing) context.charge('write', writes.length);
  const feed = writing && touched.some((entry) => entry.core.codec.table.feed);
  const results = await engine.commit({ slot: first.slot, now: context.clock.now(), writes, feed, deadline });
  return results.every(({ code }) => code === 'ok');
}

/**
 * Whether what `work` threw stands on records of one moment. Where that cannot be learnt what it threw is what is told.
 */
async function standsAt(context: StoreContext, touched: readonly Touched[], deadline: number): Promise<boolean> {
  const read = touched.map((entry): Touched => ({ ...entry, dirty: false }));
  return commitAttempt(context, read, deadline).catch(() => true);
}

const checkOf = ({ rowKey, rev }: Touched): Write => ({
  key: rowKey,
  op: 'check',
  when: 'any',
  policy: 3,
  version: 0,
  guard: rev,
});

function writeOf(context: StoreContext, entry: Touched): Write {
  const { codec } = entry.core;
  if (!entry.dirty) return checkOf(entry);
  const base = { ...checkOf(entry), feed: codec.table.feed };
  if (!entry.plain) return entry.rev === 0 ? checkOf(entry) : { ...base, op: 'delete' };
  const record = context.messages.decode(codec.table.message, entry.plain);
  return {
    ...base,
    op: 'put',
    value: Buffer.from(codec.sealFields(entry.plain, entry.rowKey)),
    expires: entry.expires,
    index: codec.indexEntries(record, entry.rowKey, entry.expires),
  };
}
