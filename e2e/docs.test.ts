import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

it('docs/errors.md and its Chinese twin are what the sources say, code by code', () => {
  const run = spawnSync(process.execPath, [join(root, 'scripts/generate-errors.mjs'), '--check'], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
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
