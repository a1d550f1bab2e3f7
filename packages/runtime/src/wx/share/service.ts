import { ApiFailure } from '../../service/wx/api.ts';
import { asyncFunction, serviceWith, value } from '../../service/wx/define.ts';
import { anything, flag, list, optional, text } from '../schema.ts';

const menus = optional(list(anything()));
const withShareTicket = optional(flag());

/** Sharing switches, and the services of the platform that have nothing for a program nobody published. */
export const shareService = serviceWith(() => ({ token: '' }), {
  // The menu they change is not drawn: they check, and answer.
  showShareMenu: asyncFunction({ withShareTicket, menus }, () => {}),
  hideShareMenu: asyncFunction({ menus }, () => {}),
  updateShareMenu: asyncFunction({ withShareTicket }, () => {}),
  setBackgroundFetchToken: asyncFunction({ token: text() }, (state, { token }) => {
    if (token.length > 1024) throw new ApiFailure('token is too long');
    state.token = token;
  }),
  getBackgroundFetchToken: asyncFunction({}, ({ token }) => {
    if (!token) throw new ApiFailure('token is empty');
    return { token };
  }),
  getBackgroundFetchData: asyncFunction({ fetchType: text() }, () => {
    throw new ApiFailure('record is null');
  }),
  getExptInfoSync: value(() => () => ({})),
  getExtConfigSync: value(() => () => ({})),
  getExtConfig: asyncFunction({}, () => ({ extConfig: {} })),
  getPrivacySetting: asyncFunction({}, () => ({ needAuthorization: false, privacyContractName: '' })),
  requirePrivacyAuthorize: asyncFunction({}, () => {}),
});
