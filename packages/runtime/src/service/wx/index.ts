import { baseDomain } from './base.ts';
import { canvasDomain } from './canvas.ts';
import { createEvents, type WxContext, type WxDomain } from './context.ts';
import { networkDomain } from './network.ts';
import { queryDomain } from './query.ts';
import { routeDomain } from './route.ts';
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
];

/** The `wx` object of a mini program, and the way native events reach its listeners. */
export function createWx(context: WxContext): {
  wx: Record<string, unknown>;
  emit(event: string, data: unknown): void;
  /** Names of the functions called so far; `missing` are those Sparrow does not have. */
  apiUse(): { used: string[]; missing: string[] };
} {
  const events = createEvents(context.reporter);
  const implemented: Record<string, unknown> = {};
  for (const domain of DOMAINS) Object.assign(implemented, domain(context, events));
  const used = new Set<string>();
  const wx = recorded({ ...createStubs(context, implemented), ...implemented }, used);
  return {
    wx,
    emit: events.emit,
    apiUse: () => ({ used: [...used], missing: [...used].filter((name) => !Object.hasOwn(implemented, name)) }),
  };
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
