import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import {
  createServer as createTlsServer,
  type SecureContextOptions,
  type TLSSocket,
  connect as tlsConnect,
} from 'node:tls';
import { RouterError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { BLOCKED, KEPT, type Listener, type Transport, type Wire, type WireEvents, WRITTEN } from './transport.ts';

/** Certificates for links over TLS; both sides prove themselves with one that `ca` signed. */
export interface TlsOptions extends SecureContextOptions {
  /** The name that the other side's certificate must carry (default `sparrow-router`). */
  serverName?: string;
}

/**
 * TCP, optionally with TLS in both directions. Addresses are `host:port`; port 0 takes a free one. No delay
 * (TCP_NODELAY): batching is done above, where it is known what belongs together.
 */
export function createTcpTransport(options: { tls?: TlsOptions } = {}): Transport {
  const servers = new Set<Server>();
  const sockets = new Set<Socket>();
  const { tls } = options;
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
  return {
    async listen(address, onWire): Promise<Listener> {
      const { host, port } = parseAddress(address);
      const accept = (socket: Socket): void => onWire(new TcpWire(track(socket)));
      const server: Server = tls
        ? createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: true, noDelay: true }, accept)
        : createServer({ noDelay: true }, accept);
      // A failed TLS handshake is that dialler's trouble.
      server.on('tlsClientError', () => {});
      try {
        server.listen(port, host);
        await once(server, 'listening');
      } catch (cause) {
        throw new RouterError('ADDRESS_FAILED', phrase`cannot listen on ${address}`, {
          cause,
          hint: phrase`choose another port, or 0 for any`,
        });
      }
      servers.add(server);
      const own = new Set<Socket>();
      server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
        own.add(socket);
        socket.once('close', () => own.delete(socket));
      });
      return {
        address: `${host}:${(server.address() as AddressInfo).port}`,
        async close() {
          servers.delete(server);
          await new Promise<void>((resolve) => server.close(() => resolve()) && destroyAll(own));
        },
      };
    },
    async dial(address, timeoutMs = 5_000) {
      const { host, port } = parseAddress(address);
      const socket: Socket = tls
        ? tlsConnect({ ...tls, host, port, servername: tls.serverName ?? 'sparrow-router' })
        : connect({ host, port, noDelay: true });
      track(socket);
      try {
        await new Promise<void>((resolve, reject) => {
          const timer = setTimeout(() => reject(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs);
          socket.once(tls ? 'secureConnect' : 'connect', () => {
            clearTimeout(timer);
            resolve();
          });
          socket.once('error', (error) => {
            clearTimeout(timer);
            reject(error);
          });
        });
      } catch (cause) {
        socket.on('error', () => {});
        socket.destroy();
        throw new RouterError('ADDRESS_FAILED', phrase`cannot reach ${address}`, {
          cause,
          hint: phrase`is the router running?`,
        });
      }
      if (tls) (socket as TLSSocket).setNoDelay(true);
      return new TcpWire(socket);
    },
    async close() {
      destroyAll(sockets);
      await Promise.all([...servers].map((server) => new Promise((resolve) => server.close(resolve))));
      servers.clear();
    },
  };
}

function destroyAll(sockets: Iterable<Socket>): void {
  for (const socket of sockets) socket.destroy();
}

/** `host:port`, `[v6]:port` or `:port` for 127.0.0.1. */
function parseAddress(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(':');
  const port = Number(address.slice(at + 1));
  if (at < 0 || !Number.isInteger(port) || port < 0 || port > 65_535)
    throw new RouterError('ADDRESS_FAILED', phrase`"${address}" is no host:port`, {
      hint: phrase`for example 127.0.0.1:7800`,
    });
  return { host: address.slice(0, at).replace(/^\[|\]$/g, '') || '127.0.0.1', port };
}

class TcpWire implements Wire {
  readonly peer: string;
  readonly leavesBuffers = true;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.peer = `${socket.remoteAddress}:${socket.remotePort}`;
    socket.on('error', () => {}); // `close` follows and says so
  }

  start(events: WireEvents): void {
    const socket = this.#socket;
    let reason = 'closed by the other end';
    socket.on('data', events.data);
    socket.on('drain', events.drain);
    socket.on('error', (error) => (reason = error.message));
    socket.once('close', () => events.down(reason));
    if (socket.destroyed) events.down('closed');
  }

  write(bytes: Uint8Array): typeof WRITTEN | typeof KEPT | typeof BLOCKED {
    const socket = this.#socket;
    if (socket.destroyed) return WRITTEN;
    if (!socket.write(bytes)) return BLOCKED;
    // What the kernel took within the call is no longer counted.
    return socket.writableLength === 0 ? WRITTEN : KEPT;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    // Whoever does not take our last bytes must not hold us.
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), 1_000);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
