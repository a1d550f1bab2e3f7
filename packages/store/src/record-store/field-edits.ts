import type { Phrase } from '@sparrow/core';
import { applyEdits, type Edit, type NumberForm } from '../codec/edit.ts';
import { type MessageCodec, type RecordValue, setOwn } from '../codec/message-codec.ts';
import { BYTES, concat, findLast, readUint32, stripFields, varint64, wire } from '../codec/wire.ts';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { resolvePath } from '../query/evaluate.ts';
import type { FieldDef, MessageDef } from '../schema/table.ts';
import { checkFieldSize } from './table-codec.ts';

/** Changes of single fields by their paths (a.b.c), as edits of the wire. */

export interface PathEdit {
  /** The message fields on the way; empty for a field of the record itself. */
  way: FieldDef[];
  field: FieldDef;
  edit: Edit;
}

export interface IncreaseLimits {
  /** The result must not be below. */
  lower?: bigint | number;
  /** The result must not be above. TCaplus: equal bounds are no bounds. */
  upper?: bigint | number;
}

function fieldsOf(message: MessageDef, path: string): { way: FieldDef[]; field: FieldDef } {
  let fields: FieldDef[];
  try {
    fields = resolvePath(message, path);
  } catch (error) {
    throw new StoreError('FIELD_UNKNOWN', (error as StoreError).told, { hint: (error as StoreError).advice });
  }
  return { way: fields.slice(0, -1), field: fields.at(-1) as FieldDef };
}

/** Fields of a oneof clear each other. */
function numbersOf(message: MessageDef, field: FieldDef): number[] {
  return field.oneof === undefined
    ? [field.number]
    : message.fields.filter((other) => other.oneof === field.oneof).map((other) => other.number);
}

export function setEdit(messages: MessageCodec, message: MessageDef, path: string, value: unknown): PathEdit {
  const { way, field } = fieldsOf(message, path);
  const owner = way.length > 0 ? (way.at(-1)?.message as MessageDef) : message;
  // Whole records are looked at in the same places.
  if (way.length === 0) checkFieldSize(field, value);
  const bytes = messages.encodeField(field, value);
  return { way, field, edit: { kind: 'set', fields: numbersOf(owner, field), bytes } };
}

const FORMS: Partial<Record<FieldDef['type'], { form: NumberForm; signed: boolean; bits: 32 | 64 }>> = {
  int32: { form: 'varint', signed: true, bits: 32 },
  uint32: { form: 'varint', signed: false, bits: 32 },
  int64: { form: 'varint', signed: true, bits: 64 },
  uint64: { form: 'varint', signed: false, bits: 64 },
  sint32: { form: 'zigzag', signed: true, bits: 32 },
  sint64: { form: 'zigzag', signed: true, bits: 64 },
  fixed32: { form: 'fixed32', signed: false, bits: 32 },
  sfixed32: { form: 'fixed32', signed: true, bits: 32 },
  fixed64: { form: 'fixed64', signed: false, bits: 64 },
  sfixed64: { form: 'fixed64', signed: true, bits: 64 },
  float: { form: 'float', signed: true, bits: 32 },
  double: { form: 'double', signed: true, bits: 64 },
};

export function increaseEdit(message: MessageDef, path: string, by: unknown, limits: IncreaseLimits): PathEdit {
  const { way, field } = fieldsOf(message, path);
  const shape = FORMS[field.type];
  const wrong = (text: Phrase): StoreError =>
    new StoreError('FIELD_TYPE', phrase`${path}: ${text}`, {
      hint: phrase`increase a single number field by a number or bigint`,
    });
  if (!shape || field.repeated || field.mapKey) throw wrong(phrase`a ${field.type} field cannot be increased`);
  const whole = shape.form !== 'float' && shape.form !== 'double';
  const noBounds = limits.lower !== undefined && limits.lower === limits.upper;
  if (!whole) {
    if (typeof by !== 'number' || !Number.isFinite(by)) throw wrong(phrase`${String(by)} is not a finite number`);
    const max = shape.form === 'float' ? 3.4028234663852886e38 : Number.MAX_VALUE;
    return {
      way,
      field,
      edit: {
        kind: 'increase',
        field: field.number,
        form: shape.form,
        signed: true,
        ...initialOf(field, Number),
        by,
        min: noBounds || limits.lower === undefined ? -max : Number(limits.lower),
        max: noBounds || limits.upper === undefined ? max : Number(limits.upper),
      },
    };
  }
  const integer = (value: unknown): bigint => {
    if (typeof value === 'bigint') return value;
    if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
    throw wrong(phrase`${String(value)} is not an integer`);
  };
  const bits = BigInt(shape.bits);
  const typeMin = shape.signed ? -(2n ** (bits - 1n)) : 0n;
  const typeMax = shape.signed ? 2n ** (bits - 1n) - 1n : 2n ** bits - 1n;
  const lower = noBounds || limits.lower === undefined ? typeMin : integer(limits.lower);
  const upper = noBounds || limits.upper === undefined ? typeMax : integer(limits.upper);
  return {
    way,
    field,
    edit: {
      kind: 'increase',
      field: field.number,
      form: shape.form,
      signed: shape.signed,
      ...initialOf(field, (value) => BigInt(value as number | bigint)),
      by: integer(by),
      min: lower > typeMin ? lower : typeMin,
      max: upper < typeMax ? upper : typeMax,
    },
  };
}

/** An absent field counts as its declared default. */
const initialOf = <T extends bigint | number>(field: FieldDef, as: (value: unknown) => T): { initial?: T } =>
  field.declared ? { initial: as(field.default) } : {};

/** Applies edits wherever they stand. @throws StoreError OUT_OF_RANGE */
export function applyPathEdits(bytes: Uint8Array, edits: readonly PathEdit[]): Uint8Array {
  let out = bytes;
  for (const edit of edits) out = applyAt(out, edit.way, edit.edit);
  return out;
}

function applyAt(bytes: Uint8Array, way: readonly FieldDef[], edit: Edit): Uint8Array {
  const [field, ...rest] = way;
  if (!field) return applyEdits(bytes, [edit]);
  const inner = applyAt(messageBytes(bytes, field) ?? new Uint8Array(0), rest, edit);
  return concat([
    stripFields(bytes, new Set([field.number])),
    varint64(BigInt((field.number << 3) | BYTES)),
    varint64(BigInt(inner.length)),
    inner,
  ]);
}

/**
 * The bytes of a message field, none when it is absent; several parts of it are one message when put behind each other.
 */
function messageBytes(bytes: Uint8Array, field: FieldDef): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; ) {
    const found = findFirst(bytes, field.number, from);
    if (!found) break;
    readUint32(bytes, found.value, found.end);
    parts.push(bytes.subarray(wire.end, found.end));
    from = found.end;
  }
  return parts.length <= 1 ? parts[0] : concat(parts);
}

function findFirst(bytes: Uint8Array, number: number, from: number): { value: number; end: number } | undefined {
  // Messages have few fields on the way to a nested one, so the last is looked for from the front each time.
  const last = findLast(bytes, number, from);
  if (!last) return undefined;
  for (;;) {
    const earlier = findLast(bytes, number, from, last.start);
    if (!earlier) return last;
    return findFirst(bytes.subarray(0, earlier.end), number, from) ?? earlier;
  }
}

/** The values of fields by their paths, read from the wire without decoding the rest. */
export function readPaths(
  messages: MessageCodec,
  message: MessageDef,
  bytes: Uint8Array,
  paths: readonly string[],
): RecordValue {
  const values: RecordValue = {};
  for (const path of paths) {
    const { way, field } = fieldsOf(message, path);
    let here: Uint8Array | undefined = bytes;
    for (const step of way) here = here && messageBytes(here, step);
    // A field of an absent message is absent, as a query and the record itself have it.
    setOwn(values, path, here && messages.decodeField(field, here));
  }
  return values;
}
