import { joinPhrases, type Phrase } from '@sparrow/core';
import { absentValue } from '../codec/message-codec.ts';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { placeIn } from './locate.ts';
import type { FieldDef, MessageDef, Schema, TableDef } from './table.ts';

const HINT = phrase`add fields, never remove, rename or retype them; for anything else define a new table and copy`;

/**
 * Checks that records written under `before` stay readable and reachable under `after`.
 *
 * Allowed: new tables, new value fields, larger sizes, larger ListNum, another TTL or feed. Refused: a table that is
 * gone; another kind, primary key, sharding key or index; a field removed, renamed, renumbered, retyped; encryption
 * switched; smaller limits.
 *
 * @throws StoreError SCHEMA_CHANGE_FORBIDDEN naming every refused change with its place.
 */
export function checkEvolution(before: Schema, after: Schema): void {
  const reasons: Phrase[] = [];
  for (const [name, old] of before.tables) {
    const table = after.tables.get(name);
    if (!table) {
      reasons.push(phrase`${after.file}: table ${name} is gone`);
      continue;
    }
    const place = placeIn(after.source, name);
    const say = (text: Phrase, field?: string): void => {
      const at = field ? placeIn(after.source, name, new RegExp(`\\b${field}\\b\\s*=`)) : place;
      reasons.push(phrase`${after.file}:${at.line}:${at.column}: ${name}: ${text}`);
    };
    compareTables(old, table, say);
    compareMessages(old.message, table.message, '', say, new Set());
    compareDefaults(old, table, say);
  }
  if (reasons.length > 0) throw new StoreError('SCHEMA_CHANGE_FORBIDDEN', joinPhrases(reasons, '\n'), { hint: HINT });
}

const names = (fields: readonly FieldDef[]): string => fields.map((field) => field.name).join(', ');

function compareTables(old: TableDef, table: TableDef, say: (text: Phrase) => void): void {
  if (old.kind !== table.kind) say(phrase`a ${old.kind} table cannot become a ${table.kind} table`);
  if (names(old.keyFields) !== names(table.keyFields))
    say(phrase`the primary key (${names(old.keyFields)}) cannot become (${names(table.keyFields)})`);
  if (names(old.shardFields) !== names(table.shardFields))
    say(phrase`the sharding key (${names(old.shardFields)}) cannot become (${names(table.shardFields)})`);
  const index = (entry: TableDef): string =>
    entry.indexes
      .map(({ name, fields }) => `${name}(${names(fields)})`)
      .sort()
      .join(' ');
  if (index(old) !== index(table))
    say(phrase`the indexes ${index(old) || phrase`(none)`} cannot become ${index(table) || phrase`(none)`}`);
  if (table.listMax < old.listMax) say(phrase`ListNum may only grow, from ${old.listMax}`);
  if (
    names(old.sort?.fields ?? []) !== names(table.sort?.fields ?? []) ||
    old.sort?.descending !== table.sort?.descending
  )
    say(phrase`the order of the sorted list cannot change`);
}

function compareMessages(
  old: MessageDef,
  message: MessageDef,
  path: string,
  say: (text: Phrase, field?: string) => void,
  seen: Set<MessageDef>,
): void {
  if (seen.has(old)) return;
  seen.add(old);
  for (const field of old.fields) {
    const now = message.byName.get(field.name);
    const called = path + field.name;
    if (!now) {
      const renamed = message.byNumber.get(field.number);
      say(
        renamed ? phrase`field ${called} was renamed to ${renamed.name}` : phrase`field ${called} was removed`,
        renamed?.name,
      );
      continue;
    }
    if (now.number !== field.number)
      say(phrase`field ${called} had number ${field.number} and now has ${now.number}`, field.name);
    if (typeName(now) !== typeName(field))
      say(phrase`field ${called} was ${typeName(field)} and now is ${typeName(now)}`, field.name);
    if (now.oneof !== field.oneof) say(phrase`field ${called} went into or out of a oneof`, field.name);
    if (now.encrypted !== field.encrypted) say(phrase`encryption of field ${called} was switched`, field.name);
    if (now.required && !field.required) say(phrase`field ${called} became required`, field.name);
    if (now.size !== undefined && (field.size === undefined || now.size < field.size))
      say(phrase`the size of field ${called} may only grow`, field.name);
    if (field.enum && now.enum)
      for (const [value, number] of Object.entries(field.enum.values))
        if (now.enum.values[value] !== number)
          say(phrase`value ${value} of ${called} was removed or renumbered`, field.name);
    if (field.message && now.message) compareMessages(field.message, now.message, `${called}.`, say, seen);
  }
  for (const field of message.fields)
    if (field.required && !old.byName.has(field.name))
      say(phrase`new field ${path}${field.name} is required`, field.name);
}

/** Index entries stand under what an absent field is read as, so that must stay for fields that are indexed. */
function compareDefaults(old: TableDef, table: TableDef, say: (text: Phrase, field?: string) => void): void {
  const shown = (field: FieldDef): string => {
    const value = absentValue(field);
    return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : `${typeof value} ${String(value)}`;
  };
  for (const field of new Set([...old.indexes, ...(old.sort ? [old.sort] : [])].flatMap(({ fields }) => fields))) {
    const now = table.message.byName.get(field.name);
    if (now && shown(now) !== shown(field))
      say(phrase`field ${field.name} is in an index: what it is read as when it is absent cannot change`, field.name);
  }
}

const typeName = (field: FieldDef): string =>
  `${field.mapKey ? `map<${field.mapKey}> of ` : ''}${field.repeated ? 'repeated ' : ''}${field.enum?.name ?? (field.message ? 'message' : field.type)}`;
