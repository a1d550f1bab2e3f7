import { basename, extname, matchesGlob, relative, sep } from 'node:path';
import { watch } from 'chokidar';
import type { LoadedFiles } from './loaded-files.ts';

const CODE = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']);
/** Code, and what code loads by `require`. */
const SOURCES = new Set([...CODE, '.json']);
/** JSON that decides how a backend starts, though its code does not load it. */
const SETTINGS = new Set(['package.json', 'tsconfig.json']);
const IGNORED_FOLDERS = new Set(['node_modules', '.sparrow', '.git', 'miniprogram_npm']);
/** Editors write a file in several steps, and several files at once. */
const SETTLE_MS = 120;
/** A change that comes so soon after a start may be the start's own doing. */
const START_MS = 3_000;
/** Starts in a row that one file follows before it counts as written by the backend. */
const MAX_ECHOES = 5;

export interface SourceWatchOptions {
  dir: string;
  loads: LoadedFiles;
  /** Files and folders of the backend, or patterns of them, whose changes do not count. */
  ignore: readonly string[];
  /** Milliseconds since the running process was started. */
  age: () => number;
  /** The name of a changed file, once per burst of changes. */
  onChange(file: string): void;
  /** This file is not looked at any more, since the backend itself writes it. */
  onIgnored(file: string): void;
}

/**
 * Watches the sources of a backend. What the backend writes itself must not restart it: data and caches beside its code. So a
 * change counts when the process has loaded that very file and it is another one now, or when it is code in a folder whose
 * code the process has loaded. Of a process that does not tell what it loads every change of code counts.
 */
export async function watchSources(options: SourceWatchOptions): Promise<{ close(): Promise<void> }> {
  const { dir, loads } = options;
  const echoes = new Map<string, number>();
  const own = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let burst = new Set<string>();

  function isIgnored(path: string): boolean {
    const way = relative(dir, path).replaceAll(sep, '/');
    return options.ignore.some((given) => {
      const pattern = given.replace(/^\.\//, '').replace(/\/+$/, '');
      return way === pattern || way.startsWith(`${pattern}/`) || matchesGlob(way, pattern);
    });
  }

  function counts(path: string): boolean {
    const name = basename(path);
    if (own.has(path) || isIgnored(path)) return false;
    if (SETTINGS.has(name)) return true;
    const found = loads.look(path);
    if (found === 'changed') return true;
    return CODE.has(extname(path)) && (found === 'beside' || found === 'unknown');
  }

  /** The process has written the file after each of its last starts: it would be restarted for ever. */
  function isEcho(path: string): boolean {
    if (options.age() > START_MS) {
      echoes.delete(path);
      return false;
    }
    const count = (echoes.get(path) ?? 0) + 1;
    echoes.set(path, count);
    if (count <= MAX_ECHOES) return false;
    own.add(path);
    options.onIgnored(path);
    return true;
  }

  function settle(): void {
    const changed = [...burst].filter((path) => counts(path) && !isEcho(path));
    burst = new Set();
    if (changed[0] !== undefined) options.onChange(changed[0]);
  }

  const watcher = watch(dir, {
    ignoreInitial: true,
    ignored: (path, stats) =>
      IGNORED_FOLDERS.has(basename(path)) || (stats?.isFile() === true && !SOURCES.has(extname(path))),
  });
  watcher.on('all', (event, path) => {
    if (event === 'addDir' || event === 'unlinkDir') return;
    burst.add(path);
    clearTimeout(timer);
    timer = setTimeout(settle, SETTLE_MS);
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
