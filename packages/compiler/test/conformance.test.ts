import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { createCompiler } from '../src/index.ts';
import { errors, evaluate, fixture } from './fixture.ts';

const resolve = createRequire(import.meta.url).resolve;

/** Component libraries as npm installs them: every file of them must compile, and every template must load. */
const LIBRARIES: [string, string, { wxml: number; wxs: number; wxss: number }][] = [
  ['@vant/weapp', 'lib', { wxml: 77, wxs: 46, wxss: 78 }],
  ['tdesign-miniprogram', 'miniprogram_dist', { wxml: 118, wxs: 31, wxss: 123 }],
  ['weui-miniprogram', 'miniprogram_dist', { wxml: 23, wxs: 1, wxss: 23 }],
];

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' });
}

test.each(LIBRARIES)('all of %s compiles from node_modules', async (name, dist, counts) => {
  const source = join(dirname(resolve(`${name}/package.json`)), dist);
  const files = filesOf(source);
  for (const [suffix, count] of Object.entries(counts)) {
    expect(files.filter((file) => file.endsWith(`.${suffix}`)).length).toBe(count);
  }
  const components = files.filter((file) => file.endsWith('.json') && files.includes(file.replace(/json$/, 'wxml')));
  const usingComponents = Object.fromEntries(
    components.map((file, index) => [`c${index}`, `${name}/${file.replace(/\.json$/, '')}`]),
  );
  using project = fixture({
    'app.json': JSON.stringify({ pages: ['a'], usingComponents }),
    'a.js': '',
    'a.wxml': '',
  });
  mkdirSync(join(project.dir, 'node_modules', dirname(name)), { recursive: true });
  symlinkSync(dirname(source), join(project.dir, 'node_modules', name));
  const pkg = await createCompiler({ dir: project.dir }).build();
  expect(errors(pkg)).toEqual([]);
  expect(Object.keys(pkg.manifest.components).length).toBeGreaterThan(components.length);
  for (const template of Object.values(evaluate(pkg))) expect(typeof template.content('')).toBe('function');
});

test.each(LIBRARIES)('every single file of %s compiles from a built folder', async (name, dist) => {
  const source = join(dirname(resolve(`${name}/package.json`)), dist);
  using project = fixture({ 'app.json': '{ "pages": ["a"] }', 'a.js': '' });
  cpSync(source, join(project.dir, 'lib'), { recursive: true });
  const files = filesOf(source).map((file) => `lib/${file}`);
  // Files that no component leads to are reached through a page that names each of them.
  project.write({
    'a.wxml': files
      .flatMap((file, index) =>
        file.endsWith('.wxml')
          ? [`<import src="${file}" />`]
          : file.endsWith('.wxs')
            ? [`<wxs src="${file}" module="m${index}" />`]
            : [],
      )
      .join('\n'),
    'a.wxss': files.flatMap((file) => (file.endsWith('.wxss') ? [`@import "${file}";`] : [])).join('\n'),
  });
  const pkg = await createCompiler({ dir: project.dir }).build();
  expect(errors(pkg)).toEqual([]);
  expect(typeof evaluate(pkg).a!.content('')).toBe('function');
  expect(pkg.styles.get('')!.a!.length).toBeGreaterThan(10_000);
});
