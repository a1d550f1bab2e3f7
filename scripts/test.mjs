// npm test [-- <package> …]: type check, lint, arrows, then unit, contract and end-to-end tests in a real browser.
// The last line is the count; a step that fails counts as a failed test, even if its own count says nothing.
import { join } from 'node:path';
import { installPrograms, programsFor } from './debian.mjs';
import { fail, requireNode24, root, run } from './lib.mjs';

requireNode24();
const only = process.argv.slice(2);
installPrograms(programsFor(only), { say: (text) => process.stderr.write(`${text}\n`), fail });
let passed = 0;
let failed = 0;

async function step(name, args, count) {
  process.stderr.write(`\n── ${name}\n`);
  const started = Date.now();
  const { code, output } = await run(args, { env: { NO_COLOR: '1' } });
  const counted = count?.(output);
  if (counted) {
    passed += counted.passed;
    failed += counted.failed;
  }
  if (!counted) code === 0 ? passed++ : failed++;
  else if (code !== 0 && counted.failed === 0) failed++;
  process.stderr.write(
    `── ${name}: ${code === 0 ? 'ok' : 'FAILED'} in ${Math.round((Date.now() - started) / 1000)} s\n`,
  );
}

/** The totals of Vitest's last lines: `Tests  3 failed | 12 passed (15)`. */
function vitestCount(coloured) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with one
  const output = coloured.replace(/\u001b\[[0-9;]*m/g, '');
  const line = [...output.matchAll(/^\s*Tests\s+(.*)$/gm)].at(-1)?.[1] ?? '';
  const of = (word) => Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1] ?? 0);
  const files = [...output.matchAll(/^\s*Test Files\s+(.*)$/gm)].at(-1)?.[1] ?? '';
  const brokenFiles = Number(/(\d+) failed/.exec(files)?.[1] ?? 0);
  const counted = { passed: of('passed'), failed: of('failed') };
  // A file that does not load has no tests to fail.
  if (counted.failed === 0 && brokenFiles > 0) counted.failed = brokenFiles;
  if (counted.passed + counted.failed === 0) counted.failed = 1;
  return counted;
}

const scripts = join(root, 'scripts');
await step('build', [join(scripts, 'build.mjs')]);
if (only.length === 0) {
  await step('type check', [join(scripts, 'typecheck.mjs')]);
  await step('lint', [
    join(root, 'node_modules/@biomejs/biome/bin/biome'),
    'check',
    '.',
    '--max-diagnostics=30',
    '--diagnostic-level=warn',
  ]);
  await step('arrows', [join(scripts, 'arrows.mjs')]);
  await step('wx coverage', [join(scripts, 'generate-wx-coverage.mjs'), '--check']);
}
// Clusters of real processes, whose faults are timed: one file at a time, or two cores make one cluster wait for the other.
const CLUSTERS = ['packages/router/', 'packages/store/'];
const paths = only.map((name) => (name.includes('/') ? name : name === 'e2e' ? 'e2e' : `packages/${name}/`));
const isCluster = (path) => CLUSTERS.some((folder) => path.startsWith(folder));
const vitest = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--passWithNoTests=false'];
const rest = paths.filter((path) => !isCluster(path));
const clusters = paths.length === 0 ? CLUSTERS : paths.filter(isCluster);
if (paths.length === 0 || rest.length > 0)
  await step(
    'tests',
    [...vitest, ...(paths.length === 0 ? CLUSTERS.map((folder) => `--exclude=${folder}**`) : rest)],
    vitestCount,
  );
if (clusters.length > 0)
  await step('tests of clusters', [...vitest, '--no-file-parallelism', ...clusters], vitestCount);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
