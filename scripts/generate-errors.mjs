// Writes docs/errors.md: every error code with its meaning (the comment above it) and its fixes (the hints at the
// places that make it), and docs/errors.zh-CN.md from the Chinese catalogues. `--check` only compares and exits with 1
// when one is stale.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { requireNode24, root } from './lib.mjs';

requireNode24();

/** Title in English and Chinese, folder, the closed set of codes, and the Chinese catalogue. */
const LISTS = [
  [
    'Set-up (`npm start`, `npm test`, `npm run …`)',
    '安装与启动（`npm start`、`npm test`、`npm run …`）',
    'scripts',
    undefined,
    'scripts/errors.zh.mjs:SCRIPT_ERRORS_ZH',
  ],
  ['Command line (`packages/cli`)', '命令行（`packages/cli`）', 'packages/cli/src', 'errors.ts:CliErrorCode'],
  ['Cloud (`packages/cloud`)', '云（`packages/cloud`）', 'packages/cloud/src', 'errors.ts:CloudErrorCode'],
  [
    'Object router (`packages/router`)',
    '对象路由（`packages/router`）',
    'packages/router/src',
    'errors.ts:RouterErrorCode',
  ],
  ['Tunnel (`packages/tunnel`)', '信道（`packages/tunnel`）', 'packages/tunnel/src', 'errors.ts:TunnelErrorCode'],
  ['Record store (`packages/store`)', '记录存储（`packages/store`）', 'packages/store/src', 'errors.ts:StoreErrorCode'],
  [
    'Compiler, wrong use (`packages/compiler`)',
    '编译器的使用（`packages/compiler`）',
    'packages/compiler/src',
    'errors.ts:CompilerErrorCode',
  ],
  [
    'Compiler, findings in a project',
    '编译器在项目中发现的问题',
    'packages/compiler/src',
    '../../protocol/src/diagnostics.ts:DIAGNOSTIC_CODES',
    'packages/protocol/src/chinese.ts:DIAGNOSTICS_ZH',
  ],
  [
    'A running mini program',
    '运行中的小程序',
    'packages/protocol/src',
    'problems.ts:PROBLEM_CODES',
    'packages/protocol/src/chinese.ts:PROBLEMS_ZH',
  ],
  [
    'Simulator (`packages/simulator`)',
    '模拟器（`packages/simulator`）',
    'packages/simulator/src',
    'server/errors.ts:SimulatorErrorCode',
  ],
  [
    'Backends (`@sparrow/sdk/server`)',
    '后端（`@sparrow/sdk/server`）',
    'packages/sdk/src',
    'server/errors.ts:SparrowSdkErrorCode',
  ],
];

/**
 * The Chinese catalogue: beside the codes, `errors.zh.ts` with the one constant that it exports, unless it is named.
 */
async function chineseOf(folder, list, named) {
  const [file, name] = named?.split(':') ?? [`${folder}/${list.split(':')[0].replace(/\.ts$/, '.zh.ts')}`];
  const module = await import(pathToFileURL(join(root, file)));
  return name === undefined ? Object.values(module)[0] : module[name];
}

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
  if (ts.isTaggedTemplateExpression(node)) return textOf(node.template);
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

const plain = (code) => code.toLowerCase().replaceAll('_', ' ');
const cell = (text) =>
  text
    .replaceAll('|', '\\|')
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll('<', '&lt;');

const NOTICE = '<!-- Made by scripts/generate-errors.mjs from the sources. Do not edit. -->';
let english = `${NOTICE}
# Errors

[中文](errors.zh-CN.md)

Every error of Sparrow says a code, the cause and the fix. The codes are closed sets; \`…\` is filled in where it happens.
`;
let chinese = `${NOTICE}
# 错误码

[English](errors.md)

Sparrow 的每个错误都包含错误码、原因和解决办法。系统语言为中文时，控制台、模拟手机和命令行以中文说明当次的情况；没有相应译文时显示下面的说明，并附上英文详情。
`;
let count = 0;
for (const [title, chineseTitle, folder, list, named] of LISTS) {
  const files = sources(folder).filter((file) => !/(generate-errors|errors\.zh)\.m?[jt]s$/.test(file.fileName));
  const fixes = fixesIn(files);
  const [file, name] = list?.split(':') ?? [];
  const path = list && join(root, folder, file);
  if (path && !existsSync(path)) throw new Error(`${path} is gone`);
  const codes = list ? codesOf(path, name) : [...fixes.keys()].map((code) => [code, '']);
  if (codes.length === 0) throw new Error(`no codes were found for ${title}`);
  count += codes.length;
  const words = await chineseOf(folder, list, named);
  compare(
    title,
    codes.map(([code]) => code),
    Object.keys(words),
  );
  english += `\n## ${title}\n\n| code | meaning | fix |\n| --- | --- | --- |\n`;
  chinese += `\n## ${chineseTitle}\n\n| 错误码 | 含义 | 解决办法 |\n| --- | --- | --- |\n`;
  for (const [code, meaning] of codes) {
    const fix = [...(fixes.get(code) ?? [])].map(cell).join('<br>');
    english += `| \`${code}\` | ${cell(meaning || plain(code))} | ${fix || 'as the message says'} |\n`;
    chinese += `| \`${code}\` | ${cell(words[code].meaning)} | ${cell(words[code].fix)} |\n`;
  }
}

/** Both languages have the same codes, none more and none fewer. */
function compare(title, codes, translated) {
  const missing = codes.filter((code) => !translated.includes(code));
  const gone = translated.filter((code) => !codes.includes(code));
  if (missing.length === 0 && gone.length === 0) return;
  process.stderr.write(
    `${title}: the Chinese catalogue lacks ${missing.join(', ') || 'nothing'} and has too many: ${gone.join(', ') || 'none'}\n`,
  );
  process.exit(1);
}

for (const [name, markdown] of [
  ['docs/errors.md', english],
  ['docs/errors.zh-CN.md', chinese],
]) {
  const target = join(root, name);
  if (!process.argv.includes('--check')) writeFileSync(target, markdown);
  else if (!existsSync(target) || readFileSync(target, 'utf8') !== markdown) {
    process.stderr.write(`${name} is stale\n  Fix: node scripts/generate-errors.mjs\n`);
    process.exit(1);
  }
}
process.stdout.write(`${count} error codes\n`);
