import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeFrame, offsetAt, positionAt } from '../src/diagnostics.ts';

test('a frame shows two lines around and a caret under the column', () => {
  expect(codeFrame('a\nb\nc\n\td e\nf\ng\nh', { line: 4, column: 4 })).toBe(
    '  2 | b\n  3 | c\n> 4 | \td e\n    | \t  ^\n  5 | f\n  6 | g',
  );
});

test('a frame of a long line is cut around the caret', () => {
  const frame = codeFrame(`${'x'.repeat(5000)}!${'y'.repeat(5000)}`, { line: 1, column: 5001 });
  const [code, caret] = frame.split('\n');
  expect(code!.length).toBeLessThan(180);
  expect(code![caret!.indexOf('^')]).toBe('!');
});

test('a place outside of the text has no frame', () => {
  expect(codeFrame('a', { line: 9, column: 1 })).toBe('');
});

test('positions and offsets are inverse', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', '\n', '中')), fc.nat(20), (chars, at) => {
      const text = chars.join('');
      const offset = Math.min(at, text.length);
      expect(offsetAt(text, positionAt(text, offset))).toBe(offset);
    }),
  );
});
