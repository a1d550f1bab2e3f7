import http, { type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream';
import { CloudError, errorBody, statusOf, toCloudError } from '../errors.ts';

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

export interface IngressOptions {
  /** Origin of the backend now; rejects with a CloudError when there is none. */
  target: () => Promise<string>;
  /** From the request's end to the first byte of the answer; default 120,000 ms. */
  answerMs?: number;
}

export interface Ingress {
  /** Hands a request on to the backend, streaming both ways. `path` is the one the backend sees. */
  web(request: IncomingMessage, response: ServerResponse, path: string): Promise<void>;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, path: string): Promise<void>;
  close(): void;
}

/** The ingress of one backend. */
export function createIngress(options: IngressOptions): Ingress {
  const agent = new http.Agent({ keepAlive: true, maxFreeSockets: 16 });
  const sockets = new Set<Duplex>();
  const answerMs = options.answerMs ?? 120_000;

  function track(socket: Duplex): void {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  }

  return {
    async web(request, response, path) {
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
            headers: forwardHeaders(request),
          });
          const timer = setTimeout(() => {
            const message = `the backend did not answer ${request.method} ${path} in ${answerMs / 1000} s`;
            upstream.destroy(
              new CloudError('BACKEND_DOWN', message, { hint: 'look for a request that it never ends' }),
            );
          }, answerMs);
          response.on('close', () => upstream.destroy());
          upstream.on('response', (answer) => {
            clearTimeout(timer);
            response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', answerHeaders(request, answer));
            // An answer that breaks off must not look complete: pipeline destroys the response then.
            pipeline(answer, response, () => resolve());
          });
          upstream.on('error', (error) => {
            clearTimeout(timer);
            reject(error);
          });
          request.on('error', () => upstream.destroy());
          request.pipe(upstream);
        });
      } catch (error) {
        answerError(response, error);
      }
    },

    async upgrade(request, socket, head, path) {
      socket.on('error', () => socket.destroy());
      try {
        const target = new URL(await options.target());
        const upstream = http.request({
          host: target.hostname.replace(/^\[|\]$/g, ''),
          port: target.port,
          method: 'GET',
          path,
          headers: { ...forwardHeaders(request), connection: 'Upgrade', upgrade: request.headers.upgrade },
          timeout: answerMs,
        });
        upstream.on('upgrade', (answer, other, otherHead) => {
          track(socket);
          track(other);
          socket.write(`HTTP/1.1 101 Switching Protocols\r\n${rawHeaders(answer)}\r\n`);
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
          socket.end(
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
  socket.end(
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? 'Error'}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function networkError(error: unknown): CloudError {
  if (error instanceof CloudError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EPIPE')
    return new CloudError('BACKEND_CRASHED', `the backend broke the connection off (${code})`, {
      hint: 'its log says why',
      cause: error,
    });
  return toCloudError(error);
}

function forwardHeaders(request: IncomingMessage): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { ...request.headers };
  for (const name of [...HOP_BY_HOP, ...listed(request.headers.connection)]) delete headers[name];
  // The body is streamed on; its framing is that of the new connection.
  if (request.headers['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked';
  const asked = String(request.headers['x-forwarded-host'] ?? request.headers.host ?? '');
  headers.host = asked;
  headers['x-forwarded-host'] = asked;
  headers['x-forwarded-proto'] = request.headers['x-forwarded-proto'] ?? 'http';
  headers['x-forwarded-for'] = request.socket.remoteAddress ?? '';
  return headers;
}

function answerHeaders(request: IncomingMessage, answer: IncomingMessage): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { ...answer.headers };
  for (const name of [...HOP_BY_HOP, ...listed(answer.headers.connection)]) delete headers[name];
  // By path the backend shares an origin with the console. A browser that opens it so gets a page without that origin and
  // without a way to set cookies for it; programs (the relay, curl) see no difference. (Node's own fetch sends sec-fetch-mode.)
  if (request.headers['sec-fetch-dest'] !== undefined && request.url?.startsWith('/@')) {
    headers['content-security-policy'] = 'sandbox allow-scripts allow-forms allow-popups';
    headers['x-content-type-options'] = 'nosniff';
    headers['cross-origin-resource-policy'] = 'same-site';
    delete headers['set-cookie'];
    delete headers['service-worker-allowed'];
  }
  return headers;
}

function listed(value: string | undefined): string[] {
  return (value ?? '').split(',').flatMap((name) => name.trim().toLowerCase() || []);
}

function rawHeaders(answer: IncomingMessage): string {
  let text = '';
  for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2)
    text += `${answer.rawHeaders[i]}: ${answer.rawHeaders[i + 1]}\r\n`;
  return text;
}
