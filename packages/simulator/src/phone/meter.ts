import type { NetworkEntry, TraceEntry } from '@sparrow/protocol';
import type { LogEntry } from '@sparrow/runtime/native';

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

/**
 * What the console hears of one phone: enough to read along, and no more than it can show. Routes are counted with it.
 */
export function createPhoneMeters({
  trace,
  onLog,
}: {
  trace: ((entry: Omit<TraceEntry, 'phone'>) => void) | undefined;
  onLog(entry: LogEntry): void;
}) {
  const tooMany = (what: string) => (count: number) =>
    onLog({ level: 'warn', text: `… ${count} ${what} left out: too many in a second`, pageId: 0 });
  return {
    trace: createMeter({ burst: 1_000, perSecond: 300 }, (count) =>
      trace?.({
        time: Date.now(),
        verb: 'Invoke',
        event: `… ${count} more`,
        pageId: 0,
        page: '',
        size: 0,
        summary: '',
      }),
    ),
    log: createMeter({ burst: 500, perSecond: 100 }, tooMany('log lines')),
    problem: createMeter({ burst: 200, perSecond: 20 }, tooMany('problems')),
    route: createMeter({ burst: 40, perSecond: 10 }, tooMany('changes of the page')),
  };
}

/**
 * What the console hears of requests: of each all that becomes of it, or nothing.
 *
 * @returns whether this is told
 */
export function createNetworkMeter(onLeftOut: (count: number) => void): (entry: NetworkEntry) => boolean {
  const meter = createMeter({ burst: 300, perSecond: 50 }, onLeftOut);
  const told = new Set<number>();
  let newest = 0;
  return ({ id, ms }) => {
    if (id > newest) {
      newest = id;
      if (meter.take()) told.add(id);
    }
    const isTold = told.has(id);
    if (ms !== undefined) told.delete(id);
    return isTold;
  };
}

/** Adds to a list that keeps the newest. */
export function keep<T>(list: T[], item: T, limit = 1_000): void {
  list.push(item);
  if (list.length > limit) list.shift();
}
