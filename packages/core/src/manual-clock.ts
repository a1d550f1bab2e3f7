import type { Clock } from './clock.ts';

/** A clock that stands still until it is told to go on: for tests of things that take minutes. */
export interface ManualClock extends Clock {
  /** Moves the time and calls back, in order, everything that falls due. */
  advance(ms: number): void;
  /** Somebody sets the time of day: no time has gone by. */
  set(utc: number): void;
}

export function createManualClock(start = 1_700_000_000_000): ManualClock {
  let elapsed = 0;
  /** What the time of day is ahead of the time that has gone by. */
  let ahead = start;
  let waiting: { at: number; callback: () => void }[] = [];
  return {
    now: () => ahead + elapsed,
    elapsed: () => elapsed,
    after(ms, callback) {
      const entry = { at: elapsed + ms, callback };
      waiting.push(entry);
      return () => {
        waiting = waiting.filter((other) => other !== entry);
      };
    },
    advance(ms) {
      const end = elapsed + ms;
      for (;;) {
        const next = waiting.filter((entry) => entry.at <= end).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        waiting = waiting.filter((entry) => entry !== next);
        elapsed = Math.max(elapsed, next.at);
        next.callback();
      }
      elapsed = end;
    },
    set(utc) {
      ahead = utc - elapsed;
    },
  };
}
