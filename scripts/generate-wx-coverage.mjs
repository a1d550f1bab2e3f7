// Writes docs/wx-coverage.md: every function of the official typings, whether Sparrow has it, and the test that proves it.
// A function counts as implemented when the logic layer has it; it must then be named (`wx.<function>`) by a test.
// `--check` writes nothing and fails when the table is stale or an implemented function has no test.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './lib.mjs';

const testFolder = join(root, 'packages/runtime/test/wx');
const target = join(root, 'docs/wx-coverage.md');
const check = process.argv.includes('--check');
const TEST_CALLS = new Set(['it', 'test', 'describe', 'inBothModes']);

const all = await functionNames();
const tests = testNames();
const implemented = await implementedNames();

const untested = all.filter((name) => implemented.has(name) && !tests.has(name));
const unknown = [...tests.keys()].filter((name) => !all.includes(name) && !implemented.has(name));
const stubsTested = [...tests.keys()].filter((name) => all.includes(name) && !implemented.has(name));
const text = table();

let failed = false;
const fail = (message) => {
  failed = true;
  process.stderr.write(`${message}\n`);
};
if (untested.length > 0) fail(`implemented but named by no test of packages/runtime/test/wx: ${untested.join(', ')}`);
if (unknown.length > 0) fail(`named by a test, but no function of wx: ${unknown.join(', ')}`);
if (stubsTested.length > 0) fail(`named by a test as wx.<function>: …, but not implemented: ${stubsTested.join(', ')}`);
if (!check) writeFileSync(target, text);
else if (readOr(target) !== text) fail('docs/wx-coverage.md is stale: run node scripts/generate-wx-coverage.mjs');
process.stdout.write(`${count()} of ${all.length} functions\n`);
process.exitCode = failed ? 1 : 0;

function count() {
  return all.filter((name) => implemented.has(name) && tests.has(name)).length;
}

async function functionNames() {
  const { WX_FUNCTIONS } = await import('../packages/runtime/src/service/wx/functions.generated.ts');
  return WX_FUNCTIONS;
}

/** Names before the first colon of a test's name → the files that have it. Skipped tests prove nothing. */
function testNames() {
  const found = new Map();
  for (const file of readdirSync(testFolder).filter((name) => name.endsWith('.test.ts'))) {
    const source = ts.createSourceFile(file, readFileSync(join(testFolder, file), 'utf8'), ts.ScriptTarget.Latest);
    const visit = (node) => {
      if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && TEST_CALLS.has(node.expression.text)) {
        const [title] = node.arguments;
        if (title && ts.isStringLiteralLike(title)) {
          const names = /^((?:wx\.\w+ ?)+):/.exec(title.text)?.[1] ?? '';
          for (const [, name] of names.matchAll(/wx\.(\w+)/g))
            found.set(name, (found.get(name) ?? new Set()).add(file));
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

/** Asks the domains of `packages/runtime/src/wx`: what their service halves give is implemented. */
async function implementedNames() {
  const domains = await import('../packages/runtime/src/service/wx/domains.ts');
  return domains.implementedNames();
}

function readOr(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function table() {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/miniprogram-api-typings/package.json'), 'utf8'));
  const rows = all.map((name) => {
    const proved = implemented.has(name) && tests.has(name);
    const files = proved ? [...tests.get(name)].sort().map((file) => `\`${file}\``) : [];
    return `| \`wx.${name}\` | ${proved ? 'implemented' : 'stub'} | ${files.join(', ')} |`;
  });
  return `<!-- Made by scripts/generate-wx-coverage.mjs from the tests. Do not edit. -->
# wx.* coverage

${count()} of ${all.length} functions of miniprogram-api-typings ${version} are implemented. A function counts when a test in
\`packages/runtime/test/wx\` that carries its name asserts its effect, its failures and its \`errMsg\`, in both modes. All others
are stubs: they fail with \`<function>:fail not supported\`, objects made by \`create…\` and \`get…Manager\` do nothing, and every
call is reported to the developer as \`API_NOT_SUPPORTED\`.

## Known limits of implemented functions

- \`uploadFile\`, \`downloadFile\`: progress is told at the start or end, not in between.
- \`getFileSystemManager\`: sync calls read files the program wrote; files of the package and temporary files are read by the
  asynchronous calls.
- \`compressImage\` and \`compressVideo\` give the same file. \`saveImageToPhotosAlbum\` and \`saveVideoToPhotosAlbum\` say so on
  the phone and save nothing.
- \`showShareMenu\`, \`hideShareMenu\`, \`updateShareMenu\` check their parameters and change nothing in the phone's menu.
- \`getPerformance\` has a clock and no entries.
- Simulated, set in the phone's ••• menu: position, battery, sensors, weak network, screen recording. Samples that their user can
  edit: contacts, addresses, invoices, number plates. Made up: the places around, brightness, benchmark, LAN address, the other
  mini program of \`navigateToMiniProgram\`. Without a microphone a recorder records a tone.

| Function | Status | Test |
| --- | --- | --- |
${rows.join('\n')}
`;
}
