import { expect, test } from 'vitest';
import { createBuilder } from '../src/build.ts';
import { createCompiler, type PackageUpdate } from '../src/index.ts';
import { build, errors, fixture, onePage } from './fixture.ts';

const app = (plugins: object, more: object = {}) => JSON.stringify({ pages: ['pages/a'], plugins, ...more });
const card = { 'p/plugin.json': '{ "publicComponents": { "card": "card" } }', 'p/card.js': '', 'p/card.wxml': '' };

test('a plugin is found by pluginRoot when its version is dev, else by sparrow.json, by alias or appid', async () => {
  const found = async (version: string, files: Record<string, string>) => {
    const pkg = await build(
      onePage({
        ...card,
        'app.json': app({ x: { version, provider: 'wxp' } }),
        'pages/a.json': '{ "usingComponents": { "c": "plugin://x/card" } }',
        ...files,
      }),
    );
    return [pkg.manifest.components['pages/a']?.usingComponents.c, pkg.manifest.plugins.x?.root];
  };
  const here = ['__plugin__/wxp/card', '__plugin__/wxp'];
  const config = { 'project.config.json': '{ "pluginRoot": "p/" }' };
  expect(await found('dev', config)).toEqual(here);
  expect(await found('dev-abc', config)).toEqual(here);
  expect(await found('1.0.0', config)).toEqual([undefined, undefined]);
  expect(await found('1.0.0', { 'sparrow.json': '{ "plugins": { "x": "p" } }' })).toEqual(here);
  expect(await found('1.0.0', { 'sparrow.json': '{ "plugins": { "wxp": "./p" } }' })).toEqual(here);
  expect(await found('1.0.0', { 'sparrow.json': '{ "plugins": { "x": "../p" } }' })).toEqual([undefined, undefined]);
});

test('a plugin whose files are not here is a warning where app.json names it, and its components are', async () => {
  const { manifest } = await build(
    onePage({
      'app.json': app({ x: { version: '1.0.0', provider: 'wxp' } }),
      'pages/a.json': '{ "usingComponents": { "c": "plugin://x/card" } }',
    }),
  );
  expect(manifest.diagnostics).toMatchObject([
    { code: 'PLUGIN_MISSING', severity: 'warning', file: 'app.json' },
    { code: 'COMPONENT_MISSING', severity: 'warning', file: 'pages/a.json' },
  ]);
});

test('plugins of subpackages count; the folder of a plugin is no part of the program; app.json gives it no components', async () => {
  const pkg = await build(
    onePage({
      ...card,
      'p/plugin.json': '{ "publicComponents": { "card": "card" }, "pages": { "one": "one" }, "main": "m.js" }',
      'p/one.wxml': '<view/>',
      'p/one.js': 'Page({})',
      'p/m.js': 'require("./lost")',
      'g.js': '',
      'g.wxml': '',
      'app.json': app(
        {},
        {
          usingComponents: { g: '/g' },
          subPackages: [{ root: 'sub', pages: [], plugins: { x: { version: 'dev', provider: 'wxp' } } }],
        },
      ),
      'project.config.json': '{ "pluginRoot": "p" }',
    }),
  );
  expect(errors(pkg)).toEqual([]);
  expect(pkg.manifest.plugins).toEqual({
    x: { root: '__plugin__/wxp', main: '__plugin__/wxp/m.js', pages: { one: '__plugin__/wxp/one' } },
  });
  expect(pkg.manifest.app.pages).toEqual(['pages/a', '__plugin__/wxp/one']);
  expect(pkg.manifest.components['__plugin__/wxp/one']?.usingComponents).toEqual({});
  const modules = Object.keys(pkg.services.get('')?.modules ?? {});
  expect(modules).toContain('__plugin__/wxp/m.js');
  expect(modules.filter((path) => path.startsWith('p/'))).toEqual([]);
  expect(pkg.manifest.diagnostics.map(({ code, file }) => `${code} ${file}`)).toEqual(['FILE_MISSING p/m.js']);
});

test('neither its public paths nor its own files lead out of a plugin', async () => {
  using project = fixture(
    onePage({
      'p/plugin.json': '{ "publicComponents": { "card": "../../pages/a" }, "main": "../../../x.js" }',
      'app.json': app({ x: { version: 'dev', provider: '../../wxp' } }),
      'pages/a.json': '{ "usingComponents": { "c": "plugin://x/card" } }',
      'project.config.json': '{ "pluginRoot": "p" }',
    }),
  );
  const { manifest } = await createBuilder(project.dir).build();
  expect(manifest.plugins).toEqual({ x: { root: '__plugin__/x', pages: {} } });
  expect(manifest.components['pages/a']?.usingComponents).toEqual({});
});

test('a change in the folder of a plugin is told, wherever the folder is', async () => {
  using project = fixture({
    'plugin/plugin.json': '{ "publicComponents": { "card": "card" } }',
    'plugin/card.js': 'Component({})',
    'plugin/card.wxml': '<view/>',
    'project.config.json': '{ "miniprogramRoot": "mini", "pluginRoot": "plugin" }',
    'mini/app.json': app({ x: { version: 'dev', provider: 'wxp' } }),
    'mini/app.js': '',
    'mini/pages/a.js': 'Page({})',
    'mini/pages/a.wxml': '<c/>',
    'mini/pages/a.json': '{ "usingComponents": { "c": "plugin://x/card" } }',
  });
  const compiler = createCompiler({ dir: project.dir });
  try {
    const updates: PackageUpdate[] = [];
    await compiler.watch((update) => void updates.push(update));
    project.write({ 'plugin/card.wxml': '<view>new</view>' });
    await expect
      .poll(() => updates.flatMap(({ change, paths }) => [change, ...paths]))
      .toEqual(['templates', 'plugin/card.wxml']);
  } finally {
    await compiler.close();
  }
});
