import { createDecoders } from './decoder.ts';
import type { FieldDef, MessageDef, RecordValue } from './descriptor.ts';
import { createEncoders } from './encoder.ts';
import { own, setOwn } from './own.ts';
import { createWire, type Refuse } from './wire.ts';
import { Writer } from './writer.ts';

/** Encodes and decodes messages of one schema. Not safe for use while it is in use (no callbacks reach it). */
export interface MessageCodec {
  /** @throws what `refuse` makes of FIELD_UNKNOWN, FIELD_TYPE, RECORD_TOO_LARGE, with the name of the field */
  encode(message: MessageDef, value: RecordValue): Buffer;
  /** Writes the message into a buffer and answers where it ends, or -1 when there is no room. */
  encodeInto(message: MessageDef, value: RecordValue, target: Buffer, at: number): number;
  /** One field with its tag; nothing for a default without presence. */
  encodeField(field: FieldDef, value: unknown): Buffer;
  /** Fields that the message does not have are passed over. @throws what `refuse` makes of RECORD_MALFORMED */
  decode(message: MessageDef, bytes: Uint8Array): RecordValue;
  /** The message that stands in [at, end) of a buffer. */
  decodeAt(message: MessageDef, bytes: Buffer, at: number, end: number): RecordValue;
  /** The value of one field on the wire, as `decode` would give it. */
  decodeField(field: FieldDef, bytes: Uint8Array): unknown;
}

/** @param options.maxDepth messages inside of messages, at most */
export function createMessageCodec(options: { maxDepth: number; refuse: Refuse }): MessageCodec {
  const { maxDepth, refuse } = options;
  const writer = new Writer();
  const decoderOf = createDecoders(createWire(refuse), maxDepth);
  const { encoderOf } = createEncoders(writer, refuse, maxDepth);
  const alone = new WeakMap<FieldDef, MessageDef>();

  /** A message of this one field. */
  function only(field: FieldDef): MessageDef {
    let message = alone.get(field);
    if (!message) {
      message = {
        name: field.name,
        fields: [field],
        byNumber: new Map([[field.number, field]]),
        byName: new Map([[field.name, field]]),
      };
      alone.set(field, message);
    }
    return message;
  }
  const asBuffer = (bytes: Uint8Array): Buffer =>
    Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  function write(message: MessageDef, value: RecordValue): void {
    writer.reset();
    encoderOf(message)(value, 0);
  }

  return {
    encode(message, value) {
      write(message, value);
      return writer.take();
    },
    encodeInto(message, value, target, at) {
      write(message, value);
      if (at + writer.at > target.length) return -1;
      writer.bytes.copy(target, at, 0, writer.at);
      return at + writer.at;
    },
    encodeField(field, value) {
      if (value === undefined || value === null) return Buffer.alloc(0);
      write(only(field), named(field.name, value));
      return writer.take();
    },
    decode: (message, bytes) => decoderOf(message)(asBuffer(bytes), 0, bytes.length, 0),
    decodeAt: (message, bytes, at, end) => decoderOf(message)(bytes, at, end, 0),
    decodeField: (field, bytes) => own(decoderOf(only(field))(asBuffer(bytes), 0, bytes.length, 0), field.name),
  };
}

function named(name: string, value: unknown): RecordValue {
  const record: RecordValue = {};
  setOwn(record, name, value);
  return record;
}
