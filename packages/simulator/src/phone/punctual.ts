/** What of time is needed here; tests bring a time of their own. */
export interface Timers {
  /** Milliseconds, of any beginning. */
  now(): number;
  /** Calls again and again; returns a function that ends it. */
  every(ms: number, run: () => void): () => void;
}

const browserTimers: Timers = {
  now: () => performance.now(),
  every(ms, run) {
    const timer = setInterval(run, ms);
    return () => clearInterval(timer);
  },
};

/** A tick that comes later than this share of its time says that the machine, or this page, has other things to do. */
const LATE = 1.25;

/** Ticks, and says of each whether it came in time. Returns a function that ends it. */
export function tickPunctually(ms: number, onTick: (punctual: boolean) => void, timers = browserTimers): () => void {
  let last = timers.now();
  return timers.every(ms, () => {
    const now = timers.now();
    const punctual = now - last < ms * LATE;
    last = now;
    onTick(punctual);
  });
}

/**
 * Calls `onLate` once when nothing has come for so long. Only time counts in which this side was punctual itself: when
 * the machine is busy, or this page stood still, nobody can be blamed for silence.
 *
 * @returns a function that ends the wait
 */
export function whenSilent(limitMs: number, onLate: () => void, timers = browserTimers): () => void {
  const tickMs = Math.min(500, limitMs);
  let silent = 0;
  const stop = tickPunctually(
    tickMs,
    (punctual) => {
      if (punctual) silent += tickMs;
      if (silent < limitMs) return;
      stop();
      onLate();
    },
    timers,
  );
  return stop;
}
