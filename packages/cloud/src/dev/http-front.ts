import http, { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { CloudError } from '../errors.ts';
import { type Door, type Guard, LAN_COOKIE } from '../ingress/guard.ts';
import { answerError, type Ingress, refuseUpgrade } from '../ingress/ingress.ts';

/** Takes a WebSocket handshake; `path` is raw, with query. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer, path: string) => void;

/** The two listeners and what stands between them and the routes: guard first, then ingress, sockets, or Fastify. */
export interface HttpFront {
  readonly server: Server;
  /** A second listener whose requests come in by the LAN door. */
  createLanServer(): Server;
  /** Until it is called everything is answered with 503. */
  open(parts: { guard: Guard; ingress: Ingress | undefined; lanToken: string }): void;
  /** Sends WebSocket handshakes of a path prefix to a handler; the longest prefix wins. Host, Origin and token are checked before. */
  onUpgrade(prefix: string, handler: UpgradeHandler): void;
  setHandler(handler: (request: IncomingMessage, response: ServerResponse) => void): void;
  close(): Promise<void>;
}

/** Time a client may take for its request headers and for an idle keep-alive connection. */
const HEADERS_TIMEOUT_MS = 20_000;

export function createHttpFront(): HttpFront {
  let parts: { guard: Guard; ingress: Ingress | undefined; lanToken: string } | undefined;
  let handler: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  const upgrades: { prefix: string; handler: UpgradeHandler }[] = [];
  const servers: Server[] = [];
  const upgraded = new Set<Duplex>();

  function noBackend(): CloudError {
    return new CloudError('BACKEND_DOWN', 'this project has no backend', {
      hint: 'set qcloudRoot in project.config.json or backend.dir in sparrow.json',
    });
  }

  function onRequest(request: IncomingMessage, response: ServerResponse, door: Door): void {
    try {
      if (!parts || !handler) throw starting();
      const passage = parts.guard.check(request, door);
      if (door === 'lan' && parts.guard.bringsLanToken(request))
        response.setHeader('set-cookie', `${LAN_COOKIE}=${parts.lanToken}; Path=/; HttpOnly; SameSite=Lax`);
      if (passage.kind === 'control') handler(request, response);
      else if (parts.ingress) void parts.ingress.web(request, response, passage.path);
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
      const passage = parts.guard.check(request, door);
      if (passage.kind === 'ingress') {
        if (!parts.ingress) throw noBackend();
        void parts.ingress.upgrade(request, socket, head, passage.path);
        return;
      }
      const found = upgrades.find(({ prefix }) => passage.path.startsWith(prefix));
      if (!found)
        throw new CloudError('NOT_FOUND', 'there is no WebSocket at this address', { hint: 'check the address' });
      found.handler(request, socket, head, passage.path);
    } catch (error) {
      refuseUpgrade(socket, error);
    }
  }

  function listen(door: Door): Server {
    const server = http.createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: 0 });
    server.on('request', (request, response) => onRequest(request, response, door));
    server.on('upgrade', (request, socket, head) => onUpgrade(request, socket, head, door));
    servers.push(server);
    return server;
  }

  return {
    server: listen('local'),
    createLanServer: () => listen('lan'),
    open(next) {
      parts = next;
    },
    onUpgrade(prefix, upgradeHandler) {
      upgrades.push({ prefix, handler: upgradeHandler });
      upgrades.sort((a, b) => b.prefix.length - a.prefix.length);
    },
    setHandler(next) {
      handler = next;
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

function starting(): CloudError {
  return new CloudError('BACKEND_DOWN', 'Sparrow is still starting', { hint: 'try again in a second' });
}
