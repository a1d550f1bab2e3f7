import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeFrame, offsetAt, positionAt } from '../src/diagnostics.ts';
import { build } from './fixture.ts';

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

/** What each page of a build is found fault with, by code. */
function faultsOf(pkg: Awaited<ReturnType<typeof build>>): Record<string, string[]> {
  const { faults, diagnostics } = pkg.manifest;
  return Object.fromEntries(
    Object.entries(faults).map(([path, numbers]) => [path, numbers.map((number) => diagnostics[number]?.code ?? '')]),
  );
}

test('a tag that app.json gives and has not is a fault of pages that use it in an imported template, too', async () => {
  const pkg = await build({
    'app.json': JSON.stringify({
      pages: ['pages/imports', 'pages/includes', 'pages/comment', 'pages/none'],
      usingComponents: { 'lost-one': '/parts/lost' },
    }),
    'app.js': 'App({})',
    'parts/list.wxml': '<template name="list"><view><lost-one/></view></template>',
    'parts/row.wxml': '<import src="list.wxml"/><template is="list"/>',
    'pages/imports.wxml': '<import src="/parts/list.wxml"/><template is="list"/>',
    'pages/includes.wxml': '<include src="/parts/row.wxml"/>',
    'pages/comment.wxml': '<!-- <lost-one/> --><lost-one-more>a</lost-one-more>',
    'pages/none.wxml': '<view>a</view>',
    ...Object.fromEntries(['imports', 'includes', 'comment', 'none'].map((name) => [`pages/${name}.js`, 'Page({})'])),
  });
  expect(faultsOf(pkg)).toEqual({ 'pages/imports': ['COMPONENT_MISSING'], 'pages/includes': ['COMPONENT_MISSING'] });
});

test('a style error is a fault of the pages whose style it is, and breaks none', async () => {
  const pages = ['pages/own', 'pages/shared', 'pages/whole'];
  const pkg = await build({
    'app.json': JSON.stringify({ pages, subPackages: [{ root: 'alone', pages: ['a'], independent: true }] }),
    'app.js': 'App({})',
    'pages/own.wxss': '.a { color: red',
    'pages/shared.wxss': '@import "../parts/broken.wxss";',
    'parts/broken.wxss': '.a { color: red',
    ...Object.fromEntries(
      [...pages, 'alone/a'].flatMap((page) => [
        [`${page}.wxml`, '<view>a</view>'],
        [`${page}.js`, 'Page({})'],
      ]),
    ),
  });
  expect(faultsOf(pkg)).toEqual({ 'pages/own': ['WXSS_SYNTAX'], 'pages/shared': ['WXSS_SYNTAX'] });
  expect(pkg.manifest.broken).toEqual({});
});

test('an error in app.wxss is a fault of all pages but those of independent subpackages', async () => {
  const pkg = await build({
    'app.json': JSON.stringify({
      pages: ['pages/a'],
      subPackages: [{ root: 'alone', pages: ['a'], independent: true }],
    }),
    'app.js': 'App({})',
    'app.wxss': '.a { color: red',
    'pages/a.wxml': '<view>a</view>',
    'pages/a.js': 'Page({})',
    'alone/a.wxml': '<view>a</view>',
    'alone/a.js': 'Page({})',
  });
  expect(faultsOf(pkg)).toEqual({ 'pages/a': ['WXSS_SYNTAX'] });
});
