import { FileTree } from '../../wx/files/service-tree.ts';
import { ApiFailure, createApiHelper } from './api.ts';
import { createEvents, type LogicLayer, type WxContext } from './context.ts';
import { implementedNames, SERVICES } from './domains.ts';
import { createStubs } from './stubs.ts';

/** The `wx` object of a mini program, and the way native events reach its listeners. */
export function createWx(layer: LogicLayer): {
  wx: Record<string, unknown>;
  emit(event: string, data: unknown): void;
  /** Names of the functions called so far; `missing` are those Sparrow does not have. */
  apiUse(): { used: string[]; missing: string[] };
} {
  const implemented = implementedNames();
  const context = createContext(layer, implemented);
  const used = new Set<string>();
  const wx: Record<string, unknown> = {};
  for (const [name, stub] of Object.entries(createStubs(layer, implemented))) wx[name] = recorded(name, stub, used);
  for (const { names, open } of SERVICES) {
    let domain: ReturnType<typeof open> | undefined;
    for (const name of names)
      defineLazily(wx, name, () => {
        domain ??= open(context);
        return recorded(name, domain(name), used);
      });
  }
  return {
    wx,
    emit: context.events.emit,
    apiUse: () => ({ used: [...used], missing: [...used].filter((name) => !implemented.has(name)) }),
  };
}

function createContext(layer: LogicLayer, implemented: ReadonlySet<string>): WxContext {
  let files: FileTree | undefined;
  return {
    ...layer,
    api: createApiHelper(layer.reporter),
    events: createEvents(layer.reporter),
    get files() {
      files ??= openFiles(layer);
      return files;
    },
    pageId() {
      const page = layer.currentPage();
      if (!page) throw new ApiFailure('there is no page');
      return page.id;
    },
    has: (name) => implemented.has(name),
  };
}

/** The user folder in the logic layer; what changes there is written down by native. */
function openFiles({ boot, invoke, reporter }: LogicLayer): FileTree {
  return new FileTree(boot.userFiles, (path, data) => {
    const sent =
      data === undefined
        ? invoke('removeUserFile', { path })
        : invoke('writeUserFile', { path, ...(data && { data: data.slice().buffer }) });
    void sent.catch((error: unknown) => reporter.console.warn(`the file ${path} is not kept: ${String(error)}`));
  });
}

/** A property that is made when it is first read; a program may put something else in its place. */
function defineLazily(target: Record<string, unknown>, name: string, make: () => unknown): void {
  let made: { value: unknown } | undefined;
  const plain = (value: unknown) => ({ value, writable: true, enumerable: true, configurable: true });
  Object.defineProperty(target, name, {
    get() {
      made ??= { value: make() };
      // A program may have frozen what it was given: then it stays as it is.
      Reflect.defineProperty(target, name, plain(made.value));
      return made.value;
    },
    // What a program builds upon wx, with Object.create, has its own.
    set(this: object, value: unknown) {
      Reflect.defineProperty(this, name, plain(value));
    },
    enumerable: true,
    configurable: true,
  });
}

/** The same function, noting that it was called. */
function recorded(name: string, made: unknown, used: Set<string>): unknown {
  if (typeof made !== 'function') return made;
  const run = made as (...args: unknown[]) => unknown;
  return (...args: unknown[]): unknown => {
    used.add(name);
    return run(...args);
  };
}
