import { afterPrefix, encodeIndexValues, encodeKeyValue } from '../codec/key-codec.ts';
import { type RecordValue, setOwn } from '../codec/message-codec.ts';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { literalFor } from '../query/evaluate.ts';
import type { Condition } from '../query/parse-query.ts';
import type { FieldDef, IndexDef, TableDef } from '../schema/table.ts';
import type { TableCodec } from './table-codec.ts';

/** Where the records of a query are looked for: entries of an index, or rows, from `from` up to `to`, exclusive. */
export interface QueryPlan {
  index?: IndexDef;
  from: Buffer;
  to: Buffer;
}

/** What a condition says of a field, in the query's own literals. */
interface Bound {
  equal?: unknown;
  low?: unknown;
  high?: unknown;
}

/** The index, or the beginning of the primary key. */
interface Choice {
  index?: IndexDef;
  fields: readonly FieldDef[];
  points: number;
}

/**
 * Plans a query by the index, or the beginning of the primary key, that its condition narrows most.
 *
 * @throws StoreError QUERY_INVALID when none serves the condition
 */
export function planQuery(codec: TableCodec, where: Condition | undefined): QueryPlan {
  const { table } = codec;
  const bounds = boundsOf(where);
  const usable = (field: FieldDef): Bound | undefined => {
    const bound = bounds.get(field.name);
    // A fraction is no value of an integer field; the condition itself says so of every record.
    return bound && Object.values(bound).every((value) => typeof value !== 'number' || /float|double/.test(field.type))
      ? bound
      : undefined;
  };
  const choice = choose(table, usable);
  if (choice.points > 0) return rangeOf(codec, choice, usable);
  if (table.indexes.length === 0)
    throw new StoreError('QUERY_INVALID', phrase`table ${table.name} has no index`, {
      hint: phrase`add option (tcaplusservice.tcaplus_index), or use traverse`,
    });
  if (where)
    throw new StoreError('QUERY_INVALID', phrase`no index of the table serves this condition`, {
      hint: phrase`compare the first field of ${table.indexes.map(({ name, fields }) => `${name}(${fields.map((field) => field.name).join(', ')})`).join(', ')}`,
    });
  return { ...codec.range };
}

/** What must be so of every record, by field: only parts that are joined by `and` say that. */
function boundsOf(where: Condition | undefined): Map<string, Bound> {
  const bounds = new Map<string, Bound>();
  const note = (field: string, bound: keyof Bound, value: unknown): void => {
    bounds.set(field, { ...bounds.get(field), [bound]: value });
  };
  const visit = (condition: Condition): void => {
    if (condition.kind === 'and') for (const part of condition.parts) visit(part);
    else if (condition.kind === 'compare' && !condition.field.includes('.')) {
      if (condition.op === '=') note(condition.field, 'equal', condition.value);
      else if (condition.op === '>' || condition.op === '>=') note(condition.field, 'low', condition.value);
      else if (condition.op === '<' || condition.op === '<=') note(condition.field, 'high', condition.value);
    } else if (condition.kind === 'between' && !condition.negated && !condition.field.includes('.')) {
      note(condition.field, 'low', condition.low);
      note(condition.field, 'high', condition.high);
    } else if (condition.kind === 'like' && !condition.negated && !condition.field.includes('.')) {
      const literal = /^[^%_\\]*/.exec(condition.pattern)?.[0] ?? '';
      if (literal !== '') {
        note(condition.field, 'low', literal);
        note(condition.field, 'high', `${literal}\u{10ffff}`);
      }
    }
  };
  if (where) visit(where);
  return bounds;
}

function choose(table: TableDef, usable: (field: FieldDef) => Bound | undefined): Choice {
  const score = (fields: readonly FieldDef[]): number => {
    let points = 0;
    for (const field of fields) {
      const bound = usable(field);
      if (bound?.equal !== undefined) points += 2;
      else return points + (bound ? 1 : 0);
    }
    return points + 1;
  };
  let best: Choice = { fields: table.keyFields, points: score(table.keyFields) };
  for (const index of table.indexes) {
    const points = score(index.fields);
    const isFirst = points === best.points && points > 0 && index.ofKey === false && best.index === undefined;
    if (points > best.points || isFirst) best = { index, fields: index.fields, points };
  }
  return best;
}

/** Equal fields narrow the range to a prefix, and the first that is not equal to a part of it. */
function rangeOf(
  codec: TableCodec,
  { index, fields }: Choice,
  usable: (field: FieldDef) => Bound | undefined,
): QueryPlan {
  const by = index ? { index } : {};
  const encode = (field: FieldDef, value: unknown): Buffer => {
    const literal = literalFor(field, value as never);
    const typed =
      typeof literal === 'bigint' && !/64$/.test(field.type)
        ? Number(literal)
        : field.type === 'bytes'
          ? Buffer.from(literal as string, 'latin1')
          : literal;
    if (index) return encodeIndexValues([field], named(field.name, typed));
    return encodeKeyValue(field, typed);
  };
  const parts: Buffer[] = [index ? codec.indexPrefix(index) : codec.range.from];
  let low: Buffer | undefined;
  let high: Buffer | undefined;
  for (const field of fields) {
    const bound = usable(field);
    if (bound?.equal !== undefined) {
      const value = inRange(field, bound.equal);
      // No value of the field is equal to that.
      if (value === undefined) return { ...by, from: codec.range.from, to: codec.range.from };
      parts.push(encode(field, value));
      continue;
    }
    const prefix = Buffer.concat(parts);
    const lowest = bound?.low === undefined ? undefined : inRange(field, bound.low);
    const highest = bound?.high === undefined ? undefined : inRange(field, bound.high);
    if (lowest !== undefined) low = Buffer.concat([prefix, encode(field, lowest)]);
    if (highest !== undefined) high = afterPrefix(Buffer.concat([prefix, encode(field, highest)]));
    break;
  }
  const prefix = Buffer.concat(parts);
  return { ...by, from: low ?? prefix, to: high ?? (afterPrefix(prefix) as Buffer) };
}

/** The value when the field can hold it: an index has no entry for others. */
function inRange(field: FieldDef, value: unknown): unknown {
  try {
    const literal = literalFor(field, value as never);
    const typed = typeof literal === 'bigint' && !/64$/.test(field.type) ? Number(literal) : literal;
    encodeKeyValue(field, field.type === 'bytes' ? Buffer.from(typed as string, 'latin1') : typed);
    return value;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'FIELD_TYPE') return undefined;
    throw error;
  }
}

function named(name: string, value: unknown): RecordValue {
  const record: RecordValue = {};
  setOwn(record, name, value);
  return record;
}
