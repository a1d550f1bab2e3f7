import { PATHS, RECORD_OPEN_PATH } from '@sparrow/protocol';
import {
  createMover,
  fromJson,
  joinShard,
  LIST_TAIL,
  type MetaStore,
  MOVED_TABLES,
  migrateShard,
  StoreError,
  toJson,
} from '@sparrow/store';
import type { FastifyInstance } from 'fastify';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { createGrowth, postgresUrl } from './growth.ts';
import type { RecordService } from './record-service.ts';

/** Records of one page of the table browser. */
const PAGE = 50;

/** Opening the record service for the backend, and the console's table browser. */
export function registerRecordRoutes(app: FastifyInstance, options: { records: RecordService }): void {
  const { records } = options;
  const typed = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof StoreError)
        throw new CloudError(
          error.code === 'NOT_FOUND' ? 'NOT_FOUND' : 'BAD_REQUEST',
          phrase`${error.code}: ${error.message}`,
          {
            hint: error.hint,
            cause: error,
          },
        );
      throw error;
    }
  };

  app.post(RECORD_OPEN_PATH, { config: { access: 'backend' } }, async () => typed(() => records.open()));

  const base = `${PATHS.api}store/`;
  app.get(`${base}tables`, async () =>
    typed(async () => {
      const store = await records.store();
      const tables = [];
      for (const table of store.schema.tables.values())
        tables.push({
          name: table.name,
          kind: table.kind,
          key: table.keyFields.map(({ name }) => name),
          fields: table.message.fields.map(({ name, type, repeated, mapKey, encrypted, description }) => ({
            name,
            type,
            many: repeated || mapKey !== undefined,
            encrypted,
            description,
          })),
          count: table.kind === 'GENERIC' ? await store.table(table.name).count() : null,
        });
      return { tables, stats: await store.stats() };
    }),
  );
  app.get<{ Params: { table: string }; Querystring: { cursor?: string; query?: string; key?: string } }>(
    `${base}tables/:table`,
    async (request) =>
      typed(async () => {
        const store = await records.store();
        const { table } = request.params;
        const { message, kind } = store.codec(table).table;
        const { cursor, query, key } = request.query;
        if (kind !== 'GENERIC') {
          const offset = Number(cursor ?? 0);
          const list = await store.list(table).listGetAll(fromJson(message, keyOf(key)), { offset, limit: PAGE });
          const next = offset + list.elements.length;
          return {
            records: list.elements.map(({ record, index, version }) => ({
              record: toJson(message, record),
              index,
              version,
            })),
            cursor: next < list.total ? String(next) : undefined,
          };
        }
        const page = query
          ? { records: (await store.table(table).query(query)).records.slice(0, 100) }
          : await store.table(table).traverse({ limit: PAGE, ...(cursor ? { cursor } : {}) });
        return {
          records: page.records.map(({ record, version, modified, expires }) => ({
            record: toJson(message, record),
            version,
            modified,
            expires,
          })),
          cursor: 'cursor' in page ? page.cursor : undefined,
        };
      }),
  );
  app.put<{ Params: { table: string }; Body: { record: unknown; version?: number; index?: number } }>(
    `${base}tables/:table`,
    async (request) =>
      typed(async () => {
        const store = await records.store();
        const { table } = request.params;
        const { message, kind } = store.codec(table).table;
        const record = fromJson(message, request.body?.record);
        const version = Number(request.body?.version ?? 0);
        if (kind !== 'GENERIC') {
          const options = version > 0 ? { version } : {};
          const { index } = request.body;
          const list = store.list(table);
          // A new element may push the oldest out, as the table's own program would have it.
          return index === undefined
            ? list.listAddAfter(record, LIST_TAIL, { ...options, shift: 1 })
            : list.listReplace(record, Number(index), options);
        }
        return store.table(table).replace(record, version > 0 ? { version } : {});
      }),
  );
  app.delete<{ Params: { table: string }; Body: { key: unknown; index?: number } }>(
    `${base}tables/:table`,
    async (request) =>
      typed(async () => {
        const store = await records.store();
        const { table } = request.params;
        const { message, kind } = store.codec(table).table;
        const key = fromJson(message, request.body?.key);
        return kind === 'GENERIC'
          ? store.table(table).delete(key)
          : store.list(table).listDelete(key, Number(request.body?.index));
      }),
  );
  app.get(`${base}slow`, async () =>
    typed(async () => {
      const store = await records.store();
      const { telemetry } = store;
      const shown = <T extends { table: string; key?: string }>(entry: T): T =>
        entry.key === undefined ? entry : { ...entry, key: keyText(store, entry.table, entry.key) };
      return {
        slow: telemetry.slow().reverse().map(shown),
        hot: telemetry.hotKeys().map(shown),
        operations: telemetry.operations(),
      };
    }),
  );
  app.get(`${base}metrics`, async (_request, reply) =>
    typed(async () => {
      reply.header('content-type', 'text/plain; version=0.0.4');
      return (await records.store()).metrics();
    }),
  );
  const growth = createGrowth(records);
  app.get(`${base}shards`, async () =>
    typed(async () => ({ ...(await shardMap(await records.store())), growth: growth.state() })),
  );
  app.post<{ Body: { meta?: unknown; shards?: unknown } }>(`${base}grow`, async (request, reply) =>
    typed(async () => {
      const { meta, shards } = request.body ?? {};
      const urls = Array.isArray(shards) ? shards.map(String) : undefined;
      return reply.status(202).send(await growth.start(String(meta ?? ''), urls));
    }),
  );
  app.post<{ Body: { id?: unknown; url?: unknown } }>(`${base}shards`, async (request) =>
    typed(async () => {
      const { id, url } = request.body ?? {};
      await joinShard(metaOf(await records.store()), { id: String(id ?? ''), url: postgresUrl(url) });
      return {};
    }),
  );
  app.post<{ Body: { from: string; to: string; first: number; last: number } }>(
    `${base}shards/move`,
    async (request, reply) =>
      typed(async () => {
        const store = await records.store();
        const meta = metaOf(store);
        const mover = createMover({ meta, tables: MOVED_TABLES, prepare: (client) => migrateShard(client) });
        const { from, to, first, last } = request.body ?? {};
        const move = await mover.plan({ from: String(from), to: String(to), first: Number(first), last: Number(last) });
        // It goes on in the background; the map shows how far it is, and its error if it stops.
        void mover.run(move.id).catch(() => {});
        return reply.status(202).send(move);
      }),
  );
}

/** The key of a list as the address carries it. */
function keyOf(text = '{}'): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CloudError('BAD_REQUEST', phrase`the key is not JSON: ${text.slice(0, 80)}`, {
      cause,
      hint: phrase`give the fields of the key, for example {"player":"42"}`,
    });
  }
}

type Store = Awaited<ReturnType<RecordService['store']>>;

/** A key of the telemetry, which is a row's without the table's number, as people read it. */
function keyText(store: Store, table: string, key: string): string {
  try {
    const codec = store.codec(table);
    const values = codec.keyOf(Buffer.concat([Buffer.alloc(4), Buffer.from(key, 'latin1')]));
    return Object.values(toJson(codec.table.message, values)).join(', ');
  } catch {
    return Buffer.from(key, 'latin1').toString('hex');
  }
}

function metaOf({ engine }: Store): MetaStore {
  if (!('router' in engine))
    throw new StoreError('CONFIG_INVALID', phrase`the store is embedded and has no shards`, {
      hint: phrase`bring it to PostgreSQL first: \`sparrow store shards grow postgres://…\``,
    });
  return engine.router.meta;
}

async function shardMap(store: Store): Promise<object> {
  if (store.engine.kind !== 'postgres')
    return { embedded: true, slots: store.engine.slots, shards: [], ranges: [], moves: [] };
  const meta = metaOf(store);
  const ranges: { first: number; last: number; shard: string }[] = [];
  for (const { slot, shard } of await meta.map()) {
    const open = ranges.at(-1);
    if (open && open.shard === shard && open.last === slot - 1) open.last = slot;
    else ranges.push({ first: slot, last: slot, shard });
  }
  const shards = (await meta.shards()).map(({ id, state, standbys }) => ({ id, state, standbys: standbys.length }));
  return { embedded: false, slots: meta.slots, shards, ranges, moves: (await meta.moves()).slice(-20).reverse() };
}
