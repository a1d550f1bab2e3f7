import type { Diagnostic } from '@sparrow/protocol';
import { TmplGroup } from 'glass-easel-template-compiler';
import { createDiagnostic, offsetAt, positionAt } from '../diagnostics.ts';
import { withoutSuffix } from '../paths.ts';
import type { SourceFile } from '../project/source-tree.ts';
import { rewriteWxs, type WxsRequire } from '../wxs/rewrite.ts';

/** A finding of the template compiler; lines and columns are from 0. */
interface TemplateFinding {
  isError: boolean;
  level: string;
  message: string;
  startLine: number;
  startColumn: number;
}

export interface TemplateReference {
  /** Project path without suffix. */
  path: string;
  /** Offset in the source of the attribute that names it. */
  offset: number;
}

/** One compiled WXML file. */
export interface Template {
  /** Project path without suffix. */
  path: string;
  /** JavaScript expression of the generator object; undefined when the file did not compile. */
  generator: string | undefined;
  /** Targets of import and include. */
  imports: TemplateReference[];
  /** Targets of `<wxs src>` and of requires in inline modules. */
  scripts: TemplateReference[];
  diagnostics: Diagnostic[];
}

/** Compiles one file alone, so that a fault in it cannot spread to others. */
export function compileTemplate(file: SourceFile): Template {
  const path = withoutSuffix(file.path, '.wxml');
  const group = new TmplGroup();
  try {
    const findings = group.addTmpl(path, file.text) as TemplateFinding[];
    const diagnostics = findings.map((finding) => toDiagnostic(file, finding));
    const scripts: TemplateReference[] = [];
    for (const name of group.getInlineScriptModuleNames(path) as string[]) {
      const source = group.getInlineScript(path, name);
      const offset = Math.max(0, file.text.indexOf(source));
      const inline = rewriteWxs(source, path);
      if ('message' in inline) {
        diagnostics.push(wxsDiagnostic(file, inline.message, offset + inline.offset));
        continue;
      }
      group.setInlineScript(path, name, inline.code);
      for (const required of inline.requires) addRequire(file, required, offset, scripts, diagnostics);
    }
    const references = (paths: string[], suffix: string) =>
      paths.map((target) => ({ path: withoutSuffix(target, suffix), offset: findReference(file.text, target) }));
    scripts.push(...references(group.getScriptDependencies(path) as string[], '.wxs'));
    const imports = references(group.getDirectDependencies(path) as string[], '.wxml');
    const failed = diagnostics.some((diagnostic) => diagnostic.severity === 'error');
    return { path, generator: failed ? undefined : group.getTmplGenObject(path), imports, scripts, diagnostics };
  } finally {
    group.free();
  }
}

function addRequire(
  file: SourceFile,
  required: WxsRequire,
  offset: number,
  scripts: TemplateReference[],
  diagnostics: Diagnostic[],
): void {
  if (required.path !== undefined) scripts.push({ path: required.path, offset: offset + required.offset });
  else diagnostics.push(outsideDiagnostic(file, required.literal, offset + required.offset));
}

export function wxsDiagnostic(file: SourceFile, message: string, at: number): Diagnostic {
  return createDiagnostic(file, {
    code: 'WXS_SYNTAX',
    message: `WXS: ${message}`,
    hint: 'WXS is JavaScript 5 without new, try and regular expression literals',
    at,
  });
}

export function outsideDiagnostic(file: SourceFile, literal: string, at: number): Diagnostic {
  return createDiagnostic(file, {
    code: 'PATH_OUTSIDE_PROJECT',
    message: `the path climbs out of the project: ${literal}`,
    hint: 'use a path below the root of the mini program',
    at,
  });
}

function toDiagnostic(file: SourceFile, finding: TemplateFinding): Diagnostic {
  const at = positionAt(
    file.text,
    offsetAt(file.text, { line: finding.startLine + 1, column: finding.startColumn + 1 }),
  );
  return createDiagnostic(file, {
    code: finding.isError ? 'WXML_SYNTAX' : 'WXML_WARNING',
    severity: finding.isError ? 'error' : 'warning',
    message: finding.message,
    hint: finding.isError ? 'correct the template at this place' : 'the template compiles, but this has no effect',
    at,
  });
}

/** The place of a `src="…"` that ends with the file name of a target; the start of the file when it is built otherwise. */
function findReference(text: string, target: string): number {
  const name = target.slice(target.lastIndexOf('/') + 1).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`src\\s*=\\s*["'][^"']*${name}(\\.\\w+)?\\s*["']`).exec(text)?.index ?? 0;
}
