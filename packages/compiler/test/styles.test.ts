import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scopeSelector } from '../src/wxss/selectors.ts';
import { convertRpx } from '../src/wxss/values.ts';
import { build, onePage, summary } from './fixture.ts';

/** The sheet of a page. */
async function sheet(wxss: string, files: Record<string, string> = {}) {
  const pkg = await build(onePage({ 'pages/a.wxss': wxss, ...files }));
  return { css: pkg.styles.get('')!['pages/a'] ?? '', found: summary(pkg), pkg };
}

test.each([
  ['10rpx', 'calc(var(--rpx) * 10)'],
  ['-.5rpx 1.25rpx', 'calc(var(--rpx) * -.5) calc(var(--rpx) * 1.25)'],
  ['+3RPX', 'calc(var(--rpx) * +3)'],
  ['calc(100% - 20rpx)', 'calc(100% - calc(var(--rpx) * 20))'],
  ['1px solid red', '1px solid red'],
  ['"10rpx"', '"10rpx"'],
  ['url(a10rpx.png)', 'url(a10rpx.png)'],
  ['var(--a10rpx, 4rpx)', 'var(--a10rpx, calc(var(--rpx) * 4))'],
  ['translate(-50%,-10rpx)', 'translate(-50%,calc(var(--rpx) * -10))'],
  ['a10rpx #10rpx', 'a10rpx #10rpx'],
  ['20rpx!important', 'calc(var(--rpx) * 20)!important'],
])('%s becomes %s', (value, expected) => {
  expect(convertRpx(value)).toBe(expected);
});

test('every number of rpx keeps its value', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -2000, max: 2000, noNaN: true }), { minLength: 1, maxLength: 4 }),
      (numbers) => {
        const texts = numbers.map((number) => number.toFixed(3));
        const converted = convertRpx(texts.map((text) => `${text}rpx`).join(' '));
        expect([...converted.matchAll(/var\(--rpx\) \* ([^)]+)\)/g)].map((match) => match[1])).toEqual(texts);
        expect(converted).not.toMatch(/\drpx/);
      },
    ),
  );
});

test('media queries take 750rpx for 375 pixels', async () => {
  const { css } = await sheet('@media (min-width: 751rpx) { .a { width: 2rpx } }');
  expect(css).toBe('@media (min-width: 375.5px) { .a { width: calc(var(--rpx) * 2) } }');
});

test.each([
  ['view', 'wx-view'],
  ['page', 'wx-page'],
  ['body', 'wx-page'],
  ['van-button .x > text', 'wx-van-button .x > wx-text'],
  ['.a.b:hover::after', '.a.b:hover::after'],
  ['#id', '#id'],
  ['*', '*'],
  ['input[type="text"]', 'wx-input[type="text"]'],
  ['view:nth-child(odd):not(text)', 'wx-view:nth-child(odd):not(wx-text)'],
  ['wx-view', 'wx-view'],
  ['.a,\n.b', '.a,\n.b'],
  ['::-webkit-scrollbar', '::-webkit-scrollbar'],
])('in a page %s is %s', (selector, expected) => {
  expect(scopeSelector(selector, { scope: '', host: 'h' })).toEqual({ selector: expected, marker: false, host: false });
});

test.each([
  ['.a', '.s--a', false],
  ['.a .b.c>.d', '.s--a .s--b.s--c>.s--d', false],
  ['view', 'wx-view[wx-scope~="s"]', true],
  ['.a view', '.s--a wx-view[wx-scope~="s"]', true],
  ['view.a', 'wx-view.s--a', false],
  ['#id', '#id[wx-scope~="s"]', true],
  ['[x]', '[x][wx-scope~="s"]', true],
  ['* > .a', '*[wx-scope~="s"] > .s--a', true],
  ['view:first-child', 'wx-view[wx-scope~="s"]:first-child', true],
  [':first-child', '[wx-scope~="s"]:first-child', true],
  ['.a ::after', '.s--a [wx-scope~="s"]::after', true],
  ['text::before, .a', 'wx-text[wx-scope~="s"]::before, .s--a', true],
  ['.a:not(.b)', '.s--a:not(.s--b)', false],
  ['page', 'wx-page', false],
  ['[class^="icon-"]', '[class*="s--icon-"]', false],
  ["[class*=' icon-']", '[class*="s--icon-"]', false],
])('in a scoped sheet %s is %s', (selector, expected, marker) => {
  expect(scopeSelector(selector, { scope: 's', host: 's' })).toEqual({ selector: expected, marker, host: false });
});

test.each([
  [':host', '[wx-host="h"]'],
  [':host .a', '[wx-host="h"] .s--a'],
  [':host:active view', '[wx-host="h"]:active wx-view[wx-scope~="s"]'],
  [':host(.x)', '[wx-host="h"].s--x'],
])('%s is %s', (selector, expected) => {
  expect(scopeSelector(selector, { scope: 's', host: 'h' })).toMatchObject({ selector: expected, host: true });
});

test('no class and no element of a scoped sheet escapes', () => {
  const part = fc.constantFrom('.a', '.b', 'view', 'text', '#i', '[x="y"]', ':hover', '::after', '*');
  const compound = fc.uniqueArray(part, { minLength: 1, maxLength: 3 }).map((parts) => {
    // Element or universal first, pseudo element last, and one of each: anything else is no selector.
    const rank = (text: string) =>
      /^[a-z*]/.test(text) ? 0 : text.startsWith('::') ? 3 : text.startsWith(':') ? 2 : 1;
    const sorted = parts.sort((a, b) => rank(a) - rank(b));
    return sorted.filter((text, index) => rank(text) !== 0 || index === 0).join('');
  });
  const selector = fc.array(compound, { minLength: 1, maxLength: 4 }).map((list) => list.join(' '));
  fc.assert(
    fc.property(selector, (text) => {
      const scoped = scopeSelector(text, { scope: 's', host: 's' }).selector;
      for (const item of scoped.split(' ')) expect(item).toMatch(/\.s--|\[wx-scope~="s"\]/);
      expect(scoped).not.toMatch(/\.(?!s--)[a-z]/);
      expect(scoped).not.toMatch(/(^|\s)(?!wx-)[a-z]/);
    }),
  );
});

test('keyframes are no selectors, font faces and custom properties are kept', async () => {
  const css =
    '@keyframes a { from { left: 0 } 50% { left: 1px } to { left: 2px } }\n@font-face { font-family: f; src: url("data:font/woff;base64,AA==") }\npage { --x: 1px; padding: env(safe-area-inset-bottom) }';
  expect((await sheet(css)).css).toBe(css.replace('page {', 'wx-page {'));
});

test('an isolated component gets its prefix, a shared one none', async () => {
  const { pkg } = await sheet('', {
    'pages/a.json': '{ "usingComponents": { "x": "/x", "y": "/y" } }',
    'x.js': '',
    'x.wxml': '',
    'x.wxss': '.t view { color: red }',
    'y.js': '',
    'y.wxml': '',
    'y.json': '{ "component": true, "styleIsolation": "shared" }',
    'y.wxss': ':host .t { color: red }',
  });
  const { x, y } = pkg.manifest.components;
  const styles = pkg.styles.get('')!;
  expect(styles.x).toBe(`.${x!.styleScope}--t wx-view[wx-scope~="${x!.styleScope}"] { color: red }`);
  expect(x).toMatchObject({ styleMarker: true });
  expect(y).toMatchObject({ styleScope: '', styleHost: expect.stringMatching(/^c/) });
  expect(styles.y).toBe(`[wx-host="${y!.styleHost}"] .t { color: red }`);
});

test('imports are put in, relative and from the root, with and without suffix', async () => {
  const { css, found } = await sheet('@import "../b";\n@import url(/c.wxss);\n.a { color: red }', {
    'b.wxss': '@import "./d/e.wxss"; .b { color: red }',
    'c.wxss': '.c { color: red }',
    'd/e.wxss': '.e { background: url(./x.png) }',
    'd/x.png': '',
  });
  expect(found).toEqual([]);
  expect(css.split('\n')).toEqual([
    '.e { background: url("sparrow-asset:/d/x.png") }',
    '.b { color: red }',
    '.c { color: red }',
    '.a { color: red }',
  ]);
});

test('imports take the scope of the component that imports them', async () => {
  const { pkg } = await sheet('', {
    'pages/a.json': '{ "usingComponents": { "x": "/x" } }',
    'x.js': '',
    'x.wxml': '',
    'x.wxss': '@import "common.wxss";',
    'common.wxss': '.c { color: red }',
  });
  expect(pkg.styles.get('')!.x).toBe(`.${pkg.manifest.components.x!.styleScope}--c { color: red }`);
});

test('missing imports, cycles and paths out of the project are found, and the rest stays', async () => {
  const { css, found } = await sheet("@import './no.wxss';\n@import './b';\n@import '../../x';\n.a { color: red }", {
    'pages/b.wxss': "@import './a.wxss'; .b { color: red }",
  });
  expect(css).toBe('.b { color: red }\n.a { color: red }');
  expect(found).toEqual([
    'FILE_MISSING pages/a.wxss:1:1',
    'IMPORT_CYCLE pages/b.wxss:1:1',
    'PATH_OUTSIDE_PROJECT pages/a.wxss:3:1',
  ]);
});

test.each([
  [
    'half a declaration',
    '.b { color: red; border\n}\n.c { color: red }',
    '.b { color: red;  } .c { color: red }',
    '1:18',
  ],
  ['a brace too few', '.b { color: red }\n.c { color: red', '.b { color: red } .c { color: red}', '2:1'],
  ['a brace too many', '.b { color: red } }\n.c { color: red }', '.b { color: red } .c { color: red }', '1:19'],
  ['a comment without end', '.b { color: red }\n/* .c {', '.b { color: red }', '2:1'],
  [
    'a string without end',
    '.b { color: red; content: "x;\n}\n.c { color: red }',
    '.b { color: red; content:  } .c { color: red }',
    '1:27',
  ],
])('%s costs no more than itself', async (name, wxss, expected, place) => {
  const { css, pkg } = await sheet(wxss);
  const squeeze = (text: string) => text.replace(/\s+/g, ' ');
  expect(squeeze(css)).toBe(squeeze(expected));
  expect(summary(pkg)).toEqual([`WXSS_SYNTAX pages/a.wxss:${place}`]);
  expect(pkg.manifest.diagnostics[0]!.severity).toBe(name === 'a brace too few' ? 'error' : 'warning');
});

test('what is no style sheet is left out, and only that', async () => {
  const { css, found, pkg } = await sheet("@import './b';\n.a { color: red }", {
    'pages/b.wxss': '.b { color: red }\n'.concat('x }\n'.repeat(30)),
    'app.wxss': 'page { color: red }',
  });
  expect(css).toBe('.a { color: red }');
  expect(found).toEqual(['WXSS_SYNTAX pages/b.wxss:2:1']);
  expect(pkg.manifest.diagnostics[0]!.severity).toBe('error');
  expect(pkg.styles.get('')!.app).toBe('wx-page { color: red }');
  expect(pkg.manifest.broken).toEqual({});
});

test('line comments are forgiven with a warning', async () => {
  const { css, pkg } = await sheet('// colours\n.a { // red\n color: red; background: url(https://x.y/z.png) }');
  expect(css.replace(/\s+/g, ' ')).toBe('.a { color: red; background: url(https://x.y/z.png) }');
  expect(pkg.manifest.diagnostics).toMatchObject([{ code: 'WXSS_SYNTAX', severity: 'warning', line: 1 }]);
});

test('a selector that cannot be read loses its rule', async () => {
  const { css, found } = await sheet('.a { color: red }\n.b: { color: red }');
  expect(css).toBe('.a { color: red }');
  expect(found).toEqual(['WXSS_SELECTOR pages/a.wxss:2:1']);
});

test.each([
  ['url(../img/a.png)', 'url("sparrow-asset:/img/a.png")', []],
  ["url('/img/a.png?v=1#x')", 'url("sparrow-asset:/img/a.png")', []],
  ['url(/img/i.svg#part)', 'url("sparrow-asset:/img/i.svg#part")', []],
  ['url("/img/a%20b.png")', 'url("sparrow-asset:/img/a b.png")', []],
  ['url(https://a.b/c.png)', 'url(https://a.b/c.png)', []],
  ['url(//a.b/c.png)', 'url(//a.b/c.png)', []],
  ['url(data:image/png;base64,AA)', 'url(data:image/png;base64,AA)', []],
  ['url(/no.png)', 'url("sparrow-asset:/no.png")', ['FILE_MISSING pages/a.wxss:1:6']],
  ['url(../../img/a.png)', 'url("sparrow-asset:/img/a.png")', ['PATH_OUTSIDE_PROJECT pages/a.wxss:1:6']],
])('%s becomes %s', async (value, expected, findings) => {
  const { css, found } = await sheet(`.a { background: ${value} }`, {
    'img/a.png': '',
    'img/a b.png': '',
    'img/i.svg': '',
  });
  expect(css).toBe(`.a { background: ${expected} }`);
  expect(found).toEqual(findings);
});

test('a language that nobody compiles is a warning', async () => {
  const pkg = await build(onePage({ 'app.styl': 'a', 'pages/a.styl': 'a' }));
  expect(summary(pkg).sort()).toEqual(['FILE_MISSING app.styl:0:0', 'FILE_MISSING pages/a.styl:0:0']);
  expect(summary(await build(onePage({ 'app.styl': 'a', 'app.wxss': '' })))).toEqual([]);
});

test.each([
  ['after a declaration', '.x { color: red }\n.a { color: red;\n.b { color: blue }', 2],
  ['after one without a semicolon', '.x { color: red }\n.a { color: red\n.b { color: blue }\n.c { color: green }', 2],
  [
    'inside of a media query',
    '.x { color: red }\n@media (min-width: 1px) {\n.a { color: red\n.b { color: blue }\n}',
    3,
  ],
  ['with a slip behind it', '.x { color: red }\n.a { color: red;\n.b { color: blue; border\n}\n.c { color: red }', 2],
])('a brace that is missing %s is one error at its rule', async (_name, wxss, line) => {
  const pkg = await build(onePage({ 'pages/a.wxss': wxss }));
  expect(pkg.manifest.diagnostics).toMatchObject([{ code: 'WXSS_SYNTAX', severity: 'error', line }]);
  expect(pkg.styles.get('')?.['pages/a']).toContain('.x { color: red }');
});
