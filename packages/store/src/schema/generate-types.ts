import { absentValue } from '../codec/message-codec.ts';
import type { EnumDef, FieldDef, MessageDef, Schema } from './table.ts';

/**
 * TypeScript for the tables of a schema: an interface a message, a type an enum, and `Tables`, the map that
 * `createRecordStore` takes.
 */
export function generateTypes(schema: Schema): string {
  const messages = new Map<string, MessageDef>();
  const enums = new Map<string, EnumDef>();
  const collect = (message: MessageDef): void => {
    if (messages.has(message.name)) return;
    messages.set(message.name, message);
    for (const field of message.fields) {
      if (field.message) collect(field.message);
      if (field.enum) enums.set(field.enum.name, field.enum);
    }
  };
  for (const table of schema.tables.values()) collect(table.message);
  const typeOf = (field: FieldDef): string => {
    const one = field.message
      ? identifier(field.message.name)
      : field.enum
        ? identifier(field.enum.name)
        : scalar(field.type);
    if (field.mapKey) return `Record<string, ${one}>`;
    return field.repeated ? `readonly ${/[ |]/.test(one) ? `(${one})` : one}[]` : one;
  };
  let text = `// Made by \`sparrow store generate\` from ${schema.file}. Do not edit.\n`;
  for (const entry of enums.values())
    text += `\n/** A value the schema does not know is its number. */\nexport type ${identifier(entry.name)} = ${Object.keys(
      entry.values,
    )
      .map((name) => `'${name}'`)
      .join(' | ')} | number;\n`;
  for (const message of messages.values()) {
    text += `\nexport interface ${identifier(message.name)} {\n`;
    for (const field of message.fields) {
      const notes = [field.description, field.encrypted ? 'Encrypted at rest.' : undefined].filter(Boolean);
      if (notes.length > 0) text += `  /** ${notes.join(' ').replaceAll('*/', '* /')} */\n`;
      const optional = field.presence && !field.required && absentValue(field) === undefined;
      text += `  ${field.name}${optional ? '?' : ''}: ${typeOf(field)}${optional ? ' | undefined' : ''};\n`;
    }
    text += '}\n';
  }
  text += '\n/** Record and primary key of each table. */\nexport interface Tables {\n';
  for (const table of schema.tables.values()) {
    const record = identifier(table.message.name);
    const key = `Pick<${record}, ${table.keyFields.map((field) => `'${field.name}'`).join(' | ')}>`;
    text += `  ${table.name}: { record: ${record}; key: ${key} };\n`;
  }
  return `${text}}\n`;
}

/** Names of nested types carry those around them: game.Player.Item is PlayerItem. */
function identifier(name: string): string {
  const parts = name.split('.');
  // A program may have a Timestamp of its own.
  if (name.startsWith('google.protobuf.')) return `Protobuf${parts.slice(2).join('')}`;
  return parts.filter((part) => /^[A-Z]/.test(part)).join('') || (parts.at(-1) as string);
}

function scalar(type: string): string {
  if (/64$/.test(type)) return 'bigint';
  if (type === 'string') return 'string';
  if (type === 'bytes') return 'Uint8Array';
  return type === 'bool' ? 'boolean' : 'number';
}
