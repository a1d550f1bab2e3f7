import type { FieldDef } from './descriptor.ts';
import { BYTES, FIXED32, FIXED64, type Refuse, VARINT } from './wire.ts';

/** The wire type of each type of field. */
export const WIRE_TYPE: Record<FieldDef['type'], number> = {
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

const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;
const U64_MAX = 2n ** 64n - 1n;

const describe = (value: unknown): string =>
  typeof value === 'bigint'
    ? `${value}n`
    : typeof value === 'string'
      ? JSON.stringify(value.slice(0, 40))
      : String(value).slice(0, 40);

/** The error for a value that its field does not take. */
export const misfit = (refuse: Refuse, field: FieldDef, value: unknown, wanted: string): Error =>
  refuse(
    'FIELD_TYPE',
    `field ${field.name}: ${describe(value)} is not ${wanted}`,
    `give ${wanted}; int64 and its kin are bigint`,
  );

/** The number of a name of an enum. */
function enumNumber({ enum: of }: FieldDef, name: string): number | undefined {
  return of && Object.hasOwn(of.values, name) ? of.values[name] : undefined;
}

/** A value as its field takes it, or an error that names the field. */
export function checkScalar(refuse: Refuse, field: FieldDef, value: unknown): unknown {
  switch (field.type) {
    case 'int32':
    case 'sint32':
    case 'sfixed32':
      if (typeof value === 'number' && (value | 0) === value) return value;
      throw misfit(refuse, field, value, 'an integer of 32 bits');
    case 'uint32':
    case 'fixed32':
      if (typeof value === 'number' && value >>> 0 === value) return value;
      throw misfit(refuse, field, value, 'an integer from 0 to 2^32 - 1');
    case 'string':
      if (typeof value !== 'string') throw misfit(refuse, field, value, 'a string');
      return value;
    case 'bytes':
      if (!(value instanceof Uint8Array)) throw misfit(refuse, field, value, 'a Uint8Array');
      return value;
    case 'bool':
      if (typeof value !== 'boolean') throw misfit(refuse, field, value, 'a boolean');
      return value;
    case 'double':
    case 'float':
      if (typeof value !== 'number') throw misfit(refuse, field, value, 'a number');
      return value;
    case 'enum': {
      const number = typeof value === 'string' ? enumNumber(field, value) : value;
      if (typeof number === 'number' && (number | 0) === number) return number;
      throw misfit(refuse, field, value, `a value of ${field.enum?.name}`);
    }
    case 'uint64':
    case 'fixed64': {
      const big = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
      if (typeof big === 'bigint' && big >= 0n && big <= U64_MAX) return big;
      throw misfit(refuse, field, value, 'a bigint from 0 to 2^64 - 1');
    }
    default: {
      const big = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
      if (typeof big === 'bigint' && big >= I64_MIN && big <= I64_MAX) return big;
      throw misfit(refuse, field, value, 'a bigint of 64 bits');
    }
  }
}

/**
 * The value of an absent field that is no list and no map; undefined where presence is told and no default is declared.
 * A member of a oneof has none: it would look as if it were the one that is set.
 */
export function absentValue(field: FieldDef): unknown {
  if (!field.presence) return field.default;
  return field.declared && field.oneof === undefined ? field.default : undefined;
}
