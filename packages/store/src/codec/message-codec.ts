import { StoreError } from '../errors.ts';
import type { FieldDef, MessageDef } from '../schema/table.ts';
import type {} from './native-buffer.ts';
import {
  BYTES,
  FIXED32,
  FIXED64,
  malformed,
  readUint32,
  readVarint64,
  skipValue,
  skipVarint,
  VARINT,
  wireEnd,
} from './wire.ts';
import { Writer } from './writer.ts';

/** A record as programs see it: int64 as bigint, bytes as Uint8Array, enums by name, maps as objects. */
export type RecordValue = Record<string, unknown>;

/** Encodes and decodes messages of one schema. Not safe for use while it is in use (no callbacks reach it). */
export interface MessageCodec {
  /** @throws StoreError FIELD_UNKNOWN, FIELD_TYPE, RECORD_TOO_LARGE with the path of the field. */
  encode(message: MessageDef, value: RecordValue): Buffer;
  /** One field with its tag; nothing for a default without presence. */
  encodeField(field: FieldDef, value: unknown): Buffer;
  /** @throws StoreError RECORD_MALFORMED. Fields that the message does not have are passed over. */
  decode(message: MessageDef, bytes: Uint8Array): RecordValue;
  /** The value of one field on the wire, as `decode` would give it. */
  decodeField(field: FieldDef, bytes: Uint8Array): unknown;
}

type Decode = (bytes: Buffer, at: number, end: number, depth: number) => unknown;

const WIRE: Record<FieldDef['type'], number> = {
  double: FIXED64,
  float: FIXED32,
  int32: VARINT,
  uint32: VARINT,
  sint32: VARINT,
  fixed32: FIXED32,
  sfixed32: FIXED32,
  int64: VARINT,
  uint64: VARINT,
  sint64: VARINT,
  fixed64: FIXED64,
  sfixed64: FIXED64,
  bool: VARINT,
  enum: VARINT,
  string: BYTES,
  bytes: BYTES,
  message: BYTES,
};

const INT32 = { int32: true, sint32: true, sfixed32: true } as Record<string, boolean>;
const UINT32 = { uint32: true, fixed32: true } as Record<string, boolean>;
const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;
const U64_MAX = 2n ** 64n - 1n;

const bad = (field: FieldDef, value: unknown, wanted: string): StoreError =>
  new StoreError('FIELD_TYPE', `field ${field.name}: ${describe(value)} is not ${wanted}`, {
    hint: `give ${wanted}; int64 and its kin are bigint`,
  });
const describe = (value: unknown): string =>
  typeof value === 'bigint'
    ? `${value}n`
    : typeof value === 'string'
      ? JSON.stringify(value.slice(0, 40))
      : String(value).slice(0, 40);

/** A value as its field takes it, or an error that names the field. */
export function checkScalar(field: FieldDef, value: unknown): unknown {
  const { type } = field;
  if (INT32[type]) {
    if (typeof value === 'number' && (value | 0) === value) return value;
    throw bad(field, value, 'an integer of 32 bits');
  }
  if (UINT32[type]) {
    if (typeof value === 'number' && value >>> 0 === value) return value;
    throw bad(field, value, 'an integer from 0 to 2^32 - 1');
  }
  switch (type) {
    case 'string':
      if (typeof value !== 'string') throw bad(field, value, 'a string');
      return value;
    case 'bytes':
      if (!(value instanceof Uint8Array)) throw bad(field, value, 'a Uint8Array');
      return value;
    case 'bool':
      if (typeof value !== 'boolean') throw bad(field, value, 'a boolean');
      return value;
    case 'double':
    case 'float':
      if (typeof value !== 'number') throw bad(field, value, 'a number');
      return value;
    case 'enum': {
      const number = typeof value === 'string' ? field.enum?.values[value] : value;
      if (typeof number === 'number' && (number | 0) === number) return number;
      throw bad(field, value, `a value of ${field.enum?.name}`);
    }
    case 'uint64':
    case 'fixed64': {
      const big = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
      if (typeof big === 'bigint' && big >= 0n && big <= U64_MAX) return big;
      throw bad(field, value, 'a bigint from 0 to 2^64 - 1');
    }
    default: {
      const big = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
      if (typeof big === 'bigint' && big >= I64_MIN && big <= I64_MAX) return big;
      throw bad(field, value, 'a bigint of 64 bits');
    }
  }
}

function isDefault(field: FieldDef, value: unknown): boolean {
  if (field.type === 'string') return value === '';
  if (field.type === 'bytes') return (value as Uint8Array).length === 0;
  if (field.type === 'double' || field.type === 'float') return Object.is(value, 0);
  return value === 0 || value === 0n || value === false;
}

function writeScalar(writer: Writer, field: FieldDef, value: unknown): void {
  switch (field.type) {
    case 'int32':
    case 'enum':
      return writer.int32(value as number);
    case 'uint32':
      return writer.uint32(value as number);
    case 'sint32':
      return writer.uint32((((value as number) << 1) ^ ((value as number) >> 31)) >>> 0);
    case 'fixed32':
    case 'sfixed32':
      return writer.fixed32(value as number);
    case 'int64':
    case 'uint64':
      return writer.varint64(value as bigint);
    case 'sint64':
      return writer.varint64(BigInt.asUintN(64, ((value as bigint) << 1n) ^ ((value as bigint) >> 63n)));
    case 'fixed64':
    case 'sfixed64':
      return writer.fixed64(value as bigint);
    case 'bool':
      return writer.uint32(value ? 1 : 0);
    case 'string':
      return writer.string(value as string);
    case 'bytes':
      return writer.data(value as Uint8Array);
    case 'double':
      writer.need(8);
      writer.at = writer.bytes.writeDoubleLE(value as number, writer.at);
      return;
    case 'float':
      writer.need(4);
      writer.at = writer.bytes.writeFloatLE(value as number, writer.at);
      return;
    default:
      throw new Error('unreachable');
  }
}

export function createMessageCodec(options: { maxDepth: number }): MessageCodec {
  const writer = new Writer();
  const decoders = new WeakMap<MessageDef, (bytes: Buffer, at: number, end: number, depth: number) => RecordValue>();

  function writeMessage(message: MessageDef, value: RecordValue, depth: number): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new StoreError('FIELD_TYPE', `a ${message.name} must be an object`, {
        hint: 'give an object of its fields',
      });
    if (depth > options.maxDepth)
      throw new StoreError('RECORD_TOO_LARGE', `messages are nested more than ${options.maxDepth} deep`, {
        hint: 'nest less',
      });
    for (const name in value)
      if (value[name] !== undefined && !message.byName.has(name))
        throw new StoreError('FIELD_UNKNOWN', `${message.name} has no field ${name}`, {
          hint: `its fields are ${message.fields.map((field) => field.name).join(', ')}`,
        });
    for (const field of message.fields) {
      const given = value[field.name];
      if (given === undefined || given === null) {
        if (field.required)
          throw new StoreError('FIELD_TYPE', `the required field ${field.name} is not given`, { hint: 'set it' });
        continue;
      }
      writeField(field, given, depth);
    }
  }

  function writeField(field: FieldDef, given: unknown, depth: number): void {
    const tag = ((field.number << 3) | WIRE[field.type]) >>> 0;
    const delimitedTag = ((field.number << 3) | BYTES) >>> 0;
    if (field.mapKey) {
      if (typeof given !== 'object' || given === null) throw bad(field, given, 'an object');
      const key: FieldDef = { ...field, number: 1, type: field.mapKey, name: `${field.name} key` };
      const item: FieldDef = { ...field, number: 2 };
      for (const [name, value] of Object.entries(given)) {
        writer.uint32(delimitedTag);
        writer.delimited(() => {
          writer.uint32((8 | WIRE[key.type]) >>> 0);
          writeScalar(writer, key, checkScalar(key, parseMapKey(key, name)));
          writer.uint32((16 | WIRE[item.type]) >>> 0);
          writeOne(item, value, depth);
        });
      }
      return;
    }
    if (field.repeated) {
      if (!Array.isArray(given)) throw bad(field, given, 'an array');
      if (given.length === 0) return;
      if (field.packed && WIRE[field.type] !== BYTES) {
        writer.uint32(delimitedTag);
        writer.delimited(() => {
          for (const value of given) writeScalar(writer, field, checkScalar(field, value));
        });
        return;
      }
      for (const value of given) {
        writer.uint32(tag);
        writeOne(field, value, depth);
      }
      return;
    }
    if (field.type !== 'message') {
      const value = checkScalar(field, given);
      if (!field.presence && isDefault(field, value)) return;
      writer.uint32(tag);
      writeScalar(writer, field, value);
      return;
    }
    writer.uint32(tag);
    writeOne(field, given, depth);
  }

  function writeOne(field: FieldDef, value: unknown, depth: number): void {
    if (field.message) {
      const { message } = field;
      writer.delimited(() => writeMessage(message, value as RecordValue, depth + 1));
    } else writeScalar(writer, field, checkScalar(field, value));
  }

  function decoderOf(message: MessageDef): (bytes: Buffer, at: number, end: number, depth: number) => RecordValue {
    const known = decoders.get(message);
    if (known) return known;
    // Absent fields: those without presence have their default, lists and maps are empty. Spreading one object gives all records one shape.
    const template: RecordValue = {};
    const fresh: { name: string; list: boolean }[] = [];
    for (const field of message.fields) {
      template[field.name] = blank(field);
      if (field.repeated || field.mapKey) fresh.push({ name: field.name, list: field.repeated });
    }
    const byNumber: ((
      record: RecordValue,
      bytes: Buffer,
      at: number,
      end: number,
      wire: number,
      depth: number,
    ) => number)[] = [];
    const later = new Map<number, (typeof byNumber)[number]>();
    for (const field of message.fields) {
      const read = fieldReader(field);
      if (field.number < 256) byNumber[field.number] = read;
      else later.set(field.number, read);
    }
    const decode = (bytes: Buffer, from: number, end: number, depth: number): RecordValue => {
      if (depth > options.maxDepth) throw malformed(`messages are nested more than ${options.maxDepth} deep`);
      const record: RecordValue = { ...template };
      for (let i = 0; i < fresh.length; i++) {
        const { name, list } = fresh[i] as (typeof fresh)[number];
        record[name] = list ? [] : {};
      }
      for (let at = from; at < end; ) {
        let tag = bytes[at] as number;
        if (tag < 0x80) at++;
        else {
          tag = readUint32(bytes, at, end);
          at = wireEnd;
        }
        const number = tag >>> 3;
        if (number === 0) throw malformed('field number 0');
        const read = number < 256 ? byNumber[number] : later.get(number);
        at = read ? read(record, bytes, at, end, tag & 7, depth) : skipValue(bytes, at, end, tag);
      }
      return record;
    };
    decoders.set(message, decode);
    return decode;
  }

  function fieldReader(
    field: FieldDef,
  ): (record: RecordValue, bytes: Buffer, at: number, end: number, wire: number, depth: number) => number {
    const { name, repeated, mapKey, oneof } = field;
    const wireType = mapKey ? BYTES : WIRE[field.type];
    const read = scalarReader(field);
    const skip = (bytes: Buffer, at: number, end: number, wire: number): number =>
      skipValue(bytes, at, end, (field.number << 3) | wire);
    if (mapKey) {
      const readKey = scalarReader({ ...field, type: mapKey, number: 1 });
      return (record, bytes, at, end, wire, depth) => {
        if (wire !== BYTES) return skip(bytes, at, end, wire);
        const stop = skipValue(bytes, at, end, BYTES);
        let key: unknown = mapKey === 'string' ? '' : mapKey === 'bool' ? false : 0;
        let value: unknown = field.message ? {} : blankValue(field);
        readUint32(bytes, at, end);
        for (let here = wireEnd; here < stop; ) {
          const tag = readUint32(bytes, here, stop);
          here = wireEnd;
          const next = skipValue(bytes, here, stop, tag);
          if (tag === (8 | WIRE[mapKey])) key = readKey(bytes, here, next, depth);
          else if (tag === (16 | WIRE[field.type])) value = read(bytes, here, next, depth);
          here = next;
        }
        const entries = record[name] as Record<string, unknown>;
        // A key called __proto__ is a key like others.
        Object.defineProperty(entries, String(key), { value, enumerable: true, configurable: true, writable: true });
        return stop;
      };
    }
    if (repeated)
      return (record, bytes, at, end, wire, depth) => {
        const into = record[name] as unknown[];
        if (wire === wireType) {
          const next = skipValue(bytes, at, end, wire);
          into.push(read(bytes, at, next, depth));
          return next;
        }
        // Packed and unpacked forms are both read, whatever the schema says.
        if (wire !== BYTES || wireType === BYTES) return skip(bytes, at, end, wire);
        const stop = skipValue(bytes, at, end, BYTES);
        readUint32(bytes, at, end);
        for (let here = wireEnd; here < stop; ) {
          const next = skipValue(bytes, here, stop, wireType);
          into.push(read(bytes, here, next, depth));
          here = next;
        }
        return stop;
      };
    return (record, bytes, at, end, wire, depth) => {
      if (wire !== wireType) return skip(bytes, at, end, wire);
      const next =
        wire === VARINT && (bytes[at] as number) < 0x80 && at < end ? at + 1 : skipValue(bytes, at, end, wire);
      const value = read(bytes, at, next, depth);
      // A message that comes in two parts is merged.
      if (field.type === 'message' && record[name] !== undefined)
        merge(record[name] as RecordValue, value as RecordValue);
      else record[name] = value;
      if (oneof !== undefined) clearOthers(record, field);
      return next;
    };
  }

  const oneofs = new WeakMap<FieldDef, string[]>();
  function clearOthers(record: RecordValue, field: FieldDef): void {
    for (const other of oneofs.get(field) ?? []) record[other] = undefined;
  }

  /** Reads one value whose end is known: [at, end). */
  function scalarReader(field: FieldDef): Decode {
    switch (field.type) {
      case 'int32':
        return (bytes, at, end) => (end - at === 1 ? (bytes[at] as number) : int32(bytes, at));
      case 'uint32':
        return (bytes, at, end) => (end - at === 1 ? (bytes[at] as number) : int32(bytes, at) >>> 0);
      case 'sint32':
        return (bytes, at) => {
          const value = int32(bytes, at) >>> 0;
          return (value >>> 1) ^ -(value & 1);
        };
      case 'fixed32':
        return (bytes, at) => bytes.readUInt32LE(at);
      case 'sfixed32':
        return (bytes, at) => bytes.readInt32LE(at);
      case 'int64':
        return (bytes, at, end) =>
          end - at < 10 ? readVarint64(bytes, at) : BigInt.asIntN(64, readVarint64(bytes, at));
      case 'uint64':
        return (bytes, at) => readVarint64(bytes, at);
      case 'sint64':
        return (bytes, at) => {
          const value = readVarint64(bytes, at);
          return (value >> 1n) ^ -(value & 1n);
        };
      case 'fixed64':
        return (bytes, at) => bytes.readBigUInt64LE(at);
      case 'sfixed64':
        return (bytes, at) => bytes.readBigInt64LE(at);
      case 'bool':
        return (bytes, at) => readVarint64(bytes, at) !== 0n;
      case 'double':
        return (bytes, at) => bytes.readDoubleLE(at);
      case 'float':
        return (bytes, at) => bytes.readFloatLE(at);
      case 'enum': {
        const names = field.enum?.names;
        return (bytes, at) => {
          const value = int32(bytes, at);
          return names?.get(value) ?? value;
        };
      }
      case 'string':
        return (bytes, at, end) => {
          readUint32(bytes, at, end);
          const start = wireEnd;
          const length = end - start;
          if (length === 0) return '';
          if (length <= 12) {
            // Below this a loop is faster than the call into C++.
            let text = '';
            for (let i = start; i < end; i++) {
              const code = bytes[i] as number;
              if (code > 0x7f) return bytes.utf8Slice(start, end);
              text += String.fromCharCode(code);
            }
            return text;
          }
          return bytes.utf8Slice(start, end);
        };
      case 'bytes':
        return (bytes, at, end) => {
          readUint32(bytes, at, end);
          // A copy: the bytes may stand in a buffer that is used again.
          return new Uint8Array(bytes.subarray(wireEnd, end));
        };
      default: {
        const message = field.message as MessageDef;
        return (bytes, at, end, depth) => {
          readUint32(bytes, at, end);
          return decoderOf(message)(bytes, wireEnd, end, depth + 1);
        };
      }
    }
  }

  const asBuffer = (bytes: Uint8Array): Buffer =>
    Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const prepared = new WeakSet<MessageDef>();
  function prepare(message: MessageDef): void {
    if (prepared.has(message)) return;
    prepared.add(message);
    for (const field of message.fields) {
      if (field.oneof !== undefined)
        oneofs.set(
          field,
          message.fields.filter((other) => other !== field && other.oneof === field.oneof).map((other) => other.name),
        );
      if (field.message) prepare(field.message);
    }
  }

  return {
    encode(message, value) {
      writer.reset();
      writeMessage(message, value, 0);
      return writer.take();
    },
    encodeField(field, value) {
      writer.reset();
      if (value !== undefined && value !== null) writeField(field, value, 0);
      return writer.take();
    },
    decode(message, bytes) {
      prepare(message);
      return decoderOf(message)(asBuffer(bytes), 0, bytes.length, 0);
    },
    decodeField(field, bytes) {
      const record: RecordValue = { [field.name]: field.repeated ? [] : field.mapKey ? {} : blank(field) };
      const buffer = asBuffer(bytes);
      const read = fieldReader(field);
      for (let at = 0; at < buffer.length; ) {
        const tag = readUint32(buffer, at, buffer.length);
        at = wireEnd;
        if (tag >>> 3 === 0) throw malformed('field number 0');
        at =
          tag >>> 3 === field.number
            ? read(record, buffer, at, buffer.length, tag & 7, 0)
            : skipValue(buffer, at, buffer.length, tag);
      }
      return record[field.name];
    },
  };
}

function int32(bytes: Buffer, at: number): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[at++] as number;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  // The rest of a negative number is sign.
  skipVarint(bytes, at, bytes.length);
  return value;
}

function blank(field: FieldDef): unknown {
  if (field.repeated || field.mapKey) return undefined;
  if (field.presence) return field.default !== undefined && hasDeclaredDefault(field) ? field.default : undefined;
  return field.default;
}

function hasDeclaredDefault(field: FieldDef): boolean {
  const value = field.default;
  if (field.type === 'enum')
    return field.enum ? field.enum.values[String(value)] !== Object.values(field.enum.values)[0] : false;
  return !isDefault(field, value);
}

const blankValue = (field: FieldDef): unknown => field.default;

function merge(into: RecordValue, from: RecordValue): void {
  for (const [name, value] of Object.entries(from))
    if (Array.isArray(value) && Array.isArray(into[name])) (into[name] as unknown[]).push(...value);
    else if (value !== undefined) into[name] = value;
}

function parseMapKey(key: FieldDef, name: string): unknown {
  if (key.type === 'string') return name;
  if (key.type === 'bool') return name === 'true';
  if (/64$/.test(key.type)) {
    if (!/^-?\d{1,20}$/.test(name)) throw bad(key, name, 'an integer');
    return BigInt(name);
  }
  return Number(name);
}
