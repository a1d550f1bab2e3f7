/** What stands in the global scope of a Worker; the DOM's types are not those of the logic layer. */
export interface RealmScope {
  postMessage(message: unknown): void;
  onmessage: ((event: { data: unknown }) => void) | null;
  worker?: unknown;
}

/**
 * Runs the scripts of a program's Worker. It is handed over as its source text: nothing from outside of this function
 * may be named in it.
 */
export function runRealm(scope: RealmScope, modules: Record<string, string>, entry: string): void {
  const listeners = new Set<(message: unknown) => void>();
  const loaded = new Map<string, { exports: unknown }>();
  const post = scope.postMessage.bind(scope);
  const worker = {
    postMessage: (message: unknown) => post(message),
    onMessage: (listener: (message: unknown) => void) => void listeners.add(listener),
    offMessage: (listener?: (message: unknown) => void) =>
      listener ? void listeners.delete(listener) : listeners.clear(),
  };
  scope.worker = worker;
  const resolve = (from: string, request: string): string => {
    const parts = request.startsWith('/') ? [] : from.split('/').slice(0, -1);
    for (const part of request.split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '.' && part !== '') parts.push(part);
    }
    const path = parts.join('/');
    for (const candidate of [path, `${path}.js`, `${path}/index.js`]) if (candidate in modules) return candidate;
    throw new Error(`module '${request}' is not defined, required by '${from}'`);
  };
  const load = (path: string): unknown => {
    const known = loaded.get(path);
    if (known) return known.exports;
    const module = { exports: {} as unknown };
    loaded.set(path, module);
    const head = '(function (require, module, exports, worker, self, fetch, XMLHttpRequest, importScripts) {';
    // biome-ignore lint/security/noGlobalEval: this is what runs the script of a mini program; the realm is sandboxed
    const run = (0, eval)(`${head}${modules[path]}\n})\n//# sourceURL=sparrow-app:///${path}`) as (
      ...args: unknown[]
    ) => void;
    run((request: string) => load(resolve(path, String(request))), module, module.exports, worker);
    return module.exports;
  };
  scope.onmessage = ({ data }) => {
    for (const listener of [...listeners]) listener(data);
  };
  load(entry);
}
