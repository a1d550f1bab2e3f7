import { createRequire } from 'node:module';
import type * as Sass from 'sass';
import { dirname, join, suffixOf } from '../../paths.ts';
import { LanguageFault, type SheetFiles, type StyleLanguage, sheetPath, sheetUrl } from './language.ts';
import { withPlainImports } from './plain-imports.ts';

const require = createRequire(import.meta.url);

/** Compiles Sass in both its notations. Loaded when a project has a file of it: it takes some tenths of a second. */
export function createSass(): StyleLanguage {
  const sass = require('sass') as typeof Sass;
  return (file, files) => {
    const importer = importerOf(files);
    try {
      const { css, sourceMap } = sass.compileString(textOf(file), {
        syntax: syntaxOf(file.path),
        url: new URL(sheetUrl(file.path)),
        importer,
        sourceMap: true,
        charset: false,
        // Deprecations of Sass are nothing that shows on a phone.
        logger: sass.Logger.silent,
      });
      return { css, map: JSON.stringify(sourceMap) };
    } catch (error) {
      if (!(error instanceof sass.Exception)) throw error;
      const { sassMessage, span } = error;
      throw new LanguageFault(sassMessage, {
        path: span?.url ? sheetPath(span.url.href) : file.path,
        line: (span?.start.line ?? -1) + 1,
        column: (span?.start.column ?? 0) + 1,
      });
    }
  };
}

const syntaxOf = (path: string): Sass.Syntax => {
  const suffix = suffixOf(path);
  return suffix === '.sass' ? 'indented' : suffix === '.scss' ? 'scss' : 'css';
};

const textOf = (file: Parameters<typeof withPlainImports>[0]): string =>
  syntaxOf(file.path) === 'css' ? file.text : withPlainImports(file, (path) => `@import url("${path}")`);

/** Reads imports from the project, by the rules of Sass: partials with `_`, folders with an index. */
function importerOf(files: SheetFiles): Sass.Importer<'sync'> {
  return {
    canonicalize(url) {
      const path = sheetPath(url).replace(/(^|\/)~/, '$1');
      const found = candidates(path).find((candidate) => files.read(candidate) !== undefined);
      return found === undefined ? null : new URL(sheetUrl(found));
    },
    load(url) {
      const file = files.read(sheetPath(url.href));
      return file ? { contents: textOf(file), syntax: syntaxOf(file.path), sourceMapUrl: url } : null;
    },
  };
}

const SUFFIXES = ['.scss', '.sass', '.css'];

function candidates(path: string): string[] {
  const folder = dirname(path);
  const name = path.slice(folder === '' ? 0 : folder.length + 1);
  const both = (suffix: string): string[] => [join(folder, `${name}${suffix}`), join(folder, `_${name}${suffix}`)];
  if ([...SUFFIXES, '.wxss'].includes(suffixOf(name))) return both('');
  return [
    ...SUFFIXES.flatMap(both),
    ...SUFFIXES.flatMap((suffix) => [join(path, `_index${suffix}`), join(path, `index${suffix}`)]),
  ];
}
