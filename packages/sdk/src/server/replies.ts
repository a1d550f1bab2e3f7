import { SparrowSdkError } from './errors.ts';

/** Body of a success as Wafer's clients expect it: `{code: 0, data}`. */
export function ok<T>(data: T): { code: 0; data: T } {
  return { code: 0, data };
}

/**
 * Body of a failure as Wafer's clients expect it, with HTTP status 200: `{code: -1, error}`. On code -1 wafer2-client-sdk logs in
 * again and repeats the request once, so use it for a missing or expired login and for nothing else that is common.
 */
export function failure(error: unknown): { code: -1; error: string; message: string } {
  if (error instanceof SparrowSdkError) return { code: -1, error: error.code, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  return { code: -1, error: message, message };
}
