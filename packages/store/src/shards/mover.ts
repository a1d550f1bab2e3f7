import { type Clock, createId, type Phrase, systemClock } from '@sparrow/core';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { MovedTable } from './cluster.ts';
import type { MetaStore, Move } from './meta-store.ts';
import { withShards } from './move-shards.ts';
import { createMoveSteps } from './move-steps.ts';
import type { ShardClient } from './shard-client.ts';
import { type VerifiedMove, verifyMove } from './verify-move.ts';

/**
 * Moves slots from one shard to another while they are in use: a copy by logical replication with a row filter, then
 * group by group a fence, a drain, a comparison, one decision in the meta store and the grant. Everything is written in
 * the journal before it is begun, so whoever resumes a move knows where it stands and how far it was to go: what is
 * decided goes forward, what is not is un-fenced and tried again.
 */
export interface Mover {
  /** @throws StoreError MOVE_REFUSED */
  plan(request: MoveRequest): Promise<Move>;
  /**
   * Runs a move to its end, `done`; with `stopAt` only until it is `reversible`. The journal notes which.
   *
   * @throws StoreError MOVE_REFUSED, VERIFY_FAILED, SHARD_DOWN
   */
  run(id: string, options?: { stopAt?: 'reversible' }): Promise<Move>;
  /** Goes on with every move that is not where it was to go. */
  resume(): Promise<Move[]>;
  /** Back to the old shard over the reverse replication, while a move is `reversible`. */
  rollback(id: string): Promise<Move>;
  /** Ends the rollback window: drops the reverse replication and removes the rows that moved away, in small steps. */
  finish(id: string): Promise<Move>;
  /** Gives a move up that has not switched any slot; its copy goes. */
  abort(id: string): Promise<Move>;
  /** Compares both sides of a switched move row by row. @throws StoreError VERIFY_FAILED */
  verify(id: string): Promise<VerifiedMove>;
}

export interface MoveRequest {
  from: string;
  to: string;
  /** Contiguous slots, both included. */
  first: number;
  last: number;
  /** The way back stays open: the move is to go to `reversible` only. */
  keep?: boolean;
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
  /** Time that transactions which are open on a shard may keep a replication from beginning. Default ten minutes. */
  waitMs?: number;
  /** Brings a shard to this version before it is worked with. */
  prepare?: (client: ShardClient) => Promise<unknown>;
  clock?: Clock;
  /**
   * Told of every step that was written into the journal, before it is begun: progress, and the place where tests kill.
   */
  onStep?: (move: Move, step: string) => void | Promise<void>;
  /** Told, every few seconds, for whom a move waits. */
  onWait?: (move: Move, text: string) => void;
  /** For the negative control of the tests alone: hands slots over without a fence. */
  withoutFence?: boolean;
  /** Rows that clean-up removes at once. Default 2,000. */
  cleanRows?: number;
}

/** A copy whose replication is lost is begun again, so many times in one run. */
const COPIES = 3;

export function createMover(options: MoverOptions): Mover {
  const { meta, tables, withoutFence = false } = options;
  const clock = options.clock ?? systemClock;

  async function save(move: Move, step: string): Promise<void> {
    move.updatedAt = clock.now();
    await meta.saveMove(move);
    await options.onStep?.(move, step);
  }

  const steps = createMoveSteps({
    meta,
    tables,
    groupSlots: options.groupSlots ?? 8,
    drainMs: options.drainMs ?? 250,
    copyMs: options.copyMs ?? 3_600_000,
    waitMs: options.waitMs ?? 600_000,
    cleanRows: options.cleanRows ?? 2_000,
    clock,
    withoutFence,
    save,
    onStep: options.onStep,
    onWait: options.onWait,
  });

  async function enter(move: Move, state: Move['state']): Promise<void> {
    move.state = state;
    await save(move, state);
  }

  async function step(move: Move): Promise<void> {
    switch (move.state) {
      case 'planned':
        return enter(move, 'copying');
      case 'copying':
        await steps.copy(move);
        return enter(move, 'catching-up');
      case 'catching-up':
        if (!(await steps.catchUp(move))) return enter(move, 'copying');
        if (!withoutFence) await steps.prepareReverse(move);
        return enter(move, 'switching');
      case 'switching':
        await steps.switchAll(move);
        await steps.startReverse(move);
        return enter(move, 'reversible');
      case 'reversible':
        return enter(move, 'cleaning');
      case 'cleaning':
        await steps.clean(move);
        return enter(move, 'done');
      case 'aborting':
        await steps.undo(move);
        return enter(move, 'aborted');
      default:
    }
  }

  /** The replication of a move did not survive, with a failover for instance: what was not switched is copied again. */
  async function copyAgainIfLost(move: Move): Promise<void> {
    const whole = move.state === 'switching' && move.switched > move.last;
    if (whole || (move.state !== 'catching-up' && move.state !== 'switching')) return;
    if (await steps.replicationLives(move)) return;
    await steps.settle(move);
    await enter(move, 'copying');
  }

  async function run(id: string, { stopAt }: { stopAt?: 'reversible' } = {}): Promise<Move> {
    const move = await load(id);
    const toEnd = stopAt !== 'reversible';
    if (move.toEnd !== toEnd) {
      move.toEnd = toEnd;
      await meta.saveMove(move);
    }
    const { prepare } = options;
    if (prepare && !isOver(move))
      await withShards(meta, move, ({ from, to }) => Promise.all([prepare(from), prepare(to)]));
    let copies = 0;
    while (!isOver(move) && !(move.state === 'reversible' && !toEnd)) {
      try {
        if (move.state === 'copying' && ++copies > COPIES)
          throw new StoreError('MOVE_REFUSED', phrase`the replication of move ${move.id} was lost ${COPIES} times`, {
            hint: phrase`see who drops replication slots of its shards, then: \`sparrow store shards move --resume\``,
          });
        await copyAgainIfLost(move);
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

  async function load(id: string): Promise<Move> {
    const move = await meta.move(id);
    if (move) return move;
    throw new StoreError('MOVE_REFUSED', phrase`there is no move ${id}`, {
      hint: phrase`see \`sparrow store shards status\``,
    });
  }

  return {
    async plan(request) {
      await checkRequest(meta, request);
      const { from, to, first, last, keep = false } = request;
      const id = createId('mov', clock.now()).toLowerCase();
      const move: Move = {
        id,
        from,
        to,
        first,
        last,
        state: 'planned',
        toEnd: !keep,
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
      const done: Move[] = [];
      for (const move of await meta.moves()) {
        // Of moves that an older version began it is not known whether the way back was to stay open: it stays.
        const toEnd = move.toEnd ?? false;
        if (isOver(move) || (move.state === 'reversible' && !toEnd)) continue;
        done.push(await run(move.id, toEnd ? {} : { stopAt: 'reversible' }));
      }
      return done;
    },
    async rollback(id) {
      const move = await load(id);
      if (move.state !== 'reversible' || !move.reverse)
        throw new StoreError('MOVE_REFUSED', phrase`move ${id} is ${move.state}`, {
          hint: phrase`only a reversible move goes back`,
        });
      const { reverse, ...rest } = move;
      const back: Move = {
        ...rest,
        id: createId('mov', clock.now()).toLowerCase(),
        from: move.to,
        to: move.from,
        state: 'switching',
        toEnd: true,
        switched: move.first,
        link: reverse,
        fencesMs: [],
        retries: 0,
        createdAt: clock.now(),
      };
      move.state = 'done';
      await meta.saveMove(back);
      await save(move, 'rolled-back');
      return run(back.id);
    },
    async finish(id) {
      const move = await load(id);
      if (!['reversible', 'cleaning'].includes(move.state))
        throw new StoreError('MOVE_REFUSED', phrase`move ${id} is ${move.state}`, {
          hint: phrase`it must be switched first`,
        });
      return run(id);
    },
    async abort(id) {
      const move = await load(id);
      const early = ['planned', 'copying', 'catching-up', 'switching', 'aborting'].includes(move.state);
      if (!early || move.switched > move.first)
        throw new StoreError('MOVE_REFUSED', phrase`move ${id} is ${move.state} and has switched slots`, {
          hint: phrase`let it finish, then move the slots back or roll it back`,
        });
      await enter(move, 'aborting');
      return run(id);
    },
    async verify(id) {
      const move = await load(id);
      return withShards(meta, move, (shards) => verifyMove(move, tables, shards));
    },
  };
}

const isOver = ({ state }: Move): boolean => state === 'done' || state === 'aborted';

/** @throws StoreError MOVE_REFUSED */
async function checkRequest(meta: MetaStore, { from, to, first, last }: MoveRequest): Promise<void> {
  const refuse = (text: Phrase, hint: Phrase): never => {
    throw new StoreError('MOVE_REFUSED', text, { hint });
  };
  if (from === to) refuse(phrase`source and target are the same shard`, phrase`name two`);
  const map = await meta.map();
  const shards = await meta.shards();
  if (!shards.some(({ id }) => id === to))
    refuse(phrase`there is no shard ${to}`, phrase`add it: \`sparrow store shards add <id> <url>\``);
  if (!(first >= 0 && last < meta.slots && first <= last))
    refuse(phrase`slots ${first} to ${last}`, phrase`slots are 0 to ${meta.slots - 1}`);
  const wrong = map.find(({ slot, shard }) => slot >= first && slot <= last && shard !== from);
  if (wrong) refuse(phrase`slot ${wrong.slot} belongs to ${wrong.shard}`, phrase`see \`sparrow store shards status\``);
  const open = (await meta.moves()).find((move) => !isOver(move) && move.first <= last && first <= move.last);
  if (open) refuse(phrase`move ${open.id} has some of these slots`, phrase`finish it first: it is ${open.state}`);
}
