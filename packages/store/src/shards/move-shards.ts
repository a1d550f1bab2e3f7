import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { MetaStore, Move } from './meta-store.ts';
import { createShardClient, type ShardClient } from './shard-client.ts';

/** Both sides of a move. */
export interface MoveShards {
  from: ShardClient;
  to: ShardClient;
  urls: { from: string; to: string };
}

/**
 * Connections to both sides, for as long as `work` takes.
 *
 * @throws StoreError MOVE_REFUSED, SHARD_DOWN, and those of `work`
 */
export async function withShards<T>(meta: MetaStore, move: Move, work: (shards: MoveShards) => Promise<T>): Promise<T> {
  const shards = await meta.shards();
  const url = (id: string): string => {
    const found = shards.find((shard) => shard.id === id);
    if (!found)
      throw new StoreError('MOVE_REFUSED', phrase`there is no shard ${id}`, {
        hint: phrase`see \`sparrow store shards status\``,
      });
    return found.url;
  };
  const urls = { from: url(move.from), to: url(move.to) };
  const from = createShardClient({ url: urls.from, max: 3, connectMs: 5_000 });
  const to = createShardClient({ url: urls.to, max: 3, connectMs: 5_000 });
  try {
    return await work({ from, to, urls });
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError('SHARD_DOWN', phrase`move ${move.id}: ${(error as Error).message}`, {
      hint: phrase`when both shards answer again: \`sparrow store shards move --resume\``,
      cause: error,
    });
  } finally {
    await Promise.all([from.close(), to.close()]);
  }
}
