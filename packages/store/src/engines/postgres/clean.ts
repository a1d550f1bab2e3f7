import type { ShardRouter } from '../../shards/shard-router.ts';

/** Removes what goes by itself on shards, a bounded number at once: deleted rows, and old entries of feeds. */
export interface Clean {
  /** Entries of a table's feed older than `before`, milliseconds UTC; answers how many went. */
  trimFeed(table: number, before: number, limit: number): Promise<number>;
  close(): void;
}

export interface CleanOptions {
  router: ShardRouter;
  /** Between two turns. Default 10 s. */
  everyMs?: number;
  /** Age at which a deleted row goes: nobody repeats its request any more. Default one minute. */
  ageMs?: number;
}

/** Rows of one statement: a fence waits for it. */
const ROWS = 1_000;
/**
 * Where fewer went there is nothing left to speak of. A statement takes the locks of 256 slots at most, some of which
 * may be busy, so it removes less than `ROWS` where there are more slots than that.
 */
const WORTH_A_TURN = 128;
/** A turn goes on for so long while there is something to remove; then others get the shard, for as long. */
const TURN_MS = 2_000;
const STATEMENT_MS = 10_000;

export function createClean({ router, everyMs = 10_000, ageMs = 60_000 }: CleanOptions): Clean {
  let closed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Whether something was left. */
  async function purge(shard: string): Promise<boolean> {
    const end = performance.now() + TURN_MS;
    while (!closed) {
      const [row] = await router
        .client(shard)
        .query<{ gone: number }>(
          { name: 'purge', text: 'select sparrow.purge($1, $2) as gone', values: [ageMs, ROWS] },
          performance.now() + STATEMENT_MS,
        );
      if ((row?.gone ?? 0) < WORTH_A_TURN) return false;
      if (performance.now() > end) return true;
    }
    return false;
  }

  async function turn(): Promise<void> {
    const shards = [...new Set(await router.owners())];
    // A shard that is down is asked again at the next turn.
    const left = await Promise.all(shards.map((shard) => purge(shard).catch(() => false)));
    schedule(left.includes(true) ? TURN_MS : everyMs);
  }

  function schedule(ms: number): void {
    if (closed) return;
    timer = setTimeout(() => void turn().catch(() => schedule(everyMs)), ms);
    timer.unref();
  }
  schedule(everyMs);

  return {
    async trimFeed(table, before, limit) {
      const shards = [...new Set(await router.owners())];
      const gone = await Promise.all(
        shards.map(async (shard) => {
          const [row] = await router.client(shard).query<{ gone: number }>(
            {
              name: 'trim_feed',
              text: 'select sparrow.trim_feed($1, $2, $3) as gone',
              values: [table, before, limit],
            },
            performance.now() + STATEMENT_MS,
          );
          return row?.gone ?? 0;
        }),
      );
      return gone.reduce((sum, count) => sum + count, 0);
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
