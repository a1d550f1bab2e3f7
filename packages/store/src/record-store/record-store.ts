import { type Clock, systemClock } from '@sparrow/core';
import { type CryptoKeys, createFieldCipher } from '../codec/field-cipher.ts';
import { createMessageCodec, type MessageCodec, type RecordValue } from '../codec/message-codec.ts';
import type { KvEngine } from '../engines/kv-engine.ts';
import { StoreError } from '../errors.ts';
import { createHotTier } from '../hot/hot-tier.ts';
import { DEFAULT_LIMITS, type StoreLimits } from '../limits.ts';
import { createQuota, type QuotaOptions } from '../operations/quota.ts';
import { createTelemetry, type Telemetry } from '../operations/telemetry.ts';
import { phrase } from '../phrase.ts';
import type { Schema } from '../schema/table.ts';
import { defineTables } from './catalogue.ts';
import type { StoreContext } from './context.ts';
import { createTableCore, type TableCore } from './core.ts';
import type { ListTable } from './list-api.ts';
import { createListTable } from './list-table.ts';
import type { CallOptions } from './options.ts';
import { createRecordTable, type RecordTable } from './record-table.ts';
import { createSweeper } from './sweeper.ts';
import { createTableCodec, type TableCodec } from './table-codec.ts';
import { runTransaction, type Transaction } from './transaction.ts';

/** Records and keys by table, as `sparrow store generate` writes them. */
export type TableTypes = Record<string, { record: object; key: object }>;
type AnyTables = Record<string, { record: RecordValue; key: RecordValue }>;

export interface RecordStoreOptions {
  engine: KvEngine;
  /** Text of the `.proto`. Left out, the stored one is used. */
  schema?: string;
  /** Name of its file, for messages. */
  schemaFile?: string;
  /** Tables of one app and environment are apart from those of others. Default: none. */
  namespace?: string;
  limits?: Partial<StoreLimits>;
  crypto?: CryptoKeys;
  /** Bytes of memory for the hot tier, embedded engine only. Default 64 MiB; 0 turns it off. */
  hotBytes?: number;
  /** This process is not the only one that writes, so nothing decoded is kept. Set for readers beside a writer. */
  shared?: boolean;
  slowMs?: number;
  /** Calls a second that make a key hot. Default 1,000. */
  hotPerSecond?: number;
  /** On shards: milliseconds that a read of a hot key may be old, see `maxAgeMs` of a read. Default 0. */
  hotAgeMs?: number;
  quota?: QuotaOptions;
  /** How often expired records are looked for. Default 1,000 ms; 0 never. */
  sweepEveryMs?: number;
  /** Age at which entries of change feeds go, ms. Default seven days. */
  feedRetentionMs?: number;
  clock?: Clock;
}

/** The only way in: tables of records, on any engine. */
export interface RecordStore<T extends TableTypes = AnyTables> {
  readonly schema: Schema;
  readonly engine: KvEngine;
  /** @throws StoreError TABLE_UNKNOWN, TABLE_KIND */
  table<N extends keyof T & string>(name: N): RecordTable<T[N]['record'], T[N]['key']>;
  /** @throws StoreError TABLE_UNKNOWN, TABLE_KIND */
  list<N extends keyof T & string>(name: N): ListTable<T[N]['record'], T[N]['key']>;
  /** All or nothing, over records of one sharding key. `work` may run several times. */
  transaction<R>(work: (transaction: Transaction) => Promise<R>, options?: CallOptions): Promise<R>;
  readonly limits: StoreLimits;
  /** For tools: encodes and decodes messages. */
  readonly messages: MessageCodec;
  /** For tools: rows and codecs of a table. */
  codec(table: string): TableCodec;
  /** Removes what expired and trims feeds, now; answers how many records went. */
  sweep(): Promise<number>;
  readonly telemetry: Telemetry;
  stats(): Promise<Record<string, number>>;
  /** Prometheus text. */
  metrics(): Promise<string>;
  /** The engine stays open: who made it closes it. */
  close(): Promise<void>;
}

/**
 * Opens the tables of a schema on an engine. A schema that was stored before is compared: allowed changes are kept,
 * others refused.
 *
 * @example
 * const engine = await createLmdbEngine({ dir: 'store' });
 * const store = await createRecordStore<Tables>({ engine, schema: readFileSync('game.proto', 'utf8') });
 * @throws StoreError SCHEMA_INVALID, SCHEMA_CHANGE_FORBIDDEN, CRYPTO_KEY_UNKNOWN, CONFIG_INVALID
 */
export async function createRecordStore<T extends TableTypes = AnyTables>(
  options: RecordStoreOptions,
): Promise<RecordStore<T>> {
  const { engine } = options;
  const clock = options.clock ?? systemClock;
  const limits: StoreLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const cipher = options.crypto ? createFieldCipher(options.crypto) : undefined;
  const { schema, ids } = await defineTables({
    engine,
    limits,
    namespace: options.namespace ?? '',
    source: options.schema,
    file: options.schemaFile,
  });
  const hotBytes = options.hotBytes ?? 64 * 1024 * 1024;
  const watched = engine.kind === 'lmdb' && engine.watchKeys !== undefined && !options.shared;
  const hot = watched && hotBytes > 0 ? createHotTier(hotBytes) : undefined;
  // Whoever changes a row, by whichever store on this engine: what the tier holds of it is old from then on.
  const unwatch = hot ? engine.watchKeys?.((key) => hot.delete(key)) : undefined;
  const telemetry = createTelemetry({
    clock,
    ...(options.slowMs === undefined ? {} : { slowMs: options.slowMs }),
    ...(options.hotPerSecond === undefined ? {} : { hotPerSecond: options.hotPerSecond }),
  });
  const quota = options.quota ? createQuota(options.quota, clock) : undefined;
  const context: StoreContext = {
    engine,
    limits,
    clock,
    messages: createMessageCodec({ maxDepth: limits.messageDepth }),
    hot,
    telemetry,
    hotAgeMs: options.hotAgeMs ?? 0,
    currentKey: cipher?.current,
    charge: quota ? quota.charge : () => {},
  };
  const cores = new Map<string, TableCore>();
  const records = new Map<string, RecordTable>();
  const lists = new Map<string, ListTable>();
  for (const table of schema.tables.values()) {
    const codec = createTableCodec({
      table,
      id: ids[table.name] as number,
      slots: engine.slots,
      limits,
      messages: context.messages,
      cipher,
    });
    const core = createTableCore(codec, context);
    cores.set(table.name, core);
    if (table.kind === 'GENERIC') records.set(table.name, createRecordTable(core));
    else lists.set(table.name, createListTable(core));
  }
  const coreOf = (name: string): TableCore => {
    const core = cores.get(name);
    if (!core)
      throw new StoreError('TABLE_UNKNOWN', phrase`there is no table ${name}`, {
        hint: phrase`the schema has ${[...cores.keys()].join(', ')}`,
      });
    return core;
  };
  const sweeper = createSweeper({
    context,
    cores,
    everyMs: options.sweepEveryMs ?? 1_000,
    feedRetentionMs: options.feedRetentionMs ?? 7 * 24 * 3_600_000,
  });

  const stats = async (): Promise<Record<string, number>> => ({
    ...(await engine.stats()),
    ...(hot ? { hotBytes: hot.used, hotRecords: hot.size, hotHits: hot.hits, hotMisses: hot.misses } : {}),
    ...(quota ? quota.used() : {}),
  });
  const store: RecordStore = {
    schema,
    engine,
    limits,
    messages: context.messages,
    telemetry,
    table(name) {
      const core = coreOf(name);
      const table = records.get(name);
      if (!table)
        throw new StoreError('TABLE_KIND', phrase`${name} is a ${core.codec.table.kind} table`, {
          hint: phrase`use store.list('${name}')`,
        });
      return table;
    },
    list(name) {
      coreOf(name);
      const table = lists.get(name);
      if (!table)
        throw new StoreError('TABLE_KIND', phrase`${name} is a GENERIC table`, {
          hint: phrase`use store.table('${name}')`,
        });
      return table;
    },
    transaction: (work, callOptions) => runTransaction(context, coreOf, work, callOptions),
    codec: (name) => coreOf(name).codec,
    sweep: sweeper.sweep,
    stats,
    metrics: async () => telemetry.prometheus(await stats()),
    async close() {
      unwatch?.();
      await sweeper.close();
    },
  };
  return store as unknown as RecordStore<T>;
}
