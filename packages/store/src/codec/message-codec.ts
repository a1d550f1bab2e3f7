import * as codec from '@sparrow/protocol/record-codec';
import { StoreError } from '../errors.ts';
import type { FieldDef } from '../schema/table.ts';

export type { MessageCodec, RecordValue } from '@sparrow/protocol/record-codec';
export { absentValue, isPlain, own, setOwn } from '@sparrow/protocol/record-codec';

export const refuse: codec.Refuse = (code, message, hint) => new StoreError(code, message, { hint });

/** The codec of records whose refusals are StoreErrors. */
export const createMessageCodec = (options: { maxDepth: number }): codec.MessageCodec =>
  codec.createMessageCodec({ ...options, refuse });

/** A value as its field takes it. @throws StoreError FIELD_TYPE */
export const checkScalar = (field: FieldDef, value: unknown): unknown => codec.checkScalar(refuse, field, value);
