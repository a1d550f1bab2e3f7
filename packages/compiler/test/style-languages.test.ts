import { expect, test } from 'vitest';
import { createBuilder } from '../src/build.ts';
import { build, fixture, onePage, summary } from './fixture.ts';

const CONFIG = {
  'project.config.json': JSON.stringify({ setting: { useCompilerPlugins: ['typescript', 'less', 'sass'] } }),
};

/** The sheet of the one page, and what was found. */
async function pageSheet(files: Record<string, string>): Promise<{ css: string; found: string[] }> {
  const pkg = await build(onePage({ ...CONFIG, ...files }));
  return { css: pkg.styles.get('')?.['pages/a'] ?? '', found: summary(pkg) };
}

const squeezed = (css: string): string => css.replace(/;\s*}/g, ' }').replace(/\s+/g, ' ').trim();

test.each([
  [
    'less',
    '@import "../styles/base";\n.box { width: @half; .in { color: fade(@main, 50%); } &:hover { .round(); } }',
    {
      'styles/base.less': '@import (reference) "./more/round.less";\n@main: #ff0000; @half: (750rpx / 2);',
      'styles/more/round.less': '.round() { border-radius: 8rpx; }',
    },
  ],
  [
    'scss',
    '@use "sass:math";\n@import "../styles/base";\n.box { width: $half; .in { color: rgba($main, .5); } &:hover { @include round; } }',
    {
      'styles/_base.scss': '@import "./more/round";\n$main: #ff0000; $half: 750rpx * .5;',
      'styles/more/round.scss': '@mixin round { border-radius: 8rpx; }',
    },
  ],
  [
    'sass',
    '@import "../styles/base"\n.box\n  width: $half\n  .in\n    color: rgba($main, .5)\n  &:hover\n    +round\n',
    {
      'styles/_base.sass': '@import "./more"\n$main: #ff0000\n$half: 375rpx\n',
      'styles/more/_index.sass': '=round\n  border-radius: 8rpx\n',
    },
  ],
])('%s is compiled with what it imports, and rpx works in it', async (suffix, text, files) => {
  const { css, found } = await pageSheet({ [`pages/a.${suffix}`]: text, ...files });
  expect(found).toEqual([]);
  const one = squeezed(css);
  expect(one).toContain('.box { width: calc(var(--rpx) * 375)');
  expect(one).toMatch(/\.box \.in \{ color: rgba\(255, 0, 0, 0?\.5\)/);
  expect(one).toContain('.box:hover { border-radius: calc(var(--rpx) * 8)');
});

test.each([
  ['less', '@import "../styles/all";\n.b { color: blue }'],
  ['scss', '@import "../styles/all";\n.b { color: blue }'],
])('a .wxss that %s imports is written out in front, from wherever it is named', async (suffix, text) => {
  const { css, found } = await pageSheet({
    [`pages/a.${suffix}`]: text,
    [`styles/all.${suffix}`]: '@import "./plain.wxss";\n.m { color: green }',
    'styles/plain.wxss': '@import "deeper/c";\n.p { width: 2rpx; background: url(./x.png) }',
    'styles/deeper/c.wxss': '.c { color: red }',
    'styles/x.png': '',
  });
  expect(found).toEqual([]);
  expect(squeezed(css)).toBe(
    '.c { color: red } .p { width: calc(var(--rpx) * 2); background: url("sparrow-asset:/styles/x.png") } .m { color: green } .b { color: blue }',
  );
});

test('a .wxss may import a sheet in another language, and app.less reaches every page', async () => {
  const pkg = await build(
    onePage({
      ...CONFIG,
      'pages/a.wxss': '@import "./part.less";\n.a { color: red }',
      'pages/part.less': '@c: green; .part { color: @c }',
      'app.less': '@c: blue; page { color: @c }',
    }),
  );
  expect(summary(pkg)).toEqual([]);
  expect(squeezed(pkg.styles.get('')?.['pages/a'] ?? '')).toBe('.part { color: green } .a { color: red }');
  expect(pkg.styles.get('')?.app).toContain('color: blue');
});

test('a fault is told where it stands, in an import, too', async () => {
  const base = { 'pages/a.wxml': '<view/>' };
  expect((await pageSheet({ ...base, 'pages/a.less': '.a {\n  width: @gone;\n}' })).found).toEqual([
    'WXSS_SYNTAX pages/a.less:2:10',
  ]);
  expect((await pageSheet({ ...base, 'pages/a.less': '.a { width: 1px' })).found).toEqual([
    expect.stringMatching(/^WXSS_SYNTAX pages\/a\.less:1:/),
  ]);
  expect((await pageSheet({ ...base, 'pages/a.less': '\n@import "./lost";' })).found).toEqual([
    expect.stringMatching(/^WXSS_SYNTAX pages\/a\.less:2:/),
  ]);
  expect(
    (await pageSheet({ ...base, 'pages/a.scss': '@import "b";', 'pages/b.scss': '.a {\n  width: $gone;\n}' })).found,
  ).toEqual(['WXSS_SYNTAX pages/b.scss:2:10']);
  // What is found in the CSS afterwards.
  expect(
    (
      await pageSheet({
        ...base,
        'pages/a.less': '@import "./b";',
        'pages/b.less': '@x: 1px;\n\n.a {\n  .b { background: url(./no.png); }\n}',
      })
    ).found,
  ).toEqual(['FILE_MISSING pages/b.less:4:8']);
  expect(
    (await pageSheet({ ...base, 'pages/a.scss': '$x: 1px;\n.a {\n  .b { background: url(./no.png); }\n}' })).found,
  ).toEqual(['FILE_MISSING pages/a.scss:3:8']);
});

test('nothing outside of the project is read, and no code of a sheet runs', async () => {
  const secret = { 'secret.less': '.secret { color: red }', 'secret.scss': '.secret { color: red }' };
  const root = {
    'project.config.json': JSON.stringify({
      miniprogramRoot: 'mini/',
      setting: { useCompilerPlugins: ['less', 'sass'] },
    }),
  };
  const inMini = (files: Record<string, string>) =>
    Object.fromEntries(Object.entries(onePage(files)).map(([path, text]) => [`mini/${path}`, text]));
  for (const [suffix, text] of [
    ['less', '@import "../../secret.less"; .a { b: data-uri("/etc/hostname") }'],
    ['less', '@import (inline) "/etc/hostname";'],
    ['less', '@plugin "./evil"; .a { width: evil() }'],
    ['less', '@x: `process.pid`; .a { width: @x }'],
    ['scss', '@import "../../secret";'],
    ['scss', '@use "file:///etc/hostname";'],
  ] as const) {
    const pkg = await build({
      ...secret,
      ...root,
      ...inMini({
        [`pages/a.${suffix}`]: text,
        'pages/evil.js': 'module.exports = { install(l, m, f) { f.add("evil", () => "EVIL") } }',
      }),
    });
    const css = pkg.styles.get('')?.['pages/a'] ?? '';
    expect([text, css]).toEqual([text, expect.not.stringMatching(/secret|EVIL|\d{3,}/)]);
    expect([text, pkg.manifest.diagnostics.length > 0]).toEqual([text, true]);
  }
});

test('a change of an import is seen, and one of something else compiles nothing again', async () => {
  using project = fixture(
    onePage({ ...CONFIG, 'pages/a.less': '@import "./v";\n.a { color: @c }', 'pages/v.less': '@c: red;' }),
  );
  const compiled: string[] = [];
  const builder = createBuilder(project.dir, { outcasts: [], onFile: ({ path }) => compiled.push(path) });
  const colour = async (): Promise<string | undefined> =>
    /color: (\w+)/.exec((await builder.build()).styles.get('')?.['pages/a'] ?? '')?.[1];
  expect(await colour()).toBe('red');
  project.write({ 'pages/v.less': '@c: blue;' });
  expect(await colour()).toBe('blue');
  compiled.length = 0;
  project.write({ 'pages/a.wxml': '<view>other</view>' });
  expect(await colour()).toBe('blue');
  expect(compiled).toEqual(['pages/a.wxml']);
  project.remove('pages/v.less');
  expect(await colour()).toBeUndefined();
  project.write({ 'pages/v.less': '@c: green;' });
  expect(await colour()).toBe('green');
});

test('a listed language comes before .wxss, and one that is not listed stands in for it with a warning', async () => {
  const files = { 'pages/a.less': '.less { color: red }', 'pages/a.wxss': '.wxss { color: red }' };
  expect((await pageSheet(files)).css).toContain('.less');
  const unlisted = await build(onePage(files));
  expect(unlisted.styles.get('')?.['pages/a']).toContain('.wxss');
  expect(summary(unlisted)).toEqual([]);
  const alone = await build(onePage({ 'pages/a.less': '.less { color: red }' }));
  expect(alone.styles.get('')?.['pages/a']).toContain('.less');
  expect(alone.manifest.diagnostics).toMatchObject([
    { code: 'PLUGIN_NOT_LISTED', severity: 'warning', file: 'pages/a.less' },
  ]);
});

test('what no language ends with costs its page and not the build', async () => {
  const { found } = await pageSheet({ 'pages/a.less': '.m() { .m(); } .a { .m(); }' });
  expect(found.length).toBeGreaterThan(0);
  expect(found.every((finding) => finding.includes('pages/a.less'))).toBe(true);
});
