import { lookup as resolveName } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { chunksOf, drain } from '@sparrow/core/drain';
import { createPatientAgents } from '@sparrow/core/read-on';
import type { FastifyInstance } from 'fastify';
import { BODY_LIMIT, bodyOf, ENCODINGS } from './answer-body.ts';
import { BadCall, objectOf } from './bodies.ts';
import type { SimulatorDeps } from './deps.ts';
import { RelayFailure } from './relay-failure.ts';

/** What a phone asks for; see `RelayClient` of the runtime. */
interface Wanted {
  url: URL;
  method: string;
  header: Record<string, string>;
  /** Milliseconds for all of it. */
  timeout: number;
  /** The body is handed on piece by piece, as it comes. */
  chunked: boolean;
}

interface AnswerHead {
  statusCode: number;
  header: Record<string, string>;
  cookies: string[];
}

const REDIRECT_LIMIT = 5;
const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_TIMEOUT_MS = 120_000;
/** CONNECT and TRACE are for proxies. */
const METHODS = new Set(['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH']);
/** Headers that a mini program cannot set: they belong to the connection, or are for proxies and for us to say. */
const FORBIDDEN =
  /^(host|connection|content-length|transfer-encoding|upgrade|te|trailer|keep-alive|expect|proxy-.*|sec-websocket-.*|x-forwarded-.*|forwarded|x-real-ip|x-sparrow-.*)$/;
/**
 * What goes along when a redirect leads to another origin. A login may stand in any header (Authorization, Cookie,
 * X-WX-Skey, a program's own), so the harmless ones are named instead.
 */
const KEPT_ACROSS_ORIGINS = new Set([
  'accept',
  'accept-language',
  'accept-encoding',
  'cache-control',
  'content-language',
  'content-type',
  'range',
  'user-agent',
]);

/** First byte of a frame that says why there is no answer. */
const FAILURE = 'f'.charCodeAt(0);

type Rules = Pick<SimulatorDeps, 'addresses' | 'domains'>;

/** Where a URL goes, after the address book and the domain list have had their say. */
export interface Destination {
  url: URL;
  headers: Record<string, string>;
  /**
   * Resolves names to the addresses that may be dialled; those of the connection itself, so no later answer can differ.
   */
  lookup: LookupFunction;
}

/** @throws RelayFailure */
export function destination(deps: Rules, url: URL): Destination {
  const found = deps.addresses.resolve(url);
  if (found.kind === 'refuse') throw refused(found.reason);
  if (found.kind === 'local')
    return { url: new URL(found.path, found.origin), headers: found.headers, lookup: checkedLookup(undefined) };
  if (deps.domains && !deps.domains.includes(url.host) && !deps.domains.includes(url.hostname))
    throw new RelayFailure('domain', `url not in domain list: ${url.host} is not in "domains" of sparrow.json`, 600002);
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  // A connection to a literal address looks nothing up.
  const reason = isIP(literal) ? found.refusal?.(literal) : undefined;
  if (reason !== undefined) throw refused(reason);
  return { url, headers: {}, lookup: checkedLookup(found.refusal) };
}

function refused(reason: string): RelayFailure {
  return new RelayFailure('refused', `url not in domain list: ${reason}`, 600002);
}

function checkedLookup(refusal: ((address: string) => string | undefined) | undefined): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const reasons = addresses.map(({ address }) => refusal?.(address));
      const allowed = addresses.filter((_address, index) => reasons[index] === undefined);
      const [first] = allowed;
      if (!first) callback(refused(reasons[0] ?? `${hostname} has no address`), []);
      else if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

/** The headers of a mini program that may be sent, with lower-cased names. */
export function programHeaders(header: unknown): Record<string, string> {
  const sent: Record<string, string> = {};
  for (const [name, value] of Object.entries(objectOf(header))) {
    const key = name.toLowerCase();
    if (!FORBIDDEN.test(key)) sent[key] = String(value);
  }
  return sent;
}

/** A time limit in milliseconds as it was asked for, within ours. */
export function timeLimit(asked: unknown): number {
  const ms = typeof asked === 'number' && Number.isFinite(asked) && asked > 0 ? asked : DEFAULT_TIMEOUT_MS;
  return Math.min(ms, MAX_TIMEOUT_MS);
}

/** HTTP for mini programs: sets what a browser cannot, follows redirects, keeps limits. */
export function createRelay(deps: Rules): { register(app: FastifyInstance): void; close(): void } {
  // Agents of its own: a connection that is kept was dialled by these rules.
  const agents = createPatientAgents({ keepAlive: true });

  function send(
    to: Destination,
    method: string,
    headers: Record<string, string>,
    body: Buffer | undefined,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { protocol } = to.url;
      if (protocol !== 'http:' && protocol !== 'https:') throw new RelayFailure('refused', 'invalid url', 600009);
      const request = (protocol === 'https:' ? httpsRequest : httpRequest)(to.url, {
        method,
        signal,
        agent: protocol === 'https:' ? agents.https : agents.http,
        lookup: to.lookup,
        headers: {
          'accept-encoding': ENCODINGS,
          ...headers,
          ...to.headers,
          ...(body && { 'content-length': body.length }),
        },
      });
      request.once('response', resolve);
      request.once('error', reject);
      request.end(body);
    });
  }

  /** Head and body of the answer, redirects behind it. @throws RelayFailure; the body does, too. */
  async function* answerTo(
    wanted: Wanted,
    body: Buffer | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<AnswerHead | Buffer> {
    const timeout = AbortSignal.timeout(wanted.timeout);
    const either = AbortSignal.any([signal, timeout]);
    let { url, method, header } = wanted;
    let payload = body;
    try {
      for (let hop = 0; ; hop++) {
        const response = await send(destination(deps, url), method, header, payload, either);
        const { location } = response.headers;
        const status = response.statusCode ?? 0;
        if (location && status >= 300 && status < 400 && hop < REDIRECT_LIMIT) {
          response.resume();
          const next = new URL(location, url);
          if (next.origin !== url.origin)
            header = Object.fromEntries(Object.entries(header).filter(([name]) => KEPT_ACROSS_ORIGINS.has(name)));
          url = next;
          if (status === 303 || ((status === 301 || status === 302) && method === 'POST')) {
            method = 'GET';
            payload = undefined;
            header = Object.fromEntries(Object.entries(header).filter(([name]) => name !== 'content-type'));
          }
          continue;
        }
        yield { statusCode: status, ...flatHeaders(response) };
        yield* bodyOf(response);
        either.throwIfAborted();
        return;
      }
    } catch (error) {
      if (error instanceof RelayFailure) throw error;
      if (timeout.aborted) throw new RelayFailure('network', 'timeout', 5);
      throw new RelayFailure('network', networkText(error as NodeJS.ErrnoException), 600001);
    }
  }

  return {
    register(app) {
      app.post<{ Body: Readable | undefined }>('/simulator/relay/request', async (request, reply) => {
        const controller = new AbortController();
        request.raw.once('close', () => request.raw.complete || controller.abort());
        reply.raw.once('close', () => controller.abort());
        reply.type('application/octet-stream');
        let asked: { wanted: Wanted; body: Buffer | undefined } | RelayFailure;
        try {
          asked = { wanted: readWanted(request.headers['x-sparrow-request']), body: await readBody(request.body) };
        } catch (error) {
          if (error instanceof BadCall) throw error;
          asked = failureOf(error);
        }
        if (asked instanceof RelayFailure) return reply.send(frame('failure', asked));
        const frames = framesOf(answerTo(asked.wanted, asked.body, controller.signal));
        if (asked.wanted.chunked) return reply.send(Readable.from(frames));
        const all: Buffer[] = [];
        for await (const each of frames) all.push(each);
        // An answer that broke off is none, unless somebody took it piece by piece.
        const failure = all.find((each) => each[0] === FAILURE);
        return reply.send(failure ?? Buffer.concat(all));
      });
    },
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/** @throws BadCall for what no phone of ours sends, RelayFailure for what a mini program may have asked for. */
function readWanted(given: unknown): Wanted {
  let asked: Record<string, unknown>;
  try {
    asked = objectOf(JSON.parse(decodeURIComponent(String(given))));
  } catch {
    throw new BadCall('X-Sparrow-Request must be encoded JSON');
  }
  const { url, method = 'GET', header, timeout, chunked } = asked;
  if (typeof url !== 'string' || typeof method !== 'string') throw new BadCall('url and method must be strings');
  const parsed = URL.parse(url);
  if (!parsed) throw new RelayFailure('refused', `invalid url "${url.slice(0, 200)}"`, 600009);
  if (!METHODS.has(method.toUpperCase())) throw new RelayFailure('refused', 'invalid request method', 600009);
  return {
    url: parsed,
    method: method.toUpperCase(),
    header: programHeaders(header),
    timeout: timeLimit(timeout),
    chunked: chunked === true,
  };
}

async function readBody(stream: Readable | undefined): Promise<Buffer | undefined> {
  if (!stream || typeof stream[Symbol.asyncIterator] !== 'function') return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(stream)) {
    size += chunk.length;
    if (size > BODY_LIMIT) break;
    chunks.push(chunk);
  }
  if (size > BODY_LIMIT) {
    await drain(stream);
    throw new RelayFailure('refused', 'the request body is too large', 600003);
  }
  return size > 0 ? Buffer.concat(chunks) : undefined;
}

function failureOf(error: unknown): RelayFailure {
  return error instanceof RelayFailure ? error : new RelayFailure('network', 'the request failed', 600001);
}

/** What the phone gets: `head`, any number of `data`, then nothing more or a `failure`. */
async function* framesOf(answer: AsyncGenerator<AnswerHead | Buffer>): AsyncGenerator<Buffer> {
  try {
    for await (const part of answer) yield Buffer.isBuffer(part) ? frame('data', part) : frame('head', part);
    yield frame('end', Buffer.alloc(0));
  } catch (error) {
    yield frame('failure', failureOf(error));
  }
}

/** One byte of kind, four of length, and the bytes: of the body, or JSON. `RelayClient` of the runtime reads it. */
function frame(kind: 'head' | 'data' | 'failure' | 'end', content: Buffer | AnswerHead | RelayFailure): Buffer {
  const plain =
    content instanceof RelayFailure ? { message: content.message, errno: content.errno, kind: content.kind } : content;
  const bytes = Buffer.isBuffer(plain) ? plain : Buffer.from(JSON.stringify(plain));
  const start = Buffer.alloc(5);
  start.write(kind[0] as string, 'latin1');
  start.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([start, bytes]);
}

/** Names as the server wrote them, which is how programs look for them; what comes several times is joined. */
export function flatHeaders(response: IncomingMessage): { header: Record<string, string>; cookies: string[] } {
  const header: Record<string, string> = {};
  const names = new Map<string, string>();
  const raw = response.rawHeaders;
  for (let at = 0; at < raw.length; at += 2) {
    const written = raw[at] ?? '';
    const name = names.get(written.toLowerCase()) ?? written;
    names.set(written.toLowerCase(), name);
    const value = raw[at + 1] ?? '';
    header[name] = Object.hasOwn(header, name) ? `${header[name]},${value}` : value;
  }
  return { header, cookies: response.headers['set-cookie'] ?? [] };
}

/** The texts of the original's network library, which programs look for. */
export function networkText(error: NodeJS.ErrnoException): string {
  const known: Record<string, [number, string]> = {
    ECONNREFUSED: [-102, 'ERR_CONNECTION_REFUSED'],
    ENOTFOUND: [-105, 'ERR_NAME_NOT_RESOLVED'],
    EAI_AGAIN: [-105, 'ERR_NAME_NOT_RESOLVED'],
    ECONNRESET: [-101, 'ERR_CONNECTION_RESET'],
    BAD_CODING: [-330, 'ERR_CONTENT_DECODING_FAILED'],
    CUT_OFF: [-354, 'ERR_CONTENT_LENGTH_MISMATCH'],
    ETIMEDOUT: [-118, 'ERR_CONNECTION_TIMED_OUT'],
    EHOSTUNREACH: [-109, 'ERR_ADDRESS_UNREACHABLE'],
    ENETUNREACH: [-109, 'ERR_ADDRESS_UNREACHABLE'],
  };
  const [code, name] = known[error.code ?? ''] ?? [-2, `ERR_FAILED ${error.code ?? error.message}`];
  return `errcode:${code} cronet_error_code:${code} error_msg:net::${name}`;
}
