// Checks the arrows of the house with dependency-cruiser, that it saw the modules at all (with a parser that does not
// fit, it finds nothing to complain about in nothing), and that every package imports what its package.json lists.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib.mjs';

/** Fewer modules than this were not all of them. */
const LEAST_MODULES = 500;

const wrong = [...wrongArrows(), ...unusedDependencies()];
for (const line of wrong) process.stderr.write(`${line}\n`);
process.exit(wrong.length ? 1 : 0);

function wrongArrows() {
  const cruise = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const run = spawnSync(
    process.execPath,
    [cruise, 'packages', 'apps', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'],
    { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  if (!run.stdout) return [run.stderr];
  const { summary } = JSON.parse(run.stdout);
  const errors = summary.violations.filter((violation) => violation.rule.severity === 'error');
  process.stdout.write(`arrows: ${summary.totalCruised} modules, ${errors.length} wrong\n`);
  if (summary.totalCruised < LEAST_MODULES)
    return [`only ${summary.totalCruised} modules were seen, at least ${LEAST_MODULES} were expected`];
  return errors.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);
}

/** Packages that a package.json of ours lists and no file beside it names. Type packages serve without being named. */
function unusedDependencies() {
  const folders = ['packages', 'apps'].flatMap((top) => readdirSync(join(root, top)).map((name) => join(top, name)));
  const unused = [];
  for (const folder of folders.filter((name) => existsSync(join(root, name, 'package.json')))) {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(
      readFileSync(join(root, folder, 'package.json'), 'utf8'),
    );
    const text = sourcesOf(join(root, folder)).join('\n');
    for (const name of Object.keys({ ...dependencies, ...devDependencies }))
      if (!name.startsWith('@types/') && !text.includes(`'${name}'`) && !text.includes(`'${name}/`))
        unused.push(`unused dependency: ${folder} lists ${name}`);
  }
  return unused;
}

function sourcesOf(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ['dist', 'node_modules'].includes(entry.name) ? [] : sourcesOf(path);
    return /\.(ts|tsx|mjs|js)$/.test(entry.name) ? [readFileSync(path, 'utf8')] : [];
  });
}
