import { realpathSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';

/**
 * The only way to make a path of a root and parts that somebody else names: what would leave the root is refused, in
 * whatever way it is written. Links are another matter, see `realInside`.
 *
 * @param root absolute
 * @returns absolute path in the root, or the root itself; undefined when it leaves the root or holds a NUL
 * @example joinInside('/srv/app', 'a/../b') // '/srv/app/b'
 * @example joinInside('/srv/app', '../etc') // undefined
 */
export function joinInside(root: string, ...parts: string[]): string | undefined {
  const base = resolve(root);
  let path = base;
  for (const part of parts) {
    if (part.includes('\0') || isAbsolute(part)) return undefined;
    path = resolve(path, part.replaceAll('\\', '/'));
    if (!isInside(base, path)) return undefined;
  }
  return path;
}

/** Whether an absolute path is the root or lies below it, going by its text. */
export function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/**
 * Where a path really leads when every link on its way is followed, if that is inside one of the roots; undefined when it
 * leads out or to nothing.
 */
export function realInside(roots: readonly string[], path: string): string | undefined {
  const real = realOf(path);
  if (real === undefined) return undefined;
  return roots.some((root) => isInside(realOf(root) ?? root, real)) ? real : undefined;
}

/** The path with all its links followed; undefined when there is nothing. */
export function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
