import { mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readIfThere } from '../state/atomic-file.ts';

/** What the backend's process has loaded, as far as it can be known: of programs that run in Node. */
export interface LoadedFiles {
  /** Environment with which a process reports what it loads. */
  readonly env: Record<string, string>;
  /** Forgets what the process before has loaded. */
  reset(): void;
  /**
   * - `changed`: it was loaded and has been written since.
   * - `same`: it was loaded as it is now; the process itself may have written it just before.
   * - `beside`: it was not loaded, but code in its folder was.
   * - `elsewhere`: the process has loaded nothing in its folder.
   * - `unknown`: nothing was reported at all.
   */
  look(path: string): 'changed' | 'same' | 'beside' | 'elsewhere' | 'unknown';
  close(): void;
}

export function createLoadedFiles(given: Readonly<Record<string, string | undefined>>): LoadedFiles {
  const folder = mkdtempSync(join(tmpdir(), 'sparrow-loads-'));
  const file = join(folder, 'loads');
  const hook = fileURLToPath(new URL('./report-loads.cjs', import.meta.url));
  const options = given.NODE_OPTIONS ? `${given.NODE_OPTIONS} ` : '';
  return {
    env: { SPARROW_LOADS: file, NODE_OPTIONS: `${options}--require ${JSON.stringify(hook)}` },
    reset: () => writeFileSync(file, ''),
    look(path) {
      const loads = new Map<string, number>();
      const folders = new Set<string>();
      for (const line of (readIfThere(file) ?? '').split('\n')) {
        const [name, mtimeMs] = parse(line);
        if (name === undefined) continue;
        loads.set(name, mtimeMs);
        folders.add(dirname(name));
      }
      if (loads.size === 0) return 'unknown';
      const real = realOf(path);
      const loadedAt = loads.get(real);
      if (loadedAt !== undefined)
        return statSync(real, { throwIfNoEntry: false })?.mtimeMs === loadedAt ? 'same' : 'changed';
      return folders.has(dirname(real)) ? 'beside' : 'elsewhere';
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Also of a file that is gone: its folder is still there. */
function realOf(path: string): string {
  for (const [at, rest] of [
    [path, ''],
    [dirname(path), path.slice(dirname(path).length)],
  ] as const) {
    try {
      return realpathSync(at) + rest;
    } catch {
      // Gone; one level above it is tried.
    }
  }
  return path;
}

function parse(line: string): [string, number] | [undefined, undefined] {
  try {
    const value: unknown = JSON.parse(line);
    if (Array.isArray(value) && typeof value[0] === 'string') return [value[0], Number(value[1])];
  } catch {
    // Half a line, which is still being written.
  }
  return [undefined, undefined];
}
