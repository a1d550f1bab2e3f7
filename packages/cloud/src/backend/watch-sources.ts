import { basename, extname } from 'node:path';
import { watch } from 'chokidar';

/** Only sources count: a backend that writes its own data beside them must not restart itself. */
const SOURCES = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '.json']);
const IGNORED_FOLDERS = new Set(['node_modules', '.sparrow', '.git', 'miniprogram_npm']);
/** Editors write a file in several steps, and several files at once. */
const SETTLE_MS = 120;

/** Calls back with the name of a changed file, once per burst of changes. */
export async function watchSources(dir: string, onChange: (file: string) => void): Promise<{ close(): Promise<void> }> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const watcher = watch(dir, {
    ignoreInitial: true,
    ignored: (path, stats) =>
      IGNORED_FOLDERS.has(basename(path)) || (stats?.isFile() === true && !SOURCES.has(extname(path))),
  });
  watcher.on('all', (event, path) => {
    if (event === 'addDir' || event === 'unlinkDir') return;
    clearTimeout(timer);
    timer = setTimeout(() => onChange(path), SETTLE_MS);
  });
  // A file that vanishes while it is looked at is no reason to end the run.
  watcher.on('error', () => {});
  await new Promise<void>((resolve) => {
    watcher.once('ready', () => resolve());
  });
  return {
    async close() {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}
