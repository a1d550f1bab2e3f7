import type { UserFile } from '@sparrow/protocol';
import { ApiFailure } from '../../service/wx/api.ts';

/** Root of the files a program may write. */
export const USER_ROOT = 'http://usr';
/** All files of the user folder together, in bytes. Source: the file system chapter of the guide. */
const TOTAL_LIMIT = 200 << 20;

interface Entry {
  /** undefined for a folder. */
  data: Uint8Array<ArrayBuffer> | undefined;
  /** Seconds since 1970. */
  modified: number;
}

/** Told of every change: bytes of a file, null for a new folder, undefined for what is gone. */
export type Mirror = (path: string, data: Uint8Array<ArrayBuffer> | null | undefined) => void;

/** Failures with WeChat's texts and numbers. */
export const failures = {
  missing: (call: string, path: string) =>
    new ApiFailure(`no such file or directory, ${call} "${path}"`, { errno: 1300002, errCode: 1300002 }),
  denied: (call: string, path: string) =>
    new ApiFailure(`permission denied, ${call} "${path}"`, { errno: 1300013, errCode: 1300013 }),
  exists: (call: string, path: string) =>
    new ApiFailure(`file already exists, ${call} "${path}"`, { errno: 1301005, errCode: 1301005 }),
  notEmpty: (call: string, path: string) =>
    new ApiFailure(`directory not empty, ${call} "${path}"`, { errno: 1300066, errCode: 1300066 }),
  isFolder: (call: string, path: string) =>
    new ApiFailure(`illegal operation on a directory, ${call} "${path}"`, { errno: 1300021, errCode: 1300021 }),
};

/**
 * The user folder as the logic layer has it. Every change is told to `mirror`, so that images and uploads find the files.
 */
export class FileTree {
  readonly #entries = new Map<string, Entry>();
  readonly #mirror: Mirror;

  constructor(files: readonly UserFile[], mirror: Mirror) {
    this.#mirror = mirror;
    this.#entries.set(USER_ROOT, { data: undefined, modified: now() });
    for (const { path, data, modified } of files)
      this.#entries.set(path, { data: data && new Uint8Array(data), modified });
  }

  /** Whether a path is one of the user folder; all others belong to native. */
  owns(path: string): boolean {
    return clean(path) === USER_ROOT || clean(path).startsWith(`${USER_ROOT}/`);
  }

  read(call: string, path: string): Uint8Array<ArrayBuffer> {
    const entry = this.#entries.get(clean(path));
    if (!entry) throw failures.missing(call, path);
    if (!entry.data) throw failures.isFolder(call, path);
    return entry.data;
  }

  write(call: string, path: string, data: Uint8Array<ArrayBuffer>): void {
    const at = this.#writable(call, path);
    if (this.#entries.get(at) && !this.#entries.get(at)?.data) throw failures.isFolder(call, path);
    let total = data.byteLength;
    for (const [other, entry] of this.#entries) if (other !== at) total += entry.data?.byteLength ?? 0;
    if (total > TOTAL_LIMIT)
      throw new ApiFailure('the maximum size of the file storage limit is exceeded', { errno: 1300202 });
    this.#entries.set(at, { data, modified: now() });
    this.#mirror(at, data);
  }

  remove(call: string, path: string): void {
    this.read(call, path);
    this.#entries.delete(clean(path));
    this.#mirror(clean(path), undefined);
  }

  makeFolder(call: string, path: string, recursive: boolean): void {
    if (recursive && clean(path) !== USER_ROOT) {
      const up = parentOf(clean(path));
      if (!this.#entries.has(up)) this.makeFolder(call, up, true);
    }
    if (this.#entries.has(clean(path))) {
      if (recursive && !this.#entries.get(clean(path))?.data) return;
      throw failures.exists(call, path);
    }
    const at = this.#writable(call, path);
    this.#entries.set(at, { data: undefined, modified: now() });
    this.#mirror(at, null);
  }

  removeFolder(call: string, path: string, recursive: boolean): void {
    const at = clean(path);
    const entry = this.#entries.get(at);
    if (!entry || entry.data) throw failures.missing(call, path);
    if (at === USER_ROOT) throw failures.denied(call, path);
    const inside = [...this.#entries.keys()].filter((other) => other.startsWith(`${at}/`));
    if (inside.length > 0 && !recursive) throw failures.notEmpty(call, path);
    for (const other of [...inside, at]) {
      this.#entries.delete(other);
    }
    this.#mirror(at, undefined);
  }

  /** Names of what is directly in a folder. */
  list(call: string, path: string): string[] {
    const at = clean(path);
    const entry = this.#entries.get(at);
    if (!entry || entry.data) throw failures.missing(call, path);
    return [...this.#entries.keys()]
      .filter((other) => other !== at && parentOf(other) === at)
      .map((other) => other.slice(at.length + 1));
  }

  has(path: string): boolean {
    return this.#entries.has(clean(path));
  }

  /** Sizes in bytes, times in seconds since 1970. */
  stat(call: string, path: string): Record<string, unknown> {
    const entry = this.#entries.get(clean(path));
    if (!entry) throw failures.missing(call, path);
    const file = entry.data !== undefined;
    return {
      mode: file ? 33_206 : 16_822,
      size: entry.data?.byteLength ?? 0,
      lastAccessedTime: entry.modified,
      lastModifiedTime: entry.modified,
      isDirectory: () => !file,
      isFile: () => file,
    };
  }

  rename(call: string, from: string, to: string): void {
    const at = clean(from);
    if (!this.#entries.has(at)) throw failures.missing(call, from);
    const target = this.#writable(call, to);
    const moved: [string, Entry][] = [];
    for (const [path, entry] of [...this.#entries]) {
      if (path !== at && !path.startsWith(`${at}/`)) continue;
      this.#entries.delete(path);
      moved.push([target + path.slice(at.length), entry]);
    }
    for (const [path, entry] of moved) {
      this.#entries.set(path, entry);
      this.#mirror(path, entry.data ?? null);
    }
    // Gone from its old place only when it is at the new one.
    if (target !== at) this.#mirror(at, undefined);
  }

  #writable(call: string, path: string): string {
    const at = clean(path);
    if (!this.owns(path) || at === USER_ROOT) throw failures.denied(call, path);
    const parent = this.#entries.get(parentOf(at));
    if (!parent || parent.data) throw failures.missing(call, path);
    return at;
  }
}

const now = (): number => Math.floor(Date.now() / 1000);
const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

/** One spelling of a path: no doubled or closing slashes, no `.` and `..`; `wxfile://usr` is the same folder. */
function clean(path: string): string {
  const text = String(path).replace(/^wxfile:\/\/usr/, USER_ROOT);
  if (!text.startsWith(USER_ROOT)) return text;
  const parts: string[] = [];
  for (const part of text.slice(USER_ROOT.length).split('/')) {
    if (part === '..') parts.pop();
    else if (part && part !== '.') parts.push(part);
  }
  return [USER_ROOT, ...parts].join('/');
}
