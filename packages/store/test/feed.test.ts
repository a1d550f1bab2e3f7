import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRecordStore, type RecordStore } from '../src/index.ts';
import { startCluster, type TestCluster } from './support/cluster.ts';

/** As few as a sharded store may have. */
const SLOTS = 64;

const SCHEMA = `syntax = "proto3";
message Note {
  option (tcaplusservice.tcaplus_primary_key) = "id";
  option (tcaplusservice.tcaplus_customattr) = "Feed=on";
  int64 id = 1; int32 turn = 2;
}`;

describe('the change feed of a table on shards', () => {
  let cluster: TestCluster;
  let store: RecordStore;
  let names = 0;
  beforeAll(async () => {
    cluster = await startCluster({ shards: 2, slots: SLOTS, cleanEveryMs: 3_600_000 });
  });
  afterAll(async () => {
    await cluster?.close();
  });
  beforeEach(async () => {
    store = await createRecordStore({
      engine: cluster.engine,
      schema: SCHEMA,
      namespace: `feed-${++names}`,
      sweepEveryMs: 0,
    });
  });
  const notes = () => store.table('Note');
  const slotOf = (id: bigint): number => store.codec('Note').slot({ id });
  /** A record of each slot, by slot. */
  const bySlot = (): bigint[] => {
    const found: bigint[] = [];
    for (let id = 1n; found.filter((one) => one !== undefined).length < SLOTS; id++) found[slotOf(id)] ??= id;
    return found;
  };
  const write = async (id: bigint, times: number): Promise<void> => {
    for (let turn = 1; turn <= times; turn++) await notes().replace({ id, turn });
  };
  /** Removes changes of a slot, all but the last `kept`, as the clean-up does when they are old. */
  async function trim(slot: number, kept: number): Promise<void> {
    for (const shard of ['s0', 's1'])
      await cluster.engine.router.client(shard).query(
        {
          text: `delete from sparrow.feed f using sparrow.feed_heads h
            where h.slot = f.slot and h.tab = f.tab and f.tab = $1 and f.slot = $2 and f.n <= h.n - $3`,
          values: [store.codec('Note').id, slot, kept],
        },
        performance.now() + 30_000,
      );
  }
  const turnsOf = (page: Awaited<ReturnType<ReturnType<typeof notes>['changes']>>): unknown[] =>
    page.changes.map(({ key, record }) => [key.id, record?.turn]);

  test.each([
    ['some of them', 2],
    ['all of them', 0],
  ])('tells a reader who comes too late for the first changes of a slot: %s were cleaned', async (_what, kept) => {
    const [first, second] = bySlot() as [bigint, bigint];
    await write(first, 1);
    const { position } = await notes().changes();
    // The reader has nothing of this slot yet.
    await write(second, 5);
    await trim(slotOf(second), kept);
    await expect(notes().changes(position)).rejects.toMatchObject({ code: 'FEED_GONE' });
    // Who begins now misses nothing: what is kept, then what comes.
    const anew = await notes().changes();
    expect(turnsOf(anew)).toEqual(
      expect.arrayContaining([[first, 1], ...[4, 5].slice(0, kept).map((turn) => [second, turn])]),
    );
    await notes().replace({ id: second, turn: 6 });
    expect(turnsOf(await notes().changes(anew.position))).toEqual([[second, 6]]);
  });

  test('who has read all but a page of it is told nothing of what was cleaned before it began', async () => {
    const ids = bySlot();
    for (const id of ids) await write(id, 3);
    for (const slot of [5, 9]) await trim(slot, 1);
    await trim(12, 0);
    let position: string | undefined;
    const seen: unknown[] = [];
    for (let more = true; more; ) {
      const page = await notes().changes(position, { limit: 4 });
      position = page.position;
      seen.push(...turnsOf(page));
      more = page.changes.length > 0;
    }
    const kept = (slot: number): number[] => (slot === 12 ? [] : slot === 5 || slot === 9 ? [3] : [1, 2, 3]);
    expect(seen).toHaveLength(ids.flatMap((_, slot) => kept(slot)).length);
    for (const [slot, id] of ids.entries())
      expect(seen.filter((one) => (one as unknown[])[0] === id)).toEqual(kept(slot).map((turn) => [id, turn]));
  });

  test('one slot that always has more changes than a page keeps no other one waiting', async () => {
    const [busy, ...others] = bySlot() as [bigint, ...bigint[]];
    let { position } = await notes().changes();
    for (const id of others) await write(id, 1);
    const waiting = new Set(others);
    for (let page = 0; page < 4 * SLOTS && waiting.size > 0; page++) {
      await write(busy, 3);
      const next = await notes().changes(position, { limit: 2 });
      position = next.position;
      for (const { key } of next.changes) waiting.delete(key.id as bigint);
    }
    expect([...waiting]).toEqual([]);
  });

  test('a position of an older version goes on', async () => {
    const [first, second] = bySlot() as [bigint, bigint];
    await write(first, 2);
    const old = Buffer.from(JSON.stringify([[slotOf(first), 1]])).toString('base64url');
    await write(second, 1);
    const page = await notes().changes(old);
    expect(turnsOf(page)).toEqual(
      expect.arrayContaining([
        [first, 2],
        [second, 1],
      ]),
    );
    await expect(notes().changes('bm9uc2Vuc2U')).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  });
});
