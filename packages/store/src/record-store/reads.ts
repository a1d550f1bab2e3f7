import { afterPrefix, encodeIndexValues, encodeKeyValue } from '../codec/key-codec.ts';
import { own, type RecordValue, setOwn } from '../codec/message-codec.ts';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { compileCondition, createAggregator, resolvePath } from '../query/evaluate.ts';
import { type Condition, parseQuery } from '../query/parse-query.ts';
import type { TableCore } from './core.ts';
import type { CallOptions, Found, Page, ReadCallOptions } from './options.ts';
import { planQuery } from './query-plan.ts';

export interface PartKeyOptions extends ReadCallOptions {
  limit?: number;
  /** Of the page before. */
  cursor?: string;
}

export interface QueryResult<R = RecordValue> {
  /** Empty for a query of aggregates. */
  records: Found<R>[];
  /** Values of the aggregates in their order: integers as bigint, avg as number, undefined over nothing. */
  values?: (bigint | number | string | boolean | undefined)[];
}

export interface Change<R = RecordValue, K = RecordValue> {
  op: 'put' | 'delete';
  key: K;
  version: number;
  /** The record after the change; not of a delete, nor of an element of a list. */
  record?: R;
  /** Milliseconds UTC. */
  at: number;
}

/** Reading more than one record. */
export interface Reads<R = RecordValue, K = RecordValue> {
  /** Records whose key begins with the fields of an index over key fields. */
  getByPartKey(part: Partial<K>, options?: PartKeyOptions): Promise<Page<R>>;
  /** Grammar: see parse-query.ts. An index must serve the condition. @throws StoreError QUERY_INVALID */
  query(text: string, options?: ReadCallOptions): Promise<QueryResult<R>>;
  /** All records, in pages; a cursor can be kept and used later, by another process, after a move. */
  traverse(options?: { limit?: number; cursor?: string } & ReadCallOptions): Promise<Page<R>>;
  /** Records there are now; an expired one that was not swept yet is not counted when the table has few of them. */
  count(options?: CallOptions): Promise<number>;
  /** Changes behind a position (first: without), oldest first within a sharding key. @throws StoreError FEED_GONE */
  changes(
    position?: string,
    options?: { limit?: number } & CallOptions,
  ): Promise<{ changes: Change<R, K>[]; position: string }>;
}

const PAGE = 256;

export function createReads(core: TableCore): Reads {
  const { codec, context } = core;
  const { table } = codec;
  const { engine, limits, clock } = context;
  const readOptions = (options?: ReadCallOptions): { deadline: number; stale?: boolean } => ({
    deadline: core.deadline(options),
    ...(options?.stale ? { stale: true } : {}),
  });
  const pageSize = (limit: number | undefined): number => Math.max(1, Math.min(limit ?? 100, limits.queryRecords));

  /** Pages of rows in [from, to) that are alive. */
  async function scan(
    from: Buffer,
    to: Buffer,
    slot: number | undefined,
    options: { limit?: number; cursor?: string } & ReadCallOptions,
  ): Promise<Page> {
    const page = await engine.scan({
      from,
      to,
      limit: pageSize(options.limit),
      deadline: core.deadline(options),
      ...(slot === undefined ? {} : { slot }),
      ...(options.cursor === undefined ? {} : { after: options.cursor }),
    });
    const records = page.rows.filter(({ row }) => core.alive(row)).map(({ row, key }) => core.decode(row, key));
    context.charge('read', Math.max(1, page.rows.length));
    return { records, ...(page.cursor === undefined ? {} : { cursor: page.cursor }) };
  }

  /** Candidates of a query, by the index or the beginning of the primary key that the condition narrows most. */
  async function* candidates(where: Condition | undefined, deadline: number): AsyncGenerator<Found> {
    const plan = planQuery(codec, where);
    const seen = new Set<string>();
    let cursor: string | undefined;
    do {
      const after = cursor === undefined ? {} : { after: cursor };
      if (plan.index) {
        const page = await engine.scanIndex({ from: plan.from, to: plan.to, limit: PAGE, deadline, ...after });
        cursor = page.cursor;
        const located = page.entries.map(({ key }) => ({ slot: codec.slotOfRow(key), key }));
        const rows = located.length > 0 ? await engine.getMany(located, { deadline }) : [];
        for (const [i, row] of rows.entries()) {
          const { key } = located[i] as { key: Buffer };
          // A record that moved ahead in the index while it was read shows up twice.
          const text = key.latin1Slice(0, key.length);
          if (!core.alive(row) || seen.has(text)) continue;
          seen.add(text);
          yield core.decode(row, key);
        }
      } else {
        const page = await engine.scan({ from: plan.from, to: plan.to, limit: PAGE, deadline, ...after });
        cursor = page.cursor;
        for (const { row, key } of page.rows) if (core.alive(row)) yield core.decode(row, key);
      }
      if (performance.now() > deadline)
        throw new StoreError('TIMEOUT', phrase`the query looks at too many records`, {
          hint: phrase`narrow the condition, or give more timeoutMs`,
        });
    } while (cursor !== undefined);
  }

  function expandRow(found: Found, fields: readonly string[] | undefined): Found {
    if (!fields) return found;
    const record: RecordValue = {};
    for (const path of fields) {
      let here: unknown = found.record;
      for (const name of path.split('.')) here = here === undefined ? undefined : own(here as RecordValue, name);
      setOwn(record, path, here);
    }
    return { ...found, record };
  }

  return {
    async getByPartKey(part, options = {}) {
      return core.tracked('getByPartKey', undefined, async () => {
        const given = table.keyFields.filter((field) => own(part, field.name) !== undefined);
        const extra = Object.keys(part).find((name) => !table.keyFields.some((field) => field.name === name));
        if (extra !== undefined)
          throw new StoreError('FIELD_UNKNOWN', phrase`${extra} is no field of the key`, {
            hint: phrase`give fields of the primary key`,
          });
        if (given.length === 0)
          throw new StoreError('KEY_MISSING', phrase`no field of the key is given`, {
            hint: phrase`give those of an index`,
          });
        const leading = table.keyFields.slice(0, given.length);
        const byShard = table.shardFields.every((field) => given.includes(field));
        if (leading.every((field) => given.includes(field))) {
          const prefix = Buffer.concat([
            codec.range.from,
            ...leading.map((field) => encodeKeyValue(field, own(part, field.name))),
          ]);
          return scan(
            prefix,
            afterPrefix(prefix) as Buffer,
            byShard ? codec.slot(part as RecordValue) : undefined,
            options,
          );
        }
        const index = table.indexes.find(
          ({ fields }) =>
            given.length <= fields.length && fields.slice(0, given.length).every((field) => given.includes(field)),
        );
        if (!index)
          throw new StoreError(
            'QUERY_INVALID',
            phrase`no index of ${table.name} begins with ${given.map((field) => field.name).join(', ')}`,
            {
              hint: phrase`declare it: option (tcaplusservice.tcaplus_index) = "name(field, …)"`,
            },
          );
        const prefix = Buffer.concat([
          codec.indexPrefix(index),
          encodeIndexValues(index.fields.slice(0, given.length), part as RecordValue),
        ]);
        const page = await engine.scanIndex({
          from: prefix,
          to: afterPrefix(prefix) as Buffer,
          limit: pageSize(options.limit),
          deadline: core.deadline(options),
          ...(options.cursor === undefined ? {} : { after: options.cursor }),
        });
        const located = page.entries.map(({ key }) => ({ slot: codec.slotOfRow(key), key }));
        const rows = located.length > 0 ? await engine.getMany(located, readOptions(options)) : [];
        const records: Found[] = [];
        for (const [i, row] of rows.entries()) {
          if (!core.alive(row)) continue;
          const found = core.decode(row, (located[i] as { key: Buffer }).key);
          // A clipped text of the index can stand for several keys.
          if (given.every((field) => sameValue(own(found.record, field.name), own(part, field.name))))
            records.push(found);
        }
        return { records, ...(page.cursor === undefined ? {} : { cursor: page.cursor }) };
      });
    },
    async query(text, options = {}) {
      return core.tracked('query', undefined, async () => {
        const query = parseQuery(text, limits.queryBytes);
        if (query.table !== table.name)
          throw new StoreError('QUERY_INVALID', phrase`this is table ${table.name}, not ${query.table}`, {
            hint: phrase`select … from ${table.name}`,
          });
        const { select } = query;
        if (query.limit !== undefined && select.kind === 'aggregates')
          throw new StoreError('QUERY_INVALID', phrase`limit does not go with aggregates`, {
            hint: phrase`leave it out`,
          });
        const matches = query.where ? compileCondition(table.message, query.where) : () => true;
        const fields = select.kind === 'fields' ? select.fields : undefined;
        for (const field of fields ?? []) resolvePath(table.message, field);
        const deadline = core.deadline(options);
        const aggregator =
          select.kind === 'aggregates' ? createAggregator(table.message, select.aggregates) : undefined;
        const limit = Math.min(query.limit ?? limits.queryRecords, limits.queryRecords);
        let skip = query.offset;
        const records: Found[] = [];
        let looked = 0;
        if (limit > 0)
          for await (const found of candidates(query.where, deadline)) {
            looked++;
            if (!matches(found.record)) continue;
            if (aggregator) aggregator.add(found.record);
            else if (skip > 0) skip--;
            else {
              records.push(expandRow(found, fields));
              if (records.length >= limit) break;
            }
          }
        context.charge('read', Math.max(1, looked));
        return aggregator ? { records: [], values: aggregator.results() } : { records };
      });
    },
    async traverse(options = {}) {
      return core.tracked('traverse', undefined, () => scan(codec.range.from, codec.range.to, undefined, options));
    },
    async count(options) {
      return core.tracked('count', undefined, async () => {
        const deadline = core.deadline(options);
        const all = await engine.count(codec.range.from, codec.range.to, deadline);
        // Expired records that still stand in the expiry index; the sweeper keeps them few.
        const prefix = codec.expiryPrefix();
        const until = Buffer.alloc(6);
        until.writeUIntBE(clock.now() + 1, 0, 6);
        let expired = 0;
        let cursor: string | undefined;
        do {
          const page = await engine.scanIndex({
            from: prefix,
            to: Buffer.concat([prefix, until]),
            limit: 1_000,
            deadline,
            ...(cursor === undefined ? {} : { after: cursor }),
          });
          expired += page.entries.length;
          cursor = page.cursor;
        } while (cursor !== undefined && expired < 100_000);
        return all - expired;
      });
    },
    async changes(position = '', options = {}) {
      if (!table.feed)
        throw new StoreError('FEED_GONE', phrase`table ${table.name} keeps no change feed`, {
          hint: phrase`set option (tcaplusservice.tcaplus_customattr) = "Feed=on"`,
        });
      return core.tracked('changes', undefined, async () => {
        const limit = Math.max(1, Math.min(options.limit ?? 100, limits.queryRecords));
        const page = await engine.feed(codec.id, position, limit, core.deadline(options));
        const changes = page.entries.map(({ key, op, version, value, at }): Change => {
          const change: Change = { op, key: codec.keyOf(key), version, at };
          if (op === 'put' && value && table.kind === 'GENERIC') change.record = codec.decode(value, key);
          return change;
        });
        context.charge('read', Math.max(1, changes.length));
        return { changes, position: page.position };
      });
    },
  };

  function sameValue(a: unknown, b: unknown): boolean {
    if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
    return a === b || (typeof a === 'bigint' && typeof b === 'number' && a === BigInt(b));
  }
}
