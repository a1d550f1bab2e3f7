import { LIBRARY_ID } from '../bridge/tree-ops.ts';
import type { Handler } from './node-facts.ts';

type Loader = (require: (path: string) => unknown, exports: object, module: { exports: unknown }) => void;

interface Script {
  source: string;
  links: Record<string, number>;
  module?: { exports: unknown };
}

export interface WxsModules {
  add(id: number, source: string, links: Record<string, number>): void;
  /** The function a handler names, if there is one. Its module runs when a function of it is first asked for. */
  functionOf(handler: Pick<Handler, 'script' | 'path'>): ((...args: unknown[]) => unknown) | undefined;
}

/**
 * The WXS modules of one page, made of the texts that the logic layer has run itself: rewritten by the compiler, so that they see
 * no global name.
 *
 * @param print the console of the modules
 * @param prepare runs before the first of them
 */
export function createWxsModules(print: (level: string, values: unknown[]) => void, prepare: () => void): WxsModules {
  const scripts = new Map<number, Script>();
  let library: unknown;

  function evaluate(source: string, id: number): unknown {
    // biome-ignore lint/security/noGlobalEval: code made by our compiler; the frame is sandboxed, and see `close-realm.ts`
    const make = (0, eval)(`(function (__wxs) { return (${source}) })\n//# sourceURL=sparrow-wxs:///${id}.wxs`) as (
      wxs: unknown,
    ) => unknown;
    return make(library);
  }
  function load(id: number | undefined): unknown {
    const script = id === undefined ? undefined : scripts.get(id);
    if (!script || id === undefined) return {};
    if (script.module) return script.module.exports;
    const module = { exports: {} as unknown };
    script.module = module;
    const require = (path: string): unknown =>
      load(
        script.links[
          String(path)
            .replace(/^\//, '')
            .replace(/\.wxs$/, '')
        ],
      );
    (evaluate(script.source, id) as Loader).call(undefined, require, module.exports as object, module);
    return module.exports;
  }

  return {
    add(id, source, links) {
      if (id !== LIBRARY_ID) scripts.set(id, { source, links });
      else {
        prepare();
        library = (evaluate(source, id) as (root: object, show: typeof print) => unknown)(globalThis, print);
      }
    },
    functionOf({ script, path }) {
      let value = load(script);
      for (const key of path) value = (value as Record<string, unknown> | null | undefined)?.[key];
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown) : undefined;
    },
  };
}
