import http, { type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream';
import { drain } from '@sparrow/core/drain';
import { createPatientAgents } from '@sparrow/core/read-on';
import type { Door } from '../access/entrance.ts';
import { equal } from '../access/secrets.ts';
import { CloudError, errorBody, statusOf, toCloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';

/** Headers that belong to one connection, RFC 9110 section 7.6.1. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** Header by which our own relay shows that its `X-Forwarded-…` may be believed. */
export const RELAY_HEADER = 'x-sparrow-relay';

export interface IngressOptions {
  /** Origin of the backend now; rejects with a CloudError when there is none. */
  target: () => Promise<string>;
  /** What the relay sends in RELAY_HEADER. Without it nobody is believed. */
  relayToken?: string;
  /** From the request's end to the first byte of the answer; default 120,000 ms. */
  answerMs?: number;
}

/** The way a request for the backend came. */
export interface IngressWay {
  /** The one the backend sees, with query. */
  path: string;
  /**
   * The address is that of the console or the phone as well: whatever the backend answers must not act in a browser
   * with their origin.
   */
  inert: boolean;
  door: Door;
}

export interface Ingress {
  /** Hands a request on to the backend, streaming both ways. */
  web(request: IncomingMessage, response: ServerResponse, way: IngressWay): Promise<void>;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, way: IngressWay): Promise<void>;
  close(): void;
}

/** The ingress of one backend. */
export function createIngress(options: IngressOptions): Ingress {
  const { http: agent } = createPatientAgents({ keepAlive: true, maxFreeSockets: 16 });
  const sockets = new Set<Duplex>();
  const answerMs = options.answerMs ?? 120_000;

  function track(socket: Duplex): void {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  }

  return {
    async web(request, response, way) {
      const { path } = way;
      try {
        const target = new URL(await options.target());
        if (response.destroyed) return;
        await new Promise<void>((resolve, reject) => {
          const upstream = http.request({
            agent,
            host: target.hostname.replace(/^\[|\]$/g, ''),
            port: target.port,
            method: request.method ?? 'GET',
            path,
            headers: forwardHeaders(request, options.relayToken),
          });
          const timer = setTimeout(() => {
            const message = phrase`the backend did not answer ${request.method} ${path} in ${answerMs / 1000} s`;
            upstream.destroy(
              new CloudError('BACKEND_DOWN', message, { hint: phrase`look for a request that it never ends` }),
            );
          }, answerMs);
          const stopSending = (): void => {
            if (request.readableEnded || request.destroyed) return;
            request.unpipe(upstream);
            // Whoever still sends reads the answer only when nothing breaks the connection off.
            void drain(request);
          };
          response.on('close', () => upstream.destroy());
          upstream.on('response', (answer) => {
            clearTimeout(timer);
            response.writeHead(
              answer.statusCode ?? 502,
              answer.statusMessage ?? '',
              answerHeaders(request, answer, way),
            );
            // An answer that breaks off must not look complete: pipeline destroys the response then.
            pipeline(answer, response, () => resolve());
            // A backend may go on reading while it answers; when it has answered whole it may not.
            answer.once('end', stopSending);
          });
          upstream.on('error', (error) => {
            clearTimeout(timer);
            stopSending();
            reject(error);
          });
          request.on('error', () => upstream.destroy());
          request.pipe(upstream);
        });
      } catch (error) {
        answerError(response, error);
      }
    },

    async upgrade(request, socket, head, way) {
      const { path } = way;
      socket.on('error', () => socket.destroy());
      try {
        const target = new URL(await options.target());
        const upstream = http.request({
          host: target.hostname.replace(/^\[|\]$/g, ''),
          port: target.port,
          method: 'GET',
          path,
          headers: {
            ...forwardHeaders(request, options.relayToken),
            connection: 'Upgrade',
            upgrade: request.headers.upgrade,
          },
          timeout: answerMs,
        });
        upstream.on('upgrade', (answer, other, otherHead) => {
          track(socket);
          track(other);
          socket.write(`HTTP/1.1 101 Switching Protocols\r\n${rawHeaders(answer, way)}\r\n`);
          if (otherHead.length > 0) socket.write(otherHead);
          if (head.length > 0) other.write(head);
          pipeline(socket, other, socket, () => {
            socket.destroy();
            other.destroy();
          });
        });
        upstream.on('response', (answer) => {
          // The backend refused: the client gets its status, without the body.
          answer.resume();
          farewell(
            socket,
            `HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
          );
        });
        upstream.on('timeout', () => upstream.destroy(new Error('no answer')));
        upstream.on('error', (error) => refuseUpgrade(socket, error));
        upstream.end();
      } catch (error) {
        refuseUpgrade(socket, error);
      }
    },

    close() {
      agent.destroy();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Answers an error as JSON, or breaks the connection when the answer has begun. */
export function answerError(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const known = networkError(error);
  const body = JSON.stringify(errorBody(known));
  response.writeHead(statusOf(known), {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

/** Refuses a WebSocket handshake with a status and a JSON body. */
export function refuseUpgrade(socket: Duplex, error: unknown): void {
  const known = networkError(error);
  const body = JSON.stringify(errorBody(known));
  const status = statusOf(known);
  farewell(
    socket,
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? 'Error'}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/**
 * Says the last word on a connection and lets go of it: no time limit of HTTP holds for one that asked for an upgrade.
 */
function farewell(socket: Duplex, answer: string): void {
  socket.end(answer, () => socket.destroy());
}

function networkError(error: unknown): CloudError {
  if (error instanceof CloudError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EPIPE')
    return new CloudError('BACKEND_CRASHED', phrase`the backend broke the connection off (${code})`, {
      hint: phrase`its log says why`,
      cause: error,
    });
  return toCloudError(error);
}

/** What is ours to say, or to keep: a caller's word about where it comes from is not believed. */
const OURS = /^(x-forwarded-.*|x-real-ip|forwarded|x-sparrow-.*)$/;
/** Cookies of the control server. They come along when it shares a host name with the app's listener. */
const OUR_COOKIE = /^\s*sparrow_/i;

function forwardHeaders(request: IncomingMessage, relayToken: string | undefined): OutgoingHttpHeaders {
  const given = request.headers;
  const headers: OutgoingHttpHeaders = { ...given };
  for (const name of [...HOP_BY_HOP, ...listed(given.connection)]) delete headers[name];
  for (const name of Object.keys(headers)) if (OURS.test(name)) delete headers[name];
  // The body is streamed on; its framing is that of the new connection.
  if (given['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked';
  const cookie = given.cookie
    ?.split(';')
    .filter((pair) => !OUR_COOKIE.test(pair))
    .join(';');
  if (cookie?.trim()) headers.cookie = cookie.trim();
  else delete headers.cookie;
  const relayed = relayToken !== undefined && equal(String(given[RELAY_HEADER] ?? ''), relayToken);
  const asked = String((relayed && given['x-forwarded-host']) || given.host || '');
  headers.host = asked;
  headers['x-forwarded-host'] = asked;
  headers['x-forwarded-proto'] = (relayed && given['x-forwarded-proto']) || 'http';
  headers['x-forwarded-for'] = request.socket.remoteAddress ?? '';
  return headers;
}

/** What an answer must not do to the console and the phone, whose origin it would have. */
const FORBIDDEN_TO_INERT = new Set(['clear-site-data', 'service-worker-allowed']);

function answerHeaders(request: IncomingMessage, answer: IncomingMessage, way: IngressWay): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { ...answer.headers };
  for (const name of [...HOP_BY_HOP, ...listed(answer.headers.connection)]) delete headers[name];
  const cookies = answer.headers['set-cookie']?.filter((cookie) => !OUR_COOKIE.test(cookie));
  if (cookies?.length) headers['set-cookie'] = cookies;
  else delete headers['set-cookie'];
  if (!way.inert) return headers;
  const sandbox = 'sandbox allow-scripts allow-forms allow-popups';
  const own = answer.headers['content-security-policy'];
  headers['content-security-policy'] = own === undefined ? sandbox : `${sandbox}, ${own}`;
  headers['x-content-type-options'] = 'nosniff';
  headers['cross-origin-resource-policy'] = 'same-site';
  for (const name of FORBIDDEN_TO_INERT) delete headers[name];
  // Programs (the relay, curl) keep their cookies: a browser on this machine says that it is one, in the LAN it may
  // not.
  if (request.headers['sec-fetch-dest'] !== undefined || way.door === 'lan') delete headers['set-cookie'];
  return headers;
}

function listed(value: string | undefined): string[] {
  return (value ?? '').split(',').flatMap((name) => name.trim().toLowerCase() || []);
}

function rawHeaders(answer: IncomingMessage, { inert }: IngressWay): string {
  let text = '';
  for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2) {
    const [name = '', value = ''] = answer.rawHeaders.slice(i, i + 2);
    const cookie = name.toLowerCase() === 'set-cookie';
    if ((cookie && (inert || OUR_COOKIE.test(value))) || (inert && FORBIDDEN_TO_INERT.has(name.toLowerCase())))
      continue;
    text += `${name}: ${value}\r\n`;
  }
  return text;
}
