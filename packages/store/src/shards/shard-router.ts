import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../errors.ts';
import { inTime } from '../in-time.ts';
import { phrase } from '../phrase.ts';
import type { MetaStore, ShardInfo } from './meta-store.ts';
import { ATTEMPT_MS, createShardClient, LostAnswer, type ShardClient, TryAgain } from './shard-client.ts';

/**
 * Finds the shard of a slot and goes on trying while slots move, shards fail over and connections break, until the
 * deadline.
 */
export interface ShardRouter {
  readonly slots: number;
  readonly meta: MetaStore;
  /**
   * Runs `attempt` on the owner of a slot. It answers `retry` when the shard does not own the slot (now). It must end
   * by `until` (`performance.now()`): a shard that hangs is asked again. `ageMs` is the time since the first attempt
   * whose answer was lost, undefined before one was.
   *
   * @throws StoreError TIMEOUT (not done), INDETERMINATE (a write whose answer was lost), SHARD_DOWN
   */
  run<T>(
    slot: number,
    deadline: number,
    attempt: (client: ShardClient, until: number, ageMs: number | undefined) => Promise<T | Retry>,
    options?: { write?: boolean; stale?: boolean },
  ): Promise<T>;
  /** Shard of each slot as known now. */
  owners(): Promise<readonly string[]>;
  client(shard: string): ShardClient;
  shards(): readonly ShardInfo[];
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/** `moved`: another shard has the slot. `fenced`: it is on its way; soon. */
export interface Retry {
  retry: 'moved' | 'fenced';
}

const tooLate = (): Error => new TryAgain('no answer in time');

/** A slot that nobody owns for so long is looked after: its move was given up by who made it. */
const HELP_AFTER_MS = 1_000;

export async function createShardRouter(options: {
  meta: MetaStore;
  /** Connections to each shard. Default 16. */
  connections?: number;
  helpAfterMs?: number;
  /** Makes a shard ready for this version; called once for each that is used, again when it failed. */
  prepare?: (client: ShardClient) => Promise<unknown>;
}): Promise<ShardRouter> {
  const { meta } = options;
  const helpAfter = options.helpAfterMs ?? HELP_AFTER_MS;
  let map: string[] = [];
  let shards: ShardInfo[] = [];
  const clients = new Map<string, ShardClient>();
  const standbys = new Map<string, ShardClient>();
  let refreshing: Promise<void> | undefined;
  let refreshedAt = 0;

  async function load(): Promise<void> {
    const [owners, infos] = await Promise.all([meta.map(), meta.shards()]);
    map = [];
    for (const { slot, shard } of owners) map[slot] = shard;
    shards = infos;
    for (const info of infos) {
      const known = clients.get(info.id);
      if (known?.url === info.url) continue;
      clients.set(
        info.id,
        createShardClient({
          url: info.url,
          ...(options.connections === undefined ? {} : { max: options.connections }),
        }),
      );
      // Who still waits for an answer of the old address gets it, or loses it and tries the new one.
      void known?.close().catch(() => {});
      if (known) prepared.delete(known);
    }
    refreshedAt = performance.now();
  }
  const prepared = new Map<ShardClient, Promise<unknown> | true>();
  function ready(client: ShardClient): Promise<unknown> | true {
    let state = options.prepare ? prepared.get(client) : true;
    if (!state) {
      state = (options.prepare as NonNullable<typeof options.prepare>)(client).then(
        () => prepared.set(client, true),
        (error: unknown) => {
          prepared.delete(client);
          // What was asked for was not sent, whatever became of this.
          throw error instanceof StoreError ? error : new LostAnswer(error, true);
        },
      );
      prepared.set(client, state);
    }
    return state;
  }
  /** Many callers learn at once that the map is old: one of them asks. */
  const refresh = (): Promise<void> =>
    (refreshing ??= load().finally(() => {
      refreshing = undefined;
    }));
  await refresh();

  function client(shard: string): ShardClient {
    const found = clients.get(shard);
    if (!found)
      throw new StoreError('SHARD_DOWN', phrase`there is no shard ${shard}`, {
        hint: phrase`see \`sparrow store shards status\``,
      });
    return found;
  }

  function standby(shard: string): ShardClient | undefined {
    const url = shards.find(({ id }) => id === shard)?.standbys[0];
    if (!url) return undefined;
    let found = standbys.get(url);
    if (!found) {
      found = createShardClient({ url, max: options.connections ?? 16 });
      standbys.set(url, found);
    }
    return found;
  }

  /** Gives a slot back to who has it by the meta store: the fence or the hand-over of a move was left half done. */
  async function help(slot: number): Promise<void> {
    const { shard, epoch } = await meta.claim(slot);
    await refresh();
    await client(shard).session(async (query) => {
      await query('begin');
      await query(
        `insert into sparrow.owners values ($1, 'o', $2) on conflict (slot) do update set state = 'o', epoch = $2 where owners.epoch < $2`,
        [slot, epoch],
      );
      await query('update sparrow.owners_version set version = version + 1');
      await query('commit');
    }, 5_000);
  }

  return {
    slots: meta.slots,
    meta,
    client,
    shards: () => shards,
    refresh,
    async owners() {
      if (map.length === 0) await refresh();
      return map;
    },
    async run(slot, deadline, attempt, { write = false, stale = false } = {}) {
      let lostAt: number | undefined;
      let lastError: unknown;
      let waitingSince: number | undefined;
      for (let tries = 0; ; tries++) {
        const now = performance.now();
        if (now >= deadline) {
          if (lostAt !== undefined && write)
            throw new StoreError(
              'INDETERMINATE',
              phrase`the answer of a write was lost, and could not be learnt in time`,
              {
                hint: phrase`read the record to see whether it happened`,
                cause: lastError,
              },
            );
          if (lastError instanceof LostAnswer)
            throw new StoreError('SHARD_DOWN', phrase`the shard of slot ${slot} does not answer`, {
              hint: phrase`see \`sparrow store shards status\``,
              cause: lastError,
            });
          throw new StoreError('TIMEOUT', phrase`no shard took slot ${slot} in time`, {
            hint: phrase`nothing was done; try again, or give more timeoutMs`,
            cause: lastError,
          });
        }
        const shard = map[slot];
        try {
          if (shard === undefined) throw new TryAgain(`slot ${slot} has no shard`);
          const replica = stale ? standby(shard) : undefined;
          const target = replica ?? client(shard);
          const preparing = replica ? true : ready(target);
          if (preparing !== true) await inTime(preparing, deadline, tooLate);
          const until = Math.min(deadline, now + ATTEMPT_MS);
          const result = await attempt(target, until, lostAt === undefined ? undefined : now - lostAt);
          if (typeof result !== 'object' || result === null || !('retry' in result)) return result;
          lastError = undefined;
          waitingSince ??= now;
          // While the meta store is away the known map has to do.
          if (result.retry === 'moved' || tries % 4 === 3)
            await inTime(maybeRefresh(now), deadline, tooLate).catch(() => {});
          if (performance.now() - waitingSince > helpAfter) {
            waitingSince = undefined;
            await inTime(help(slot), deadline, tooLate).catch(() => {});
          }
        } catch (error) {
          if (error instanceof StoreError) throw error;
          lastError = error;
          if (error instanceof LostAnswer && !error.notSent) lostAt ??= now;
          await inTime(maybeRefresh(now), deadline, tooLate).catch(() => {});
        }
        // Fences last some milliseconds: the first waits are short.
        const left = deadline - performance.now();
        await sleep(Math.max(0, Math.min(left, Math.min(100, 2 * 1.5 ** Math.min(tries, 12)) * (0.5 + Math.random()))));
      }
    },
    async close() {
      await Promise.all([...clients.values(), ...standbys.values()].map((entry) => entry.close().catch(() => {})));
    },
  };

  async function maybeRefresh(since: number): Promise<void> {
    if (refreshedAt < since || performance.now() - refreshedAt > 20) await refresh();
  }
}
