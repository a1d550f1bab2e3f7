import type { RequestParams } from '@sparrow/protocol';
import { ApiFailure, type Callbacks, checkParameters, createApiHelper, kindOf } from './api.ts';
import type { WxDomain } from './context.ts';
import { createSockets } from './socket.ts';

interface RequestOptions extends Callbacks {
  url: string;
  method?: string;
  header?: Record<string, unknown>;
  data?: unknown;
  dataType?: string;
  responseType?: 'text' | 'arraybuffer';
  timeout?: number;
}

const METHODS = new Set(['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT', 'PATCH']);

/** HTTP and WebSocket, by way of native and the relay. */
export const networkDomain: WxDomain = (context, events) => {
  const api = createApiHelper(context.reporter);
  const { invoker } = context;
  const timeouts = () => context.manifest().app.networkTimeout;

  function request(options: RequestOptions): unknown {
    const listeners = { headersReceived: new Set<(data: unknown) => void>() };
    let id = 0;
    let aborted = false;
    const work = (async () => {
      checkParameters(options as unknown as Record<string, unknown>, { url: 'String' });
      const params = requestParams(options, timeouts().request);
      const result = await invoker.invoke('request', params, {
        onId: (given) => {
          id = given;
        },
        onProgress: (_event, data) => {
          for (const listener of listeners.headersReceived) listener(data);
        },
      });
      if (aborted) throw new ApiFailure('abort');
      return { ...result, data: decodeBody(result.data, options.dataType ?? 'json') };
    })();
    const task = {
      abort: () => {
        aborted = true;
        if (id) void invoker.invoke('abort', { id }).catch(() => {});
      },
      onHeadersReceived: (listener: (data: unknown) => void) => listeners.headersReceived.add(listener),
      offHeadersReceived: (listener: (data: unknown) => void) => listeners.headersReceived.delete(listener),
      onChunkReceived: () => {},
      offChunkReceived: () => {},
    };
    if (options.success || options.fail || options.complete) {
      api.settle('request', options, work);
      return task;
    }
    const promise = new Promise((resolve, reject) => {
      api.settle('request', { success: resolve, fail: reject }, work);
    });
    return Object.assign(promise, task);
  }

  return {
    request: (options: RequestOptions) => request(options ?? ({} as RequestOptions)),
    ...createSockets(context, events),
  };
};

/** Turns the options of wx.request into what goes over the wire. */
export function requestParams(options: RequestOptions, defaultTimeout: number): RequestParams {
  const method = String(options.method ?? 'GET').toUpperCase();
  if (!METHODS.has(method)) throw new ApiFailure(`invalid method "${method}"`);
  if (!/^https?:\/\//i.test(options.url)) throw new ApiFailure(`invalid url "${options.url}"`);
  const header: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.header ?? {}))
    if (value !== undefined && value !== null) header[name.toLowerCase()] = String(value);
  delete header.referer;
  header['content-type'] ??= 'application/json';
  let { url } = options;
  let data: string | ArrayBuffer | undefined;
  const body = options.data;
  if (method === 'GET' || method === 'HEAD') {
    if (kindOf(body) === 'Object') {
      const query = toQuery(body as Record<string, unknown>);
      if (query) url += (url.includes('?') ? '&' : '?') + query;
    } else if (typeof body === 'string' && body) url += (url.includes('?') ? '&' : '?') + body;
  } else if (body instanceof ArrayBuffer) data = body;
  else if (typeof body === 'string') data = body;
  else if (body !== undefined && body !== null) {
    data = header['content-type'].includes('application/x-www-form-urlencoded')
      ? toQuery(body as Record<string, unknown>)
      : JSON.stringify(body);
  }
  return {
    url,
    method,
    header,
    data,
    responseType: options.responseType === 'arraybuffer' ? 'arraybuffer' : 'text',
    timeout: options.timeout ?? defaultTimeout,
  };
}

function toQuery(data: Record<string, unknown>): string {
  return Object.entries(data)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) =>
        `${encodeURIComponent(key)}=${encodeURIComponent(typeof value === 'object' ? JSON.stringify(value) : String(value))}`,
    )
    .join('&');
}

function decodeBody(data: string | ArrayBuffer, dataType: string): unknown {
  if (dataType !== 'json' || typeof data !== 'string') return data;
  try {
    return JSON.parse(data);
  } catch {
    return data; // As WeChat does: a body that is no JSON comes as the text it is.
  }
}
