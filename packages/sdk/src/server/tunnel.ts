import { createHash, timingSafeEqual } from 'node:crypto';
import type { SparrowConfig } from './config.ts';
import { SparrowSdkError } from './errors.ts';
import { type AnyRequest, type AnyResponse, jsonBody, nodeRequest, pathOf, sendJson } from './http-shapes.ts';
import { failure, ok } from './replies.ts';
import type { ServiceClient } from './service-client.ts';
import type { Session, SparrowUser } from './session.ts';

/** Who a tunnel belongs to; the user is undefined for tunnels that another process, or `open()`, asked for. */
export interface TunnelPeer {
  tunnelId: string;
  user?: SparrowUser;
}

export interface TunnelMessage extends TunnelPeer {
  /** First argument of the client's `tunnel.emit(type, content)`; `UnknownRaw` for text that is no JSON of that form. */
  type: string;
  content: unknown;
}

/** Called one after the other for one tunnel: connect, its messages, then close, each once the one before has ended. */
export interface TunnelHandlers {
  onConnect?(peer: TunnelPeer): void | Promise<void>;
  onMessage?(message: TunnelMessage): void | Promise<void>;
  onClose?(peer: TunnelPeer): void | Promise<void>;
}

export interface SparrowTunnel {
  /** Asks for a tunnel whose callbacks come to the path of this request. @throws SparrowSdkError */
  open(request: AnyRequest): Promise<{ tunnelId: string; connectUrl: string }>;
  /**
   * Answers one route: GET opens a tunnel for the logged-in sender, POST takes the callbacks of the tunnel service. Signatures are
   * checked. It never rejects.
   *
   * @example
   * const chat = sparrow.tunnel.handler({ onMessage: ({ type, content }) => console.log(type, content) });
   * app.all('/tunnel', chat); // Express
   */
  handler(handlers: TunnelHandlers): (request: AnyRequest, response: AnyResponse) => Promise<void>;
  /**
   * Sends a message to many tunnels.
   *
   * @returns the ids that are dead: forget them.
   * @throws SparrowSdkError ERR_REMOTE_TUNNEL_SERVER_ERR, ERR_INVALID_RESPONSE.
   */
  broadcast(tunnelIds: readonly string[], type: string, content: unknown): Promise<{ invalidTunnelIds: string[] }>;
  /** Sends a message to one tunnel; false when it is dead. */
  emit(tunnelId: string, type: string, content: unknown): Promise<boolean>;
  /** Closes a tunnel for good: its client does not connect again. */
  close(tunnelId: string): Promise<void>;
}

/** How long the user of a tunnel that never connects is remembered. */
const FORGET_MS = 10 * 60_000;

export function createTunnelApi(config: SparrowConfig, client: ServiceClient, session: Session): SparrowTunnel {
  const serverHost = `${config.app}.${config.env}.localhost`;
  const tcId = createHash('md5').update(serverHost).digest('hex');
  const key = createHash('sha256').update(`tunnel:${config.token}`).digest('hex');
  const users = new Map<string, { user: SparrowUser; connected: boolean; since: number }>();

  function sign(data: string): string {
    return createHash('sha1')
      .update(data + key)
      .digest('hex');
  }

  async function call(path: string, packet: unknown): Promise<unknown> {
    const data = JSON.stringify(packet);
    const reply = (await client.post(`/tunnel${path}`, { data, tcId, signature: sign(data) })) as {
      code?: unknown;
      message?: unknown;
      data?: unknown;
    };
    if (reply?.code === 0) return reply.data;
    throw new SparrowSdkError('ERR_REMOTE_TUNNEL_SERVER_ERR', `${String(reply?.code)} ${String(reply?.message)}`, {
      hint: 'see TUNNEL_CODES of @sparrow/protocol: 9003 is a wrong signature, 9004 wrong data',
    });
  }

  async function push(packets: { tunnelIds: readonly string[]; type: string; content?: string }[]): Promise<string[]> {
    return ((await call('/ws/push', packets)) as { invalidTunnelIds?: string[] }).invalidTunnelIds ?? [];
  }

  async function open(request: AnyRequest): Promise<{ tunnelId: string; connectUrl: string }> {
    const receiveUrl = `http://${serverHost}${pathOf(request)}`;
    const data = await call('/get/wsurl', { receiveUrl, protocolType: 'wss' });
    return JSON.parse(String(data)) as { tunnelId: string; connectUrl: string };
  }

  function remember(tunnelId: string, user: SparrowUser): void {
    const now = Date.now();
    // Maps keep the order of insertion: the oldest are at the front.
    for (const [id, entry] of users) {
      if (entry.connected) continue;
      if (now - entry.since < FORGET_MS) break;
      users.delete(id);
    }
    users.set(tunnelId, { user, connected: false, since: now });
  }

  function peerOf(tunnelId: string): TunnelPeer {
    const entry = users.get(tunnelId);
    if (!entry) return { tunnelId };
    entry.connected = true;
    return { tunnelId, user: entry.user };
  }

  async function receive(handlers: TunnelHandlers, body: unknown): Promise<{ status: number; body: unknown }> {
    const { data, signature } = (body ?? {}) as { data?: unknown; signature?: unknown };
    if (typeof data !== 'string' || typeof signature !== 'string')
      return { status: 400, body: { code: 9002, message: 'invalid request' } };
    if (!equal(signature, sign(data))) return { status: 400, body: { code: 9003, message: 'signature does not fit' } };
    const callback = parse(data) as { tunnelId?: unknown; type?: unknown; content?: unknown } | undefined;
    if (typeof callback?.tunnelId !== 'string') return { status: 400, body: { code: 9004, message: 'invalid data' } };
    const peer = peerOf(callback.tunnelId);
    if (callback.type === 'connect') await handlers.onConnect?.(peer);
    else if (callback.type === 'message') await handlers.onMessage?.({ ...peer, ...message(callback.content) });
    else if (callback.type === 'close') {
      users.delete(callback.tunnelId);
      await handlers.onClose?.(peer);
    } else return { status: 400, body: { code: 9004, message: 'unknown type' } };
    return { status: 200, body: { code: 0, message: 'ok' } };
  }

  return {
    open,
    handler: (handlers) => async (request, response) => {
      try {
        if (nodeRequest(request).method === 'POST') {
          const answer = await receive(handlers, await jsonBody(request));
          sendJson(response, answer.status, answer.body);
          return;
        }
        const user = await session.checkSession(request);
        const opened = await open(request);
        remember(opened.tunnelId, user);
        sendJson(response, 200, ok(opened));
      } catch (error) {
        // A handler of the application threw: its stack belongs into the log, the caller gets Wafer's form of an error.
        if (!(error instanceof SparrowSdkError)) console.error(error);
        sendJson(response, 200, failure(error));
      }
    },
    async broadcast(tunnelIds, type, content) {
      if (tunnelIds.length === 0) return { invalidTunnelIds: [] };
      const packet = { tunnelIds, type: 'message', content: JSON.stringify({ type, content }) };
      return { invalidTunnelIds: await push([packet]) };
    },
    async emit(tunnelId, type, content) {
      const packet = { tunnelIds: [tunnelId], type: 'message', content: JSON.stringify({ type, content }) };
      return (await push([packet])).length === 0;
    },
    async close(tunnelId) {
      await push([{ tunnelIds: [tunnelId], type: 'close' }]);
    },
  };
}

function message(content: unknown): { type: string; content: unknown } {
  const parsed = parse(String(content ?? '')) as { type?: unknown; content?: unknown } | undefined;
  if (typeof parsed === 'object' && parsed !== null && typeof parsed.type === 'string')
    return { type: parsed.type, content: parsed.content };
  return { type: 'UnknownRaw', content };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function equal(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
