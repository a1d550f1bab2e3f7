import { basename, join, relative, sep } from 'node:path';
import type { Diagnostic, PackageChange } from '@sparrow/protocol';
import { type FSWatcher, watch as watchFiles } from 'chokidar';
import type { CompiledPackage } from './build.ts';
import { classifyChange } from './change.ts';
import { createDiagnostic } from './diagnostics.ts';
import { CompilerError } from './errors.ts';
import { createIsolatedBuilder } from './isolated-builder.ts';
import { isInside } from './paths.ts';
import { phrase } from './phrase.ts';
import { CONFIG_FILES, locateProject } from './project/locate.ts';

export interface CompilerOptions {
  /** Folder of project.config.json, or of app.json. */
  dir: string;
}

export interface PackageUpdate {
  pkg: CompiledPackage;
  change: PackageChange;
  /** Changed files, inside the project folder, with forward slashes. */
  paths: string[];
}

export interface Compiler {
  /**
   * Compiles the project, in a process of its own. Faults of the project are diagnostics of the manifest, whatever it
   * contains: a file that breaks a compiler or takes too long is left out, and the others are compiled.
   *
   * @throws CompilerError NO_PROJECT when there is no app.json; what the disk says when it cannot be read
   */
  build(): Promise<CompiledPackage>;
  /**
   * Rebuilds when files change, 30 ms after the last change. Resolves when the watch is in place; the first package is
   * the one of the last `build()`.
   */
  watch(onChange: (update: PackageUpdate) => void): Promise<void>;
  close(): Promise<void>;
}

const DEBOUNCE_MS = 30;

/**
 * @example
 * const compiler = createCompiler({ dir: 'examples/chat-room' });
 * const pkg = await compiler.build();
 * for (const { file, line, message } of pkg.manifest.diagnostics) console.log(`${file}:${line} ${message}`);
 */
export function createCompiler({ dir }: CompilerOptions): Compiler {
  const builder = createIsolatedBuilder(dir);
  const changed = new Set<string>();
  let last: CompiledPackage | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let rebuilding: Promise<void> = Promise.resolve();
  let watcher: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function build(): Promise<CompiledPackage> {
    if (closed) {
      return Promise.reject(
        new CompilerError('CLOSED', phrase`the compiler is closed`, { hint: phrase`create another one` }),
      );
    }
    // One build at a time: they share their caches.
    const result = running.then(() => builder.build());
    running = result.catch(() => undefined);
    return result.then((pkg) => (last = pkg));
  }

  async function rebuild(onChange: (update: PackageUpdate) => void): Promise<void> {
    const before = last;
    const paths = [...changed].sort();
    changed.clear();
    try {
      const pkg = await build();
      const change = before ? classifyChange(before, pkg) : 'app';
      if (!closed && (paths.length > 0 || change !== 'none')) onChange({ pkg, change, paths });
    } catch (error) {
      if (closed || !before) return;
      // Whatever it was: nobody waits for this build, so its fault is told like any other.
      const manifest = { ...before.manifest, diagnostics: [unreadable(error)] };
      onChange({ pkg: { ...before, manifest }, change: 'none', paths });
    }
  }

  return {
    build,
    async watch(onChange) {
      if (!last) await build();
      const project = locateProject(dir);
      const inProject = (path: string) => relative(project.dir, path).replaceAll(sep, '/');
      const plugins = project.plugins.flatMap(({ folder }) => folder ?? []);
      const folders = [project.root, ...plugins.map((folder) => join(project.dir, folder))];
      watcher = watchFiles([...folders, ...CONFIG_FILES.map((name) => join(project.dir, name))], {
        ignoreInitial: true,
        ignored: (path) => {
          const name = basename(path);
          if (path === project.root || path === project.dir) return false;
          if (name.startsWith('.') || name === 'node_modules') return true;
          if (plugins.some((folder) => isInside(inProject(path), folder))) return false;
          return project.excluded.some((folder) => isInside(inProject(path), folder));
        },
      });
      const again = () => {
        // A listener that throws costs this change and no more.
        rebuilding = rebuilding.then(() => rebuild(onChange)).catch((error: unknown) => console.error(error));
        return rebuilding;
      };
      const schedule = () => {
        clearTimeout(timer);
        timer = setTimeout(again, DEBOUNCE_MS);
      };
      watcher.on('all', (event, path) => {
        // The files of a folder are told one by one.
        if (event === 'addDir' || event === 'unlinkDir') return;
        changed.add(inProject(path));
        schedule();
      });
      await new Promise<void>((resolve) => watcher?.once('ready', () => resolve()));
      // What changed between the build and now made no event.
      await again();
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await watcher?.close();
      await builder.close();
      await running;
    },
  };
}

/** What to show while the project cannot be read, perhaps for the moment of a checkout: the last package stays. */
function unreadable(error: unknown): Diagnostic {
  const place = { display: 'app.json', text: '' };
  if (error instanceof CompilerError) {
    return createDiagnostic(place, { code: 'APP_JSON_MISSING', message: error.told, hint: error.advice });
  }
  const what = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && 'syscall' in error)
    return createDiagnostic(place, {
      code: 'FILE_MISSING',
      message: phrase`the project cannot be read: ${what}`,
      hint: phrase`make the file readable, or save it again`,
    });
  return createDiagnostic(place, {
    code: 'COMPILER_BROKE',
    message: phrase`the project cannot be compiled: ${what}`,
    hint: phrase`take back the last change`,
  });
}
