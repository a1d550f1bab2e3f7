// Type checks the four kinds of code with the globals each kind really has: Node, browser, logic Worker, tests.
import { join } from 'node:path';
import { requireNode24, root, run } from './lib.mjs';

requireNode24();
let failed = false;
for (const project of ['node', 'browser', 'service', 'tests']) {
  const { code } = await run([
    join(root, 'node_modules/typescript/bin/tsc'),
    '-p',
    `tsconfig.${project}.json`,
    '--pretty',
    'false',
  ]);
  failed ||= code !== 0;
}
process.exit(failed ? 1 : 0);
