import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordValue } from '../codec/message-codec.ts';
import type { ReadOptions, Row, Write, WriteResult } from '../engines/kv-engine.ts';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { compileCondition } from '../query/evaluate.ts';
import { parseCondition } from '../query/parse-query.ts';
import type { StoreContext } from './context.ts';
import {
  type CallOptions,
  DEFAULT_TIMEOUT_MS,
  type Found,
  type ReadCallOptions,
  type WriteCallOptions,
} from './options.ts';
import type { TableCodec } from './table-codec.ts';

/** A row without what only writing needs: `value` is the record as protobuf bytes. */
export type ReadRow = Omit<Row, 'rev'>;

/** The embedded engine answers a read at once. */
const EMBEDDED = { deadline: Number.POSITIVE_INFINITY };

/** Reading and changing rows of one table; the tables' operations are made of this. */
export interface TableCore {
  readonly codec: TableCodec;
  readonly context: StoreContext;
  deadline(options?: CallOptions): number;
  alive<T extends { expires: number }>(row: T | undefined): row is T;
  decode(row: ReadRow, rowKey: Buffer): Found;
  /**
   * A row as the hot tier has it, or the engine; the tier takes it in. What comes at once is good until anything else
   * runs.
   */
  read(rowKey: Buffer, options: ReadCallOptions | undefined): ReadRow | undefined | Promise<ReadRow | undefined>;
  expires(options?: { ttlMs?: number }): number;
  commit(slot: number, writes: Write[], deadline: number): Promise<WriteResult[]>;
  /**
   * Reads a row, lets `plan` say what to write, and begins anew when the row changed in between, until the deadline.
   * `expired` is what is still there of a row that nobody sees any more.
   */
  readModifyWrite<T>(
    at: { slot: number; key: Buffer },
    deadline: number,
    plan: (
      row: Row | undefined,
      expired: Row | undefined,
    ) => { writes: Write[]; result: (results: WriteResult[]) => T },
  ): Promise<T>;
  condition(text: string | undefined): ((record: RecordValue) => boolean) | undefined;
  /** The error for a write that did not happen. */
  refusal(
    result: WriteResult,
    options: WriteCallOptions | undefined,
    rowKey: Buffer,
    request?: RecordValue,
  ): StoreError;
  /** Stands around every call: times it, and counts it. */
  tracked<T>(op: string, key: Buffer | undefined, run: () => Promise<T>): Promise<T>;
}

/** The error of a refused write brings the record along when the result flag asked for it. */
export class WriteRefused extends StoreError {
  readonly version: number;
  readonly record: RecordValue | undefined;
  constructor(
    code: ConstructorParameters<typeof StoreError>[0],
    message: string,
    hint: string,
    present: { version: number; record?: RecordValue | undefined },
  ) {
    super(code, message, { hint });
    this.version = present.version;
    this.record = present.record;
  }
}

export function createTableCore(codec: TableCodec, context: StoreContext): TableCore {
  const { table } = codec;
  const { clock, engine, limits, telemetry, hot } = context;
  const conditions = new Map<string, (record: RecordValue) => boolean>();

  /** Whether a row is still at the revision that a refusal stands on, and durable there. */
  async function stands(at: { slot: number; key: Buffer }, rev: number, deadline: number): Promise<boolean> {
    // What a shard answers was durable when it did.
    if (engine.kind !== 'lmdb') return true;
    const check = { key: at.key, op: 'check', when: 'any', policy: 3, version: 0, guard: rev } as const;
    const [result] = await engine.commit({ slot: at.slot, now: clock.now(), writes: [check], feed: false, deadline });
    return result?.code === 'ok';
  }

  const core: TableCore = {
    codec,
    context,
    deadline: (options) => performance.now() + (options?.timeoutMs ?? DEFAULT_TIMEOUT_MS),
    alive: <T extends { expires: number }>(row: T | undefined): row is T =>
      row !== undefined && (row.expires === 0 || row.expires > clock.now()),
    read(rowKey, options) {
      // Behind shards others may write, too; and there the key outlives this call.
      if (engine.kind !== 'lmdb') {
        const key = Buffer.from(rowKey);
        const read: ReadOptions = { deadline: core.deadline(options) };
        if (options?.stale) read.stale = true;
        const maxAgeMs = options?.maxAgeMs ?? context.hotAgeMs;
        if (maxAgeMs > 0 && telemetry.isHot(table.name, key.latin1Slice(4, key.length))) read.maxAgeMs = maxAgeMs;
        return engine.get({ slot: codec.slotOfRow(key), key }, read);
      }
      const place = hot ? hot.find(rowKey) : -1;
      if (hot && place >= 0) {
        const { start, end, version, modified, expires } = hot.row(place);
        if (expires === 0 || expires > clock.now())
          return { value: hot.bytes.subarray(start, end), version, modified, expires };
        hot.delete(rowKey);
      }
      const row = engine.get({ slot: 0, key: rowKey }, EMBEDDED);
      // What comes by a promise comes from shards, since the store has grown meanwhile.
      if (hot && row && !(row instanceof Promise) && core.alive(row) && hot.admits(rowKey)) hot.set(rowKey, row);
      return row;
    },
    decode: (row, rowKey) => ({
      code: 0,
      record: codec.decode(row.value, rowKey),
      version: row.version,
      modified: row.modified,
      expires: row.expires,
    }),
    expires(options) {
      const ttl = options?.ttlMs ?? table.ttlMs;
      return ttl > 0 ? clock.now() + ttl : 0;
    },
    commit(slot, writes, deadline) {
      return engine.commit({ slot, now: clock.now(), writes, feed: table.feed, deadline });
    },
    async readModifyWrite(at, deadline, plan) {
      for (let attempt = 0; ; attempt++) {
        const answer = engine.get(at, { deadline, newest: true });
        // A row that comes at once stands in a buffer of the engine: the plan is made, and its writes are handed over,
        // before anything else runs, an await included.
        const found = answer instanceof Promise ? await answer : answer;
        const row = core.alive(found) ? found : undefined;
        let planned: ReturnType<typeof plan>;
        try {
          planned = plan(row, row ? undefined : found);
        } catch (refusal) {
          if (await stands(at, row?.rev ?? 0, deadline)) throw refusal;
          continue;
        }
        const { writes, result } = planned;
        const results = await core.commit(at.slot, writes, deadline);
        if (!results.some((entry) => entry.code === 'guard')) return result(results);
        if (performance.now() > deadline)
          throw new StoreError(
            'TIMEOUT',
            phrase`the record of ${table.name} changed each of ${attempt + 1} times it was tried`,
            {
              hint: phrase`many write this key at once: use fieldIncrease, or a longer timeoutMs`,
            },
          );
        // Everybody who lost the race waits another while.
        if (attempt > 2) await sleep(Math.random() * Math.min(50, 2 ** attempt));
      }
    },
    condition(text) {
      if (text === undefined) return undefined;
      let known = conditions.get(text);
      if (!known) {
        known = compileCondition(table.message, parseCondition(text, limits.queryBytes));
        if (conditions.size > 256) conditions.clear();
        conditions.set(text, known);
      }
      return known;
    },
    refusal(result, options, rowKey, request) {
      const flag = options?.resultFlag?.failure ?? 0;
      const present = result.before;
      const record = flag === 1 ? request : flag >= 2 && present ? codec.decode(present.value, rowKey) : undefined;
      const version = present?.version ?? result.version;
      const refused = (code: ConstructorParameters<typeof StoreError>[0], message: string, hint: string): StoreError =>
        new WriteRefused(code, `${table.name}: ${message}`, hint, { version, record });
      switch (result.code) {
        case 'exists':
          return refused('EXISTS', 'a record of this key is there already', 'use replace to overwrite it, or update');
        case 'absent':
          return refused('NOT_FOUND', 'there is no record of this key', 'use insert or replace to make it');
        case 'version':
          return refused(
            'VERSION_MISMATCH',
            `the stored version is ${version}, not ${options?.version}`,
            'read the record again and repeat the change',
          );
        case 'range':
          return refused(
            'OUT_OF_RANGE',
            'the increase would leave its limits',
            'nothing was changed; give wider limits',
          );
        case 'large':
          return refused(
            'RECORD_TOO_LARGE',
            `the record would have more than ${limits.recordBytes} bytes`,
            'nothing was changed; keep less in one record',
          );
        default:
          return refused('CONDITION_FAILED', 'the condition does not hold', 'read the record, it was not changed');
      }
    },
    tracked(op, key, run) {
      const started = performance.now();
      const failed = (error: unknown): never => {
        telemetry.done(op, table.name, started, key, error instanceof StoreError ? error.code : 'INTERNAL');
        throw error;
      };
      try {
        return run().then((result) => {
          telemetry.done(op, table.name, started, key);
          return result;
        }, failed);
      } catch (error) {
        // What throws before there is a promise is told by one all the same.
        return Promise.reject(error).catch(failed);
      }
    },
  };
  return core;
}
