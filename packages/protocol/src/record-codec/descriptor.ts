/**
 * What a codec knows of a message, made from its `.proto` by the record store or from a `MessageDescription` by who has
 * no `.proto`.
 */

export type ScalarType =
  | 'double'
  | 'float'
  | 'int32'
  | 'uint32'
  | 'sint32'
  | 'fixed32'
  | 'sfixed32'
  | 'int64'
  | 'uint64'
  | 'sint64'
  | 'fixed64'
  | 'sfixed64'
  | 'bool'
  | 'string'
  | 'bytes';

export interface EnumDef {
  name: string;
  values: Record<string, number>;
  names: ReadonlyMap<number, string>;
}

export interface MessageDef {
  /** Full name, without a leading dot. */
  name: string;
  /** In the order of the `.proto`. */
  fields: FieldDef[];
  byNumber: ReadonlyMap<number, FieldDef>;
  byName: ReadonlyMap<string, FieldDef>;
}

export interface FieldDef {
  name: string;
  number: number;
  type: ScalarType | 'enum' | 'message';
  message?: MessageDef;
  enum?: EnumDef;
  repeated: boolean;
  /** The field is a map; `type` and the rest describe its values. */
  mapKey?: ScalarType;
  packed: boolean;
  required: boolean;
  /** An absent field is told from one with its default value. */
  presence: boolean;
  /** Other fields are cleared when this is set. */
  oneof?: string;
  /** What an absent field is read as where it has no presence, or where `declared`. */
  default: unknown;
  /** The `.proto` gives the default by name: an absent field is read as it, though it has presence. */
  declared?: boolean;
  /** Kept under AES-GCM. */
  encrypted: boolean;
  /** Bytes at most, option tcaplus_size. */
  size?: number;
  description?: string;
}

/** A record as programs see it: int64 as bigint, bytes as Uint8Array, enums by name, maps as objects. */
export type RecordValue = Record<string, unknown>;
