import type { Diagnostic } from '@sparrow/protocol';
import { createDiagnostic, offsetAt } from '../diagnostics.ts';
import { CompileBroken } from '../guard.ts';
import { mostImportant } from '../limits.ts';
import { parserWords } from '../parser-words.ts';
import { withoutSuffix } from '../paths.ts';
import { phrase } from '../phrase.ts';
import type { SourceFile } from '../project/source-tree.ts';
import { type Reference, referenceTo } from '../references.ts';
import { rewriteWxs } from '../wxs/rewrite.ts';
import { firstMismatch, firstUnclosed, type Misfit } from './balance.ts';
import { templateLimit } from './limits.ts';
import { CHILDLESS, type Preprocessed, preprocessWxml } from './preprocess.ts';
import { scanWxml, type WxmlPart } from './scan.ts';
import { TmplGroup } from './template-group.ts';

/** A finding of the template compiler; lines and columns are from 0. */
interface TemplateFinding {
  /** `Fatal`: the rest of the file is lost. `Error`: something is ignored. `Warn` and `Note`: style. */
  level: 'Fatal' | 'Error' | 'Warn' | 'Note';
  message: string;
  startLine: number;
  startColumn: number;
}

/** One compiled WXML file. */
export interface Template {
  /** Project path without suffix. */
  path: string;
  /** JavaScript expression of the generator object; undefined when the file did not compile. */
  generator: string | undefined;
  /** Paths without suffix, as those below. */
  imports: Reference[];
  includes: Reference[];
  /** Targets of `<wxs src>` and of requires in inline modules. */
  scripts: Reference[];
  diagnostics: Diagnostic[];
}

/** Compiles one file alone, so that a fault in it cannot spread to others. */
export function compileTemplate(file: SourceFile): Template {
  const path = withoutSuffix(file.path, '.wxml');
  const parts = scanWxml(file.text);
  const limit = templateLimit(file, parts);
  if (limit) return failedTemplate(path, limit);
  const source = preprocessWxml(file.text, parts);
  const group = new TmplGroup();
  try {
    const findings = group.addTmpl(path, source.text) as TemplateFinding[];
    const diagnostics = toDiagnostics(file, source, findings);
    const scripts = rewriteInlineScripts(group, file, source, diagnostics);
    const references = readReferences(file, source.parts);
    const failed = diagnostics.some((diagnostic) => diagnostic.severity === 'error');
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
    // After this the module is unusable, and with it the whole worker: whoever owns it begins with another one.
    throw new CompileBroken(file, error);
  }
}

/** A template that is not compiled; it counts as empty. */
export function failedTemplate(path: string, diagnostic: Diagnostic): Template {
  return { path, generator: undefined, imports: [], includes: [], scripts: [], diagnostics: [diagnostic] };
}

/** Gives the inline WXS modules their semantics; returns what they require. */
function rewriteInlineScripts(
  group: TmplGroup,
  file: SourceFile,
  processed: Preprocessed,
  diagnostics: Diagnostic[],
): Reference[] {
  const scripts: Reference[] = [];
  const path = withoutSuffix(file.path, '.wxml');
  for (const name of group.getInlineScriptModuleNames(path) as string[]) {
    const source = group.getInlineScript(path, name);
    const start = Math.max(0, processed.text.indexOf(source));
    const place = (offset: number) => processed.originalOffset(start + offset);
    const inline = rewriteWxs(source, path);
    if ('message' in inline) {
      diagnostics.push(wxsDiagnostic(file, inline.message, place(inline.offset)));
      continue;
    }
    group.setInlineScript(path, name, inline.code);
    for (const required of inline.requires) scripts.push({ ...required, offset: place(required.offset) });
  }
  return scripts;
}

export function wxsDiagnostic(file: SourceFile, message: string, at: number): Diagnostic {
  return createDiagnostic(file, {
    code: 'WXS_SYNTAX',
    message: phrase`WXS: ${parserWords(message)}`,
    hint: phrase`WXS is JavaScript 5 without new, try and regular expression literals`,
    at,
  });
}

/** Habits that the original does not mind, and that change nothing. */
const HARMLESS = /^(this attribute is deprecated|should be quoted|duplicated attribute|missing attribute value)$/;

/** One slip gives several of these, at places that are not its own; the first mismatch is told instead. */
const END_TAG = /^(missing|invalid) end tag$/;

/** Said of the tag around an expression that is wrong, too. */
const AFTERMATH = 'incomplete tag';

/** What the compiler found, without what only follows from something before it. */
function toDiagnostics(file: SourceFile, source: Preprocessed, findings: readonly TemplateFinding[]): Diagnostic[] {
  const told = findings.filter((finding) => isTold(finding) && !END_TAG.test(finding.message));
  const isFatal = ({ level }: TemplateFinding): boolean => level === 'Fatal';
  const causes = told.filter((finding) => isFatal(finding) && finding.message !== AFTERMATH);
  const kept = causes.length > 0 ? told.filter(({ message }) => message !== AFTERMATH) : told;
  const own = mostImportant(kept, isFatal).map((finding) => toDiagnostic(file, source, finding));
  const misfit =
    firstUnclosed(source.parts) ??
    (findings.some(({ message }) => END_TAG.test(message)) ? firstMismatch(source.parts, CHILDLESS) : undefined);
  if (!misfit) return own;
  // An expression without an end swallows the tags behind it, and a tag without one the expressions: the first is the
  // cause.
  const isBefore = causes.every((finding) => misfit.at < source.originalOffset(offsetOf(source, finding)));
  return isBefore ? [tagDiagnostic(file, misfit)] : own;
}

/** Such a template is not shown, as in the original: the elements after the slip would stand in the wrong place. */
function tagDiagnostic(file: SourceFile, { message, at }: Misfit): Diagnostic {
  const hint = phrase`correct the tag; until then nothing of the template is shown`;
  return createDiagnostic(file, { code: 'WXML_SYNTAX', message, hint, at });
}

const offsetOf = (source: Preprocessed, { startLine, startColumn }: TemplateFinding): number =>
  offsetAt(source.text, { line: startLine + 1, column: startColumn + 1 });

function isTold({ level, message }: TemplateFinding): boolean {
  return level !== 'Note' && !HARMLESS.test(message);
}

function toDiagnostic(file: SourceFile, source: Preprocessed, finding: TemplateFinding): Diagnostic {
  const { level, message } = finding;
  const fatal = level === 'Fatal';
  return createDiagnostic(file, {
    code: fatal ? 'WXML_SYNTAX' : 'WXML_WARNING',
    severity: fatal ? 'error' : 'warning',
    message: parserWords(message),
    hint: fatal ? phrase`correct the template at this place` : phrase`the template compiles, but this has no effect`,
    at: source.originalOffset(offsetOf(source, finding)),
  });
}

const REFERENCE_SUFFIXES = { import: '.wxml', include: '.wxml', wxs: '.wxs' } as const;
type ReferenceTag = keyof typeof REFERENCE_SUFFIXES;

/** The files that tags name in `src`, as the template compiler resolves them. */
function readReferences(file: SourceFile, parts: readonly WxmlPart[]): Record<ReferenceTag, Reference[]> {
  const found: Record<ReferenceTag, Reference[]> = { import: [], include: [], wxs: [] };
  for (const part of parts) {
    if (part.type !== 'start' || !Object.hasOwn(REFERENCE_SUFFIXES, part.name)) continue;
    const tag = part.name as ReferenceTag;
    const source = part.attributes.find((attribute) => attribute.name === 'src');
    const literal = source ? file.text.slice(source.valueStart, source.valueEnd) : '';
    if (!source || literal === '' || literal.includes('{{')) continue;
    found[tag].push(referenceTo(file.path, withoutSuffix(literal, REFERENCE_SUFFIXES[tag]), source.valueStart));
  }
  return found;
}
