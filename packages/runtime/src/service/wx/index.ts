import { baseDomain } from './base.ts';
import { createEvents, type WxContext, type WxDomain } from './context.ts';
import { networkDomain } from './network.ts';
import { queryDomain } from './query.ts';
import { routeDomain } from './route.ts';
import { storageDomain } from './storage.ts';
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
];

/** The `wx` object of a mini program, and the way native events reach its listeners. */
export function createWx(context: WxContext): {
  wx: Record<string, unknown>;
  emit(event: string, data: unknown): void;
} {
  const events = createEvents(context.reporter);
  const wx: Record<string, unknown> = {};
  for (const domain of DOMAINS) Object.assign(wx, domain(context, events));
  return { wx, emit: events.emit };
}
