/** Time as a part sees it, so that tests can hold it. */
export interface Clock {
  /** Milliseconds UTC: a time of day, which whoever sets the machine's clock moves to and fro. */
  now(): number;
  /** Milliseconds since a moment that stays the same; they only grow. For deadlines and ages within one process. */
  elapsed(): number;
  /** Calls back once after `ms`; returns a function that cancels. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
