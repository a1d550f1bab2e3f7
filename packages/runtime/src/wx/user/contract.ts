import type { UserInfo } from '@sparrow/protocol';
import { contract } from '../contract.ts';
import { anything, flag, number, optional, text } from '../schema.ts';

/** Login, and what WeChat says of the user. */
export const userContract = contract({
  calls: {
    /** Milliseconds. */
    login: { params: { timeout: optional(number()) }, result: { code: text() } },
    checkSession: {},
    getUserInfo: {
      view: true,
      params: { withCredentials: flag(), lang: text(), profile: flag() },
      result: {
        userInfo: anything<UserInfo>(),
        rawData: text(),
        signature: text(),
        encryptedData: text(),
        iv: text(),
      },
    },
  },
});
