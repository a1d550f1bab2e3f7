import { setTimeout as sleep } from 'node:timers/promises';
import type { ShardClient } from './shard-client.ts';

/** One statement on a shard may take this long, in milliseconds. */
export const COMMAND_MS = 60_000;

/**
 * What a move does on one shard, each a step of its own that may be done again: replication set up and taken down, slots given and taken,
 * rows removed. When and in which order is the mover's affair.
 *
 * @param names tables that move
 * @param cleanRows rows that clean-up removes at once
 */
export function createMoveStatements({ names, cleanRows }: { names: readonly string[]; cleanRows: number }) {
  const exec = (client: ShardClient, text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    client.session((query) => query(text, values), COMMAND_MS);

  async function publish(client: ShardClient, name: string, first: number, last: number): Promise<void> {
    const filter = `where (slot between ${first} and ${last})`;
    const list = [...names, 'marks'].map((table) => `sparrow.${table} ${filter}`).join(', ');
    const [there] = await exec(client, 'select 1 from pg_publication where pubname = $1', [name]);
    if (!there) await exec(client, `create publication ${name} for table ${list}`);
  }

  /** Removes a subscription with its slot, as far as the other side answers; what is left there is removed by `dropPublication`. */
  async function dropSubscription(client: ShardClient, name: string): Promise<void> {
    const [there] = await exec(client, 'select 1 from pg_subscription where subname = $1', [name]);
    if (!there) return;
    await exec(client, `alter subscription ${name} disable`);
    await exec(client, `alter subscription ${name} set (slot_name = none)`);
    await exec(client, `drop subscription ${name}`);
  }

  async function dropPublication(client: ShardClient, publication: string, subscription: string): Promise<void> {
    await exec(client, `drop publication if exists ${publication}`);
    const slots = await exec(
      client,
      `select slot_name, active_pid from pg_replication_slots where slot_name = $1 or slot_name like 'pg\\_%\\_sync\\_%' and not active`,
      [subscription],
    );
    for (const { slot_name, active_pid } of slots) {
      if (active_pid) await exec(client, 'select pg_terminate_backend($1)', [active_pid]);
      for (let i = 0; i < 50; i++)
        try {
          await exec(client, 'select pg_drop_replication_slot($1)', [slot_name]);
          break;
        } catch (error) {
          if (/does not exist/.test((error as Error).message)) break;
          await sleep(100);
        }
    }
  }

  /** Rows of slots that a shard does not own, away in small steps. */
  async function clean(client: ShardClient, first: number, last: number): Promise<void> {
    for (const table of [...names, 'marks'])
      for (;;) {
        const rows = await exec(
          client,
          `with gone as (delete from sparrow.${table} where ctid = any (array(
             select t.ctid from sparrow.${table} t left join sparrow.owners o on o.slot = t.slot
             where t.slot between $1 and $2 and o.state is distinct from 'o' limit $3)) returning 1) select count(*)::int as n from gone`,
          [first, last, cleanRows],
        );
        if (Number(rows[0]?.n) === 0) break;
        await sleep(5);
      }
  }

  async function grant(client: ShardClient, first: number, last: number, epoch: number): Promise<void> {
    await client.session(async (query) => {
      await query('begin');
      await query(
        `insert into sparrow.owners select s, 'o', $3 from generate_series($1::int, $2::int) s
         on conflict (slot) do update set state = 'o', epoch = $3 where owners.epoch < $3`,
        [first, last, epoch],
      );
      await query('update sparrow.owners_version set version = version + 1');
      await query('commit');
    }, COMMAND_MS);
  }

  async function release(client: ShardClient, first: number, last: number, epoch: number): Promise<void> {
    await client.session(async (query) => {
      await query('begin');
      await query("update sparrow.owners set state = 'a', epoch = $3 where slot between $1 and $2 and epoch <= $3", [
        first,
        last,
        epoch,
      ]);
      await query('update sparrow.owners_version set version = version + 1');
      await query('commit');
    }, COMMAND_MS);
  }

  return { exec, publish, dropSubscription, dropPublication, clean, grant, release };
}
