import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rewriteWxs } from '../src/wxs/rewrite.ts';
import { build, errors, onePage, summary } from './fixture.ts';
import { render } from './render.ts';

/** Value of `f()` of an inline module. */
async function result(body: string, data: Record<string, unknown> = {}): Promise<string> {
  const pkg = await build(onePage({ 'pages/a.wxml': `<wxs module="m">${body}</wxs>{{m.f(x)}}` }));
  expect(errors(pkg)).toEqual([]);
  return render(pkg, 'pages/a', data);
}

test.each([
  ['Array', [1]],
  ['Object', { a: 1 }],
  ['Number', 1],
  ['String', 's'],
  ['Boolean', false],
])('constructor of %s is its name', async (name, x) => {
  expect(await result('exports.f = function (x) { return x.constructor }', { x })).toBe(name);
  expect(await result('exports.f = function (x) { return x["constructor"] }', { x })).toBe(name);
});

test.each([
  ['Function', 'function () {}'],
  ['Date', 'getDate(0)'],
  ['RegExp', "getRegExp('a')"],
])('constructor of %s is its name, made in WXS', async (name, expression) => {
  expect(await result(`exports.f = function () { return (${expression}).constructor }`)).toBe(name);
});

test('a chain of calls before constructor is kept whole', async () => {
  const body =
    "exports.f = function (x) { return (x || {}).list.concat([1]).constructor === 'Array' && x.y.constructor === 'Object' }";
  expect(await result(body, { x: { list: [], y: {} } })).toBe('true');
});

test.each([
  ['an optional link before it', 'return [[1]?.constructor, x.no?.constructor, x.no?.a.constructor]', 'Array,,'],
  [
    'a chain that goes on',
    "return [x.no?.constructor.length, x.no?.a['constructor'][0], x.a?.constructor.length]",
    ',,5',
  ],
  ['an optional index', "return [x.a?.['constructor'], x.no?.['constructor']]", 'Array,'],
  ['a comment with a dot', 'return x.a /* a.b[c */ . /* d.e */ constructor', 'Array'],
  ['parentheses', "return ((1, ([1]))).constructor + ((x.a))['constructor']", 'ArrayArray'],
])('constructor is a name after %s', async (_name, body, expected) => {
  expect(await result(`exports.f = function (x) { ${body} }`, { x: { a: [1] } })).toBe(expected);
});

test('constructor is an ordinary property where it is written', async () => {
  const body = `exports.f = function (x) {
    var own = {}; own.constructor = 5; own.constructor++; own.constructor += 2; own['constructor'] *= 2;
    var before = own.constructor; delete own.constructor; return [before, own.constructor] }`;
  expect(await result(body)).toBe('16,Object');
});

test('constructor is asked for behind typeof and !, and x[constructor] is an ordinary index', async () => {
  const body = `exports.f = function (x) { var constructor = 'k'; var own = { k: 'indexed' };
    return [typeof own.constructor, !own.constructor, own[constructor]] }`;
  expect(await result(body)).toBe('string,false,indexed');
});

test('an own property named constructor is that property', async () => {
  expect(await result("exports.f = function (x) { x = { constructor: 'mine' }; return x.constructor }")).toBe('mine');
});

test('getRegExp takes a pattern that begins with a slash, and flags', async () => {
  const body = "exports.f = function (x) { return x.replace(getRegExp('/a', 'gi'), '-') }";
  expect(await result(body, { x: '/a/A/b' })).toBe('--/b');
});

test('getRegExp patterns keep their single backslashes, as WXS writes them', async () => {
  const body = String.raw`exports.f = function (x) { var r = getRegExp('^-?\d+(\.\d+)?$'); var q = getRegExp('^\\d\'$'); return [r.test(x), r.test('d'), q.test("1'")] }`;
  expect(await result(body, { x: '12.5' })).toBe('true,false,true');
});

test('getDate takes a time, a text, parts or nothing', async () => {
  const body = `exports.f = function () {
    return [getDate(0).getTime(), getDate(2020, 1, 3).getMonth(), getDate('2020-01-02T00:00:00Z').getTime() > 0, getDate().getTime() > 1e12].join(' ')
  }`;
  expect(await result(body)).toBe('0 1 true true');
});

test('the library of WXS is there', async () => {
  const body =
    'exports.f = function () { return [Math.max(1, 2), JSON.stringify({ a: 1 }), Number.MAX_VALUE > 1, Date.now() > 1, parseInt("12px"), isNaN(NaN), encodeURIComponent("/"), Infinity > 1, typeof undefined, Number("3")].join(" ") }';
  expect(await result(body)).toBe('2 {"a":1} true true 12 true %2F true undefined 3');
});

test('nothing of JavaScript’s global objects is', async () => {
  const names =
    'globalThis window self Function Object Array String setTimeout fetch postMessage eval process wx Promise Reflect'.split(
      ' ',
    );
  const body = `exports.f = function () { return [${names.map((name) => `typeof ${name}`).join(',')}, typeof this].join(" ") }`;
  expect(await result(body)).toBe(
    Array(names.length + 1)
      .fill('undefined')
      .join(' '),
  );
});

test('names without a declaration belong to the module', async () => {
  expect(await result('n = 1; exports.f = function () { n = n + 1; for (i = 0; i < 3; i++) n += i; return n }')).toBe(
    '5',
  );
  expect(Object.hasOwn(globalThis, 'n')).toBe(false);
});

test('words that WXS does not reserve are names', async () => {
  const body =
    'var class = 1, let = 2; function f(in, new) { var try = in; return { class: class, new: try + new + in }.new + let } exports.f = function () { return f(3, 4) }';
  expect(await result(body)).toBe('12');
});

test('newer syntax passes', async () => {
  const body =
    'const f = ({ class: c, d = 2 }) => { let [a, ...b] = c; return a + `-` + b.length + d }; exports.f = () => f({ class: [1, 2] })';
  expect(await result(body)).toBe('1-12');
});

test('odd spaces are spaces in code and stay in strings', async () => {
  expect(await result("exports.f\u00a0=\u3000function () { return '\u3000' }")).toBe('\u3000');
});

test('a line comment at the end does not swallow what follows', async () => {
  expect(await result('exports.f = function () { return 1 } // end')).toBe('1');
});

test('requires resolve relative and from the root, with and without suffix, from a shared folder', async () => {
  const pkg = await build(
    onePage({
      'pages/a.wxml':
        '<wxs module="m" src="../wxs/a.wxs" /><wxs module="n">module.exports = require("/wxs/b.wxs")</wxs>{{m.v}}{{n.v}}',
      'wxs/a.wxs': "var b = require('./b.wxs'); var c = require('../lib/c'); module.exports = { v: b.v + c.v }",
      'wxs/b.wxs': "module.exports.v = 'b'",
      'lib/c.wxs': "exports.v = 'c'",
    }),
  );
  expect(summary(pkg)).toEqual([]);
  expect(render(pkg, 'pages/a')).toBe('bcb');
});

test('inline modules of two components with one name do not meet', async () => {
  const component = (value: string) => `<wxs module="m">module.exports.v = '${value}'</wxs>{{m.v}}`;
  const pkg = await build(
    onePage({
      'pages/a.json': '{ "usingComponents": { "x": "/c/x", "y": "/c/y" } }',
      'c/x.js': '',
      'c/x.wxml': component('x'),
      'c/y.js': '',
      'c/y.wxml': component('y'),
    }),
  );
  expect(render(pkg, 'c/x') + render(pkg, 'c/y')).toBe('xy');
});

test('a missing module counts as empty', async () => {
  const pkg = await build(onePage({ 'pages/a.wxml': '<wxs module="m" src="./no.wxs" />{{m.f(1)}}a' }));
  expect(summary(pkg)).toEqual(['FILE_MISSING pages/a.wxml:1:22']);
  expect(render(pkg, 'pages/a')).toBe('a');
});

test('a module with a syntax error breaks the pages that use it, with its place', async () => {
  const pkg = await build(
    onePage({
      'pages/a.wxml': '<view/>\n<wxs module="m">\nvar a = ;\n</wxs>',
      'app.json': JSON.stringify({ pages: ['pages/a', 'pages/b', 'pages/c'] }),
      'pages/b.js': '',
      'pages/b.wxml': '<wxs module="m" src="./b.wxs" />',
      'pages/b.wxs': 'exports.f = function () {',
      'pages/c.js': '',
      'pages/c.wxml': 'c',
    }),
  );
  expect(summary(pkg)).toEqual(['WXS_SYNTAX pages/a.wxml:3:9', 'WXS_SYNTAX pages/b.wxs:1:26']);
  expect(Object.keys(pkg.manifest.broken)).toEqual(['pages/a', 'pages/b']);
  expect(render(pkg, 'pages/c')).toBe('c');
});

test('a module that throws breaks its component only', async () => {
  const pkg = await build(
    onePage({
      'app.json': JSON.stringify({ pages: ['pages/a', 'pages/b'] }),
      'pages/a.wxml': '<wxs module="m">null.x</wxs>{{m.v}}',
      'pages/b.js': '',
      'pages/b.wxml': 'b',
    }),
  );
  expect(() => render(pkg, 'pages/a')).toThrow(TypeError);
  expect(render(pkg, 'pages/b')).toBe('b');
});

test('lines stay where they were', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a.constructor;', 'var class = this;', '// x', 'f(b)', '', 'exports.x = 1;')),
      (lines) => {
        const source = lines.join('\n');
        const result = rewriteWxs(source, 'a.wxs');
        expect('code' in result && result.code.split('\n').length).toBe(lines.length + (lines.length === 0 ? 2 : 1));
      },
    ),
  );
});
