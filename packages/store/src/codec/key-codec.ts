import { StoreError } from '../errors.ts';
import type { StoreLimits } from '../limits.ts';
import { phrase } from '../phrase.ts';
import type { FieldDef } from '../schema/table.ts';
import { absentValue, checkScalar, own, setOwn } from './message-codec.ts';

/**
 * Tuples of field values as bytes that compare like the values do: integers big-endian with the sign bit turned,
 * strings and bytes with 0x00 escaped as 0x00 0xff and closed by 0x00 0x01, floats with their bits turned. So `get`,
 * ranges and prefixes need bytes only.
 */

/** Bytes of an index entry's text that take part in its order; what lies behind is compared on the record itself. */
const INDEX_TEXT_BYTES = 200;

const halves = new Int32Array(2);
const whole = new BigInt64Array(halves.buffer);

/** A growing buffer that values of a key are put behind each other in; used again for the next key. */
export class KeyWriter {
  bytes: Buffer = Buffer.allocUnsafeSlow(256);
  at = 0;

  /** Begins a new key. */
  reset(): void {
    this.at = 0;
    // One giant key, which is refused, must not hold its memory for ever.
    if (this.bytes.length > 1 << 16) this.bytes = Buffer.allocUnsafeSlow(256);
  }

  need(more: number): void {
    if (this.at + more <= this.bytes.length) return;
    const next = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + more));
    this.bytes.copy(next, 0, 0, this.at);
    this.bytes = next;
  }

  byte(value: number): void {
    this.need(1);
    this.bytes[this.at++] = value;
  }

  word(value: number): void {
    this.need(4);
    const { bytes, at } = this;
    bytes[at] = value >>> 24;
    bytes[at + 1] = (value >>> 16) & 0xff;
    bytes[at + 2] = (value >>> 8) & 0xff;
    bytes[at + 3] = value & 0xff;
    this.at = at + 4;
  }

  raw(bytes: Uint8Array): void {
    this.need(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  #escaped(from: Uint8Array): void {
    this.need(from.length * 2 + 2);
    const { bytes } = this;
    let { at } = this;
    for (let i = 0; i < from.length; i++) {
      const byte = from[i] as number;
      bytes[at++] = byte;
      if (byte === 0) bytes[at++] = 0xff;
    }
    bytes[at++] = 0;
    bytes[at++] = 1;
    this.at = at;
  }

  #text(value: string, clip: boolean): void {
    const { length } = value;
    if (length < 48) {
      this.need(length + 2);
      const { bytes, at } = this;
      let i = 0;
      for (; i < length; i++) {
        const code = value.charCodeAt(i);
        if (code === 0 || code > 0x7f) break;
        bytes[at + i] = code;
      }
      if (i === length) {
        bytes[at + i] = 0;
        bytes[at + i + 1] = 1;
        this.at = at + i + 2;
        return;
      }
    }
    const bytes = Buffer.from(value, 'utf8');
    this.#escaped(clip ? bytes.subarray(0, INDEX_TEXT_BYTES) : bytes);
  }

  /** One value of a key, which must fit its field. @throws StoreError FIELD_TYPE */
  value(field: FieldDef, given: unknown, clip = false): void {
    const value = checkScalar(field, given);
    switch (field.type) {
      case 'int32':
      case 'sint32':
      case 'sfixed32':
      case 'enum':
        this.word((value as number) ^ 0x8000_0000);
        return;
      case 'uint32':
      case 'fixed32':
        this.word(value as number);
        return;
      case 'uint64':
      case 'fixed64':
        whole[0] = value as bigint;
        this.word(halves[1] as number);
        this.word(halves[0] as number);
        return;
      case 'int64':
      case 'sint64':
      case 'sfixed64':
        whole[0] = value as bigint;
        this.word((halves[1] as number) ^ 0x8000_0000);
        this.word(halves[0] as number);
        return;
      case 'bool':
        this.byte(value ? 1 : 0);
        return;
      case 'float':
      case 'double': {
        this.need(8);
        const out = this.bytes.subarray(this.at, this.at + 8);
        // -0 equals 0.
        out.writeDoubleBE(value === 0 ? 0 : (value as number));
        if ((out[0] as number) & 0x80) for (let i = 0; i < 8; i++) out[i] = ~(out[i] as number) & 0xff;
        else out[0] = (out[0] as number) | 0x80;
        this.at += 8;
        return;
      }
      case 'string':
        this.#text(value as string, clip);
        return;
      default: {
        const bytes = value as Uint8Array;
        this.#escaped(clip ? bytes.subarray(0, INDEX_TEXT_BYTES) : bytes);
      }
    }
  }

  /** A copy of what was written. */
  take(): Buffer {
    const out = Buffer.allocUnsafe(this.at);
    this.bytes.copy(out, 0, 0, this.at);
    return out;
  }
}

const shared = new KeyWriter();

/** One value of a key. The value must fit its field. @throws StoreError FIELD_TYPE */
export function encodeKeyValue(field: FieldDef, given: unknown, clip = false): Buffer {
  shared.reset();
  shared.value(field, given, clip);
  return shared.take();
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
    setOwn(values, field.name, decodeKeyValue(field, bytes.subarray(at, end)));
    at = end;
  }
  return values;
}

/**
 * Puts the encoded primary key of a record behind what the writer has.
 *
 * @throws StoreError KEY_MISSING, KEY_TOO_LONG, FIELD_TYPE
 */
export function writeKey(
  out: KeyWriter,
  fields: readonly FieldDef[],
  record: Record<string, unknown>,
  limits: StoreLimits,
): void {
  const start = out.at;
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i] as FieldDef;
    const value = own(record, field.name);
    if (value === undefined || value === null)
      throw new StoreError('KEY_MISSING', phrase`the field ${field.name} of the key is not given`, {
        hint: phrase`give ${fields.map((entry) => entry.name).join(', ')}`,
      });
    out.value(field, value);
    const bytes = typeof value === 'string' ? Buffer.byteLength(value) : value instanceof Uint8Array ? value.length : 8;
    if (bytes > limits.keyFieldBytes || (field.size !== undefined && bytes > field.size))
      throw new StoreError('KEY_TOO_LONG', phrase`the key field ${field.name} has ${bytes} bytes`, {
        hint: phrase`at most ${Math.min(limits.keyFieldBytes, field.size ?? limits.keyFieldBytes)} are allowed`,
      });
  }
  if (out.at - start > limits.keyBytes)
    throw new StoreError('KEY_TOO_LONG', phrase`the key has ${out.at - start} bytes`, {
      hint: phrase`at most ${limits.keyBytes} are allowed`,
    });
}

/**
 * Values of an index, each after a byte that says whether it is there; absent ones come first. A field that is read as
 * its default when it is absent has it here, too. Long texts are clipped.
 */
export function encodeIndexValues(fields: readonly FieldDef[], record: Record<string, unknown>): Buffer {
  shared.reset();
  for (const field of fields) {
    const value = own(record, field.name) ?? absentValue(field);
    if (value === undefined || value === null) shared.byte(0);
    else {
      shared.byte(1);
      shared.value(field, value, true);
    }
  }
  return shared.take();
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
