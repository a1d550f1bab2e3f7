/** A phone whose process has ended starts again by itself after so long: what was the matter can be read meanwhile. */
const RESTART_MS = 3_000;
/** Another end within this time is no accident: then somebody has to look, and to press the button. */
const ONCE_IN_MS = 60_000;

export interface Comeback {
  /**
   * The process has ended.
   *
   * @returns whether the phone starts again by itself
   */
  ended(): boolean;
  /** It was started: nothing is due any more. */
  started(): void;
}

/** @param now milliseconds of any beginning; `after` calls once and returns what ends the wait */
export function createComeback(
  restart: () => void,
  now: () => number = () => performance.now(),
  after: (ms: number, run: () => void) => () => void = (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
): Comeback {
  let last = Number.NEGATIVE_INFINITY;
  let cancel = (): void => {};
  return {
    ended() {
      const again = now() - last < ONCE_IN_MS;
      last = now();
      cancel();
      if (!again) cancel = after(RESTART_MS, restart);
      return !again;
    },
    started: () => cancel(),
  };
}
