import { ApiFailure, createApiHelper } from './api.ts';
import type { WxDomain } from './context.ts';

/** Sharing switches, and the services of the platform that have nothing for a program nobody published. */
export const shareDomain: WxDomain = (context) => {
  const api = createApiHelper(context.reporter);
  let token = '';
  return {
    // The menu they change is not drawn: they check, and answer.
    showShareMenu: api.async('showShareMenu', { 'withShareTicket?': 'Boolean', 'menus?': 'Array' }, () => {}),
    hideShareMenu: api.async('hideShareMenu', { 'menus?': 'Array' }, () => {}),
    updateShareMenu: api.async('updateShareMenu', { 'withShareTicket?': 'Boolean' }, () => {}),
    setBackgroundFetchToken: api.async('setBackgroundFetchToken', { token: 'String' }, (o: { token: string }) => {
      if (o.token.length > 1024) throw new ApiFailure('token is too long');
      token = o.token;
    }),
    getBackgroundFetchToken: api.async('getBackgroundFetchToken', {}, () => {
      if (!token) throw new ApiFailure('token is empty');
      return { token };
    }),
    getBackgroundFetchData: api.async('getBackgroundFetchData', { fetchType: 'String' }, () => {
      throw new ApiFailure('record is null');
    }),
    getExptInfoSync: () => ({}),
    getExtConfigSync: () => ({}),
    getExtConfig: api.async('getExtConfig', {}, () => ({ extConfig: {} })),
    getPrivacySetting: api.async('getPrivacySetting', {}, () => ({
      needAuthorization: false,
      privacyContractName: '',
    })),
    requirePrivacyAuthorize: api.async('requirePrivacyAuthorize', {}, () => {}),
  };
};
