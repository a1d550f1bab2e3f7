import { asyncFunction, forwarded, service } from '../../service/wx/define.ts';
import { optional, text } from '../schema.ts';
import { userContract as user } from './contract.ts';

/** Login and user information. */
export const userService = service({
  login: forwarded(user, 'login'),
  checkSession: forwarded(user, 'checkSession'),
  getUserInfo: forwarded(user, 'getUserInfo', { withCredentials: true, lang: 'en', profile: false }),
  getUserProfile: asyncFunction({ desc: text(), lang: optional(text()) }, ({ invoke }, { lang }) =>
    invoke('getUserInfo', { withCredentials: true, lang: lang ?? 'en', profile: true }),
  ),
});
