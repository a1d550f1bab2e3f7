import { StoreError } from '../errors.ts';
import type { StoreLimits } from '../limits.ts';
import type { FieldDef } from '../schema/table.ts';
import { checkScalar } from './message-codec.ts';

/**
 * Tuples of field values as bytes that compare like the values do: integers big-endian with the sign bit turned, strings and bytes with
 * 0x00 escaped as 0x00 0xff and closed by 0x00 0x01, floats with their bits turned. So `get`, ranges and prefixes need bytes only.
 */

/** Bytes of an index entry's text that take part in its order; what lies behind is compared on the record itself. */
const INDEX_TEXT_BYTES = 200;

const int32 = (value: number, signed: boolean): Buffer => {
  const out = Buffer.allocUnsafe(4);
  out.writeUInt32BE(signed ? (value ^ 0x8000_0000) >>> 0 : value >>> 0);
  return out;
};

function text(bytes: Uint8Array): Buffer {
  let zeros = 0;
  for (const byte of bytes) if (byte === 0) zeros++;
  const out = Buffer.allocUnsafe(bytes.length + zeros + 2);
  let at = 0;
  for (const byte of bytes) {
    out[at++] = byte;
    if (byte === 0) out[at++] = 0xff;
  }
  out[at++] = 0;
  out[at] = 1;
  return out;
}

/** One value of a key. The value must fit its field. @throws StoreError FIELD_TYPE */
export function encodeKeyValue(field: FieldDef, given: unknown, clip = false): Buffer {
  const value = checkScalar(field, given);
  switch (field.type) {
    case 'int32':
    case 'sint32':
    case 'sfixed32':
    case 'enum':
      return int32(value as number, true);
    case 'uint32':
    case 'fixed32':
      return int32(value as number, false);
    case 'uint64':
    case 'fixed64': {
      const out = Buffer.allocUnsafe(8);
      out.writeBigUInt64BE(value as bigint);
      return out;
    }
    case 'int64':
    case 'sint64':
    case 'sfixed64': {
      const out = Buffer.allocUnsafe(8);
      out.writeBigUInt64BE(BigInt.asUintN(64, (value as bigint) + 2n ** 63n));
      return out;
    }
    case 'bool':
      return Buffer.from([value ? 1 : 0]);
    case 'float':
    case 'double': {
      const out = Buffer.allocUnsafe(8);
      // -0 equals 0.
      out.writeDoubleBE(value === 0 ? 0 : (value as number));
      if ((out[0] as number) & 0x80) for (let i = 0; i < 8; i++) out[i] = ~(out[i] as number) & 0xff;
      else out[0] = (out[0] as number) | 0x80;
      return out;
    }
    case 'string': {
      const bytes = Buffer.from(value as string, 'utf8');
      return text(clip ? bytes.subarray(0, INDEX_TEXT_BYTES) : bytes);
    }
    default: {
      const bytes = value as Uint8Array;
      return text(clip ? bytes.subarray(0, INDEX_TEXT_BYTES) : bytes);
    }
  }
}

/** Where the encoded value that begins at `at` ends. */
function endOf(field: FieldDef, bytes: Uint8Array, at: number): number {
  switch (field.type) {
    case 'string':
    case 'bytes':
      for (let i = at; i < bytes.length - 1; i++)
        if (bytes[i] === 0) {
          if (bytes[i + 1] === 1) return i + 2;
          i++;
        }
      return bytes.length;
    case 'bool':
      return at + 1;
    case 'int32':
    case 'sint32':
    case 'sfixed32':
    case 'enum':
    case 'uint32':
    case 'fixed32':
      return at + 4;
    default:
      return at + 8;
  }
}

function decodeKeyValue(field: FieldDef, bytes: Buffer): unknown {
  switch (field.type) {
    case 'string':
    case 'bytes': {
      const out = Buffer.allocUnsafe(bytes.length);
      let size = 0;
      for (let i = 0; i < bytes.length - 2; i++) {
        out[size++] = bytes[i] as number;
        if (bytes[i] === 0) i++;
      }
      return field.type === 'string' ? out.toString('utf8', 0, size) : new Uint8Array(out.subarray(0, size));
    }
    case 'bool':
      return bytes[0] === 1;
    case 'int32':
    case 'sint32':
    case 'sfixed32':
      return (bytes.readUInt32BE(0) ^ 0x8000_0000) | 0;
    case 'enum': {
      const value = (bytes.readUInt32BE(0) ^ 0x8000_0000) | 0;
      return field.enum?.names.get(value) ?? value;
    }
    case 'uint32':
    case 'fixed32':
      return bytes.readUInt32BE(0);
    case 'uint64':
    case 'fixed64':
      return bytes.readBigUInt64BE(0);
    default:
      return bytes.readBigUInt64BE(0) - 2n ** 63n;
  }
}

/** The values of an encoded tuple by field name. */
export function decodeTuple(fields: readonly FieldDef[], bytes: Buffer, from = 0): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  let at = from;
  for (const field of fields) {
    const end = endOf(field, bytes, at);
    values[field.name] = decodeKeyValue(field, bytes.subarray(at, end));
    at = end;
  }
  return values;
}

/** The encoded primary key of a record. @throws StoreError KEY_MISSING, KEY_TOO_LONG, FIELD_TYPE */
export function encodeKey(fields: readonly FieldDef[], record: Record<string, unknown>, limits: StoreLimits): Buffer {
  const parts: Buffer[] = [];
  let size = 0;
  for (const field of fields) {
    const value = record[field.name];
    if (value === undefined || value === null)
      throw new StoreError('KEY_MISSING', `the field ${field.name} of the key is not given`, {
        hint: `give ${fields.map((entry) => entry.name).join(', ')}`,
      });
    const part = encodeKeyValue(field, value);
    const bytes = typeof value === 'string' ? Buffer.byteLength(value) : value instanceof Uint8Array ? value.length : 8;
    if (bytes > Math.min(limits.keyFieldBytes, field.size ?? Number.POSITIVE_INFINITY))
      throw new StoreError('KEY_TOO_LONG', `the key field ${field.name} has ${bytes} bytes`, {
        hint: `at most ${Math.min(limits.keyFieldBytes, field.size ?? limits.keyFieldBytes)} are allowed`,
      });
    parts.push(part);
    size += part.length;
  }
  if (size > limits.keyBytes)
    throw new StoreError('KEY_TOO_LONG', `the key has ${size} bytes`, {
      hint: `at most ${limits.keyBytes} are allowed`,
    });
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, size);
}

/** Values of an index, each after a byte that says whether it is there; absent ones come first. Long texts are clipped. */
export function encodeIndexValues(fields: readonly FieldDef[], record: Record<string, unknown>): Buffer {
  const parts: Uint8Array[] = [];
  for (const field of fields) {
    const value = record[field.name];
    if (value === undefined || value === null) parts.push(Uint8Array.of(0));
    else parts.push(Uint8Array.of(1), encodeKeyValue(field, value, true));
  }
  return Buffer.concat(parts);
}

/** The smallest key that is greater than every key with this prefix; undefined when there is none. */
export function afterPrefix(prefix: Uint8Array): Buffer | undefined {
  let end = prefix.length;
  while (end > 0 && prefix[end - 1] === 0xff) end--;
  if (end === 0) return undefined;
  const out = Buffer.from(prefix.subarray(0, end));
  out[end - 1] = (out[end - 1] as number) + 1;
  return out;
}
