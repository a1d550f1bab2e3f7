import { constants } from 'node:fs';
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { joinInside } from '@sparrow/core/files';
import type { CompiledPackage } from './build.ts';
import { CompilerError } from './errors.ts';
import { phrase } from './phrase.ts';

/**
 * Writes a package as the folder that package-format.ts describes. It is written beside `outDir` and renamed, so that
 * nobody reads half a package; what was in `outDir` is gone then.
 */
export async function writePackage(pkg: CompiledPackage, outDir: string): Promise<void> {
  const unique = `${process.pid}-${Date.now().toString(36)}`;
  const fresh = `${outDir}.new-${unique}`;
  const old = `${outDir}.old-${unique}`;
  /** Names of the package come from the project: none may lead out of the folder that is written. */
  const placeOf = (...parts: string[]): string => {
    const place = joinInside(fresh, ...parts);
    if (place === undefined)
      throw new CompilerError('PATH_OUTSIDE_PACKAGE', phrase`${parts.join('/')} leaves the package`, {
        hint: phrase`rename that file of the project`,
      });
    return place;
  };
  const put = async (path: string, text: string) => {
    const file = placeOf(path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  };
  try {
    await put('manifest.json', JSON.stringify(pkg.manifest));
    for (const [root, bundle] of pkg.services) await put(join(root, 'service.json'), JSON.stringify(bundle));
    for (const [root, bundle] of pkg.styles) await put(join(root, 'styles.json'), JSON.stringify(bundle));
    for (const [module, map] of pkg.maps) await put(join('maps', `${module}.map`), map);
    for (const path of pkg.manifest.files) {
      const from = pkg.assetPath(path);
      const to = placeOf('files', path);
      if (from === undefined) continue;
      await mkdir(dirname(to), { recursive: true });
      await copyFile(from, to, constants.COPYFILE_FICLONE);
    }
    await rename(outDir, old).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(fresh, outDir);
  } finally {
    await rm(fresh, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
}
