import type { RecordValue } from '../codec/message-codec.ts';
import type { MessageDef } from '../schema/table.ts';

/** How a type of protobuf itself is written as JSON (https://protobuf.dev/programming-guides/json). */
export interface WellKnownJson {
  toJson(value: RecordValue): unknown;
  /** Undefined when the JSON is none of this type. */
  fromJson(json: unknown): RecordValue | undefined;
  /** null is a value of it. */
  takesNull?: boolean;
}

/** The form of a message that has one of its own; others are objects of their fields. */
export function wellKnownJson(message: MessageDef): WellKnownJson | undefined {
  return message.name.startsWith(PACKAGE) ? FORMS[message.name.slice(PACKAGE.length)] : undefined;
}

const PACKAGE = 'google.protobuf.';
const FIRST_SECOND = -62_135_596_800n;
const LAST_SECOND = 253_402_300_799n;
/** Ten thousand years. */
const LONGEST = 315_576_000_000n;

/** Nanoseconds as the digits behind the point: none, or three, six or nine. */
function fraction(nanos: number): string {
  if (nanos === 0) return '';
  const digits = String(Math.abs(nanos)).padStart(9, '0');
  return `.${digits.endsWith('000000') ? digits.slice(0, 3) : digits.endsWith('000') ? digits.slice(0, 6) : digits}`;
}

const nanosOf = (digits: string | undefined): number => Number((digits ?? '').padEnd(9, '0'));

const timestamp: WellKnownJson = {
  toJson({ seconds, nanos }) {
    const text = new Date(Number((seconds as bigint | undefined) ?? 0n) * 1000).toISOString();
    return text.replace('.000Z', `${fraction((nanos as number | undefined) ?? 0)}Z`);
  },
  fromJson(json) {
    if (typeof json !== 'string') return undefined;
    const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/.exec(json);
    if (!match) return undefined;
    const [, moment = '', digits, sign, hours, minutes] = match;
    const ms = Date.parse(`${moment}Z`);
    // A day that no calendar has is read as another one.
    if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19) !== moment) return undefined;
    const zone = sign === undefined ? 0 : (Number(hours) * 3600 + Number(minutes) * 60) * (sign === '-' ? -1 : 1);
    const seconds = BigInt(ms / 1000 - zone);
    if (seconds < FIRST_SECOND || seconds > LAST_SECOND) return undefined;
    return { seconds, nanos: nanosOf(digits) };
  },
};

const duration: WellKnownJson = {
  toJson({ seconds, nanos }) {
    const whole = (seconds as bigint | undefined) ?? 0n;
    const part = (nanos as number | undefined) ?? 0;
    const sign = whole < 0n || part < 0 ? '-' : '';
    return `${sign}${whole < 0n ? -whole : whole}${fraction(part)}s`;
  },
  fromJson(json) {
    const match = typeof json === 'string' ? /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(json) : null;
    if (!match) return undefined;
    const [, sign, digits = '0', part] = match;
    const seconds = BigInt(digits);
    const nanos = nanosOf(part);
    if (seconds > LONGEST) return undefined;
    // Not -0: zero has one spelling on the wire.
    return sign === '-' ? { seconds: -seconds, nanos: nanos === 0 ? 0 : -nanos } : { seconds, nanos };
  },
};

const value: WellKnownJson = {
  takesNull: true,
  toJson(of) {
    if (of.struct_value !== undefined) return struct.toJson(of.struct_value as RecordValue);
    if (of.list_value !== undefined) return listValue.toJson(of.list_value as RecordValue);
    return of.number_value ?? of.string_value ?? of.bool_value ?? null;
  },
  fromJson(json) {
    if (json === null) return { null_value: 'NULL_VALUE' };
    if (typeof json === 'number') return { number_value: json };
    if (typeof json === 'string') return { string_value: json };
    if (typeof json === 'boolean') return { bool_value: json };
    if (Array.isArray(json)) return { list_value: listValue.fromJson(json) };
    return typeof json === 'object' ? { struct_value: struct.fromJson(json) } : undefined;
  },
};

const struct: WellKnownJson = {
  toJson: ({ fields }) =>
    Object.fromEntries(
      Object.entries((fields as object | undefined) ?? {}).map(([key, item]) => [key, value.toJson(item)]),
    ),
  fromJson: (json) =>
    typeof json === 'object' && json !== null && !Array.isArray(json)
      ? { fields: Object.fromEntries(Object.entries(json).map(([key, item]) => [key, value.fromJson(item)])) }
      : undefined,
};

const listValue: WellKnownJson = {
  toJson: ({ values }) => ((values as RecordValue[] | undefined) ?? []).map((item) => value.toJson(item)),
  fromJson: (json) => (Array.isArray(json) ? { values: json.map((item) => value.fromJson(item)) } : undefined),
};

/** A single value that is told from an absent one. */
function wrapper(
  check: (json: unknown) => unknown,
  show: (value: unknown) => unknown = (given) => given,
): WellKnownJson {
  return {
    toJson: (of) => show(of.value),
    fromJson(json) {
      const parsed = check(json);
      return parsed === undefined ? undefined : { value: parsed };
    },
  };
}

const numberOf = (json: unknown): unknown =>
  typeof json === 'number' || (typeof json === 'string' && ['NaN', 'Infinity', '-Infinity'].includes(json))
    ? Number(json)
    : undefined;
const showNumber = (given: unknown): unknown => (Number.isFinite(given) ? given : String(given));
const bigOf = (json: unknown): unknown =>
  typeof json === 'string' && /^(?:0|-?[1-9]\d{0,19})$/.test(json)
    ? BigInt(json)
    : typeof json === 'number' && Number.isSafeInteger(json)
      ? BigInt(json)
      : undefined;
const only =
  (type: 'number' | 'boolean' | 'string') =>
  (json: unknown): unknown =>
    typeof json === type ? json : undefined;
const bytesOf = (json: unknown): unknown =>
  typeof json === 'string' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(json)
    ? new Uint8Array(Buffer.from(json, 'base64'))
    : undefined;

const FORMS: Record<string, WellKnownJson> = {
  Timestamp: timestamp,
  Duration: duration,
  Struct: struct,
  Value: value,
  ListValue: listValue,
  FieldMask: {
    toJson: ({ paths }) => ((paths as string[] | undefined) ?? []).join(','),
    fromJson: (json) => (typeof json === 'string' ? { paths: json === '' ? [] : json.split(',') } : undefined),
  },
  DoubleValue: wrapper(numberOf, showNumber),
  FloatValue: wrapper(numberOf, showNumber),
  Int64Value: wrapper(bigOf, String),
  UInt64Value: wrapper(bigOf, String),
  Int32Value: wrapper(only('number')),
  UInt32Value: wrapper(only('number')),
  BoolValue: wrapper(only('boolean')),
  StringValue: wrapper(only('string')),
  BytesValue: wrapper(bytesOf, (given) => Buffer.from(given as Uint8Array).toString('base64')),
};
