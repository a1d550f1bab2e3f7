/** One line of a bench's answer; `ratio`, `met` and `load` are filled in by the runner. */
export interface Row {
  name: string;
  /** Median of our runs. */
  ours: number;
  /** Median of the peer's runs, null without a peer. */
  peer: number | null;
  unit: string;
  aim?: { op: '<=' | '>='; value: number; of: 'ours' | 'ratio' };
  /** What a reader must know to judge the row; printed below it. */
  note?: string;
  runs: { ours: number[]; peer: number[] };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

export function row(
  name: string,
  unit: string,
  ours: number[],
  peer: number[] = [],
  aim?: Row['aim'],
  note?: string,
): Row {
  return {
    name,
    unit,
    ours: median(ours),
    peer: peer.length > 0 ? median(peer) : null,
    ...(aim && { aim }),
    ...(note && { note }),
    runs: { ours, peer },
  };
}
