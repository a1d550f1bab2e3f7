import { SourceMap, type SourceMapPayload, type SourceMapping } from 'node:module';
import type { Diagnostic } from '@sparrow/protocol';
import { createDiagnostic, placeOf } from '../../diagnostics.ts';
import { type CompileGuard, guarded } from '../../guard.ts';
import { bracketLimit } from '../../limits.ts';
import { suffixOf } from '../../paths.ts';
import { phrase } from '../../phrase.ts';
import { hashOf, type SourceFile, type SourceTree } from '../../project/source-tree.ts';
import { type CompiledCss, LanguageFault, type StyleLanguage, sheetPath } from './language.ts';
import { createLess } from './less.ts';
import { createSass } from './sass.ts';

/** Suffixes of style languages that are compiled, in the order in which a component's sheet is looked for. */
export const LANGUAGE_SUFFIXES: Readonly<Record<string, 'less' | 'sass'>> = {
  '.less': 'less',
  '.scss': 'sass',
  '.sass': 'sass',
};

/** The CSS of a style sheet, whatever language it is written in. */
export interface CssSource {
  /** Its text is CSS; path and display are those of the sheet. */
  file: SourceFile;
  /** Why there is none. */
  fault?: Diagnostic;
  /** Puts a finding in the CSS where its cause stands. */
  relocate(diagnostic: Diagnostic): Diagnostic;
}

export interface CssSources {
  of(file: SourceFile): CssSource;
  /** Ends a build: what it did not ask for is forgotten. */
  sweep(): void;
}

interface Kept {
  hash: string;
  /** Hashes of the files that were read, and of those that were looked for and were not there (`''`). */
  read: ReadonlyMap<string, string>;
  source: CssSource;
}

const asIs = (file: SourceFile): CssSource => ({ file, relocate: (diagnostic) => diagnostic });

/** Turns sheets of style languages into CSS; what did not change, imports included, is not compiled twice. */
export function createCssSources(tree: SourceTree, guard: CompileGuard): CssSources {
  let last = new Map<string, Kept>();
  let current = new Map<string, Kept>();
  const languages: Partial<Record<'less' | 'sass', StyleLanguage>> = {};
  const languageOf = (name: 'less' | 'sass'): StyleLanguage =>
    (languages[name] ??= name === 'less' ? createLess() : createSass());
  const hashNow = (path: string): string => tree.read(path)?.hash ?? '';

  /** What takes too long may lie in an import: a change of any of them is a reason to try again. */
  function stateOf(file: SourceFile): SourceFile {
    const parts = [...tree.files].flatMap(([path, { size, mtimeMs }]) =>
      LANGUAGE_SUFFIXES[suffixOf(path)] ? [`${path} ${size} ${mtimeMs}`] : [],
    );
    return { ...file, hash: hashOf(file.hash, ...parts) };
  }

  function compile(file: SourceFile, name: 'less' | 'sass'): Kept {
    const read = new Map<string, string>([[file.path, file.hash]]);
    const files = {
      read(path: string) {
        const found = tree.read(path);
        read.set(path, found?.hash ?? '');
        return found;
      },
    };
    const source = guarded(
      guard,
      stateOf(file),
      () => {
        const limit = bracketLimit(file);
        if (limit) return failed(file, limit);
        try {
          return compiled(file, languageOf(name)(file, files), read, tree);
        } catch (error) {
          if (error instanceof LanguageFault) return failed(file, faultOf(error, file, tree));
          throw error;
        }
      },
      (found) => failed(file, found),
    );
    return { hash: file.hash, read, source };
  }

  return {
    of(file) {
      const name = LANGUAGE_SUFFIXES[suffixOf(file.path)];
      if (!name) return asIs(file);
      const known = current.get(file.path) ?? last.get(file.path);
      const fits =
        known !== undefined &&
        known.hash === file.hash &&
        [...known.read].every(([path, hash]) => path === file.path || hashNow(path) === hash);
      const kept = fits ? known : compile(file, name);
      current.set(file.path, kept);
      return kept.source;
    },
    sweep() {
      last = current;
      current = new Map();
    },
  };
}

const failed = (file: SourceFile, fault: Diagnostic): CssSource => ({ ...asIs({ ...file, text: '' }), fault });

function compiled(
  file: SourceFile,
  { css, map }: CompiledCss,
  read: ReadonlyMap<string, string>,
  tree: SourceTree,
): CssSource {
  let lines: SourceMap | undefined;
  return {
    file: { ...file, text: css, hash: hashOf(css, ...read.values()) },
    relocate(diagnostic) {
      if (diagnostic.line === 0) return diagnostic;
      lines ??= map === '' ? undefined : new SourceMap(JSON.parse(map) as SourceMapPayload);
      // An empty object when nothing is known of the place.
      const entry = lines?.findEntry(diagnostic.line - 1, diagnostic.column - 1) as Partial<SourceMapping> | undefined;
      const { originalSource, originalLine = 0, originalColumn = 0 } = entry ?? {};
      const origin = originalSource === undefined ? undefined : tree.read(sheetPath(originalSource));
      const at = origin && { line: originalLine + 1, column: originalColumn + 1 };
      return { ...diagnostic, ...placeOf(origin ?? { display: file.display, text: '' }, at) };
    },
  };
}

function faultOf(error: LanguageFault, file: SourceFile, tree: SourceTree): Diagnostic {
  const { line, column } = error;
  return createDiagnostic(tree.read(error.path) ?? file, {
    code: 'WXSS_SYNTAX',
    message: error.message,
    hint: phrase`correct the style sheet at this place; until then none of its rules applies`,
    at: line > 0 ? { line, column } : undefined,
  });
}
