import type { Diagnostic } from '@sparrow/protocol';
import type { AtRule, ChildNode, Root, Rule } from 'postcss';
import valueParser from 'postcss-value-parser';
import { createDiagnostic, type SourceText } from '../diagnostics.ts';
import { phrase } from '../phrase.ts';
import type { SourceFile } from '../project/source-tree.ts';
import { type Reference, referenceTo } from '../references.ts';
import type { CssSource } from './languages/css-sources.ts';
import { parseSheet } from './parse.ts';
import { type SelectorScope, scopeSelector } from './selectors.ts';
import { ASSET_PREFIX, convertMediaRpx, convertRpx, convertUrls } from './values.ts';

export interface SheetImport extends Reference {
  /** Media query of the import, `""` without one. */
  media: string;
}

/** One compiled WXSS file: its own rules and its imports, in order. */
export interface Sheet {
  parts: (string | SheetImport)[];
  marker: boolean;
  host: boolean;
  /** Project files that it shows, with the place of the url. */
  assets: Reference[];
  diagnostics: Diagnostic[];
  /** The CSS that offsets count in. */
  source: SourceText;
  /** Puts a finding at such an offset where its cause stands: in a sheet of another language that is elsewhere. */
  relocate(diagnostic: Diagnostic): Diagnostic;
}

/** A sheet that is not compiled; it counts as empty. */
export function failedSheet(found: Diagnostic): Sheet {
  return { ...emptySheet({ display: found.file, text: '' }), diagnostics: [found] };
}

const emptySheet = (source: SourceText): Sheet => ({
  parts: [],
  marker: false,
  host: false,
  assets: [],
  diagnostics: [],
  source,
  relocate: (diagnostic) => diagnostic,
});

/** Compiles the CSS of one file without its imports. A syntax error gives an empty sheet with a diagnostic. */
export function compileSheet({ file, relocate }: CssSource, scope: SelectorScope): Sheet {
  const sheet = { ...emptySheet(file), relocate };
  compileInto(sheet, file, scope);
  sheet.diagnostics = sheet.diagnostics.map(relocate);
  return sheet;
}

function compileInto(sheet: Sheet, file: SourceFile, scope: SelectorScope): void {
  const parsed = parseSheet(file, sheet.diagnostics);
  if (!parsed) return;
  const { root, unclosedAt = Infinity } = parsed;
  convertDeclarations(root, file, sheet);
  root.walkRules((rule) => convertRule(rule, file, scope, sheet, unclosedAt));
  root.walkAtRules('media', (rule) => {
    rule.params = convertMediaRpx(rule.params);
  });
  collectParts(root, file, sheet);
}

function convertDeclarations(root: Root, file: SourceFile, sheet: Sheet): void {
  root.walkDecls((declaration) => {
    const offset = declaration.source?.start?.offset ?? 0;
    declaration.value = convertUrls(convertRpx(declaration.value), (url) => {
      if (/^([a-z][a-z0-9+.-]*:|\/\/|#)/i.test(url) || url === '') return undefined;
      const [name = '', fragment] = url.replace(/\?[^#]*/, '').split('#');
      const reference = referenceTo(file.path, safeDecode(name), offset);
      sheet.assets.push({ ...reference, literal: url });
      return `${ASSET_PREFIX}${reference.path}${fragment && name.endsWith('.svg') ? `#${fragment}` : ''}`;
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

function convertRule(rule: Rule, file: SourceFile, scope: SelectorScope, sheet: Sheet, unclosedAt: number): void {
  if (rule.parent?.type === 'atrule' && /keyframes$/i.test((rule.parent as AtRule).name)) return;
  try {
    const scoped = scopeSelector(rule.selector, scope);
    rule.selector = scoped.selector;
    sheet.marker ||= scoped.marker;
    sheet.host ||= scoped.host;
  } catch (error) {
    rule.remove();
    const at = rule.source?.start?.offset ?? 0;
    if (at > unclosedAt) return;
    sheet.diagnostics.push(
      createDiagnostic(file, {
        code: 'WXSS_SELECTOR',
        severity: 'warning',
        message: phrase`the selector ${rule.selector} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        hint: phrase`correct the selector; until then its rule is left out`,
        at,
      }),
    );
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
    ...referenceTo(file.path, target, rule.source?.start?.offset ?? 0),
    literal,
    media: convertMediaRpx(valueParser.stringify(rest).trim()),
  };
}
