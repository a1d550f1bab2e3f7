import type { StoreContext } from './context.ts';
import type { TableCore } from './core.ts';

/** Removes expired records in the background, some at a time: no read returns one, this only frees their room. */
export interface Sweeper {
  sweep(): Promise<number>;
  close(): Promise<void>;
}

const AT_ONCE = 256;
const SWEEP_MS = 10_000;

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

  async function sweepTable(core: TableCore): Promise<number> {
    const { codec } = core;
    const from = codec.expiryPrefix();
    const until = Buffer.alloc(6);
    until.writeUIntBE(clock.now() + 1, 0, 6);
    const to = Buffer.concat([from, until]);
    const deadline = performance.now() + SWEEP_MS;
    const page = await engine.scanIndex({ from, to, limit: AT_ONCE, deadline });
    let removed = 0;
    for (const { key } of page.entries) {
      if (closed) break;
      // Revision 0 is "absent or expired": a record that was written again since the index was read stays.
      const write = { key, op: 'delete', when: 'any', policy: 3, version: 0, guard: 0 } as const;
      const slot = codec.slotOfRow(key);
      const [result] = await engine.commit({ slot, now: clock.now(), writes: [write], feed: false, deadline });
      if (result?.code !== 'ok') continue;
      removed++;
    }
    if (codec.table.feed) await engine.trimFeed(codec.id, clock.now() - options.feedRetentionMs, 10_000);
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
