import type { Diagnostic } from '@sparrow/protocol';
import postcss, { type AtRule, type ChildNode, CssSyntaxError, type Root, type Rule } from 'postcss';
import valueParser from 'postcss-value-parser';
import { createDiagnostic } from '../diagnostics.ts';
import { dirname, resolvePath } from '../paths.ts';
import type { SourceFile } from '../project/source-tree.ts';
import { type SelectorScope, scopeSelector } from './selectors.ts';
import { ASSET_PREFIX, convertMediaRpx, convertRpx, convertUrls } from './values.ts';

export interface SheetImport {
  /** Project path with suffix; undefined when it climbs out of the project. */
  path: string | undefined;
  literal: string;
  /** Media query of the import, `""` without one. */
  media: string;
  offset: number;
}

/** One compiled WXSS file: its own rules and its imports, in order. */
export interface Sheet {
  parts: (string | SheetImport)[];
  marker: boolean;
  host: boolean;
  /** Project files that it shows, with the place of the url. */
  assets: { path: string; offset: number }[];
  diagnostics: Diagnostic[];
}

/** Compiles one file without its imports. A syntax error gives an empty sheet with a diagnostic. */
export function compileSheet(file: SourceFile, scope: SelectorScope): Sheet {
  const sheet: Sheet = { parts: [], marker: false, host: false, assets: [], diagnostics: [] };
  const root = parseSheet(file, sheet);
  if (!root) return sheet;
  convertDeclarations(root, file, sheet);
  root.walkRules((rule) => convertRule(rule, file, scope, sheet));
  root.walkAtRules('media', (rule) => {
    rule.params = convertMediaRpx(rule.params);
  });
  collectParts(root, file, sheet);
  return sheet;
}

function parseSheet(file: SourceFile, sheet: Sheet): Root | undefined {
  try {
    return postcss.parse(blankLineComments(file, sheet), { map: false });
  } catch (error) {
    if (!(error instanceof CssSyntaxError)) throw error;
    sheet.diagnostics.push(
      createDiagnostic(file, {
        code: 'WXSS_SYNTAX',
        message: error.reason,
        hint: 'correct the style sheet at this place; until then none of its rules applies',
        at: { line: error.line ?? 1, column: error.column ?? 1 },
      }),
    );
    return undefined;
  }
}

/** Comments, strings and urls, which may hold `//`; last a line comment with what stands before it. */
const LINE_COMMENTS = /\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|url\([^)]*\)|(^|[\s;{}])\/\/[^\n]*/g;

/** CSS has no line comments, and one hides the rule after it. They are frequent, so they get lost here instead. */
function blankLineComments(file: SourceFile, sheet: Sheet): string {
  let first: number | undefined;
  const text = file.text.replace(LINE_COMMENTS, (token, before: string | undefined, offset: number) => {
    if (before === undefined) return token;
    first ??= offset + before.length;
    return before.padEnd(token.length);
  });
  if (first !== undefined) {
    sheet.diagnostics.push(
      createDiagnostic(file, {
        code: 'WXSS_SYNTAX',
        severity: 'warning',
        message: 'a style sheet has no line comments',
        hint: 'write /* … */: the official tool refuses // or drops the rule after it',
        at: first,
      }),
    );
  }
  return text;
}

function convertDeclarations(root: Root, file: SourceFile, sheet: Sheet): void {
  root.walkDecls((declaration) => {
    const offset = declaration.source?.start?.offset ?? 0;
    declaration.value = convertUrls(convertRpx(declaration.value), (url) => {
      if (/^([a-z][a-z0-9+.-]*:|\/\/|#)/i.test(url) || url === '') return undefined;
      const [name = '', fragment] = url.replace(/\?[^#]*/, '').split('#');
      const path = resolvePath(dirname(file.path), safeDecode(name));
      if (path === undefined) {
        sheet.diagnostics.push(outside(file, url, offset, 'warning'));
        return undefined;
      }
      sheet.assets.push({ path, offset });
      return `${ASSET_PREFIX}${path}${fragment && name.endsWith('.svg') ? `#${fragment}` : ''}`;
    });
  });
}

function safeDecode(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}

function convertRule(rule: Rule, file: SourceFile, scope: SelectorScope, sheet: Sheet): void {
  if (rule.parent?.type === 'atrule' && /keyframes$/i.test((rule.parent as AtRule).name)) return;
  try {
    const scoped = scopeSelector(rule.selector, scope);
    rule.selector = scoped.selector;
    sheet.marker ||= scoped.marker;
    sheet.host ||= scoped.host;
  } catch (error) {
    sheet.diagnostics.push(
      createDiagnostic(file, {
        code: 'WXSS_SELECTOR',
        severity: 'warning',
        message: `the selector ${rule.selector} cannot be read: ${error instanceof Error ? error.message : error}`,
        hint: 'correct the selector; until then its rule is left out',
        at: rule.source?.start?.offset,
      }),
    );
    rule.remove();
  }
}

/** Splits the sheet at its imports, which the original takes anywhere at the top level. */
function collectParts(root: Root, file: SourceFile, sheet: Sheet): void {
  let pending: ChildNode[] = [];
  const flush = () => {
    if (pending.length > 0) sheet.parts.push(pending.map((node) => text(node)).join('\n'));
    pending = [];
  };
  for (const node of root.nodes) {
    if (node.type === 'comment' || (node.type === 'atrule' && node.name.toLowerCase() === 'charset')) continue;
    if (node.type !== 'atrule' || node.name.toLowerCase() !== 'import') {
      pending.push(node);
      continue;
    }
    flush();
    const found = readImport(node, file);
    if (found) sheet.parts.push(found);
  }
  flush();
}

function text(node: ChildNode): string {
  const css = node.toString();
  // A declaration or an at-rule without a block loses its semicolon when printed alone.
  return css.endsWith('}') ? css : `${css};`;
}

function readImport(rule: AtRule, file: SourceFile): SheetImport | undefined {
  const [first, ...rest] = valueParser(rule.params).nodes;
  const inner = first?.type === 'function' && first.value === 'url' ? first.nodes[0] : first;
  if (inner?.type !== 'string' && inner?.type !== 'word') return undefined;
  const literal = inner.value;
  const target = /\.\w+$/.test(literal) ? literal : `${literal}.wxss`;
  return {
    path: resolvePath(dirname(file.path), target),
    literal,
    media: convertMediaRpx(valueParser.stringify(rest).trim()),
    offset: rule.source?.start?.offset ?? 0,
  };
}

export function outside(
  file: SourceFile,
  literal: string,
  at: number,
  severity: Diagnostic['severity'] = 'error',
): Diagnostic {
  return createDiagnostic(file, {
    code: 'PATH_OUTSIDE_PROJECT',
    severity,
    message: `the path climbs out of the project: ${literal}`,
    hint: 'use a path below the root of the mini program',
    at,
  });
}
