import fc from 'fast-check';
import { expect, test } from 'vitest';
import { preprocessWxml } from '../src/wxml/preprocess.ts';
import { scanWxml } from '../src/wxml/scan.ts';
import { compileTemplate } from '../src/wxml/template.ts';

const pieces = fc.constantFrom(
  ...[
    '<view',
    '<input',
    '</view>',
    '</',
    '<wxs module="m">',
    '</wxs>',
    '>',
    '/>',
    '/ >',
    '<',
    '"',
    "'",
    '=',
    ' wx:key=',
    '{{',
    '}}',
    '{',
    '}',
  ],
  ...[
    'item.id',
    ' a',
    '1',
    '\u3000',
    '\u00a0',
    '\\n',
    '\n',
    '<!--',
    '-->',
    '<!X>',
    '<?x?>',
    '&amp;',
    '中',
    '😀',
    '<text>',
    '...',
    "'k':",
  ],
);
const wxml = fc.array(pieces, { maxLength: 25 }).map((list) => list.join(''));

test('the parts of a text are the text', () => {
  fc.assert(
    fc.property(wxml, (text) => {
      let at = 0;
      for (const part of scanWxml(text)) {
        expect(part.start).toBe(at);
        at = part.end;
      }
      expect(at).toBe(text.length);
    }),
  );
});

test('places after preprocessing lead back, in order and inside the text', () => {
  fc.assert(
    fc.property(wxml, (text) => {
      const result = preprocessWxml(text);
      let last = 0;
      for (let offset = 0; offset <= result.text.length; offset += 1) {
        const original = result.originalOffset(offset);
        expect(original).toBeGreaterThanOrEqual(last);
        expect(original).toBeLessThanOrEqual(text.length);
        last = original;
      }
    }),
  );
});

test('any text compiles or is an error with a place, and what compiles is JavaScript', () => {
  fc.assert(
    fc.property(wxml, (text) => {
      const template = compileTemplate({ path: 'a.wxml', display: 'a.wxml', text, hash: '' });
      const failed = template.diagnostics.some((item) => item.severity === 'error');
      expect(template.generator === undefined).toBe(failed);
      if (template.generator !== undefined) new Function(`return ${template.generator}`);
      for (const item of template.diagnostics) expect(item.line).toBeGreaterThan(0);
    }),
  );
});
