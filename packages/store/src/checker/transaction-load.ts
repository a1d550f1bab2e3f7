import { StoreError } from '../errors.ts';
import type { RecordStore } from '../record-store/record-store.ts';
import type { Transaction } from '../record-store/transaction.ts';
import { type CheckedTransaction, checkTransactions, type Seen, type TransactionViolation } from './transactions.ts';

/** The table that a load of transactions needs: pairs of records, which live together. */
export const PAIR_SCHEMA = `syntax = "proto3";
package load;
message Pair {
  option (tcaplusservice.tcaplus_primary_key) = "id, side";
  option (tcaplusservice.tcaplus_sharding_key) = "id";
  int64 id = 1;
  uint32 side = 2;
  int64 by = 3;
}`;

type Pairs = Pick<RecordStore, 'table' | 'transaction'>;

/** Transactions and single reads and writes over pairs, and everything they were told: what the checker needs. */
export interface TransactionLoad {
  readonly history: CheckedTransaction[];
  /** Operations that ended with an error other than an unknown outcome. */
  readonly failures: string[];
  stop(): Promise<void>;
  /** Stops, reads all pairs, and compares. */
  check(): Promise<TransactionViolation[]>;
}

export interface TransactionLoadOptions {
  clients: number;
  /** Pairs that are used at the same time; after `uses` operations the next one takes the place of one of them. */
  pairs?: number;
  uses?: number;
  timeoutMs?: number;
  seed?: number;
  /** Number of the first pair, so that a load begins where another one ended. */
  first?: number;
}

interface Attempt {
  reads: Seen[];
  writes: CheckedTransaction['writes'][number][];
}

const keyOf = (id: number, side: number): string => `${id}/${side}`;

export function startTransactionLoad(store: Pairs, options: TransactionLoadOptions): TransactionLoad {
  const { clients, pairs = 3, uses = 12, timeoutMs = 10_000, first = 0 } = options;
  const table = store.table('Pair');
  const history: CheckedTransaction[] = [];
  const failures: string[] = [];
  let seed = options.seed ?? 1;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  let running = true;
  let begun = 0;
  let highest = first;

  async function see(tx: Transaction, attempt: Attempt, id: number, side: number): Promise<number> {
    const found = await tx.get('Pair', { id: BigInt(id), side });
    attempt.reads.push({ key: keyOf(id, side), version: found?.version ?? 0, by: Number(found?.record.by ?? 0n) });
    return found?.version ?? 0;
  }

  function put(tx: Transaction, attempt: Attempt, wanted: { id: number; side: number; by: number; version: number }) {
    const { id, side, by, version } = wanted;
    attempt.writes.push({ key: keyOf(id, side), version: version + 1 });
    return tx.replace('Pair', { id: BigInt(id), side, by: BigInt(by) });
  }

  /** What a client does: each is one of the ways in which transactions can get between each other. */
  const kinds: ((id: number, by: number, attempt: Attempt) => Promise<unknown>)[] = [
    // A record is made only where the other of its pair is absent.
    (id, by, attempt) =>
      store.transaction(
        async (tx) => {
          renew(attempt);
          const side = by % 2;
          if ((await see(tx, attempt, id, 1 - side)) > 0) return;
          const version = await see(tx, attempt, id, side);
          await put(tx, attempt, { id, side, by, version });
        },
        { timeoutMs },
      ),
    // Both records change, in either order.
    (id, by, attempt) =>
      store.transaction(
        async (tx) => {
          renew(attempt);
          for (const side of by % 2 === 0 ? [0, 1] : [1, 0]) {
            const version = await see(tx, attempt, id, side);
            await put(tx, attempt, { id, side, by, version });
          }
        },
        { timeoutMs },
      ),
    // Both are only looked at.
    (id, by, attempt) =>
      store.transaction(
        async (tx) => {
          renew(attempt);
          for (const side of by % 2 === 0 ? [0, 1] : [1, 0]) await see(tx, attempt, id, side);
        },
        { timeoutMs },
      ),
    // One is written alone.
    async (id, by, attempt) => {
      const side = by % 2;
      // Should its answer be lost, this is not known to have been: who saw it tells.
      const { version } = await table.replace({ id: BigInt(id), side, by: BigInt(by) }, { timeoutMs });
      attempt.writes.push({ key: keyOf(id, side), version });
    },
    // One is read alone.
    async (id, by, attempt) => {
      const side = by % 2;
      const found = await table.get({ id: BigInt(id), side }, { timeoutMs });
      attempt.reads.push({ key: keyOf(id, side), version: found?.version ?? 0, by: Number(found?.record.by ?? 0n) });
    },
  ];

  async function client(): Promise<void> {
    while (running) {
      const by = ++begun;
      const id = first + Math.floor(by / uses) + random(pairs);
      highest = Math.max(highest, id);
      const attempt: Attempt = { reads: [], writes: [] };
      const kind = kinds[random(kinds.length)] as (typeof kinds)[number];
      const start = performance.now();
      try {
        await kind(id, by, attempt);
        history.push({ id: by, start, end: performance.now(), outcome: 'ok', ...attempt });
      } catch (error) {
        const unknown = error instanceof StoreError && error.code === 'INDETERMINATE';
        if (!unknown) failures.push(error instanceof StoreError ? `${error.code}: ${error.message}` : String(error));
        history.push({
          id: by,
          start,
          end: unknown ? Number.POSITIVE_INFINITY : performance.now(),
          outcome: unknown ? 'unknown' : 'failed',
          ...attempt,
        });
      }
    }
  }
  const lanes = Array.from({ length: clients }, client);

  async function stop(): Promise<void> {
    running = false;
    await Promise.all(lanes);
  }

  async function finalState(): Promise<Seen[]> {
    const final: Seen[] = [];
    for (let id = first; id <= highest; id++) {
      const found = await table.batchGet(
        [0, 1].map((side) => ({ id: BigInt(id), side })),
        { timeoutMs: 20_000 },
      );
      for (const [side, entry] of found.entries())
        final.push({ key: keyOf(id, side), version: entry?.version ?? 0, by: Number(entry?.record.by ?? 0n) });
    }
    return final;
  }

  return {
    history,
    failures,
    stop,
    async check() {
      await stop();
      return checkTransactions(history, await finalState());
    },
  };
}

/** A transaction that runs again has seen and written nothing yet. */
function renew(attempt: Attempt): void {
  attempt.reads = [];
  attempt.writes = [];
}
