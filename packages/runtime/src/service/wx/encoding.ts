import { ApiFailure, createApiHelper, kindOf } from './api.ts';
import type { WxDomain } from './context.ts';

/** Characters `String.fromCharCode` takes at once. */
const CHUNK = 0x8000;

export function toBinary(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return text;
}
export function fromBinary(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0) & 0xff);
}
export function toBase64(bytes: Uint8Array): string {
  return btoa(toBinary(bytes));
}
/** @throws ApiFailure when the text is no base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return fromBinary(atob(text.replace(/-/g, '+').replace(/_/g, '/')));
  } catch {
    throw new ApiFailure('invalid base64');
  }
}

/** Base64 and random values. */
export const encodingDomain: WxDomain = (context) => {
  const api = createApiHelper(context.reporter);
  const should = (kind: string, value: unknown): ApiFailure =>
    new ApiFailure(`parameter error: parameter should be ${kind} instead of ${kindOf(value)};`);
  return {
    base64ToArrayBuffer: api.sync('base64ToArrayBuffer', (text: unknown) => {
      if (typeof text !== 'string') throw should('String', text);
      return fromBase64(text).buffer;
    }),
    arrayBufferToBase64: api.sync('arrayBufferToBase64', (data: unknown) => {
      if (!(data instanceof ArrayBuffer)) throw should('ArrayBuffer', data);
      return toBase64(new Uint8Array(data));
    }),
    getRandomValues: api.async('getRandomValues', { length: 'Number' }, (options: { length: number }) => {
      const { length } = options;
      // 65536 is what the random source of a browser gives at once, and more than the reference allows.
      if (!Number.isInteger(length) || length < 0 || length > 65_536) throw new ApiFailure('invalid length');
      return { randomValues: crypto.getRandomValues(new Uint8Array(length)).buffer };
    }),
  };
};
