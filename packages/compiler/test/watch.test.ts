import { afterEach, expect, test } from 'vitest';
import { type Compiler, createCompiler, type PackageUpdate } from '../src/index.ts';
import { type Fixture, fixture, onePage, summary } from './fixture.ts';

const open: { project: Fixture; compiler: Compiler }[] = [];

afterEach(async () => {
  for (const { project, compiler } of open.splice(0)) {
    await compiler.close();
    project[Symbol.dispose]();
  }
});

/** A watched project; `edit` writes files and resolves with the update that follows. */
async function watched(files: Record<string, string>) {
  const project = fixture(files);
  const compiler = createCompiler({ dir: project.dir });
  open.push({ project, compiler });
  const updates: PackageUpdate[] = [];
  let wake = () => {};
  const first = await compiler.build();
  await compiler.watch((update) => {
    updates.push(update);
    wake();
  });
  const next = async (): Promise<PackageUpdate> => {
    while (updates.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return updates.shift()!;
  };
  return {
    project,
    first,
    edit(more: Record<string, string>) {
      project.write(more);
      return next();
    },
    remove(path: string) {
      project.remove(path);
      return next();
    },
  };
}

const FILES = onePage({
  'pages/a.json': '{ "usingComponents": { "c": "/c" } }',
  'pages/a.wxss': '.a { color: red }',
  'c.js': 'Component({})',
  'c.json': '{ "component": true }',
  'c.wxml': '<view />',
  'c.wxss': '.c { color: red }',
  'm.wxs': 'exports.x = 1',
  'util.js': '1',
  'img.png': '1',
});

test.each([
  ['a style sheet', { 'pages/a.wxss': '.a { color: blue }' }, 'styles'],
  ['a template', { 'pages/a.wxml': '<view>b</view>' }, 'templates'],
  ['a template and a style sheet', { 'pages/a.wxml': 'b', 'c.wxss': '.x { color: red }' }, 'templates'],
  ['a sheet that begins to need markers', { 'c.wxss': 'view { color: red }' }, 'templates'],
  ['a script', { 'pages/a.js': 'Page({ data: {} })' }, 'scripts'],
  ['a module', { 'util.js': '2' }, 'scripts'],
  ['the JSON of a page', { 'pages/a.json': '{ "navigationBarTitleText": "x" }' }, 'scripts'],
  ['app.js', { 'app.js': 'App({ a: 1 })' }, 'app'],
  ['app.json', { 'app.json': '{ "pages": ["pages/a"], "window": { "navigationBarTitleText": "t" } }' }, 'app'],
  ['project.config.json', { 'project.config.json': '{ "appid": "wx2" }' }, 'app'],
  ['a new file', { 'new.png': '1' }, 'templates'],
  ['nothing but the time', { 'pages/a.js': FILES['pages/a.js']! }, 'none'],
] as const)('a change of %s is told as such', async (_name, edit, expected) => {
  const { edit: change, first } = await watched(FILES);
  const update = await change(edit);
  expect(update.change).toBe(expected);
  expect(update.paths).toEqual(Object.keys(edit).sort());
  expect(update.pkg.manifest.id === first.manifest.id).toBe(expected === 'none');
});

test('a fault comes and goes with the file', async () => {
  const { edit } = await watched(FILES);
  const broken = await edit({ 'pages/a.js': 'Page({' });
  expect(summary(broken.pkg)).toEqual(['SCRIPT_SYNTAX pages/a.js:1:7']);
  expect(broken.change).toBe('scripts');
  const mended = await edit({ 'pages/a.js': 'Page({ x: 1 })' });
  expect(summary(mended.pkg)).toEqual([]);
});

test('a page that is removed is missing, and present when it comes back', async () => {
  const { edit, remove } = await watched(onePage());
  await remove('pages/a.js');
  const gone = await remove('pages/a.wxml');
  expect(gone.pkg.manifest.diagnostics.map((item) => item.code)).toEqual(['PAGE_MISSING']);
  const back = await edit({ 'pages/a.wxml': 'x', 'pages/a.js': '' });
  expect(summary(back.pkg)).toEqual([]);
});

test('without app.json the last package stays, with a finding', async () => {
  const { edit, remove, first } = await watched(onePage());
  const gone = await remove('app.json');
  expect(gone.change).toBe('none');
  expect(gone.pkg.manifest.id).toBe(first.manifest.id);
  expect(gone.pkg.manifest.diagnostics).toMatchObject([{ code: 'APP_JSON_MISSING', severity: 'error' }]);
  const back = await edit({ 'app.json': '{ "pages": ["pages/a"] }' });
  expect(summary(back.pkg)).toEqual([]);
});

test('a changed import reaches every sheet and template that uses it', async () => {
  const { edit } = await watched(
    onePage({
      'pages/a.wxss': '@import "../base";',
      'base.wxss': '.a { color: red }',
      'pages/a.wxml': '<import src="/t" /><wxs src="/m.wxs" module="m" />',
      't.wxml': '<template name="t">1</template>',
      'm.wxs': 'exports.x = 1',
    }),
  );
  expect((await edit({ 'base.wxss': '.b { color: red }' })).pkg.styles.get('')!['pages/a']).toContain('.b');
  expect((await edit({ 't.wxml': '<template name="t">new</template>' })).pkg.services.get('')!.templates).toContain(
    'new',
  );
  expect((await edit({ 'm.wxs': 'exports.x = "later"' })).pkg.services.get('')!.templates).toContain('later');
});

test('a build while another one runs gives a whole package', async () => {
  using project = fixture(FILES);
  const compiler = createCompiler({ dir: project.dir });
  const [one, two] = await Promise.all([compiler.build(), compiler.build()]);
  expect(one.manifest.id).toBe(two.manifest.id);
  await compiler.close();
});
