import { markAsUntransferable } from 'node:worker_threads';
import type { FieldDef, MessageDef, RecordValue } from './descriptor.ts';
import type {} from './native-buffer.ts';
import { setOwn } from './own.ts';
import { absentValue, WIRE_TYPE } from './scalars.ts';
import { BYTES, bigFrom, type Wire } from './wire.ts';

/** Reads the message in [at, end). */
export type Decode = (bytes: Buffer, at: number, end: number, depth: number) => RecordValue;

/**
 * Makes decoders: one function a message, written for its fields and compiled once. A loop over the tags with a local
 * for each field, one object literal at the end: no tables, no intermediate values, and records of one message have one
 * shape.
 *
 * Names of fields stand in the source as JSON strings only, so that no name is code.
 */
export function createDecoders(wire: Wire, maxDepth: number): (message: MessageDef) => Decode {
  const made = new WeakMap<MessageDef, Decode>();
  const runtime = createRuntime();

  return function decoderOf(message) {
    const known = made.get(message);
    if (known) return known;
    // A message that contains itself finds this while it is being made.
    let decode: Decode | undefined;
    made.set(message, (bytes, at, end, depth) => (decode as Decode)(bytes, at, end, depth));
    const values: unknown[] = [];
    const constant = (value: unknown): string => `k[${values.push(value) - 1}]`;
    const source = decoderSource(message, constant, (inner) => constant(decoderOf(inner)), maxDepth);
    decode = new Function('w', 'r', 'k', source)(wire, runtime, values) as Decode;
    made.set(message, decode);
    return decode;
  };
}

function decoderSource(
  message: MessageDef,
  constant: (value: unknown) => string,
  decoderOf: (message: MessageDef) => string,
  maxDepth: number,
): string {
  const { fields } = message;
  const name = new Map(fields.map((field, i) => [field, `f${i}`]));
  const fresh = fields.map((field) => {
    const into = name.get(field);
    // Where the first part of a message stands, and its parts when it comes in several: together they are one message.
    const parts = isSingleMessage(field) ? `, ${into}from = 0, ${into}to = 0, ${into}parts` : '';
    return `let ${into} = ${initial(field, constant)}${parts};`;
  });
  const cases = fields.map((field) => {
    const into = name.get(field) as string;
    const others = field.oneof === undefined ? [] : fields.filter((f) => f !== field && f.oneof === field.oneof);
    const clear = others.map((other) => {
      const gone = name.get(other);
      return `${gone} = undefined; ${isSingleMessage(other) ? `${gone}parts = undefined; ` : ''}`;
    });
    return fieldCases(field, into, clear.join(''), { constant, decoderOf });
  });
  const joined = fields.filter(isSingleMessage).map((field) => {
    const into = name.get(field);
    const decode = decoderOf(field.message as MessageDef);
    return `if (${into}parts) { const all = r.concat(${into}parts); ${into} = ${decode}(all, 0, all.length, depth + 1); }`;
  });
  const literal = fields.map((field) => {
    const text = JSON.stringify(field.name);
    // As a plain key this one would set the prototype.
    return `${field.name === '__proto__' ? `[${text}]` : text}: ${name.get(field)}`;
  });
  return `'use strict';
return function decode(b, at, end, depth) {
  if (depth > ${maxDepth}) throw w.malformed('messages are nested more than ${maxDepth} deep');
  let tag = 0, x = 0, stop = 0, one;
  ${fresh.join('\n  ')}
  while (at < end) {
    tag = b[at++];
    if (tag > 127) { tag = w.readUint32(b, at - 1, end); at = w.end; }
    switch (tag) {
${cases.join('\n')}
      default:
        if (tag >>> 3 === 0) throw w.malformed('field number 0');
        at = w.skipValue(b, at, end, tag);
    }
  }
  ${CUT('end')}
  ${joined.join('\n  ')}
  return { ${literal.join(', ')} };
};`;
}

interface Making {
  constant(value: unknown): string;
  decoderOf(message: MessageDef): string;
}

function initial(field: FieldDef, constant: (value: unknown) => string): string {
  if (field.mapKey) return '{}';
  if (field.repeated) return '[]';
  const value = absentValue(field);
  if (typeof value === 'number' && !Object.is(value, -0) && Number.isFinite(value)) return String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'boolean' || value === undefined) return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  // Bytes: an empty one can be shared, others could be changed by whoever gets them.
  if (value instanceof Uint8Array && value.length > 0) return `${constant(value)}.slice()`;
  return constant(value);
}

const tagOf = (number: number, type: number): number => ((number << 3) | type) >>> 0;

function fieldCases(field: FieldDef, into: string, clear: string, making: Making): string {
  const type = WIRE_TYPE[field.type];
  const label = (wireType: number): string => `      case ${tagOf(field.number, wireType)}: `;
  if (field.mapKey) return `${label(BYTES)}{\n${mapEntry(field, into, making)}\n        continue; }`;
  if (field.repeated) {
    const one = `${label(type)}{ ${readValue(field, 'one', 'end', making)} ${into}.push(one); continue; }`;
    if (type === BYTES) return one;
    // Packed and unpacked forms are both read, whatever the schema says.
    return `${one}\n${label(BYTES)}{ ${readLength('end')} const to = stop; while (at < to) { ${readValue(field, 'one', 'to', making)} ${into}.push(one); } ${CUT('to')} continue; }`;
  }
  if (field.type === 'message')
    return `${label(BYTES)}{
        ${readLength('end')}
        if (${into} === undefined) { ${into}from = at; ${into}to = stop; ${into} = ${making.decoderOf(field.message as MessageDef)}(b, at, stop, depth + 1); }
        else (${into}parts ??= [b.subarray(${into}from, ${into}to)]).push(b.subarray(at, stop));
        at = stop; ${clear}continue; }`;
  return `${label(type)}{ ${readValue(field, into, 'end', making)} ${clear}continue; }`;
}

const isSingleMessage = (field: FieldDef): boolean => field.type === 'message' && !field.repeated && !field.mapKey;
const CUT = (end: string): string => `if (at !== ${end}) throw w.malformed('it ends inside a number');`;

/** Leaves the place behind a length-delimited value in `stop`. */
const readLength = (end: string): string =>
  `x = b[at++]; if (x > 127 || at > ${end}) { x = w.readUint32(b, at - 1, ${end}); at = w.end; } stop = at + x; if (stop > ${end}) throw w.malformed('a length goes beyond the end');`;

/** Statements that read one value at `at` into a variable. */
function readValue(field: FieldDef, into: string, end: string, making: Making): string {
  const check = (size: number): string => `if (at + ${size} > ${end}) throw w.malformed('it ends inside a number');`;
  const varint32 = (slow: string, fast = 'x'): string =>
    `x = b[at++]; if (x < 128 && at <= ${end}) ${into} = ${fast}; else { ${into} = ${slow}; at = w.end; }`;
  const int32 = `w.readInt32(b, at - 1, ${end})`;
  switch (field.type) {
    case 'int32':
      return varint32(int32);
    case 'uint32':
      return varint32(`${int32} >>> 0`);
    case 'sint32':
      return `x = b[at++]; if (x > 127 || at > ${end}) { x = ${int32} >>> 0; at = w.end; } ${into} = (x >>> 1) ^ -(x & 1);`;
    case 'enum':
      return `${varint32(int32)} ${into} = ${making.constant(field.enum?.names ?? new Map())}.get(${into}) ?? ${into};`;
    case 'bool':
      return varint32(`w.readVarint64(b, at - 1, ${end}, false) !== 0n`, 'x !== 0');
    case 'int64':
    case 'uint64':
      return `${into} = w.readVarint64(b, at, ${end}, ${field.type === 'int64'}); at = w.end;`;
    case 'sint64':
      return `${into} = r.zigzag64(w.readVarint64(b, at, ${end}, false)); at = w.end;`;
    case 'fixed32':
      return `${check(4)} ${into} = r.int32(b, at) >>> 0; at += 4;`;
    case 'sfixed32':
      return `${check(4)} ${into} = r.int32(b, at); at += 4;`;
    case 'fixed64':
    case 'sfixed64':
      return `${check(8)} ${into} = r.big(r.int32(b, at), r.int32(b, at + 4), ${field.type === 'sfixed64'}); at += 8;`;
    case 'float':
      return `${check(4)} ${into} = r.float(r.int32(b, at)); at += 4;`;
    case 'double':
      return `${check(8)} ${into} = r.double(r.int32(b, at), r.int32(b, at + 4)); at += 8;`;
    case 'string':
      return `${readLength(end)} ${into} = r.text(b, at, stop); at = stop;`;
    case 'bytes':
      return `${readLength(end)} ${into} = r.bytes(b, at, stop); at = stop;`;
    default:
      return `${readLength(end)} ${into} = ${making.decoderOf(field.message as MessageDef)}(b, at, stop, depth + 1); at = stop;`;
  }
}

function mapEntry(field: FieldDef, into: string, making: Making): string {
  const key: FieldDef = { ...field, type: field.mapKey as NonNullable<FieldDef['mapKey']>, name: `${field.name} key` };
  const blankKey = field.mapKey === 'string' ? "''" : field.mapKey === 'bool' ? 'false' : '0';
  const blank = field.message
    ? `${making.decoderOf(field.message)}(b, 0, 0, depth + 1)`
    : making.constant(field.default);
  return `        ${readLength('end')} const to = stop; let key = ${blankKey}, value = ${blank};
        while (at < to) {
          tag = w.readUint32(b, at, to); at = w.end;
          if (tag === ${tagOf(1, WIRE_TYPE[key.type])}) { ${readValue(key, 'key', 'to', making)} }
          else if (tag === ${tagOf(2, WIRE_TYPE[field.type])}) { ${readValue(field, 'value', 'to', making)} }
          else at = w.skipValue(b, at, to, tag);
        }
        ${CUT('to')}
        r.entry(${into}, key, value);`;
}

/** Texts up to this many bytes are put together here: the call into C++ costs more. */
const SHORT = 9;
/**
 * Bytes fields are cut from blocks of this size, like Node's Buffers: memory of its own for each costs ten times as
 * much.
 */
const BLOCK = 8 * 1024;

function createRuntime() {
  const words = new Int32Array(2);
  const floats = new Float32Array(words.buffer);
  const doubles = new Float64Array(words.buffer);
  let block = Buffer.alloc(0);
  let used = 0;
  return {
    big: bigFrom,
    int32: (b: Buffer, at: number): number =>
      (b[at] as number) | ((b[at + 1] as number) << 8) | ((b[at + 2] as number) << 16) | ((b[at + 3] as number) << 24),
    zigzag64: (value: bigint): bigint => BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n)),
    float(word: number): number {
      words[0] = word;
      return floats[0] as number;
    },
    double(low: number, high: number): number {
      words[0] = low;
      words[1] = high;
      return doubles[0] as number;
    },
    text(b: Buffer, at: number, end: number): string {
      if (end - at > SHORT) return b.utf8Slice(at, end);
      let text = '';
      for (let i = at; i < end; i++) {
        const code = b[i] as number;
        if (code > 0x7f) return b.utf8Slice(at, end);
        text += String.fromCharCode(code);
      }
      return text;
    },
    /** A copy: the bytes may stand in a buffer that is used again. */
    bytes(b: Buffer, at: number, end: number): Uint8Array {
      const size = end - at;
      if (size > BLOCK / 4) {
        const own = new Uint8Array(size);
        own.set(b.subarray(at, end));
        return own;
      }
      if (used + size > block.length) {
        block = Buffer.allocUnsafeSlow(BLOCK);
        markAsUntransferable(block.buffer);
        used = 0;
      }
      const out = new Uint8Array(block.buffer, used, size);
      b.copy(block, used, at, end);
      used += size;
      return out;
    },
    concat: (parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts),
    entry(map: RecordValue, key: unknown, value: unknown): void {
      setOwn(map, String(key), value);
    },
  };
}
