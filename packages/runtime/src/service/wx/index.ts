import { animationDomain } from './animation.ts';
import { barsDomain } from './bars.ts';
import { baseDomain } from './base.ts';
import { canIUse } from './can-i-use.ts';
import { canvasDomain } from './canvas.ts';
import { createEvents, type WxContext, type WxDomain } from './context.ts';
import { developerDomain } from './developer.ts';
import { deviceDomain } from './device.ts';
import { encodingDomain } from './encoding.ts';
import { FileTree } from './file-tree.ts';
import { filesDomain } from './files.ts';
import { mediaDomain } from './media.ts';
import { networkDomain } from './network.ts';
import { queryDomain } from './query.ts';
import { routeDomain } from './route.ts';
import { shareDomain } from './share.ts';
import { storageDomain } from './storage.ts';
import { createStubs } from './stubs.ts';
import { uiDomain } from './ui.ts';
import { userDomain } from './user.ts';

const DOMAINS: readonly WxDomain[] = [
  baseDomain,
  routeDomain,
  networkDomain,
  storageDomain,
  userDomain,
  uiDomain,
  queryDomain,
  canvasDomain,
  barsDomain,
  deviceDomain,
  mediaDomain,
  encodingDomain,
  developerDomain,
  shareDomain,
  animationDomain,
  filesDomain,
];

/** The `wx` object of a mini program, and the way native events reach its listeners. */
export function createWx(context: WxContext): {
  wx: Record<string, unknown>;
  emit(event: string, data: unknown): void;
  /** Names of the functions called so far; `missing` are those Sparrow does not have. */
  apiUse(): { used: string[]; missing: string[] };
} {
  const events = createEvents(context.reporter);
  const implemented = implementedFunctions(context, events);
  const used = new Set<string>();
  const wx = recorded({ ...createStubs(context, implemented), ...implemented }, used);
  return {
    wx,
    emit: events.emit,
    apiUse: () => ({ used: [...used], missing: [...used].filter((name) => !Object.hasOwn(implemented, name)) }),
  };
}

/** What Sparrow has of `wx`; the coverage table is made of its names. */
export function implementedFunctions(context: WxContext, events = createEvents(context.reporter)) {
  const implemented: Record<string, unknown> = {};
  const files = new FileTree(context.boot.userFiles, (path, data) => {
    const sent =
      data === undefined
        ? context.invoker.invoke('removeUserFile', { path })
        : context.invoker.invoke('writeUserFile', { path, ...(data && { data: data.slice().buffer }) });
    void sent.catch((error: unknown) =>
      context.reporter.console.warn(`the file ${path} is not kept: ${String(error)}`),
    );
  });
  for (const domain of DOMAINS) Object.assign(implemented, domain(context, events, files));
  implemented.canIUse = (schema: unknown) => canIUse(schema, implemented);
  return implemented;
}

/** The same functions, noting which were called. */
function recorded(functions: Record<string, unknown>, used: Set<string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(functions).map(([name, value]) => {
      if (typeof value !== 'function') return [name, value];
      const run = value as (...args: unknown[]) => unknown;
      const wrapper = (...args: unknown[]): unknown => {
        used.add(name);
        return run(...args);
      };
      return [name, wrapper];
    }),
  );
}
