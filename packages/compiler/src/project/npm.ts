import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join as joinDisk } from 'node:path';
import { foldersUpwards, join, resolvePath, withoutSuffix } from '../paths.ts';
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
  const built = builtPackages(tree);

  function load(at: string, modules: string, name: string): NpmPackage | undefined {
    const path = join(at, name);
    const folder = joinDisk(modules, name);
    const info = readJson(joinDisk(folder, 'package.json')) as { miniprogram?: unknown; main?: unknown } | undefined;
    if (!info) return undefined;
    const dist = typeof info.miniprogram === 'string' ? info.miniprogram : 'miniprogram_dist';
    const mini = existsSync(joinDisk(folder, dist)) && pathInside(folder, joinDisk(folder, dist)) !== undefined;
    const source = mini ? joinDisk(folder, dist) : folder;
    tree.mount(path, source);
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
    mounted: () =>
      [...packages.values()].flatMap((item) => (item?.mini ? [{ path: item.path, folder: item.folder }] : [])),
    resolve(folder, bare) {
      const name = packageName(bare);
      const rest = bare.slice(name.length + 1);
      for (const above of foldersUpwards(folder)) {
        const at = join(above, 'miniprogram_npm');
        if (built.has(join(at, name))) return join(at, bare);
        for (const modules of folderOf(name, at, above)) {
          const key = `${modules}/${name}`;
          if (!packages.has(key)) {
            packages.set(key, undefined);
            packages.set(key, load(at, modules, name));
          }
          const found = packages.get(key);
          if (!found) continue;
          if (rest) return join(found.path, rest);
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
