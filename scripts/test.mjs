// npm test [-- <package> …]: type check, lint, arrows, then unit, contract and end-to-end tests in a real browser.
// The last line is the count; a step that fails counts as a failed test, even if its own count says nothing. Skipped
// tests are named before it; with CI=true one that scripts/skips.mjs does not expect counts as failed.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPrograms, programsFor } from './debian.mjs';
import { fail, requireNode24, root, run } from './lib.mjs';
import { skipsOf } from './skips.mjs';

requireNode24();
const only = process.argv.slice(2);
installPrograms(programsFor(only), { say: (text) => process.stderr.write(`${text}\n`), fail });
const reports = mkdtempSync(join(tmpdir(), 'sparrow-reports-'));
let passed = 0;
let failed = 0;
const skips = [];

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

/** Runs Vitest; its tests are counted and its skips collected from the report it writes. */
async function tests(name, args) {
  const file = join(reports, `${name}.json`);
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  await step(name, [vitest, 'run', '--passWithNoTests=false', ...reporters, ...args], () => {
    try {
      const report = JSON.parse(readFileSync(file, 'utf8'));
      skips.push(...skipsOf(report, root));
      // A file that does not load has no tests to fail.
      const broken = report.testResults.filter(({ status, assertionResults }) => {
        return status === 'failed' && !assertionResults.some((result) => result.status === 'failed');
      });
      const ran = report.numPassedTests + report.numFailedTests > 0;
      return { passed: report.numPassedTests, failed: ran ? report.numFailedTests + broken.length : 1 };
    } catch {
      return { passed: 0, failed: 1 };
    }
  });
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
  await step('component coverage', [join(scripts, 'generate-component-coverage.mjs'), '--check']);
}
// Clusters of real processes, whose faults are timed: one file at a time, or two cores make one cluster wait for the
// other.
const CLUSTERS = ['packages/router/', 'packages/store/'];
const paths = only.map((name) => (name.includes('/') ? name : name === 'e2e' ? 'e2e' : `packages/${name}/`));
const isCluster = (path) => CLUSTERS.some((folder) => path.startsWith(folder));
const rest = paths.filter((path) => !isCluster(path));
const clusters = paths.length === 0 ? CLUSTERS : paths.filter(isCluster);
if (paths.length === 0 || rest.length > 0)
  await tests('tests', paths.length === 0 ? CLUSTERS.map((folder) => `--exclude=${folder}**`) : rest);
if (clusters.length > 0) await tests('tests of clusters', ['--no-file-parallelism', ...clusters]);
rmSync(reports, { recursive: true, force: true });

for (const { line, expected } of skips) process.stdout.write(`${line}${expected ? '' : ': NOT EXPECTED'}\n`);
const unexpected = skips.filter((skip) => !skip.expected).length;
if (process.env.CI === 'true') failed += unexpected;
process.stdout.write(`${skips.length} skipped, ${unexpected} of them not expected\n`);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
