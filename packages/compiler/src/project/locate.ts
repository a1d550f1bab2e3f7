import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { joinInside, leadsInside, realInside } from '@sparrow/core/files';
import type { Diagnostic, ProjectConfig } from '@sparrow/protocol';
import { parse } from 'jsonc-parser';
import { createDiagnostic } from '../diagnostics.ts';
import { CompilerError } from '../errors.ts';
import { LIMITS, tooDeepAt } from '../limits.ts';
import { isInside } from '../paths.ts';
import { phrase } from '../phrase.ts';
import { parseJson } from './json-file.ts';
import { locatePlugins, type PluginSource } from './plugin-folders.ts';

/** Folder of a package.json and the folder that its `miniprogram_npm` is built into, both absolute. */
export interface NpmRelation {
  packageDir: string;
  distDir: string;
}

export interface Project {
  /** Absolute folder that was given to the compiler. */
  dir: string;
  /** Absolute folder of app.json. */
  root: string;
  /** `root` inside `dir`, with forward slashes; `""` when they are one. */
  rootPath: string;
  appid: string;
  name: string;
  /** Folders inside `dir` (forward slashes) that are no part of the mini program. */
  excluded: string[];
  npm: NpmRelation[];
  plugins: PluginSource[];
  /** Style languages that `setting.useCompilerPlugins` of project.config.json lists. */
  styleLanguages: readonly ('less' | 'sass')[];
  /** Syntax errors of project.config.json and sparrow.json. */
  diagnostics: Diagnostic[];
}

interface ProjectFile {
  miniprogramRoot?: unknown;
  pluginRoot?: unknown;
  qcloudRoot?: unknown;
  cloudfunctionRoot?: unknown;
  appid?: unknown;
  projectname?: unknown;
  setting?: { packNpmManually?: unknown; packNpmRelationList?: unknown; useCompilerPlugins?: unknown };
}

/** Files of the project folder that the compiler reads besides the mini program. */
export const CONFIG_FILES = ['project.config.json', 'sparrow.json'];

/** Tried in this order when project.config.json does not name a root. */
const USUAL_ROOTS = ['', 'miniprogram', 'client', 'src'];

/**
 * Finds the mini program in a project folder.
 *
 * @throws CompilerError NO_PROJECT when there is no app.json
 */
export function locateProject(dir: string): Project {
  const base = resolve(dir);
  const config = (readJson(join(base, 'project.config.json')) ?? {}) as ProjectFile;
  const sparrow = (readJson(join(base, 'sparrow.json')) ?? {}) as ProjectConfig;
  const diagnostics = CONFIG_FILES.flatMap((name) => checkJson(base, name));
  const named = typeof config.miniprogramRoot === 'string' ? [config.miniprogramRoot] : [];
  for (const path of named)
    if (!existsInside(base, path, '')) diagnostics.push(outside('project.config.json', 'miniprogramRoot', path));
  const found = [...named, ...USUAL_ROOTS].find((path) => existsInside(base, path, 'app.json'));
  const root = found === undefined ? undefined : joinInside(base, found);
  if (root === undefined) {
    const game = [...named, ...USUAL_ROOTS].find(
      (path) => existsInside(base, path, 'game.js') && existsInside(base, path, 'game.json'),
    );
    if (game !== undefined)
      throw new CompilerError(
        'NO_PROJECT',
        phrase`${joinInside(base, game)} is a mini game (it has game.js and no app.json)`,
        {
          hint: phrase`Sparrow runs mini programs; a mini game has no pages and draws on a canvas of its own: use the official tool`,
        },
      );
    throw new CompilerError('NO_PROJECT', phrase`no app.json in ${base}`, {
      hint: phrase`pass the folder of a mini program: that of project.config.json, or that of app.json`,
    });
  }
  const rootPath = pathInside(base, root) ?? '';
  const plugins = locatePlugins(readJson(join(root, 'app.json')), { base, pluginRoot: config.pluginRoot, sparrow });
  const others = [config.qcloudRoot, config.cloudfunctionRoot, config.pluginRoot, sparrow.backend?.dir];
  return {
    dir: base,
    root,
    rootPath,
    appid: typeof config.appid === 'string' ? config.appid : '',
    name: typeof config.projectname === 'string' ? config.projectname : (base.split(sep).pop() ?? ''),
    // A folder that holds the mini program itself cannot be meant.
    excluded: [...others, ...plugins.map(({ folder }) => folder)]
      .flatMap((path) => (typeof path === 'string' ? (pathInside(base, joinInside(base, path) ?? base) ?? '') : []))
      .filter((path) => path !== '' && !isInside(rootPath, path)),
    npm: npmRelations(base, config.setting),
    plugins,
    styleLanguages: styleLanguages(config.setting?.useCompilerPlugins),
    diagnostics,
  };
}

const styleLanguages = (listed: unknown): Project['styleLanguages'] =>
  (['less', 'sass'] as const).filter((name) => Array.isArray(listed) && listed.includes(name));

function npmRelations(base: string, setting: ProjectFile['setting']): NpmRelation[] {
  if (!setting?.packNpmManually || !Array.isArray(setting.packNpmRelationList)) return [];
  return setting.packNpmRelationList.flatMap(
    (item: { packageJsonPath?: unknown; miniprogramNpmDistDir?: unknown } | null) => {
      if (typeof item?.packageJsonPath !== 'string' || typeof item.miniprogramNpmDistDir !== 'string') return [];
      const packageDir = joinInside(base, item.packageJsonPath, '..');
      const distDir = joinInside(base, item.miniprogramNpmDistDir);
      return packageDir !== undefined && distDir !== undefined && leadsInside(base, packageDir)
        ? [{ packageDir, distDir }]
        : [];
    },
  );
}

/** Whether a folder that a file of the project names lies in the project, links followed, and has this file. */
function existsInside(base: string, folder: string, file: string): boolean {
  const path = joinInside(base, folder, file);
  return path !== undefined && realInside([base], path) !== undefined;
}

function outside(file: string, key: string, path: string): Diagnostic {
  return createDiagnostic(
    { display: file, text: '' },
    {
      code: 'PATH_OUTSIDE_PROJECT',
      message: phrase`${key} names ${path}, which is no folder of the project`,
      hint: phrase`name a folder inside of the project`,
    },
  );
}

function checkJson(base: string, name: string): Diagnostic[] {
  if (!existsSync(join(base, name))) return [];
  const text = readFileSync(join(base, name), 'utf8').replace(/^\uFEFF/, '');
  return parseJson({ display: name, text }).diagnostics;
}

/** Comments and trailing commas are accepted, as the official tool does for its own files. */
export function readJson(file: string): unknown {
  if (!existsSync(file) || !statSync(file).isFile()) return undefined;
  const text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  // The parser is recursive; what nests so deeply is no configuration.
  if (tooDeepAt(text, LIMITS.brackets) !== undefined) return undefined;
  return parse(text, [], { allowTrailingComma: true });
}

/** Absolute path → path inside `base` with forward slashes, or undefined when it lies outside. */
export function pathInside(base: string, absolute: string): string | undefined {
  const path = relative(base, absolute).replaceAll(sep, '/');
  return path === '..' || path.startsWith('../') ? undefined : path;
}
