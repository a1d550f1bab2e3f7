import { statSync } from 'node:fs';
import { filesBelow } from '@sparrow/core/files';
import type { Diagnostic, SubpackageInfo } from '@sparrow/protocol';
import { createDiagnostic } from './diagnostics.ts';
import { suffixOf } from './paths.ts';
import { phrase } from './phrase.ts';
import { rootOf } from './project/app-config.ts';
import type { FileEntry, SourceTree } from './project/source-tree.ts';

/**
 * Kinds of files that a package may hold, as in the original (where a list of suffixes decides, too) and with fonts, data
 * and models that style sheets and scripts load. Everything else stays at home: a key beside the sources, for instance.
 */
const ASSET_SUFFIXES = new Set(
  [
    '.png .jpg .jpeg .gif .svg .webp .bmp .ico .ttf .otf .woff .woff2 .eot',
    '.mp3 .aac .m4a .mp4 .wav .ogg .silk .webm .wasm .br .cer .cert .bin .dat',
    '.json .txt .csv .xml .plist .atlas .glb .gltf .hdr .ktx .glsl .frag .vert .lottie',
  ].flatMap((line) => line.split(' ')),
);

/** Files at the root that configure the project and are no part of it. */
const CONFIG_FILES = /^(project\.(private\.)?config|sparrow|package(-lock)?|tsconfig|app|sitemap|theme)\.json$/;

/** Above this many bytes in all, loading becomes a wait that a user notices. */
export const LARGE_PACKAGE_BYTES = 50 * 1024 * 1024;

/** Files of an npm package that a mini program may show; its listing is kept as long as its folder does not change. */
export interface MountedFiles {
  list(path: string, folder: string): [string, FileEntry][];
}

export function createMountedFiles(): MountedFiles {
  const known = new Map<string, { mtimeMs: number; files: [string, FileEntry][] }>();
  return {
    list(path, folder) {
      const { mtimeMs } = statSync(folder);
      const cached = known.get(folder);
      if (cached?.mtimeMs === mtimeMs) return cached.files;
      const files = [...filesBelow(folder)].flatMap(({ path: inside, absolute, isFolder }): [string, FileEntry][] => {
        const suffix = suffixOf(inside);
        if (isFolder || suffix === '.json' || !ASSET_SUFFIXES.has(suffix) || inside.includes('\\')) return [];
        const stat = statSync(absolute, { throwIfNoEntry: false });
        return stat ? [[`${path}/${inside}`, { absolute, size: stat.size, mtimeMs: stat.mtimeMs }]] : [];
      });
      known.set(folder, { mtimeMs, files });
      return files;
    },
  };
}

/**
 * Files that are served as they are. They are listed, never read.
 *
 * @param components paths whose JSON is configuration
 * @param modules modules by key: a JSON file among them is data that a script asked for, and is listed as well
 */
export function listAssets(
  tree: SourceTree,
  components: readonly string[],
  modules: ReadonlyMap<string, unknown>,
): Map<string, FileEntry> {
  const configs = new Set(components.map((path) => `${path}.json`));
  const assets = new Map<string, FileEntry>();
  for (const [path, entry] of tree.files) {
    if (!ASSET_SUFFIXES.has(suffixOf(path)) || CONFIG_FILES.test(path)) continue;
    if (configs.has(path) && !modules.has(path)) continue;
    assets.set(path, entry);
  }
  return assets;
}

export function sizesByRoot(tree: SourceTree, packages: readonly SubpackageInfo[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const [path, entry] of tree.files) {
    const root = rootOf(path, packages);
    sizes.set(root, (sizes.get(root) ?? 0) + entry.size);
  }
  return sizes;
}

export function totalSizeDiagnostic(packages: readonly SubpackageInfo[], display: string): Diagnostic[] {
  const bytes = packages.reduce((sum, info) => sum + info.size, 0);
  if (bytes <= LARGE_PACKAGE_BYTES) return [];
  return [
    createDiagnostic(
      { display, text: '' },
      {
        code: 'PACKAGE_TOO_LARGE',
        severity: 'warning',
        message: phrase`the mini program has ${(bytes / 1024 / 1024).toFixed(0)} MB`,
        hint: phrase`move large files to a server; WeChat itself refuses more than 30 MB`,
      },
    ),
  ];
}
