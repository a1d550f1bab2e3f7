/**
 * Protobuf messages from their description, for both ends of the record service: the store, and a backend that has no
 * `.proto` parser. Node only; without any dependency, because the packed SDK carries these files along.
 */
export type { EnumDef, FieldDef, MessageDef, RecordValue, ScalarType } from './descriptor.ts';
export { createMessageCodec, type MessageCodec } from './message-codec.ts';
export { isPlain, own, setOwn } from './own.ts';
export { absentValue, checkScalar, WIRE_TYPE } from './scalars.ts';
export * from './wire.ts';
export { Writer } from './writer.ts';
