import { existsSync } from 'node:fs';
import { join as joinDisk } from 'node:path';
import { foldersUpwards, join, resolvePath, withoutSuffix } from '../paths.ts';
import { type Project, pathInside, readJson } from './locate.ts';
import type { SourceTree } from './source-tree.ts';

/** An npm package as the mini program sees it, under `<folder>/miniprogram_npm/<name>`. */
interface NpmPackage {
  /** Project path of its folder. */
  path: string;
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

export function createNpmResolver(project: Project, tree: SourceTree): NpmResolver {
  const packages = new Map<string, NpmPackage | undefined>();
  const mains = new Map<string, string>();
  const configured = npmFolders(project);
  /** Folders below the root with a `miniprogram_npm` of their own. */
  const built = new Set<string>();
  for (const path of tree.files.keys()) {
    const at = `/${path}`.indexOf('/miniprogram_npm/');
    if (at >= 0) built.add(path.slice(0, at + 'miniprogram_npm'.length));
  }

  function load(at: string, modules: string, name: string): NpmPackage | undefined {
    const path = join(at, name);
    const folder = joinDisk(modules, name);
    const info = readJson(joinDisk(folder, 'package.json')) as { miniprogram?: unknown; main?: unknown } | undefined;
    if (!info) return undefined;
    const dist = typeof info.miniprogram === 'string' ? info.miniprogram : 'miniprogram_dist';
    const isMini = existsSync(joinDisk(folder, dist));
    tree.mount(path, isMini ? joinDisk(folder, dist) : folder);
    const main = isMini ? 'index.js' : typeof info.main === 'string' ? info.main : 'index.js';
    const script = resolvePath(path, main);
    const found = script && [script, `${script}.js`, `${script}/index.js`].find((file) => tree.has(file));
    if (found && found !== `${path}/index.js`) mains.set(`${path}/index.js`, found);
    return { path, main: found };
  }

  return {
    mains,
    resolve(folder, bare) {
      const parts = bare.split('/');
      const name = parts.slice(0, bare.startsWith('@') ? 2 : 1).join('/');
      const rest = parts.slice(name.split('/').length).join('/');
      for (const above of foldersUpwards(folder)) {
        const at = join(above, 'miniprogram_npm');
        if (built.has(at) && [...tree.files.keys()].some((path) => path.startsWith(`${join(at, name)}/`))) {
          return join(at, bare);
        }
        const candidates = configured.filter((item) => item.at === at);
        if (above !== '') candidates.push({ at, modules: joinDisk(project.root, above, 'node_modules') });
        for (const { modules } of candidates) {
          const key = `${modules}/${name}`;
          if (!packages.has(key)) packages.set(key, load(at, modules, name));
          const found = packages.get(key);
          if (found)
            return rest ? join(found.path, rest) : (found.main && withoutSuffix(found.main, '.js')) || found.path;
        }
      }
      return undefined;
    },
  };
}
