/**
 * A checker of histories: what clients asked and were told, per key. Every write that succeeds gets a version of its
 * own, one above the version before, so checking is linear in the history (research on versioned registers; no search
 * is needed).
 */
export interface Operation {
  key: string;
  kind: 'write' | 'read' | 'delete';
  /** `performance.now()` when it was asked and answered; of an unknown outcome the end is never. */
  start: number;
  end: number;
  outcome: 'ok' | 'failed' | 'unknown';
  /** Version that the write got or the read saw; 0 for an absent record. */
  version: number;
  /** What the counter was after the write, or as it was read. */
  count?: bigint;
}

export interface Violation {
  rule: 'version-twice' | 'order' | 'stale-read' | 'future-read' | 'lost' | 'doubled' | 'read-disagrees';
  key: string;
  detail: string;
}

/**
 * The rules, for records that are only increased by one and never deleted: acknowledged versions are unique; a write
 * that began after another was acknowledged has a higher version; a read sees no version older than the newest
 * acknowledged before it began, and none that no write can have made by its end; in the end the counter is at least the
 * acknowledged writes and at most those plus the unknown ones; count and version always belong together.
 *
 * @param final version and count of each key, read when everything was over
 */
export function checkRecordHistory(
  operations: readonly Operation[],
  final: ReadonlyMap<string, { version: number; count: bigint }>,
): Violation[] {
  const violations: Violation[] = [];
  const byKey = new Map<string, Operation[]>();
  for (const operation of operations) {
    const list = byKey.get(operation.key);
    if (list) list.push(operation);
    else byKey.set(operation.key, [operation]);
  }
  for (const [key, all] of byKey) {
    const add = (rule: Violation['rule'], detail: string): void => void violations.push({ rule, key, detail });
    const writes = all.filter(({ kind, outcome }) => kind === 'write' && outcome === 'ok');
    const unknown = all.filter(({ kind, outcome }) => kind === 'write' && outcome === 'unknown').length;
    const seen = new Set<number>();
    for (const { version } of writes) {
      if (seen.has(version)) add('version-twice', `version ${version} was given to two writes`);
      seen.add(version);
    }
    checkOrder(writes, add);
    checkReads(all, writes, add);
    const counts = new Map<number, bigint>();
    for (const { version, count, outcome } of all) {
      if (outcome !== 'ok' || count === undefined) continue;
      const known = counts.get(version);
      if (known !== undefined && known !== count) add('read-disagrees', `version ${version} was ${known} and ${count}`);
      counts.set(version, count);
    }
    const end = final.get(key);
    const acknowledged = BigInt(writes.length);
    if (!end) {
      if (writes.length > 0) add('lost', `${writes.length} acknowledged writes and no record`);
    } else {
      if (end.count < acknowledged) add('lost', `${acknowledged} acknowledged, ${end.count} there`);
      if (end.count > acknowledged + BigInt(unknown))
        add('doubled', `${acknowledged} acknowledged, ${unknown} unknown, ${end.count} there`);
      const highest = Math.max(0, ...writes.map(({ version }) => version));
      if (end.version < highest) add('lost', `version ${highest} was acknowledged, ${end.version} is there`);
    }
  }
  return violations;
}

/** Sweeps over time: at each start the highest version that was acknowledged before must be below. */
function checkOrder(writes: readonly Operation[], add: (rule: Violation['rule'], detail: string) => void): void {
  const byStart = [...writes].sort((a, b) => a.start - b.start);
  const byEnd = [...writes].sort((a, b) => a.end - b.end);
  let done = 0;
  let highest = 0;
  for (const write of byStart) {
    while (done < byEnd.length && (byEnd[done] as Operation).end < write.start)
      highest = Math.max(highest, (byEnd[done++] as Operation).version);
    if (write.version <= highest) add('order', `version ${write.version} began after ${highest} was acknowledged`);
  }
}

function checkReads(
  all: readonly Operation[],
  writes: readonly Operation[],
  add: (rule: Violation['rule'], detail: string) => void,
): void {
  const reads = all
    .filter(({ kind, outcome }) => kind === 'read' && outcome === 'ok')
    .sort((a, b) => a.start - b.start);
  // What was written or read before a read began is the least it may see.
  const facts = [...writes, ...reads].sort((a, b) => a.end - b.end);
  const begun = all
    .filter(({ kind, outcome }) => kind === 'write' && outcome !== 'failed')
    .map(({ start }) => start)
    .sort((a, b) => a - b);
  let done = 0;
  let highest = 0;
  for (const read of reads) {
    while (done < facts.length && (facts[done] as Operation).end < read.start)
      highest = Math.max(highest, (facts[done++] as Operation).version);
    if (read.version < highest) add('stale-read', `version ${read.version} was read after ${highest} was known`);
    const possible = countUpTo(begun, read.end);
    if (read.version > possible)
      add('future-read', `version ${read.version} was read when at most ${possible} writes had begun`);
  }
}

/** How many of the sorted numbers are at most `limit`. */
function countUpTo(sorted: readonly number[], limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
