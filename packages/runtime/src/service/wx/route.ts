import { normalize } from '../module-loader.ts';
import { ApiFailure, createApiHelper } from './api.ts';
import type { WxDomain } from './context.ts';

/** Pages that navigateTo may stack. Source: the routing chapter of the mini-program guide. */
const STACK_LIMIT = 10;

interface UrlOptions {
  url: string;
}

/** Routing. The checks are made here, the change by native. */
export const routeDomain: WxDomain = (context) => {
  const api = createApiHelper(context.reporter);
  let lastCause = 0;

  /** Absolute path with query, relative to the page that is shown. */
  function resolve(url: string): { path: string; full: string } {
    const [rawPath = '', ...query] = url.split('?');
    const current = context.currentPage()?.path ?? '';
    const folder = current.slice(0, current.lastIndexOf('/') + 1);
    const path = normalize(rawPath.startsWith('/') ? rawPath : folder + rawPath).replace(/\.html$/, '');
    return { path, full: query.length > 0 ? `${path}?${query.join('?')}` : path };
  }
  const isPage = (path: string): boolean => context.manifest().app.pages.includes(path);
  const isTab = (path: string): boolean =>
    context.manifest().app.tabBar?.list.some((item) => item.pagePath === path) ?? false;

  function target(url: string, name: string): { path: string; full: string } {
    const found = resolve(url);
    if (!isPage(found.path)) throw new ApiFailure(`page "${found.full}" is not found`);
    if ((name === 'navigateTo' || name === 'redirectTo') && isTab(found.path))
      throw new ApiFailure('can not navigate to a tabbar page');
    if (name === 'switchTab' && !isTab(found.path)) throw new ApiFailure('can not switch to no-tabBar page');
    return found;
  }

  return {
    navigateTo: api.async('navigateTo', { url: 'String' }, async (options: UrlOptions & { events?: object }) => {
      const { full } = target(options.url, 'navigateTo');
      if (context.stack().length >= STACK_LIMIT) throw new ApiFailure(`webview count limit exceed`);
      const cause = ++lastCause;
      const eventChannel = new context.EventChannel();
      for (const [name, listener] of Object.entries(options.events ?? {}))
        eventChannel.on(name, listener as (...args: unknown[]) => void);
      context.keepEventChannel(cause, eventChannel);
      await context.invoker.invoke('navigateTo', { url: full, cause });
      return { eventChannel };
    }),
    redirectTo: api.async('redirectTo', { url: 'String' }, async (options: UrlOptions) => {
      await context.invoker.invoke('redirectTo', { url: target(options.url, 'redirectTo').full });
    }),
    reLaunch: api.async('reLaunch', { url: 'String' }, async (options: UrlOptions) => {
      await context.invoker.invoke('reLaunch', { url: target(options.url, 'reLaunch').full });
    }),
    switchTab: api.async('switchTab', { url: 'String' }, async (options: UrlOptions) => {
      await context.invoker.invoke('switchTab', { url: target(options.url, 'switchTab').path });
    }),
    navigateBack: api.async('navigateBack', { 'delta?': 'Number' }, async (options: { delta?: number }) => {
      if (context.stack().length <= 1) throw new ApiFailure('cannot navigate back at first page');
      await context.invoker.invoke('navigateBack', { delta: Math.max(1, Math.trunc(options.delta ?? 1)) });
    }),
  };
};
