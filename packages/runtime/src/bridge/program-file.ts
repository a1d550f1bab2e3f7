import { rootOfFile } from '@sparrow/protocol';

/** What a path of a mini program can mean. There is nothing else: a path that is none of these names no file. */
export type ProgramFile =
  /** Of the package, from its root. */
  | { kind: 'package'; path: string }
  /** Of the user folder: `http://usr/…`, `wxfile://usr/…`. */
  | { kind: 'user'; path: string }
  /** Temporary: `http://tmp/…`, `wxfile://…`. */
  | { kind: 'temporary'; path: string }
  /** Somewhere else: only the relay may fetch it, by its own rules. */
  | { kind: 'network'; url: string }
  /** A picture that stands in its own address. */
  | { kind: 'inline'; url: string };

/** Where the files of a phone are served. */
export interface FileBases {
  /** Of the package. */
  assetBase: string;
  /** Of temporary files of all phones. */
  fileBase: string;
  /** Of the user folder of this phone's user. */
  userBase: string;
}

const OWN = /^https?:\/\/(tmp|usr)(?:\/(.*))?$/is;
const SCHEME_OF_FILES = /^wxfile:\/\/\/*(?:(tmp|usr)(?:\/|$))?(.*)$/is;

/**
 * Resolves what a mini program names. `.` and `..` are resolved here, so that no address made of the result can mean another
 * place than the one that was looked at.
 *
 * @param folder folder that a path of the package without a leading slash starts from; default the root
 * @returns undefined for what names no file: other schemes, paths that climb out of the user folder
 */
export function programFile(path: string, folder = ''): ProgramFile | undefined {
  const own = OWN.exec(path) ?? SCHEME_OF_FILES.exec(path);
  if (own) {
    const inside = segments((own[2] ?? '').split('/'));
    if (inside === undefined || inside.length === 0) return undefined;
    return { kind: own[1]?.toLowerCase() === 'usr' ? 'user' : 'temporary', path: inside.join('/') };
  }
  if (/^https?:\/\//i.test(path)) {
    return URL.canParse(path) ? { kind: 'network', url: new URL(path).href } : undefined;
  }
  if (/^data:image\//i.test(path)) return { kind: 'inline', url: path };
  if (/^[a-z][a-z0-9+.-]*:/i.test(path)) return undefined;
  const [plain = ''] = path.split(/[?#]/, 1);
  // A path that has its plugin's folder already, since the component that names it belongs to one, stays as it is.
  const root = rootOfFile(plain.slice(1)) === '' ? rootOfFile(folder) : '';
  const start = (plain.startsWith('/') ? root : folder).split('/');
  // Above the root the original goes on at the root, and real programs rely on it.
  const inside = segments([...start, ...plain.split('/').map(decoded)], true);
  return inside && inside.length > 0 ? { kind: 'package', path: inside.join('/') } : undefined;
}

/** The address of a file that the simulator itself serves; undefined for the other kinds. */
export function fileAddress(file: ProgramFile, { assetBase, fileBase, userBase }: FileBases): string | undefined {
  const base = {
    package: assetBase,
    user: userBase,
    temporary: `${fileBase}/tmp`,
    network: undefined,
    inline: undefined,
  }[file.kind];
  if (base === undefined || !('path' in file)) return undefined;
  return `${base}/${encodePath(file.path)}`;
}

/** Segments of a path for an address: each is encoded, so that none of its characters has a meaning there. */
export const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

/**
 * @param clipped whether a path that climbs above the root goes on at the root
 * @returns undefined when they climb out, or when one is not the name of a file
 */
function segments(parts: readonly string[], clipped = false): string[] | undefined {
  const found: string[] = [];
  for (const part of parts) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (found.pop() === undefined && !clipped) return undefined;
    } else if (/[/\\\0]/.test(part)) return undefined;
    else found.push(part);
  }
  return found;
}

/** Addresses of the package may be encoded, as on a web page. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
