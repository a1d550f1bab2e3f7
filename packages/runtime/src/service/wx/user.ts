import { createApiHelper } from './api.ts';
import type { WxDomain } from './context.ts';

/** Login and user information. */
export const userDomain: WxDomain = (context) => {
  const api = createApiHelper(context.reporter);
  return {
    login: api.async('login', { 'timeout?': 'Number' }, (options: { timeout?: number }) =>
      context.invoker.invoke('login', options.timeout === undefined ? {} : { timeout: options.timeout }),
    ),
    checkSession: api.async('checkSession', {}, () => context.invoker.invoke('checkSession', {})),
    getUserInfo: api.async('getUserInfo', {}, (options: { withCredentials?: boolean; lang?: string }) =>
      context.invoker.invoke('getUserInfo', {
        withCredentials: options.withCredentials !== false,
        lang: options.lang ?? 'en',
        profile: false,
      }),
    ),
    getUserProfile: api.async('getUserProfile', { desc: 'String' }, (options: { desc: string; lang?: string }) =>
      context.invoker.invoke('getUserInfo', { withCredentials: true, lang: options.lang ?? 'en', profile: true }),
    ),
  };
};
