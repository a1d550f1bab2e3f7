import { Writer } from '@sparrow/protocol/record-codec';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { FIXED32, FIXED64, locate, located, stripFields, VARINT, wire } from './wire.ts';

/** How the number of a field stands on the wire. */
export type NumberForm = 'varint' | 'zigzag' | 'fixed32' | 'fixed64' | 'float' | 'double';

/** A change of single fields of an encoded message; fields it does not name, unknown ones too, stay as they are. */
export type Edit =
  | {
      kind: 'increase';
      field: number;
      form: NumberForm;
      signed: boolean;
      /** What an absent field counts as. Default 0. */
      initial?: bigint | number;
      /** Added; a bigint for integers, a number for float and double. */
      by: bigint | number;
      /** Bounds of the result: the type's own, or narrower. */
      min: bigint | number;
      max: bigint | number;
    }
  /** Every field of these numbers goes, then `bytes` (encoded fields) is appended. */
  | { kind: 'set'; fields: readonly number[]; bytes: Uint8Array };

export const outOfRange = (): StoreError =>
  new StoreError('OUT_OF_RANGE', phrase`the increase would leave its limits`, {
    hint: phrase`nothing was changed; read the field, or give wider limits`,
  });

/** Applies edits in order. @throws StoreError OUT_OF_RANGE, RECORD_MALFORMED */
export function applyEdits(message: Uint8Array, edits: readonly Edit[]): Uint8Array {
  let bytes = message;
  for (const edit of edits) {
    if (edit.kind === 'set') {
      const rest = stripFields(bytes, new Set(edit.fields));
      const out = new Uint8Array(rest.length + edit.bytes.length);
      out.set(rest);
      out.set(edit.bytes, rest.length);
      bytes = out;
    } else bytes = increase(bytes, edit);
  }
  return bytes;
}

const WIRE_OF: Record<NumberForm, number> = {
  varint: VARINT,
  zigzag: VARINT,
  fixed32: FIXED32,
  fixed64: FIXED64,
  float: FIXED32,
  double: FIXED64,
};

function increase(bytes: Uint8Array, edit: Extract<Edit, { kind: 'increase' }>): Uint8Array {
  const tag = ((edit.field << 3) | WIRE_OF[edit.form]) >>> 0;
  const isThere = locate(bytes, tag);
  const { value: start, end } = located;
  const old = isThere ? readNumber(bytes, start, edit) : (edit.initial ?? (typeof edit.by === 'bigint' ? 0n : 0));
  const value = typeof edit.by === 'bigint' ? (old as bigint) + edit.by : (old as number) + edit.by;
  if (value < edit.min || value > edit.max) throw outOfRange();
  number.reset();
  if (!isThere) number.uint32(tag);
  writeNumber(value, edit.form);
  const from = isThere ? start : bytes.length;
  const to = isThere ? end : bytes.length;
  // Out of Node's pool: memory of its own costs more than all the rest.
  const out = Buffer.allocUnsafe(bytes.length - (to - from) + number.at);
  out.set(bytes.subarray(0, from));
  for (let i = 0; i < number.at; i++) out[from + i] = number.bytes[i] as number;
  if (to < bytes.length) out.set(bytes.subarray(to), from + number.at);
  return out;
}

/** The new value on the wire; used again for the next one. */
const number = new Writer();

function readNumber(bytes: Uint8Array, at: number, edit: Extract<Edit, { kind: 'increase' }>): bigint | number {
  const { signed } = edit;
  if (edit.form === 'varint') {
    const value = wire.readVarint64(bytes, at, bytes.length, false);
    return signed ? BigInt.asIntN(64, value) : value;
  }
  if (edit.form === 'zigzag') {
    const value = wire.readVarint64(bytes, at, bytes.length, false);
    return (value >> 1n) ^ -(value & 1n);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (edit.form === 'fixed32') return BigInt(signed ? view.getInt32(at, true) : view.getUint32(at, true));
  if (edit.form === 'fixed64') return signed ? view.getBigInt64(at, true) : view.getBigUint64(at, true);
  return edit.form === 'float' ? view.getFloat32(at, true) : view.getFloat64(at, true);
}

function writeNumber(value: bigint | number, form: NumberForm): void {
  if (form === 'varint') number.varint64(value as bigint);
  else if (form === 'zigzag') number.zigzag64(value as bigint);
  else if (form === 'fixed32') number.fixed32(Number(BigInt.asIntN(32, value as bigint)));
  else if (form === 'fixed64') number.fixed64(value as bigint);
  else if (form === 'float') number.float(value as number);
  else number.double(value as number);
}
