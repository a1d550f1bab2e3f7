// npm run soak -- <package> …: the tests of packages with their whole fault matrices; without a seed, since nothing is sampled.
import { join } from 'node:path';
import { installPrograms, programsFor } from './debian.mjs';
import { fail, requireNode24, root, run } from './lib.mjs';

requireNode24();
const only = process.argv.slice(2);
if (only.length === 0) fail('SOAK_UNNAMED', 'no package was named', 'npm run soak -- store');
installPrograms(programsFor(only), { say: (text) => process.stderr.write(`${text}\n`), fail });
const { code } = await run(
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--testTimeout=600000',
    // Two clusters at once on two cores make each other late, and a soak is of their faults.
    '--no-file-parallelism',
    ...only.map((name) => (name.includes('/') ? name : `packages/${name}/`)),
  ],
  { env: { NO_COLOR: '1', SPARROW_SOAK: '1' } },
);
process.exit(code);
