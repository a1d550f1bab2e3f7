import { type Dirent, lstatSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

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

/**
 * Whether a path leads inside a root when every link on its way is followed, also the path of what is not there yet: then the
 * nearest folder that is there counts.
 */
export function leadsInside(root: string, path: string): boolean {
  const [from, to] = [futureOf(root), futureOf(path)];
  return from !== undefined && to !== undefined && isInside(from, to);
}

/** The real path that something will have once it is made; undefined behind a link to nothing, which a writer would follow. */
function futureOf(path: string): string | undefined {
  for (let at = path; ; at = dirname(at)) {
    const real = realOf(at);
    if (real !== undefined) return join(real, relative(at, path));
    if (isLink(at) || at === dirname(at)) return undefined;
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** Something that was found below a folder. */
export interface FoundFile {
  /** From the folder on, with forward slashes. */
  path: string;
  absolute: string;
  isFolder: boolean;
}

/**
 * Everything below a folder that is a file or a folder itself. Links are left out: Node's own recursive listing follows them,
 * and one that leads upwards makes it endless.
 */
export function* filesBelow(folder: string): Generator<FoundFile> {
  const waiting = [''];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const item of entriesOf(join(folder, at))) {
      const path = at === '' ? item.name : `${at}/${item.name}`;
      const isFolder = item.isDirectory();
      if (isFolder) waiting.push(path);
      else if (!item.isFile()) continue;
      yield { path, absolute: join(folder, path), isFolder };
    }
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // Gone while its folder was read, or not ours to read.
    return [];
  }
}

/** The path with all its links followed; undefined when there is nothing. */
export function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
