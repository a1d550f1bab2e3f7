import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEverywhere } from '../src/engines/postgres/everywhere.ts';
import { startCluster, type TestCluster } from './support/cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster({ shards: 2 });
});
afterAll(() => cluster?.close());

test('what all shards are asked for has a slot once, though it changes hands between two of their answers', async () => {
  const { router } = cluster.engine;
  const run = (shard: string, text: string) => router.client(shard).session((query) => query(text), 20_000);
  const give = async (slot: number): Promise<void> => {
    const epoch = await router.meta.nextEpoch();
    const bump = 'update sparrow.owners_version set version = version + 1';
    await run('s0', `update sparrow.owners set state = 'a', epoch = ${epoch} where slot = ${slot}; ${bump}`);
    await run(
      's1',
      `insert into sparrow.owners values (${slot}, 'o', ${epoch})
       on conflict (slot) do update set state = 'o', epoch = ${epoch}; ${bump}`,
    );
    await router.meta.decide(slot, slot, 's0', 's1', epoch);
    await router.refresh();
  };
  await give(5);
  const given = Promise.withResolvers<void>();
  let asked = 0;
  const answers = await createEverywhere(router)(performance.now() + 60_000, async (client) => {
    const isFirst = client === router.client('s0') && ++asked === 1;
    // The second shard answers when it has the slot that the first one has named in its answer.
    if (!isFirst) await given.promise;
    const rows = await client.query<{ slot: number }>(
      { text: "select slot from sparrow.owners where state = 'o'" },
      performance.now() + 30_000,
    );
    if (isFirst) {
      await give(3);
      given.resolve();
    }
    return rows;
  });
  const slots = answers.flat().map(({ slot }) => slot);
  expect(slots.sort((x, y) => x - y)).toEqual(Array.from({ length: 64 }, (_, slot) => slot));
  expect(asked).toBe(2);
});
