import { PATHS, RECORD_OPEN_PATH } from '@sparrow/protocol';
import { fromJson, StoreError, toJson } from '@sparrow/store';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CloudError } from '../errors.ts';
import type { RecordService } from './record-service.ts';

/** Opening the record service for the backend, and the console's table browser. */
export function registerRecordRoutes(
  app: FastifyInstance,
  options: { records: RecordService; authorize: (request: FastifyRequest) => void },
): void {
  const { records, authorize } = options;
  const typed = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof StoreError)
        throw new CloudError(
          error.code === 'NOT_FOUND' ? 'NOT_FOUND' : 'BAD_REQUEST',
          `${error.code}: ${error.message}`,
          {
            hint: error.hint,
            cause: error,
          },
        );
      throw error;
    }
  };

  app.post(RECORD_OPEN_PATH, async (request) => {
    authorize(request);
    return typed(() => records.open());
  });

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
  app.get<{ Params: { table: string }; Querystring: { cursor?: string; query?: string } }>(
    `${base}tables/:table`,
    async (request) =>
      typed(async () => {
        const store = await records.store();
        const { table } = request.params;
        const { message } = store.codec(table).table;
        const { cursor, query } = request.query;
        const page = query
          ? { records: (await store.table(table).query(query)).records.slice(0, 100) }
          : await store.table(table).traverse({ limit: 50, ...(cursor ? { cursor } : {}) });
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
  app.put<{ Params: { table: string }; Body: { record: unknown; version?: number } }>(
    `${base}tables/:table`,
    async (request) =>
      typed(async () => {
        const store = await records.store();
        const { table } = request.params;
        const record = fromJson(store.codec(table).table.message, request.body?.record);
        const version = Number(request.body?.version ?? 0);
        return store.table(table).replace(record, version > 0 ? { version } : {});
      }),
  );
  app.delete<{ Params: { table: string }; Body: { key: unknown } }>(`${base}tables/:table`, async (request) =>
    typed(async () => {
      const store = await records.store();
      const { table } = request.params;
      return store.table(table).delete(fromJson(store.codec(table).table.message, request.body?.key));
    }),
  );
  app.get(`${base}slow`, async () =>
    typed(async () => {
      const { telemetry } = await records.store();
      return { slow: telemetry.slow().reverse(), hot: telemetry.hotKeys(), operations: telemetry.operations() };
    }),
  );
  app.get(`${base}metrics`, async (_request, reply) =>
    typed(async () => {
      reply.header('content-type', 'text/plain; version=0.0.4');
      return (await records.store()).metrics();
    }),
  );
  app.get(`${base}shards`, async () => typed(async () => shardMap(await records.store())));
  app.post<{ Body: { from: string; to: string; first: number; last: number } }>(
    `${base}shards/move`,
    async (request, reply) =>
      typed(async () => {
        const { createMover, MOVED_TABLES } = await import('@sparrow/store');
        const store = await records.store();
        const meta = metaOf(store);
        const mover = createMover({ meta, tables: MOVED_TABLES });
        const { from, to, first, last } = request.body ?? {};
        const move = await mover.plan({ from: String(from), to: String(to), first: Number(first), last: Number(last) });
        // It goes on in the background; the map shows how far it is, and its error if it stops.
        void mover.run(move.id).catch(() => {});
        return reply.status(202).send(move);
      }),
  );
}

type Store = Awaited<ReturnType<RecordService['store']>>;
type Meta = import('@sparrow/store').MetaStore;

function metaOf(store: Store): Meta {
  const { router } = store.engine as { router?: { meta: Meta } };
  if (!router)
    throw new StoreError('CONFIG_INVALID', 'the store is embedded and has no shards', {
      hint: 'name a meta store in .sparrow/store/store.json: {"meta": "postgres://…"}',
    });
  return router.meta;
}

async function shardMap(store: Store): Promise<object> {
  if (store.engine.kind !== 'postgres') return { embedded: true, shards: [], ranges: [], moves: [] };
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
