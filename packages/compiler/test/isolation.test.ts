import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Diagnostic } from '@sparrow/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { type Compiler, type CompilerError, createCompiler, type PackageUpdate } from '../src/index.ts';
import { createIsolatedBuilder } from '../src/isolated-builder.ts';
import { type Fixture, fixture, onePage } from './fixture.ts';

let project: Fixture | undefined;
let compiler: Compiler | undefined;
afterEach(async () => {
  await compiler?.close();
  project?.[Symbol.dispose]();
  compiler = undefined;
  project = undefined;
});

/** A healthy page beside what a test adds, which must be compiled whatever else happens. */
const HEALTHY = {
  'app.json': JSON.stringify({ pages: ['pages/a', 'pages/good'] }),
  'pages/good.js': 'Page({ good: true })',
  'pages/good.wxml': '<view class="g">{{good}}</view>',
  'pages/good.wxss': '.g { color: red }',
};

async function build(files: Record<string, string>): Promise<Diagnostic[]> {
  project = fixture(onePage({ ...HEALTHY, ...files }));
  compiler = createCompiler({ dir: project.dir });
  const { manifest, services, styles } = await compiler.build();
  const bundle = services.get('');
  expect(bundle?.templates).toContain('"pages/good"');
  expect(bundle?.modules['pages/good.js']).toContain('good');
  expect(styles.get('')?.['pages/good']).toContain('color');
  expect(manifest.broken['pages/good']).toBeUndefined();
  return manifest.diagnostics;
}

const repeat = (text: string, count: number): string => text.repeat(count);
const nested = (open: string, close: string, count: number): string => open.repeat(count) + close.repeat(count);
const attributes = (count: number): string => Array.from({ length: count }, (_, index) => `a${index}="x"`).join(' ');

describe('a build ends with diagnostics that name the file, whatever it holds', () => {
  const cases: [string, string, string][] = [
    ['2,000 elements in one another', 'pages/a.wxml', nested('<view>', '</view>', 2000)],
    ['450 elements in one another', 'pages/a.wxml', nested('<view>', '</view>', 450)],
    ['100,000 elements without an end', 'pages/a.wxml', repeat('<view>', 100_000)],
    ['100,000 end tags without a beginning', 'pages/a.wxml', repeat('<view>', 150) + repeat('</text>', 100_000)],
    ['20,000 times {{', 'pages/a.wxml', `<view>${repeat('{{', 20_000)}</view>`],
    ['500,000 times {{', 'pages/a.wxml', `<view>${repeat('{{', 500_000)}</view>`],
    ['{{ in 50,000 attributes', 'pages/a.wxml', repeat('<view a="{{"/>', 50_000)],
    ['quotes that do not end', 'pages/a.wxml', repeat('<view a="{{\'"/>', 20_000)],
    ['100,000 attributes', 'pages/a.wxml', `<view ${attributes(100_000)}/>`],
    ['20,000 bindings in one text', 'pages/a.wxml', `<view>${repeat('{{a}} ', 20_000)}</view>`],
    ['brackets of an expression', 'pages/a.wxml', `<view>{{${nested('(', ')', 3000)}}}</view>`],
    ['a chain of operators', 'pages/a.wxml', `<view>{{${repeat('a+', 50_000)}a}}</view>`],
    ['a chain of fields', 'pages/a.wxml', `<view>{{a${repeat('.b', 5000)}}}</view>`],
    ['a chain of negations', 'pages/a.wxml', `<view>{{${repeat('!', 7000)}a}}</view>`],
    [
      'a chain of negations that no limit sees',
      'pages/a.wxml',
      `<view>{{${repeat('! ', 1400)}a}}${repeat(' {{a}}', 999)}</view>`,
    ],
    ['a chain of conditions', 'pages/a.wxml', `<view>{{${repeat('a?b:', 10_000)}c}}</view>`],
    ['a file of 3 MB', 'pages/a.wxml', `<view>${repeat('x', 3e6)}</view>`],
    ['JSON of 500,000 brackets', 'pages/a.json', `{"a":${repeat('[', 500_000)}`],
    ['JSON of objects', 'pages/a.json', `${repeat('{"a":', 100_000)}1${repeat('}', 100_000)}`],
    ['project.config.json of brackets', 'project.config.json', `{"a":${repeat('[', 500_000)}`],
    ['sparrow.json of brackets', 'sparrow.json', nested('{"a":', '}', 50_000)],
    ['JSON that a script asks for', 'data.json', nested('[', ']', 100_000)],
    ['a script of brackets', 'pages/a.js', `Page(${nested('[', ']', 100_000)})`],
    ['a script of functions', 'pages/a.js', `Page({ a: ${repeat('()=>', 200_000)}1 })`],
    ['a script of negations', 'pages/a.js', `Page({ a: ${repeat('!', 500_000)}1 })`],
    ['a script of additions', 'pages/a.js', `Page({ a: ${repeat('1+', 300_000)}1 })`],
    ['WXS of brackets', 'm.wxs', `module.exports = ${nested('[', ']', 50_000)}`],
    ['WXS of additions', 'm.wxs', `module.exports = ${repeat('a+', 100_000)}a`],
    ['WXS of negations', 'm.wxs', `module.exports = ${repeat('!', 100_000)}a`],
    ['WXS in a template', 'pages/a.wxml', `<wxs module="m">module.exports = ${nested('(', ')', 20_000)}</wxs>`],
    ['a style sheet of blocks', 'pages/a.wxss', nested('a{', '}', 50_000)],
    ['a style sheet of brackets', 'pages/a.wxss', `.a { width: ${nested('calc(', ')', 20_000)} }`],
    ['a selector of :not', 'pages/a.wxss', `${nested(':not(', ')', 20_000)} { color: red }`],
    ['comments that do not end', 'pages/a.wxss', repeat('/* ', 200_000)],
    ['url( that does not end', 'pages/a.wxss', `.a { b: ${repeat('url(', 200_000)}`],
    ['quotes of a style sheet', 'pages/a.wxss', repeat('"', 200_001)],
    ['a sheet of faults', 'pages/a.wxss', repeat('}', 100_000)],
  ];
  test.each(cases)('%s', async (_what, file, text) => {
    const extra = file === 'm.wxs' ? { 'pages/a.wxml': '<wxs module="m" src="../m.wxs"/><view/>' } : {};
    const script = file === 'data.json' ? { 'pages/a.js': "require('../data.json'); Page({})" } : {};
    const found = await build({ ...extra, ...script, [file]: text });
    const named = found.filter((item) => item.file === file);
    // Some of it is only odd, and compiles; what does not is told of that file and with a fix.
    for (const item of named) expect(item.hint).not.toBe('');
    expect(found.filter((item) => item.severity === 'error' && item.file !== file)).toEqual([]);
    expect(found.length).toBeLessThanOrEqual(110);
  });

  test('with the line where it begins to be too much', async () => {
    const found = await build({
      'pages/a.wxml': `<view>\n${repeat('<view>\n', 300)}${repeat('</view>', 301)}`,
      'pages/a.json': `{\n"a": ${repeat('[\n', 300)}`,
      'pages/a.wxss': `.x {}\n${repeat('a{\n', 300)}${repeat('}', 300)}`,
    });
    const place = (file: string): unknown => found.find((item) => item.file === file);
    expect(place('pages/a.wxml')).toMatchObject({ code: 'TOO_COMPLEX', line: 201, severity: 'error' });
    expect(place('pages/a.json')).toMatchObject({ code: 'TOO_COMPLEX', line: 201 });
    expect(place('pages/a.wxss')).toMatchObject({ code: 'TOO_COMPLEX', line: 202 });
    expect((place('pages/a.wxml') as Diagnostic).frame).toContain('<view>');
  });

  test('also when style sheets import each other again and again', async () => {
    const sheets = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [
        `s${index}.wxss`,
        `@import 's${index + 1}.wxss'; @import 's${index + 1}.wxss';`,
      ]),
    );
    const found = await build({ ...sheets, 's40.wxss': '.a { color: red }', 'pages/a.wxss': "@import '../s0.wxss';" });
    expect(found).toMatchObject([{ code: 'TOO_COMPLEX', file: 'pages/a.wxss' }]);
  });

  test('one that breaks the compiler costs its own page, and the next build is whole when it is mended', async () => {
    // No limit of ours sees it: the template compiler itself gives up.
    const breaking = `<view>{{${repeat('! ', 1490)}a}}</view>`;
    const deep = Array.from({ length: 900 }, (_, index) => `{{a${index}}}`).join(' ');
    await build({ 'pages/a.wxml': `${breaking}<view>${deep}</view>` });
    project?.write({ 'pages/a.wxml': '<view>mended</view>' });
    const { manifest, services } = (await compiler?.build()) ?? {};
    expect(manifest?.diagnostics).toEqual([]);
    expect(services?.get('')?.templates).toContain('mended');
  });
});

describe('a watched project', () => {
  test('survives what would break a compiler, and mends with the file', async () => {
    project = fixture(onePage(HEALTHY));
    compiler = createCompiler({ dir: project.dir });
    await compiler.build();
    const updates: PackageUpdate[] = [];
    await compiler.watch((update) => updates.push(update));
    const until = async (fits: (update: PackageUpdate) => boolean): Promise<PackageUpdate> => {
      for (;;) {
        const found = updates.find(fits);
        if (found) return found;
        await sleep(20);
      }
    };
    for (const [file, text, mended] of [
      ['pages/a.wxml', nested('<view>', '</view>', 2000), '<view>again</view>'],
      ['pages/a.json', `{"a":${repeat('[', 500_000)}`, '{}'],
      ['app.json', repeat('[', 500_000), HEALTHY['app.json']],
      ['pages/a.js', `Page(${nested('[', ']', 200_000)})`, 'Page({ mended: 1 })'],
    ] as const) {
      updates.length = 0;
      project.write({ [file]: text });
      const broken = await until(({ pkg }) => pkg.manifest.diagnostics.length > 0);
      expect(broken.pkg.manifest.diagnostics[0]).toMatchObject({ file });
      updates.length = 0;
      project.write({ [file]: mended });
      await until(({ pkg }) => pkg.manifest.diagnostics.length === 0);
    }
  });

  test('goes on when a listener throws', async () => {
    project = fixture(onePage(HEALTHY));
    compiler = createCompiler({ dir: project.dir });
    let calls = 0;
    await compiler.build();
    await compiler.watch(() => {
      calls += 1;
      throw new Error('of the listener');
    });
    project.write({ 'pages/good.wxss': '.g { color: blue }' });
    while (calls < 1) await sleep(20);
    project.write({ 'pages/good.wxss': '.g { color: green }' });
    while (calls < 2) await sleep(20);
  });
});

/** Processes that compile this project, by pid. */
function compilersOf(dir: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words.includes(dir) && words.some((word) => word.endsWith('/build-process.ts'));
      } catch {
        return false;
      }
    })
    .map(Number);
}

describe('the process of a compiler', () => {
  const slow = {
    'app.json': '{"pages":["a"]}',
    'a.wxml': repeat('<view a="{{b}}">x</view>', 12_000),
    'a.js': 'Page({})',
  };

  test('that is killed, as by a machine without memory, costs nothing: another one builds the project', async () => {
    project = fixture(slow);
    compiler = createCompiler({ dir: project.dir });
    const { dir } = project;
    const built = compiler.build();
    await expect.poll(() => compilersOf(dir)).toHaveLength(1);
    const [pid] = compilersOf(dir);
    process.kill(pid as number, 'SIGKILL');
    const { manifest } = await built;
    expect(manifest.diagnostics).toEqual([]);
    expect(manifest.packages[0]?.pages).toEqual(['a']);
  });

  test('is gone when the compiler is closed in the middle of a build, and no other one comes', async () => {
    project = fixture(slow);
    compiler = createCompiler({ dir: project.dir });
    const { dir } = project;
    const built = compiler.build().then(
      () => 'built',
      (error: CompilerError) => error.code,
    );
    await expect.poll(() => compilersOf(dir)).toHaveLength(1);
    await compiler.close();
    expect(await built).toBe('CLOSED');
    expect(compilersOf(dir)).toEqual([]);
  });

  test('builds again and again and leaves nothing behind in ours', async () => {
    project = fixture(onePage(HEALTHY));
    compiler = createCompiler({ dir: project.dir });
    const warnings: string[] = [];
    const onWarning = ({ message }: Error): void => void warnings.push(message);
    process.on('warning', onWarning);
    for (let round = 0; round < 12; round++) await compiler.build();
    await sleep(0);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
    expect(compilersOf(project.dir)).toHaveLength(1);
  });

  test('hands over a package that is larger than what a pipe holds', async () => {
    const text = repeat('A line that nobody reads. ', 40_000);
    project = fixture({ ...onePage(HEALTHY), 'pages/a.js': `const text = '${text}'; Page({ text });` });
    compiler = createCompiler({ dir: project.dir });
    const { services } = await compiler.build();
    expect(services.get('')?.modules['pages/a.js']).toContain(text);
  });
});

describe('a compiler that does not come to an end', () => {
  test('is replaced, and the file that it was at is left out by name', async () => {
    project = fixture({
      'app.json': '{"pages":["a"]}',
      'a.wxml': repeat('<view a="{{b}}">x</view>', 75_000),
      'a.js': 'Page({})',
    });
    const builder = createIsolatedBuilder(project.dir, { cpuMs: 700, wallMs: 60_000 });
    const { manifest } = await builder.build();
    await builder.close();
    expect(manifest.diagnostics).toMatchObject([
      { code: 'TOO_COMPLEX', file: 'a.wxml', message: expect.stringContaining('too long') },
    ]);
    const again = createIsolatedBuilder(project.dir);
    const whole = await again.build();
    await again.close();
    expect(whole.manifest.diagnostics).toEqual([]);
  });
});
