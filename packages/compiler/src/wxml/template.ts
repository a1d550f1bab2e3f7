import type { Diagnostic } from '@sparrow/protocol';
import { TmplGroup } from 'glass-easel-template-compiler';
import { createDiagnostic, offsetAt } from '../diagnostics.ts';
import { dirname, resolvePath, withoutSuffix } from '../paths.ts';
import type { SourceFile } from '../project/source-tree.ts';
import { rewriteWxs, type WxsRequire } from '../wxs/rewrite.ts';
import { type Preprocessed, preprocessWxml } from './preprocess.ts';
import type { WxmlPart } from './scan.ts';

/** A finding of the template compiler; lines and columns are from 0. */
interface TemplateFinding {
  /** `Fatal`: the rest of the file is lost. `Error`: something is ignored. `Warn` and `Note`: style. */
  level: 'Fatal' | 'Error' | 'Warn' | 'Note';
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
  imports: TemplateReference[];
  includes: TemplateReference[];
  /** Targets of `<wxs src>` and of requires in inline modules. */
  scripts: TemplateReference[];
  diagnostics: Diagnostic[];
}

/** Compiles one file alone, so that a fault in it cannot spread to others. */
export function compileTemplate(file: SourceFile): Template {
  const path = withoutSuffix(file.path, '.wxml');
  const source = preprocessWxml(file.text);
  const group = new TmplGroup();
  try {
    const findings = group.addTmpl(path, source.text) as TemplateFinding[];
    const diagnostics = findings.flatMap((finding) => toDiagnostic(file, source, finding));
    const scripts = rewriteInlineScripts(group, file, path, diagnostics);
    const references = readReferences(file, source.parts, diagnostics);
    const failed = diagnostics.some(
      (diagnostic) => diagnostic.severity === 'error' && diagnostic.code !== 'PATH_OUTSIDE_PROJECT',
    );
    const generator = failed ? undefined : group.getTmplGenObject(path);
    // Not in a finally block: after a panic of the module freeing fails as well.
    group.free();
    return {
      path,
      generator,
      imports: references.import,
      includes: references.include,
      scripts: [...scripts, ...references.wxs],
      diagnostics,
    };
  } catch (error) {
    // The WebAssembly module gives up on some malformed texts without saying where.
    const finding = createDiagnostic(file, {
      code: 'WXML_SYNTAX',
      message: `the template compiler gave up: ${error instanceof Error ? error.message : String(error)}`,
      hint: 'look for a stray character in a tag or an expression of this file',
    });
    return { path, generator: undefined, imports: [], includes: [], scripts: [], diagnostics: [finding] };
  }
}

/** Gives the inline WXS modules their semantics; returns what they require. */
function rewriteInlineScripts(
  group: TmplGroup,
  file: SourceFile,
  path: string,
  diagnostics: Diagnostic[],
): TemplateReference[] {
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
  return scripts;
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

/** Habits that the original does not mind, and that change nothing. */
const HARMLESS = /^(this attribute is deprecated|should be quoted|duplicated attribute|missing attribute value)$/;

function toDiagnostic(file: SourceFile, source: Preprocessed, finding: TemplateFinding): Diagnostic[] {
  const { level, message } = finding;
  if (level === 'Note' || HARMLESS.test(message)) return [];
  const processed = offsetAt(source.text, { line: finding.startLine + 1, column: finding.startColumn + 1 });
  const fatal = level === 'Fatal';
  return [
    createDiagnostic(file, {
      code: fatal ? 'WXML_SYNTAX' : 'WXML_WARNING',
      severity: fatal ? 'error' : 'warning',
      message,
      hint: fatal ? 'correct the template at this place' : 'the template compiles, but this has no effect',
      at: source.originalOffset(processed),
    }),
  ];
}

const REFERENCE_SUFFIXES = { import: '.wxml', include: '.wxml', wxs: '.wxs' } as const;
type ReferenceTag = keyof typeof REFERENCE_SUFFIXES;

/** The files that tags name in `src`, as the template compiler resolves them. */
function readReferences(
  file: SourceFile,
  parts: readonly WxmlPart[],
  diagnostics: Diagnostic[],
): Record<ReferenceTag, TemplateReference[]> {
  const found: Record<ReferenceTag, TemplateReference[]> = { import: [], include: [], wxs: [] };
  for (const part of parts) {
    if (part.type !== 'start' || !Object.hasOwn(REFERENCE_SUFFIXES, part.name)) continue;
    const tag = part.name as ReferenceTag;
    const source = part.attributes.find((attribute) => attribute.name === 'src');
    const literal = source ? file.text.slice(source.valueStart, source.valueEnd) : '';
    if (!source || literal === '' || literal.includes('{{')) continue;
    const path = resolvePath(dirname(file.path), literal);
    if (path === undefined) diagnostics.push(outsideDiagnostic(file, literal, source.valueStart));
    else found[tag].push({ path: withoutSuffix(path, REFERENCE_SUFFIXES[tag]), offset: source.valueStart });
  }
  return found;
}
