import type { FieldDef, MessageDef, RecordValue } from './descriptor.ts';
import { isInherited, isPlain, own } from './own.ts';
import { checkScalar, misfit, WIRE_TYPE } from './scalars.ts';
import { BYTES, type Refuse } from './wire.ts';
import { type Writer, wrap64 } from './writer.ts';

/** Writes the fields of a message behind what the writer has. */
export type Encode = (value: RecordValue, depth: number) => void;

/**
 * Makes encoders: one function a message, written for its fields and compiled once. Names stand in the source as JSON
 * strings only.
 */
export function createEncoders(
  writer: Writer,
  refuse: Refuse,
  maxDepth: number,
): { encoderOf(message: MessageDef): Encode } {
  const made = new WeakMap<MessageDef, Encode>();
  const runtime = createRuntime(refuse, maxDepth);

  function encoderOf(message: MessageDef): Encode {
    const known = made.get(message);
    if (known) return known;
    // A message that contains itself finds this while it is being made.
    let encode: Encode | undefined;
    made.set(message, (value, depth) => (encode as Encode)(value, depth));
    const values: unknown[] = [];
    const constant = (value: unknown): string => `k[${values.push(value) - 1}]`;
    const source = encoderSource(message, constant, (inner) => constant(encoderOf(inner)), maxDepth);
    encode = new Function('w', 'r', 'k', source)(writer, runtime, values) as Encode;
    made.set(message, encode);
    return encode;
  }
  return { encoderOf };
}

function encoderSource(
  message: MessageDef,
  constant: (value: unknown) => string,
  encoderOf: (message: MessageDef) => string,
  maxDepth: number,
): string {
  const self = constant(message);
  const names = constant(message.fields.map(({ name }) => name));
  const places = constant(new Map(message.fields.map(({ name }, i) => [name, i])));
  const fields = message.fields.map((field) => {
    const absent = field.required ? `else throw r.required(${constant(field)});` : '';
    const name = JSON.stringify(field.name);
    return `f = ${isInherited(field.name) ? `r.own(v, ${name})` : `v[${name}]`}; if (f !== undefined && f !== null) {\n${writeField(field, constant, encoderOf)}\n  } ${absent}`;
  });
  return `'use strict';
const names = ${names}, places = ${places};
return function encode(v, depth) {
  if (!r.isPlain(v)) throw r.noObject(${self});
  if (depth > ${maxDepth}) throw r.tooDeep();
  let f, i = 0;
  // Names mostly come in the order of the fields; others are looked up.
  for (const name in v) if (name === names[i]) i++; else i = r.place(${self}, places, name, v, i);
  ${fields.join('\n  ')}
};`;
}

const tagOf = (number: number, type: number): number => ((number << 3) | type) >>> 0;

function writeField(
  field: FieldDef,
  constant: (value: unknown) => string,
  encoderOf: (message: MessageDef) => string,
): string {
  const type = WIRE_TYPE[field.type];
  const tag = `w.uint32(${tagOf(field.number, type)});`;
  const lengthTag = `w.uint32(${tagOf(field.number, BYTES)});`;
  const self = constant(field);
  const one = (value: string): string =>
    field.message
      ? `{ const s = w.open(); ${encoderOf(field.message)}(${value}, depth + 1); w.close(s); }`
      : writeScalar(field, value);
  if (field.mapKey) {
    const key: FieldDef = { ...field, number: 1, type: field.mapKey, name: `${field.name} key` };
    return `    if (!r.isPlain(f)) throw r.misfit(${self}, f, 'an object of its entries');
    for (let [name, e] of Object.entries(f)) {
      ${lengthTag} const start = w.open();
      let c = r.mapKey(${constant(key)}, name);
      w.uint32(${tagOf(1, WIRE_TYPE[key.type])}); ${writeScalar(key, 'c')}
      ${field.message ? '' : check(field, 'e', self)} w.uint32(${tagOf(2, type)}); ${one('e')}
      w.close(start);
    }`;
  }
  if (field.repeated) {
    const packed = field.packed && type !== BYTES;
    const item = `let e = f[j]; ${field.message ? '' : check(field, 'e', self)} ${packed ? '' : tag} ${one('e')}`;
    return `    if (!Array.isArray(f)) throw r.misfit(${self}, f, 'an array');
    if (f.length > 0) { ${packed ? `${lengthTag} const start = w.open();` : ''} for (let j = 0; j < f.length; j++) { ${item} } ${packed ? 'w.close(start);' : ''} }`;
  }
  if (field.message) return `    ${tag} ${one('f')}`;
  const when = field.presence ? '' : `if (${isSet(field, 'f')}) `;
  return `    ${check(field, 'f', self)} ${when}{ ${tag} ${one('f')} }`;
}

/** Refuses a value that does not fit; turns numbers of 64-bit fields into bigints, names of enums into numbers. */
function check(field: FieldDef, value: string, self: string): string {
  const convert = `${value} = r.scalar(${self}, ${value});`;
  switch (field.type) {
    case 'int32':
    case 'sint32':
    case 'sfixed32':
      return `if (typeof ${value} !== 'number' || (${value} | 0) !== ${value}) ${convert}`;
    case 'uint32':
    case 'fixed32':
      return `if (typeof ${value} !== 'number' || ${value} >>> 0 !== ${value}) ${convert}`;
    case 'int64':
    case 'sint64':
    case 'sfixed64':
      return `if (typeof ${value} !== 'bigint' || r.wrap64(${value}, true) !== ${value}) ${convert}`;
    case 'uint64':
    case 'fixed64':
      return `if (typeof ${value} !== 'bigint' || r.wrap64(${value}, false) !== ${value}) ${convert}`;
    case 'double':
    case 'float':
      return `if (typeof ${value} !== 'number') ${convert}`;
    case 'string':
      return `if (typeof ${value} !== 'string') ${convert}`;
    case 'bool':
      return `if (typeof ${value} !== 'boolean') ${convert}`;
    default:
      return convert;
  }
}

function isSet(field: FieldDef, value: string): string {
  switch (field.type) {
    case 'string':
      return `${value} !== ''`;
    case 'bytes':
      return `${value}.length > 0`;
    case 'double':
    case 'float':
      return `!Object.is(${value}, 0)`;
    case 'bool':
      return value;
    case 'int64':
    case 'uint64':
    case 'sint64':
    case 'fixed64':
    case 'sfixed64':
      return `${value} !== 0n`;
    default:
      return `${value} !== 0`;
  }
}

function writeScalar(field: FieldDef, value: string): string {
  switch (field.type) {
    case 'int32':
    case 'enum':
      return `w.int32(${value});`;
    case 'uint32':
      return `w.uint32(${value});`;
    case 'sint32':
      return `w.uint32(((${value} << 1) ^ (${value} >> 31)) >>> 0);`;
    case 'fixed32':
    case 'sfixed32':
      return `w.fixed32(${value} | 0);`;
    case 'int64':
    case 'uint64':
      return `w.varint64(${value});`;
    case 'sint64':
      return `w.zigzag64(${value});`;
    case 'fixed64':
    case 'sfixed64':
      return `w.fixed64(${value});`;
    case 'bool':
      return `w.uint32(${value} ? 1 : 0);`;
    case 'string':
      return `w.string(${value});`;
    case 'bytes':
      return `w.data(${value});`;
    case 'double':
      return `w.double(${value});`;
    case 'float':
      return `w.float(${value});`;
    case 'message':
      throw new Error('unreachable');
  }
}

function createRuntime(refuse: Refuse, maxDepth: number) {
  return {
    wrap64,
    own,
    isPlain,
    scalar: (field: FieldDef, value: unknown): unknown => checkScalar(refuse, field, value),
    misfit: (field: FieldDef, value: unknown, wanted: string): Error => misfit(refuse, field, value, wanted),
    noObject: (message: MessageDef): Error =>
      refuse(
        'FIELD_TYPE',
        `a ${message.name} must be an object of its fields`,
        'give a plain object: no list, Map, Date or bytes',
      ),
    required: (field: FieldDef): Error =>
      refuse('FIELD_TYPE', `the required field ${field.name} is not given`, 'set it'),
    tooDeep: (): Error => refuse('RECORD_TOO_LARGE', `messages are nested more than ${maxDepth} deep`, 'nest less'),
    /** Where in the order of the fields the name behind this one is expected. */
    place(message: MessageDef, places: Map<string, number>, name: string, value: RecordValue, i: number): number {
      const at = places.get(name);
      if (at !== undefined) return at + 1;
      if (value[name] === undefined) return i;
      throw refuse(
        'FIELD_UNKNOWN',
        `${message.name} has no field ${name}`,
        `its fields are ${message.fields.map((field) => field.name).join(', ')}`,
      );
    },
    /** A key of a map as its type has it, which must be written as that type is: every key has one spelling. */
    mapKey(key: FieldDef, name: string): unknown {
      if (key.type === 'string') return name;
      if (key.type === 'bool') {
        if (name !== 'true' && name !== 'false') throw misfit(refuse, key, name, 'true or false');
        return name === 'true';
      }
      if (!/^(?:0|-?[1-9]\d{0,19})$/.test(name)) throw misfit(refuse, key, name, 'an integer in decimal digits');
      return checkScalar(refuse, key, /64$/.test(key.type) ? BigInt(name) : Number(name));
    },
  };
}
