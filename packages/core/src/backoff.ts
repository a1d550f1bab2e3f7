/**
 * Exponential back-off with full jitter.
 *
 * @returns milliseconds to wait before try number `attempt` (from 0), between half of and the whole bound.
 */
export function backoff(
  attempt: number,
  options: { baseMs: number; maxMs: number; random?: () => number } = { baseMs: 100, maxMs: 10_000 },
): number {
  const bound = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(bound * (0.5 + 0.5 * (options.random ?? Math.random)()));
}
