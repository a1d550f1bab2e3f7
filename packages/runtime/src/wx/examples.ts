/** Values that a schema takes and values that it refuses, for tests that try every call. */
import type { Fields, Infer, InferFields, Schema } from './schema.ts';

/** A number from 0 up to 1, as `Math.random` gives it; a test brings one with a seed. */
export type Random = () => number;

const WORDS = [
  '',
  'a',
  'pages/a/a',
  '中文',
  'http://usr/x',
  '__proto__',
  '#fff',
  '<b>',
  'x'.repeat(300),
  '\u0000',
  '0',
];
const NUMBERS = [0, 1, -1, 0.5, 1e9, -1e9, 2 ** 40, 3];

const oneOf = <T>(random: Random, values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
const several = <T>(random: Random, max: number, make: () => T): T[] =>
  Array.from({ length: Math.floor(random() * (Math.min(max, 3) + 1)) }, make);

/** A value that the schema takes. */
export function example<S extends Schema>(schema: S, random: Random): Infer<S> {
  return right(schema, random) as Infer<S>;
}

/** An object with these fields; those that may be absent are so now and then. */
export function exampleOf<F extends Fields>(fields: F, random: Random): InferFields<F> {
  const all = Object.entries(fields).flatMap(([name, field]) =>
    field.optional && random() < 0.5 ? [] : [[name, right(field, random)]],
  );
  return Object.fromEntries(all) as InferFields<F>;
}

function right(schema: Schema, random: Random): unknown {
  const { max = Number.POSITIVE_INFINITY } = schema;
  switch (schema.kind) {
    case 'text':
      return oneOf(random, WORDS).slice(0, max);
    case 'number': {
      const { min = Number.NEGATIVE_INFINITY } = schema;
      const within = NUMBERS.filter((each) => each >= min && each <= max && (!schema.whole || Number.isInteger(each)));
      return within.length > 0 ? oneOf(random, within) : Math.max(min, Math.min(max, 0));
    }
    case 'flag':
      return random() < 0.5;
    case 'bytes':
      return new ArrayBuffer(Math.floor(random() * Math.min(max, 64)));
    case 'list':
      return several(random, max, () => right(schema.of as Schema, random));
    case 'record':
      return Object.fromEntries(several(random, 3, () => [oneOf(random, WORDS), right(schema.of as Schema, random)]));
    case 'object':
      return exampleOf(schema.fields ?? {}, random);
    case 'oneOf':
      return oneOf(random, schema.values ?? []);
    case 'either':
      return right(oneOf(random, schema.options ?? []), random);
    case 'anything':
      return oneOf<unknown>(random, [null, 0, 'x', [], {}, true]);
  }
}

/** Values of every kind there is. */
const ODD: readonly unknown[] = [
  ...[null, true, '', 'x', 0, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER],
  ...[[], {}, new Map(), new ArrayBuffer(2), new Date(0), /x/, 10n, [undefined]],
];

/** One value for each way in which something can be wrong; none where everything is taken. */
export function wrongExamples(schema: Schema, random: Random): unknown[] {
  const { kind, max, min } = schema;
  const others = ODD.filter((value) => !takes(schema, value));
  const missing = schema.optional || kind === 'anything' ? [] : [undefined];
  switch (kind) {
    case 'anything':
      return [];
    case 'text':
      return [...missing, ...others, ...(max === undefined ? [] : ['x'.repeat(max + 1)])];
    case 'number':
      return [
        ...[...missing, ...others],
        ...(max === undefined ? [] : [max + 1]),
        ...(min === undefined ? [] : [min - 1]),
        ...(schema.whole ? [(min ?? 0) + 0.5] : []),
      ];
    case 'bytes':
      return [...missing, ...others, ...(max === undefined ? [] : [new ArrayBuffer(max + 1)])];
    case 'list': {
      const item = schema.of as Schema;
      const tooMany = max === undefined ? [] : [Array.from({ length: max + 1 }, () => right(item, random))];
      return [...missing, ...others, ...tooMany, ...wrongExamples(item, random).map((wrong) => [wrong])];
    }
    case 'record':
      return [...missing, ...others, ...wrongExamples(schema.of as Schema, random).map((wrong) => ({ x: wrong }))];
    case 'object':
      return [...missing, ...others, ...wrongFields(schema.fields ?? {}, random).map(({ value }) => value)];
    default:
      return [...missing, ...others];
  }
}

/** Objects of which one field is wrong, with its name. */
export function wrongFields(fields: Fields, random: Random): { name: string; value: object }[] {
  return Object.entries(fields).flatMap(([name, field]) =>
    wrongExamples(field, random).map((wrong) => ({ name, value: { ...exampleOf(fields, random), [name]: wrong } })),
  );
}

/** What kind of value a schema begins to look at; said here once more, so that `check` is not its own judge. */
function takes(schema: Schema, value: unknown): boolean {
  switch (schema.kind) {
    case 'text':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'flag':
      return typeof value === 'boolean';
    case 'bytes':
      return value instanceof ArrayBuffer;
    case 'list':
      return Array.isArray(value);
    case 'record':
    case 'object':
      return Object.prototype.toString.call(value) === '[object Object]';
    case 'oneOf':
      return schema.values?.includes(value as string) ?? false;
    case 'either':
      return schema.options?.some((option) => takes(option, value)) ?? false;
    case 'anything':
      return true;
  }
}
