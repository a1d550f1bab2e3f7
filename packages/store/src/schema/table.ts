/** What the store knows of a table, made from its `.proto`. */

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
  default: unknown;
  /** Kept under AES-GCM. */
  encrypted: boolean;
  /** Bytes at most, option tcaplus_size. */
  size?: number;
  description?: string;
}

export type TableKind = 'GENERIC' | 'LIST' | 'SORTLIST';

export interface IndexDef {
  name: string;
  fields: FieldDef[];
  /** Its fields are all part of the primary key. */
  ofKey: boolean;
}

export interface TableDef {
  /** Name of the message, the name of the table. */
  name: string;
  message: MessageDef;
  kind: TableKind;
  keyFields: FieldDef[];
  /** Fields that say on which slot a record lives: the sharding key, or the whole primary key. */
  shardFields: FieldDef[];
  indexes: IndexDef[];
  /** LIST and SORTLIST: elements a list holds at most. */
  listMax: number;
  sort?: { fields: FieldDef[]; descending: boolean };
  /** Life of a record after its last write, ms; 0 is for ever. */
  ttlMs: number;
  /** Every change is kept in the change feed. */
  feed: boolean;
  /** tcaplus_customattr, as given. */
  attributes: ReadonlyMap<string, string>;
}

export interface Schema {
  /** Name of the file for messages. */
  file: string;
  source: string;
  tables: ReadonlyMap<string, TableDef>;
}
