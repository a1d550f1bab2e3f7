/** Project paths: forward slashes, relative to the mini program's root, no `./`, no leading slash. */

/** Folder of a path, `""` for a file at the root. */
export function dirname(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

export function join(folder: string, path: string): string {
  return folder ? `${folder}/${path}` : path;
}

/**
 * Resolves `.` and `..`. A path with a leading slash starts at the root, any other at `folder`.
 *
 * @returns undefined when it climbs out of the root
 */
export function resolvePath(folder: string, path: string): string | undefined {
  const parts = path.startsWith('/') || folder === '' ? [] : folder.split('/');
  for (const part of path.replaceAll('\\', '/').split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}

/** `a/b.wxml` → `a/b` for the suffix `.wxml`; other paths stay. */
export function withoutSuffix(path: string, suffix: string): string {
  return path.endsWith(suffix) ? path.slice(0, -suffix.length) : path;
}

export function suffixOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot).toLowerCase();
}

/** True when `path` is `folder` or lies in it; `""` holds everything. */
export function isInside(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}

/** `a/b/c` → `a/b`, `a`, `""`: the folder itself and those above it. */
export function* foldersUpwards(folder: string): Generator<string> {
  for (let current = folder; current !== ''; current = dirname(current)) yield current;
  yield '';
}
