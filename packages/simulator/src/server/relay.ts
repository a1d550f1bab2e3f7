import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { SimulatorDeps } from './deps.ts';

/** What a phone asks for; see `RelayClient` of the runtime. */
interface Wanted {
  url: string;
  method: string;
  header: Record<string, string>;
  /** Milliseconds for all of it. */
  timeout: number;
}

interface Answer {
  statusCode: number;
  header: Record<string, string>;
  cookies: string[];
  body: Buffer;
}

/** Answers larger than this are refused, in bytes. */
const ANSWER_LIMIT = 50 << 20;
const REDIRECT_LIMIT = 5;
const MAX_TIMEOUT_MS = 120_000;
/** Headers a mini program cannot set: they belong to the connection. */
const FORBIDDEN = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'te',
  'keep-alive',
  'proxy-authorization',
]);

/** An address the relay does not dial, or that did not answer. */
export class RelayFailure extends Error {
  readonly kind: 'network' | 'domain' | 'refused';
  readonly errno: number;
  constructor(kind: RelayFailure['kind'], message: string, errno: number) {
    super(message);
    this.kind = kind;
    this.errno = errno;
  }
}

/** Where a URL goes, after the address book and the domain list have had their say. */
export function destination(
  deps: Pick<SimulatorDeps, 'addresses' | 'domains'>,
  url: URL,
): { url: URL; headers: Record<string, string> } {
  const found = deps.addresses.resolve(url);
  if (found.kind === 'refuse') throw new RelayFailure('refused', `url not in domain list: ${found.reason}`, 600002);
  if (found.kind === 'local') return { url: new URL(found.path, found.origin), headers: found.headers };
  if (deps.domains && !deps.domains.includes(url.host) && !deps.domains.includes(url.hostname))
    throw new RelayFailure('domain', `url not in domain list: ${url.host} is not in "domains" of sparrow.json`, 600002);
  return { url, headers: {} };
}

/** HTTP for mini programs: sets what a browser cannot, follows redirects, keeps limits. */
export function createRelay(deps: Pick<SimulatorDeps, 'addresses' | 'domains'>): {
  register(app: FastifyInstance): void;
} {
  return {
    register(app) {
      app.post<{ Body: Readable | undefined }>('/simulator/relay/request', async (request, reply) => {
        const wanted = JSON.parse(decodeURIComponent(String(request.headers['x-sparrow-request'] ?? '{}'))) as Wanted;
        const controller = new AbortController();
        request.raw.once('close', () => request.raw.complete || controller.abort());
        reply.raw.once('close', () => controller.abort());
        let answer: Partial<Answer> & { error?: { message: string; errno: number; kind: string } };
        try {
          answer = await fetchFor(deps, wanted, await readBody(request.body), controller.signal);
        } catch (error) {
          const failure = error instanceof RelayFailure ? error : new RelayFailure('network', String(error), 600001);
          answer = { error: { message: failure.message, errno: failure.errno, kind: failure.kind } };
        }
        const { body = Buffer.alloc(0), ...meta } = answer;
        const head = Buffer.from(JSON.stringify(meta));
        const length = Buffer.alloc(4);
        length.writeUInt32BE(head.length);
        return reply.type('application/octet-stream').send(Buffer.concat([length, head, body]));
      });
    },
  };
}

async function readBody(stream: Readable | undefined): Promise<Buffer | undefined> {
  if (!stream || typeof stream[Symbol.asyncIterator] !== 'function') return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > ANSWER_LIMIT) throw new RelayFailure('refused', 'the request body is too large', 600003);
    chunks.push(chunk);
  }
  return size > 0 ? Buffer.concat(chunks) : undefined;
}

async function fetchFor(
  deps: Pick<SimulatorDeps, 'addresses' | 'domains'>,
  wanted: Wanted,
  body: Buffer | undefined,
  signal: AbortSignal,
): Promise<Answer> {
  const timeout = AbortSignal.timeout(Math.min(Math.max(1, wanted.timeout), MAX_TIMEOUT_MS));
  const either = AbortSignal.any([signal, timeout]);
  let url = new URL(wanted.url);
  let { method } = wanted;
  let payload = body;
  const header: Record<string, string> = {};
  for (const [name, value] of Object.entries(wanted.header))
    if (!FORBIDDEN.has(name.toLowerCase())) header[name] = value;
  try {
    for (let hop = 0; ; hop++) {
      const { url: address, headers } = destination(deps, url);
      const response = await send(address, method, { ...header, ...headers }, payload, either);
      const { location } = response.headers;
      const status = response.statusCode ?? 0;
      if (location && status >= 300 && status < 400 && hop < REDIRECT_LIMIT) {
        response.resume();
        url = new URL(location, url);
        if (status === 303 || ((status === 301 || status === 302) && method === 'POST')) {
          method = 'GET';
          payload = undefined;
          delete header['content-type'];
        }
        continue;
      }
      return { statusCode: status, ...flatHeaders(response.headers), body: await readAnswer(response) };
    }
  } catch (error) {
    if (error instanceof RelayFailure) throw error;
    if (timeout.aborted) throw new RelayFailure('network', 'timeout', 5);
    throw new RelayFailure('network', networkText(error as NodeJS.ErrnoException), 600001);
  }
}

function send(
  url: URL,
  method: string,
  headers: Record<string, string>,
  body: Buffer | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = start(url, {
      method,
      signal,
      headers: { ...headers, ...(body && { 'content-length': body.length }) },
    });
    request.once('response', resolve);
    request.once('error', reject);
    request.end(body);
  });
}

async function readAnswer(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > ANSWER_LIMIT) {
      response.destroy();
      throw new RelayFailure('refused', 'the answer is too large', 600003);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function flatHeaders(headers: IncomingHttpHeaders): { header: Record<string, string>; cookies: string[] } {
  const header: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) header[name] = Array.isArray(value) ? value.join(',') : value;
  return { header, cookies: headers['set-cookie'] ?? [] };
}

/** The texts of the original's network library, which programs look for. */
export function networkText(error: NodeJS.ErrnoException): string {
  const known: Record<string, [number, string]> = {
    ECONNREFUSED: [-102, 'ERR_CONNECTION_REFUSED'],
    ENOTFOUND: [-105, 'ERR_NAME_NOT_RESOLVED'],
    EAI_AGAIN: [-105, 'ERR_NAME_NOT_RESOLVED'],
    ECONNRESET: [-101, 'ERR_CONNECTION_RESET'],
    ETIMEDOUT: [-118, 'ERR_CONNECTION_TIMED_OUT'],
    EHOSTUNREACH: [-109, 'ERR_ADDRESS_UNREACHABLE'],
    ENETUNREACH: [-109, 'ERR_ADDRESS_UNREACHABLE'],
  };
  const [code, name] = known[error.code ?? ''] ?? [-2, `ERR_FAILED ${error.code ?? error.message}`];
  return `errcode:${code} cronet_error_code:${code} error_msg:net::${name}`;
}
