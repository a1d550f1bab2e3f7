import type { Phrase } from '@sparrow/core';
import protobuf from 'protobufjs';
import { phrase } from '../phrase.ts';
import { DEFAULT_OPTION, readDefault, realName, zeroOf } from './declared-defaults.ts';
import { invalid, type Place, placeIn } from './locate.ts';
import type { EnumDef, FieldDef, MessageDef, ScalarType } from './table.ts';

const OPTION = '(tcaplusservice.tcaplus_';

/** Numbers of fields that protobuf has, without those it keeps for itself. */
const LAST_NUMBER = 2 ** 29 - 1;
const KEPT = { first: 19_000, last: 19_999 };

/** What the messages of one file are made with. */
export interface MessageParts {
  source: string;
  file: string;
  known: Map<protobuf.Type, MessageDef>;
  /** The schema is a stored one: what an older version took is read as that version read it, rather than refused. */
  stored: boolean;
  /** Enums are open, as everywhere but in syntax 2: the first value is zero, and nothing declares a default. */
  open: boolean;
}

/** Options of TCaplus by their short names. A repeated one keeps all its values only in `parsedOptions`. */
export function optionsOf(object: protobuf.ReflectionObject): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const parsed = (object.parsedOptions ?? []) as Record<string, unknown>[];
  for (const entry of Array.isArray(parsed) ? parsed : [])
    for (const [name, value] of Object.entries(entry))
      if (name.startsWith(OPTION)) {
        const short = name.slice(OPTION.length, -1);
        found.set(short, [...(found.get(short) ?? []), String(value)]);
      }
  return found;
}

export function messageOf(type: protobuf.Type, parts: MessageParts): MessageDef {
  const done = parts.known.get(type);
  if (done) return done;
  const byNumber = new Map<number, FieldDef>();
  const byName = new Map<string, FieldDef>();
  const message: MessageDef = { name: type.fullName.replace(/^\./, ''), fields: [], byNumber, byName };
  parts.known.set(type, message);
  for (const field of type.fieldsArray) {
    const def = fieldOf(field, parts);
    if (byNumber.has(def.number))
      throw refuse(
        parts,
        field,
        phrase`field number ${def.number} is used twice`,
        phrase`give each field a number of its own`,
      );
    message.fields.push(def);
    byNumber.set(def.number, def);
    byName.set(def.name, def);
  }
  return message;
}

function placeOf({ source }: MessageParts, field: protobuf.Field): Place {
  return placeIn(source, (field.parent as protobuf.Type).name, new RegExp(`\\b${realName(field.name)}\\b\\s*=`));
}

const refuse = (parts: MessageParts, field: protobuf.Field, text: Phrase, hint: Phrase): Error =>
  invalid(parts.file, placeOf(parts, field), text, hint);

function fieldOf(field: protobuf.Field, parts: MessageParts): FieldDef {
  field.resolve();
  checkField(field, parts);
  const options = optionsOf(field);
  const { resolvedType } = field;
  const isMap = field instanceof protobuf.MapField;
  const type = (
    resolvedType instanceof protobuf.Enum ? 'enum' : resolvedType instanceof protobuf.Type ? 'message' : field.type
  ) as FieldDef['type'];
  const oneof = field.partOf && !field.options?.proto3_optional ? field.partOf.name : undefined;
  // protobufjs answers with the oneof itself where there is one.
  const { hasPresence } = field as unknown as { hasPresence: unknown };
  const size = options.get('size')?.[0];
  const description = options.get('desc')?.[0];
  const def: FieldDef = {
    name: realName(field.name),
    number: field.id,
    type,
    repeated: field.repeated,
    packed: field.packed,
    required: field.required,
    presence: !field.repeated && !isMap && (type === 'message' || Boolean(hasPresence)),
    default: undefined,
    encrypted: ['1', 'true'].includes(options.get('crypto')?.[0] ?? ''),
  };
  if (oneof !== undefined) def.oneof = oneof;
  if (isMap) def.mapKey = (field as protobuf.MapField).keyType as ScalarType;
  if (resolvedType instanceof protobuf.Enum) def.enum = enumOf(resolvedType, field, parts);
  if (resolvedType instanceof protobuf.Type) def.message = messageOf(resolvedType, parts);
  if (size !== undefined) def.size = Number(size);
  if (description !== undefined) def.description = description;
  setDefault(def, field, parts);
  return def;
}

/** What protobuf allows of a field and protobufjs does not look at. @throws StoreError SCHEMA_INVALID */
function checkField(field: protobuf.Field, parts: MessageParts): void {
  const { resolvedType, id } = field;
  const name = realName(field.name);
  if (field.type === 'group' || (resolvedType as { group?: boolean } | null)?.group)
    throw refuse(parts, field, phrase`${name} is a group`, phrase`make it a message field`);
  if (field.declaringField || name.startsWith('.'))
    throw invalid(
      parts.file,
      placeIn(parts.source, (field.parent as protobuf.Type).name),
      phrase`${name.replace(/^\./, '')} is an extension`,
      phrase`put the field into the message itself`,
    );
  if (parts.stored) return;
  if (!(Number.isInteger(id) && id >= 1 && id <= LAST_NUMBER))
    throw refuse(parts, field, phrase`${name} has number ${id}`, phrase`numbers of fields are 1 to ${LAST_NUMBER}`);
  if (id >= KEPT.first && id <= KEPT.last)
    throw refuse(
      parts,
      field,
      phrase`${name} has number ${id}`,
      phrase`${KEPT.first} to ${KEPT.last} belong to protobuf itself`,
    );
}

/** Enums by protobuf's rules: names on numbers of 32 bits, a number of two names only where that is said. */
function enumOf(type: protobuf.Enum, field: protobuf.Field, parts: MessageParts): EnumDef {
  const entries = Object.entries(type.values).map(([value, number]) => [realName(value), number] as const);
  const name = type.fullName.replace(/^\./, '');
  const [first] = entries;
  if (!first) throw refuse(parts, field, phrase`the enum ${name} has no value`, phrase`give it one`);
  if (parts.open && first[1] !== 0 && !parts.stored)
    throw refuse(
      parts,
      field,
      phrase`the first value of the enum ${name} is ${first[1]}`,
      phrase`begin with one that is zero`,
    );
  const names = new Map<number, string>();
  for (const [value, number] of entries) {
    if (!(Number.isInteger(number) && (number | 0) === number))
      throw refuse(parts, field, phrase`${value} of the enum ${name} is ${number}`, phrase`use integers of 32 bits`);
    if (!names.has(number)) names.set(number, value);
    else if (type.options?.allow_alias !== true)
      throw refuse(
        parts,
        field,
        phrase`${names.get(number)} and ${value} of ${name} are both ${number}`,
        phrase`set allow_alias`,
      );
  }
  // Without a prototype: no name is there that the enum does not have.
  const values = Object.create(null) as Record<string, number>;
  for (const [value, number] of entries) values[value] = number;
  return { name, values, names };
}

function setDefault(def: FieldDef, field: protobuf.Field, parts: MessageParts): void {
  const declared = field.options?.[DEFAULT_OPTION] as string | undefined;
  def.default = zeroOf(def);
  if (declared === undefined) return;
  const read = readDefault(def, declared);
  if (parts.stored) {
    if (!('value' in read) || def.repeated || def.mapKey || !def.presence) return;
    def.default = read.value;
    def.declared = true;
    return;
  }
  if (parts.open && !/^\s*edition/.test(parts.source))
    throw refuse(
      parts,
      field,
      phrase`${def.name} declares a default`,
      phrase`syntax 3 has none: leave it out, or use syntax 2`,
    );
  if (def.repeated || def.mapKey || def.type === 'message')
    throw refuse(parts, field, phrase`${def.name} declares a default`, phrase`only single values have one`);
  if ('wrong' in read) throw refuse(parts, field, read.wrong, phrase`correct the default, or leave it out`);
  def.default = read.value;
  def.declared = true;
}
