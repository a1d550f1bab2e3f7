import { readFileSync } from 'node:fs';

const HANG_MS = 1_000;
const BOOT_MS = 60_000;
/** Whoever waits for a processor for so many times the limit is of no use, though he does not hang. */
const STARVED_TIMES = 15;

export interface WatchdogOptions {
  pid: number;
  /** Silence after which a process that is up is taken for hung (default 1,000 ms). */
  hangMs?: number;
  /** Time until its first word (default 60,000 ms). */
  bootMs?: number;
  now?: () => number;
  /** Milliseconds that the process has waited for a processor so far; undefined when that cannot be known. */
  waited?: () => number | undefined;
}

export interface Watchdog {
  /** The process said something: from the first word on it is up. */
  heard(): void;
  /** To be called every few ten milliseconds. Why the process is to be ended, undefined when it is well. */
  look(): string | undefined;
}

/**
 * Says whether a process hangs. A busy machine is no hang: time in which the process wanted to run and got no
 * processor does not count as silence, nor does time in which the watcher itself stood still. Until the process is up
 * it may be silent.
 */
export function createWatchdog(options: WatchdogOptions): Watchdog {
  const { pid, hangMs = HANG_MS, bootMs = BOOT_MS, now = () => performance.now() } = options;
  const waited = options.waited ?? (() => runQueueMs(pid));
  let isUp = false;
  let heardAt = now();
  let lookedAt = heardAt;
  /**
   * Since its last word: time in which the watcher looked, and of that the time in which the process could have
   * spoken.
   */
  let watchedMs = 0;
  let silentMs = 0;
  let waitedBefore: number | undefined;
  return {
    heard() {
      isUp = true;
      heardAt = now();
      watchedMs = 0;
      silentMs = 0;
      waitedBefore = undefined;
    },
    look() {
      const at = now();
      // Whoever was stopped himself must not call the other one silent: of that time one look's worth counts.
      const passed = Math.min(at - lookedAt, hangMs / 4);
      lookedAt = at;
      watchedMs += passed;
      if (!isUp) return watchedMs > bootMs ? `has said nothing in ${bootMs} ms since its start` : undefined;
      if (watchedMs < hangMs / 4) {
        silentMs += passed;
        return undefined;
      }
      const waitedNow = waited();
      const waitedMs = waitedNow === undefined || waitedBefore === undefined ? 0 : waitedNow - waitedBefore;
      waitedBefore = waitedNow;
      silentMs += Math.max(0, passed - waitedMs);
      if (silentMs >= hangMs) return `hangs: it has said nothing for ${Math.round(at - heardAt)} ms`;
      if (watchedMs >= hangMs * STARVED_TIMES) return `gets no processor: silent for ${Math.round(at - heardAt)} ms`;
      return undefined;
    },
  };
}

/** Time on the run queue of the main thread, ms: see proc-schedstat in the kernel's documentation. Linux alone. */
function runQueueMs(pid: number): number | undefined {
  try {
    const nanoseconds = Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]);
    return Number.isFinite(nanoseconds) ? nanoseconds / 1e6 : undefined;
  } catch {
    return undefined;
  }
}
