import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PackageManifest, ServiceBundle } from '@sparrow/protocol';
import { expect, test } from 'vitest';
import { createCompiler, writePackage } from '../src/index.ts';
import { fixture, onePage } from './fixture.ts';

test('a package is a folder with manifest, bundles, maps and files, and replaces the one before', async () => {
  using out = fixture({ 'pkg/stale.txt': 'x' });
  using project = fixture(
    onePage({
      'app.json': JSON.stringify({ pages: ['pages/a'], subPackages: [{ root: 'sub/one', pages: ['b'] }] }),
      'sub/one/b.js': '',
      'sub/one/b.wxml': '',
      'img/a.png': 'png',
    }),
  );
  const pkg = await createCompiler({ dir: project.dir }).build();
  await writePackage(pkg, join(out.dir, 'pkg'));
  const files = readdirSync(join(out.dir, 'pkg'), { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name).slice(out.dir.length + 5));
  expect(files.sort()).toEqual([
    'files/img/a.png',
    'manifest.json',
    'maps/app.js.map',
    'maps/pages/a.js.map',
    'maps/sub/one/b.js.map',
    'service.json',
    'styles.json',
    'sub/one/service.json',
    'sub/one/styles.json',
  ]);
  const read = (path: string) => JSON.parse(readFileSync(join(out.dir, 'pkg', path), 'utf8')) as unknown;
  expect((read('manifest.json') as PackageManifest).id).toBe(pkg.manifest.id);
  expect((read('sub/one/service.json') as ServiceBundle).root).toBe('sub/one');
  expect(readdirSync(out.dir)).toEqual(['pkg']);
});

test('equal projects have equal ids, whatever their folder', async () => {
  using one = fixture(onePage({ 'a.png': '1', 'project.config.json': '{"projectname":"p"}' }));
  using two = fixture(onePage({ 'a.png': '1', 'project.config.json': '{"projectname":"p"}' }));
  const ids = await Promise.all([one, two].map(async ({ dir }) => (await createCompiler({ dir }).build()).manifest.id));
  expect(ids[0]).toMatch(/^[0-9a-f]{16}$/);
  expect(ids[0]).toBe(ids[1]);
});
