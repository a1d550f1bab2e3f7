import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { writeTree } from '@sparrow/testkit';
import { expect, it, onTestFinished } from 'vitest';

const root = join(import.meta.dirname, '..');

it('docs/errors.md and its Chinese twin are what the sources say, code by code', () => {
  const run = spawnSync(process.execPath, [join(root, 'scripts/generate-errors.mjs'), '--check'], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
});

it('every sentence for people has its Chinese, with the same values and full-width punctuation', () => {
  const run = spawnSync(process.execPath, [join(root, 'scripts/phrases.mjs')], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
});

it('the look at sentences finds what is wrong with them', async () => {
  const home = await mkdtemp(join(tmpdir(), 'sparrow-phrases-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  await writeTree(home, {
    'packages/a/src/phrases.zh.ts': `export const A: Record<string, string> = {
      'right {0}': '正确 {0}',
      'other {0}': '其他 {1}',
      'half': '半角,标点',
      'gone': '没有人说',
    };`,
    'packages/a/src/a.ts': `
      say(phrase\`right \${1}\`, phrase\`other \${2}\`, phrase\`half\`);
      say(phrase\`missing \${3}\`);
      throw new CloudError('X', phrase\`right \${4}\`, { hint: 'plain' });
      createDiagnostic(file, { message: 'found', hint: phrase\`right \${5}\` });
      throw refusal('X', 'refused');
      say(phrase\`right \${six ? 'six' : phrase\`half\`}\`);`,
    'packages/b/src/b.ts': "throw new StoreError('X', phrase`unheard`, { hint: HINT });",
  });
  const run = spawnSync(process.execPath, [join(root, 'scripts/phrases.mjs'), home], { encoding: 'utf8' });
  expect(run.status).toBe(1);
  expect(run.stderr.trim().split('\n').sort()).toEqual([
    expect.stringMatching(/a\.ts:3: .* lacks "missing \{0\}"/),
    expect.stringMatching(/a\.ts:4: not marked: 'plain'/),
    expect.stringMatching(/a\.ts:5: not marked: 'found'/),
    expect.stringMatching(/a\.ts:6: not marked: 'refused'/),
    expect.stringMatching(/a\.ts:7: not marked: 'six'/),
    expect.stringMatching(/nobody says "gone"/),
    expect.stringMatching(/other values in "其他 \{1\}"/),
    expect.stringMatching(/half width in "半角,标点"/),
    expect.stringMatching(/b\.ts: StoreError, and no phrases\.zh\.ts/),
  ]);
});

// Pictures are not links: docs/console.png is added by hand.
it('links of the READMEs and docs lead to files that exist', () => {
  const documents = [
    ...readdirSync(root).filter((name) => /^(README|CONTRIBUTING).*\.md$/.test(name)),
    ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', name)),
  ];
  const dead = documents.flatMap((document) => {
    const text = readFileSync(join(root, document), 'utf8').replace(/```[\s\S]*?```|`[^`\n]*`/g, '');
    return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target.split('#')[0] ?? '')
      .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
      .filter((target) => !existsSync(resolve(root, dirname(document), target)))
      .map((target) => `${document}: ${target}`);
  });
  expect(dead).toEqual([]);
});

it('commands in the blocks of READMEs and docs can be typed: `sparrow` is no program on the PATH', () => {
  const documents = [
    ...['packages', 'examples', 'apps'].flatMap((folder) =>
      readdirSync(join(root, folder)).map((name) => join(folder, name, 'README.md')),
    ),
    ...readdirSync(root).filter((name) => /^(README|CONTRIBUTING).*\.md$/.test(name)),
    ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', name)),
  ].filter((document) => existsSync(join(root, document)));
  const bare = documents.flatMap((document) =>
    [...readFileSync(join(root, document), 'utf8').matchAll(/```[\s\S]*?```/g)].flatMap(([block]) =>
      block
        .split('\n')
        .filter((line) => /^\s*(\$ )?sparrow [a-z]/.test(line))
        .map((line) => `${document}: ${line.trim()}`),
    ),
  );
  expect(documents.length).toBeGreaterThan(15);
  expect(bare).toEqual([]);
});
