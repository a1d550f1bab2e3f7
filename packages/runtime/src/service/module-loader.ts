import { rootOfFile } from '@sparrow/protocol';

/**
 * CommonJS modules of a mini program: each is compiled when it is first required, with the names a mini program sees.
 */

export interface ModuleLoader {
  add(modules: Record<string, string>): void;
  has(path: string): boolean;
  /** Runs a module once and returns its exports. @throws what the module throws. */
  require(path: string): unknown;
  /** Forgets all modules but those to be kept, so that the next require runs them again (live reload). */
  forgetAll(keep: (path: string) => boolean): void;
  /** A stack with the columns of the modules themselves: what stands before a module on its first line is taken off. */
  ownColumns(stack: string): string;
}

export interface ModuleLoaderOptions {
  /** Names and values every module sees besides require, module and exports; asked for at each module, by path. */
  globals(path: string): Record<string, unknown>;
  /** Brings in the (sub)package that holds a path, for `require.async`. */
  loadPackageOf?(path: string): Promise<void>;
}

/**
 * Browser names that do not exist in a mini program. The wall is the sandboxed origin; this is about `typeof window`.
 */
const HIDDEN = [
  ...['window', 'document', 'frames', 'self', 'location', 'navigator', 'localStorage', 'sessionStorage', 'history'],
  ...['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'Worker', 'SharedWorker', 'importScripts', 'indexedDB'],
  ...['caches', 'postMessage', 'close', 'alert', 'confirm', 'prompt', 'screen', 'webkit', 'parent', 'top', 'opener'],
];

/** A place on the first line of a module, as it stands in a stack. */
const FIRST_LINE = /(sparrow-app:\/\/\/[^\s():]+:1:)(\d+)/g;

export function createModuleLoader(options: ModuleLoaderOptions): ModuleLoader {
  const sources = new Map<string, string>();
  const loaded = new Map<string, { exports: unknown }>();
  /** Characters before a module on its first line; every module gets the same names. */
  let headLength = 0;

  function resolve(from: string, request: string): string {
    const folder = from.slice(0, from.lastIndexOf('/') + 1);
    const relative = find(target(from, request));
    if (request.startsWith('/')) return relative ?? missing(from, request);
    if (relative) return relative;
    if (!request.startsWith('.')) {
      // npm: look for miniprogram_npm from the folder of the module upwards.
      for (let base = folder; ; base = base.slice(0, base.lastIndexOf('/', base.length - 2) + 1)) {
        const found = find(`${base}miniprogram_npm/${request}`);
        if (found) return found;
        if (base === '') break;
      }
      const rooted = find(normalize(request));
      if (rooted) return rooted;
    }
    return missing(from, request);
  }

  const target = (from: string, request: string) =>
    normalize(`${request.startsWith('/') ? rootOfFile(from) : from.slice(0, from.lastIndexOf('/') + 1)}/${request}`);

  function find(path: string): string | undefined {
    for (const candidate of [path, `${path}.js`, `${path}/index.js`, `${path}.json`])
      if (sources.has(candidate)) return candidate;
    return undefined;
  }

  function missing(from: string, request: string): never {
    throw new Error(`module '${request}' is not defined, required by '${from}'`);
  }

  /** Loads a module of a subpackage that may not be there yet. Rejects with an error that has `mod` and `errMsg`. */
  async function loadLater(from: string, request: string): Promise<unknown> {
    const wanted = target(from, request);
    try {
      if (find(wanted) === undefined) await options.loadPackageOf?.(wanted);
      return load(resolve(from, request));
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause), { cause });
      throw Object.assign(error, { mod: request, errMsg: error.message });
    }
  }

  function load(path: string): unknown {
    const known = loaded.get(path);
    if (known) return known.exports;
    const source = sources.get(path);
    if (source === undefined) throw new Error(`module '${path}' is not defined`);
    const module = { exports: {} as unknown };
    loaded.set(path, module);
    const globals = options.globals(path);
    // Two functions: a module may declare names of its own that the outer one has (`const close = …`). The header
    // stands on the first line, so that line numbers are those of the compiled module.
    const names = [...Object.keys(globals), ...HIDDEN].join(', ');
    const head = `(function (${names}) { return function (require, module, exports) {`;
    headLength = head.length;
    const code = `${head}${source}\n} })\n//# sourceURL=sparrow-app:///${path}`;
    try {
      // biome-ignore lint/security/noGlobalEval: this is what runs a mini program; the realm is sandboxed
      const wrapper = (0, eval)(code) as (...args: unknown[]) => (...args: unknown[]) => void;
      const require = Object.assign(
        (request: string, ok?: (exports: unknown) => void, fail?: (error: unknown) => void): unknown => {
          if (typeof ok !== 'function' && typeof fail !== 'function') return load(resolve(path, String(request)));
          // Without a second function a failure is an unhandled rejection, which is reported.
          void loadLater(path, String(request)).then(ok, fail);
          return undefined;
        },
        { async: (request: string): Promise<unknown> => loadLater(path, String(request)) },
      );
      wrapper(...Object.values(globals)).call(module.exports, require, module, module.exports);
    } catch (error) {
      loaded.delete(path);
      throw error;
    }
    return module.exports;
  }

  return {
    add(modules) {
      for (const [path, source] of Object.entries(modules)) sources.set(path, source);
    },
    has: (path) => sources.has(path),
    require: load,
    forgetAll(keep) {
      for (const path of [...loaded.keys()]) if (!keep(path)) loaded.delete(path);
    },
    ownColumns: (stack) =>
      stack.replace(FIRST_LINE, (_all, place: string, column: string) => {
        return `${place}${Math.max(1, Number(column) - headLength)}`;
      }),
  };
}

/** Removes `.` and `..`; a path that climbs out ends at the root. */
export function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}
