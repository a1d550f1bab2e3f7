import { createHash } from 'node:crypto';
import type { FieldCipher } from '../codec/field-cipher.ts';
import { decodeTuple, encodeIndexValues, KeyWriter, writeKey } from '../codec/key-codec.ts';
import { type MessageCodec, own, type RecordValue } from '../codec/message-codec.ts';
import { BYTES, concat, readUint32, skipValue, stripFields, varint64, wire } from '../codec/wire.ts';
import { StoreError } from '../errors.ts';
import type { StoreLimits } from '../limits.ts';
import { phrase } from '../phrase.ts';
import type { FieldDef, IndexDef, TableDef } from '../schema/table.ts';
import { slotOf } from './slot.ts';

/** Number of the index over expiry times; those of the schema count from 0. */
export const EXPIRY_INDEX = 0xffff;

/** A table's records as rows: keys, slots, encoded values, index entries. */
export interface TableCodec {
  readonly table: TableDef;
  readonly id: number;
  /** [from, to) of all rows of the table. */
  readonly range: { from: Buffer; to: Buffer };
  rowKey(record: RecordValue): Buffer;
  /** The same in a buffer that the next call uses again. */
  rowKeyOnce(record: RecordValue): Buffer;
  /** The key fields of a row key. */
  keyOf(rowKey: Buffer): RecordValue;
  /** Bytes of a row key that are the primary key; list elements have more. */
  slot(record: RecordValue): number;
  slotOfRow(rowKey: Buffer): number;
  encode(record: RecordValue, rowKey: Buffer): Buffer;
  decode(value: Uint8Array, rowKey: Buffer): RecordValue;
  /** Opens encrypted fields: plain protobuf as the schema says. */
  openFields(value: Uint8Array, rowKey: Buffer): Uint8Array;
  sealFields(value: Uint8Array, rowKey: Buffer): Uint8Array;
  /** Keys that encrypted fields of a row are under. */
  cipherKeys(value: Uint8Array): string[];
  /** Index entries of a record; empty when there are none. */
  indexEntries(record: RecordValue, rowKey: Buffer, expires: number): Buffer[];
  indexPrefix(index: IndexDef): Buffer;
  /** Whether changing this field can change index entries. */
  isIndexed(field: FieldDef): boolean;
  expiryPrefix(): Buffer;
}

/** @throws StoreError RECORD_TOO_LARGE when a text or bytes are longer than the schema allows */
export function checkFieldSize(field: FieldDef, value: unknown): void {
  if (field.size === undefined) return;
  const size = typeof value === 'string' ? Buffer.byteLength(value) : value instanceof Uint8Array ? value.length : 0;
  if (size > field.size)
    throw new StoreError('RECORD_TOO_LARGE', phrase`field ${field.name} has ${size} bytes`, {
      hint: phrase`its tcaplus_size allows ${field.size}`,
    });
}

export function createTableCodec(options: {
  table: TableDef;
  id: number;
  slots: number;
  limits: StoreLimits;
  messages: MessageCodec;
  cipher: FieldCipher | undefined;
}): TableCodec {
  const { table, id, slots, limits, messages, cipher } = options;
  const { message, keyFields, shardFields } = table;
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(id);
  const next = Buffer.alloc(4);
  next.writeUInt32BE(id + 1);
  const encrypted = message.fields.filter((field) => field.encrypted);
  const encryptedNumbers = new Set(encrypted.map((field) => field.number));
  const context = createHash('sha256').update(table.name).digest().subarray(0, 8);
  const indexed = new Set(table.indexes.flatMap((index) => index.fields));
  const sized = message.fields.filter((field) => field.size !== undefined);
  const shardsByWholeKey = shardFields === keyFields || shardFields.every((field, i) => field === keyFields[i]);

  const contextOf = (rowKey: Buffer, field: number): Buffer => {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(field);
    return Buffer.concat([context, number, rowKey.subarray(4)]);
  };
  const needCipher = (): FieldCipher => {
    if (!cipher)
      throw new StoreError(
        'CRYPTO_KEY_UNKNOWN',
        phrase`table ${table.name} has encrypted fields and the store has no keys`,
        {
          hint: phrase`open the store with crypto: {current, keys}`,
        },
      );
    return cipher;
  };

  function* topLevel(
    bytes: Uint8Array,
  ): Generator<{ number: number; tag: number; start: number; value: number; end: number }> {
    for (let at = 0; at < bytes.length; ) {
      const start = at;
      const tag = readUint32(bytes, at, bytes.length);
      const value = wire.end;
      at = skipValue(bytes, value, bytes.length, tag);
      yield { number: tag >>> 3, tag, start, value, end: at };
    }
  }

  function sealFields(value: Uint8Array, rowKey: Buffer): Uint8Array {
    if (encrypted.length === 0) return value;
    const parts = new Map<number, Uint8Array[]>();
    for (const { number, start, end } of topLevel(value))
      if (encryptedNumbers.has(number)) parts.set(number, [...(parts.get(number) ?? []), value.subarray(start, end)]);
    if (parts.size === 0) return value;
    const out = [stripFields(value, encryptedNumbers)];
    for (const [number, plain] of parts) {
      const sealed = needCipher().seal(concat(plain), contextOf(rowKey, number));
      out.push(varint64(BigInt((number << 3) | BYTES)), varint64(BigInt(sealed.length)), sealed);
    }
    return concat(out);
  }

  function openFields(value: Uint8Array, rowKey: Buffer): Uint8Array {
    if (encrypted.length === 0) return value;
    const out: Uint8Array[] = [];
    for (const { number, value: at, start, end } of topLevel(value))
      if (encryptedNumbers.has(number)) {
        readUint32(value, at, end);
        out.push(needCipher().open(value.subarray(wire.end, end), contextOf(rowKey, number)));
      } else out.push(value.subarray(start, end));
    return concat(out);
  }

  function checkSize(bytes: Uint8Array, record: RecordValue): void {
    if (bytes.length > limits.recordBytes)
      throw new StoreError('RECORD_TOO_LARGE', phrase`the record has ${bytes.length} bytes`, {
        hint: phrase`at most ${limits.recordBytes} are allowed`,
      });
    for (const field of sized) checkFieldSize(field, own(record, field.name));
  }

  const writer = new KeyWriter();
  const writeRowKey = (record: RecordValue): void => {
    writer.reset();
    writer.word(id);
    writeKey(writer, keyFields, record, limits);
  };
  const shardBytes = (record: RecordValue): Buffer => {
    writer.reset();
    for (const field of shardFields) writer.value(field, own(record, field.name));
    return writer.take();
  };

  return {
    table,
    id,
    range: { from: prefix, to: next },
    rowKey(record) {
      writeRowKey(record);
      return writer.take();
    },
    rowKeyOnce(record) {
      writeRowKey(record);
      return writer.bytes.subarray(0, writer.at);
    },
    keyOf: (key) => decodeTuple(keyFields, key, 4),
    slot: (record) => slotOf(shardBytes(record), slots),
    slotOfRow: (key) =>
      table.kind === 'GENERIC' && shardsByWholeKey && shardFields.length === keyFields.length
        ? slotOf(key, slots, 4)
        : slotOf(shardBytes(decodeTuple(keyFields, key, 4)), slots),
    encode(record, key) {
      const bytes = messages.encode(message, record);
      checkSize(bytes, record);
      return encrypted.length === 0 ? bytes : (Buffer.from(sealFields(bytes, key)) as Buffer);
    },
    decode: (value, key) => messages.decode(message, encrypted.length === 0 ? value : openFields(value, key)),
    openFields,
    sealFields,
    cipherKeys(value) {
      if (encrypted.length === 0) return [];
      const found: string[] = [];
      for (const { number, value: at, end } of topLevel(value))
        if (encryptedNumbers.has(number)) {
          readUint32(value, at, end);
          found.push(needCipher().keyOf(value.subarray(wire.end, end)));
        }
      return found;
    },
    indexPrefix(index) {
      const out = Buffer.alloc(6);
      out.writeUInt32BE(id, 0);
      out.writeUInt16BE(table.indexes.indexOf(index), 4);
      return out;
    },
    indexEntries(record, key, expires) {
      const entries: Buffer[] = [];
      for (const [i, index] of table.indexes.entries()) {
        // An index over the beginning of the primary key is the rows themselves.
        const head = Buffer.alloc(6);
        head.writeUInt32BE(id, 0);
        head.writeUInt16BE(i, 4);
        entries.push(Buffer.concat([head, encodeIndexValues(index.fields, record), key.subarray(4)]));
      }
      if (expires > 0) {
        const head = Buffer.alloc(12);
        head.writeUInt32BE(id, 0);
        head.writeUInt16BE(EXPIRY_INDEX, 4);
        head.writeUIntBE(expires, 6, 6);
        entries.push(Buffer.concat([head, key.subarray(4)]));
      }
      return entries;
    },
    isIndexed: (field) => indexed.has(field),
    expiryPrefix() {
      const out = Buffer.alloc(6);
      out.writeUInt32BE(id, 0);
      out.writeUInt16BE(EXPIRY_INDEX, 4);
      return out;
    },
  };
}
