import { normalize } from '../module-loader.ts';
import { createApiHelper } from './api.ts';
import type { WxDomain } from './context.ts';

interface UrlOptions {
  url: string;
}

/** Routing. Native checks and changes the stack: a navigator in a view asks it, too. */
export const routeDomain: WxDomain = (context) => {
  const api = createApiHelper(context.reporter);
  let lastCause = 0;

  /** Absolute path with query, relative to the page that is shown. */
  function resolve(url: string): string {
    const [rawPath = '', ...query] = url.split('?');
    const current = context.currentPage()?.path ?? '';
    const folder = current.slice(0, current.lastIndexOf('/') + 1);
    const path = normalize(rawPath.startsWith('/') ? rawPath : folder + rawPath).replace(/\.html$/, '');
    return query.length > 0 ? `${path}?${query.join('?')}` : path;
  }
  return {
    navigateTo: api.async('navigateTo', { url: 'String' }, async (options: UrlOptions & { events?: object }) => {
      const cause = ++lastCause;
      const eventChannel = new context.EventChannel();
      for (const [name, listener] of Object.entries(options.events ?? {}))
        eventChannel.on(name, listener as (...args: unknown[]) => void);
      context.keepEventChannel(cause, eventChannel);
      try {
        await context.invoker.invoke('navigateTo', { url: resolve(options.url), cause });
      } catch (error) {
        context.dropEventChannel(cause);
        throw error;
      }
      return { eventChannel };
    }),
    redirectTo: api.async('redirectTo', { url: 'String' }, async (options: UrlOptions) => {
      await context.invoker.invoke('redirectTo', { url: resolve(options.url) });
    }),
    reLaunch: api.async('reLaunch', { url: 'String' }, async (options: UrlOptions) => {
      await context.invoker.invoke('reLaunch', { url: resolve(options.url) });
    }),
    switchTab: api.async('switchTab', { url: 'String' }, async (options: UrlOptions) => {
      await context.invoker.invoke('switchTab', { url: resolve(options.url).split('?')[0] ?? '' });
    }),
    exitMiniProgram: api.async('exitMiniProgram', {}, async () => {
      await context.invoker.invoke('exitMiniProgram', {});
    }),
    navigateBack: api.async('navigateBack', { 'delta?': 'Number' }, async (options: { delta?: number }) => {
      await context.invoker.invoke('navigateBack', { delta: Math.max(1, Math.trunc(options.delta ?? 1)) });
    }),
  };
};
