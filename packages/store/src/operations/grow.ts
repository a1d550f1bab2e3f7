import { createMessageCodec } from '../codec/message-codec.ts';
import { decodeRow, indexOf, SPACE } from '../engines/lmdb/layout.ts';
import type { LmdbEngine } from '../engines/lmdb/lmdb-engine.ts';
import type { PostgresEngine } from '../engines/postgres/postgres-engine.ts';
import { StoreError } from '../errors.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { phrase } from '../phrase.ts';
import { inParallel } from '../record-store/in-parallel.ts';
import { createTableCodec, type TableCodec } from '../record-store/table-codec.ts';
import { parseStoredSchema } from '../schema/parse-schema.ts';

export interface Growth {
  copied: number;
  caughtUp: number;
  /** Rows on both sides after the switch. */
  rows: number;
  /** Milliseconds that writers waited. */
  switchMs: number;
}

/** Changes that wait to be carried over; beyond this the copy is too slow for the writers, and it is given up. */
const MAX_WAITING = 2_000_000;

/** Text of the meta store that says that what the shards have is half a copy. */
const UNDER_WAY = 'growth-under-way';

/**
 * From the embedded file to shards while the store is in use: copies every row, follows the changes, holds the writers
 * for the last of them, compares, and switches. Rows keep versions and expiry. Runs in the process that has the store
 * open for writing. What an attempt that was given up left on the shards is removed first.
 *
 * @param options.hold called when what waits is little: it must stop new commits until its result is called
 * @param options.onSwitch called while the writers are held, when both sides hold the same: the shards are the store
 * from here on. If it throws they are not
 * @throws StoreError OVERLOADED, VERIFY_FAILED, CONFIG_INVALID when the shards hold records of their own; the embedded
 * store stays as it is
 */
export async function growToShards(options: {
  from: LmdbEngine;
  to: PostgresEngine;
  hold: () => Promise<() => void>;
  onSwitch: () => void | Promise<void>;
  onProgress?: (progress: { copied: number; waiting: number }) => void;
  parallel?: number;
}): Promise<Growth> {
  const { from, to, parallel = 32 } = options;
  const codecs = await readCodecs(from, to.slots);
  const changed = new Map<string, { key: Buffer; value: Buffer | undefined }>();
  let lost = false;
  const stop = from.watch(({ entries }) => {
    for (const { key, value } of entries) {
      if (key[0] !== SPACE.row && key[0] !== SPACE.meta) continue;
      changed.set(key.latin1Slice(0, key.length), { key, value });
      if (changed.size > MAX_WAITING) lost = true;
    }
  });
  const growth: Growth = { copied: 0, caughtUp: 0, rows: 0, switchMs: 0 };
  const deadline = (): number => performance.now() + 60_000;

  const put = async (key: Buffer, stored: Buffer | undefined): Promise<void> => {
    const codec = codecs.get(key.readUInt32BE(0));
    if (!codec) return;
    const slot = codec.slotOfRow(key);
    const row = stored && decodeRow(stored);
    await to.commit({
      slot,
      now: row?.modified ?? Date.now(),
      feed: false,
      deadline: deadline(),
      writes: [
        row && stored
          ? {
              key,
              op: 'put',
              when: 'any',
              policy: 2,
              version: row.version,
              value: Buffer.from(row.value),
              expires: row.expires,
              index: indexOf(stored),
            }
          : { key, op: 'delete', when: 'any', policy: 3, version: 0 },
      ],
    });
  };
  const carry = async (): Promise<void> => {
    const batch = [...changed.values()];
    changed.clear();
    await inParallel(
      batch.filter(({ key }) => key[0] === SPACE.row),
      parallel,
      ({ key, value }) => put(Buffer.from(key.subarray(1)), value),
    );
    growth.caughtUp += batch.length;
    if (lost)
      throw new StoreError('OVERLOADED', phrase`the store changes faster than it can be copied`, {
        hint: phrase`copy when less is written`,
      });
  };

  try {
    await clear(to, [...codecs.values()], deadline);
    await copyMeta(from, to);
    for (const codec of codecs.values())
      for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
        const page = await from.scanStored({
          ...codec.range,
          limit: 500,
          ...(cursor === undefined ? {} : { after: cursor }),
        });
        cursor = page.cursor;
        await inParallel(page.rows, parallel, ({ key, stored }) => put(key, stored));
        growth.copied += page.rows.length;
        options.onProgress?.({ copied: growth.copied, waiting: changed.size });
      }
    for (let turn = 0; turn < 100 && changed.size > 200; turn++) await carry();
    const begun = performance.now();
    const release = await options.hold();
    try {
      await carry();
      await copyMeta(from, to);
      for (const codec of codecs.values()) {
        const [here, there] = await Promise.all([
          from.count(codec.range.from, codec.range.to, deadline()),
          to.count(codec.range.from, codec.range.to, deadline()),
        ]);
        if (here !== there)
          throw new StoreError(
            'VERIFY_FAILED',
            phrase`table ${codec.table.name} has ${here} rows here and ${there} on the shards`,
            {
              hint: phrase`the embedded store stays in use; look at the shards and try again`,
            },
          );
        growth.rows += here;
      }
      // From here on nobody may clear the shards, though this process should die in between.
      await to.writeMeta(UNDER_WAY, 'no', 'yes');
      try {
        await options.onSwitch();
      } catch (error) {
        await to.writeMeta(UNDER_WAY, 'yes', 'no');
        throw error;
      }
    } finally {
      release();
      growth.switchMs = performance.now() - begun;
    }
    return growth;
  } finally {
    stop();
  }
}

/** Shards that take a store must be empty, but for what an earlier attempt left. */
async function clear(to: PostgresEngine, codecs: readonly TableCodec[], deadline: () => number): Promise<void> {
  const state = await to.readMeta(UNDER_WAY);
  for (const { range, table, slotOfRow } of codecs) {
    if ((await to.count(range.from, range.to, deadline())) === 0) continue;
    if (state !== 'yes')
      throw new StoreError('CONFIG_INVALID', phrase`the shards hold records of a table ${table.name} already`, {
        hint: phrase`name a PostgreSQL that is not in use as a store`,
      });
    for (;;) {
      const page = await to.scan({ ...range, limit: 500, deadline: deadline() });
      if (page.rows.length === 0) break;
      await inParallel(page.rows, 32, ({ key }) =>
        to.commit({
          slot: slotOfRow(key),
          now: Date.now(),
          feed: false,
          deadline: deadline(),
          writes: [{ key, op: 'delete', when: 'any', policy: 3, version: 0 }],
        }),
      );
    }
  }
  if (state !== 'yes') await to.writeMeta(UNDER_WAY, 'yes', state);
}

/** Codecs by table number, of all namespaces. */
async function readCodecs(engine: LmdbEngine, slots: number): Promise<Map<number, TableCodec>> {
  const codecs = new Map<number, TableCodec>();
  const messages = createMessageCodec({ maxDepth: DEFAULT_LIMITS.messageDepth });
  for (const name of await engine.metaNames()) {
    if (!name.startsWith('schema/')) continue;
    const { source, file, ids } = JSON.parse((await engine.readMeta(name)) as string) as {
      source: string;
      file: string;
      ids: Record<string, number>;
    };
    for (const table of parseStoredSchema(source, file).tables.values()) {
      const id = ids[table.name] as number;
      codecs.set(id, createTableCodec({ table, id, slots, limits: DEFAULT_LIMITS, messages, cipher: undefined }));
    }
  }
  return codecs;
}

async function copyMeta(from: LmdbEngine, to: PostgresEngine): Promise<void> {
  for (const name of await from.metaNames()) {
    const text = (await from.readMeta(name)) as string;
    const present = await to.readMeta(name);
    if (present !== text) await to.writeMeta(name, text, present);
  }
}
