import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../../errors.ts';

/** Field 22 of /proc/<pid>/stat tells one process of a pid from the next. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** Keeps a folder for this process; a holder that is gone, however it ended, holds nothing. @throws StoreError STORE_IN_USE */
export function holdFolder(dir: string, hint: string): () => void {
  const path = join(dir, 'writer');
  const own = `${process.pid} ${startOf(process.pid) ?? ''}`;
  for (let attempt = 0; ; attempt++) {
    try {
      const file = openSync(path, 'wx', 0o600);
      writeSync(file, own);
      closeSync(file);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      let holder = '';
      try {
        holder = readFileSync(path, 'utf8');
      } catch {
        continue;
      }
      const [pid = '', start = ''] = holder.split(' ');
      const alive = Number(pid) > 0 && startOf(Number(pid)) === start && start !== '';
      if (alive || attempt > 3)
        throw new StoreError('STORE_IN_USE', `${dir} is open for writing in process ${pid}`, { hint });
      try {
        unlinkSync(path);
      } catch {
        // Somebody else was faster; the next round sees.
      }
    }
  }
  return () => {
    try {
      if (readFileSync(path, 'utf8') === own) unlinkSync(path);
    } catch {
      // It is gone already.
    }
  };
}
