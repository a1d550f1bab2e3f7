// Checks the arrows of the house with dependency-cruiser, and that it saw the modules at all: with a parser that does not
// fit, it finds nothing to complain about in nothing.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './lib.mjs';

const run = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
    'packages',
    'apps',
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'json',
  ],
  { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 },
);
if (!run.stdout) {
  process.stderr.write(run.stderr);
  process.exit(1);
}
const { summary } = JSON.parse(run.stdout);
const errors = summary.violations.filter((v) => v.rule.severity === 'error');
for (const v of errors) process.stderr.write(`${v.rule.name}: ${v.from} -> ${v.to}\n`);
const least = 20;
if (summary.totalCruised < least) {
  process.stderr.write(`only ${summary.totalCruised} modules were seen, at least ${least} were expected\n`);
  process.exit(1);
}
process.stdout.write(`arrows: ${summary.totalCruised} modules, ${errors.length} wrong\n`);
process.exit(errors.length ? 1 : 0);
