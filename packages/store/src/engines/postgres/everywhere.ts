import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../../errors.ts';
import { inTime } from '../../in-time.ts';
import { phrase } from '../../phrase.ts';
import type { ShardClient } from '../../shards/shard-client.ts';
import type { ShardRouter } from '../../shards/shard-router.ts';

/** Asks every shard and accepts the answers only when the slots they owned in that moment are all slots, each once. */
export type Everywhere = <T extends object>(
  deadline: number,
  ask: (client: ShardClient) => Promise<T[]>,
) => Promise<T[][]>;

export function createEverywhere(router: ShardRouter): Everywhere {
  /** Slots a shard owned at a version of its table of owners. */
  const ownedAt = new Map<string, { version: string; slots: number[] }>();

  async function everywhere<T extends object>(
    deadline: number,
    ask: (client: ShardClient) => Promise<T[]>,
  ): Promise<T[][]> {
    for (let tries = 0; ; tries++) {
      const shards = [...new Set(await router.owners())];
      const seen = new Uint8Array(router.slots);
      let whole = true;
      try {
        const answers = await Promise.all(
          shards.map(async (shard) => {
            const client = router.client(shard);
            const before = await owned(shard, client, deadline);
            const rows = await ask(client);
            const after = await owned(shard, client, deadline);
            return { rows, slots: after.slots, same: before.version === after.version };
          }),
        );
        for (const { slots, same } of answers) {
          if (!same) whole = false;
          for (const slot of slots) {
            if (seen[slot] === 1) whole = false;
            seen[slot] = 1;
          }
        }
        if (whole && seen.every((count) => count === 1)) return answers.map(({ rows }) => rows);
      } catch (error) {
        if (error instanceof StoreError) throw error;
        if (performance.now() > deadline)
          throw new StoreError('SHARD_DOWN', phrase`a shard does not answer`, {
            hint: phrase`see \`sparrow store shards status\``,
            cause: error,
          });
      }
      if (performance.now() > deadline)
        throw new StoreError('TIMEOUT', phrase`slots are moving all the time`, {
          hint: phrase`try again when the move is over`,
        });
      await sleep(Math.min(100, 5 * (tries + 1)));
      await inTime(router.refresh(), deadline, () => new Error('no answer in time')).catch(() => {});
    }
  }

  async function owned(
    shard: string,
    client: ShardClient,
    deadline: number,
  ): Promise<{ version: string; slots: number[] }> {
    const known = ownedAt.get(shard);
    const [row] = await client.query<{ version: string; slots: number[] | null }>(
      {
        name: 'owned',
        text: `select version, case when version = $1 then null else (select coalesce(array_agg(slot), '{}') from sparrow.owners where state = 'o') end as slots
          from sparrow.owners_version`,
        values: [known?.version ?? -1],
      },
      deadline,
    );
    if (row && row.slots === null && known) return known;
    const fresh = { version: row?.version ?? '', slots: row?.slots ?? [] };
    ownedAt.set(shard, fresh);
    return fresh;
  }

  return everywhere;
}
