import { afterEach, describe, expect, test } from 'vitest';
import { createRecordStore, type RecordStore } from '../src/index.ts';
import { startCluster, type TestCluster } from './support/cluster.ts';

const SCHEMA = `syntax = "proto3";
message Note {
  option (tcaplusservice.tcaplus_primary_key) = "id";
  option (tcaplusservice.tcaplus_customattr) = "Feed=on";
  int64 id = 1; bytes pad = 2;
}`;

/** A write that a busy machine keeps waiting is no loss. */
const PATIENT = { timeoutMs: 120_000 };

describe('what goes by itself on shards', () => {
  let cluster: TestCluster | undefined;
  let store: RecordStore | undefined;
  afterEach(async () => {
    await store?.close();
    await cluster?.close();
  });
  const ask = async (shard: string, text: string): Promise<number> => {
    const [row] = await (cluster as TestCluster).engine.router
      .client(shard)
      .query<{ n: number }>({ text }, performance.now() + 30_000);
    return Number(row?.n);
  };
  const dead = (shard: string, of = ''): Promise<number> =>
    ask(shard, `select count(*)::int as n from sparrow.records where v is null ${of}`);

  async function fillAndDelete(count: number, kept: number): Promise<void> {
    const notes = (store as RecordStore).table('Note');
    for (let from = 0; from < count; from += 500) {
      const ids = Array.from({ length: Math.min(500, count - from) }, (_, i) => BigInt(from + i));
      await Promise.all(ids.map((id) => notes.insert({ id, pad: new Uint8Array(20) }, PATIENT)));
      await Promise.all(ids.filter((id) => id >= BigInt(kept)).map((id) => notes.delete({ id }, PATIENT)));
    }
  }

  test('in mid-move goes on the owner of a slot alone, so both sides hold the same and the move ends', async () => {
    cluster = await startCluster({ shards: 2, joined: 1, cleanEveryMs: 3_600_000 });
    const own = cluster;
    store = await createRecordStore({ engine: own.engine, schema: SCHEMA, namespace: 'notes', sweepEveryMs: 0 });
    await fillAndDelete(2_000, 100);
    await ask(
      's0',
      'with done as (update sparrow.records set mod = mod - 200000 where v is null returning 1) select count(*) as n from done',
    );
    await ask(
      's0',
      'with done as (update sparrow.feed set at = at - 200000 returning 1) select count(*) as n from done',
    );
    await own.join(1);
    const tab = store.codec('Note').id;
    const clean = async (shard: string, limit: number): Promise<void> => {
      await ask(shard, `select sparrow.purge(60000, ${limit}) as n`);
      await ask(shard, `select sparrow.trim_feed(${tab}, ${Date.now() - 100_000}, ${limit}) as n`);
    };
    let cleaned = 0;
    const mover = own.mover({
      async onStep(move, step) {
        if (step !== 'switched') return;
        cleaned++;
        const away = `and slot >= ${move.switched}`;
        const before = await dead('s1', away);
        // The target has copies of slots that it does not own yet, and the source of those that it owns no more.
        await clean('s1', 100_000);
        expect(await dead('s1', away)).toBe(before);
        await clean('s0', 60);
      },
    });
    const plan = await mover.plan({ from: 's0', to: 's1', first: 32, last: 63 });
    const moved = await mover.run(plan.id, { stopAt: 'reversible' });
    expect(moved.state).toBe('reversible');
    expect(cleaned).toBe(4);
    expect((await mover.verify(plan.id)).rows).toBeGreaterThan(0);
    await clean('s0', 100_000);
    await clean('s1', 100_000);
    expect(await dead('s1')).toBe(0);
    expect((await mover.finish(plan.id)).state).toBe('done');
    expect(await dead('s0')).toBe(0);
    expect(await store.table('Note').count()).toBe(100);
  });

  test('leaves what was written again, what is fenced, and what is young', async () => {
    cluster = await startCluster({ shards: 1, cleanEveryMs: 3_600_000 });
    store = await createRecordStore({ engine: cluster.engine, schema: SCHEMA, namespace: 'notes', sweepEveryMs: 0 });
    await fillAndDelete(300, 0);
    const all = await dead('s0');
    expect(await ask('s0', 'select sparrow.purge(60000, 100000) as n')).toBe(0);
    await ask(
      's0',
      'with done as (update sparrow.records set mod = mod - 200000 where v is null returning 1) select count(*) as n from done',
    );
    await store.table('Note').insert({ id: 7n });
    const fenced = await dead('s0', 'and slot < 10');
    expect(fenced).toBeGreaterThan(0);
    await ask(
      's0',
      "with done as (update sparrow.owners set state = 'f' where slot < 10 returning 1) select count(*) as n from done",
    );
    expect(await ask('s0', 'select sparrow.purge(60000, 100000) as n')).toBe(all - 1 - fenced);
    expect(await dead('s0')).toBe(fenced);
    expect((await store.table('Note').get({ id: 7n }))?.version).toBe(1);
  });

  test.each([64, 1_024])('keeps up with many deletes a second over %i slots', async (slots) => {
    cluster = await startCluster({ shards: 1, slots, cleanEveryMs: 2_000 });
    store = await createRecordStore({ engine: cluster.engine, schema: SCHEMA, namespace: 'notes', sweepEveryMs: 0 });
    await fillAndDelete(2_000, 0);
    // As twenty thousand deletes of a minute ago.
    await ask(
      's0',
      `with made as (
         insert into sparrow.records select r.slot, r.k || int4send(i), r.rev, r.ver, 0, r.mod - 200000 - i, null, null, r.recent
         from sparrow.records r, generate_series(1, 10) i where r.v is null returning 1) select count(*) as n from made`,
    );
    await expect.poll(() => dead('s0')).toBeLessThan(2_500);
  });
});
