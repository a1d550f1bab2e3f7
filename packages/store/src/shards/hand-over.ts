import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { MovedTable } from './cluster.ts';
import type { MetaStore, Move } from './meta-store.ts';
import { COMMAND_MS, type MoveStatements } from './move-statements.ts';
import { type ShardClient, TryAgain } from './shard-client.ts';

/** A group of slots that changes hands, and both of its shards. */
export interface Group {
  from: ShardClient;
  to: ShardClient;
  first: number;
  last: number;
  /** Differs for every fence of a move. */
  turn: number;
  /** A fence that is not drained by then is taken back, ms. */
  drainMs: number;
}

export interface HandOverOptions {
  meta: MetaStore;
  tables: readonly MovedTable[];
  statements: MoveStatements;
  onStep?: ((move: Move, step: string) => void | Promise<void>) | undefined;
  /** For the negative control of the tests alone. */
  withoutFence?: boolean | undefined;
}

/** Part of the drain's time after which a mark that has not come is given up: the rest is for taking the fence back. */
const MARK_SHARE = 0.8;

/**
 * Hands one group of slots from shard to shard: fence, drain, comparison, decision, grant. While the fence stands
 * writers wait, so the way has as few trips as it can: the fence with the source's checksum and the wait for its mark
 * with the target's checksum run beside each other, then come the decision and the grant.
 *
 * @returns false when the fence was taken back: it was not drained in time, or somebody wrote for longer than it may
 * wait
 * @throws StoreError VERIFY_FAILED, SHARD_DOWN
 */
export function createHandOver(options: HandOverOptions): (move: Move, group: Group) => Promise<boolean> {
  const { meta, tables, withoutFence } = options;
  const { grant, release, unfence } = options.statements;

  const sumOf = (first: number, last: number): string =>
    `select ${tables
      .map(
        ({ name, checksum }) =>
          `(select count(*) || ':' || coalesce(bit_xor(${checksum}), 0) from sparrow.${name} where slot between ${first} and ${last})`,
      )
      .join(" || ' ' || ")} as sum`;

  /**
   * Who is writing finishes first; who comes now waits, then sees the fence. The mark goes behind everything that was
   * written before it.
   */
  const fence = (move: Move, { from, first, last, turn, drainMs }: Group, epoch: number): Promise<{ sum: string }[]> =>
    from.session(
      (query) =>
        query(`begin; set local lock_timeout = ${Math.max(50, Math.floor(drainMs / 2))};
          select pg_advisory_xact_lock(77, s) from generate_series(${first}, ${last}) s;
          update sparrow.owners set state = 'f', epoch = ${epoch} where slot between ${first} and ${last} and state = 'o';
          update sparrow.owners_version set version = version + 1;
          insert into sparrow.marks values (${first}, '${move.id}', ${turn}) on conflict (slot, move) do update set n = ${turn};
          commit; ${sumOf(first, last)}`),
      COMMAND_MS,
    );

  /** The last statement's commit is durable there, and with it what was replicated before it. */
  const drain = (move: Move, { to, first, last, turn, drainMs }: Group): Promise<{ sum: string }[]> =>
    to.session(
      (query) =>
        query(`select sparrow.await_mark(${first}, '${move.id}', ${turn}, ${Math.floor(drainMs * MARK_SHARE)});
          insert into sparrow.marks values (${-1 - first}, '${move.id}', ${turn}) on conflict (slot, move) do update set n = ${turn};
          ${sumOf(first, last)}`),
      COMMAND_MS,
    );

  return async (move, group) => {
    const { from, to, first, last, drainMs } = group;
    const epoch = await meta.nextEpoch();
    await options.onStep?.(move, 'fence');
    const begun = performance.now();
    if (!withoutFence) {
      const takeBack = async (): Promise<false> => {
        await unfence(from, first, last, epoch);
        move.fencesMs.push(performance.now() - begun);
        return false;
      };
      const drained = drain(move, group).catch((error: unknown) => {
        if (error instanceof TryAgain) return undefined;
        throw error;
      });
      // It is waited for below, whatever becomes of the fence.
      drained.catch(() => {});
      let own: string | undefined;
      try {
        own = (await fence(move, group, epoch))[0]?.sum;
      } catch (error) {
        if (!(error instanceof TryAgain)) throw error;
        await drained;
        return takeBack();
      }
      await options.onStep?.(move, 'drain');
      const other = await drained;
      if (!other || performance.now() - begun > drainMs) return takeBack();
      if (own === undefined || other[0]?.sum !== own) {
        await takeBack();
        throw new StoreError(
          'VERIFY_FAILED',
          phrase`slots ${first} to ${last} differ: ${String(own)} and ${String(other[0]?.sum)}`,
          { hint: phrase`nothing was switched; abort the move and start it again` },
        );
      }
    }
    await options.onStep?.(move, 'decide');
    if (!(await meta.decide(first, last, move.from, move.to, epoch))) {
      await unfence(from, first, last, epoch);
      return false;
    }
    await options.onStep?.(move, 'grant');
    await grant(to, first, last, epoch);
    move.fencesMs.push(performance.now() - begun);
    await release(from, first, last, epoch);
    return true;
  };
}
