import { ApiFailure, shouldBe } from '../../service/wx/api.ts';
import type { WxContext } from '../../service/wx/context.ts';
import { serviceWith, syncFunction } from '../../service/wx/define.ts';
import { type RealmScope, runRealm } from './service-realm.ts';

interface NestedWorker extends RealmScope {
  terminate(): void;
  onerror: ((event: { message: string; preventDefault(): void }) => void) | null;
}
interface Realm {
  Worker: new (url: string) => NestedWorker;
  Blob: new (parts: string[], options: { type: string }) => object;
  URL: { createObjectURL(blob: object): string; revokeObjectURL(url: string): void };
}

function createWorkers(wx: WxContext) {
  let running: NestedWorker | undefined;

  /** Folder of app.json that all scripts of Workers lie in. */
  function folderOf(): string {
    const { workers } = wx.manifest().app.raw;
    const path = typeof workers === 'string' ? workers : (workers as { path?: unknown } | undefined)?.path;
    if (typeof path !== 'string' || !path) throw new ApiFailure('"workers" is not declared in app.json');
    return path.replace(/^\/|\/$/g, '');
  }

  function open(script: unknown): object {
    if (typeof script !== 'string') throw shouldBe('String', script, 'scriptPath');
    const folder = folderOf();
    if (running) throw new ApiFailure('exceed max concurrent worker limit');
    const entry = script.replace(/^\//, '');
    const modules = Object.fromEntries(Object.entries(wx.modules()).filter(([path]) => path.startsWith(`${folder}/`)));
    if (!Object.hasOwn(modules, entry)) throw new ApiFailure(`the script "${script}" is not in "${folder}"`);
    const realm = globalThis as unknown as Realm;
    const source = `(${runRealm.toString()})(self, ${JSON.stringify(modules)}, ${JSON.stringify(entry)})`;
    const address = realm.URL.createObjectURL(new realm.Blob([source], { type: 'text/javascript' }));
    const nested = new realm.Worker(address);
    running = nested;
    const listeners = new Set<(message: unknown) => void>();
    nested.onmessage = ({ data }) => {
      for (const listener of [...listeners]) wx.reporter.guard('Worker.onMessage', () => listener(data));
    };
    nested.onerror = (event) => {
      event.preventDefault();
      wx.reporter.problem('script', 'UNCAUGHT', new Error(`${event.message} (in the Worker ${entry})`));
    };
    const end = (): void => {
      if (running === nested) running = undefined;
      realm.URL.revokeObjectURL(address);
      listeners.clear();
      nested.terminate();
    };
    return {
      env: { USER_DATA_PATH: 'http://usr' },
      postMessage(message: unknown) {
        if (typeof message !== 'object' || message === null) throw shouldBe('Object', message);
        if (running === nested) nested.postMessage(message);
      },
      onMessage: (listener: unknown) =>
        void (typeof listener === 'function' && listeners.add(listener as (message: unknown) => void)),
      offMessage: (listener?: (message: unknown) => void) =>
        listener ? void listeners.delete(listener) : listeners.clear(),
      // Ours lives until it is ended: there is no system that kills it for its memory.
      onProcessKilled: () => {},
      terminate: end,
    };
  }
  return { open };
}

/** A second thread of the program, one at a time; its scripts see `worker` and each other. */
export const workerService = serviceWith(createWorkers, {
  createWorker: syncFunction(({ open }, script: unknown) => open(script)),
});
