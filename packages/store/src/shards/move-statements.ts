import { setTimeout as sleep } from 'node:timers/promises';
import type { Move } from './meta-store.ts';
import { dropReplicationSlots } from './replication-slot.ts';
import { type ShardClient, TryAgain } from './shard-client.ts';

/** One statement on a shard may take this long, in milliseconds. */
export const COMMAND_MS = 60_000;

/**
 * What a move does on one shard, each a step of its own that may be done again: replication set up and taken down,
 * slots given and taken, rows removed. When and in which order is the mover's affair.
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

  /** Number of a subscription: the replication slots of its first copy are named after it. */
  async function numberOf(client: ShardClient, name: string): Promise<number | undefined> {
    const [there] = await exec(client, 'select oid::int8::text as oid from pg_subscription where subname = $1', [name]);
    return there && Number(there.oid);
  }

  /** Removes a subscription; its replication slots on the other side are removed by `dropPublication`. */
  async function dropSubscription(client: ShardClient, name: string): Promise<void> {
    if ((await numberOf(client, name)) === undefined) return;
    await exec(client, `alter subscription ${name} disable`);
    await exec(client, `alter subscription ${name} set (slot_name = none)`);
    await exec(client, `drop subscription ${name}`);
  }

  /** The identifier of a server: numbers of subscriptions are unique only on one. */
  async function systemOf(client: ShardClient): Promise<string> {
    const [row] = await exec(client, 'select system_identifier::text as id from pg_control_system()');
    return String(row?.id);
  }

  /** @param copied the subscription by its number and its server, for what its first copy may have left on this one */
  async function dropPublication(
    client: ShardClient,
    publication: string,
    subscription: string,
    copied?: { number: number; system: string },
  ): Promise<void> {
    await exec(client, `drop publication if exists ${publication}`);
    const slots = await exec(
      client,
      'select slot_name from pg_replication_slots where slot_name = $1 or slot_name ~ $2',
      [subscription, copied === undefined ? '^$' : `^pg_${copied.number}_sync_[0-9]+_${copied.system}$`],
    );
    await dropReplicationSlots(
      client,
      slots.map(({ slot_name }) => slot_name as string),
    );
  }

  /** Rows of slots that a shard does not own, away in small steps. */
  async function clean(client: ShardClient, first: number, last: number): Promise<void> {
    for (const table of names)
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

  /**
   * Removes the marks of moves of slots, those that the target made by itself, under negative numbers, too. Only one
   * move of a slot is open at a time, so they are this move's and those of moves that are over.
   */
  async function forgetMarks(client: ShardClient, first: number, last: number): Promise<void> {
    await exec(client, 'delete from sparrow.marks where slot between $1 and $2 or -1 - slot between $1 and $2', [
      first,
      last,
    ]);
  }

  /** Sends a mark through the replication of a move, without a fence; false when it did not come in time. */
  async function probe(
    from: ShardClient,
    to: ShardClient,
    move: Move,
    turn: number,
    withinMs: number,
  ): Promise<boolean> {
    const name = `${move.id}-probe`;
    await exec(from, 'insert into sparrow.marks values ($1, $2, $3) on conflict (slot, move) do update set n = $3', [
      move.last,
      name,
      turn,
    ]);
    try {
      await exec(to, 'select sparrow.await_mark($1, $2, $3, $4)', [move.last, name, turn, withinMs]);
      return true;
    } catch (error) {
      if (error instanceof TryAgain) return false;
      throw error;
    }
  }

  /** Changes owners and their version together, in one trip. */
  const change = (client: ShardClient, statement: string): Promise<unknown> =>
    client.session(
      (query) => query(`begin; ${statement}; update sparrow.owners_version set version = version + 1; commit`),
      COMMAND_MS,
    );

  async function grant(client: ShardClient, first: number, last: number, epoch: number): Promise<void> {
    await change(
      client,
      `insert into sparrow.owners select s, 'o', ${epoch} from generate_series(${first}, ${last}) s
       on conflict (slot) do update set state = 'o', epoch = ${epoch} where owners.epoch < ${epoch}`,
    );
  }

  async function release(client: ShardClient, first: number, last: number, epoch: number): Promise<void> {
    await change(
      client,
      `update sparrow.owners set state = 'a', epoch = ${epoch} where slot between ${first} and ${last} and epoch <= ${epoch}`,
    );
  }

  /**
   * Takes a fence back that nothing was decided behind. Nobody waits for the disk: what a crash forgets of it, whoever
   * resumes does again.
   */
  async function unfence(client: ShardClient, first: number, last: number, epoch: number): Promise<void> {
    await change(
      client,
      `set local synchronous_commit = off; update sparrow.owners set state = 'o' where slot between ${first} and ${last} and state = 'f' and epoch = ${epoch}`,
    );
  }

  return {
    exec,
    publish,
    numberOf,
    systemOf,
    dropSubscription,
    dropPublication,
    probe,
    clean,
    forgetMarks,
    grant,
    release,
    unfence,
  };
}

export type MoveStatements = ReturnType<typeof createMoveStatements>;
