/** More changes of a page a second than any animation makes. */
const FLOOD_PER_SECOND = 120;
/** For this many seconds on end. */
const FLOOD_SECONDS = 5;

/**
 * Notices a loop of setData without an end that leaves the logic layer free to answer: one through callbacks, timers or
 * promises. (One that never returns is noticed as LOGIC_STUCK, one of observers is cut by their guard.)
 *
 * @param now milliseconds
 * @param onFlood called once, with the changes a second
 */
export function createFlushRate(now: () => number, onFlood: (perSecond: number) => void): () => void {
  let second = 0;
  let count = 0;
  let busy = 0;
  return () => {
    const current = Math.floor(now() / 1000);
    if (current !== second) {
      busy = current === second + 1 && count >= FLOOD_PER_SECOND ? busy + 1 : 0;
      if (busy === FLOOD_SECONDS) onFlood(count);
      second = current;
      count = 0;
    }
    count++;
  };
}
