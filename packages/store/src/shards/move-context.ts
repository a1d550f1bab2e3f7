import type { Clock } from '@sparrow/core';
import type { MovedTable } from './cluster.ts';
import type { MetaStore, Move } from './meta-store.ts';
import { type MoveShards, withShards } from './move-shards.ts';
import { createMoveStatements, type MoveStatements } from './move-statements.ts';
import type { CreateSlot } from './replication-slot.ts';

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

/** What all steps of a move work with. */
export interface MoveContext {
  options: MoveStepOptions;
  statements: MoveStatements;
  /** Connections to both sides, for as long as `work` takes. */
  shards<T>(move: Move, work: (shards: MoveShards) => Promise<T>): Promise<T>;
  /** How a replication slot of a move is made on a shard. */
  slot(move: Move, shard: string, name: string): CreateSlot;
  /** Takes the replication from source to target down. */
  dropLink(move: Move, shards: MoveShards): Promise<void>;
}

/** The slots that are still to be copied: those that were switched stay where they are. */
export const copiedFrom = (move: Move): number => Math.max(move.first, move.switched);

/** The way back of a move, whether or not it was made yet. */
export const reverseOf = (move: Move): { publication: string; subscription: string } =>
  move.reverse ?? { publication: `${move.link.publication}_back`, subscription: `${move.link.subscription}_back` };

export function createMoveContext(options: MoveStepOptions): MoveContext {
  const statements = createMoveStatements({
    names: options.tables.map(({ name }) => name),
    cleanRows: options.cleanRows,
  });
  const { numberOf, systemOf, dropSubscription, dropPublication } = statements;

  async function dropLink(move: Move, { from, to }: MoveShards): Promise<void> {
    const { publication, subscription } = move.link;
    const number = (await numberOf(to, subscription)) ?? move.link.number;
    await dropSubscription(to, subscription);
    const copied = number === undefined ? undefined : { number, system: await systemOf(to) };
    await dropPublication(from, publication, subscription, copied);
  }

  return {
    options,
    statements,
    dropLink,
    shards: (move, work) => withShards(options.meta, move, work),
    slot: (move, shard, name) => ({
      shard,
      name,
      waitMs: options.waitMs,
      onWait: options.onWait && ((text: string) => options.onWait?.(move, text)),
    }),
  };
}
