import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { createHandOver } from './hand-over.ts';
import type { Move } from './meta-store.ts';
import { copiedFrom, type MoveContext } from './move-context.ts';
import type { ShardClient } from './shard-client.ts';

/** Fences of one group that are taken back before a move gives up. */
const FENCES = 200;
/**
 * A fence that was not drained in time is followed by a longer one, up to this: on a disk that takes a hundred
 * milliseconds for a commit the short one would never do. Shorter than a client waits until it looks after a slot.
 */
const LONGEST_DRAIN_MS = 900;
const LONGER = 1.5;
/** Marks that are sent before a fence, when they come through slowly. */
const PROBES = 10;
const PROBE_MS = 10_000;
/** A mark that takes longer than this part of a fence is slow. */
const PROBE_SHARE = 1 / 3;

/** The step in which slots change hands. */
export function createMoveSwitch({ options, statements, shards }: MoveContext) {
  const { meta, groupSlots, drainMs, clock, save } = options;
  const { exec, probe, grant, release } = statements;
  const handOver = createHandOver({
    meta,
    tables: options.tables,
    statements,
    onStep: options.onStep,
    withoutFence: options.withoutFence,
  });

  /** What the meta store decided is granted, the rest belongs to the source again. */
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
        const wait = Math.max(drainMs, Math.min(LONGEST_DRAIN_MS, drainMs * LONGER ** failures));
        // Until the target has caught up a fence would only disturb.
        if (!options.withoutFence) await caughtUp(move, from, to, wait * PROBE_SHARE);
        const turn = clock.now() * 16 + (move.retries % 16);
        if (await handOver(move, { from, to, first, last, turn, drainMs: wait })) {
          move.switched = last + 1;
          first = last + 1;
          failures = 0;
          await save(move, 'switched');
          continue;
        }
        move.retries++;
        if (++failures > FENCES)
          throw new StoreError(
            'TIMEOUT',
            phrase`slots ${first} to ${last} could not be drained in ${failures} fences`,
            {
              hint: phrase`the replication is too slow under this load; resume later`,
            },
          );
        await sleep(Math.min(2_000, 20 * 2 ** Math.min(failures, 7)));
      }
    });
  }

  /** Waits, without a fence, until a mark comes through quickly. */
  async function caughtUp(move: Move, from: ShardClient, to: ShardClient, quickMs: number): Promise<void> {
    for (let i = 0; i < PROBES; i++) {
      const begun = performance.now();
      const through = await probe(from, to, move, clock.now() * 16 + (i % 16), PROBE_MS);
      if (through && performance.now() - begun < quickMs) return;
    }
  }

  return { settleOn, switchAll };
}
