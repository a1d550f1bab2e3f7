import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, createId, systemClock } from '@sparrow/core';
import { StoreError } from '../errors.ts';
import type { MovedTable } from './cluster.ts';
import { createHandOver } from './hand-over.ts';
import type { MetaStore, Move } from './meta-store.ts';
import { createMoveStatements } from './move-statements.ts';
import { createShardClient, type ShardClient } from './shard-client.ts';

/**
 * Moves slots from one shard to another while they are in use: a copy by logical replication with a row filter, then group by group a
 * fence, a drain, a comparison, one decision in the meta store and the grant. Everything is written in the journal before it is begun, so
 * whoever resumes a move knows where it stands: what is decided goes forward, what is not is un-fenced and tried again.
 */
export interface Mover {
  plan(request: { from: string; to: string; first: number; last: number }): Promise<Move>;
  /** Runs a move to its end, `reversible` or `done`. @throws StoreError MOVE_REFUSED, VERIFY_FAILED, SHARD_DOWN */
  run(id: string, options?: { stopAt?: 'reversible' }): Promise<Move>;
  /** Goes on with every move that is not finished. */
  resume(): Promise<Move[]>;
  /** Back to the old shard over the reverse replication, while a move is `reversible`. */
  rollback(id: string): Promise<Move>;
  /** Ends the rollback window: drops the reverse replication and removes the rows that moved away, in small steps. */
  finish(id: string): Promise<Move>;
  /** Gives a move up that has not switched any slot; its copy goes. */
  abort(id: string): Promise<Move>;
  /** Compares both sides of a switched move row by row. @throws StoreError VERIFY_FAILED */
  verify(id: string): Promise<{ rows: number; same: number; newer: number }>;
}

export interface MoverOptions {
  meta: MetaStore;
  tables: readonly MovedTable[];
  /** Slots that are fenced together. Default 8. */
  groupSlots?: number;
  /** A fence that is not drained by then is taken back and tried again. Default 250 ms. */
  drainMs?: number;
  /** Time a move may take until its copy is complete. Default one hour. */
  copyMs?: number;
  clock?: Clock;
  /** Told of every step that was written into the journal, before it is begun: progress, and the place where tests kill. */
  onStep?: (move: Move, step: string) => void | Promise<void>;
  /** For the negative control of the tests alone: hands slots over without a fence. */
  withoutFence?: boolean;
  /** Rows that clean-up removes at once. Default 2,000. */
  cleanRows?: number;
}

export function createMover(options: MoverOptions): Mover {
  const { meta, tables, groupSlots = 8, drainMs = 250, copyMs = 3_600_000, cleanRows = 2_000 } = options;
  const clock = options.clock ?? systemClock;
  const names = tables.map(({ name }) => name);

  async function save(move: Move, step: string): Promise<void> {
    move.updatedAt = clock.now();
    await meta.saveMove(move);
    await options.onStep?.(move, step);
  }

  /** Connections to both sides, for as long as `work` takes. */
  async function withShards<T>(
    move: Move,
    work: (from: ShardClient, to: ShardClient, urls: { from: string; to: string }) => Promise<T>,
  ): Promise<T> {
    const shards = await meta.shards();
    const url = (id: string): string => {
      const found = shards.find((shard) => shard.id === id);
      if (!found)
        throw new StoreError('MOVE_REFUSED', `there is no shard ${id}`, { hint: 'sparrow store shards status' });
      return found.url;
    };
    const urls = { from: url(move.from), to: url(move.to) };
    const from = createShardClient({ url: urls.from, max: 3, connectMs: 5_000 });
    const to = createShardClient({ url: urls.to, max: 3, connectMs: 5_000 });
    try {
      return await work(from, to, urls);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw new StoreError('SHARD_DOWN', `move ${move.id}: ${(error as Error).message}`, {
        hint: 'when both shards answer again: sparrow store shards move --resume',
        cause: error,
      });
    } finally {
      await Promise.all([from.close(), to.close()]);
    }
  }

  const statements = createMoveStatements({ names, cleanRows });
  const { exec, publish, numberOf, dropSubscription, dropPublication, probe, clean, grant, release } = statements;
  const handOver = createHandOver({
    meta,
    tables,
    statements,
    drainMs,
    onStep: options.onStep,
    withoutFence: options.withoutFence,
  });

  async function copy(move: Move): Promise<void> {
    await withShards(move, async (from, to, urls) => {
      const { publication, subscription } = move.link;
      // What an earlier attempt left behind is of no use: its slot may be gone with a failover.
      const number = (await numberOf(to, subscription)) ?? move.link.number;
      await dropSubscription(to, subscription);
      await dropPublication(from, publication, subscription, number);
      await clean(to, move.first, move.last);
      await publish(from, publication, move.first, move.last);
      await exec(
        to,
        `create subscription ${subscription} connection '${urls.from.replaceAll("'", "''")}' publication ${publication}
         with (copy_data = true, create_slot = true, binary = true, streaming = off)`,
      );
      const made = await numberOf(to, subscription);
      if (made !== undefined) move.link.number = made;
    });
  }

  async function catchUp(move: Move): Promise<void> {
    const end = performance.now() + copyMs;
    await withShards(move, async (from, to) => {
      for (;;) {
        const [state] = await exec(
          to,
          `select count(*) filter (where r.srsubstate <> 'r')::int as waiting, count(*)::int as tables, bool_or(s.subenabled) as enabled
           from pg_subscription s join pg_subscription_rel r on r.srsubid = s.oid where s.subname = $1`,
          [move.link.subscription],
        );
        const [slot] = await exec(from, 'select 1 from pg_replication_slots where slot_name = $1', [
          move.link.subscription,
        ]);
        if (Number(state?.tables) === 0 || !slot)
          throw new StoreError('MOVE_REFUSED', `the replication of move ${move.id} is gone`, {
            hint: 'a shard failed over in mid-move: it is copied again',
          });
        if (Number(state?.waiting) === 0) return;
        if (performance.now() > end)
          throw new StoreError('TIMEOUT', `the copy of move ${move.id} takes longer than ${copyMs} ms`, {
            hint: 'resume it later',
          });
        await sleep(50);
      }
    });
  }

  /** After a crash: what the meta store decided is granted, the rest belongs to the source again. */
  async function settle(move: Move, from: ShardClient, to: ShardClient): Promise<void> {
    const map = await meta.map();
    const stuck = new Set(
      (
        await exec(from, "select slot from sparrow.owners where slot between $1 and $2 and state = 'f'", [
          move.first,
          move.last,
        ])
      ).map(({ slot }) => slot),
    );
    for (let first = move.first; first <= move.last; first += groupSlots) {
      const last = Math.min(move.last, first + groupSlots - 1);
      const owners = map.filter(({ slot }) => slot >= first && slot <= last);
      if (owners.every(({ shard }) => shard === move.to)) {
        const epoch = Math.max(...owners.map((owner) => owner.epoch));
        await grant(to, first, last, epoch);
        await release(from, first, last, epoch);
        move.switched = Math.max(move.switched, last + 1);
      } else
        for (const { slot, shard } of owners) {
          if (shard !== move.from || !stuck.has(slot)) continue;
          // A new epoch makes a decision fail that somebody else may still be about to take.
          const claimed = await meta.claim(slot);
          await grant(from, slot, slot, claimed.epoch);
        }
    }
  }

  async function switchAll(move: Move): Promise<void> {
    await withShards(move, async (from, to) => {
      await settle(move, from, to);
      let failures = 0;
      for (let first = Math.max(move.first, move.switched); first <= move.last; ) {
        const last = Math.min(move.last, first + groupSlots - 1);
        // Until the target has caught up a fence would only disturb.
        if (!options.withoutFence) await caughtUp(move, from, to, failures);
        const turn = clock.now() * 16 + (move.retries % 16);
        if (await handOver(move, { from, to, first, last, turn })) {
          move.switched = last + 1;
          first = last + 1;
          failures = 0;
          await save(move, 'switched');
          continue;
        }
        move.retries++;
        if (++failures > 200)
          throw new StoreError('TIMEOUT', `slots ${first} to ${last} could not be drained in ${failures} fences`, {
            hint: 'the replication is too slow under this load; resume later',
          });
        await sleep(Math.min(2_000, 20 * 2 ** Math.min(failures, 7)));
      }
    });
  }

  /** Waits, without a fence, until a mark comes through quickly; the more fences failed, the longer it tries. */
  async function caughtUp(move: Move, from: ShardClient, to: ShardClient, failures: number): Promise<void> {
    for (let i = 0; i < 10 * (failures + 1); i++) {
      const begun = performance.now();
      const through = await probe(from, to, move, clock.now() * 16 + (i % 16), 10_000);
      if (through && performance.now() - begun < drainMs / 3) return;
    }
  }

  /** Before the first slot is switched a replication slot on the target begins to keep what will be written there. */
  async function prepareReverse(move: Move): Promise<void> {
    await withShards(move, async (_from, to) => {
      const reverse = { publication: `${move.link.publication}_back`, subscription: `${move.link.subscription}_back` };
      await publish(to, reverse.publication, move.first, move.last);
      const [there] = await exec(to, 'select 1 from pg_replication_slots where slot_name = $1', [reverse.subscription]);
      if (!there) await exec(to, "select pg_create_logical_replication_slot($1, 'pgoutput')", [reverse.subscription]);
      move.reverse = reverse;
    });
  }

  async function startReverse(move: Move): Promise<void> {
    await withShards(move, async (from, to, urls) => {
      await dropSubscription(to, move.link.subscription);
      await dropPublication(from, move.link.publication, move.link.subscription, move.link.number);
      const { reverse } = move;
      if (!reverse) return;
      const [there] = await exec(from, 'select 1 from pg_subscription where subname = $1', [reverse.subscription]);
      if (!there)
        await exec(
          from,
          `create subscription ${reverse.subscription} connection '${urls.to.replaceAll("'", "''")}' publication ${reverse.publication}
           with (copy_data = false, create_slot = false, slot_name = '${reverse.subscription}', binary = true)`,
        );
    });
  }

  async function step(move: Move): Promise<void> {
    switch (move.state) {
      case 'planned':
        move.state = 'copying';
        return save(move, 'copying');
      case 'copying':
        await copy(move);
        move.state = 'catching-up';
        return save(move, 'catching-up');
      case 'catching-up':
        await catchUp(move);
        if (!options.withoutFence) await prepareReverse(move);
        move.state = 'switching';
        return save(move, 'switching');
      case 'switching':
        await switchAll(move);
        await startReverse(move);
        move.state = 'reversible';
        return save(move, 'reversible');
      case 'reversible':
        move.state = 'cleaning';
        return save(move, 'cleaning');
      case 'cleaning':
        await withShards(move, async (from, to) => {
          if (move.reverse) {
            await dropSubscription(from, move.reverse.subscription);
            await dropPublication(to, move.reverse.publication, move.reverse.subscription);
          }
          await clean(from, move.first, move.last);
        });
        move.state = 'done';
        return save(move, 'done');
      case 'aborting':
        await withShards(move, async (from, to) => {
          await settle(move, from, to);
          await dropSubscription(to, move.link.subscription);
          await dropPublication(from, move.link.publication, move.link.subscription, move.link.number);
          if (move.reverse) await dropPublication(to, move.reverse.publication, move.reverse.subscription);
          await clean(to, move.first, move.last);
        });
        move.state = 'aborted';
        return save(move, 'aborted');
      default:
    }
  }

  const load = async (id: string): Promise<Move> => {
    const move = await meta.move(id);
    if (!move) throw new StoreError('MOVE_REFUSED', `there is no move ${id}`, { hint: 'sparrow store shards status' });
    return move;
  };

  /** The replication of a move did not survive, with a failover for instance: copied again when nothing was switched. */
  async function replicationLives(move: Move): Promise<boolean> {
    return withShards(move, async (from, to) => {
      const [slot] = await exec(from, 'select 1 from pg_replication_slots where slot_name = $1', [
        move.link.subscription,
      ]);
      const [subscription] = await exec(to, 'select 1 from pg_subscription where subname = $1', [
        move.link.subscription,
      ]);
      return slot !== undefined && subscription !== undefined;
    });
  }

  async function run(id: string, { stopAt }: { stopAt?: 'reversible' } = {}): Promise<Move> {
    const move = await load(id);
    while (
      move.state !== 'done' &&
      move.state !== 'aborted' &&
      !(move.state === 'reversible' && stopAt === 'reversible')
    ) {
      try {
        const whole = move.state === 'switching' && move.switched > move.last;
        if (
          (move.state === 'catching-up' || (move.state === 'switching' && !whole)) &&
          !(await replicationLives(move))
        ) {
          await withShards(move, (from, to) => settle(move, from, to));
          // Slots that are switched stay; the others are copied anew.
          move.first = Math.max(move.first, move.switched);
          move.state = 'copying';
          await save(move, 'copying');
        }
        await step(move);
        delete move.error;
      } catch (error) {
        move.error = (error as Error).message;
        await meta.saveMove(move).catch(() => {});
        throw error;
      }
    }
    return move;
  }

  return {
    async plan({ from, to, first, last }) {
      const refuse = (text: string, hint: string): never => {
        throw new StoreError('MOVE_REFUSED', text, { hint });
      };
      if (from === to) refuse('source and target are the same shard', 'name two');
      const map = await meta.map();
      const shards = await meta.shards();
      if (!shards.some(({ id }) => id === to)) refuse(`there is no shard ${to}`, 'sparrow store shards add');
      if (!(first >= 0 && last < meta.slots && first <= last))
        refuse(`slots ${first} to ${last}`, `slots are 0 to ${meta.slots - 1}`);
      const wrong = map.find(({ slot, shard }) => slot >= first && slot <= last && shard !== from);
      if (wrong) refuse(`slot ${wrong.slot} belongs to ${wrong.shard}`, 'look at sparrow store shards status');
      const open = (await meta.moves()).find(
        (move) => !['done', 'aborted'].includes(move.state) && move.first <= last && first <= move.last,
      );
      if (open) refuse(`move ${open.id} has some of these slots`, `finish it first: it is ${open.state}`);
      const id = createId('mov', clock.now()).toLowerCase();
      const move: Move = {
        id,
        from,
        to,
        first,
        last,
        state: 'planned',
        switched: first,
        link: { publication: `pub_${id}`, subscription: `sub_${id}` },
        fencesMs: [],
        retries: 0,
        createdAt: clock.now(),
        updatedAt: clock.now(),
      };
      await save(move, 'planned');
      return move;
    },
    run,
    async resume() {
      const open = (await meta.moves()).filter(({ state }) => !['done', 'aborted', 'reversible'].includes(state));
      const done: Move[] = [];
      for (const { id } of open) done.push(await run(id, { stopAt: 'reversible' }));
      return done;
    },
    async rollback(id) {
      const move = await load(id);
      if (move.state !== 'reversible' || !move.reverse)
        throw new StoreError('MOVE_REFUSED', `move ${id} is ${move.state}`, {
          hint: 'only a reversible move goes back',
        });
      const back: Move = {
        ...move,
        id: `${createId('mov', clock.now()).toLowerCase()}`,
        from: move.to,
        to: move.from,
        state: 'switching',
        switched: move.first,
        link: move.reverse,
        fencesMs: [],
        retries: 0,
        createdAt: clock.now(),
      };
      delete back.reverse;
      move.state = 'done';
      await meta.saveMove(back);
      await save(move, 'rolled-back');
      return run(back.id);
    },
    async finish(id) {
      const move = await load(id);
      if (!['reversible', 'cleaning'].includes(move.state))
        throw new StoreError('MOVE_REFUSED', `move ${id} is ${move.state}`, { hint: 'it must be switched first' });
      return run(id);
    },
    async abort(id) {
      const move = await load(id);
      if (
        !['planned', 'copying', 'catching-up', 'switching', 'aborting'].includes(move.state) ||
        move.switched > move.first
      )
        throw new StoreError('MOVE_REFUSED', `move ${id} is ${move.state} and has switched slots`, {
          hint: 'let it finish, then move the slots back or roll it back',
        });
      move.state = 'aborting';
      await save(move, 'aborting');
      return run(id);
    },
    async verify(id) {
      const move = await load(id);
      return withShards(move, async (from, to) => {
        const counts = { rows: 0, same: 0, newer: 0 };
        for (let slot = move.first; slot <= move.last; slot++)
          for (const { name, checksum, key } of tables) {
            const text = `select encode(${key}::text::bytea, 'hex') as key, (${checksum})::text as sum, md5(t::text) as body from sparrow.${name} t where slot = $1`;
            const [old, now] = await Promise.all([exec(from, text, [slot]), exec(to, text, [slot])]);
            const before = new Map(old.map((row) => [row.key, row]));
            for (const row of now) {
              counts.rows++;
              const other = before.get(row.key);
              if (!other || other.sum !== row.sum) counts.newer++;
              else if (other.body !== row.body)
                throw new StoreError('VERIFY_FAILED', `slot ${slot}: a row of ${name} differs on both sides`, {
                  hint: 'roll the move back, and look at the replication',
                });
              else counts.same++;
            }
          }
        return counts;
      });
    },
  };
}
