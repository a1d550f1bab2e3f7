import { readFileSync } from 'node:fs';
import { realInside } from '@sparrow/core/files';
import { startTimeOf } from '@sparrow/core/process';

/** A process of an earlier run, as `run.json` names it. */
export interface Leftover {
  pid: number;
  startTime: string;
}

/**
 * Ends the process group of a backend that an earlier run left behind, if it is still the very same process.
 *
 * `run.json` may have come along with a project from elsewhere. So it is believed only when the process itself says
 * that it is a backend of this folder, by the environment it was started with; and pid 1 would mean everybody.
 *
 * @param dataRoot folder in which the data folders of the backends lie
 */
export function endLeftover({ pid, startTime }: Leftover, dataRoot: string): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 1 || startTimeOf(pid) !== startTime) return false;
  const dataDir = environmentOf(pid)?.get('SPARROW_DATA_DIR');
  if (dataDir === undefined || realInside([dataRoot], dataDir) === undefined) return false;
  try {
    process.kill(-pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

function environmentOf(pid: number): Map<string, string> | undefined {
  try {
    const pairs = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
  } catch {
    return undefined;
  }
}
