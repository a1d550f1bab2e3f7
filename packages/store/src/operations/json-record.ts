import type { RecordValue } from '../codec/message-codec.ts';
import { StoreError } from '../errors.ts';
import type { FieldDef, MessageDef } from '../schema/table.ts';

/** Records as JSON, by protobuf's JSON rules where they matter: 64-bit integers are texts, bytes are base64. */
export function toJson(message: MessageDef, record: RecordValue): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const field of message.fields) {
    const value = record[field.name];
    if (value === undefined) continue;
    if (field.mapKey)
      out[field.name] = Object.fromEntries(
        Object.entries(value as object).map(([key, item]) => [key, one(field, item)]),
      );
    else if (field.repeated) out[field.name] = (value as unknown[]).map((item) => one(field, item));
    else out[field.name] = one(field, value);
  }
  return out;
}

function one(field: FieldDef, value: unknown): unknown {
  if (field.message) return toJson(field.message, value as RecordValue);
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value;
}

/** @throws StoreError FIELD_UNKNOWN, FIELD_TYPE */
export function fromJson(message: MessageDef, json: unknown): RecordValue {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new StoreError('FIELD_TYPE', `a ${message.name} must be an object`, { hint: 'give an object of its fields' });
  const record: RecordValue = {};
  for (const [name, value] of Object.entries(json)) {
    const field = message.byName.get(name);
    if (!field)
      throw new StoreError('FIELD_UNKNOWN', `${message.name} has no field ${name}`, {
        hint: `its fields are ${message.fields.map((entry) => entry.name).join(', ')}`,
      });
    if (value === null) continue;
    if (field.mapKey) {
      const entries = Object.entries(value as object).map(([key, item]) => [key, parse(field, item)]);
      record[name] = Object.fromEntries(entries);
    } else if (field.repeated) {
      if (!Array.isArray(value)) throw wrong(field, value);
      record[name] = value.map((item) => parse(field, item));
    } else record[name] = parse(field, value);
  }
  return record;
}

const wrong = (field: FieldDef, value: unknown): StoreError =>
  new StoreError('FIELD_TYPE', `field ${field.name}: ${JSON.stringify(value)?.slice(0, 40)} does not fit`, {
    hint: `${field.name} is a ${field.repeated ? 'list of ' : ''}${field.type}; 64-bit integers are texts, bytes are base64`,
  });

function parse(field: FieldDef, value: unknown): unknown {
  if (field.message) return fromJson(field.message, value);
  if (/64$/.test(field.type)) {
    if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value);
    if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
    throw wrong(field, value);
  }
  if (field.type === 'bytes') {
    if (typeof value !== 'string') throw wrong(field, value);
    return new Uint8Array(Buffer.from(value, 'base64'));
  }
  if ((field.type === 'float' || field.type === 'double') && typeof value === 'string') {
    if (!['NaN', 'Infinity', '-Infinity'].includes(value)) throw wrong(field, value);
    return Number(value);
  }
  return value;
}
