import { createRequire } from 'node:module';
import { dirname, resolvePath, suffixOf } from '../../paths.ts';
import { LanguageFault, type SheetFiles, type StyleLanguage } from './language.ts';
import { withPlainImports } from './plain-imports.ts';

/** What is used of Less, which brings no types. */
interface Less {
  FileManager: new () => object;
  render(text: string, options: object, done: (error: LessError | null, output?: LessOutput) => void): void;
}
interface LessOutput {
  css: string;
  map?: string;
}
interface LessError {
  message: string;
  filename?: string;
  /** From 1. */
  line?: number | null;
  /** From 0. */
  column?: number | null;
}

const require = createRequire(import.meta.url);

/** Compiles Less. Loaded when a project has a file of it: it takes some tenths of a second. */
export function createLess(): StyleLanguage {
  const less = require('less') as Less;
  return (file, files) => {
    let failed: LessError | null = null;
    let made: LessOutput | undefined;
    const text = withPlainImports(file, (path) => `@import (css) "${path}"`);
    // With `syncImport` and files that are read at once the answer comes before this call returns.
    less.render(
      text,
      {
        filename: `/${file.path}`,
        syncImport: true,
        // A style sheet runs no scripts and loads no plugins.
        javascriptEnabled: false,
        disablePluginRule: true,
        sourceMap: { disableSourcemapAnnotation: true, sourceMapBasepath: '/' },
        plugins: [
          {
            install: (_less: unknown, manager: { addFileManager(manager: object): void }) =>
              manager.addFileManager(fileManager(less, files)),
          },
        ],
      },
      (error, output) => {
        failed = error;
        made = output;
      },
    );
    const error = failed as LessError | null;
    if (error || !made)
      throw new LanguageFault(error?.message ?? 'the style sheet was not compiled', {
        path: error?.filename ? error.filename.replace(/^\/+/, '') : file.path,
        line: error?.line ?? 0,
        column: (error?.column ?? 0) + 1,
      });
    return { css: made.css, map: made.map ?? '' };
  };
}

/** Reads imports from the project, whatever their name says: nothing of the disk or the network. */
function fileManager(less: Less, files: SheetFiles): object {
  const load = (name: string, folder: string, options: { ext?: string } = {}) => {
    const literal = name.replace(/^~/, '');
    const path = resolvePath(dirname(`${folder.replace(/^\/+/, '')}x`), literal);
    const tried = suffixOf(literal) === '' ? [`${path}${options.ext ?? '.less'}`, path] : [path];
    for (const candidate of path === undefined ? [] : tried) {
      const file = candidate === undefined ? undefined : files.read(candidate);
      if (file)
        return {
          filename: `/${file.path}`,
          contents: withPlainImports(file, (target) => `@import (css) "${target}"`),
        };
    }
    return { error: { type: 'File', message: `'${name}' was not found in the project` } };
  };
  return Object.assign(new less.FileManager(), {
    supports: () => true,
    supportsSync: () => true,
    loadFileSync: load,
    async loadFile(name: string, folder: string, options: object) {
      const found = load(name, folder, options);
      if ('error' in found) throw found.error;
      return found;
    },
  });
}
