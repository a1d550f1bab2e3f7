import { StoreError } from '../errors.ts';
import { FIXED32, FIXED64, findLast, stripFields, VARINT, varint64, wire } from './wire.ts';

/** How the number of a field stands on the wire. */
export type NumberForm = 'varint' | 'zigzag' | 'fixed32' | 'fixed64' | 'float' | 'double';

/** A change of single fields of an encoded message; fields it does not name, unknown ones too, stay as they are. */
export type Edit =
  | {
      kind: 'increase';
      field: number;
      form: NumberForm;
      signed: boolean;
      /** Added; a bigint for integers, a number for float and double. */
      by: bigint | number;
      /** Bounds of the result: the type's own, or narrower. */
      min: bigint | number;
      max: bigint | number;
    }
  /** Every field of these numbers goes, then `bytes` (encoded fields) is appended. */
  | { kind: 'set'; fields: readonly number[]; bytes: Uint8Array };

export const outOfRange = (): StoreError =>
  new StoreError('OUT_OF_RANGE', 'the increase would leave its limits', {
    hint: 'nothing was changed; read the field, or give wider limits',
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
  const found = findLast(bytes, edit.field);
  const here = found && found.type === WIRE_OF[edit.form] ? found : undefined;
  const old = here ? readNumber(bytes, here.value, edit) : typeof edit.by === 'bigint' ? 0n : 0;
  const value = typeof edit.by === 'bigint' ? (old as bigint) + edit.by : (old as number) + edit.by;
  if (value < edit.min || value > edit.max) throw outOfRange();
  const encoded = writeNumber(value, edit.form);
  if (here) {
    const out = new Uint8Array(bytes.length - (here.end - here.value) + encoded.length);
    out.set(bytes.subarray(0, here.value));
    out.set(encoded, here.value);
    out.set(bytes.subarray(here.end), here.value + encoded.length);
    return out;
  }
  const tag = varint64(BigInt((edit.field << 3) | WIRE_OF[edit.form]));
  const out = new Uint8Array(bytes.length + tag.length + encoded.length);
  out.set(bytes);
  out.set(tag, bytes.length);
  out.set(encoded, bytes.length + tag.length);
  return out;
}

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

function writeNumber(value: bigint | number, form: NumberForm): Uint8Array {
  if (form === 'varint') return varint64(value as bigint);
  if (form === 'zigzag') return varint64(((value as bigint) << 1n) ^ ((value as bigint) >> 63n));
  const out = new Uint8Array(form === 'fixed32' || form === 'float' ? 4 : 8);
  const view = new DataView(out.buffer);
  if (form === 'fixed32') view.setInt32(0, Number(BigInt.asIntN(32, value as bigint)), true);
  else if (form === 'fixed64') view.setBigInt64(0, BigInt.asIntN(64, value as bigint), true);
  else if (form === 'float') view.setFloat32(0, value as number, true);
  else view.setFloat64(0, value as number, true);
  return out;
}
