import { Ticker } from '@sparrow/core';
import { LostAnswer, type ShardClient } from '../../shards/shard-client.ts';
import type { RowData } from './rows.ts';

/** `st` is the shard's view of the slot: only `o` counts. */
export interface FoundRow extends RowData {
  st: string | null;
}

const GET = `select o.state as st, r.v, r.ver, r.rev, r.exp, r.mod from sparrow.owners o
left join sparrow.records r on r.slot = o.slot and r.k = $2 where o.slot = $1`;
/** `i` counts from 1 in the order of the keys. */
export const GET_MANY = `select q.i::int, o.state as st, r.v, r.ver, r.rev, r.exp, r.mod
from unnest($1::int[], $2::bytea[]) with ordinality q(slot, k, i)
left join sparrow.owners o on o.slot = q.slot left join sparrow.records r on r.slot = q.slot and r.k = q.k`;

/** Statements under way at once; a read that comes then waits for the next one. */
const LANES = 2;
/** Keys of one statement. */
const KEYS = 128;
const TICK_MS = 20;

interface Wanted {
  slot: number;
  key: Buffer;
  name: string;
  until: number;
  sent: boolean;
  settled: boolean;
  resolve(row: FoundRow): void;
  reject(error: unknown): void;
}

/**
 * Point reads of one shard. A read that comes to an idle shard is sent at once; what comes while `LANES` statements are
 * under way goes together in the next one, a key that several want once. Nobody is given an answer to a statement that
 * was sent before the read began, so a batch is as fresh as a read alone.
 */
export interface ReadBatches {
  /** @param until `performance.now()` by which it ends. @throws LostAnswer, TryAgain, StoreError */
  get(slot: number, key: Buffer, until: number): Promise<FoundRow>;
}

export function createReadBatches(client: ShardClient): ReadBatches {
  let waiting: Wanted[] = [];
  const pending = new Set<Wanted>();
  let running = 0;
  /** Deadlines of those who wait; what is under way has its own, which may be later. */
  const ticker = new Ticker(TICK_MS, (now) => {
    for (const wanted of pending)
      if (now > wanted.until + TICK_MS && settle(wanted))
        wanted.reject(new LostAnswer(new Error('no answer in time'), !wanted.sent));
    return pending.size > 0;
  });

  function settle(wanted: Wanted): boolean {
    if (wanted.settled) return false;
    wanted.settled = true;
    pending.delete(wanted);
    return true;
  }

  function send(): void {
    while (running < LANES && waiting.length > 0) {
      const batch = waiting.length <= KEYS ? waiting : waiting.slice(0, KEYS);
      waiting = waiting.length <= KEYS ? [] : waiting.slice(KEYS);
      const live = batch.filter(({ settled }) => !settled);
      if (live.length === 0) continue;
      for (const wanted of live) wanted.sent = true;
      if (live.length === 1) {
        const only = live[0] as Wanted;
        alone(only.slot, only.key, only.until).then(
          (row) => settle(only) && only.resolve(row),
          (error) => settle(only) && only.reject(error),
        );
        continue;
      }
      running++;
      void many(live).finally(() => {
        running--;
        send();
      });
    }
  }

  const NONE: FoundRow = { st: null, v: null, ver: 0, rev: '0', exp: '0', mod: '0' };
  /** The common case of a shard with room: nothing is noted, since the statement has the deadline. */
  function alone(slot: number, key: Buffer, until: number): Promise<FoundRow> {
    running++;
    return client.query<FoundRow>({ name: 'get', text: GET, values: [slot, key] }, until).then(
      (rows) => {
        running--;
        if (waiting.length > 0) send();
        return rows[0] ?? NONE;
      },
      (error) => {
        running--;
        if (waiting.length > 0) send();
        throw error;
      },
    );
  }

  async function many(batch: readonly Wanted[]): Promise<void> {
    const groups = new Map<string, Wanted[]>();
    let until = 0;
    for (const wanted of batch) {
      until = Math.max(until, wanted.until);
      const group = groups.get(wanted.name);
      if (group) group.push(wanted);
      else groups.set(wanted.name, [wanted]);
    }
    const asked = [...groups.values()];
    const first = asked.map(([wanted]) => wanted as Wanted);
    try {
      const rows = await client.query<FoundRow & { i: number }>(
        { name: 'get_many', text: GET_MANY, values: [first.map(({ slot }) => slot), first.map(({ key }) => key)] },
        until,
      );
      for (const row of rows)
        for (const wanted of asked[row.i - 1] as Wanted[]) if (settle(wanted)) wanted.resolve(row);
    } catch (error) {
      for (const wanted of batch) if (settle(wanted)) wanted.reject(error);
    }
  }

  return {
    get(slot, key, until) {
      if (running < LANES && waiting.length === 0) return alone(slot, key, until);
      return new Promise((resolve, reject) => {
        const name = key.latin1Slice(0, key.length);
        const wanted: Wanted = { slot, key, name, until, sent: false, settled: false, resolve, reject };
        pending.add(wanted);
        ticker.start();
        waiting.push(wanted);
        send();
      });
    },
  };
}
