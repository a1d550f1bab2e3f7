/** Login: between client and backend (Wafer's headers), and between backend and session service (HTTP, JSON). */

/** Headers of wafer2-client-sdk 2.1.0, `lib/constants.js`. Node shows them in lower case. */
export const WX_HEADERS = {
  code: 'X-WX-Code',
  encryptedData: 'X-WX-Encrypted-Data',
  iv: 'X-WX-IV',
  skey: 'X-WX-Skey',
} as const;

/** How long a skey lives, in seconds, counted from the login and not renewed by use: Wafer's `wxLoginExpires`. */
export const SESSION_TTL_SECONDS = 7200;

/** A user as WeChat's encryptedData tells it. */
export interface SessionUser {
  openId: string;
  nickName: string;
  avatarUrl: string;
  gender: number;
  city: string;
  province: string;
  country: string;
  language: string;
  unionId?: string;
  /** When and for which appid it was encrypted; timestamp in seconds. */
  watermark?: { timestamp: number; appid: string };
}

/** POST `PATHS.sessionLogin`. Without encryptedData the user must have logged in with it before (USER_UNKNOWN). */
export interface LoginRequest {
  code: string;
  encryptedData?: string;
  iv?: string;
}

export interface LoginResponse {
  /** 32 random bytes, base64url. The session_key never leaves the session service. */
  skey: string;
  userinfo: SessionUser;
  /** Milliseconds UTC. */
  expiresAt: number;
}

/** POST `PATHS.sessionCheck`. */
export interface CheckRequest {
  skey: string;
}

export interface CheckResponse {
  userinfo: SessionUser;
  /** Milliseconds UTC. */
  expiresAt: number;
}

/** POST `PATHS.sessionDecrypt`: opens data that WeChat encrypted for the user of this session, e.g. a phone number. */
export interface DecryptRequest {
  skey: string;
  encryptedData: string;
  iv: string;
}

export interface DecryptResponse {
  data: Record<string, unknown>;
}

/** Every way a session call can fail; the `code` of an ErrorBody. */
export const SESSION_ERROR_CODES = [
  'BAD_REQUEST',
  'TOKEN_INVALID',
  'CODE_INVALID',
  'EXCHANGE_FAILED',
  'DECRYPT_FAILED',
  'USER_UNKNOWN',
  'SKEY_INVALID',
  'SKEY_EXPIRED',
] as const;
export type SessionErrorCode = (typeof SESSION_ERROR_CODES)[number];
