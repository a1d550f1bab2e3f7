import { expect, test } from 'vitest';
import { build, onePage, summary } from './fixture.ts';

const component = (path: string) => ({
  [`${path}.js`]: 'Component({})',
  [`${path}.wxml`]: '<slot />',
  [`${path}.json`]: '{"component": true}',
});

async function using(value: string, files: Record<string, string>) {
  const pkg = await build(onePage({ 'pages/a.json': JSON.stringify({ usingComponents: { x: value } }), ...files }));
  return { pkg, resolved: pkg.manifest.components['pages/a']!.usingComponents.x, found: summary(pkg) };
}

test.each([
  ['./c', 'pages/c'],
  ['c', 'pages/c'],
  ['sub/c', 'pages/sub/c'],
  ['../c/x', 'c/x'],
  ['/c/x', 'c/x'],
  ['/c', 'c/index'],
  ['../c/', 'c/index'],
  ['/c/x.js', 'c/x'],
  ['c/x', 'c/x'],
])('usingComponents %s is %s', async (value, path) => {
  const { resolved, found } = await using(value, component(path));
  expect(resolved).toBe(path);
  expect(found).toEqual([]);
});

test('a component that is missing is reported at its line and dropped', async () => {
  const pkg = await build(
    onePage({
      'pages/a.json': '{\n  "usingComponents": {\n    "ok": "./ok",\n    "bad": "./bad"\n  }\n}',
      ...component('pages/ok'),
    }),
  );
  expect(summary(pkg)).toEqual(['COMPONENT_MISSING pages/a.json:4:12']);
  expect(pkg.manifest.components['pages/a']!.usingComponents).toEqual({ ok: 'pages/ok' });
  expect(pkg.manifest.broken).toEqual({});
  expect(pkg.manifest.diagnostics[0]!.hint).toContain('pages/bad.js');
});

test('a path that climbs out of the project is refused', async () => {
  const { resolved, found } = await using('../../x', {});
  expect(resolved).toBeUndefined();
  expect(found).toEqual(['PATH_OUTSIDE_PROJECT pages/a.json:1:25']);
});

test('a component of a plugin is a warning', async () => {
  const { pkg, resolved } = await using('plugin://hello/list', {});
  expect(resolved).toBeUndefined();
  expect(pkg.manifest.diagnostics).toMatchObject([{ code: 'COMPONENT_MISSING', severity: 'warning' }]);
});

test('components of app.json are known in every page and component, and own ones win', async () => {
  const { manifest } = await build(
    onePage({
      'app.json': JSON.stringify({ pages: ['pages/a'], usingComponents: { g: 'g/g', h: '/g/h' } }),
      'pages/a.json': '{ "usingComponents": { "c": "../c", "h": "../c" } }',
      ...component('g/g'),
      ...component('g/h'),
      ...component('c'),
    }),
  );
  expect(manifest.components['pages/a']!.usingComponents).toEqual({ g: 'g/g', h: 'c', c: 'c' });
  expect(manifest.components.c!.usingComponents).toEqual({ g: 'g/g', h: 'g/h' });
  expect(manifest.components['g/g']).toMatchObject({ component: true, page: false });
});

test('components that use each other, defaults of generics and placeholders are followed', async () => {
  const { manifest } = await build(
    onePage({
      'pages/a.json': '{ "usingComponents": { "x": "/x" }, "componentPlaceholder": { "x": "view" } }',
      'x.js': '',
      'x.wxml': '',
      'x.json':
        '{ "component": true, "pureDataPattern": "^_", "usingComponents": { "y": "/y" }, "componentGenerics": { "s": { "default": "/d" }, "t": true } }',
      'y.js': '',
      'y.wxml': '',
      'y.json': '{ "component": true, "usingComponents": { "x": "/x" } }',
      ...component('d'),
    }),
  );
  expect(Object.keys(manifest.components)).toEqual(['pages/a', 'x', 'y', 'd']);
  expect(manifest.components['pages/a']!.componentPlaceholder).toEqual({ x: 'view' });
  expect(manifest.components.x).toMatchObject({
    pureDataPattern: '^_',
    componentGenerics: { s: { default: 'd' }, t: true },
  });
});

test.each([
  ['{"component": true}', 'Component({})', undefined, true],
  ['{"component": true, "addGlobalClass": true}', '', undefined, true],
  ['{"component": true, "styleIsolation": "shared"}', '', 'shared', false],
  ['{"component": true}', "Component({ options: { styleIsolation: 'shared' } })", 'shared', false],
  ['{"component": true}', 'class A { options = { \'styleIsolation\': "apply-shared" } }', 'apply-shared', true],
])('style isolation of %s with %s is %s', async (json, js, isolation, scoped) => {
  const { pkg } = await using('./c', { 'pages/c.js': js, 'pages/c.json': json, 'pages/c.wxml': '' });
  const config = pkg.manifest.components['pages/c']!;
  expect(config.styleIsolation).toBe(isolation);
  expect(config.styleScope).toMatch(scoped ? /^[a-z][0-9a-f]{7}$/ : /^$/);
});

test('a page is shared even when it is a component', async () => {
  const { manifest } = await build(onePage({ 'pages/a.json': '{ "component": true }' }));
  expect(manifest.components['pages/a']).toMatchObject({ component: true, page: true, styleScope: '' });
  expect(manifest.components['pages/a']!.styleIsolation).toBeUndefined();
});

test.each([
  ['isolated', undefined],
  ['page-isolated', 'page-shared'],
])('a page that is %s keeps plain class names', async (setting, isolation) => {
  const { manifest } = await build(onePage({ 'pages/a.json': JSON.stringify({ styleIsolation: setting }) }));
  expect(manifest.components['pages/a']!.styleIsolation).toBe(isolation);
  expect(manifest.components['pages/a']!.styleScope).toBe('');
});
