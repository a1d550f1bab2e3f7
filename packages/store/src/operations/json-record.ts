import { isPlain, own, type RecordValue, setOwn } from '../codec/message-codec.ts';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { FieldDef, MessageDef } from '../schema/table.ts';
import { wellKnownJson } from './well-known-json.ts';

/**
 * Records as JSON, by protobuf's JSON rules where they matter: 64-bit integers are texts, bytes are base64, and so on.
 */
export function toJson(message: MessageDef, record: RecordValue): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const field of message.fields) {
    const value = own(record, field.name);
    if (value === undefined || value === null) continue;
    setOwn(out, field.name, fieldToJson(field, value));
  }
  return out;
}

function fieldToJson(field: FieldDef, value: unknown): unknown {
  if (field.mapKey)
    return Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, one(field, item)]));
  return field.repeated ? (value as unknown[]).map((item) => one(field, item)) : one(field, value);
}

function one(field: FieldDef, value: unknown): unknown {
  if (field.message) {
    const known = wellKnownJson(field.message);
    return known ? known.toJson(value as RecordValue) : toJson(field.message, value as RecordValue);
  }
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value;
}

/** @throws StoreError FIELD_UNKNOWN, FIELD_TYPE */
export function fromJson(message: MessageDef, json: unknown): RecordValue {
  if (!isPlain(json))
    throw new StoreError('FIELD_TYPE', phrase`a ${message.name} must be an object`, {
      hint: phrase`give an object of its fields`,
    });
  const record: RecordValue = {};
  for (const [name, value] of Object.entries(json)) {
    const field = message.byName.get(name);
    if (!field)
      throw new StoreError('FIELD_UNKNOWN', phrase`${message.name} has no field ${name}`, {
        hint: phrase`its fields are ${message.fields.map((entry) => entry.name).join(', ')}`,
      });
    // An absent field is written as null; where null is a value it stays one.
    if (value === null && !(field.message && wellKnownJson(field.message)?.takesNull)) continue;
    setOwn(record, name, fieldFromJson(field, value));
  }
  return record;
}

function fieldFromJson(field: FieldDef, value: unknown): unknown {
  if (field.mapKey) {
    if (!isPlain(value)) throw wrong(field, value);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, parse(field, item)]));
  }
  if (!field.repeated) return parse(field, value);
  if (!Array.isArray(value)) throw wrong(field, value);
  return value.map((item) => parse(field, item));
}

function wrong(field: FieldDef, value: unknown): StoreError {
  const { name, type } = field;
  const shape = field.mapKey
    ? phrase`an object of ${type}`
    : field.repeated
      ? phrase`a list of ${type}`
      : phrase`a ${type}`;
  return new StoreError('FIELD_TYPE', phrase`field ${name}: ${JSON.stringify(value)?.slice(0, 40)} does not fit`, {
    hint: phrase`${name} is ${shape}; 64-bit integers are texts, bytes are base64`,
  });
}

const BASE64 = /^(?:[A-Za-z0-9+/_-]{4})*(?:[A-Za-z0-9+/_-]{2}(?:==)?|[A-Za-z0-9+/_-]{3}=?)?$/;

function parse(field: FieldDef, value: unknown): unknown {
  if (field.message) {
    const known = wellKnownJson(field.message);
    if (!known) return fromJson(field.message, value);
    const parsed = known.fromJson(value);
    if (parsed === undefined) throw wrong(field, value);
    return parsed;
  }
  if (/64$/.test(field.type)) {
    if (typeof value === 'string' && /^(?:0|-?[1-9]\d{0,19})$/.test(value)) return BigInt(value);
    if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
    throw wrong(field, value);
  }
  if (field.type === 'bytes') {
    if (typeof value !== 'string' || !BASE64.test(value)) throw wrong(field, value);
    return new Uint8Array(Buffer.from(value, 'base64'));
  }
  if ((field.type === 'float' || field.type === 'double') && typeof value === 'string') {
    if (!['NaN', 'Infinity', '-Infinity'].includes(value)) throw wrong(field, value);
    return Number(value);
  }
  if (value === null) throw wrong(field, value);
  return value;
}
