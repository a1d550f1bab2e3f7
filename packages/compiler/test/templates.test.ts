import { expect, test } from 'vitest';
import { build, errors, evaluate, onePage, summary } from './fixture.ts';
import { render } from './render.ts';

async function shown(wxml: string, data: Record<string, unknown> = {}, files: Record<string, string> = {}) {
  const pkg = await build(onePage({ 'pages/a.wxml': wxml, ...files }));
  expect(errors(pkg)).toEqual([]);
  return render(pkg, 'pages/a', data);
}

test.each([
  ['without a value', '<view wx:for="{{l}}" wx:key>{{item}}</view>', '<view>1</view>'],
  ['empty', '<view wx:for="{{l}}" wx:key="">{{item}}</view>', '<view>1</view>'],
  ['*this', '<view wx:for="{{l}}" wx:key="*this">{{item}}</view>', '[key=*this]<view>1</view>'],
  ['a property', '<view wx:for="{{l}}" wx:key="id">{{item}}</view>', '[key=id]<view>1</view>'],
  ['a path of the item', '<view wx:for="{{l}}" wx:key="item.id">{{item}}</view>', '[key=id]<view>1</view>'],
  ['a binding to the item', '<view wx:for="{{l}}" wx:key="{{item}}">{{item}}</view>', '[key=*this]<view>1</view>'],
  ['a binding to its property', '<view wx:for="{{l}}" wx:key="{{item.id}}">{{item}}</view>', '[key=id]<view>1</view>'],
  [
    'a path of a renamed item',
    '<view wx:for="{{l}}" wx:for-item="x" wx:key="x.id">{{x}}</view>',
    '[key=id]<view>1</view>',
  ],
  ['any other binding', '<view wx:for="{{l}}" wx:key="{{index}}">{{item}}</view>', '<view>1</view>'],
])('wx:key may be %s', async (_name, wxml, expected) => {
  expect(await shown(wxml, { l: [1] })).toBe(expected);
});

test.each([
  ['a list', [7, 8], '0=7,1=8,'],
  ['a string', 'ab', '0=a,1=b,'],
  ['a number', 2, '0=0,1=1,'],
  ['an object', { x: 1, y: 2 }, 'x=1,y=2,'],
])('wx:for repeats over %s', async (_name, list, expected) => {
  expect(await shown('<block wx:for="{{list}}">{{index}}={{item}},</block>', { list })).toBe(expected);
});

test('wx:for-items is the old name of wx:for', async () => {
  expect(await shown('<view wx:for-items="{{l}}">{{item}}</view>', { l: ['a'] })).toBe('<view>a</view>');
});

test('two bindings with ternaries may follow each other in an attribute', async () => {
  const wxml = "<view class=\"{{a ? 'x' : ''}}{{b ? \"y\" : ''}} z\" />";
  expect(await shown(wxml, { a: true, b: true })).toBe('<view class="xy z"></view>');
});

test('reserved words are names of data, of loop variables and of modules', async () => {
  const wxml = `<wxs module="delete">module.exports.new = function (class) { var in = class; return in + 1 }</wxs>
    <block wx:for="{{in}}" wx:for-item="class" wx:for-index="var">{{var}}{{class}}{{this.function}}{{delete.new(class)}}</block>`;
  expect((await shown(wxml, { in: [5], this: { function: 'f' } })).trim()).toBe('05f6');
});

test('an image needs no src, and slotted content may stand in unknown elements', async () => {
  expect(await shown('<image /><no-such><view slot="a">x</view></no-such>')).toBe(
    '<image></image><no-such><view slot="a">x</view></no-such>',
  );
});

test('template data takes object literals, spreads, shorthand names and quoted keys', async () => {
  const template = '<template name="t">{{a}}{{b}}{{c}}|</template>';
  const uses = [
    '{{ {a: 1, ...rest} }}',
    '{{...rest, a: 1}}',
    '{{a, b}}',
    "{{'a': 1, 'b': two}}",
    "{{ { 'a': 1 } }}",
  ].map((data) => `<template is="t" data="${data}" />`);
  const html = await shown(template + uses.join(''), { a: 'A', b: 'B', two: 2, rest: { b: 'rb', c: 'rc' } });
  expect(html).toBe('1rbrc|1rbrc|AB|12|1|');
});

test('import brings templates, include brings content, relative and from the root', async () => {
  const html = await shown(
    '<import src="../t/x.wxml" /><import src="/t/y" /><include src="/t/z.wxml" /><template is="{{n}}" data="{{v}}" />',
    { n: 'y', v: 1, w: 2 },
    {
      't/x.wxml': '<template name="x">x</template>not shown',
      't/y.wxml': '<template name="y">y{{v}}</template>',
      't/z.wxml': '<view>{{w}}</view>',
    },
  );
  expect(html).toBe('<view>2</view>y1');
});

test('a missing import is a finding at its place, and the rest goes on', async () => {
  const pkg = await build(onePage({ 'pages/a.wxml': '<view/>\n<import src="./nope.wxml" /><view>b</view>' }));
  expect(summary(pkg)).toEqual(['FILE_MISSING pages/a.wxml:2:14']);
  expect(pkg.manifest.broken).toEqual({});
  expect(render(pkg, 'pages/a').replace('\n', '')).toBe('<view></view><view>b</view>');
});

test('a broken template breaks its page alone, and those that import it get a warning', async () => {
  const pkg = await build({
    'app.json': JSON.stringify({ pages: ['a', 'b', 'c'] }),
    'a.js': '',
    'a.wxml': '<view>\n  <text>{{a b}}</text>\n</view>',
    'b.js': '',
    'b.wxml': '<import src="a" /><view>b</view>',
    'c.js': '',
    'c.wxml': '<view>c</view>',
  });
  expect(pkg.manifest.broken).toEqual({ a: [0], b: [0] });
  expect(summary(pkg)).toEqual(['WXML_SYNTAX a.wxml:2:13', 'WXML_WARNING b.wxml:1:14']);
  expect(pkg.manifest.diagnostics[0]!.frame).toContain('> 2 |   <text>{{a b}}</text>');
  expect(Object.keys(evaluate(pkg))).toEqual(['b', 'c']);
  expect(render(pkg, 'c')).toBe('<view>c</view>');
});

test('templates that include each other are an error, templates that import each other are not', async () => {
  const pkg = await build({
    'app.json': JSON.stringify({ pages: ['a', 'i'] }),
    'a.js': '',
    'a.wxml': '<include src="b" />',
    'b.wxml': '<view /><include src="a" />',
    'i.js': '',
    'i.wxml': '<import src="j" /><template is="j" />',
    'j.wxml': '<import src="i" /><template name="j">j</template>',
  });
  expect(summary(pkg)).toEqual(['IMPORT_CYCLE b.wxml:1:23']);
  expect(Object.keys(pkg.manifest.broken)).toEqual(['a']);
  expect(render(pkg, 'i')).toBe('j');
});

test('paths that climb out of the project are refused', async () => {
  const pkg = await build(
    onePage({ 'pages/a.wxml': '<import src="../../x.wxml" /><wxs module="m" src="../../y.wxs" />' }),
  );
  expect(summary(pkg)).toEqual(['PATH_OUTSIDE_PROJECT pages/a.wxml:1:51', 'PATH_OUTSIDE_PROJECT pages/a.wxml:1:14']);
  expect(errors(pkg)).toHaveLength(2);
});

test('a path that climbs out goes on at the root, as in the original, with a warning', async () => {
  const pkg = await build(
    onePage({
      'pages/a.wxml':
        '<import src="../../t.wxml" /><wxs module="m" src="../../m.wxs" /><template is="t" data="{{v: m.v}}" />',
      'pages/a.wxss': '@import "../../x.wxss";',
      'pages/a.js': "require('../../../x')",
      'pages/a.json': '{ "usingComponents": { "c": "../../c" } }',
      't.wxml': '<template name="t">{{v}}</template>',
      'm.wxs': 'exports.v = 1',
      'x.wxss': '.x { color: red }',
      'x.js': '',
      'c.js': '',
      'c.wxml': '',
    }),
  );
  expect(errors(pkg)).toEqual([]);
  expect(pkg.manifest.diagnostics.map((item) => item.code)).toEqual(Array(5).fill('PATH_OUTSIDE_PROJECT'));
  expect(render(pkg, 'pages/a')).toBe('1');
  expect(pkg.styles.get('')!['pages/a']).toBe('.x { color: red }');
  expect(pkg.manifest.components['pages/a']!.usingComponents).toEqual({ c: 'c' });
});

test.each([
  ['a byte order mark', '\uFEFF<view>a</view>'],
  ['a DOCTYPE', '<!DOCTYPE html><view>a</view>'],
  ['an XML declaration', '<?xml version="1.0"?><view>a</view>'],
  ['comments', '<!-- {{ -- <b> --><view>a</view>'],
  ['full-width spaces in tags', '<view\u3000class="a"\u00a0>a</view>'],
  ['a space in a closing tag', '<view>a</ view>'],
  ['line breaks in tags', '<view\n  class="a"\n>a</view\n>'],
])('%s is no error', async (_name, wxml) => {
  expect((await shown(wxml)).trim()).toMatch(/^<view( class="a")?>a<\/view>$/);
});

test('uppercase attributes, unquoted values and duplicates pass', async () => {
  expect(await shown('<view Data-X="1" class=foo hidden={{h}} class="b">a</view>', { h: true })).toContain(
    '<view class="foo" Data-X="1" hidden="true">',
  );
});

test('elements without content need no end tag', async () => {
  expect(await shown('<view><input><text>a</text></view><image src="x"><view>b</view>')).toBe(
    '<view><input></input><text>a</text></view><image src="x"></image><view>b</view>',
  );
});

test('odd spaces of texts, values and strings stay', async () => {
  expect(await shown("<view a='\u3000' b=\"{{'\u00a0'}}\">\u3000{{'\u2003'}}\u00a0</view><!-- \u3000 -->")).toBe(
    '<view a="\u3000" b="\u00a0">\u3000\u2003\u00a0</view>',
  );
});

test('odd spaces in expressions are spaces', async () => {
  expect(await shown('<view a="{{\u3000x\u00a0}}">{{ x\u3000}}</view>', { x: 1 })).toBe('<view a="1">1</view>');
});

test('\\n in static text is a line break', async () => {
  expect(await shown('<text>a\\nb{{"c\\\\d"}}</text>')).toBe('<text>a\nbc\\d</text>');
});

test('a text may hold < and &; entities stay as written, in attributes too', async () => {
  expect(await shown('<view>1 < 2 {{a<b}} &lt;&foo;&</view>', { a: 1, b: 2 })).toBe(
    '<view>1 < 2 true &lt;&foo;&</view>',
  );
  expect(await shown('<view title="a&b &amp; {{a}}" class="x&y"/>', { a: '&lt;' })).toBe(
    '<view class="x&y" title="a&b &amp; &lt;"></view>',
  );
});

test('null is written out in a text, and what is undefined is not', async () => {
  expect(await shown('<view title="a{{n}}">{{n}}|{{u}}|{{u.x}}</view>', { n: null })).toBe(
    '<view title="anull">null||</view>',
  );
});

test('places of errors are those of the source although it was changed before', async () => {
  const pkg = await build(
    onePage({ 'pages/a.wxml': '<view wx:for="{{l}}" wx:key="{{item.id}}"><input>\\n{{a b}}</view>' }),
  );
  expect(summary(pkg)).toEqual(['WXML_SYNTAX pages/a.wxml:1:56']);
});

test('a native element gets its listeners as listeners', async () => {
  const pkg = await build(onePage({ 'pages/a.wxml': '<view bindtap="x" />' }));
  expect(evaluate(pkg)['pages/a']!.fallbackListenerOnNativeNode).toBe(true);
});

test('event attributes keep their kinds', async () => {
  const html = await shown(
    '<view bind:tap="a" catch:touchmove="b" capture-bind:tap="c" mut-bind:x="d" catchtap="{{e}}" />',
    {
      e: '',
    },
  );
  expect(html).toBe('<view catchtap="" bind:tap="a" catch:touchmove="b" capture-bind:tap="c" mut-bind:x="d"></view>');
});

test('output of uni-app and Taro compiles', async () => {
  const html = await shown(
    `<view class="{{['u-row', item.$orig.a ? 'x' : '']}}" data-event-opts="{{[['tap',[['go',['$event']]]]]}}" bind:__l="__l" vue-id="{{('1-'+i)}}" u-s="{{['d']}}" />
     <template name="tmpl_0"><block wx:for="{{i.cn}}" wx:key="sid"><template is="{{xs.a(0, item.nn, '')}}" data="{{i:item,c:1,l:xs.f('',item.nn)}}" /></block></template>
     <wxs module="xs">module.exports = { a: function (l, n, s) { return 'leaf_' + n }, f: function (l, n) { return l + n } }</wxs>
     <template name="leaf_t">{{i.v}}{{c}}{{l}}</template>
     <template is="tmpl_0" data="{{i: root}}" />`,
    { item: { $orig: { a: 1 } }, i: 3, root: { cn: [{ sid: 's', nn: 't', v: 'text' }] } },
  );
  expect(html).toContain('text1t');
  expect(html).toContain('vue-id="1-3"');
});

test('templates of a subpackage may import those of the main package', async () => {
  const pkg = await build({
    'app.json': JSON.stringify({ pages: ['a'], subPackages: [{ root: 'sub', pages: ['b'] }] }),
    'a.js': '',
    'a.wxml': '',
    't.wxml': '<wxs module="m" src="./m.wxs" /><template name="t">{{m.x}}</template>',
    'm.wxs': 'exports.x = "shared"',
    'sub/b.js': '',
    'sub/b.wxml': '<import src="/t.wxml" /><template is="t" />',
  });
  expect(Object.keys(evaluate(pkg, 'sub'))).toEqual(['sub/b']);
  expect(render(pkg, 'sub/b', {}, 'sub')).toBe('shared');
});

test('a page without a template is broken, a component without one only warns', async () => {
  const pkg = await build({
    'app.json': JSON.stringify({ pages: ['a'] }),
    'a.js': '',
    'a.json': '{ "usingComponents": { "x": "./x" } }',
    'x.js': '',
    'x.json': '{ "component": true }',
  });
  expect(summary(pkg)).toEqual(['FILE_MISSING a.wxml:0:0', 'FILE_MISSING x.wxml:0:0']);
  expect(pkg.manifest.broken).toEqual({ a: [0] });
});

test.each([
  [
    'a misspelt end tag',
    '<view>\n  <text>one</txet>\n  <view>two</view>\n</view>',
    '2:12',
    '</txet> stands where </text>',
  ],
  ['an end tag that is missing', '<view>\n<view>\n<text>x\n</view>\n</view>', '3:1', '<text> has no end tag'],
  ['one that is missing to the end', '<view>\n<input>\n<view>x\n</view>', '1:1', '<view> has no end tag'],
  ['an end tag too many', '<view>x</view>\n</view>', '2:1', '</view> closes nothing'],
  ['an end tag that is missing on one line', '<view><text>{{ a }}</view>', '1:7', '<text> has no end tag'],
  ['a > that is missing', '<view>\n<text\n<view>a</view></text></view>', '2:1', 'begins inside of <text>'],
  ['a quote that is missing', '<view class="a>x</view>\n<view class="b">y</view>', '1:1', 'begins inside of <view>'],
  ['a binding without its end', '<view>\n<view wx:if="{{a}">x</view>\n</view>', '2:14', 'missing expression end'],
  ['a } that is missing in a text', '<view>{{ a }</view>\n<text>{{b}}</text>', '1:12', 'inside expression'],
  ['the first of two slips', '<view><text>{{ a }}</view>\n<view>{{ b + }}</view>', '1:7', '<text> has no end tag'],
])('%s is one error, at its place', async (_name, wxml, place, message) => {
  const pkg = await build(onePage({ 'pages/a.wxml': wxml }));
  expect(pkg.manifest.diagnostics).toMatchObject([{ severity: 'error', message: expect.stringContaining(message) }]);
  expect(summary(pkg)).toEqual([`WXML_SYNTAX pages/a.wxml:${place}`]);
});
