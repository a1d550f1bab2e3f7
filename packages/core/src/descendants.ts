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
    const started = startOf(child);
    return started === undefined ? [] : [{ pid: child, started }, ...descendantsOf(child)];
  });
}

/** SIGKILL to those that are still there. */
export function killDescendants(descendants: readonly Descendant[]): void {
  for (const { pid, started } of descendants) {
    if (startOf(pid) !== started) continue;
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

function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything; the start is the 20th field behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
