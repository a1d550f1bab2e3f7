import { readFileSync } from 'node:fs';

/** Ticks of `/proc/<pid>/stat` in a second: Linux shows hundredths whatever the kernel counts in. */
const TICKS = 100;

/**
 * Milliseconds since the person pressed enter. Started by npm that is npm's own start, so that installing, building and
 * loading count too; otherwise the start of this process.
 */
export function sinceCommand(env: NodeJS.ProcessEnv = process.env): number {
  const own = Math.round(performance.now());
  if (env.npm_lifecycle_event === undefined) return own;
  try {
    // The name of the process stands in brackets and may hold spaces; the start is field 22.
    const fields = readFileSync(`/proc/${process.ppid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    const ms = Math.round((uptime - Number(fields[19]) / TICKS) * 1000);
    return Number.isFinite(ms) ? Math.max(own, ms) : own;
  } catch {
    return own;
  }
}
