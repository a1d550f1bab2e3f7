import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const examples = join(import.meta.dirname, '../examples');
const MARK = '.e2e-';

/**
 * A folder beside the examples, with a copy of one of them or empty: packages of the repository are found from there.
 * It goes when the process ends, however far the test came; what a killed one left goes with the next.
 */
export function exampleCopy(name?: string): { dir: string; remove(): void } {
  removeLeft();
  const dir = mkdtempSync(join(examples, `${MARK}${process.pid}-`));
  const remove = (): void => {
    process.off('exit', remove);
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  };
  process.once('exit', remove);
  if (name !== undefined)
    cpSync(join(examples, name), dir, { recursive: true, filter: (path) => !path.includes('/.sparrow') });
  return { dir, remove };
}

function removeLeft(): void {
  for (const entry of readdirSync(examples)) {
    const pid = new RegExp(`^\\${MARK}(\\d+)-`).exec(entry)?.[1];
    if (pid !== undefined && !runs(Number(pid))) rmSync(join(examples, entry), { recursive: true, force: true });
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
