// npm run -s bench -- <name> [--json]: runs one bench and prints its rows; without --json as a table.
import { readdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { installPrograms } from './debian.mjs';
import { fail, requireNode24, root } from './lib.mjs';

requireNode24();
const names = readdirSync(join(root, 'bench'))
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.replace('.bench.ts', ''));
const [name] = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
if (!name || !names.includes(name)) {
  fail(
    'BENCH_UNKNOWN',
    name ? `there is no bench "${name}"` : 'no bench was named',
    `npm run -s bench -- ${names.join(' | ')}`,
  );
}
await import('./build.mjs');
const { run, programs = [] } = await import(`../bench/${name}.bench.ts`);
installPrograms(programs, { say: (text) => process.stderr.write(`${text}\n`), fail });
const before = loadavg()[0];
const rows = await run();
const load = [before, loadavg()[0]];
for (const row of rows) {
  row.load = load;
  row.ratio = row.peer === null ? null : row.ours / row.peer;
  const value = row.aim?.of === 'ratio' ? row.ratio : row.ours;
  row.met = !row.aim ? null : row.aim.op === '<=' ? value <= row.aim.value : value >= row.aim.value;
}
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ rows }, null, 2)}\n`);
else {
  const number = (value) =>
    value === null || value === undefined ? '–' : value >= 100 ? value.toFixed(0) : value.toFixed(2);
  for (const row of rows)
    process.stdout.write(
      `${row.met === true ? '✓' : row.met === false ? '✗' : '·'} ${row.name.padEnd(52)} ${number(row.ours).padStart(9)} ${row.unit.padEnd(8)} peer ${number(row.peer).padStart(9)}  ratio ${number(row.ratio).padStart(7)}${row.aim ? `  aim ${row.aim.of} ${row.aim.op} ${number(row.aim.value)}` : ''}\n${row.note ? `    ${row.note}\n` : ''}`,
    );
  // A miss is a miss; whoever reads it sees how busy the machine was.
  process.stdout.write(`load ${load.map((value) => value.toFixed(2)).join(' → ')}\n`);
}
process.exit(0);
