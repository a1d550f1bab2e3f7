import type { Located, Write } from '../engines/kv-engine.ts';
import type { StoreContext } from './context.ts';
import type { TableCore } from './core.ts';
import { inParallel } from './in-parallel.ts';
import { removeElements } from './list-header.ts';

/** Removes expired records in the background, in turns: no read returns one, this only frees their room. */
export interface Sweeper {
  sweep(): Promise<number>;
  close(): Promise<void>;
}

/** Records that are removed beside each other: on a disk they are one group. */
const AT_ONCE = 256;
const FEED_ENTRIES = 10_000;
const SWEEP_MS = 10_000;
/** A turn goes on for so long while there is something to remove; then come the other tables, and others. */
const TURN_MS = 2_000;

export function createSweeper(options: {
  context: StoreContext;
  cores: ReadonlyMap<string, TableCore>;
  everyMs: number;
  feedRetentionMs: number;
}): Sweeper {
  const { context, cores, everyMs } = options;
  const { engine, clock } = context;
  let closed = false;
  let running: Promise<unknown> | undefined;
  let cancel: (() => void) | undefined;

  /** What goes with a list that has expired. */
  async function elementsOf(at: Located, deadline: number): Promise<Write[]> {
    const answer = engine.get(at, { deadline, newest: true });
    const row = answer instanceof Promise ? await answer : answer;
    return row && row.expires > 0 && row.expires <= clock.now() ? removeElements(at.key, row.value) : [];
  }

  /** Removes what the index says has expired; `isAll` when it named nothing more. */
  async function sweepSome({ codec }: TableCore): Promise<{ removed: number; isAll: boolean }> {
    const from = codec.expiryPrefix();
    const until = Buffer.alloc(6);
    until.writeUIntBE(clock.now() + 1, 0, 6);
    const to = Buffer.concat([from, until]);
    const deadline = performance.now() + SWEEP_MS;
    const { entries } = await engine.scanIndex({ from, to, limit: AT_ONCE, deadline });
    const results = await inParallel(entries, AT_ONCE, async ({ key }) => {
      if (closed) return undefined;
      // Revision 0 is "absent or expired": a record that was written again since the index was read stays.
      const write: Write = { key, op: 'delete', when: 'any', policy: 3, version: 0, guard: 0 };
      const at = { slot: codec.slotOfRow(key), key };
      const writes = codec.table.kind === 'GENERIC' ? [write] : [write, ...(await elementsOf(at, deadline))];
      return (await engine.commit({ slot: at.slot, now: clock.now(), writes, feed: false, deadline }))[0];
    });
    const removed = results.filter((result) => result?.code === 'ok').length;
    return { removed, isAll: entries.length < AT_ONCE };
  }

  async function sweepTable(core: TableCore): Promise<number> {
    const end = performance.now() + TURN_MS;
    const goesOn = (): boolean => !closed && performance.now() < end;
    let removed = 0;
    for (let isAll = false; !isAll && goesOn(); ) {
      const some = await sweepSome(core);
      removed += some.removed;
      isAll = some.isAll || some.removed === 0;
    }
    const { codec } = core;
    if (!codec.table.feed || closed) return removed;
    const before = clock.now() - options.feedRetentionMs;
    while ((await engine.trimFeed(codec.id, before, FEED_ENTRIES)) >= FEED_ENTRIES && goesOn());
    return removed;
  }

  async function sweep(): Promise<number> {
    let removed = 0;
    for (const core of cores.values()) removed += closed ? 0 : await sweepTable(core);
    return removed;
  }

  function schedule(): void {
    if (everyMs <= 0 || closed) return;
    cancel = clock.after(everyMs, () => {
      // A shard that is down is asked again at the next turn.
      running = sweep()
        .catch(() => 0)
        .finally(schedule);
    });
  }
  schedule();
  return {
    sweep,
    async close() {
      closed = true;
      cancel?.();
      await running;
    },
  };
}
