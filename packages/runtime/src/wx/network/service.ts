import { ApiFailure, type Callbacks } from '../../service/wx/api.ts';
import type { WxContext } from '../../service/wx/context.ts';
import { service, value } from '../../service/wx/define.ts';
import type { CallParams } from '../contracts.ts';
import { kindOf, optional, text } from '../schema.ts';
import { headersOf, startTask } from './service-task.ts';

interface RequestOptions extends Callbacks {
  url: string;
  method?: string;
  header?: Record<string, unknown>;
  data?: unknown;
  dataType?: string;
  responseType?: 'text' | 'arraybuffer';
  timeout?: number;
  enableChunked?: boolean;
}

interface UploadOptions extends Callbacks {
  url: string;
  filePath: string;
  name: string;
  header?: Record<string, unknown>;
  formData?: Record<string, unknown>;
  timeout?: number;
}

interface DownloadOptions extends Callbacks {
  url: string;
  header?: Record<string, unknown>;
  filePath?: string;
  timeout?: number;
}

const METHODS = new Set(['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT', 'PATCH']);

const timeouts = (wx: WxContext) => wx.manifest().app.networkTimeout;
const url = text();

function request(wx: WxContext, options: RequestOptions): unknown {
  return startTask(wx, {
    name: 'request',
    options,
    fields: { url },
    params: () => ({
      ...requestParams(options, timeouts(wx).request),
      ...(options.enableChunked && { responseType: 'arraybuffer' as const, chunked: true }),
    }),
    events: { headers: 'HeadersReceived', chunk: 'ChunkReceived' },
    result: (answer) => ({
      ...answer,
      data: options.enableChunked ? '' : decodeBody(answer.data, options.dataType ?? 'json'),
    }),
  });
}

function uploadFile(wx: WxContext, options: UploadOptions): unknown {
  return startTask(wx, {
    name: 'uploadFile',
    options,
    fields: { url, filePath: text(), name: text() },
    params: () => ({
      url: checkUrl(options.url),
      filePath: options.filePath,
      name: options.name,
      header: headersOf(options.header),
      formData: Object.fromEntries(
        Object.entries(options.formData ?? {}).map(([name, field]) => [
          name,
          typeof field === 'object' ? JSON.stringify(field) : String(field),
        ]),
      ),
      timeout: options.timeout ?? timeouts(wx).uploadFile,
    }),
    events: { headers: 'HeadersReceived', progress: 'ProgressUpdate' },
    result: (answer) => answer,
  });
}

function downloadFile(wx: WxContext, options: DownloadOptions): unknown {
  return startTask(wx, {
    name: 'downloadFile',
    options,
    fields: { url, filePath: optional(text()) },
    params: () => ({
      url: checkUrl(options.url),
      header: headersOf(options.header),
      timeout: options.timeout ?? timeouts(wx).downloadFile,
    }),
    events: { headers: 'HeadersReceived', progress: 'ProgressUpdate' },
    async result(answer) {
      const { filePath } = options;
      if (!filePath) return answer;
      const { tempFilePath, ...rest } = answer;
      const { data } = await wx.invoke('readFile', { path: tempFilePath });
      wx.files.write('open', filePath, new Uint8Array(data));
      return { ...rest, filePath };
    },
  });
}

/** HTTP, by way of native and the relay. */
export const networkService = service({
  request: value(
    (wx) =>
      (options: RequestOptions = {} as RequestOptions) =>
        request(wx, options),
  ),
  uploadFile: value(
    (wx) =>
      (options: UploadOptions = {} as UploadOptions) =>
        uploadFile(wx, options),
  ),
  downloadFile: value(
    (wx) =>
      (options: DownloadOptions = {} as DownloadOptions) =>
        downloadFile(wx, options),
  ),
});

function checkUrl(url: string): string {
  if (!/^https?:\/\//i.test(url)) throw new ApiFailure(`invalid url "${url}"`);
  return url;
}

/** Turns the options of wx.request into what goes over the wire. */
export function requestParams(options: RequestOptions, defaultTimeout: number): CallParams<'request'> {
  const method = String(options.method ?? 'GET').toUpperCase();
  if (!METHODS.has(method)) throw new ApiFailure(`invalid method "${method}"`);
  checkUrl(options.url);
  const header = headersOf(options.header);
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
