import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Clock, createId, systemClock, TimerWheel } from '@sparrow/core';
import { TUNNEL_CODES, TUNNEL_ID_PREFIX, TUNNEL_PATHS } from '@sparrow/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import type { TunnelApp, TunnelApps } from './apps.ts';
import { createCallbackClient } from './callback-client.ts';
import { Connection, type ConnectionEvents } from './connection.ts';
import { TunnelError } from './errors.ts';
import { CLOSE, DEFAULT_LIMITS, type TunnelLimits } from './limits.ts';
import { phrase } from './phrase.ts';
import {
  messagePayload,
  openReply,
  parseEnvelope,
  parseOpenData,
  parsePushData,
  pushReply,
  type Refusal,
  signatureFits,
} from './wire.ts';

export interface TunnelOptions {
  apps: TunnelApps;
  /** Address that a client opens for an id, e.g. `(id) => 'ws://127.0.0.1:7700/tunnel/ws/' + id`. */
  connectUrl: (tunnelId: string) => string;
  limits?: Partial<TunnelLimits> | undefined;
  clock?: Clock;
  onEvent?: (event: TunnelEvent) => void;
}

/** What happens in the service, for logs and inspectors. */
export type TunnelEvent =
  | { type: 'opened' | 'connected' | 'expired'; app: string; tunnelId: string }
  | { type: 'closed'; app: string; tunnelId: string; code: number; reason: string }
  | { type: 'problem'; app: string; tunnelId: string; error: TunnelError };

export interface Tunnel {
  /**
   * Answers a call of a backend: `path` is `/get/wsurl` or `/ws/push`, `body` the text as it came.
   * Refusals have status 400 and `{code, message}` with a code of `TUNNEL_CODES`.
   */
  handleHttp(path: string, body: string): { status: number; body: string };
  /** Answers the WebSocket handshake of a client for a tunnel id; ids that are not waiting for one get 404. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, tunnelId: string): void;
  /**
   * Closes the sockets of an app (1012), e.g. before its backend is replaced: clients connect anew. Returns how many.
   */
  closeApp(appId: string, reason: string): number;
  stats(): { waiting: number; connected: number; closing: number };
  /** Closes every socket (1001), gives the close callbacks a second, and ends. */
  close(): Promise<void>;
}

/** How long `close()` waits for the last callbacks. */
const FAREWELL_MS = 1000;
const TICK_MS = 1000;

export function createTunnel(options: TunnelOptions): Tunnel {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const clock = options.clock ?? systemClock;
  const emit = options.onEvent ?? (() => {});
  /** Ids that were handed out and that no socket uses yet. */
  const waiting = new Map<string, { app: TunnelApp; receiveUrl: string }>();
  const connected = new Map<string, Connection>();
  const closing = new Set<Connection>();
  const client = createCallbackClient({
    apps: options.apps,
    deadlineMs: limits.callbackMs,
    maxSockets: limits.callbackSockets,
  });
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.maxFrameBytes,
  });
  /** Sockets that are not closed on the wire yet: a peer that never answers a close would hold `close()` back. */
  const live = new Set<WebSocket>();
  const silenceMs = limits.heartbeatSeconds * 2000;
  const wheel = new TimerWheel<string>({ clock, tickMs: TICK_MS, onDue });
  let allDone: (() => void) | undefined;

  function onDue(tunnelId: string): void {
    const unused = waiting.get(tunnelId);
    if (unused) {
      waiting.delete(tunnelId);
      emit({ type: 'expired', app: unused.app.id, tunnelId });
      return;
    }
    const silent = connected.get(tunnelId);
    if (!silent) return;
    const message = phrase`nothing was heard for ${limits.heartbeatSeconds * 2} s`;
    events.problem(
      silent,
      new TunnelError('CLIENT_SILENT', message, { hint: phrase`clients send ping in the interval of timeout:N` }),
    );
    silent.terminate(message.en);
  }

  const events: ConnectionEvents = {
    alive: (connection) => wheel.set(connection.id, silenceMs),
    ended(connection, code, reason) {
      wheel.delete(connection.id);
      connected.delete(connection.id);
      closing.add(connection);
      emit({ type: 'closed', app: connection.app.id, tunnelId: connection.id, code, reason });
    },
    done(connection) {
      closing.delete(connection);
      if (closing.size === 0) allDone?.();
    },
    problem: (connection, error) => emit({ type: 'problem', app: connection.app.id, tunnelId: connection.id, error }),
  };

  function refuse(refusal: Refusal): { status: number; body: string } {
    return { status: 400, body: JSON.stringify(refusal) };
  }

  function open(app: TunnelApp, data: string): { status: number; body: string } {
    const parsed = parseOpenData(data);
    if ('code' in parsed) return refuse(parsed);
    if (!options.apps.accepts(app, parsed.receiveUrl)) {
      const message = phrase`receiveUrl ${parsed.receiveUrl} is no address of this app`;
      const hint = phrase`the host of receiveUrl must be the app's own server host`;
      emit({
        type: 'problem',
        app: app.id,
        tunnelId: '',
        error: new TunnelError('RECEIVE_URL_REFUSED', message, { hint }),
      });
      return refuse({ code: TUNNEL_CODES.data, message: `${message}; ${hint}` });
    }
    if (waiting.size + connected.size >= limits.maxTunnels)
      return {
        status: 503,
        body: JSON.stringify({ code: TUNNEL_CODES.invalid, message: 'too many tunnels are open' }),
      };
    const tunnelId = createId(TUNNEL_ID_PREFIX, clock.now());
    waiting.set(tunnelId, { app, receiveUrl: parsed.receiveUrl });
    wheel.set(tunnelId, limits.connectWithinMs);
    emit({ type: 'opened', app: app.id, tunnelId });
    return { status: 200, body: openReply({ tunnelId, connectUrl: options.connectUrl(tunnelId) }, app.key) };
  }

  function push(app: TunnelApp, data: string): { status: number; body: string } {
    const packets = parsePushData(data);
    if ('code' in packets) return refuse(packets);
    if (packets.some((packet) => (packet.content?.length ?? 0) > limits.maxFrameBytes))
      return refuse({ code: TUNNEL_CODES.data, message: `a content is longer than ${limits.maxFrameBytes} bytes` });
    const invalid = new Set<string>();
    for (const packet of packets) {
      const payload = packet.type === 'message' ? messagePayload(packet.content ?? '') : undefined;
      for (const tunnelId of packet.tunnelIds) {
        const connection = connected.get(tunnelId);
        // An id of another app gets the same answer as a dead one: nothing can be learned by guessing.
        if (connection?.app.id !== app.id) invalid.add(tunnelId);
        else if (!payload) connection.sendClose();
        else if (!connection.send(payload)) invalid.add(tunnelId);
      }
    }
    return { status: 200, body: pushReply([...invalid]) };
  }

  return {
    handleHttp(path, body) {
      const envelope = parseEnvelope(body);
      if ('code' in envelope) return refuse(envelope);
      const app = options.apps.find(envelope.tcId);
      if (!app || !signatureFits(envelope.data, app.key, envelope.signature))
        return refuse({
          code: TUNNEL_CODES.signature,
          message: 'unknown tcId or wrong signature; it is sha1hex(data + tunnelSignatureKey)',
        });
      if (path === TUNNEL_PATHS.open) return open(app, envelope.data);
      if (path === TUNNEL_PATHS.push) return push(app, envelope.data);
      return { status: 404, body: JSON.stringify({ code: TUNNEL_CODES.invalid, message: `no such call: ${path}` }) };
    },

    handleUpgrade(request, socket, head, tunnelId) {
      const ticket = waiting.get(tunnelId);
      if (!ticket) {
        const text =
          'TUNNEL_UNKNOWN: this tunnel id is unknown, expired or used already; ask the backend for a new one\n';
        socket.end(
          `HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
          // Whoever never closes its end would hold the connection for ever.
          () => socket.destroy(),
        );
        return;
      }
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        // Two handshakes for one id can both pass the check above; the first one wins.
        if (!waiting.delete(tunnelId)) {
          webSocket.close(CLOSE.policy, 'this tunnel is in use');
          return;
        }
        live.add(webSocket);
        webSocket.once('close', () => live.delete(webSocket));
        const connection = new Connection({ id: tunnelId, ...ticket, socket: webSocket, client, limits, events });
        connected.set(tunnelId, connection);
        // Deadlines only move later by themselves; that of the unused id may be the later one.
        wheel.delete(tunnelId);
        wheel.set(tunnelId, silenceMs);
        emit({ type: 'connected', app: ticket.app.id, tunnelId });
        connection.start();
      });
    },

    closeApp(appId, reason) {
      const mine = [...connected.values()].filter((connection) => connection.app.id === appId);
      for (const connection of mine) connection.close(CLOSE.restart, reason);
      return mine.length;
    },

    stats: () => ({ waiting: waiting.size, connected: connected.size, closing: closing.size }),

    async close() {
      wheel.close();
      waiting.clear();
      for (const connection of [...connected.values()]) connection.close(CLOSE.goingAway, 'the server is closing');
      if (closing.size > 0) {
        const farewell = new Promise<void>((resolve) => {
          allDone = resolve;
        });
        let timer: ReturnType<typeof setTimeout> | undefined;
        await Promise.race([farewell, new Promise((resolve) => (timer = setTimeout(resolve, FAREWELL_MS)))]);
        clearTimeout(timer);
      }
      for (const webSocket of live) webSocket.terminate();
      client.close();
      sockets.close();
    },
  };
}
