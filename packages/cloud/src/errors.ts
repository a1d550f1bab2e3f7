import { type ErrorWords, SparrowError } from '@sparrow/core';
import type { ErrorBody, SessionErrorCode } from '@sparrow/protocol';
import { CLOUD_ERRORS_ZH } from './errors.zh.ts';
import { phrase } from './phrase.ts';

/** Everything the control plane can refuse or fail at. */
export type CloudErrorCode =
  | SessionErrorCode
  /** Another run holds this folder. */
  | 'FOLDER_IN_USE'
  /** The folder was written by a newer Sparrow. */
  | 'STATE_TOO_NEW'
  /** No port of the range that was tried is free. */
  | 'PORT_TAKEN'
  /** project.config.json or sparrow.json is missing, not JSON or has wrong fields. */
  | 'PROJECT_INVALID'
  /** A path of the configuration climbs out of the project. */
  | 'PATH_OUTSIDE_PROJECT'
  /** npm could not install what package.json lists. */
  | 'DEPENDENCIES_MISSING'
  /** The project has a backend folder, but nothing in it says how to start. */
  | 'BACKEND_NO_COMMAND'
  /** The program could not be started at all. */
  | 'BACKEND_NOT_STARTED'
  /** It runs, but nothing listens on PORT before the deadline. */
  | 'BACKEND_NOT_LISTENING'
  /** It ended by itself. */
  | 'BACKEND_CRASHED'
  /** A request came while there is no backend to answer it. */
  | 'BACKEND_DOWN'
  /** Host or Origin of a request is none of ours. */
  | 'ORIGIN_REFUSED'
  /** A route or a socket does not say who may use it, so nobody may. */
  | 'ACCESS_UNDECLARED'
  /** An address that the LAN may not reach. */
  | 'LAN_REFUSED'
  /** So much is on its way already that more is not begun. */
  | 'BUSY'
  /** There is nothing at this address. */
  | 'NOT_FOUND'
  /** A file or a body is bigger than it may be. */
  | 'FILE_TOO_LARGE'
  /** A file of a kind that the backend does not take. */
  | 'FILE_TYPE_REFUSED'
  /** No file was kept under this name. */
  | 'FILE_NOT_FOUND'
  /** A fault of Sparrow itself. */
  | 'INTERNAL';

/** An error of the control plane, with what to do about it. */
export class CloudError extends SparrowError<CloudErrorCode> {
  get chinese(): ErrorWords {
    const words: Record<CloudErrorCode, ErrorWords> = CLOUD_ERRORS_ZH;
    return words[this.code];
  }
}

const STATUS: Partial<Record<CloudErrorCode, number>> = {
  BAD_REQUEST: 400,
  PATH_OUTSIDE_PROJECT: 400,
  TOKEN_INVALID: 401,
  SKEY_INVALID: 401,
  SKEY_EXPIRED: 401,
  CODE_INVALID: 400,
  USER_UNKNOWN: 404,
  DECRYPT_FAILED: 400,
  EXCHANGE_FAILED: 502,
  ORIGIN_REFUSED: 403,
  ACCESS_UNDECLARED: 403,
  LAN_REFUSED: 403,
  BUSY: 503,
  BACKEND_DOWN: 503,
  BACKEND_CRASHED: 502,
  BACKEND_NOT_LISTENING: 504,
  NOT_FOUND: 404,
  FILE_NOT_FOUND: 404,
  FILE_TOO_LARGE: 413,
  FILE_TYPE_REFUSED: 415,
};

/** HTTP status of an error. */
export function statusOf(error: CloudError): number {
  return STATUS[error.code] ?? 500;
}

/** Body of an answer that is an error. */
export function errorBody(error: CloudError): ErrorBody {
  // What another part said no with is handed on with that part's words.
  const { told, advice } = error.cause instanceof SparrowError ? error.cause : error;
  const chinese = { meaning: told.in('zh'), fix: advice.in('zh') };
  return { error: { code: error.code, message: error.message, hint: error.hint, chinese } };
}

/** Makes a CloudError of anything that was thrown. */
export function toCloudError(error: unknown): CloudError {
  if (error instanceof CloudError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (status === 413)
    return new CloudError('FILE_TOO_LARGE', message, { hint: phrase`send less at once`, cause: error });
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new CloudError('BAD_REQUEST', message, { hint: phrase`correct the request`, cause: error });
  // The cause goes to the log; what a caller reads must not tell of paths and other insides.
  return new CloudError('INTERNAL', phrase`this could not be answered`, {
    hint: phrase`this is a fault of Sparrow; its log has the stack`,
    cause: error,
  });
}
