import type { IncomingMessage, ServerResponse } from 'node:http';
import { SparrowSdkError } from './errors.ts';

/**
 * A request of any framework: of `node:http`, Express (the same object), Koa (`ctx`), Fastify (`request`). A body that a parser read
 * already is found at `body` or `request.body`.
 */
export type AnyRequest =
  | IncomingMessage
  | { raw: IncomingMessage; body?: unknown }
  | { req: IncomingMessage; request?: { body?: unknown } };

/** A response of any framework: of `node:http`, Express, Koa (`ctx`), Fastify (`reply`). */
export type AnyResponse =
  | ServerResponse
  | { raw: ServerResponse; hijack?: () => void }
  | { res: ServerResponse; respond?: boolean | undefined };

/** Callbacks carry frames of at most 1 MB, whose JSON can be several times as long when it is escaped. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

export function nodeRequest(request: AnyRequest): IncomingMessage {
  if ('raw' in request) return request.raw;
  // An IncomingMessage of Express has no `req`; Koa's ctx has.
  if ('req' in request && !('httpVersion' in request)) return request.req;
  return request as IncomingMessage;
}

export function nodeResponse(response: AnyResponse): ServerResponse {
  if ('raw' in response) {
    response.hijack?.();
    return response.raw;
  }
  if ('res' in response && !('writeHead' in response)) {
    response.respond = false;
    return response.res;
  }
  return response as ServerResponse;
}

/** A header by its name in any case; the first one when there are several. */
export function header(request: AnyRequest, name: string): string | undefined {
  const value = nodeRequest(request).headers[name.toLowerCase()];
  const first = Array.isArray(value) ? value[0] : value;
  return first === '' ? undefined : first;
}

/** Path with query as it came, before a router cut a mount path off. */
export function pathOf(request: AnyRequest): string {
  const node = nodeRequest(request) as IncomingMessage & { originalUrl?: string };
  return node.originalUrl ?? node.url ?? '/';
}

/** The JSON body of a request, read here unless a body parser did it before. */
export async function jsonBody(request: AnyRequest): Promise<unknown> {
  const node = nodeRequest(request) as IncomingMessage & { body?: unknown };
  const koa = 'request' in request ? request.request?.body : undefined;
  const parsed = koa ?? ('body' in request ? request.body : undefined) ?? node.body;
  if (parsed !== undefined && !Buffer.isBuffer(parsed) && typeof parsed !== 'string') return parsed;
  const text = parsed === undefined ? await readText(node) : String(parsed);
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function sendJson(response: AnyResponse, status: number, body: unknown): void {
  const node = nodeResponse(response);
  const text = JSON.stringify(body);
  node.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  node.end(text);
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES)
      throw new SparrowSdkError('ERR_REQUEST_PARAM', `the body is larger than ${MAX_BODY_BYTES} bytes`, {
        hint: 'send less at once',
      });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
