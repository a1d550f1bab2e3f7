import { expect, test } from 'vitest';
import { build, onePage, summary } from './fixture.ts';

const button = { 'index.js': "require('../utils')", 'index.wxml': 'b', 'index.json': '{"component":true}' };

function under(folder: string, files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]));
}

/** A package for mini programs as npm installs it. */
const ui = under('node_modules/@x/ui', {
  'package.json': '{ "miniprogram": "lib" }',
  'lib/utils.js': '',
  'lib/icon.png': 'png',
  'lib/common.wxss': '.c { color: red }',
  'docs/x.js': '',
  ...under('lib/button', button),
});

const page = (json: object, more: Record<string, string> = {}) =>
  onePage({ 'pages/a.json': JSON.stringify(json), ...more });

test.each([
  '@x/ui/button/index',
  '@x/ui/button',
  '/miniprogram_npm/@x/ui/button/index',
  '../miniprogram_npm/@x/ui/button',
])('a component %s of node_modules is built on the fly', async (value) => {
  const pkg = await build({ ...page({ usingComponents: { b: value } }), ...ui });
  expect(summary(pkg)).toEqual([]);
  expect(pkg.manifest.components['pages/a']!.usingComponents).toEqual({ b: 'miniprogram_npm/@x/ui/button/index' });
  expect(Object.keys(pkg.services.get('')!.modules)).toEqual([
    'app.js',
    'miniprogram_npm/@x/ui/button/index.js',
    'miniprogram_npm/@x/ui/utils.js',
    'pages/a.js',
  ]);
  expect(pkg.manifest.files).toEqual(['miniprogram_npm/@x/ui/icon.png']);
});

test('style sheets and templates may import from packages', async () => {
  const pkg = await build({ ...page({}, { 'pages/a.wxss': "@import '/miniprogram_npm/@x/ui/common.wxss';" }), ...ui });
  expect(summary(pkg)).toEqual([]);
  expect(pkg.styles.get('')!['pages/a']).toBe('.c { color: red }');
});

test('what the user built in miniprogram_npm wins', async () => {
  const pkg = await build({
    ...page({ usingComponents: { b: '@x/ui/button' } }),
    ...ui,
    ...under('miniprogram_npm/@x/ui/button', { ...button, 'index.js': 'mine' }),
  });
  expect(pkg.services.get('')!.modules['miniprogram_npm/@x/ui/button/index.js']).toContain('mine');
});

test('a package below a subpackage is found from there upwards', async () => {
  const pkg = await build({
    'app.json': JSON.stringify({ pages: ['a'], subPackages: [{ root: 'sub', pages: ['p/b'] }] }),
    'a.js': '',
    'a.wxml': '',
    'sub/p/b.js': "require('near'); require('far')",
    'sub/p/b.wxml': '',
    'sub/node_modules/near/package.json': '{}',
    'sub/node_modules/near/index.js': '1',
    'node_modules/far/package.json': '{ "main": "lib/far" }',
    'node_modules/far/lib/far.js': '2',
  });
  expect(summary(pkg)).toEqual([]);
  expect(Object.keys(pkg.services.get('sub')!.modules)).toEqual(['sub/miniprogram_npm/near/index.js', 'sub/p/b.js']);
  expect(Object.keys(pkg.services.get('')!.modules)).toEqual([
    'a.js',
    'miniprogram_npm/far/lib/far.js',
    'miniprogram_npm/far/index.js',
  ]);
  expect(pkg.services.get('sub')!.modules['sub/p/b.js']).toContain('require("/miniprogram_npm/far/lib/far.js")');
});

test('CommonJS packages bring what they require, of their own node_modules too', async () => {
  const pkg = await build({
    ...page({}, { 'pages/a.js': "import get from 'tool/get'; require('tool');" }),
    ...under('node_modules/tool', {
      'package.json': '{ "main": "./main.js" }',
      'main.js': "require('./get'); require('dep')",
      'get.js': "module.exports = require('./data.json')",
      'data.json': '{ "a": 1 }',
      'unused.js': '',
      'node_modules/dep/package.json': '{}',
      'node_modules/dep/index.js': '',
    }),
  });
  expect(summary(pkg)).toEqual([]);
  expect(Object.keys(pkg.services.get('')!.modules).filter((key) => key.includes('npm'))).toEqual([
    'miniprogram_npm/tool/data.json',
    'miniprogram_npm/tool/get.js',
    'miniprogram_npm/tool/main.js',
    'miniprogram_npm/tool/miniprogram_npm/dep/index.js',
    'miniprogram_npm/tool/index.js',
  ]);
});

test('a package that is not installed is a warning with the command that installs it', async () => {
  const pkg = await build(page({}, { 'pages/a.js': "\nconst _ = require('lodash')" }));
  expect(pkg.manifest.diagnostics).toMatchObject([
    {
      code: 'NPM_MISSING',
      severity: 'warning',
      line: 2,
      column: 19,
      hint: expect.stringContaining('npm install lodash'),
    },
  ]);
});

test('packNpmManually says where packages belong', async () => {
  const pkg = await build({
    ...under('mini', page({ usingComponents: { b: '@x/ui/button' } })),
    ...under('tools', ui),
    'project.config.json': JSON.stringify({
      miniprogramRoot: 'mini/',
      setting: {
        packNpmManually: true,
        packNpmRelationList: [{ packageJsonPath: './tools/package.json', miniprogramNpmDistDir: './mini/' }],
      },
    }),
  });
  expect(summary(pkg)).toEqual([]);
  expect(pkg.manifest.components['pages/a']!.usingComponents).toEqual({ b: 'miniprogram_npm/@x/ui/button/index' });
});

test('packages beside project.config.json count for a root below it', async () => {
  const pkg = await build({ ...under('src', page({ usingComponents: { b: '@x/ui/button' } })), ...ui });
  expect(summary(pkg)).toEqual([]);
});

test('useExtendedLib brings weui', async () => {
  const pkg = await build(
    onePage({
      'app.json': JSON.stringify({ pages: ['pages/a'], useExtendedLib: { weui: true } }),
      'pages/a.json': '{ "usingComponents": { "mp-cell": "weui-miniprogram/cell/cell" } }',
    }),
  );
  expect(summary(pkg)).toEqual([]);
  expect(pkg.manifest.components['miniprogram_npm/weui-miniprogram/cell/cell']).toBeDefined();
});
