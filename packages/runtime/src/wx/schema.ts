/**
 * Descriptions of values: of what a call takes, of what it gives, of what an event carries. One description gives the
 * TypeScript type (`Infer`), the check (`check`) and the examples of the tests (`examples.ts`). They are plain data.
 */
export type Kind =
  | 'text'
  | 'number'
  | 'flag'
  | 'bytes'
  | 'list'
  | 'record'
  | 'object'
  | 'oneOf'
  | 'either'
  | 'anything';

export interface Schema<T = unknown> {
  readonly kind: Kind;
  readonly optional?: boolean;
  /** Of a number its least value. */
  readonly min?: number;
  /** Of a number its greatest value, of all others how many characters, bytes or entries there may be. */
  readonly max?: number;
  readonly whole?: boolean;
  /** Of the items of a list and the values of a record. */
  readonly of?: Schema;
  readonly fields?: Fields;
  readonly values?: readonly (string | number)[];
  readonly options?: readonly Schema[];
  /** Never there: it carries the type. */
  readonly type?: () => T;
}

interface OptionalSchema<T> extends Schema<T> {
  readonly optional: true;
}

export type Fields = Readonly<Record<string, Schema>>;

/** The type of the values that a schema describes. */
export type Infer<S> = S extends { readonly type?: () => infer T } ? T : never;

type OptionalKeys<F extends Fields> = { [K in keyof F]: F[K] extends { optional: true } ? K : never }[keyof F];

/** The type of an object with these fields. One that may be absent may be undefined, too. */
export type InferFields<F extends Fields> = string extends keyof F
  ? Record<string, never>
  : { [K in Exclude<keyof F, OptionalKeys<F>>]: Infer<F[K]> } & {
      [K in OptionalKeys<F>]?: Infer<F[K]> | undefined;
    };

/** @param max characters */
export const text = ({ max }: { max?: number } = {}): Schema<string> => ({
  kind: 'text',
  ...(max !== undefined && { max }),
});

/** A finite number. */
export const number = (limits: { min?: number; max?: number; whole?: boolean } = {}): Schema<number> => ({
  kind: 'number',
  ...limits,
});

export const flag = (): Schema<boolean> => ({ kind: 'flag' });

/** @param max bytes */
export const bytes = ({ max }: { max?: number } = {}): Schema<ArrayBuffer> => ({
  kind: 'bytes',
  ...(max !== undefined && { max }),
});

/** Items of a list that says nothing of its own: one with holes may have four thousand millions. */
const MAX_ITEMS = 100_000;

/** @param max items; default 100,000 */
export const list = <T>(of: Schema<T>, { max }: { max?: number } = {}): Schema<T[]> => ({
  kind: 'list',
  of,
  ...(max !== undefined && { max }),
});

/** An object with any names. */
export const record = <T>(of: Schema<T>): Schema<Record<string, T>> => ({ kind: 'record', of });

/** An object with these names; others are let through. */
export const object = <const F extends Fields>(fields: F): Schema<InferFields<F>> => ({ kind: 'object', fields });

/** One of these texts or numbers. */
export const oneOf = <const V extends readonly (string | number)[]>(...values: V): Schema<V[number]> => ({
  kind: 'oneOf',
  values,
});

/** What one of these describes. */
export const either = <const S extends Schema[]>(...options: S): Schema<Infer<S[number]>> => ({
  kind: 'either',
  options: options as Schema[],
});

/** May be absent. */
export const optional = <T>(schema: Schema<T>): OptionalSchema<T> => ({ ...schema, optional: true });

/** Not looked at: what only our own side makes, or what is looked at where it is used. */
export const anything = <T = unknown>(): Schema<T> => ({ kind: 'anything' });

/** The name of a value's type as WeChat writes it: `String`, `Undefined`, `ArrayBuffer`. */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

const NAMES: Record<Kind, string> = {
  text: 'String',
  number: 'Number',
  flag: 'Boolean',
  bytes: 'ArrayBuffer',
  list: 'Array',
  record: 'Object',
  object: 'Object',
  oneOf: '',
  either: '',
  anything: '',
};

/** What a schema asks for, in words. */
function wanted(schema: Schema): string {
  if (schema.kind === 'oneOf') return `one of ${(schema.values ?? []).join(', ')}`;
  if (schema.kind === 'either') return (schema.options ?? []).map(wanted).join(' or ');
  return NAMES[schema.kind];
}

/** Says what is wrong with a value and where, in WeChat's words (`parameter.url should be String instead of Number;`). */
export function check(schema: Schema, value: unknown, path = 'parameter'): string | undefined {
  if (value === undefined && schema.optional) return undefined;
  const fault = (expected: string): string => `${path} should be ${expected} instead of ${nameOf(value)};`;
  const { kind, max = Number.POSITIVE_INFINITY } = schema;
  const fits = kindOf(value) === NAMES[kind];
  switch (kind) {
    case 'anything':
      return undefined;
    case 'oneOf':
      return schema.values?.includes(value as string) ? undefined : fault(wanted(schema));
    case 'either':
      return (schema.options ?? []).some((option) => check(option, value) === undefined)
        ? undefined
        : fault(wanted(schema));
    case 'text':
      if (!fits || typeof value !== 'string') return fault('String');
      return value.length > max ? `${path} should have at most ${max} characters;` : undefined;
    case 'number':
      if (!fits || typeof value !== 'number' || !Number.isFinite(value)) return fault('Number');
      if (value < (schema.min ?? value) || value > max || (schema.whole && !Number.isInteger(value)))
        return `${path} should be ${limitsOf(schema)};`;
      return undefined;
    case 'bytes':
      if (!(value instanceof ArrayBuffer)) return fault('ArrayBuffer');
      return value.byteLength > max ? `${path} should have at most ${max} bytes;` : undefined;
    case 'list':
      if (!Array.isArray(value)) return fault('Array');
      if (value.length > (schema.max ?? MAX_ITEMS))
        return `${path} should have at most ${schema.max ?? MAX_ITEMS} items;`;
      return first(value.entries(), ([at, item]) => check(schema.of as Schema, item, `${path}[${at}]`));
    default:
      if (!fits) return fault(NAMES[kind]);
  }
  if (kind === 'record')
    return first(Object.entries(value as object), ([name, item]) =>
      check(schema.of as Schema, item, `${path}.${name}`),
    );
  if (kind === 'object') return checkFields(schema.fields ?? {}, value as object, path);
  return undefined;
}

/** The same for an object with these fields. */
export function checkFields(fields: Fields, value: object, path = 'parameter'): string | undefined {
  return first(Object.entries(fields), ([name, field]) =>
    check(field, (value as Record<string, unknown>)[name], `${path}.${name}`),
  );
}

function first<T>(items: Iterable<T>, fault: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = fault(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A wrong text or number stands for itself: the developer knows it again. */
function nameOf(value: unknown): string {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : kindOf(value);
}

function limitsOf({ min, max, whole }: Schema): string {
  const range = [min !== undefined && `at least ${min}`, max !== undefined && `at most ${max}`].filter(Boolean);
  return [whole ? 'a whole number' : '', range.join(' and ')].filter(Boolean).join(' of ') || 'a number';
}
