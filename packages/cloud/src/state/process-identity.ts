import { readFileSync } from 'node:fs';

/**
 * When a process started, in clock ticks since boot, as text: with the pid it names one process and no later one that
 * got the same number. Undefined when it is gone, or where there is no /proc (then nothing is ever taken for the same
 * process). Field 22 of /proc/<pid>/stat, see proc(5).
 */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may hold anything, so fields are counted from its end.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** Ends a process group that an earlier run left behind, if it is still the very same process. */
export function endLeftover(identity: { pid: number; startTime: string }): boolean {
  if (startTimeOf(identity.pid) !== identity.startTime) return false;
  try {
    process.kill(-identity.pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}
