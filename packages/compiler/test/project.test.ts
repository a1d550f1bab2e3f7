import { symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { NETWORK_TIMEOUT_DEFAULT_MS, WINDOW_DEFAULTS } from '@sparrow/protocol';
import { expect, test } from 'vitest';
import { CompilerError, createCompiler } from '../src/index.ts';
import { build, errors, fixture, onePage, summary } from './fixture.ts';

const PAGE = { 'a.js': '', 'a.wxml': 'a' };

test.each(['', 'miniprogram/', 'client/', 'src/'])('finds app.json in %j', async (root) => {
  const files = Object.fromEntries(Object.entries(onePage()).map(([path, text]) => [root + path, text]));
  const { manifest } = await build(files);
  expect(manifest.app.pages).toEqual(['pages/a']);
});

test('project.config.json names root, appid and project, and may have comments', async () => {
  const files = Object.fromEntries(Object.entries(onePage()).map(([path, text]) => [`mini/app/${path}`, text]));
  const config = '{ // mine\n "miniprogramRoot": "./mini/app/", "appid": "wx1", "projectname": "demo", }';
  const { manifest } = await build({ 'project.config.json': config, ...files });
  expect(manifest).toMatchObject({ appid: 'wx1', name: 'demo', broken: {} });
});

test('a folder without app.json is refused with a way out', async () => {
  using project = fixture({ 'readme.txt': '' });
  const compiler = createCompiler({ dir: project.dir });
  const error = await compiler.build().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CompilerError);
  expect(error).toMatchObject({ code: 'NO_PROJECT', hint: expect.stringContaining('app.json') });
  await compiler.close();
  await expect(compiler.build()).rejects.toMatchObject({ code: 'CLOSED' });
});

test('a miniprogramRoot outside of the project is not followed', async () => {
  await expect(build({ 'project.config.json': '{"miniprogramRoot": "../.."}' })).rejects.toMatchObject({
    code: 'NO_PROJECT',
  });
});

test('defaults are filled in, and page settings stand beside them', async () => {
  const { manifest } = await build({
    ...PAGE,
    'app.json': JSON.stringify({
      pages: ['/a'],
      window: {
        navigationBarTitleText: 'T',
        onReachBottomDistance: '80',
        enablePullDownRefresh: 'true',
        disableScroll: 7,
      },
      networkTimeout: { request: 5000 },
      style: 'v2',
    }),
    'a.json': '{ "navigationBarTitleText": "page", "disableScroll": true, "unknown": 1 }',
  });
  expect(manifest.app.window).toEqual({
    ...WINDOW_DEFAULTS,
    navigationBarTitleText: 'T',
    onReachBottomDistance: 80,
    enablePullDownRefresh: true,
  });
  expect(manifest.app.networkTimeout).toMatchObject({ request: 5000, uploadFile: NETWORK_TIMEOUT_DEFAULT_MS });
  expect(manifest.app.raw).toEqual({ style: 'v2' });
  expect(manifest.components.a!.window).toEqual({ navigationBarTitleText: 'page', disableScroll: true });
});

test('entryPagePath, tabBar and themes are read', async () => {
  const { manifest } = await build({
    ...PAGE,
    'b.js': '',
    'b.wxml': 'b',
    'custom-tab-bar/index.js': '',
    'custom-tab-bar/index.wxml': '<view/>',
    'app.json': JSON.stringify({
      pages: ['a', 'b'],
      entryPagePath: 'b',
      darkmode: true,
      themeLocation: 'theme.json',
      tabBar: { custom: true, color: '@c', list: [{ pagePath: '/a', text: 'A', iconPath: './i/a.png' }] },
    }),
    'theme.json': '{ "light": { "c": "#000" }, "dark": { "c": "#fff" } }',
  });
  expect(manifest.app).toMatchObject({
    entryPagePath: 'b',
    darkmode: true,
    themes: { light: { c: '#000' }, dark: { c: '#fff' } },
    tabBar: {
      custom: true,
      color: '@c',
      position: 'bottom',
      list: [{ pagePath: 'a', text: 'A', iconPath: 'i/a.png' }],
    },
  });
  expect(Object.keys(manifest.components)).toContain('custom-tab-bar/index');
});

test('subpackages, normal and independent, own their pages and components', async () => {
  const { manifest, services } = await build({
    ...PAGE,
    'app.json': JSON.stringify({
      pages: ['a'],
      subPackages: [{ root: 'one/', name: 'o', pages: ['p/x'] }],
      subpackages: [{ root: 'two', independent: true, pages: ['y'] }],
    }),
    'one/p/x.js': '1',
    'one/p/x.wxml': 'x',
    'one/p/x.json': '{ "usingComponents": { "c": "/one/c" } }',
    'one/c.js': '',
    'one/c.wxml': 'c',
    'two/y.js': '2',
    'two/y.wxml': 'y',
  });
  expect(manifest.app.pages).toEqual(['a', 'one/p/x', 'two/y']);
  expect(manifest.packages.map(({ size, ...info }) => info)).toEqual([
    { root: '', independent: false, pages: ['a'] },
    { root: 'one', name: 'o', independent: false, pages: ['one/p/x'] },
    { root: 'two', independent: true, pages: ['two/y'] },
  ]);
  expect(manifest.packages[2]!.size).toBe(2);
  expect(manifest.components['one/c']).toMatchObject({ root: 'one', page: false });
  expect([...services.keys()]).toEqual(['', 'one', 'two']);
  expect(Object.keys(services.get('one')!.modules)).toEqual(['one/c.js', 'one/p/x.js']);
});

test('a listed page without files is reported at its line, and the others go on', async () => {
  const pkg = await build({ ...PAGE, 'app.json': '{\n  "pages": [\n    "a",\n    "gone/x"\n  ]\n}' });
  expect(summary(pkg)).toEqual(['PAGE_MISSING app.json:4:5']);
  expect(pkg.manifest.broken).toEqual({ 'gone/x': [0] });
  expect(pkg.manifest.diagnostics[0]!.frame).toBe(
    '  2 |   "pages": [\n  3 |     "a",\n> 4 |     "gone/x"\n    |     ^\n  5 |   ]\n  6 | }',
  );
});

test('invalid JSON is reported with its place, and what can be read counts', async () => {
  const pkg = await build({ ...PAGE, 'app.json': '{\n  "pages": ["a"]\n  "window": {}\n}', 'a.json': '{ "x" 1 }' });
  expect(summary(pkg)).toEqual(['JSON_INVALID app.json:3:3', 'JSON_INVALID a.json:1:7']);
  expect(pkg.manifest.app.pages).toEqual(['a']);
  expect(Object.keys(pkg.manifest.broken)).toEqual(['a']);
});

test('an app.json that is no object gives an empty package with a finding', async () => {
  const pkg = await build({ 'app.json': '[]' });
  expect(errors(pkg).map((item) => item.code)).toEqual(['JSON_INVALID', 'CONFIG_INVALID']);
  expect(pkg.manifest.app.pages).toEqual([]);
});

test('wrong entries of app.json are reported', async () => {
  const pkg = await build({
    ...PAGE,
    'app.json': JSON.stringify({
      pages: ['a', 'a', 1, '../x'],
      entryPagePath: 'z',
      tabBar: { list: [{ pagePath: 'q' }] },
      subPackages: [{ pages: ['b'] }],
    }),
  });
  expect(errors(pkg).map(({ code, message }) => [code, message])).toEqual([
    ['CONFIG_INVALID', 'page a is listed twice'],
    ['CONFIG_INVALID', 'a page must be a path inside the project'],
    ['CONFIG_INVALID', 'a page must be a path inside the project'],
    ['CONFIG_INVALID', 'a subpackage needs a "root" inside the project'],
    ['CONFIG_INVALID', 'tab q is not a page'],
    ['CONFIG_INVALID', 'entryPagePath z is not a page'],
  ]);
  expect(pkg.manifest.app.entryPagePath).toBe('a');
});

test('the backend and tools of the project are no part of the package', async () => {
  const pkg = await build({
    ...onePage(),
    'project.config.json': '{ "qcloudRoot": "server/" }',
    'sparrow.json': '{ "backend": { "dir": "./api" } }',
    'package.json': '{}',
    'server/app.js': 'x',
    'server/secret.txt': 'x',
    'api/index.js': 'x',
    'node_modules/x/index.js': 'x',
    '.git/config': 'x',
    '.env': 'x',
    'key.pem': 'x',
    'readme.md': 'x',
    'img/a.png': 'x',
    'data/list.json': '[]',
    'pages/a.json': '{}',
  });
  expect(pkg.manifest.files).toEqual(['data/list.json', 'img/a.png']);
  expect(Object.keys(pkg.services.get('')!.modules)).toEqual(['app.js', 'pages/a.js']);
});

test('links out of the project are left out', async () => {
  using secret = fixture({ 'key.txt': 'secret' });
  using project = fixture(onePage({ 'ok.txt': '' }));
  symlinkSync(join(secret.dir, 'key.txt'), join(project.dir, 'key.txt'));
  symlinkSync(secret.dir, join(project.dir, 'folder'));
  symlinkSync(join(project.dir, 'ok.txt'), join(project.dir, 'link.txt'));
  const pkg = await createCompiler({ dir: project.dir }).build();
  expect(summary(pkg)).toEqual(['PATH_OUTSIDE_PROJECT folder:0:0', 'PATH_OUTSIDE_PROJECT key.txt:0:0']);
  expect(pkg.manifest.files).toEqual(['link.txt', 'ok.txt']);
});

test('assetPath leads to listed files only', async () => {
  using project = fixture(onePage({ 'img/a.png': 'png' }));
  const pkg = await createCompiler({ dir: project.dir }).build();
  expect(pkg.assetPath('img/a.png')).toBe(join(project.dir, 'img/a.png'));
  expect(pkg.assetPath('../../etc/passwd')).toBeUndefined();
  expect(pkg.assetPath('app.json')).toBeUndefined();
});

test('syntax errors of the project files are reported', async () => {
  const pkg = await build(onePage({ 'project.config.json': '{ "appid": wx }', 'sparrow.json': '[]' }));
  expect(summary(pkg)).toEqual(['JSON_INVALID project.config.json:1:12', 'JSON_INVALID sparrow.json:1:1']);
});

test('a project of more than 50 MB gets a warning', async () => {
  using project = fixture(onePage({ 'film.mp4': '' }));
  truncateSync(join(project.dir, 'film.mp4'), 51 * 1024 * 1024);
  const pkg = await createCompiler({ dir: project.dir }).build();
  expect(pkg.manifest.diagnostics).toMatchObject([{ code: 'PACKAGE_TOO_LARGE', severity: 'warning' }]);
  expect(pkg.manifest.packages[0]!.size).toBeGreaterThan(51 * 1024 * 1024);
});
