import { expect, test } from 'vitest';
import { compileScript } from '../src/scripts/script.ts';
import { build, onePage, summary } from './fixture.ts';

/** Loads a module of the package the way the runtime does. */
async function load(
  files: Record<string, string>,
  key: string,
): Promise<{ exports: Record<string, unknown>; found: string[] }> {
  const pkg = await build(onePage(files));
  const { modules } = pkg.services.get('')!;
  const cache = new Map<string, { exports: Record<string, unknown> }>();
  const require = (from: string) => (path: string) => {
    const base = path.startsWith('/') ? path.slice(1) : new URL(path, `file:///${from}`).pathname.slice(1);
    return run([base, `${base}.js`, `${base}/index.js`].find((name) => name in modules)!);
  };
  const run = (name: string): Record<string, unknown> => {
    const known = cache.get(name);
    if (known) return known.exports;
    const module = { exports: {} as Record<string, unknown> };
    cache.set(name, module);
    new Function('require', 'module', 'exports', modules[name]!)(require(name), module, module.exports);
    return module.exports;
  };
  return { exports: run(key), found: summary(pkg) };
}

test('ES modules become CommonJS, with the interplay that babel taught', async () => {
  const { exports, found } = await load(
    {
      'm.js':
        "import d, { n } from './esm'; import c from './cjs'; import * as all from './cjs'; export const v = [d, n, c.x, all.x]; export default 1;",
      'esm.js': 'export default class D { static a = 1 } export const n = 2;',
      'cjs.js': 'module.exports = { x: 3 }',
    },
    'm.js',
  );
  expect(found).toEqual([]);
  expect((exports.v as unknown[]).slice(1)).toEqual([2, 3, 3]);
  expect(((exports.v as unknown[])[0] as { name: string }).name).toBe('D');
  expect(exports.default).toBe(1);
});

test('TypeScript is compiled, a .js file beside it wins, declarations are left out', async () => {
  const { exports } = await load(
    {
      'm.ts':
        "import type { T } from './types'; import { E } from './e'; const t: T = 1 as T; enum L { A = 5 }; export const v = [t, E, L.A];",
      'types.d.ts': 'export type T = number',
      'e.ts': "export const E = 'ts'",
      'e.js': "exports.E = 'js'",
    },
    'm.js',
  );
  expect(exports.v).toEqual([1, 'js', 5]);
});

test('JSON can be required', async () => {
  const { exports } = await load(
    { 'm.js': "exports.v = require('./d.json').list", 'd.json': '{ "list": [1] }' },
    'm.js',
  );
  expect(exports.v).toEqual([1]);
});

test('resolveAlias of app.json is followed', async () => {
  const { exports, found } = await load(
    {
      'app.json': JSON.stringify({ pages: ['pages/a'], resolveAlias: { '~/*': '/*', '@lib/*': 'deep/lib/*' } }),
      'pages/m.js': "exports.v = require('~/x').x + require('@lib/y.js').y",
      'x.js': 'exports.x = 1',
      'deep/lib/y.js': 'exports.y = 2',
    },
    'pages/m.js',
  );
  expect(found).toEqual([]);
  expect(exports.v).toBe(3);
});

test('names of functions and classes stay', async () => {
  const { exports } = await load(
    { 'm.js': 'export const arrow = () => 1; export function plain() {} export const k = class Named {};' },
    'm.js',
  );
  expect([exports.arrow, exports.plain, exports.k].map((item) => (item as { name: string }).name)).toEqual([
    'arrow',
    'plain',
    'Named',
  ]);
});

test('a source map names the source inside the project', async () => {
  const pkg = await build({
    'client/app.json': '{"pages":["a"]}',
    'client/a.ts': 'export const x: number = 1;\nthrow new Error("x");',
    'client/a.wxml': '',
  });
  const map = JSON.parse(pkg.maps.get('a.js')!) as { sources: string[]; mappings: string; version: number };
  expect(map).toMatchObject({ version: 3, sources: ['client/a.ts'] });
  expect(map.mappings).not.toBe('');
});

test('a syntax error breaks its page, with its place and a module that throws it', async () => {
  const pkg = await build(
    onePage({ 'pages/a.js': 'Page({\n  data: {\n    名: "中", x: = 1\n  }\n})', 'pages/b.js': 'fine' }),
  );
  expect(summary(pkg)).toEqual(['SCRIPT_SYNTAX pages/a.js:3:16']);
  expect(pkg.manifest.broken).toEqual({ 'pages/a': [0] });
  const { modules } = pkg.services.get('')!;
  expect(() => new Function(modules['pages/a.js']!)()).toThrow(/pages\/a\.js:3:16/);
  expect(modules['pages/b.js']).toContain('fine');
});

test('a syntax error in another module is a finding of its own', async () => {
  const pkg = await build(onePage({ 'app.js': "require('./util')", 'util.js': 'let let' }));
  expect(pkg.manifest.diagnostics).toMatchObject([{ code: 'SCRIPT_SYNTAX', severity: 'error', file: 'util.js' }]);
  expect(pkg.manifest.broken).toEqual({});
});

test('requires are checked: missing files warn, paths out of the project are errors', async () => {
  const pkg = await build(onePage({ 'pages/a.js': "require('./no')\nrequire('../../../etc/passwd')\nrequire(name)" }));
  expect(summary(pkg)).toEqual(['FILE_MISSING pages/a.js:1:9', 'PATH_OUTSIDE_PROJECT pages/a.js:2:9']);
});

test('a script of more than 2 MB is left out with a warning', async () => {
  const pkg = await build(onePage({ 'big.js': `x("${'a'.repeat(2 * 1024 * 1024)}")` }));
  expect(pkg.manifest.diagnostics).toMatchObject([{ code: 'PACKAGE_TOO_LARGE', severity: 'warning', file: 'big.js' }]);
  expect(pkg.services.get('')!.modules['big.js']).toBeUndefined();
});

test('the first line of a module is the first line of its source', async () => {
  const { code, map } = await compileScript({ path: 'a.js', display: 'a.js', text: 'throw 1', hash: '' });
  expect(code).toBe('throw 1;\n');
  expect(JSON.parse(map)).toMatchObject({ sources: ['a.js'] });
});

test('scripts that nothing leads to are told little about', async () => {
  const pkg = await build(onePage({ 'gulpfile.js': "require('gulp')", 'old.js': 'let let' }));
  expect(pkg.manifest.diagnostics).toMatchObject([{ code: 'SCRIPT_SYNTAX', severity: 'warning', file: 'old.js' }]);
  expect(Object.keys(pkg.services.get('')!.modules)).toContain('gulpfile.js');
});

test('a declaration that names itself is undefined at first, as ES5 has it', async () => {
  const { exports } = await load(
    {
      'm.js': `const A = A ? A : 1; let B = B || { b: 2 };
        if (A) { const C = typeof C === 'undefined' ? 3 : C; exports.c = C }
        const f = () => f.name; const o = { A: 1, later: () => o }; const text = 'const X = X ? 1 : 2';
        exports.v = [A, B.b, f(), o.later() === o, text];`,
    },
    'm.js',
  );
  expect(exports).toEqual({ c: 3, v: [1, 2, 'f', true, 'const X = X ? 1 : 2'] });
});

test('what a module requires later is compiled with it, and packages are found', async () => {
  const { exports, found } = await load(
    {
      'm.js':
        "exports.v = [require('./far.js', () => {}, () => {}), require.async]; const f = () => require.async('lib')",
      'far.js': 'module.exports = 1',
      'package.json': '{ "dependencies": { "lib": "1" } }',
      'node_modules/lib/package.json': '{ "name": "lib", "version": "1.0.0", "main": "main.js" }',
      'node_modules/lib/main.js': 'module.exports = 2',
    },
    'm.js',
  );
  expect(found).toEqual([]);
  expect((exports.v as unknown[])[0]).toBe(1);
});
