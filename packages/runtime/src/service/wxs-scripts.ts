/** A WXS module as a view gets it. */
export interface ScriptModule {
  /** Numbered in the logic layer, from 1: a module that a live reload replaces is another one. */
  readonly id: number;
  /** A function expression that takes `require`, `exports` and `module`; it uses `__wxs` of the library. */
  readonly source: string;
  /** Modules it requires, by the names in its source. */
  readonly links: ReadonlyMap<string, ScriptModule>;
  /** A function expression that makes the library. */
  readonly library: string;
}

/** A function by its place in the exports of its module. */
export interface ScriptReference {
  readonly module: ScriptModule;
  readonly path: readonly string[];
}

export interface WxsScripts {
  /** Takes a module that has run; `sourceOf` gives the text of any module beside it. */
  add(exports: unknown, name: string, sourceOf: (name: string) => string | undefined, library: () => unknown): void;
  /** Where a view finds this function; a function that was made while running has no such place. */
  referenceOf(value: unknown): ScriptReference | undefined;
  /** Takes what a template binds to an event: a function is of WXS, since methods are named. */
  addBound(value: unknown): void;
  isScript(value: unknown): boolean;
}

/** Functions stand this deep in the exports at most. */
const MAX_DEPTH = 3;

/** Knows every function that WXS modules export. */
export function createWxsScripts(): WxsScripts {
  const references = new WeakMap<object, ScriptReference>();
  /** Modules of one bundle share the function that gives their texts. */
  const bundles = new WeakMap<() => unknown, Map<string, ScriptModule>>();
  const made = new WeakSet<object>();
  let last = 0;

  function note(value: unknown, module: () => ScriptModule, path: readonly string[]): void {
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return;
    if (typeof value === 'function' && !references.has(value)) references.set(value, { module: module(), path });
    if (path.length >= MAX_DEPTH || Array.isArray(value)) return;
    for (const [key, part] of Object.entries(value)) note(part, module, [...path, key]);
  }

  return {
    add(exports, name, sourceOf, library) {
      const known = bundles.get(library) ?? new Map<string, ScriptModule>();
      bundles.set(library, known);
      const text = `(${String(library)})`;
      const moduleOf = (path: string): ScriptModule | undefined => {
        const made = known.get(path);
        if (made) return made;
        const source = sourceOf(path);
        if (source === undefined) return undefined;
        const links = new Map<string, ScriptModule>();
        const module = { id: ++last, source, links, library: text };
        known.set(path, module);
        // The compiler writes the paths of requires absolute and without suffix.
        for (const [, link = ''] of source.matchAll(/\brequire\("\/([^"]+)"\)/g)) {
          const linked = moduleOf(link);
          if (linked) links.set(link, linked);
        }
        return module;
      };
      note(exports, () => moduleOf(name) as ScriptModule, []);
    },
    referenceOf: (value) => (typeof value === 'function' ? references.get(value) : undefined),
    addBound(value) {
      if (typeof value === 'function') made.add(value);
    },
    isScript: (value) => typeof value === 'function' && made.has(value),
  };
}
