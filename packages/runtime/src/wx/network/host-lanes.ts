/**
 * So many at a time, in order; who is aborted while waiting is not begun.
 *
 * @param aborted what then fails it
 */
export function createLanes(
  count: number,
  aborted: () => Error,
): { run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> } {
  const waiting: (() => void)[] = [];
  let busy = 0;
  return {
    async run(signal, work) {
      if (busy >= count) await new Promise<void>((resolve) => waiting.push(resolve));
      else busy++;
      try {
        if (signal.aborted) throw aborted();
        return await work();
      } finally {
        // The place is handed on, or free.
        const next = waiting.shift();
        if (next) next();
        else busy--;
      }
    },
  };
}
