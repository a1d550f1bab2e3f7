import { SDK_ERRORS_ZH } from './errors.zh.ts';

/** Everything the SDK can fail with. The names are those of Wafer's wafer-node-sdk where it has one. */
export type SparrowSdkErrorCode =
  /** A variable of the environment is missing: the program was not started by Sparrow. */
  | 'ERR_INIT_SDK_LOST_CONFIG'
  /** The request carries no X-WX-Code. */
  | 'ERR_HEADER_MISSED'
  /** WeChat (or the built-in fake) did not accept the code. */
  | 'ERR_GET_SESSION_KEY'
  /** encryptedData and session_key do not belong together. */
  | 'ERR_IN_DECRYPT_DATA'
  /** Code-only login of a user who never logged in with a profile. */
  | 'ERR_UNLOGIN'
  /** No X-WX-Skey, or one that was never given out. */
  | 'ERR_SKEY_INVALID'
  /** The login is too old. */
  | 'ERR_SKEY_EXPIRED'
  /** The request is not what this call needs. */
  | 'ERR_REQUEST_PARAM'
  | 'ERR_FILE_EXCEEDS_MAX_SIZE'
  | 'ERR_UNSUPPORT_FILE_TYPE'
  /** The tunnel service refused a call. */
  | 'ERR_REMOTE_TUNNEL_SERVER_ERR'
  /** The record store refused a call; `storeCode` of the error says why. */
  | 'ERR_RECORD_STORE'
  /** The control server could not be reached or answered something unexpected. */
  | 'ERR_INVALID_RESPONSE';

/** An error of the SDK. `message` begins with its code, so that logs of Wafer programs read as they did. */
export class SparrowSdkError extends Error {
  readonly code: SparrowSdkErrorCode;
  /** What to do about it. */
  readonly hint: string;

  constructor(code: SparrowSdkErrorCode, message: string, options: { hint: string; cause?: unknown }) {
    super(`${code}: ${message}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SparrowSdkError';
    this.code = code;
    this.hint = options.hint;
  }

  /** What the code means and what to do about it, in Chinese. */
  get chinese(): { meaning: string; fix: string } {
    const words: Record<SparrowSdkErrorCode, { meaning: string; fix: string }> = SDK_ERRORS_ZH;
    return words[this.code];
  }
}

/** Codes of the control server that mean one of ours. */
const OF_SERVER: Record<string, SparrowSdkErrorCode> = {
  BAD_REQUEST: 'ERR_REQUEST_PARAM',
  CODE_INVALID: 'ERR_GET_SESSION_KEY',
  EXCHANGE_FAILED: 'ERR_GET_SESSION_KEY',
  DECRYPT_FAILED: 'ERR_IN_DECRYPT_DATA',
  USER_UNKNOWN: 'ERR_UNLOGIN',
  SKEY_INVALID: 'ERR_SKEY_INVALID',
  SKEY_EXPIRED: 'ERR_SKEY_EXPIRED',
  FILE_TOO_LARGE: 'ERR_FILE_EXCEEDS_MAX_SIZE',
  FILE_TYPE_REFUSED: 'ERR_UNSUPPORT_FILE_TYPE',
};

/** An error answer of the control server as one of the SDK. */
export function errorOfAnswer(status: number, body: unknown): SparrowSdkError {
  const error = (body as { error?: { code?: unknown; message?: unknown; hint?: unknown } } | null)?.error;
  const code = OF_SERVER[String(error?.code)] ?? 'ERR_INVALID_RESPONSE';
  return new SparrowSdkError(code, String(error?.message ?? `the control server answered ${status}`), {
    hint: String(error?.hint ?? 'look at the log of Sparrow'),
  });
}
