import type { Phrase } from '@sparrow/core';
import protobuf from 'protobufjs';
import type { StoreError } from '../errors.ts';
import { DEFAULT_LIMITS, type StoreLimits } from '../limits.ts';
import { phrase } from '../phrase.ts';
import { prepareSource } from './declared-defaults.ts';
import { blankComments, findMessage, invalid, placeAt, placeIn } from './locate.ts';
import { type MessageParts, messageOf, optionsOf } from './messages.ts';
import type { FieldDef, IndexDef, Schema, TableDef, TableKind } from './table.ts';
import { WELL_KNOWN } from './well-known.ts';

const SCALARS = new Set<string>([
  ...['double', 'float', 'int32', 'uint32', 'sint32', 'fixed32', 'sfixed32', 'int64', 'uint64', 'sint64', 'fixed64'],
  ...['sfixed64', 'bool', 'string', 'bytes'],
]);
const KEY_TYPES = new Set<string>([...SCALARS].filter((type) => type !== 'double' && type !== 'float'));

/**
 * Reads the tables of a `.proto` (syntax 2 or 3). A message with `tcaplusservice.tcaplus_primary_key` is a table. Types
 * of protobuf itself may be imported (Timestamp, Duration, Struct, Any, wrappers …); other imports, like that of the
 * option file, may stand there and are not looked up.
 *
 * @throws StoreError SCHEMA_INVALID with file, line and column.
 */
export function parseSchema(source: string, file = 'schema.proto', limits: StoreLimits = DEFAULT_LIMITS): Schema {
  return parse(source, file, limits, false);
}

/** Reads a schema that a store has taken: its records must stay readable, also where it would be refused today. */
export function parseStoredSchema(source: string, file: string, limits: StoreLimits = DEFAULT_LIMITS): Schema {
  return parse(source, file, limits, true);
}

function parse(source: string, file: string, limits: StoreLimits, stored: boolean): Schema {
  if (source.length > 4 * 1024 * 1024)
    throw invalid(file, { line: 1, column: 1 }, phrase`the file is larger than 4 MiB`, phrase`split it`);
  const root = parseProto(source, file);
  const parts: MessageParts = { source, file, known: new Map(), stored, open: hasOpenEnums(source) };
  const tables = new Map<string, TableDef>();
  const visit = (namespace: protobuf.NamespaceBase): void => {
    for (const nested of namespace.nestedArray) {
      if (nested instanceof protobuf.Type && optionsOf(nested).has('primary_key')) {
        if (tables.has(nested.name))
          throw invalid(
            file,
            placeIn(source, nested.name),
            phrase`two tables are called ${nested.name}`,
            phrase`rename one`,
          );
        tables.set(nested.name, tableOf(nested, parts, limits));
      }
      if (nested instanceof protobuf.Namespace) visit(nested);
    }
  };
  visit(root);
  if (tables.size === 0)
    throw invalid(
      file,
      { line: 1, column: 1 },
      phrase`no message has the option tcaplusservice.tcaplus_primary_key`,
      phrase`add option (tcaplusservice.tcaplus_primary_key) = "…"; to each message that is a table`,
    );
  return { file, source, tables };
}

/** The file as protobufjs reads it, types of protobuf that it imports included. */
function parseProto(source: string, file: string): protobuf.Root {
  const root = new protobuf.Root();
  const options = { keepCase: true, preferTrailingComment: false };
  try {
    const { imports = [] } = protobuf.parse(prepareSource(source), root, options);
    for (const name of new Set(imports)) {
      const text = WELL_KNOWN.get(name);
      if (text !== undefined) protobuf.parse(text, root, options);
    }
    root.resolveAll();
  } catch (error) {
    throw placed(source, file, error);
  }
  return root;
}

/** Everywhere but in syntax 2 an enum may have values that its `.proto` does not name, and begins with zero. */
function hasOpenEnums(source: string): boolean {
  return /^\s*(?:syntax\s*=\s*["']proto3["']|edition\s*=)/.test(blankComments(source).replace(/^\ufeff/, ''));
}

/** protobufjs names the line at most; the word it stumbled over gives the column. */
function placed(source: string, file: string, error: unknown): StoreError {
  const message = error instanceof Error ? error.message : String(error);
  const line = Number(/\(.*?line (\d+)\)/.exec(message)?.[1] ?? 0);
  const word =
    /'([^']+)'/.exec(message)?.[1] ?? /no such (?:type|Type or Enum)(?: or enum)?:? ([\w.]+)/i.exec(message)?.[1];
  const text = message.replace(/\s*\(.*?line \d+\)/, '');
  const clean = blankComments(source);
  if (line > 0) {
    const start =
      clean
        .split('\n')
        .slice(0, line - 1)
        .join('\n').length + (line > 1 ? 1 : 0);
    const end = clean.indexOf('\n', start);
    const at = word ? clean.slice(start, end < 0 ? undefined : end).search(wholeWord(word)) : -1;
    return invalid(file, { line, column: Math.max(0, at) + 1 }, text, phrase`correct the .proto`, error);
  }
  // A number or name that a message has twice, or keeps from use.
  const [, what, owner] = /(?:id|name) '?([\w.]+)'? .*in (?:Type|Enum|Root|Namespace) \.?([\w.]*)/.exec(message) ?? [];
  const block = owner === undefined ? undefined : owner.split('.').at(-1);
  if (block && what && findMessage(source, block)) {
    const pattern = /^\d+$/.test(what) ? new RegExp(`\\w+\\s*=\\s*${what}\\b`) : new RegExp(`\\b${what}\\b\\s*=`);
    return invalid(file, placeIn(source, block, pattern), text, phrase`correct the .proto`, error);
  }
  const at = word ? clean.search(wholeWord(word)) : -1;
  return invalid(file, at >= 0 ? placeAt(source, at) : { line: 1, column: 1 }, text, phrase`correct the .proto`, error);
}

const wholeWord = (word: string): RegExp => new RegExp(`(?<!\\w)${word.replace(/[^\w]/g, '\\$&')}(?!\\w)`);

const list = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);

function tableOf(type: protobuf.Type, parts: MessageParts, limits: StoreLimits): TableDef {
  const { source, file } = parts;
  const options = optionsOf(type);
  const message = messageOf(type, parts);
  const { name } = type;
  const at = (pattern?: RegExp): { line: number; column: number } => placeIn(source, name, pattern);
  const option = (short: string): RegExp => new RegExp(`tcaplus_${short}\\b`);
  const attributes = new Map<string, string>();
  for (const text of options.get('customattr') ?? [])
    for (const pair of text.split(';').filter((part) => part.trim())) {
      const [key = '', value = ''] = pair.split('=', 2).map((part) => part.trim());
      attributes.set(key.toLowerCase(), value);
    }
  const fail = (pattern: RegExp | undefined, text: Phrase, hint: Phrase): never => {
    throw invalid(file, at(pattern), text, hint);
  };
  const kind = (attributes.get('tabletype') ?? 'GENERIC').toUpperCase() as TableKind;
  if (!['GENERIC', 'LIST', 'SORTLIST'].includes(kind))
    fail(option('customattr'), phrase`TableType ${kind} is unknown`, phrase`use GENERIC, LIST or SORTLIST`);
  const field = (fieldName: string, short: string): FieldDef => {
    const found = message.byName.get(fieldName);
    return found ?? fail(option(short), phrase`${name} has no field ${fieldName}`, phrase`name a field of the message`);
  };
  const keyField = (fieldName: string, short: string): FieldDef => {
    const found = field(fieldName, short);
    if (found.repeated || found.mapKey || !KEY_TYPES.has(found.type))
      fail(
        option(short),
        phrase`${fieldName} cannot be part of a key`,
        phrase`use a single integer, bool, string or bytes field`,
      );
    if (found.encrypted)
      fail(option(short), phrase`${fieldName} is encrypted and cannot be part of a key`, phrase`encrypt others`);
    return found;
  };
  const keyNames = list(options.get('primary_key')?.[0]);
  const keyFields = keyNames.map((fieldName) => keyField(fieldName, 'primary_key'));
  const group = kind === 'GENERIC' ? 'GENERIC' : 'LIST';
  if (keyFields.length === 0)
    fail(option('primary_key'), phrase`the primary key has no field`, phrase`name at least one`);
  if (new Set(keyNames).size !== keyNames.length)
    fail(option('primary_key'), phrase`the primary key names a field twice`, phrase`name each once`);
  if (keyFields.length > limits.keyFields[group])
    fail(
      option('primary_key'),
      phrase`the primary key has ${keyFields.length} fields, ${limits.keyFields[group]} are allowed in a ${kind} table`,
      phrase`use fewer`,
    );
  if (message.fields.length - keyFields.length > limits.valueFields[group])
    fail(
      undefined,
      phrase`${name} has more than ${limits.valueFields[group]} value fields`,
      phrase`group them in messages`,
    );
  for (const word of [name, ...message.fields.map((entry) => entry.name)])
    if (Buffer.byteLength(word) + 1 > limits.nameBytes)
      fail(
        new RegExp(`\\b${word}\\b`),
        phrase`the name ${word} is longer than ${limits.nameBytes - 1} bytes`,
        phrase`shorten it`,
      );
  const shardNames = list(options.get('sharding_key')?.[0]);
  const shardFields = shardNames.length === 0 ? keyFields : shardNames.map((entry) => keyField(entry, 'sharding_key'));
  for (const entry of shardFields)
    if (!keyFields.includes(entry))
      fail(
        option('sharding_key'),
        phrase`${entry.name} of the sharding key is not in the primary key`,
        phrase`use key fields`,
      );
  const indexes = (options.get('index') ?? []).map((text): IndexDef => {
    const match = /^\s*(\w+)\s*\(([^)]*)\)\s*$/.exec(text);
    if (!match)
      return fail(option('index'), phrase`index "${text}" is not of the form name(field, …)`, phrase`write name(a, b)`);
    const fields = list(match[2]).map((entry) => indexField(field(entry, 'index'), fail));
    if (fields.length === 0) fail(option('index'), phrase`index ${match[1]} has no field`, phrase`name at least one`);
    return { name: match[1] as string, fields, ofKey: fields.every((entry) => keyFields.includes(entry)) };
  });
  const names = indexes.map((index) => index.name);
  const twice = names.find((entry, i) => names.indexOf(entry) !== i);
  if (twice) fail(option('index'), phrase`two indexes are called ${twice}`, phrase`rename one`);
  if (kind !== 'GENERIC' && indexes.some((index) => !index.ofKey))
    fail(option('index'), phrase`a ${kind} table has no index over value fields`, phrase`index key fields only`);
  const listMax = Number(attributes.get('listnum') ?? limits.listElements);
  if (!(Number.isInteger(listMax) && listMax >= 1 && listMax <= limits.listElements))
    fail(
      option('customattr'),
      phrase`ListNum ${listMax} is not between 1 and ${limits.listElements}`,
      phrase`choose one that is`,
    );
  const table: TableDef = {
    name,
    message,
    kind,
    keyFields,
    shardFields,
    indexes,
    listMax,
    ttlMs: number(attributes.get('ttl'), fail) * 1000,
    feed: ['on', '1', 'true'].includes((attributes.get('feed') ?? '').toLowerCase()),
    attributes,
  };
  if (kind === 'SORTLIST') {
    const sortNames = list(attributes.get('sortfield') ?? attributes.get('sortfields'));
    const count = Number(attributes.get('sortfieldnum') ?? 1);
    const candidates = message.fields.filter((entry) => !keyFields.includes(entry));
    const fields =
      sortNames.length > 0 ? sortNames.map((entry) => field(entry, 'customattr')) : candidates.slice(0, count);
    if (fields.length < 1 || fields.length > 4)
      fail(
        option('customattr'),
        phrase`a SORTLIST table sorts by 1 to 4 fields`,
        phrase`set SortFieldNum or SortField`,
      );
    for (const entry of fields) indexField(entry, fail);
    // TDR spells ascending INSC.
    const rule = (attributes.get('sortrule') ?? 'INSC').toUpperCase();
    table.sort = { fields, descending: rule === 'DESC' };
  }
  return table;
}

function indexField(field: FieldDef, fail: (pattern: RegExp, text: Phrase, hint: Phrase) => never): FieldDef {
  if (field.repeated || field.mapKey || field.type === 'message' || field.encrypted)
    fail(
      new RegExp(`\\b${field.name}\\b`),
      phrase`${field.name} cannot be indexed or sorted by`,
      phrase`use a single scalar or enum field that is not encrypted`,
    );
  return field;
}

function number(text: string | undefined, fail: (pattern: RegExp, text: Phrase, hint: Phrase) => never): number {
  if (text === undefined) return 0;
  const value = Number(text);
  return Number.isFinite(value) && value >= 0
    ? value
    : fail(/TTL/i, phrase`TTL ${text} is no number of seconds`, phrase`TTL=86400`);
}
