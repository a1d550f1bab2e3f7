import { createHash, timingSafeEqual } from 'node:crypto';
import {
  TUNNEL_CODES,
  type TunnelCallback,
  type TunnelCallbackData,
  type TunnelOpenData,
  type TunnelOpened,
  type TunnelOpenReply,
  type TunnelPushPacket,
  type TunnelPushReply,
} from '@sparrow/protocol';
import { tunnelOpenDataSchema, tunnelPushSchema, tunnelRequestSchema } from '@sparrow/protocol/schemas';

/** sha1hex(data + key), Wafer's signature. */
export function sign(data: string, key: string): string {
  return createHash('sha1')
    .update(data + key, 'utf8')
    .digest('hex');
}

/** Compares in constant time. */
export function signatureFits(data: string, key: string, signature: string): boolean {
  const expected = Buffer.from(sign(data, key));
  const given = Buffer.from(signature.toLowerCase());
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** A refusal of a call, with the code and text that go back to the caller. */
export interface Refusal {
  code: number;
  message: string;
}

/** Envelope of a call: checked for shape only, its signature not yet. */
export function parseEnvelope(body: string): { data: string; tcId: string; signature: string } | Refusal {
  const json = parseJson(body);
  if (json === undefined) return { code: TUNNEL_CODES.notJson, message: 'the body is not JSON' };
  const parsed = tunnelRequestSchema.safeParse(json);
  if (!parsed.success)
    return { code: TUNNEL_CODES.invalid, message: 'the body must hold the strings data, tcId and signature' };
  return parsed.data;
}

export function parseOpenData(data: string): TunnelOpenData | Refusal {
  const parsed = tunnelOpenDataSchema.safeParse(parseJson(data));
  if (!parsed.success)
    return { code: TUNNEL_CODES.data, message: 'data must be JSON of {"receiveUrl": <url>, "protocolType": "wss"}' };
  return { receiveUrl: parsed.data.receiveUrl, protocolType: parsed.data.protocolType ?? 'wss' };
}

export function parsePushData(data: string): TunnelPushPacket[] | Refusal {
  const parsed = tunnelPushSchema.safeParse(parseJson(data));
  if (!parsed.success)
    return {
      code: TUNNEL_CODES.data,
      message: 'data must be JSON of [{"tunnelIds": [...], "type": "message" | "close", "content": "<string>"}]',
    };
  return parsed.data.map(({ content, ...packet }) => (content === undefined ? packet : { ...packet, content }));
}

export function openReply(opened: TunnelOpened, key: string): string {
  const data = JSON.stringify(opened);
  const reply: TunnelOpenReply = { code: TUNNEL_CODES.ok, message: 'OK', data, signature: sign(data, key) };
  return JSON.stringify(reply);
}

export function pushReply(invalidTunnelIds: string[]): string {
  const reply: TunnelPushReply = { code: TUNNEL_CODES.ok, message: 'OK', data: { invalidTunnelIds } };
  return JSON.stringify(reply);
}

export function callbackBody(data: TunnelCallbackData, key: string): string {
  const text = JSON.stringify(data);
  const callback: TunnelCallback = { data: text, signature: sign(text, key) };
  return JSON.stringify(callback);
}

/** `type` and what stands after the first colon. */
export function splitPacket(text: string): { type: string; content: string | undefined } {
  const colon = text.indexOf(':');
  if (colon < 0) return { type: text, content: undefined };
  return { type: text.slice(0, colon), content: text.slice(colon + 1) };
}

/** The frame payload of a message, as bytes, so that it is encoded once for all who receive it. */
export function messagePayload(content: string): Buffer {
  return Buffer.from(`message:${content}`, 'utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
