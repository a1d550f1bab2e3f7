import type { Clock } from '@sparrow/core';

/** Counts, times and slow operations of a store. Cheap enough to stand around every call. */
export interface Telemetry {
  /** Notes a call that began at `started` (`performance.now()`); `key` is the row's, for hot keys and the slow log. */
  done(op: string, table: string, started: number, key: Buffer | undefined, error?: string): void;
  slow(): SlowOperation[];
  /** Keys with the most calls in the window that ended last, and in the present one. */
  hotKeys(): { table: string; key: string; calls: number }[];
  isHot(table: string, key: string): boolean;
  operations(): OperationStats[];
  /** Prometheus text of all counters. */
  prometheus(gauges: Record<string, number>): string;
}

export interface SlowOperation {
  /** Milliseconds UTC. */
  at: number;
  op: string;
  table: string;
  ms: number;
  key?: string;
  error?: string;
}

export interface OperationStats {
  op: string;
  table: string;
  calls: number;
  errors: number;
  totalMs: number;
  /** Calls per bucket of BUCKETS_MS, the last one for longer ones. */
  buckets: number[];
}

export const BUCKETS_MS = [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000];

/** One call in so many is looked at for hot keys. */
const SAMPLE = 16;
const WINDOW_MS = 1_000;
/** Keys that are counted at once; the space-saving algorithm keeps those with most calls. */
const TRACKED = 256;

export function createTelemetry(options: {
  clock: Clock;
  /** Operations that take longer go to the slow log. Default 100. */
  slowMs?: number;
  /** Entries the slow log keeps. Default 200. */
  slowEntries?: number;
  /** Calls a second that make a key hot. Default 1,000. */
  hotPerSecond?: number;
}): Telemetry {
  const { clock, slowMs = 100, slowEntries = 200, hotPerSecond = 1_000 } = options;
  const stats = new Map<string, Map<string, OperationStats>>();
  const slow: SlowOperation[] = [];
  let counts = new Map<string, number>();
  let last = new Map<string, number>();
  let windowStart = performance.now();
  let turn = 0;

  function sample(table: string, key: string): void {
    const now = performance.now();
    if (now - windowStart > WINDOW_MS) {
      last = counts;
      counts = new Map();
      windowStart = now;
    }
    const name = `${table}\n${key}`;
    const known = counts.get(name);
    if (known !== undefined) counts.set(name, known + SAMPLE);
    else if (counts.size < TRACKED) counts.set(name, SAMPLE);
    else {
      let smallest = '';
      let least = Number.POSITIVE_INFINITY;
      for (const [entry, calls] of counts)
        if (calls < least) {
          least = calls;
          smallest = entry;
        }
      counts.delete(smallest);
      counts.set(name, least + SAMPLE);
    }
  }

  const all = (): OperationStats[] => [...stats.values()].flatMap((ofTable) => [...ofTable.values()]);
  /** The primary key behind the table's number. */
  const keyText = (key: Buffer): string => key.latin1Slice(4, key.length);
  const callsOf = (name: string): number => Math.max(last.get(name) ?? 0, counts.get(name) ?? 0);

  return {
    done(op, table, started, key, error) {
      const ms = performance.now() - started;
      let ofTable = stats.get(table);
      if (!ofTable) stats.set(table, (ofTable = new Map()));
      let entry = ofTable.get(op);
      if (!entry) {
        entry = { op, table, calls: 0, errors: 0, totalMs: 0, buckets: new Array(BUCKETS_MS.length + 1).fill(0) };
        ofTable.set(op, entry);
      }
      entry.calls++;
      if (error !== undefined) entry.errors++;
      entry.totalMs += ms;
      let bucket = 0;
      while (bucket < BUCKETS_MS.length && ms > (BUCKETS_MS[bucket] as number)) bucket++;
      (entry.buckets[bucket] as number)++;
      if (ms > slowMs) {
        slow.push({
          at: clock.now(),
          op,
          table,
          ms,
          ...(key === undefined ? {} : { key: keyText(key) }),
          ...(error === undefined ? {} : { error }),
        });
        if (slow.length > slowEntries) slow.shift();
      }
      if (key !== undefined && ++turn % SAMPLE === 0) sample(table, keyText(key));
    },
    slow: () => [...slow],
    hotKeys() {
      const names = new Set([...last.keys(), ...counts.keys()]);
      return [...names]
        .map((name) => {
          const [table = '', key = ''] = name.split('\n', 2);
          return { table, key, calls: callsOf(name) };
        })
        .filter(({ calls }) => calls >= hotPerSecond)
        .sort((a, b) => b.calls - a.calls);
    },
    isHot: (table, key) => callsOf(`${table}\n${key}`) >= hotPerSecond,
    operations: () => all(),
    prometheus(gauges) {
      const lines = ['# TYPE sparrow_store_operation_seconds histogram'];
      const labels = (entry: OperationStats): string =>
        `op="${entry.op}",table="${entry.table.replace(/["\\\n]/g, '_')}"`;
      for (const entry of all()) {
        let sum = 0;
        for (const [i, bound] of BUCKETS_MS.entries()) {
          sum += entry.buckets[i] as number;
          lines.push(`sparrow_store_operation_seconds_bucket{${labels(entry)},le="${bound / 1000}"} ${sum}`);
        }
        lines.push(`sparrow_store_operation_seconds_bucket{${labels(entry)},le="+Inf"} ${entry.calls}`);
        lines.push(`sparrow_store_operation_seconds_sum{${labels(entry)}} ${entry.totalMs / 1000}`);
        lines.push(`sparrow_store_operation_seconds_count{${labels(entry)}} ${entry.calls}`);
      }
      lines.push('# TYPE sparrow_store_operation_errors_total counter');
      for (const entry of all()) lines.push(`sparrow_store_operation_errors_total{${labels(entry)}} ${entry.errors}`);
      for (const [name, value] of Object.entries(gauges)) {
        const metric = `sparrow_store_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
        lines.push(`# TYPE ${metric} gauge`, `${metric} ${value}`);
      }
      return `${lines.join('\n')}\n`;
    },
  };
}
