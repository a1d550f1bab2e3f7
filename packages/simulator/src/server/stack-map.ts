import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import { type CompiledPackage, codeFrame } from '@sparrow/compiler';
import type { LocatedStack, ProgramPlace } from '@sparrow/protocol';

/** `sparrow-app:///pages/a.js:3:11` in a stack. */
const PLACE = /sparrow-app:\/\/\/([^\s():]+):(\d+):(\d+)/g;
/** A line of a stack that lies in Sparrow's own scripts; it says nothing to who wrote the program. */
const OWN_LINE = /^\s+at .*(?:blob:|\/simulator\/assets\/|<anonymous>\)?$)/;
/** Code that came with a package. */
const FOREIGN = /(?:^|\/)(?:miniprogram_npm|node_modules)\//;

/**
 * Replaces places in compiled modules by those in the project's files, and finds the first one that the project wrote
 * itself. What has no map stays, without its scheme.
 */
export function locateStack(pkg: CompiledPackage, stack: string): LocatedStack {
  const maps = new Map<string, TraceMap | undefined>();
  const mapOf = (module: string): TraceMap | undefined => {
    if (!maps.has(module)) {
      const text = pkg.maps.get(module);
      maps.set(module, text ? new TraceMap(text) : undefined);
    }
    return maps.get(module);
  };
  const places: ProgramPlace[] = [];
  const mapped = stack.replace(PLACE, (_all, module: string, line: string, column: string) => {
    const map = mapOf(module);
    const found = map && originalPositionFor(map, { line: Number(line), column: Math.max(0, Number(column) - 1) });
    const place =
      map && found?.source
        ? {
            file: found.source,
            line: found.line,
            column: found.column + 1,
            frame: codeFrame(sourceOf(map, found.source), { line: found.line, column: found.column + 1 }),
          }
        : { file: module, line: Number(line), column: Number(column), frame: '' };
    places.push(place);
    return `${place.file}:${place.line}:${place.column}`;
  });
  const place = places.find(({ file }) => !FOREIGN.test(file)) ?? places[0];
  return { stack: places.length > 0 ? withoutOwnLines(mapped) : mapped, ...(place && { place }) };
}

function sourceOf(map: TraceMap, source: string): string {
  return map.sourcesContent?.[map.sources.indexOf(source)] ?? '';
}

function withoutOwnLines(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => !OWN_LINE.test(line))
    .join('\n');
}
