import type { ReadableStream } from 'node:stream/web';
import type { SparrowConfig } from './config.ts';
import { errorOfAnswer, SparrowSdkError } from './errors.ts';

/** Milliseconds a call of the control server may take; code exchange with WeChat is in it. */
const CALL_MS = 12_000;
const FILE_MS = 120_000;

/** Calls of the control server. */
export interface ServiceClient {
  /** POSTs JSON with the backend's token. @throws SparrowSdkError */
  call<T>(path: string, body: unknown): Promise<T>;
  /** Sends bytes with the backend's token. @throws SparrowSdkError */
  send<T>(
    method: 'POST' | 'PUT',
    path: string,
    body: Uint8Array | ReadableStream,
    headers: Record<string, string>,
  ): Promise<T>;
  /** POSTs JSON without a token, for calls that are signed, and answers whatever comes. @throws SparrowSdkError */
  post(path: string, body: unknown): Promise<unknown>;
}

export function createServiceClient(config: SparrowConfig): ServiceClient {
  async function request(path: string, init: RequestInit, ms: number): Promise<{ status: number; body: unknown }> {
    try {
      const response = await fetch(config.url + path, { ...init, signal: AbortSignal.timeout(ms) });
      return { status: response.status, body: await response.json() };
    } catch (error) {
      throw new SparrowSdkError('ERR_INVALID_RESPONSE', `${config.url}${path} did not answer: ${reason(error)}`, {
        hint: 'check that Sparrow runs and that SPARROW_URL is its address',
        cause: error,
      });
    }
  }

  async function checked<T>(path: string, init: RequestInit, ms: number): Promise<T> {
    const { status, body } = await request(path, init, ms);
    if (status < 200 || status >= 300) throw errorOfAnswer(status, body);
    return body as T;
  }

  const authorization = `Bearer ${config.token}`;
  return {
    call: (path, body) =>
      checked(
        path,
        {
          method: 'POST',
          headers: { authorization, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        },
        CALL_MS,
      ),
    send: (method, path, body, headers) =>
      // `duplex: half` is what fetch asks for when the body is a stream.
      checked(path, { method, headers: { ...headers, authorization }, body, duplex: 'half' } as RequestInit, FILE_MS),
    async post(path, body) {
      const init = {
        method: 'POST',
        // These calls are signed; with the token they may be larger.
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      };
      return (await request(path, init, CALL_MS)).body;
    },
  };
}

function reason(error: unknown): string {
  const cause = (error as { cause?: unknown }).cause;
  return cause instanceof Error ? cause.message : (error as Error).message;
}
