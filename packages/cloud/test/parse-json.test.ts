import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonErrorAt } from '../src/project/parse-json.ts';

describe('the place of a fault in JSON', () => {
  it.each([
    ['{"a": }', 6],
    ['{"a": 1,}', 8],
    ['[1, 2,]', 6],
    ['{"a" 1}', 5],
    ['{a: 1}', 1],
    ["{'a': 1}", 1],
    ['{"a": 1} x', 9],
    ['{"a": 1 // comment\n}', 8],
    ['{"a": "line\nbreak"}', 6],
    ['{"a": [1, {"b": tru}]}', 16],
    ['{"a": 01}', 7],
    ['[1}', 2],
    ['', 0],
    ['{"a": [', 7],
  ])('is found in %j', (text, at) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(jsonErrorAt(text)).toBe(at);
  });

  it('is the first character whose removal with all that follows leaves a beginning of JSON', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom('}', ']', ',', ':', '@'), (text, where, mark) => {
        const broken = text.slice(0, where % (text.length + 1)) + mark + text.slice(where % (text.length + 1));
        try {
          JSON.parse(broken);
        } catch {
          // What stands before the place can still be completed: V8 misses only its end.
          const before = broken.slice(0, jsonErrorAt(broken));
          try {
            JSON.parse(before);
          } catch (error) {
            expect((error as Error).message).toMatch(/Unexpected end|Expected .* at position/);
          }
        }
      }),
    );
  });
});
