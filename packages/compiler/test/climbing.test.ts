import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBuilder } from '../src/build.ts';
import { type CompiledPackage, createCompiler, writePackage } from '../src/index.ts';

/** A folder with somebody's secrets and, beside them, a project that is after them. */
let home: string;
let dir: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'sparrow-climb-')));
  dir = join(home, 'deep/project');
  write(home, {
    'secret.json': '{"password":"TOP-SECRET"}',
    'secret.js': 'module.exports = "TOP-SECRET"',
    'secret.wxml': '<view>TOP-SECRET</view>',
    'secret.wxss': '.TOP-SECRET { color: red }',
    'secret.txt': 'TOP-SECRET',
    'secret.png': 'TOP-SECRET',
    'other/package.json': '{"name":"other","main":"index.js"}',
    'other/index.js': 'module.exports = "TOP-SECRET"',
    'other/app.json': '{"pages":["p/p"]}',
    'other/p/p.js': 'Page({ x: "TOP-SECRET" })',
    'other/p/p.wxml': '<view>TOP-SECRET</view>',
    'other/notes.txt': 'TOP-SECRET',
    'deep/secret.js': 'module.exports = "TOP-SECRET"',
  });
  write(dir, { 'app.json': '{"pages":["p/p"]}', 'app.js': 'App({})', 'p/p.js': 'Page({})', 'p/p.wxml': '<view/>' });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function write(root: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

async function build(): Promise<CompiledPackage> {
  const compiler = createCompiler({ dir });
  try {
    return await compiler.build();
  } finally {
    await compiler.close();
  }
}

/** All that the mini program gets of a package: texts, maps, and the files on disk. */
async function leaks(pkg: CompiledPackage): Promise<boolean> {
  const texts = JSON.stringify([[...pkg.services], [...pkg.styles], [...pkg.maps], pkg.manifest]);
  const files = pkg.manifest.files.map((path) => pkg.assetPath(path)).filter((path) => path !== undefined);
  const outside = files.some((path) => !realpathSync(path).startsWith(`${dir}/`));
  const out = join(home, 'out/package');
  mkdirSync(dirname(out), { recursive: true });
  await writePackage(pkg, out);
  expect(readdirSync(dirname(out))).toEqual(['package']);
  return texts.includes('TOP-SECRET') || outside;
}

const ups = (count: number): string => '../'.repeat(count);

describe('nothing outside of the project is read', () => {
  const bare = [
    `evil/${ups(4)}secret.json`,
    `evil/${ups(5)}secret`,
    `evil/lib/${ups(6)}secret.js`,
    `evil/./${ups(4)}secret`,
    `evil/..\\..\\..\\..\\secret.json`,
    `evil//${ups(4)}secret`,
    `@x/evil/${ups(5)}secret`,
    `@x/../${ups(4)}secret`,
    `../${ups(3)}secret`,
    `..`,
    `@../${ups(3)}secret`,
    `@x/..`,
    `.evil`,
    `evil/${ups(3)}deep/secret`,
    `evil/../../secret`,
  ];
  test.each(bare)('by require(%j)', async (literal) => {
    write(dir, {
      'node_modules/evil/package.json': '{"main":"index.js"}',
      'node_modules/evil/index.js': '',
      'node_modules/evil/lib/x.js': '',
      'node_modules/@x/evil/package.json': '{}',
      'node_modules/@x/evil/index.js': '',
      'p/p.js': `const a = require(${JSON.stringify(literal)}); Page({ a });`,
    });
    expect(await leaks(await build())).toBe(false);
  });

  test.each(bare)('by usingComponents %j', async (value) => {
    write(dir, {
      'node_modules/evil/package.json': '{"miniprogram":"lib"}',
      'node_modules/evil/lib/index.js': '',
      'p/p.json': JSON.stringify({ usingComponents: { x: value, y: value.replace(/\.\w+$/, '') } }),
    });
    expect(await leaks(await build())).toBe(false);
  });

  test.each(bare)('by a package that the project built itself: %j', async (literal) => {
    write(dir, {
      'miniprogram_npm/evil/index.js': '',
      'miniprogram_npm/@x/evil/index.js': '',
      'p/p.js': `require(${JSON.stringify(literal)}); Page({});`,
      'p/p.wxml': `<import src="/miniprogram_npm/${literal}.wxml"/><include src="/miniprogram_npm/${literal}.wxml"/><wxs module="m" src="/miniprogram_npm/${literal}.wxs"/>`,
      'p/p.wxss': `@import '/miniprogram_npm/${literal}.wxss'; .a { background: url(/miniprogram_npm/${literal}.png) }`,
    });
    expect(await leaks(await build())).toBe(false);
  });

  test.each([
    'x/../../../other',
    '../../other',
    '/../../other',
    '..\\..\\other',
    './../../other',
    '../project/../../other',
  ])('by miniprogramRoot %j: the usual place is taken, with a diagnostic', async (miniprogramRoot) => {
    write(dir, { 'project.config.json': JSON.stringify({ miniprogramRoot }) });
    const pkg = await build();
    expect(await leaks(pkg)).toBe(false);
    expect(pkg.manifest.diagnostics[0]).toMatchObject({ code: 'PATH_OUTSIDE_PROJECT', file: 'project.config.json' });
    rmSync(join(dir, 'app.json'));
    await expect(build()).rejects.toMatchObject({ code: 'NO_PROJECT' });
  });

  test('by a miniprogramRoot that is a link', async () => {
    symlinkSync(join(home, 'other'), join(dir, 'root'));
    write(dir, { 'project.config.json': '{"miniprogramRoot":"root"}' });
    expect(await leaks(await build())).toBe(false);
  });

  test.each([
    { packageJsonPath: '../../other/package.json', miniprogramNpmDistDir: './' },
    { packageJsonPath: './package.json', miniprogramNpmDistDir: '../../other' },
    { packageJsonPath: 'link/package.json', miniprogramNpmDistDir: './' },
    { packageJsonPath: 'x/../../../other/package.json', miniprogramNpmDistDir: 'x/../..' },
  ])('by packNpmRelationList %j', async (relation) => {
    write(home, { 'other/node_modules/evil/package.json': '{}', 'other/node_modules/evil/index.js': '"TOP-SECRET"' });
    symlinkSync(join(home, 'other'), join(dir, 'link'));
    write(dir, {
      'project.config.json': JSON.stringify({ setting: { packNpmManually: true, packNpmRelationList: [relation] } }),
      'p/p.js': "require('evil'); Page({});",
    });
    expect(await leaks(await build())).toBe(false);
  });

  test('by links, wherever they lie', async () => {
    write(dir, {
      'node_modules/evil/package.json': '{"miniprogram":"lib"}',
      'node_modules/evil/lib/index.js': "require('./link'); require('./folder/secret');",
      'node_modules/evil2/package.json': '{"miniprogram":"lib"}',
      'p/p.js':
        "require('evil'); require('evil2'); require('outside'); require('../link'); require('../folder/secret'); Page({});",
      'p/p.json':
        '{"usingComponents":{"a":"evil/index","b":"evil/folder/secret","c":"outside/index","d":"/folder/secret"}}',
      'p/p.wxml': '<import src="../folder/secret.wxml"/><include src="/miniprogram_npm/evil/folder/secret.wxml"/>',
      'p/p.wxss': "@import '../folder/secret.wxss'; @import '/miniprogram_npm/evil/folder/secret.wxss';",
    });
    symlinkSync(join(home, 'secret.js'), join(dir, 'node_modules/evil/lib/link.js'));
    symlinkSync(join(home, 'secret.png'), join(dir, 'node_modules/evil/lib/link.png'));
    symlinkSync(home, join(dir, 'node_modules/evil/lib/folder'));
    symlinkSync(home, join(dir, 'node_modules/evil2/lib'));
    symlinkSync(join(home, 'other'), join(dir, 'node_modules/outside'));
    symlinkSync(join(home, 'secret.js'), join(dir, 'link.js'));
    symlinkSync(join(home, 'secret.png'), join(dir, 'link.png'));
    symlinkSync(home, join(dir, 'folder'));
    const pkg = await build();
    expect(await leaks(pkg)).toBe(false);
    const told = pkg.manifest.diagnostics.filter(({ code }) => code === 'PATH_OUTSIDE_PROJECT').map(({ file }) => file);
    expect(told).toEqual(expect.arrayContaining(['link.js', 'link.png', 'miniprogram_npm/outside']));
    for (const path of [
      '../secret.txt',
      'folder/secret.png',
      'miniprogram_npm/evil/link.png',
      'miniprogram_npm/evil/../../../secret.txt',
      'miniprogram_npm/evil/folder/secret.png',
    ])
      expect([path, pkg.assetPath(path)]).toEqual([path, undefined]);
  });

  test.each(['../../..', '/', 'lib/../../../../..', '..\\..'])(
    'by "miniprogram": %j of a package',
    async (miniprogram) => {
      write(dir, {
        'node_modules/evil/package.json': JSON.stringify({ miniprogram, main: `${ups(4)}secret.js` }),
        'node_modules/evil/index.js': '',
        'p/p.js': "require('evil'); require('evil/secret'); require('evil/other/index'); Page({});",
        'p/p.json': '{"usingComponents":{"a":"evil/secret"}}',
      });
      expect(await leaks(await build())).toBe(false);
    },
  );

  test.each(['/../../secret', 'x/../../../secret', '..\\..\\secret'])('by paths of app.json: %j', async (path) => {
    write(dir, {
      'app.json': JSON.stringify({
        pages: ['p/p', path],
        subPackages: [
          { root: path, pages: ['x'] },
          { root: '../..', pages: ['secret'] },
        ],
        themeLocation: `${path}.json`,
        resolveAlias: { '~/*': `${path}/*`, '@/*': '../../*' },
        tabBar: { list: [{ pagePath: 'p/p', text: 'a', iconPath: `${path}.png` }] },
        usingComponents: { a: path },
      }),
      'p/p.js': "require('~/x'); require('@/secret'); Page({});",
    });
    expect(await leaks(await build())).toBe(false);
  });
});

describe('what package managers link is still found', () => {
  test.each(['node_modules above', 'a store of links', 'a workspace'])('%s', async (kind) => {
    const real = {
      'node_modules above': 'node_modules/lib',
      'a store of links': 'deep/project/node_modules/.pnpm/lib@1/node_modules/lib',
      'a workspace': 'packages/lib',
    }[kind] as string;
    write(home, { [`${real}/package.json`]: '{"main":"index.js"}', [`${real}/index.js`]: 'module.exports = "found"' });
    if (kind === 'a workspace') write(home, { 'package.json': '{"workspaces":["packages/*"]}' });
    mkdirSync(join(dir, 'node_modules'), { recursive: true });
    symlinkSync(join(home, real), join(dir, 'node_modules/lib'));
    write(dir, { 'p/p.js': "require('lib'); Page({});" });
    const pkg = await build();
    expect(pkg.services.get('')?.modules['miniprogram_npm/lib/index.js']).toContain('found');
    expect(existsSync(join(dir, 'miniprogram_npm'))).toBe(false);
  });
});

describe('a package elsewhere that package.json names by its folder', () => {
  const declare = (spec: string, more: object = {}): void => {
    write(dir, {
      'package.json': JSON.stringify({ dependencies: { lib: spec }, ...more }),
      'p/p.js': "require('lib'); Page({});",
    });
    mkdirSync(join(dir, 'node_modules'), { recursive: true });
    symlinkSync(join(home, 'lib'), join(dir, 'node_modules/lib'));
  };
  /** In this thread: what a worker adds is another matter. */
  const buildHere = (): Promise<CompiledPackage> => createBuilder(dir).build();
  const found = async (): Promise<boolean> =>
    (await buildHere()).services.get('')?.modules['miniprogram_npm/lib/index.js'] !== undefined;

  beforeEach(() => {
    write(home, { 'lib/package.json': '{"name":"lib","main":"index.js"}', 'lib/index.js': 'module.exports = "found"' });
  });

  test.each(['file:../../lib', 'link:../../lib'])('is the project’s own word: %s', async (spec) => {
    declare(spec);
    expect(await found()).toBe(true);
  });

  test('is found by its absolute path, too', async () => {
    declare(`file:${join(home, 'lib')}`);
    expect(await found()).toBe(true);
  });

  test.each([
    ['a version', '1.0.0'],
    ['another folder', 'file:../../other'],
    ['a folder that is not there', 'file:../../nothing'],
  ])('is refused when package.json says %s', async (_, spec) => {
    declare(spec);
    expect(await found()).toBe(false);
  });

  test('is refused when what is there is no package of this name', async () => {
    write(home, { 'lib/package.json': '{"name":"private-things","main":"index.js"}' });
    declare('file:../../lib');
    expect(await found()).toBe(false);
  });

  test('is refused when an installed package says so', async () => {
    write(dir, {
      'node_modules/evil/package.json': JSON.stringify({
        main: 'index.js',
        dependencies: { lib: `file:${join(home, 'lib')}` },
      }),
      'node_modules/evil/index.js': "require('lib')",
      'p/p.js': "require('evil'); Page({});",
    });
    mkdirSync(join(dir, 'node_modules/evil/node_modules'), { recursive: true });
    symlinkSync(join(home, 'lib'), join(dir, 'node_modules/evil/node_modules/lib'));
    const { services } = await buildHere();
    expect(JSON.stringify([...services])).not.toContain('found');
  });

  test('brings nothing that its own links lead to', async () => {
    symlinkSync(join(home, 'secret.js'), join(home, 'lib/secret.js'));
    write(home, { 'lib/index.js': "require('./secret')" });
    declare('file:../../lib');
    expect(await leaks(await buildHere())).toBe(false);
  });
});
