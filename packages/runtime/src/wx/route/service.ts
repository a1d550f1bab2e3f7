import { pageAddress } from '../../bridge/page-address.ts';
import type { WxContext } from '../../service/wx/context.ts';
import { asyncFunction, forwarded, serviceWith } from '../../service/wx/define.ts';
import { anything, number, optional, text } from '../schema.ts';
import { routeContract } from './contract.ts';

interface Routes extends WxContext {
  /** Absolute path with query, relative to the page that is shown. */
  resolve(url: string): string;
  nextCause(): number;
}

function createRoutes(wx: WxContext): Routes {
  let lastCause = 0;
  return {
    ...wx,
    nextCause: () => ++lastCause,
    resolve: (url) => pageAddress(url, wx.currentPage()?.path ?? ''),
  };
}

type Listener = (...args: unknown[]) => void;

/** Routing. Native checks and changes the stack: a navigator in a view asks it, too. */
export const routeService = serviceWith(createRoutes, {
  navigateTo: asyncFunction(
    { url: text(), events: optional(anything<Record<string, Listener>>()) },
    async (routes, { url, events }) => {
      const cause = routes.nextCause();
      const eventChannel = new routes.EventChannel();
      for (const [name, listener] of Object.entries(events ?? {})) eventChannel.on(name, listener);
      routes.keepEventChannel(cause, eventChannel);
      try {
        await routes.invoke('navigateTo', { url: routes.resolve(url), cause });
      } catch (error) {
        routes.dropEventChannel(cause);
        throw error;
      }
      return { eventChannel };
    },
  ),
  redirectTo: asyncFunction({ url: text() }, ({ invoke, resolve }, { url }) =>
    invoke('redirectTo', { url: resolve(url) }),
  ),
  reLaunch: asyncFunction({ url: text() }, ({ invoke, resolve }, { url }) => invoke('reLaunch', { url: resolve(url) })),
  switchTab: asyncFunction({ url: text() }, ({ invoke, resolve }, { url }) =>
    invoke('switchTab', { url: resolve(url).split('?')[0] ?? '' }),
  ),
  exitMiniProgram: forwarded(routeContract, 'exitMiniProgram'),
  navigateBack: asyncFunction({ delta: optional(number()) }, ({ invoke }, { delta }) =>
    invoke('navigateBack', { delta: Math.max(1, Math.trunc(delta ?? 1)) }),
  ),
});
