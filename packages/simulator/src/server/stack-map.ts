import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import type { CompiledPackage } from '@sparrow/compiler';

/** `sparrow-app:///pages/a.js:3:11` in a stack; the first column of a module's first line is moved by the wrapper. */
const PLACE = /sparrow-app:\/\/\/([^\s():]+):(\d+):(\d+)/g;

/** Replaces places in compiled modules by those in the project's files. What has no map stays, without its scheme. */
export function mapStack(pkg: CompiledPackage, stack: string): string {
  const maps = new Map<string, TraceMap | undefined>();
  const mapOf = (module: string): TraceMap | undefined => {
    if (!maps.has(module)) {
      const text = pkg.maps.get(module);
      maps.set(module, text === undefined ? undefined : new TraceMap(text));
    }
    return maps.get(module);
  };
  return stack.replace(PLACE, (_all, module: string, line: string, column: string) => {
    const map = mapOf(module);
    const found = map && originalPositionFor(map, { line: Number(line), column: Math.max(0, Number(column) - 1) });
    return found?.source ? `${found.source}:${found.line}:${(found.column ?? 0) + 1}` : `${module}:${line}:${column}`;
  });
}
