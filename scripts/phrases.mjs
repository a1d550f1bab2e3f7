// Checks the sentences that Sparrow says to people: each one marked with `phrase` has its Chinese in the table of its
// package, with the same values, in full-width punctuation; tables hold nothing that is said nowhere; errors and compile
// findings are not told in English alone, nor is a part of a sentence; and who throws errors has a table. With a folder it
// looks at that one instead of the repository.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { requireNode24, root } from './lib.mjs';

requireNode24();
const home = process.argv[2] ?? root;

/** Classes whose message and hint must be phrases. */
const ERROR_CLASS = /^(Cli|Cloud|Compiler|Simulator|Tunnel|Store|Router)Error$/;
/** Functions that make findings and refusals: which of their arguments is a sentence, or an object with some. */
const TOLD_AT = { createDiagnostic: 1, tooComplex: 1, refusal: 1 };
/** Methods of commander whose texts stand in the help, with which of their arguments that is. */
const HELP_AT = { description: 0, option: 1, requiredOption: 1, argument: 1, version: 2 };

const faults = [];
let count = 0;
for (const table of tables(join(home, 'packages'))) await checkTable(table);
for (const name of readdirSync(join(home, 'packages'))) checkHasTable(join(home, 'packages', name, 'src'));
if (count === 0) faults.push('no phrase was found at all');
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.stdout.write(`${count} phrases\n`);
process.exitCode = faults.length > 0 ? 1 : 0;

/** Every `phrases.zh.ts`; it holds for the folder it is in and those below. */
function tables(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => basename(name) === 'phrases.zh.ts' && !name.includes('node_modules'))
    .map((name) => join(folder, name));
}

async function checkTable(path) {
  const zh = Object.values(await import(pathToFileURL(path)))[0];
  const said = new Map();
  for (const file of sources(dirname(path))) collect(file, said);
  count += said.size;
  const where = relative(home, path);
  for (const [key, place] of said)
    if (!Object.hasOwn(zh, key)) faults.push(`${place}: ${where} lacks ${JSON.stringify(key)}`);
  for (const [key, text] of Object.entries(zh)) {
    if (!said.has(key)) faults.push(`${where}: nobody says ${JSON.stringify(key)}`);
    const values = (sentence) => [...new Set(sentence.match(/\{\d+\}/g))].sort().join();
    if (values(key) !== values(text)) faults.push(`${where}: other values in ${JSON.stringify(text)}`);
    // Code, paths and figures keep their own signs.
    const plain = text.replace(/`[^`]*`|\{\d+\}/g, '');
    if (/[\p{Script=Han}][,;:!?(]|[,;:!?)](?=\p{Script=Han})/u.test(plain))
      faults.push(`${where}: punctuation of half width in ${JSON.stringify(text)}`);
  }
}

/** Sentences of errors need a table to be found in. */
function checkHasTable(folder) {
  if (!existsSync(folder) || tables(folder).length > 0) return;
  for (const path of sources(folder)) {
    const thrown = /^(?!\s*\*).*new (\w+Error)\(/m.exec(readFileSync(path, 'utf8'))?.[1];
    if (thrown && ERROR_CLASS.test(thrown)) faults.push(`${relative(home, path)}: ${thrown}, and no phrases.zh.ts`);
  }
}

function sources(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.ts') && !/\.d\.ts$|\.zh\.ts$/.test(name))
    .map((name) => join(folder, name));
}

/** Notes the sentences of a file, and faults those that are marked nowhere. */
function collect(path, said) {
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const placeOf = (node) => `${relative(home, path)}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
  const isHelp = /from 'commander'/.test(file.text);
  (function visit(node) {
    if (ts.isTaggedTemplateExpression(node) && node.tag.getText() === 'phrase') {
      said.set(keyOf(node.template), placeOf(node));
      for (const part of partsOf(node.template)) faults.push(`${placeOf(part)}: not marked: ${part.getText()}`);
    }
    if (ts.isNewExpression(node)) {
      const name = node.expression.getText();
      if (ERROR_CLASS.test(name))
        for (const text of textsOfError(node)) faults.push(`${placeOf(text)}: not marked: ${text.getText()}`);
      if (name === 'Option' && isHelp) note(node.arguments?.[1]);
      if (name === 'InvalidArgumentError') note(node.arguments?.[0]);
    }
    if (ts.isCallExpression(node) && Object.hasOwn(TOLD_AT, node.expression.getText()))
      for (const text of textsOf(node.arguments[TOLD_AT[node.expression.getText()]]))
        faults.push(`${placeOf(text)}: not marked: ${text.getText()}`);
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && isHelp)
      note(node.arguments[HELP_AT[node.expression.name.text]]);
    // `sub(name, description)` and `add(parent, usage, description)` of the command line make commands.
    if (ts.isCallExpression(node) && isHelp && ['sub', 'add'].includes(node.expression.getText()))
      note(node.arguments[node.expression.getText() === 'sub' ? 1 : 2]);
    ts.forEachChild(node, visit);
  })(file);

  function note(node) {
    if (node && isPlain(node)) said.set(node.text, placeOf(node));
  }
}

function isPlain(node) {
  return ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node);
}

function keyOf(template) {
  if (ts.isNoSubstitutionTemplateLiteral(template)) return template.text;
  return template.head.text + template.templateSpans.map(({ literal }, i) => `{${i}}${literal.text}`).join('');
}

/** Texts of `new XError(code, message, { hint })` that nobody can translate. */
function textsOfError({ arguments: [, message, more] = [] }) {
  return [...bare(message), ...(more && ts.isObjectLiteralExpression(more) ? textsOf(more) : [])];
}

/** A text, or those of an object's `message` and `hint`, that nobody can translate. */
function textsOf(node) {
  if (!node || !ts.isObjectLiteralExpression(node)) return bare(node);
  return node.properties
    .filter((entry) => ts.isPropertyAssignment(entry) && ['message', 'hint'].includes(entry.name.getText()))
    .flatMap(({ initializer }) => bare(initializer));
}

/** Words that stand as text among the values of a sentence; signs and names in them are the same in every language. */
function partsOf(template) {
  if (ts.isNoSubstitutionTemplateLiteral(template)) return [];
  return template.templateSpans.flatMap(({ expression }) =>
    ts.isBinaryExpression(expression)
      ? []
      : bare(expression).filter((text) => isPlain(text) && /[a-z]{2}/i.test(text.text)),
  );
}

function bare(node) {
  if (!node) return [];
  if (ts.isConditionalExpression(node)) return [...bare(node.whenTrue), ...bare(node.whenFalse)];
  if (ts.isBinaryExpression(node)) return [...bare(node.left), ...bare(node.right)];
  if (ts.isParenthesizedExpression(node)) return bare(node.expression);
  return isPlain(node) || ts.isTemplateExpression(node) ? [node] : [];
}
