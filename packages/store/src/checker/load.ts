import { StoreError } from '../errors.ts';
import type { RecordStore } from '../record-store/record-store.ts';
import { checkRecordHistory, type Operation, type Violation } from './record-history.ts';

/** The table that a load needs; in a namespace of its own it stands beside any other. */
export const LOAD_SCHEMA = `syntax = "proto3";
package load;
message Counter {
  option (tcaplusservice.tcaplus_primary_key) = "id";
  int64 id = 1;
  int64 count = 2;
  bytes pad = 3;
}`;

type Counters = Pick<RecordStore, 'table'>;

/** A closed loop of increases and reads over counters, and everything it was told: what the checker needs. */
export interface Load {
  readonly history: Operation[];
  /** Operations that ended with an error other than a lost answer. */
  readonly failures: string[];
  /** Longest wait of a client, ms, by the start of the operation. */
  longest(): number;
  stop(): Promise<void>;
}

/** Makes `keys` counters from `first` on, with `pad` bytes beside them. @throws StoreError what refused one of them */
export async function fill(store: Counters, keys: number, pad: number, first = 0): Promise<void> {
  const table = store.table('Counter');
  for (let from = 0; from < keys; from += 512) {
    const results = await table.batch(
      Array.from({ length: Math.min(512, keys - from) }, (_, i) => ({
        op: 'insert' as const,
        record: { id: BigInt(first + from + i), count: 0n, pad: new Uint8Array(pad) },
      })),
    );
    // A counter that is not there would be missed by every answer of the load, for another reason.
    const refused = results.find((result) => result instanceof StoreError);
    if (refused) throw refused;
  }
}

export function startLoad(
  store: Counters,
  options: {
    keys: number;
    /** Only these ids instead of 0 to keys - 1. */
    ids?: readonly number[];
    clients: number;
    reads?: number;
    timeoutMs?: number;
    seed?: number;
    pauseMs?: number;
    /** Keeps at most so many operations; the load ends by itself at that. Default 2 million. */
    limit?: number;
  },
): Load {
  const { keys, clients, reads = 0.3, timeoutMs = 10_000, limit = 2_000_000 } = options;
  const table = store.table('Counter');
  const history: Operation[] = [];
  const failures: string[] = [];
  let seed = options.seed ?? 1;
  const random = (): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  let running = true;
  let longest = 0;

  async function client(): Promise<void> {
    while (running && history.length < limit) {
      const key = String(
        options.ids ? options.ids[Math.floor(random() * options.ids.length)] : Math.floor(random() * keys),
      );
      const id = BigInt(key);
      const reading = random() < reads;
      const start = performance.now();
      try {
        if (reading) {
          const found = await table.get({ id }, { timeoutMs });
          const seen = { version: found?.version ?? 0, count: (found?.record.count as bigint | undefined) ?? 0n };
          history.push({ key, kind: 'read', start, end: performance.now(), outcome: 'ok', ...seen });
        } else {
          const written = await table.fieldIncrease({ id }, { count: 1n }, { timeoutMs, resultFlag: { success: 2 } });
          const count = written.record?.count as bigint | undefined;
          history.push({
            key,
            kind: 'write',
            start,
            end: performance.now(),
            outcome: 'ok',
            version: written.version,
            ...(count === undefined ? {} : { count }),
          });
        }
        longest = Math.max(longest, performance.now() - start);
      } catch (error) {
        const unknown = error instanceof StoreError && error.code === 'INDETERMINATE';
        history.push({
          key,
          kind: reading ? 'read' : 'write',
          start,
          end: unknown ? Number.POSITIVE_INFINITY : performance.now(),
          outcome: unknown ? 'unknown' : 'failed',
          version: 0,
        });
        if (!unknown) failures.push(error instanceof StoreError ? `${error.code}: ${error.message}` : String(error));
        longest = Math.max(longest, performance.now() - start);
      }
      if (options.pauseMs) await new Promise((resolve) => setTimeout(resolve, options.pauseMs));
    }
  }
  const running_ = Array.from({ length: clients }, client);
  return {
    history,
    failures,
    longest: () => longest,
    async stop() {
      running = false;
      await Promise.all(running_);
    },
  };
}

export type FinalState = ReadonlyMap<string, { version: number; count: bigint }>;

/**
 * Versions and counts of `keys` counters from `first` on, minus what the fill put there: a filled counter has version
 * 1.
 */
export async function finalState(store: Counters, keys: number, first = 0): Promise<FinalState> {
  const table = store.table('Counter');
  const state = new Map<string, { version: number; count: bigint }>();
  for (let from = 0; from < keys; from += 512) {
    const ids = Array.from({ length: Math.min(512, keys - from) }, (_, i) => BigInt(first + from + i));
    const found = await table.batchGet(
      ids.map((id) => ({ id })),
      { timeoutMs: 20_000 },
    );
    for (const [i, entry] of found.entries())
      if (entry) state.set(String(ids[i]), { version: entry.version - 1, count: entry.record.count as bigint });
  }
  return state;
}

/**
 * What the checker says of a load.
 *
 * @param after `finalState` when it was over
 * @param before `finalState` when it began, of counters that were not new then
 */
export function checkLoad(
  history: readonly Operation[],
  after: FinalState,
  before: FinalState = new Map(),
): Violation[] {
  const base = (key: string): { version: number; count: bigint } => before.get(key) ?? { version: 0, count: 0n };
  const final = new Map(
    [...after].map(([key, { version, count }]) => [
      key,
      { version: version - base(key).version, count: count - base(key).count },
    ]),
  );
  // A filled counter has version 1.
  const own = history.map((operation) => ({
    ...operation,
    version: Math.max(0, operation.version - 1 - base(operation.key).version),
    ...(operation.count === undefined ? {} : { count: operation.count - base(operation.key).count }),
  }));
  return checkRecordHistory(own, final);
}
