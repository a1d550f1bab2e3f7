import { type MetaStore, type Mover, readStoreConfig, StoreError } from '@sparrow/store';
import { Command } from 'commander';
import { phrase } from '../../phrase.ts';
import { table as rows } from '../../text.ts';
import type { SetExitCode } from '../command.ts';
import { add } from './add.ts';
import type { StoreContext } from './context.ts';
import { grow } from './grow.ts';

/** Shards: add, split, move, drain, failover, status, and the way from the embedded file to them. */
export function addShardCommands(store: Command, setExitCode: SetExitCode): void {
  const shards = new Command('shards').description('PostgreSQL shards: add, split, move, drain, failover, status');
  store.addCommand(shards);

  async function withMeta<T>(context: StoreContext, work: (meta: MetaStore, mover: Mover) => Promise<T>): Promise<T> {
    const { createMover, MOVED_TABLES, migrateShard, openMetaStore } = await import('@sparrow/store');
    await context.demandStore();
    const { meta: url, slots } = readStoreConfig(context.dir);
    if (url === undefined)
      throw new StoreError('CONFIG_INVALID', phrase`${context.dir} is an embedded store`, {
        hint: phrase`\`sparrow store shards grow <meta url>\` moves it to shards; or write {"meta": "postgres://…"} into its store.json`,
      });
    const meta = await openMetaStore({ url, ...(slots === undefined ? {} : { slots }) });
    try {
      let told = 0;
      const mover = createMover({
        meta,
        tables: MOVED_TABLES,
        prepare: (client) => migrateShard(client),
        onWait: (move, text) => context.io.say(`  ${move.id}  ${text}`),
        onStep(move, step) {
          const share = Math.round((100 * (move.switched - move.first)) / (move.last - move.first + 1));
          if (step === 'switched' && share - told < 10 && share < 100) return;
          told = share;
          if (!['fence', 'drain', 'decide', 'grant', 'reverse'].includes(step))
            context.io.say(`  ${move.id}  ${move.from} → ${move.to}  ${step}  ${share} %`);
        },
      });
      return await work(meta, mover);
    } finally {
      await meta.close();
    }
  }

  /** Whole runs of slots of one shard. */
  async function rangesOf(meta: MetaStore, shard: string): Promise<{ first: number; last: number }[]> {
    const ranges: { first: number; last: number }[] = [];
    for (const { slot, shard: owner } of await meta.map()) {
      if (owner !== shard) continue;
      const open = ranges.at(-1);
      if (open && open.last === slot - 1) open.last = slot;
      else ranges.push({ first: slot, last: slot });
    }
    return ranges;
  }

  async function moveAll(
    context: StoreContext,
    mover: Mover,
    moves: { from: string; to: string; first: number; last: number }[],
    keep: boolean,
  ): Promise<void> {
    const planned = [];
    for (const move of moves) planned.push(await mover.plan({ ...move, keep }));
    const done = await Promise.all(planned.map(({ id }) => mover.run(id, keep ? { stopAt: 'reversible' } : {})));
    for (const { id, state, fencesMs, retries } of done)
      context.io.say(
        phrase`✓ ${id}  ${state}: ${fencesMs.length} fences, longest ${Math.round(Math.max(0, ...fencesMs))} ms, ${retries} taken back`,
      );
    context.json({ moves: done });
  }

  add(
    shards,
    'add <id> <url>',
    'make a PostgreSQL a shard',
    (command) => command.option('--standby <url...>', 'its standbys'),
    async (context, [id = '', url = ''], { standby }: { standby?: string[] }) => {
      const { joinShard } = await import('@sparrow/store');
      await withMeta(context, (meta) => joinShard(meta, { id, url, standbys: standby ?? [] }));
      context.io.say(phrase`✓ shard ${id}`);
      context.next('shards split <from> <to>');
      context.json({ id });
    },
  );
  add(
    shards,
    'split <from> <to>',
    'move the upper half of each run of slots to another shard, online',
    (command) => command.option('--keep', 'keep the way back open'),
    async (context, [from = '', to = ''], { keep }: { keep?: boolean }) => {
      await withMeta(context, async (meta, mover) => {
        const moves = (await rangesOf(meta, from))
          .filter(({ first, last }) => last > first)
          .map(({ first, last }) => ({ from, to, first: first + Math.ceil((last - first + 1) / 2), last }));
        if (moves.length === 0)
          throw new StoreError('MOVE_REFUSED', phrase`shard ${from} has no slots to split`, {
            hint: phrase`see \`sparrow store shards status\``,
          });
        await moveAll(context, mover, moves, keep === true);
      });
    },
  );
  add(
    shards,
    'move [from] [to] [slots]',
    'move slots, e.g. 0-127; or go on with moves that were interrupted',
    (command) =>
      command
        .option('--resume', 'go on with every move that is not finished')
        .option('--rollback <id>', 'back to the old shard, while the way back is open')
        .option('--finish <id>', 'close the way back and remove what moved away')
        .option('--abort <id>', 'give up a move that has switched nothing')
        .option('--keep', 'keep the way back open'),
    async (
      context,
      [from = '', to = '', slots = ''],
      options: { resume?: boolean; rollback?: string; finish?: string; abort?: string; keep?: boolean },
    ) => {
      await withMeta(context, async (_meta, mover) => {
        if (options.resume) context.json({ moves: await mover.resume() });
        else if (options.rollback) context.json(await mover.rollback(options.rollback));
        else if (options.finish) context.json(await mover.finish(options.finish));
        else if (options.abort) context.json(await mover.abort(options.abort));
        else {
          const [, first, last] = /^(\d+)-(\d+)$/.exec(slots) ?? [];
          if (first === undefined)
            throw new StoreError('MOVE_REFUSED', phrase`"${slots}" are no slots`, { hint: phrase`give them as 0-127` });
          await moveAll(
            context,
            mover,
            [{ from, to, first: Number(first), last: Number(last) }],
            options.keep === true,
          );
        }
      });
    },
  );
  add(
    shards,
    'drain <id>',
    'move every slot of a shard to the others, then take it out',
    () => {},
    async (context, [id = '']) => {
      await withMeta(context, async (meta, mover) => {
        const others = (await meta.shards()).map((shard) => shard.id).filter((other) => other !== id);
        if (others.length === 0)
          throw new StoreError('MOVE_REFUSED', phrase`there is no other shard`, {
            hint: phrase`add one: \`sparrow store shards add <id> <url>\``,
          });
        const moves = (await rangesOf(meta, id)).map(({ first, last }, i) => ({
          from: id,
          to: others[i % others.length] as string,
          first,
          last,
        }));
        await moveAll(context, mover, moves, false);
        await meta.removeShard(id);
      });
      context.io.say(phrase`✓ ${id} is empty and taken out`);
    },
  );
  add(
    shards,
    'failover <id>',
    'make a standby the primary of a shard',
    (command) =>
      command
        .option('--to <url>', 'the standby; default: the first one of the shard')
        .option('--force', 'though the primary does not answer: it is stopped and stays so'),
    async (context, [id = ''], { to, force }: { to?: string; force?: boolean }) => {
      const { failOver } = await import('@sparrow/store');
      await withMeta(context, async (meta) => {
        const done = await failOver(meta, id, { ...(to === undefined ? {} : { to }), force: force === true });
        context.io.say(
          done.planned
            ? phrase`✓ ${id} is served by its standby; writers waited ${Math.round(done.ms)} ms`
            : phrase`✓ ${id} is served by its standby, as far as the replication had come`,
        );
        if (!done.planned)
          context.io.say(phrase`  Do not start the old primary again as it is: make it a standby first.`);
        context.io.say(phrase`  If slots of this shard were moving:`);
        context.next('shards move --resume');
        context.json(done);
      });
    },
  );
  add(
    shards,
    'status',
    'who has which slots, and how far moves are',
    () => {},
    async (context) => {
      await withMeta(context, async (meta) => {
        const list = await Promise.all(
          (await meta.shards()).map(async ({ id, state, standbys }) => {
            const ranges = await rangesOf(meta, id);
            return {
              id,
              state,
              standbys: standbys.length,
              slots: ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0),
              ranges,
            };
          }),
        );
        const moves = await meta.moves();
        for (const line of rows(
          [phrase`shard`, phrase`state`, phrase`slots`, phrase`ranges`, phrase`standbys`].map(context.io.tell),
          list.map(({ id, state, slots, ranges, standbys }) => [
            id,
            state,
            String(slots),
            ranges.map(({ first, last }) => `${first}-${last}`).join(' '),
            String(standbys),
          ]),
        ))
          context.io.say(line);
        const open = moves.filter(({ state }) => !['done', 'aborted'].includes(state));
        for (const { id, from, to, first, last, state, switched, error } of open)
          context.io.say(
            phrase`  ${id}  ${from} → ${to}  ${`${first}-${last}`}  ${state}, ${switched - first} switched${error ? `  ✗ ${error}` : ''}`,
          );
        context.json({ slots: meta.slots, shards: list, moves });
        if (open.some(({ error }) => error !== undefined)) setExitCode(1);
      });
    },
  );
  add(
    shards,
    'grow <meta>',
    'bring an embedded store to PostgreSQL: copy, follow the changes, switch',
    (command) => command.option('--shard <url...>', "PostgreSQL of the shards; default: the meta store's own"),
    async (context, [url = ''], { shard }: { shard?: string[] }) => {
      await context.demandStore();
      const urls: string[] = shard ?? [url];
      const growth = await grow(context, url, urls);
      context.io.say(phrase`✓ ${growth.rows} rows on the shards; writers waited ${Math.round(growth.switchMs)} ms`);
      context.next(`shards add s${urls.length} postgres://…`);
      context.json(growth);
    },
  );
}
