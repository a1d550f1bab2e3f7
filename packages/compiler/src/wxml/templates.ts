import type { Diagnostic } from '@sparrow/protocol';
import { createDiagnostic } from '../diagnostics.ts';
import { phrase } from '../phrase.ts';
import type { SourceFile, SourceTree } from '../project/source-tree.ts';
import { climbDiagnostic, type Reference } from '../references.ts';
import { rewriteWxs, type WxsCode } from '../wxs/rewrite.ts';
import { assembleTemplates } from './assemble.ts';
import { type Template, wxsDiagnostic } from './template.ts';

/** A compiled WXS file. */
export interface WxsModule {
  /** Undefined after a syntax error. */
  code: string | undefined;
  requires: WxsCode['requires'];
  diagnostics: Diagnostic[];
}

export function compileWxs(file: SourceFile): WxsModule {
  const result = rewriteWxs(file.text, file.path);
  if ('message' in result) {
    return { code: undefined, requires: [], diagnostics: [wxsDiagnostic(file, result.message, result.offset)] };
  }
  return { ...result, diagnostics: [] };
}

export interface TemplateSource {
  tree: SourceTree;
  template(file: SourceFile): Template;
  wxs(file: SourceFile): WxsModule;
}

export interface TemplateBundle {
  templates: string;
  /** Findings by the component that they break or concern. */
  diagnostics: Map<string, Diagnostic[]>;
  /** Project paths of all template files of a component: its own and what they import and include. */
  files: Map<string, string[]>;
}

/** The `templates` expression of the components of one (sub)package, with all that their templates import. */
export function bundleTemplates(components: readonly string[], source: TemplateSource): TemplateBundle {
  const { tree } = source;
  const generators = new Map<string, string>();
  const scripts = new Map<string, string | undefined>();
  const own: string[] = [];
  const diagnostics = new Map<string, Diagnostic[]>();
  const files = new Map<string, string[]>();

  /** Reads what a file refers to; says what is wrong with the reference. */
  const follow = (from: SourceFile, reference: Reference, suffix: string, found: Diagnostic[]) => {
    const path = reference.path + suffix;
    const file = tree.read(path);
    if (reference.climbs) found.push(climbDiagnostic(from, reference, file !== undefined));
    else if (!file) {
      found.push(
        createDiagnostic(from, {
          code: 'FILE_MISSING',
          message:
            suffix === '.wxs' ? phrase`WXS module ${path} was not found` : phrase`template ${path} was not found`,
          hint: phrase`correct the path, or add the file; until then it counts as empty`,
          at: reference.offset,
        }),
      );
    }
    return file;
  };

  const addScript = (from: SourceFile, reference: Reference, found: Diagnostic[], seen: Set<string>) => {
    if (seen.has(`${reference.path}.wxs`)) return;
    seen.add(`${reference.path}.wxs`);
    const file = follow(from, reference, '.wxs', found);
    const module = file && source.wxs(file);
    scripts.set(reference.path, module?.code);
    if (!module) return;
    found.push(...module.diagnostics);
    for (const required of module.requires) addScript(file, required, found, seen);
  };

  /** @param chain files that include each other down to this one */
  const visit = (file: SourceFile, found: Diagnostic[], seen: Set<string>, chain: readonly string[]): Template => {
    const template = source.template(file);
    if (template.generator !== undefined) generators.set(template.path, template.generator);
    for (const reference of template.scripts) addScript(file, reference, found, seen);
    for (const reference of [...template.imports, ...template.includes]) {
      const key = `${reference.path}.wxml`;
      const included = template.includes.includes(reference);
      if (included && chain.includes(key)) {
        found.push(cycle(file, [...chain, key], reference.offset));
        continue;
      }
      if (seen.has(key)) continue;
      seen.add(key);
      const target = follow(file, reference, '.wxml', found);
      if (!target) continue;
      const imported = visit(target, found, seen, included ? [...chain, key] : [key]);
      if (imported.generator === undefined) {
        found.push(
          createDiagnostic(file, {
            code: 'WXML_WARNING',
            severity: 'warning',
            message: phrase`the template ${key} has errors and counts as empty here`,
            hint: phrase`correct ${target.display}`,
            at: reference.offset,
          }),
        );
      }
    }
    found.push(...template.diagnostics);
    return template;
  };

  for (const path of components) {
    const file = tree.read(`${path}.wxml`);
    if (!file) continue;
    const found: Diagnostic[] = [];
    const seen = new Set([`${path}.wxml`]);
    const template = visit(file, found, seen, [`${path}.wxml`]);
    files.set(
      path,
      [...seen].filter((name) => name.endsWith('.wxml')),
    );
    if (template.generator !== undefined) own.push(path);
    diagnostics.set(path, found);
  }
  return { templates: assembleTemplates({ generators, scripts, own }), diagnostics, files };
}

/** Templates that include each other have no end; those that import each other are fine. */
function cycle(file: SourceFile, chain: readonly string[], at: number): Diagnostic {
  return createDiagnostic(file, {
    code: 'IMPORT_CYCLE',
    message: phrase`templates include each other: ${chain.join(' → ')}`,
    hint: phrase`remove this include, or use <import> with <template is>`,
    at,
  });
}
