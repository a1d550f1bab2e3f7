import { SparrowSdkError } from './errors.ts';
import { type AnyRequest, header } from './http-shapes.ts';
import type { ServiceClient } from './service-client.ts';

/** A user as WeChat tells it: `SessionUser` of the protocol, which the SDK is published without. */
export interface SparrowUser {
  openId: string;
  nickName: string;
  avatarUrl: string;
  gender: number;
  city: string;
  province: string;
  country: string;
  language: string;
  unionId?: string;
  /** timestamp in seconds. */
  watermark?: { timestamp: number; appid: string };
}

/** What a client gets for its login: the `data` that wafer2-client-sdk stores. */
export interface LoginResult {
  /** Sent back by the client in X-WX-Skey. */
  skey: string;
  userinfo: SparrowUser;
}

export interface Session {
  /**
   * Logs in the sender of a request that carries X-WX-Code and, the first time, X-WX-Encrypted-Data and X-WX-IV.
   *
   * @throws SparrowSdkError ERR_HEADER_MISSED, ERR_GET_SESSION_KEY, ERR_IN_DECRYPT_DATA, ERR_UNLOGIN, ERR_INVALID_RESPONSE.
   */
  login(request: AnyRequest): Promise<LoginResult>;
  /**
   * The user behind X-WX-Skey.
   *
   * @throws SparrowSdkError ERR_SKEY_INVALID, ERR_SKEY_EXPIRED, ERR_INVALID_RESPONSE.
   */
  checkSession(request: AnyRequest): Promise<SparrowUser>;
  /**
   * Opens data that WeChat encrypted for the sender, such as a phone number.
   *
   * @throws SparrowSdkError as checkSession, and ERR_IN_DECRYPT_DATA.
   */
  decrypt(request: AnyRequest, data: { encryptedData: string; iv: string }): Promise<Record<string, unknown>>;
}

export function createSession(client: ServiceClient): Session {
  function skeyOf(request: AnyRequest): string {
    const skey = header(request, 'X-WX-Skey');
    if (skey === undefined)
      throw new SparrowSdkError('ERR_SKEY_INVALID', 'the request has no X-WX-Skey', {
        hint: 'log in first; wafer2-client-sdk then sends it with each request',
      });
    return skey;
  }

  return {
    async login(request) {
      const code = header(request, 'X-WX-Code');
      const encryptedData = header(request, 'X-WX-Encrypted-Data');
      const iv = header(request, 'X-WX-IV');
      if (code === undefined)
        throw new SparrowSdkError('ERR_HEADER_MISSED', 'the request has no X-WX-Code', {
          hint: 'call this from the address given to setLoginUrl() of wafer2-client-sdk',
        });
      const profile = encryptedData !== undefined && iv !== undefined ? { encryptedData, iv } : {};
      const { skey, userinfo } = await client.call<LoginResult>('/session/v1/login', { code, ...profile });
      return { skey, userinfo };
    },
    async checkSession(request) {
      const body = { skey: skeyOf(request) };
      return (await client.call<{ userinfo: SparrowUser }>('/session/v1/check', body)).userinfo;
    },
    async decrypt(request, { encryptedData, iv }) {
      const body = { skey: skeyOf(request), encryptedData, iv };
      return (await client.call<{ data: Record<string, unknown> }>('/session/v1/decrypt', body)).data;
    },
  };
}
