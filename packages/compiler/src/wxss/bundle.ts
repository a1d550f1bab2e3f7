import type { Diagnostic } from '@sparrow/protocol';
import { createDiagnostic } from '../diagnostics.ts';
import { LIMITS, tooComplex } from '../limits.ts';
import { phrase } from '../phrase.ts';
import type { SourceFile, SourceTree } from '../project/source-tree.ts';
import { climbDiagnostic } from '../references.ts';
import type { SelectorScope } from './selectors.ts';
import type { Sheet } from './sheet.ts';

export interface StyleSheet {
  css: string;
  marker: boolean;
  host: boolean;
  /** Of the file and of everything that it imports. */
  diagnostics: Diagnostic[];
}

export interface SheetSource {
  tree: SourceTree;
  /** Compiles and caches one file. */
  sheet(file: SourceFile, scope: SelectorScope): Sheet;
}

/** Style sheet of a component with its imports inlined; undefined when it has no file. */
export function bundleSheet(path: string, scope: SelectorScope, source: SheetSource): StyleSheet | undefined {
  const file = source.tree.read(path);
  if (!file) return undefined;
  const result: StyleSheet = { css: '', marker: false, host: false, diagnostics: [] };
  const reported = new Set<string>();
  let visits = 0;
  const visit = (current: SourceFile, chain: readonly string[]): string => {
    visits += 1;
    // Each import is written out where it stands: two imports of two imports of two … fill any memory.
    if (visits === LIMITS.imports + 1)
      result.diagnostics.push(
        tooComplex(
          file,
          phrase`the style sheet imports more than ${LIMITS.imports} others, counted where they are written`,
        ),
      );
    if (visits > LIMITS.imports) return '';
    const sheet = source.sheet(current, scope);
    result.marker ||= sheet.marker;
    result.host ||= sheet.host;
    // A sheet that several others import shows its faults once.
    const first = !reported.has(current.path);
    reported.add(current.path);
    const report = (diagnostic: Diagnostic) => void (first && result.diagnostics.push(sheet.relocate(diagnostic)));
    if (first) result.diagnostics.push(...sheet.diagnostics);
    for (const asset of sheet.assets) {
      const there = source.tree.has(asset.path);
      // A picture that is missing spoils nothing else, wherever its path leads.
      if (asset.climbs) report(climbDiagnostic(sheet.source, asset, true));
      if (there || asset.climbs) continue;
      report(
        createDiagnostic(sheet.source, {
          code: 'FILE_MISSING',
          severity: 'warning',
          message: phrase`file ${asset.path} was not found`,
          hint: phrase`correct the url, or add the file`,
          at: asset.offset,
        }),
      );
    }
    const parts = sheet.parts.map((part) => {
      if (typeof part === 'string') return part;
      if (chain.includes(part.path)) {
        report(
          createDiagnostic(sheet.source, {
            code: 'IMPORT_CYCLE',
            message: phrase`style sheets import each other: ${[...chain, part.path].join(' → ')}`,
            hint: phrase`remove this @import`,
            at: part.offset,
          }),
        );
        return '';
      }
      const target = source.tree.read(part.path);
      if (part.climbs) report(climbDiagnostic(sheet.source, part, target !== undefined));
      if (!target) {
        if (part.climbs) return '';
        report(
          createDiagnostic(sheet.source, {
            code: 'FILE_MISSING',
            message: phrase`style sheet ${part.literal} was not found`,
            hint: phrase`create ${part.path}, or remove the @import`,
            at: part.offset,
          }),
        );
        return '';
      }
      const css = visit(target, [...chain, part.path]);
      return part.media && css ? `@media ${part.media} {\n${css}\n}` : css;
    });
    return parts.filter(Boolean).join('\n');
  };
  result.css = visit(file, [path]);
  return result;
}
