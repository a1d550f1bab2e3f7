/**
 * The tunnel (信道): clients hold WebSockets with the tunnel service, backends get HTTP callbacks. The wire is that of Wafer1 and
 * Wafer2 (npm wafer2-client-sdk 2.1.0, wafer-node-sdk 1.4.5). `signature` is always sha1hex(data + key) over the exact `data` string.
 */

/** Paths under the tunnel service's address. */
export const TUNNEL_PATHS = { open: '/get/wsurl', push: '/ws/push' } as const;

/** Ids begin with this word; clients and backends of Wafer rely on nothing else about them. */
export const TUNNEL_ID_PREFIX = 'tunnel';

/** Backend → tunnel, body of both calls. `tcKey` is sent by Wafer's SDKs and never needed. */
export interface TunnelRequest {
  /** JSON text: `TunnelOpenData` or `TunnelPushPacket[]`. */
  data: string;
  /** md5hex of the app's server host. */
  tcId: string;
  tcKey?: string;
  signature: string;
}

export interface TunnelOpenData {
  receiveUrl: string;
  protocolType: string;
}

/** Answer to `open`: here `data` is a JSON string of `TunnelOpened`. */
export interface TunnelOpenReply {
  code: number;
  message: string;
  data: string;
  signature: string;
}

export interface TunnelOpened {
  tunnelId: string;
  connectUrl: string;
}

export interface TunnelPushPacket {
  tunnelIds: string[];
  type: 'message' | 'close';
  /** Only of messages: JSON text of `{type, content}`. */
  content?: string;
}

/** Answer to `push`: here `data` is an object. */
export interface TunnelPushReply {
  code: number;
  message: string;
  data: { invalidTunnelIds: string[] };
}

/** Tunnel → backend, POST to the receiveUrl. */
export interface TunnelCallback {
  /** JSON text of `TunnelCallbackData`. */
  data: string;
  signature: string;
}

export interface TunnelCallbackData {
  tunnelId: string;
  type: 'connect' | 'message' | 'close';
  /** Only of messages: the exact text after `message:`, usually JSON of `{type, content}`. */
  content?: string;
}

/** `code` of refusals, in answers of the tunnel service and of backends alike. */
export const TUNNEL_CODES = { ok: 0, notJson: 9001, invalid: 9002, signature: 9003, data: 9004 } as const;

/** Types of WebSocket packets, `type` or `type:content`, text frames only. */
export type TunnelPacketType = 'message' | 'ping' | 'pong' | 'timeout' | 'close';
