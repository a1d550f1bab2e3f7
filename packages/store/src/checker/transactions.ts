/**
 * A checker of transactions over versioned records that are never deleted. A write stands for whoever made it (`by`),
 * so every read tells which write it saw. Histories must be strictly serialisable: there is one order of all
 * transactions in which each sees what those before it left, and which is the order of time where one ended before
 * another began.
 *
 * Such an order exists when the graph of what must come before what has no circle: who writes a version before who
 * writes the next, who writes before who reads it, who reads a version (or that there is none) before who writes the
 * next one, and who ended before who began. See Adya, "Weak Consistency" (1999).
 */
export interface CheckedTransaction {
  /** From 1; stands in what it wrote. */
  id: number;
  /** `performance.now()` when it was asked and answered; of an unknown outcome the end is never. */
  start: number;
  end: number;
  outcome: 'ok' | 'failed' | 'unknown';
  /** What it saw: version 0 and nobody where there was no record. */
  reads: readonly Seen[];
  /** What it wrote, each with the version that it must have got. */
  writes: readonly { key: string; version: number }[];
}

export interface Seen {
  key: string;
  version: number;
  by: number;
}

export interface TransactionViolation {
  rule: 'version-twice' | 'read-of-nothing' | 'circle';
  detail: string;
}

/** @param final what every key was when everything was over */
export function checkTransactions(
  history: readonly CheckedTransaction[],
  final: readonly Seen[],
): TransactionViolation[] {
  const violations: TransactionViolation[] = [];
  const over = Math.max(0, ...history.map(({ end }) => end).filter(Number.isFinite));
  const last: CheckedTransaction = { id: 0, start: over + 1, end: over + 2, outcome: 'ok', reads: final, writes: [] };
  const happened = [...whatHappened(history, final), last];
  const writers = new Map<string, Map<number, number>>();
  for (const [at, { id, writes }] of happened.entries())
    for (const { key, version } of writes) {
      const versions = writers.get(key) ?? new Map<number, number>();
      writers.set(key, versions);
      const other = versions.get(version);
      if (other !== undefined)
        violations.push({
          rule: 'version-twice',
          detail: `version ${version} of ${key} was given to ${happened[other]?.id} and ${id}`,
        });
      versions.set(version, at);
    }
  for (const { id, reads } of happened)
    for (const { key, version, by } of reads) {
      const writer = writers.get(key)?.get(version);
      const known = writer === undefined ? 0 : (happened[writer]?.id as number);
      if (known !== by)
        violations.push({
          rule: 'read-of-nothing',
          detail: `${id || 'the end'} saw version ${version} of ${key} by ${by}, which is by ${known || 'nobody'}`,
        });
    }
  for (const circle of circlesOf(graphOf(happened, writers), happened.length))
    violations.push({
      rule: 'circle',
      detail: circle.map((at) => describe(happened[at] as CheckedTransaction)).join(' → '),
    });
  return violations;
}

/** Those that succeeded, and those of unknown outcome of which somebody saw something. */
function whatHappened(history: readonly CheckedTransaction[], final: readonly Seen[]): CheckedTransaction[] {
  const seen = new Set<number>(final.map(({ by }) => by));
  for (const { outcome, reads } of history) if (outcome === 'ok') for (const { by } of reads) seen.add(by);
  return history.filter(({ outcome, id }) => outcome === 'ok' || (outcome === 'unknown' && seen.has(id)));
}

/** What must come before what: transactions by their places, and behind them moments, which order them in time. */
function graphOf(
  happened: readonly CheckedTransaction[],
  writers: ReadonlyMap<string, ReadonlyMap<number, number>>,
): number[][] {
  const graph: number[][] = happened.map(() => []);
  const before = (a: number, b: number): void => {
    if (a !== b) graph[a]?.push(b);
  };
  const versionsOf = new Map([...writers].map(([key, versions]) => [key, [...versions.keys()].sort((a, b) => a - b)]));
  const next = (key: string, version: number): number | undefined => {
    const higher = versionsOf.get(key)?.find((other) => other > version);
    return higher === undefined ? undefined : writers.get(key)?.get(higher);
  };
  for (const [key, versions] of writers)
    for (const [version, at] of versions) {
      const follower = next(key, version);
      if (follower !== undefined) before(at, follower);
    }
  for (const [at, { reads }] of happened.entries())
    for (const { key, version } of reads) {
      const writer = writers.get(key)?.get(version);
      if (writer !== undefined) before(writer, at);
      const follower = next(key, version);
      if (follower !== undefined) before(at, follower);
    }
  // A chain of moments, one for each end: who ended leads into it, and out of it to whoever began later.
  const ends = happened
    .map(({ end }, at) => ({ end, at }))
    .filter(({ end }) => Number.isFinite(end))
    .sort((a, b) => a.end - b.end);
  const moments = ends.map(() => graph.push([]) - 1);
  for (const [i, { at }] of ends.entries()) {
    before(at, moments[i] as number);
    const later = moments[i + 1];
    if (later !== undefined) before(moments[i] as number, later);
  }
  const starts = happened.map(({ start }, at) => ({ start, at })).sort((a, b) => a.start - b.start);
  let ended = 0;
  for (const { start, at } of starts) {
    while (ended < ends.length && (ends[ended] as { end: number }).end < start) ended++;
    if (ended > 0) before(moments[ended - 1] as number, at);
  }
  return graph;
}

/** Circles: sets of transactions each of which must come before the others (Tarjan's strongly connected components). */
function circlesOf(graph: readonly (readonly number[])[], transactions: number): number[][] {
  const index = new Int32Array(graph.length).fill(-1);
  const low = new Int32Array(graph.length);
  const onStack = new Uint8Array(graph.length);
  const stack: number[] = [];
  const circles: number[][] = [];
  let counter = 0;
  for (let root = 0; root < graph.length; root++) {
    if (index[root] !== -1) continue;
    // Without recursion: a chain of moments is as long as the history.
    const work: { node: number; edge: number }[] = [{ node: root, edge: 0 }];
    while (work.length > 0) {
      const frame = work.at(-1) as { node: number; edge: number };
      const { node } = frame;
      if (frame.edge === 0) {
        index[node] = low[node] = counter++;
        stack.push(node);
        onStack[node] = 1;
      }
      const target = graph[node]?.[frame.edge++];
      if (target !== undefined) {
        if (index[target] === -1) work.push({ node: target, edge: 0 });
        else if (onStack[target]) low[node] = Math.min(low[node] as number, index[target] as number);
        continue;
      }
      work.pop();
      const parent = work.at(-1)?.node;
      if (parent !== undefined) low[parent] = Math.min(low[parent] as number, low[node] as number);
      if (low[node] !== index[node]) continue;
      const circle: number[] = [];
      for (let member = -1; member !== node; ) {
        member = stack.pop() as number;
        onStack[member] = 0;
        if (member < transactions) circle.push(member);
      }
      if (circle.length > 1) circles.push(circle.sort((a, b) => a - b));
    }
  }
  return circles;
}

function describe({ id, reads, writes }: CheckedTransaction): string {
  const saw = reads.slice(0, 4).map(({ key, version }) => `${key}@${version}`);
  const wrote = writes.slice(0, 4).map(({ key, version }) => `${key}@${version}`);
  return `${id || 'the end'} (saw ${saw.join(' ')}; wrote ${wrote.join(' ') || 'nothing'})`;
}
