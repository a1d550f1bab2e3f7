import { ApiFailure, shouldBe } from '../../service/wx/api.ts';
import { fromBase64, fromBinary, toBase64, toBinary } from '../encoding/bytes.ts';

type Bytes = Uint8Array<ArrayBuffer>;

function base64(text: string): Bytes {
  const bytes = fromBase64(text);
  if (!bytes) throw new ApiFailure('invalid base64');
  return bytes;
}

/** @throws ApiFailure for an encoding the reference does not name. */
export function encode(data: unknown, encoding: unknown = 'utf8'): Bytes {
  if (data instanceof ArrayBuffer) return new Uint8Array(data.slice(0));
  if (typeof data !== 'string') throw shouldBe('String or ArrayBuffer', data, 'data');
  switch (String(encoding).toLowerCase()) {
    case 'utf8':
    case 'utf-8':
      return new TextEncoder().encode(data);
    case 'base64':
      return base64(data);
    case 'hex':
      return Uint8Array.from(data.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    case 'ascii':
    case 'binary':
    case 'latin1':
      return fromBinary(data);
    case 'ucs2':
    case 'ucs-2':
    case 'utf16le':
    case 'utf-16le':
      return new Uint8Array(Uint16Array.from(data, (letter) => letter.charCodeAt(0)).buffer);
    default:
      throw new ApiFailure(`invalid encoding "${String(encoding)}"`);
  }
}

/** @throws ApiFailure for an encoding the reference does not name. Without one the bytes themselves. */
export function decode(bytes: Bytes, encoding: string | undefined): string | ArrayBuffer {
  if (encoding === undefined || encoding === '') return bytes.slice().buffer;
  switch (encoding.toLowerCase()) {
    case 'utf8':
    case 'utf-8':
      return new TextDecoder().decode(bytes);
    case 'base64':
      return toBase64(bytes);
    case 'hex':
      return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    case 'ascii':
    case 'binary':
    case 'latin1':
      return toBinary(bytes);
    case 'ucs2':
    case 'ucs-2':
    case 'utf16le':
    case 'utf-16le':
      return new TextDecoder('utf-16le').decode(bytes);
    default:
      throw new ApiFailure(`invalid encoding "${encoding}"`);
  }
}
