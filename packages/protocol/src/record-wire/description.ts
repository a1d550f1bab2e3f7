import type { EnumDef, FieldDef, MessageDef } from '../record-codec/index.ts';
import { fromWire, toWire } from './tagged.ts';

/** What the service tells of a table: enough to encode and decode its records. */
export interface RecordTableDescription {
  name: string;
  kind: 'GENERIC' | 'LIST' | 'SORTLIST';
  /** Full name of its message. */
  message: string;
  /** Names of the fields of the primary key. */
  key: string[];
}

/** The first frame of the service. */
export interface RecordWelcome {
  version: number;
  tables: RecordTableDescription[];
  /** Every message of the tables and inside of them. */
  messages: MessageDescription[];
  /** Messages inside of messages, at most. */
  maxDepth: number;
}

/** A message that stands by itself: what is inside of it is named. Default values are tagged, see RecordTag. */
export interface MessageDescription {
  name: string;
  fields: FieldDescription[];
}
export type FieldDescription = Omit<FieldDef, 'message' | 'enum' | 'default' | 'encrypted' | 'size' | 'description'> & {
  message?: string;
  enum?: { name: string; values: Record<string, number> };
  default?: unknown;
};

/** These messages and all inside of them, each once. */
export function describeMessages(roots: Iterable<MessageDef>): MessageDescription[] {
  const described = new Map<MessageDef, MessageDescription>();
  const visit = (message: MessageDef): void => {
    if (described.has(message)) return;
    const description: MessageDescription = { name: message.name, fields: [] };
    described.set(message, description);
    for (const { message: inner, enum: values, default: absent, ...field } of message.fields) {
      const { encrypted: _encrypted, size: _size, description: _description, ...told } = field;
      if (inner) visit(inner);
      description.fields.push({
        ...told,
        ...(inner ? { message: inner.name } : {}),
        ...(values ? { enum: { name: values.name, values: values.values } } : {}),
        ...(absent === undefined ? {} : { default: toWire(absent) }),
      });
    }
  };
  for (const root of roots) visit(root);
  return [...described.values()];
}

/** Messages by their full names. */
export function messagesOf(descriptions: readonly MessageDescription[]): Map<string, MessageDef> {
  const messages = new Map<string, MessageDef & { fields: FieldDef[] }>();
  for (const { name } of descriptions) messages.set(name, { name, fields: [], byNumber: new Map(), byName: new Map() });
  for (const { name, fields } of descriptions) {
    const message = messages.get(name) as MessageDef;
    for (const { message: inner, enum: values, default: absent, ...told } of fields) {
      const field: FieldDef = { ...told, encrypted: false, default: fromWire(absent) };
      if (inner !== undefined) field.message = messages.get(inner) as MessageDef;
      if (values) field.enum = enumOf(values);
      message.fields.push(field);
    }
    messages.set(name, Object.assign(message, lookups(message.fields)));
  }
  return messages;
}

/**
 * The key of a table as a message: on the wire even where a field has its default, because a field that is missing is
 * refused.
 */
export function keyMessage(message: MessageDef, key: readonly string[]): MessageDef {
  const fields = key.map((name): FieldDef => {
    const { oneof: _oneof, ...field } = message.byName.get(name) as FieldDef;
    return { ...field, presence: true, required: false, default: undefined, declared: false };
  });
  return { name: message.name, fields, ...lookups(fields) };
}

const lookups = (fields: readonly FieldDef[]): Pick<MessageDef, 'byNumber' | 'byName'> => ({
  byNumber: new Map(fields.map((field) => [field.number, field])),
  byName: new Map(fields.map((field) => [field.name, field])),
});

function enumOf({ name, values }: { name: string; values: Record<string, number> }): EnumDef {
  const names = new Map<number, string>();
  for (const [text, value] of Object.entries(values)) if (!names.has(value)) names.set(value, text);
  return { name, values, names };
}
