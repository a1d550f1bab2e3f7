import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { example, wrongExamples } from '../../src/wx/examples.ts';
import {
  anything,
  bytes,
  check,
  either,
  flag,
  list,
  number,
  object,
  oneOf,
  optional,
  record,
  type Schema,
  text,
} from '../../src/wx/schema.ts';

/** Any schema, two levels deep. */
const leaf: fc.Arbitrary<Schema> = fc.oneof(
  fc.option(fc.nat(20), { nil: undefined }).map((max) => text(max === undefined ? {} : { max })),
  fc
    .record({ min: fc.integer({ min: -9, max: 0 }), max: fc.nat(9), whole: fc.boolean() }, { requiredKeys: [] })
    .map(number),
  fc.constant(flag()),
  fc.option(fc.nat(8), { nil: undefined }).map((max) => bytes(max === undefined ? {} : { max })),
  fc.constant(oneOf('light', 'dark', 3)),
  fc.constant(either(text(), bytes())),
  fc.constant(anything()),
);
const { schema } = fc.letrec<{ schema: Schema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 2 },
    leaf,
    tie('schema').chain((of) => fc.nat(3).map((max) => list(of, { max }))),
    tie('schema').map(record),
    tie('schema').map(optional),
    fc.dictionary(fc.constantFrom('a', 'b', 'title'), tie('schema')).map(object),
  ),
}));
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('a schema', () => {
  it('takes every example of it, and refuses every wrong one with the place of the fault', () => {
    fc.assert(
      fc.property(schema, fc.array(random, { minLength: 60, maxLength: 60 }), (described, numbers) => {
        let at = 0;
        const next = (): number => numbers[at++ % numbers.length] ?? 0;
        expect(check(described, example(described, next))).toBeUndefined();
        for (const wrong of wrongExamples(described, next))
          expect(check(described, wrong), String(wrong)).toMatch(/^parameter[.[\w\]]* should /);
      }),
    );
  });

  it('says what is wrong in the words of the original', () => {
    const described = object({
      url: text({ max: 5 }),
      count: number({ min: 1, max: 9, whole: true }),
      data: optional(either(text(), bytes())),
      items: optional(list(object({ on: flag() }), { max: 2 })),
      theme: optional(oneOf('light', 'dark')),
      header: optional(record(text())),
      body: optional(bytes({ max: 2 })),
    });
    const right = { url: '/a', count: 2 };
    const faults = [
      [undefined, 'parameter should be Object instead of Undefined;'],
      [[], 'parameter should be Object instead of Array;'],
      [{ count: 1 }, 'parameter.url should be String instead of Undefined;'],
      [{ ...right, url: null }, 'parameter.url should be String instead of Null;'],
      [{ ...right, url: '/aaaaa' }, 'parameter.url should have at most 5 characters;'],
      [{ ...right, count: Number.NaN }, 'parameter.count should be Number instead of NaN;'],
      [{ ...right, count: 0 }, 'parameter.count should be a whole number of at least 1 and at most 9;'],
      [{ ...right, count: 1.5 }, 'parameter.count should be a whole number of at least 1 and at most 9;'],
      [{ ...right, data: 5 }, 'parameter.data should be String or ArrayBuffer instead of Number;'],
      [{ ...right, items: [{ on: true }, { on: 1 }] }, 'parameter.items[1].on should be Boolean instead of Number;'],
      [{ ...right, items: [1, 2, 3] }, 'parameter.items should have at most 2 items;'],
      [{ ...right, theme: 'blue' }, 'parameter.theme should be one of light, dark instead of String;'],
      [{ ...right, header: { a: 1 } }, 'parameter.header.a should be String instead of Number;'],
      [{ ...right, body: new ArrayBuffer(3) }, 'parameter.body should have at most 2 bytes;'],
    ] as const;
    for (const [value, fault] of faults) expect(check(described, value)).toBe(fault);
    expect(check(described, { ...right, more: 'is let through' })).toBeUndefined();
  });

  it('refuses a list of more items than anybody means, without looking at each', () => {
    const holes = new Array(2 ** 32 - 1);
    expect(check(list(anything()), holes)).toBe('parameter should have at most 100000 items;');
    expect(check(list(anything()), new Array(100_000).fill(1))).toBeUndefined();
  });
});
