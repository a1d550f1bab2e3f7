import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import type { SimulatorDeps } from './deps.ts';
import { destination, flatHeaders, networkText, programHeaders, timeLimit } from './relay.ts';
import { RelayFailure } from './relay-failure.ts';
import { sameToken } from './token.ts';

/** Bytes that may wait for either side before the socket is given up. */
const BACKLOG_LIMIT = 8 << 20;
const FRAME_LIMIT = 10 << 20;

/**
 * WebSockets for mini programs. The phone's first frame says where to; then text frames carry a letter (`o` open, `m`
 * message, `e` error, `c` close) and binary frames are passed as they are.
 */
export function createSocketRelay({ deps, token }: { deps: SimulatorDeps; token: string }): {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
} {
  const server = new WebSocketServer({ noServer: true, maxPayload: FRAME_LIMIT });

  function serve(phone: WebSocket): void {
    const late = setTimeout(() => phone.terminate(), 10_000);
    phone.on('error', () => phone.terminate());
    phone.on('close', () => clearTimeout(late));
    phone.once('message', (first) => {
      clearTimeout(late);
      const opening = jsonObject(first.toString());
      if (!sameToken(String(opening?.token ?? ''), token)) return phone.close(4401, 'token');
      bridge(phone, opening ?? {});
    });
  }

  function bridge(phone: WebSocket, opening: Record<string, unknown>): void {
    const tell = (letter: string, value: unknown): void => {
      if (phone.readyState === WebSocket.OPEN)
        phone.send(letter + (typeof value === 'string' ? value : JSON.stringify(value)));
    };
    const fail = (message: string): void => {
      tell('e', { errMsg: message });
      tell('c', { code: 1006, reason: 'abnormal closure' });
      phone.close();
    };
    let far: WebSocket;
    try {
      const { url, headers, lookup } = destination(deps, new URL(String(opening.url)));
      url.protocol = url.protocol === 'http:' || url.protocol === 'ws:' ? 'ws:' : 'wss:';
      const protocols = Array.isArray(opening.protocols) ? opening.protocols.map(String) : [];
      far = new WebSocket(url, protocols, {
        headers: { ...programHeaders(opening.header), ...headers },
        lookup,
        handshakeTimeout: timeLimit(opening.timeout),
        maxPayload: FRAME_LIMIT,
        perMessageDeflate: false,
      });
    } catch (error) {
      return fail(error instanceof RelayFailure ? error.message : `invalid url "${opening.url}"`);
    }
    let header: Record<string, string> = {};
    far.on('upgrade', (response) => {
      ({ header } = flatHeaders(response));
    });
    far.on('open', () => tell('o', { header }));
    far.on('message', (data: RawData, binary) => {
      if (phone.bufferedAmount > BACKLOG_LIMIT) return fail('the phone is too slow');
      if (binary) phone.send(data, { binary: true });
      else tell('m', data.toString());
    });
    far.on('error', (error) =>
      tell('e', {
        errMsg: error instanceof RelayFailure ? error.message : networkText(error as NodeJS.ErrnoException),
      }),
    );
    far.on('close', (code, reason) => {
      tell('c', { code, reason: reason.toString() });
      phone.close();
    });
    phone.on('message', (data: RawData, binary) => {
      if (far.readyState !== WebSocket.OPEN) return;
      if (far.bufferedAmount > BACKLOG_LIMIT) return fail('the server is too slow');
      if (binary) return far.send(data, { binary: true });
      const text = data.toString();
      if (text[0] === 'm') far.send(text.slice(1));
      else if (text[0] === 'c') {
        const { code, reason } = jsonObject(text.slice(1)) ?? {};
        const known = typeof code === 'number' && (code === 1000 || (code >= 3000 && code <= 4999));
        // A reason may have 123 bytes.
        far.close(
          known ? code : 1000,
          Buffer.from(String(reason ?? ''))
            .subarray(0, 120)
            .toString('utf8')
            .replace(/\ufffd$/, ''),
        );
      }
    });
    phone.on('close', () => far.terminate());
  }

  return {
    handleUpgrade: (request, socket, head) => server.handleUpgrade(request, socket, head, serve),
    close() {
      for (const client of server.clients) client.terminate();
    },
  };
}

function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
