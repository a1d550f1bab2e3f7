/** What the store knows of a table, made from its `.proto`. */

import type { FieldDef, MessageDef } from '@sparrow/protocol/record-codec';

export type { EnumDef, FieldDef, MessageDef, ScalarType } from '@sparrow/protocol/record-codec';

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
