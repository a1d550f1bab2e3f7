import { createKeyCache, type KeyCache } from '../../hot/key-cache.ts';
import { inParallel } from '../../record-store/in-parallel.ts';
import type { ShardClient } from '../../shards/shard-client.ts';
import type { ShardRouter } from '../../shards/shard-router.ts';
import type { Located, ReadOptions, Row } from '../kv-engine.ts';
import { createReadBatches, type FoundRow, GET_MANY, type ReadBatches } from './read-batches.ts';
import { notOwned, type RowData, toRow } from './rows.ts';

/** Rows of hot keys that are kept for reads that may be a little old. */
const RECENT_BYTES = 16 * 1024 * 1024;

/** Point reads: one trip, or none where a read may be old. */
export interface PointReads {
  /** Rows that this process read lately. */
  readonly recent: KeyCache;
  get(at: Located, options: ReadOptions): Promise<Row | undefined>;
  getMany(at: readonly Located[], options: ReadOptions): Promise<(Row | undefined)[]>;
}

export function createPointReads(router: ShardRouter): PointReads {
  const recent = createKeyCache({ slots: router.slots, bytes: RECENT_BYTES });
  const batches = new WeakMap<ShardClient, ReadBatches>();
  const readsOf = (client: ShardClient): ReadBatches => {
    let found = batches.get(client);
    if (!found) batches.set(client, (found = createReadBatches(client)));
    return found;
  };

  async function get({ slot, key }: Located, { deadline, stale, maxAgeMs = 0 }: ReadOptions): Promise<Row | undefined> {
    const name = maxAgeMs > 0 ? key.latin1Slice(0, key.length) : '';
    const kept = maxAgeMs > 0 ? recent.find(slot, name, maxAgeMs) : undefined;
    if (kept) return kept.row;
    const begun = recent.begin(slot);
    const data = await router.run<RowData>(
      slot,
      deadline,
      (client, until) =>
        readsOf(client)
          .get(slot, key, until)
          .then((found) => notOwned(found.st) ?? found),
      { stale: stale === true },
    );
    const row = toRow(data);
    if (maxAgeMs > 0) recent.keep(slot, name, row, begun);
    return row;
  }

  /** Keys by shard; those whose slots moved meanwhile are asked again one by one. */
  async function getMany(at: readonly Located[], read: ReadOptions): Promise<(Row | undefined)[]> {
    const owners = await router.owners();
    const groups = new Map<string, number[]>();
    for (const [i, { slot }] of at.entries()) {
      const shard = owners[slot] ?? '';
      const group = groups.get(shard);
      if (group) group.push(i);
      else groups.set(shard, [i]);
    }
    const rows = new Array<Row | undefined>(at.length);
    await Promise.all(
      [...groups.values()].map(async (indexes) => {
        const slot = (at[indexes[0] as number] as Located).slot;
        const values = [indexes.map((i) => (at[i] as Located).slot), indexes.map((i) => (at[i] as Located).key)];
        const again: number[] = [];
        const found = await router.run(
          slot,
          read.deadline,
          (client, until) =>
            client.query<FoundRow & { i: number }>({ name: 'get_many', text: GET_MANY, values }, until),
          { stale: read.stale === true },
        );
        for (const data of found) {
          const i = indexes[data.i - 1] as number;
          if (notOwned(data.st)) again.push(i);
          else rows[i] = toRow(data);
        }
        await inParallel(again, 16, async (i) => {
          rows[i] = await get(at[i] as Located, read);
        });
      }),
    );
    return rows;
  }

  return { recent, get, getMany };
}
