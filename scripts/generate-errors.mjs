// Writes docs/errors.md: every error code with its meaning (the comment above it) and its fixes (the hints at the places that
// make it). `--check` only compares and exits with 1 when the file is stale.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './lib.mjs';

const LISTS = [
  ['Set-up (`npm start`, `npm test`, `npm run …`)', 'scripts', undefined],
  ['Command line (`packages/cli`)', 'packages/cli/src', 'errors.ts:CliErrorCode'],
  ['Cloud (`packages/cloud`)', 'packages/cloud/src', 'errors.ts:CloudErrorCode'],
  ['Object router (`packages/router`)', 'packages/router/src', 'errors.ts:RouterErrorCode'],
  ['Tunnel (`packages/tunnel`)', 'packages/tunnel/src', 'errors.ts:TunnelErrorCode'],
  ['Record store (`packages/store`)', 'packages/store/src', 'errors.ts:StoreErrorCode'],
  ['Compiler, wrong use (`packages/compiler`)', 'packages/compiler/src', 'errors.ts:CompilerErrorCode'],
  ['Compiler, findings in a project', 'packages/compiler/src', '../../protocol/src/diagnostics.ts:DIAGNOSTIC_CODES'],
  ['A running mini program', 'packages/protocol/src', 'problems.ts:PROBLEM_CODES'],
  ['Simulator (`packages/simulator`)', 'packages/simulator/src', 'server/errors.ts:SimulatorErrorCode'],
  ['Backends (`@sparrow/sdk/server`)', 'packages/sdk/src', 'server/errors.ts:SparrowSdkErrorCode'],
];

const parse = (file) => ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);

function sources(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .filter((name) => /\.(ts|mjs)$/.test(name) && !name.endsWith('.d.ts'))
    .sort()
    .map((name) => parse(join(root, folder, name)));
}

/** The text of a literal with `…` for what is filled in; undefined when it is no literal. */
function textOf(node) {
  if (!node) return [];
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isTemplateExpression(node))
    return [node.head.text + node.templateSpans.map((span) => `…${span.literal.text}`).join('')];
  if (ts.isConditionalExpression(node)) return [...textOf(node.whenTrue), ...textOf(node.whenFalse)];
  return [];
}

function hintOf(object) {
  if (!object || !ts.isObjectLiteralExpression(object)) return [];
  const property = object.properties.find((entry) => ts.isPropertyAssignment(entry) && entry.name.getText() === 'hint');
  return textOf(property?.initializer);
}

/** code → hints, from `new XError(code, message, {hint})`, `fail(code, cause, fix)` and `{code, …, hint}`. */
function fixesIn(files) {
  const fixes = new Map();
  const add = (code, hints) => fixes.set(code, new Set([...(fixes.get(code) ?? []), ...hints]));
  for (const file of files)
    (function visit(node) {
      if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.arguments?.[0]) {
        const [code, , last] = node.arguments;
        for (const name of textOf(code).filter((text) => /^[A-Z][A-Z0-9]*_?[A-Z0-9_]+$/.test(text)))
          if (ts.isNewExpression(node)) add(name, hintOf(last));
          // fail(code, cause, fix), #problem(code, message, hint) and the like.
          else if (node.arguments.length === 3) add(name, textOf(last));
      }
      // The SDK hands the fix of the server on: `const OF_SERVER = { SERVER_CODE: 'SDK_CODE' }`.
      if (ts.isVariableDeclaration(node) && node.name.getText() === 'OF_SERVER')
        for (const entry of node.initializer.properties)
          for (const name of textOf(entry.initializer))
            add(name, [`the fix of \`${entry.name.getText()}\` of the cloud`]);
      // A table of fixes: `const X_HINTS: Record<XCode, string> = { CODE: 'fix', … }`.
      if (ts.isVariableDeclaration(node) && /_HINTS$/.test(node.name.getText()))
        for (const entry of node.initializer.properties) add(entry.name.getText(), textOf(entry.initializer));
      if (ts.isObjectLiteralExpression(node)) {
        const code = node.properties.find((entry) => ts.isPropertyAssignment(entry) && entry.name.getText() === 'code');
        for (const name of textOf(code?.initializer)) add(name, hintOf(node));
      }
      ts.forEachChild(node, visit);
    })(file);
  return fixes;
}

function commentAbove(node, file) {
  const text = file.getFullText();
  const ranges = ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [];
  // Before the first member of a union the comment belongs to the bar, not to the member.
  const before = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*\|?\s*$/.exec(text.slice(0, node.getStart()))?.[1];
  const own = ranges.length > 0 ? text.slice(ranges.at(-1).pos, ranges.at(-1).end) : undefined;
  return (own ?? before ?? '')
    .replace(/^\/\*\*?|\*\/$|^\s*\*/gm, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** [code, meaning] of a closed union or a list `as const`. */
function codesOf(path, name) {
  const file = parse(path);
  const found = [];
  (function visit(node) {
    if (ts.isTypeAliasDeclaration(node) && node.name.text === name) {
      const members = ts.isUnionTypeNode(node.type) ? node.type.types : [node.type];
      for (const member of members)
        if (ts.isLiteralTypeNode(member)) found.push([member.literal.text, commentAbove(member, file)]);
        else if (member.getText() === 'SessionErrorCode')
          found.push(...codesOf(join(root, 'packages/protocol/src/session.ts'), 'SESSION_ERROR_CODES'));
    } else if (ts.isVariableDeclaration(node) && node.name.getText() === name) {
      for (const entry of node.initializer.expression.elements) found.push([entry.text, commentAbove(entry, file)]);
    } else ts.forEachChild(node, visit);
  })(file);
  return found;
}

const words = (code) => code.toLowerCase().replaceAll('_', ' ');
const cell = (text) =>
  text
    .replaceAll('|', '\\|')
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll('<', '&lt;');

let markdown = `<!-- Made by scripts/generate-errors.mjs from the sources. Do not edit. -->
# Errors

Every error of Sparrow says a code, the cause and the fix. The codes are closed sets; \`…\` is filled in where it happens.
`;
let count = 0;
for (const [title, folder, list] of LISTS) {
  const files = sources(folder).filter((file) => !file.fileName.endsWith('generate-errors.mjs'));
  const fixes = fixesIn(files);
  const [file, name] = list?.split(':') ?? [];
  const path = list && join(root, folder, file);
  if (path && !existsSync(path)) throw new Error(`${path} is gone`);
  const codes = list ? codesOf(path, name) : [...fixes.keys()].map((code) => [code, '']);
  if (codes.length === 0) throw new Error(`no codes were found for ${title}`);
  count += codes.length;
  markdown += `\n## ${title}\n\n| code | meaning | fix |\n| --- | --- | --- |\n`;
  for (const [code, meaning] of codes) {
    const fix = [...(fixes.get(code) ?? [])].map(cell).join('<br>');
    markdown += `| \`${code}\` | ${cell(meaning || words(code))} | ${fix || 'as the message says'} |\n`;
  }
}

const target = join(root, 'docs/errors.md');
const current = existsSync(target) ? readFileSync(target, 'utf8') : '';
if (process.argv.includes('--check')) {
  if (current !== markdown) {
    process.stderr.write('docs/errors.md is stale\n  Fix: node scripts/generate-errors.mjs\n');
    process.exit(1);
  }
} else writeFileSync(target, markdown);
process.stdout.write(`${count} error codes\n`);
