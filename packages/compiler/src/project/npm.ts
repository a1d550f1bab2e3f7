import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join as joinDisk, dirname as parentOf, resolve as resolveDisk, sep } from 'node:path';
import { isInside as isInsideDisk, joinInside, realInside, realOf } from '@sparrow/core/files';
import { foldersUpwards, isInside, join, resolvePath, withoutSuffix } from '../paths.ts';
import { type Project, pathInside, readJson } from './locate.ts';
import type { SourceTree } from './source-tree.ts';

/** An npm package as the mini program sees it, under `<folder>/miniprogram_npm/<name>`. */
interface NpmPackage {
  /** Project path of its folder. */
  path: string;
  /** Absolute folder that it is mounted from. */
  folder: string;
  /** True for a package made for mini programs, whose other files may be shown. */
  mini: boolean;
  /** Project path of its main script with suffix, when it has one. */
  main: string | undefined;
}

export interface NpmResolver {
  /**
   * What a bare path like `@vant/weapp/button/index` means for a file in `folder`: a built `miniprogram_npm` of that
   * folder or above, else a package of a `node_modules`, which is mounted without touching the user's files.
   *
   * @returns project path without knowing whether a file is there, or undefined when no such package is installed
   */
  resolve(folder: string, bare: string): string | undefined;
  /** Main scripts of the mounted packages by the path that a `require` of the bare name looks up (`…/index.js`). */
  readonly mains: ReadonlyMap<string, string>;
  /**
   * Packages that are links to folders which are none of the project's and which it does not name; they count as
   * absent.
   */
  readonly escaping: readonly string[];
  /** Packages made for mini programs that something resolved to: project path and absolute folder. */
  mounted(): { path: string; folder: string }[];
}

/** `node_modules` folders by the project path of the `miniprogram_npm` that they stand for. */
function npmFolders(project: Project): { at: string; modules: string }[] {
  const relations = project.npm.map(({ packageDir, distDir }) => ({
    packageDir,
    at: pathInside(project.root, distDir),
  }));
  const folders = relations.flatMap(({ packageDir, at }) =>
    at === undefined ? [] : [{ at: join(at, 'miniprogram_npm'), modules: joinDisk(packageDir, 'node_modules') }],
  );
  // The project folder may lie above the root of the mini program; its packages count as the root's.
  folders.push({ at: 'miniprogram_npm', modules: joinDisk(project.root, 'node_modules') });
  for (const folder of project.rootPath ? foldersUpwards(project.rootPath) : []) {
    folders.push({ at: 'miniprogram_npm', modules: joinDisk(project.dir, folder, 'node_modules') });
  }
  return folders;
}

/** @param extended npm packages that the app gets from the platform (`useExtendedLib`) without installing them */
export function createNpmResolver(project: Project, tree: SourceTree, extended: readonly string[]): NpmResolver {
  const packages = new Map<string, NpmPackage | undefined>();
  const mains = new Map<string, string>();
  const nested = new Map<string, string>();
  const configured = npmFolders(project);
  const ready = builtPackages(tree);

  const trusted = trustedRoots(project);
  const escaping: string[] = [];

  function load(at: string, modules: string, name: string): NpmPackage | undefined {
    const path = join(at, name);
    const folder = isPackageName(name) ? joinInside(modules, name) : undefined;
    if (folder === undefined || realOf(folder) === undefined) return undefined;
    if (realInside(trusted, folder) === undefined && !isNamedByProject(project, modules, name)) {
      escaping.push(path);
      return undefined;
    }
    const info = readJson(joinDisk(folder, 'package.json')) as { miniprogram?: unknown; main?: unknown } | undefined;
    if (!info) return undefined;
    const dist = typeof info.miniprogram === 'string' ? info.miniprogram : 'miniprogram_dist';
    const built = joinInside(folder, dist);
    const mini = built !== undefined && realInside([folder], built) !== undefined;
    const source = mini ? built : folder;
    tree.mount(path, source, folder);
    // A package that is not flat keeps what it depends on beside itself.
    nested.set(path, joinDisk(folder, 'node_modules'));
    const main = mini ? 'index.js' : typeof info.main === 'string' ? info.main : 'index.js';
    const script = resolvePath(path, main);
    const found = script && [script, `${script}.js`, `${script}/index.js`].find((file) => tree.has(file));
    if (found && found !== `${path}/index.js`) mains.set(`${path}/index.js`, found);
    return { path, folder: source, mini, main: found };
  }

  const folderOf = (name: string, at: string, above: string): string[] => {
    const candidates = configured.filter((item) => item.at === at).map((item) => item.modules);
    if (above !== '') candidates.push(nested.get(above) ?? joinDisk(project.root, above, 'node_modules'));
    else if (extended.includes(name)) candidates.push(...ownModules(name));
    return candidates;
  };

  const resolver: NpmResolver = {
    mains,
    escaping,
    mounted: () =>
      [...packages.values()].flatMap((item) => (item?.mini ? [{ path: item.path, folder: item.folder }] : [])),
    resolve(folder, bare) {
      const name = packageName(bare);
      const rest = bare.slice(name.length + 1);
      for (const above of foldersUpwards(folder)) {
        const at = join(above, 'miniprogram_npm');
        // What follows the name stays in the package, however it is written.
        if (ready.has(join(at, name))) return resolveInside(join(at, name), rest);
        for (const modules of folderOf(name, at, above)) {
          const key = `${modules}/${name}`;
          if (!packages.has(key)) {
            packages.set(key, undefined);
            packages.set(key, load(at, modules, name));
          }
          const found = packages.get(key);
          if (!found) continue;
          if (rest) return resolveInside(found.path, rest);
          return found.main === undefined ? found.path : withoutSuffix(found.main, '.js');
        }
      }
      return undefined;
    },
  };
  // A path may name the built folder itself: `/miniprogram_npm/x/index`.
  tree.onPackage = (folder, bare) => void resolver.resolve(folder, bare);
  return resolver;
}

/** A path below a folder; undefined when it climbs out. */
function resolveInside(folder: string, rest: string): string | undefined {
  const path = resolvePath(folder, rest.replace(/^\/+/, ''));
  return path !== undefined && isInside(path, folder) ? path : undefined;
}

/** Names as npm allows them, old ones with capitals too. They become folders, so nothing else may be one. */
const PACKAGE_NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~_-][a-z0-9._~-]*$/i;

export function isPackageName(name: string): boolean {
  return PACKAGE_NAME.test(name) && name.length <= 214;
}

/**
 * Where the folder of a package may really be, since package managers link: in the project, in the `node_modules` of a
 * folder above, in the workspace that the project is part of, or among what Sparrow itself brings along.
 */
function trustedRoots({ dir }: Project): string[] {
  const roots = [
    dir,
    joinDisk(import.meta.dirname, '../../../../node_modules'),
    joinDisk(import.meta.dirname, '../../..'),
  ];
  for (let above = dir; ; above = parentOf(above)) {
    roots.push(joinDisk(above, 'node_modules'));
    const info = readJson(joinDisk(above, 'package.json')) as { workspaces?: unknown } | undefined;
    if (info?.workspaces !== undefined || existsSync(joinDisk(above, 'pnpm-workspace.yaml'))) roots.push(above);
    if (above === parentOf(above)) return roots;
  }
}

/**
 * Whether a package from elsewhere is the project's own word: its package.json says `"name": "file:…"` (or `link:…`),
 * the link leads to that very folder, and what is there is a package of that name. What an installed package says of
 * its own dependencies is nobody's word.
 */
function isNamedByProject(project: Project, modules: string, name: string): boolean {
  const declaring = parentOf(modules);
  if (!isInsideDisk(project.dir, declaring) || declaring.split(sep).includes('node_modules')) return false;
  const { dependencies } = (readJson(joinDisk(declaring, 'package.json')) ?? {}) as { dependencies?: unknown };
  if (typeof dependencies !== 'object' || dependencies === null || !Object.hasOwn(dependencies, name)) return false;
  const spec: unknown = Object.getOwnPropertyDescriptor(dependencies, name)?.value;
  const path = typeof spec === 'string' ? /^(?:file|link):(.+)$/.exec(spec)?.[1] : undefined;
  if (path === undefined) return false;
  const named = realOf(resolveDisk(declaring, path));
  if (named === undefined || named !== realOf(joinDisk(modules, name))) return false;
  const info = readJson(joinDisk(named, 'package.json')) as { name?: unknown } | undefined;
  return info?.name === name;
}

/** `@a/b/c` → `@a/b`, `a/b` → `a`. */
function packageName(bare: string): string {
  return bare.split('/', bare.startsWith('@') ? 2 : 1).join('/');
}

/** Packages that the user's own tool built into a `miniprogram_npm` folder. */
function builtPackages(tree: SourceTree): Set<string> {
  const found = new Set<string>();
  for (const path of tree.files.keys()) {
    const match = /^((?:.*\/)?miniprogram_npm\/)(.+)$/.exec(path);
    if (match) found.add(match[1]! + packageName(match[2]!));
  }
  return found;
}

/** The `node_modules` of Sparrow itself, for libraries that the platform brings along. */
function ownModules(name: string): string[] {
  try {
    return [joinDisk(createRequire(import.meta.url).resolve(`${name}/package.json`), '../..')];
  } catch {
    return [];
  }
}
