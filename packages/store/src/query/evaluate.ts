import { own, type RecordValue } from '../codec/message-codec.ts';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { FieldDef, MessageDef } from '../schema/table.ts';
import type { Aggregate, Condition, Literal } from './parse-query.ts';

type Comparable = string | bigint | number | boolean;

/** Follows a.b.c to its field. @throws StoreError QUERY_INVALID */
export function resolvePath(message: MessageDef, path: string): FieldDef[] {
  const fields: FieldDef[] = [];
  let here: MessageDef | undefined = message;
  for (const name of path.split('.')) {
    const field: FieldDef | undefined = here?.byName.get(name);
    if (!field)
      throw new StoreError('QUERY_INVALID', phrase`${message.name} has no field ${path}`, {
        hint: phrase`its fields are ${message.fields.map((entry) => entry.name).join(', ')}`,
      });
    fields.push(field);
    here = field.repeated || field.mapKey ? undefined : field.message;
  }
  return fields;
}

function scalarPath(message: MessageDef, path: string): { names: string[]; field: FieldDef } {
  const fields = resolvePath(message, path);
  const field = fields.at(-1) as FieldDef;
  if (field.type === 'message' || field.repeated || field.mapKey)
    throw new StoreError('QUERY_INVALID', phrase`${path} is not a single value`, {
      hint: phrase`compare scalar fields`,
    });
  return { names: fields.map((entry) => entry.name), field };
}

const enumNumber = ({ enum: of }: FieldDef, name: string): number | undefined =>
  of && Object.hasOwn(of.values, name) ? of.values[name] : undefined;

/** A literal as values of the field are: integers as bigint, enums as numbers. */
export function literalFor(field: FieldDef, value: Literal): Comparable {
  const wrong = (): StoreError =>
    new StoreError(
      'QUERY_INVALID',
      phrase`${typeof value === 'string' ? `'${value.slice(0, 40)}'` : String(value)} does not fit the field ${field.name}`,
      {
        hint: phrase`${field.name} is a ${field.type}`,
      },
    );
  switch (field.type) {
    case 'string':
      if (typeof value !== 'string') throw wrong();
      return value;
    case 'bytes':
      if (typeof value !== 'string') throw wrong();
      return Buffer.from(value, 'utf8').toString('latin1');
    case 'bool':
      if (typeof value === 'bigint' && (value === 0n || value === 1n)) return value === 1n;
      if (typeof value !== 'boolean') throw wrong();
      return value;
    case 'enum': {
      const number = typeof value === 'string' ? enumNumber(field, value) : value;
      if (typeof number === 'bigint') return number;
      if (typeof number !== 'number') throw wrong();
      return BigInt(number);
    }
    case 'float':
    case 'double':
      if (typeof value !== 'bigint' && typeof value !== 'number') throw wrong();
      return Number(value);
    default:
      if (typeof value === 'number') return value;
      if (typeof value !== 'bigint') throw wrong();
      return value;
  }
}

/** A field's value in the form literals have; undefined when the field is absent. */
export function comparable(field: FieldDef, value: unknown): Comparable | undefined {
  if (value === undefined || value === null) return undefined;
  if (field.type === 'bytes') return Buffer.from(value as Uint8Array).toString('latin1');
  if (field.type === 'enum')
    return BigInt(typeof value === 'string' ? (field.enum?.values[value] ?? 0) : (value as number));
  if (typeof value === 'number' && field.type !== 'float' && field.type !== 'double') return BigInt(value);
  return value as Comparable;
}

function read(record: RecordValue, names: readonly string[]): unknown {
  let here: unknown = record;
  for (const name of names) here = here === undefined ? undefined : own(here as RecordValue, name);
  return here;
}

/**
 * Below 0 when `a` comes first. Texts go by their code points, as their bytes do in an index; `<` would put characters
 * of two surrogates, e.g. 😀, in front of those from U+E000 on, e.g. full-width letters.
 */
function order(a: Comparable, b: Comparable): number {
  if (typeof a === 'string' && typeof b === 'string') {
    const shorter = Math.min(a.length, b.length);
    for (let i = 0; i < shorter; i++) {
      const [one, other] = [a.charCodeAt(i), b.charCodeAt(i)];
      if (one === other) continue;
      return one >= 0xd800 && other >= 0xd800
        ? Number(isSurrogate(one)) - Number(isSurrogate(other)) || one - other
        : one - other;
    }
    return a.length - b.length;
  }
  if (a < b) return -1;
  if (a > b) return 1;
  // Neither: equal, or one of them is no number.
  return equal(a, b) ? 0 : Number.NaN;
}
const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;

/** Equality across bigint and number, which `===` does not know. */
const equal = (a: Comparable, b: Comparable): boolean => a === b || (typeof a !== typeof b && a <= b && a >= b);

/** A condition as a function of records; absent fields meet no comparison. @throws StoreError QUERY_INVALID */
export function compileCondition(message: MessageDef, condition: Condition): (record: RecordValue) => boolean {
  switch (condition.kind) {
    case 'and': {
      const parts = condition.parts.map((part) => compileCondition(message, part));
      return (record) => parts.every((part) => part(record));
    }
    case 'or': {
      const parts = condition.parts.map((part) => compileCondition(message, part));
      return (record) => parts.some((part) => part(record));
    }
    case 'not': {
      const part = compileCondition(message, condition.part);
      return (record) => !part(record);
    }
    default:
      break;
  }
  const { names, field } = scalarPath(message, condition.field);
  const value = (record: RecordValue): Comparable | undefined => comparable(field, read(record, names));
  const present =
    (test: (own: Comparable) => boolean): ((record: RecordValue) => boolean) =>
    (record) => {
      const own = value(record);
      return own !== undefined && test(own);
    };
  if (condition.kind === 'compare') {
    const other = literalFor(field, condition.value);
    switch (condition.op) {
      case '=':
        return present((own) => equal(own, other));
      case '!=':
        return present((own) => !equal(own, other));
      case '>':
        return present((own) => order(own, other) > 0);
      case '>=':
        return present((own) => order(own, other) >= 0);
      case '<':
        return present((own) => order(own, other) < 0);
      default:
        return present((own) => order(own, other) <= 0);
    }
  }
  if (condition.kind === 'between') {
    const low = literalFor(field, condition.low);
    const high = literalFor(field, condition.high);
    return present((own) => (order(own, low) >= 0 && order(own, high) <= 0) !== condition.negated);
  }
  if (condition.kind === 'in') {
    const values = new Set(condition.values.map((entry) => literalFor(field, entry)));
    return present((own) => values.has(own) !== condition.negated);
  }
  if (field.type !== 'string')
    throw new StoreError('QUERY_INVALID', phrase`like compares texts, and ${condition.field} is a ${field.type}`, {
      hint: phrase`use =`,
    });
  const matches = like(condition.pattern);
  return present((own) => matches(own as string) !== condition.negated);
}

/**
 * SQL's like: % any text, _ one character, \ before either makes it plain. Linear in the text, so no pattern can stall
 * the store.
 */
export function like(pattern: string): (text: string) => boolean {
  const parts: { any: boolean; one?: boolean; char?: string }[] = [];
  const characters = [...pattern];
  for (let i = 0; i < characters.length; i++) {
    const char = characters[i] as string;
    if (char === '\\' && i + 1 < characters.length) parts.push({ any: false, char: characters[++i] as string });
    else if (char === '%') {
      if (!parts.at(-1)?.any) parts.push({ any: true });
    } else parts.push(char === '_' ? { any: false, one: true } : { any: false, char });
  }
  return (text) => {
    const chars = [...text];
    let t = 0;
    let p = 0;
    let star = -1;
    let mark = 0;
    while (t < chars.length) {
      const part = parts[p];
      if (part && !part.any && (part.one || part.char === chars[t])) {
        t++;
        p++;
      } else if (part?.any) {
        star = p++;
        mark = t;
      } else if (star >= 0) {
        p = star + 1;
        t = ++mark;
      } else return false;
    }
    while (parts[p]?.any) p++;
    return p === parts.length;
  };
}

/** Takes records one by one and gives the values of aggregates, in their order. */
export function createAggregator(
  message: MessageDef,
  aggregates: readonly Aggregate[],
): { add(record: RecordValue): void; results(): (bigint | number | string | boolean | undefined)[] } {
  const states = aggregates.map((aggregate) => {
    const path = aggregate.field === undefined ? undefined : scalarPath(message, aggregate.field);
    if (path && ['sum', 'avg'].includes(aggregate.fn) && ['string', 'bytes', 'bool', 'enum'].includes(path.field.type))
      throw new StoreError('QUERY_INVALID', phrase`${aggregate.fn}(${aggregate.field}) needs a number`, {
        hint: phrase`name a number field`,
      });
    return {
      aggregate,
      path,
      count: 0n,
      sum: undefined as bigint | number | undefined,
      best: undefined as Comparable | undefined,
      seen: new Set<Comparable>(),
    };
  });
  return {
    add(record) {
      for (const state of states) {
        const value = state.path ? comparable(state.path.field, read(record, state.path.names)) : true;
        if (value === undefined) continue;
        state.count++;
        const { fn } = state.aggregate;
        if (state.aggregate.distinct) state.seen.add(value);
        if ((fn === 'sum' || fn === 'avg') && typeof value !== 'string' && typeof value !== 'boolean')
          state.sum =
            state.sum === undefined
              ? value
              : typeof value === 'bigint'
                ? (state.sum as bigint) + value
                : (state.sum as number) + value;
        if (fn === 'max' && (state.best === undefined || order(value, state.best) > 0)) state.best = value;
        if (fn === 'min' && (state.best === undefined || order(value, state.best) < 0)) state.best = value;
      }
    },
    results: () =>
      states.map(({ aggregate, count, sum, best, seen }) => {
        if (aggregate.fn === 'count') return aggregate.distinct ? BigInt(seen.size) : count;
        if (aggregate.fn === 'sum') return sum ?? 0n;
        if (aggregate.fn === 'avg') return count === 0n ? undefined : Number(sum ?? 0) / Number(count);
        return best;
      }),
  };
}
