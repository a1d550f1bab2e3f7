/** Lets so many things through at once, and so many more with every second. */
export interface Meter {
  /** Whether one more may pass. */
  take(): boolean;
}

/**
 * @param burst that may pass at once
 * @param perSecond that may pass for longer
 * @param onLeftOut told once a second how many did not pass
 */
export function createMeter(
  { burst, perSecond }: { burst: number; perSecond: number },
  onLeftOut: (count: number) => void = () => {},
): Meter {
  let room = burst;
  let last = performance.now();
  let leftOut = 0;
  return {
    take() {
      const now = performance.now();
      room = Math.min(burst, room + ((now - last) / 1000) * perSecond);
      last = now;
      if (room >= 1) {
        room--;
        return true;
      }
      if (leftOut++ === 0)
        setTimeout(() => {
          const count = leftOut;
          leftOut = 0;
          onLeftOut(count);
        }, 1000);
      return false;
    },
  };
}

/** Adds to a list that keeps the newest. */
export function keep<T>(list: T[], item: T, limit = 1_000): void {
  list.push(item);
  if (list.length > limit) list.shift();
}
