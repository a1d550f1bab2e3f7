import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@sparrow/core';
import { StoreError } from '../errors.ts';
import type { MovedTable } from './cluster.ts';
import { createHandOver } from './hand-over.ts';
import type { MetaStore, Move } from './meta-store.ts';
import { type MoveShards, withShards } from './move-shards.ts';
import { createMoveStatements } from './move-statements.ts';
import { blockersOf, createReplicationSlot } from './replication-slot.ts';
import type { ShardClient } from './shard-client.ts';

export interface MoveStepOptions {
  meta: MetaStore;
  tables: readonly MovedTable[];
  groupSlots: number;
  drainMs: number;
  copyMs: number;
  /** How long transactions that are open on a shard may keep a replication from beginning. */
  waitMs: number;
  cleanRows: number;
  clock: Clock;
  withoutFence: boolean;
  save(move: Move, step: string): Promise<void>;
  onStep?: ((move: Move, step: string) => void | Promise<void>) | undefined;
  onWait?: ((move: Move, text: string) => void) | undefined;
}

/**
 * The steps of a move: each may be done again by whoever resumes it, and leaves the journal as it found it but where
 * said.
 */
export interface MoveSteps {
  copy(move: Move): Promise<void>;
  catchUp(move: Move): Promise<void>;
  /**
   * Before the first slot is switched the target begins to keep what will be written there; notes it in the journal
   * first.
   */
  prepareReverse(move: Move): Promise<void>;
  /** Hands all slots over, and notes each group in the journal. */
  switchAll(move: Move): Promise<void>;
  startReverse(move: Move): Promise<void>;
  clean(move: Move): Promise<void>;
  undo(move: Move): Promise<void>;
  /** What the meta store decided is granted, the rest belongs to the source again. */
  settle(move: Move): Promise<void>;
  replicationLives(move: Move): Promise<boolean>;
}

/** Fences of one group that are taken back before a move gives up. */
const FENCES = 200;
const LOOK_MS = 50;
/** Who waits for a copy is told so often for whom. */
const TELL_MS = 5_000;

/** The slots that are still to be copied: those that were switched stay where they are. */
const copiedFrom = (move: Move): number => Math.max(move.first, move.switched);
const reverseOf = (move: Move): { publication: string; subscription: string } =>
  move.reverse ?? { publication: `${move.link.publication}_back`, subscription: `${move.link.subscription}_back` };

export function createMoveSteps(options: MoveStepOptions): MoveSteps {
  const { meta, groupSlots, drainMs, clock, save } = options;
  const statements = createMoveStatements({
    names: options.tables.map(({ name }) => name),
    cleanRows: options.cleanRows,
  });
  const { exec, publish, numberOf, systemOf, dropSubscription, dropPublication, probe, clean, grant, release } =
    statements;
  const handOver = createHandOver({
    meta,
    tables: options.tables,
    statements,
    drainMs,
    onStep: options.onStep,
    withoutFence: options.withoutFence,
  });
  const shards = <T>(move: Move, work: (shards: MoveShards) => Promise<T>): Promise<T> => withShards(meta, move, work);
  const waitOn = (move: Move, shard: string, name: string) => ({
    shard,
    name,
    waitMs: options.waitMs,
    onWait: options.onWait && ((text: string) => options.onWait?.(move, text)),
  });

  async function dropLink(move: Move, { from, to }: MoveShards): Promise<void> {
    const { publication, subscription } = move.link;
    const number = (await numberOf(to, subscription)) ?? move.link.number;
    await dropSubscription(to, subscription);
    const copied = number === undefined ? undefined : { number, system: await systemOf(to) };
    await dropPublication(from, publication, subscription, copied);
  }

  async function copy(move: Move): Promise<void> {
    await shards(move, async (both) => {
      const { from, to, urls } = both;
      const { publication, subscription } = move.link;
      // What an earlier attempt left behind is of no use: its slot may be gone with a failover.
      await dropLink(move, both);
      await clean(to, move.first, move.last);
      await publish(from, publication, copiedFrom(move), move.last);
      try {
        await createReplicationSlot(from, waitOn(move, move.from, subscription));
        await exec(
          to,
          `create subscription ${subscription} connection '${urls.from.replaceAll("'", "''")}' publication ${publication}
           with (copy_data = true, create_slot = false, binary = true, streaming = off)`,
        );
      } catch (error) {
        // Nothing goes on behind the back of who is told that it did not begin.
        await dropLink(move, both).catch(() => {});
        throw error;
      }
      const made = await numberOf(to, subscription);
      if (made !== undefined) move.link.number = made;
    });
  }

  async function catchUp(move: Move): Promise<void> {
    const end = performance.now() + options.copyMs;
    let told = performance.now();
    await shards(move, async ({ from, to }) => {
      for (;;) {
        const waiting = await tablesToCopy(move, from, to);
        if (waiting === 0) return;
        const now = performance.now();
        if (now > end) {
          const [oldest] = await blockersOf(from).catch(() => []);
          throw new StoreError('TIMEOUT', `the copy of move ${move.id} takes longer than ${options.copyMs} ms`, {
            hint: oldest ? `it waits for ${oldest.text}; resume it later` : 'resume it later',
          });
        }
        if (now - told > TELL_MS) {
          told = now;
          const [oldest] = await blockersOf(from).catch(() => []);
          if (oldest) options.onWait?.(move, `shard ${move.from} may wait for ${oldest.text}`);
        }
        await sleep(LOOK_MS);
      }
    });
  }

  /** @throws StoreError MOVE_REFUSED when there is no replication any more */
  async function tablesToCopy(move: Move, from: ShardClient, to: ShardClient): Promise<number> {
    const { subscription } = move.link;
    const [state] = await exec(
      to,
      `select count(*) filter (where r.srsubstate <> 'r')::int as waiting, count(*)::int as tables
       from pg_subscription s join pg_subscription_rel r on r.srsubid = s.oid where s.subname = $1`,
      [subscription],
    );
    const [slot] = await exec(from, 'select 1 from pg_replication_slots where slot_name = $1', [subscription]);
    if (Number(state?.tables) === 0 || !slot)
      throw new StoreError('MOVE_REFUSED', `the replication of move ${move.id} is gone`, {
        hint: 'a shard failed over in mid-move: it is copied again',
      });
    return Number(state?.waiting);
  }

  async function settleOn(move: Move, from: ShardClient, to: ShardClient): Promise<void> {
    const map = await meta.map();
    const fenced = await exec(from, "select slot from sparrow.owners where slot between $1 and $2 and state = 'f'", [
      move.first,
      move.last,
    ]);
    const stuck = new Set(fenced.map(({ slot }) => slot));
    for (let first = move.first; first <= move.last; first += groupSlots) {
      const last = Math.min(move.last, first + groupSlots - 1);
      const owners = map.filter(({ slot }) => slot >= first && slot <= last);
      if (owners.every(({ shard }) => shard === move.to)) {
        const epoch = Math.max(...owners.map((owner) => owner.epoch));
        await grant(to, first, last, epoch);
        await release(from, first, last, epoch);
        move.switched = Math.max(move.switched, last + 1);
        continue;
      }
      for (const { slot, shard } of owners) {
        if (shard !== move.from || !stuck.has(slot)) continue;
        // A new epoch makes a decision fail that somebody else may still be about to take.
        const claimed = await meta.claim(slot);
        await grant(from, slot, slot, claimed.epoch);
      }
    }
  }

  async function switchAll(move: Move): Promise<void> {
    await shards(move, async ({ from, to }) => {
      await settleOn(move, from, to);
      let failures = 0;
      for (let first = copiedFrom(move); first <= move.last; ) {
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
        if (++failures > FENCES)
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

  return {
    copy,
    catchUp,
    switchAll,
    settle: (move) => shards(move, ({ from, to }) => settleOn(move, from, to)),
    async prepareReverse(move) {
      move.reverse = reverseOf(move);
      // In the journal first: what is made next keeps the target's log, and somebody must know of it.
      await save(move, 'reverse');
      const { publication, subscription } = move.reverse;
      await shards(move, async ({ to }) => {
        await publish(to, publication, move.first, move.last);
        await createReplicationSlot(to, waitOn(move, move.to, subscription));
      });
    },
    async startReverse(move) {
      await shards(move, async (both) => {
        await dropLink(move, both);
        const { reverse } = move;
        if (!reverse) return;
        const [there] = await exec(both.from, 'select 1 from pg_subscription where subname = $1', [
          reverse.subscription,
        ]);
        if (there) return;
        await exec(
          both.from,
          `create subscription ${reverse.subscription} connection '${both.urls.to.replaceAll("'", "''")}'
           publication ${reverse.publication}
           with (copy_data = false, create_slot = false, slot_name = '${reverse.subscription}', binary = true)`,
        );
      });
    },
    async clean(move) {
      await shards(move, async ({ from, to }) => {
        const { publication, subscription } = reverseOf(move);
        await dropSubscription(from, subscription);
        await dropPublication(to, publication, subscription);
        await clean(from, move.first, move.last);
      });
    },
    async undo(move) {
      await shards(move, async (both) => {
        await settleOn(move, both.from, both.to);
        await dropLink(move, both);
        const { publication, subscription } = reverseOf(move);
        await dropPublication(both.to, publication, subscription);
        await clean(both.to, move.first, move.last);
      });
    },
    replicationLives: (move) =>
      shards(move, async ({ from, to }) => {
        const { subscription } = move.link;
        const [slot] = await exec(from, 'select 1 from pg_replication_slots where slot_name = $1', [subscription]);
        const [there] = await exec(to, 'select 1 from pg_subscription where subname = $1', [subscription]);
        return slot !== undefined && there !== undefined;
      }),
  };
}
