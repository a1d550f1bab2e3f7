import { NativeFailure } from '../../native/failure.ts';
import type { Phone } from '../../native/phone.ts';
import type { HostEvents } from '../contracts.ts';

/** How often a phone that is asked to tells where it is. Milliseconds. */
const EVERY_MS = 1_000;

/** Tells the program of the position: at once, with each change and now and then, until it is stopped. */
export function createTracker(
  { emit, surroundings, onClose }: Pick<Phone, 'emit' | 'surroundings' | 'onClose'>,
  read: (type: string) => Promise<HostEvents['LocationChange']>,
): { start(type: string): void; stop(): void } {
  let timer: ReturnType<typeof setInterval> | undefined;
  let coordinates = 'gcj02';
  let reading = false;

  async function tell(): Promise<void> {
    // The browser may take longer than the time between two readings.
    if (reading) return;
    reading = true;
    try {
      const position = await read(coordinates);
      if (timer !== undefined) emit('LocationChange', position);
    } catch (error) {
      const { errCode = 1 } = (error instanceof NativeFailure ? (error.detail.extra ?? {}) : {}) as {
        errCode?: number;
      };
      if (timer !== undefined) emit('LocationChangeError', { errCode });
    } finally {
      reading = false;
    }
  }
  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }
  onClose(stop);
  onClose(
    surroundings.watch(({ position }, before) => {
      if (timer !== undefined && position !== before.position) void tell();
    }),
  );
  return {
    start(type) {
      coordinates = type;
      stop();
      timer = setInterval(() => void tell(), EVERY_MS);
      void tell();
    },
    stop,
  };
}
