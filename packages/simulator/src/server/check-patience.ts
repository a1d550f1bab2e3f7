import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';

/** The machine is looked at this often, in milliseconds. */
const LOOK_MS = 100;
/** However busy the machine is, nothing is waited for longer than so many times its limit. */
const LONGEST = 8;

export interface PatienceOptions {
  /** Programs that want a core now, for each core. */
  crowd?: () => number;
}

/**
 * Rejects when the work has had its time. Time in which other programs hold the cores counts only by the share that was
 * left: a page that is late since the machine is busy has done nothing wrong.
 */
export async function within<T>(ms: number, run: () => Promise<T>, options: PatienceOptions = {}): Promise<T> {
  const crowd = options.crowd ?? crowdOfMachine;
  const started = performance.now();
  let last = started;
  let had = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      const now = performance.now();
      had += (now - last) / Math.max(1, crowd());
      last = now;
      if (had >= ms || now - started >= ms * LONGEST)
        reject(new Error(`nothing for ${Math.round(now - started)} ms (the limit is ${ms} ms on an idle machine)`));
    }, LOOK_MS);
  });
  try {
    return await Promise.race([run(), late]);
  } finally {
    clearInterval(timer);
  }
}

/** Runnable threads for each core; the mean of a minute where the system does not say how many there are now. */
export function crowdOfMachine(): number {
  return wanting() / availableParallelism();
}

function wanting(): number {
  try {
    // "0.20 0.18 0.12 3/80 11206": three threads run or wait for a core.
    return Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[3]?.split('/')[0]) || 0;
  } catch {
    return loadavg()[0] ?? 0;
  }
}
