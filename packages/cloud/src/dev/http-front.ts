import http, { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Access } from '@sparrow/protocol';
import type { AccessControl } from '../access/access.ts';
import type { Door, Entrance } from '../access/entrance.ts';
import { CloudError } from '../errors.ts';
import { answerError, type Ingress, refuseUpgrade } from '../ingress/ingress.ts';
import { phrase } from '../phrase.ts';

/** Takes a WebSocket handshake; `path` is raw, with query. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer, path: string) => void;

export interface FrontParts {
  entrance: Entrance;
  ingress: Ingress | undefined;
  /** Origin at which browsers get the app's pages, which is that of nothing else; undefined when this door has none. */
  appOrigin(door: Door): string | undefined;
  /** Requests for the control server. */
  handler(request: IncomingMessage, response: ServerResponse): void;
}

/** The listeners and what stands between them and the routes: entrance first, then ingress, sockets, or Fastify. */
export interface HttpFront {
  readonly server: Server;
  /** Another listener whose requests come in by this door. */
  createServer(door: Door): Server;
  /** Until it is called everything is answered with 503. */
  open(parts: FrontParts): void;
  /**
   * Sends WebSocket handshakes to a handler: of this very path, or, when it ends with a slash, of the paths below it. Host,
   * Origin and access are checked before; of kind `app` the handler asks for the token itself, in the first frame.
   *
   * @throws CloudError ACCESS_UNDECLARED.
   */
  onUpgrade(path: string, handler: UpgradeHandler, access: Access): void;
  close(): Promise<void>;
}

export interface FrontOptions {
  access: AccessControl;
  /** Time a client may take for its request headers and for an idle keep-alive connection; default 20,000 ms. */
  headersTimeoutMs?: number;
  /** Time a client may take for a whole request with its body; default five minutes, as in Node. */
  requestTimeoutMs?: number;
}

/** How often the deadlines are looked at, at most. */
const CHECK_MS = 10_000;

export function createHttpFront(options: FrontOptions): HttpFront {
  const { access, headersTimeoutMs = 20_000, requestTimeoutMs = 5 * 60_000 } = options;
  let parts: FrontParts | undefined;
  const upgrades: { path: string; handler: UpgradeHandler; access: Access }[] = [];
  const servers: Server[] = [];
  const upgraded = new Set<Duplex>();

  function noBackend(): CloudError {
    return new CloudError('BACKEND_DOWN', phrase`this project has no backend`, {
      hint: phrase`set qcloudRoot in project.config.json or backend.dir in sparrow.json`,
    });
  }

  function onRequest(request: IncomingMessage, response: ServerResponse, door: Door): void {
    try {
      if (!parts) throw starting();
      const passage = parts.entrance.admit(request, door);
      if (passage.kind === 'control') {
        access.admit(request, passage.caller);
        if (door === 'lan' && access.bringsLanToken(request)) response.setHeader('set-cookie', access.lanCookie());
        parts.handler(request, response);
        return;
      }
      access.checkScan(request, door);
      const { shared } = passage;
      const isScan = door !== 'local' && access.bringsLanToken(request);
      const path = isScan ? access.withoutLanToken(passage.path) : passage.path;
      // The app's page has an origin of its own, and an address without our token.
      const origin = (shared || isScan) && isNavigation(request) ? parts.appOrigin(door) : undefined;
      if (origin !== undefined) {
        response.writeHead(307, {
          location: origin + path,
          'content-security-policy': 'sandbox',
          'content-length': 0,
          ...(isScan && { 'set-cookie': access.lanCookie() }),
        });
        response.end();
      } else if (parts.ingress) void parts.ingress.web(request, response, { path, inert: shared, door });
      else throw noBackend();
    } catch (error) {
      answerError(response, error);
    }
  }

  function onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, door: Door): void {
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    // Before a handler listens, a reset of the connection must not end the process.
    socket.on('error', () => {});
    try {
      if (!parts) throw starting();
      const passage = parts.entrance.admit(request, door);
      if (passage.kind === 'ingress') {
        access.checkScan(request, door);
        if (!parts.ingress) throw noBackend();
        const path = door === 'local' ? passage.path : access.withoutLanToken(passage.path);
        void parts.ingress.upgrade(request, socket, head, { path, inert: passage.shared, door });
        return;
      }
      access.admit(request, passage.caller);
      const raw = request.url ?? '';
      const path = raw.split('?', 1)[0] ?? '';
      const found = upgrades.find((entry) =>
        entry.path.endsWith('/') ? path.startsWith(entry.path) : path === entry.path,
      );
      if (!found) {
        access.check('machine', request);
        throw new CloudError('NOT_FOUND', phrase`there is no WebSocket at this address`, {
          hint: phrase`check the address`,
        });
      }
      access.check(found.access, request, { tokenLater: found.access === 'app' });
      found.handler(request, socket, head, raw);
    } catch (error) {
      refuseUpgrade(socket, error);
    }
  }

  function listen(door: Door): Server {
    const server = http.createServer({
      headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(CHECK_MS, requestTimeoutMs / 4),
    });
    server.on('request', (request, response) => onRequest(request, response, door));
    server.on('upgrade', (request, socket, head) => onUpgrade(request, socket, head, door));
    servers.push(server);
    return server;
  }

  return {
    server: listen('local'),
    createServer: listen,
    open(next) {
      parts = next;
    },
    onUpgrade(path, handler, kind) {
      access.declare({ method: 'WebSocket', url: path, access: kind });
      upgrades.push({ path, handler, access: kind });
      upgrades.sort((a, b) => b.path.length - a.path.length);
    },
    async close() {
      for (const socket of upgraded) socket.destroy();
      await Promise.all(
        servers.map(async (server) => {
          if (!server.listening) return;
          const closed = new Promise((resolve) => server.close(resolve));
          server.closeAllConnections();
          await closed;
        }),
      );
    },
  };
}

/** A browser that opens a page: all of them ask for HTML then, those in front say it in words of their own, too. */
function isNavigation({ method, headers }: IncomingMessage): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  const destination = headers['sec-fetch-dest'];
  if (typeof destination === 'string') return ['document', 'iframe', 'frame', 'fencedframe'].includes(destination);
  return /\btext\/html\b/i.test(headers.accept ?? '');
}

function starting(): CloudError {
  return new CloudError('BACKEND_DOWN', phrase`Sparrow is still starting`, { hint: phrase`try again in a second` });
}
