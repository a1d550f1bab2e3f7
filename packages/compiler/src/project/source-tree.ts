import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { join as joinDisk } from 'node:path';
import { joinInside, realInside, realOf } from '@sparrow/core/files';
import { isInside, join } from '../paths.ts';
import { type Project, pathInside } from './locate.ts';

export interface FileEntry {
  absolute: string;
  /** Bytes. */
  size: number;
  mtimeMs: number;
}

export interface SourceFile {
  /** Project path. */
  path: string;
  /** Path inside the project folder, for the user. */
  display: string;
  /** Without a byte order mark. */
  text: string;
  /** SHA-256 of the text, 16 hex characters. */
  hash: string;
}

/**
 * The files of one project. Besides those of the root it answers for mounted folders: npm packages that a path like
 * `miniprogram_npm/x/…` means although nothing was built into the user's folder.
 */
export interface SourceTree {
  /** Files of the mini program and its plugins by project path, sorted. Mounted ones are not listed. */
  readonly files: ReadonlyMap<string, FileEntry>;
  /** Links below the root that lead out of the project; they count as absent. */
  readonly escaping: readonly string[];
  /** Lists the root again and forgets what it knew of mounted files. */
  refresh(project: Project): void;
  /** @param home folder that links of its files may not lead out of */
  mount(path: string, absolute: string, home: string): void;
  /** Called once for a package below a `miniprogram_npm` folder that is asked for and not there: it may mount it. */
  onPackage: ((folder: string, bare: string) => void) | undefined;
  has(path: string): boolean;
  entry(path: string): FileEntry | undefined;
  read(path: string): SourceFile | undefined;
  /** Path for the user of a project path, of a mounted file too. */
  display(path: string): string;
}

/** Never part of a mini program; names with a leading dot are skipped as well. */
const SKIPPED_FOLDERS = new Set(['node_modules']);

interface CachedText {
  size: number;
  mtimeMs: number;
  file: SourceFile;
}

export function createSourceTree(): SourceTree {
  const texts = new Map<string, CachedText>();
  const mounts = new Map<string, { absolute: string; home: string }>();
  const mounted = new Map<string, FileEntry | undefined>();
  let files = new Map<string, FileEntry>();
  let escaping: string[] = [];
  let current: Project | undefined;

  function entry(path: string): FileEntry | undefined {
    const own = files.get(path);
    if (own) return own;
    if (mounted.has(path)) return mounted.get(path);
    const [, folder = '', bare] = /^(?:(.*)\/)?miniprogram_npm\/(.+)$/.exec(path) ?? [];
    if (bare === undefined) return undefined;
    // Asking for the package may ask for its files in turn; this one counts as absent meanwhile.
    mounted.set(path, undefined);
    tree.onPackage?.(folder, bare);
    let found: FileEntry | undefined;
    for (const [prefix, { absolute, home }] of mounts) {
      if (!path.startsWith(`${prefix}/`)) continue;
      const place = joinInside(absolute, path.slice(prefix.length + 1));
      found = place !== undefined && realInside([home], place) !== undefined ? statFile(place) : undefined;
      if (found) break;
    }
    mounted.set(path, found);
    return found;
  }

  function display(path: string): string {
    const absolute = entry(path)?.absolute;
    const inside = current && absolute ? pathInside(current.dir, absolute) : undefined;
    return inside ?? join(current?.rootPath ?? '', path);
  }

  const tree: SourceTree = {
    onPackage: undefined,
    get files() {
      return files;
    },
    get escaping() {
      return escaping;
    },
    refresh(project) {
      current = project;
      mounts.clear();
      mounted.clear();
      ({ files, escaping } = listFiles(project));
    },
    mount: (path, absolute, home) => void mounts.set(path, { absolute, home }),
    has: (path) => entry(path) !== undefined,
    entry,
    display,
    read(path) {
      const stat = entry(path);
      if (!stat) return undefined;
      const known = texts.get(path);
      if (known && known.size === stat.size && known.mtimeMs === stat.mtimeMs) return known.file;
      let text: string;
      try {
        text = readFileSync(stat.absolute, 'utf8').replace(/^\uFEFF/, '');
      } catch {
        // Removed between the listing and now: the next rebuild tells the user.
        return undefined;
      }
      const hash = hashOf(text);
      const file = known?.file.hash === hash ? known.file : { path, display: display(path), text, hash };
      texts.set(path, { size: stat.size, mtimeMs: stat.mtimeMs, file });
      return file;
    },
  };
  return tree;
}

export function hashOf(...parts: string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 16);
}

function statFile(absolute: string): FileEntry | undefined {
  const stat: Stats | undefined = statSync(absolute, { throwIfNoEntry: false });
  return stat?.isFile() ? { absolute, size: stat.size, mtimeMs: stat.mtimeMs } : undefined;
}

interface Listing {
  files: Map<string, FileEntry>;
  escaping: string[];
}

function listFiles(project: Project): Listing {
  const found: [string, FileEntry][] = [];
  const escaping: string[] = [];
  const walk = (base: string, prefix: string, folder: string) => {
    for (const item of entriesOf(joinDisk(base, folder))) {
      // A backslash separates folders elsewhere: no such name is part of a program.
      if (item.name.startsWith('.') || item.name.includes('\\')) continue;
      const path = join(folder, item.name);
      const absolute = joinDisk(base, path);
      if (item.isDirectory()) {
        const inProject = join(project.rootPath, path);
        if (SKIPPED_FOLDERS.has(item.name)) continue;
        if (prefix === '' && project.excluded.some((excluded) => isInside(inProject, excluded))) continue;
        walk(base, prefix, path);
        continue;
      }
      // Followed only to a file, since a linked folder may lead in circles, and only inside the project: what is
      // listed here is sent to the mini program.
      if (
        item.isSymbolicLink() &&
        realOf(absolute) !== undefined &&
        realInside([project.dir], absolute) === undefined
      ) {
        escaping.push(join(prefix, path));
        continue;
      }
      const entry = statFile(absolute);
      if (entry) found.push([join(prefix, path), entry]);
    }
  };
  walk(project.root, '', '');
  for (const { root, folder } of new Map(project.plugins.map((plugin) => [plugin.root, plugin])).values())
    if (folder !== undefined) walk(joinDisk(project.dir, folder), root, '');
  return { files: new Map(found.sort(([a], [b]) => (a < b ? -1 : 1))), escaping };
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    // Removed while the folders above it were read.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
