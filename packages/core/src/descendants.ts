import { readdirSync, readFileSync } from 'node:fs';

/** A process that is surely the same one as long as it has started then: numbers are given out again. */
export interface Descendant {
  pid: number;
  /** Ticks since the machine started, as the system counts them. */
  started: string;
}

/**
 * What a process has started, and those in turn, also when they made groups and sessions of their own: PostgreSQL does
 * so for every client. Nothing where there is no `/proc`.
 */
export function descendantsOf(pid: number): Descendant[] {
  return childrenOf(pid).flatMap((child) => {
    const started = startTimeOf(child);
    return started === undefined ? [] : [{ pid: child, started }, ...descendantsOf(child)];
  });
}

/** SIGKILL to those that are still there. */
export function killDescendants(descendants: readonly Descendant[]): void {
  for (const { pid, started } of descendants) {
    if (startTimeOf(pid) !== started) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended in this moment.
    }
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '))
      .filter((child) => child !== '')
      .map(Number);
  } catch {
    return [];
  }
}

/** Ticks of `/proc/<pid>/stat` in a second: Linux shows hundredths whatever the kernel counts in. */
const TICKS_PER_SECOND = 100;

/**
 * Milliseconds of CPU that the main thread of a process has used; undefined when it is gone, or where there is no
 * `/proc`.
 */
export function cpuMsOf(pid: number): number | undefined {
  const fields = statOf(pid, `/task/${pid}`);
  // User and system time are the 12th and 13th field behind the name.
  return fields && ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

/**
 * When a process started, in clock ticks since boot, as text: with the pid it names one process and no later one that
 * got the same number. Undefined when it has ended, also when it only waits to be collected, or where there is no
 * `/proc`. Fields 3 and 22 of /proc/<pid>/stat, see proc(5).
 */
export function startTimeOf(pid: number): string | undefined {
  const fields = statOf(pid);
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

function statOf(pid: number, thread = ''): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}${thread}/stat`, 'utf8');
    // The name in parentheses may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
