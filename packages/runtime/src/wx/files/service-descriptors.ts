import { ApiFailure, type ApiHelper, shouldBe } from '../../service/wx/api.ts';
import { anything, number, optional, text } from '../schema.ts';
import { encode } from './service-encodings.ts';
import { type FileTree, failures } from './service-tree.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Files that a program may have open at a time; one that closes none would never notice. */
const MAX_OPEN = 1024;

interface Open {
  readonly path: string;
  readonly reads: boolean;
  readonly writes: boolean;
  readonly appends: boolean;
  /** Where the next read or write without a position begins. */
  at: number;
}
interface Flags {
  reads: boolean;
  writes: boolean;
  appends?: boolean;
  creates?: boolean;
  empties?: boolean;
  fresh?: boolean;
}
/** Source: FileSystemManager.open of the API reference. */
const FLAGS: Readonly<Record<string, Flags>> = {
  r: { reads: true, writes: false },
  'r+': { reads: true, writes: true },
  w: { reads: false, writes: true, creates: true, empties: true },
  wx: { reads: false, writes: true, creates: true, fresh: true },
  'w+': { reads: true, writes: true, creates: true, empties: true },
  'wx+': { reads: true, writes: true, creates: true, fresh: true },
  a: { reads: false, writes: true, appends: true, creates: true },
  ax: { reads: false, writes: true, appends: true, creates: true, fresh: true },
  'a+': { reads: true, writes: true, appends: true, creates: true },
  'ax+': { reads: true, writes: true, appends: true, creates: true, fresh: true },
  as: { reads: false, writes: true, appends: true, creates: true },
  'as+': { reads: true, writes: true, appends: true, creates: true },
};

interface OpenOptions {
  filePath: string;
  flag?: string;
}
interface ReadOptions {
  fd: string;
  arrayBuffer: unknown;
  offset?: number;
  length?: number;
  position?: number;
}
interface WriteOptions {
  fd: string;
  data: unknown;
  offset?: number;
  length?: number;
  encoding?: string;
  position?: number;
}

/** The same bytes in another length; what is new is zero. */
function resized(bytes: Bytes, length: number): Bytes {
  const all = new Uint8Array(length);
  all.set(bytes.subarray(0, length));
  return all;
}

/** The functions of the file system manager that work on open files, each with its twin that answers at once. */
export function createDescriptors(tree: FileTree, api: ApiHelper): Record<string, unknown> {
  const opened = new Map<string, Open>();
  let last = 0;

  const bad = (): ApiFailure => new ApiFailure('bad file descriptor', { errno: 1300009, errCode: 1300009 });
  function openOf(fd: unknown, right?: 'reads' | 'writes'): Open {
    const found = opened.get(String(fd));
    if (!found || (right && !found[right])) throw bad();
    return found;
  }
  function within(name: string, value: number, max: number): number {
    if (Number.isInteger(value) && value >= 0 && value <= max) return value;
    throw new ApiFailure(`the value of "${name}" is out of range`, { errno: 1300202 });
  }

  const calls = {
    open({ filePath, flag = 'r' }: OpenOptions) {
      const flags = Object.hasOwn(FLAGS, flag) ? FLAGS[flag] : undefined;
      if (!flags) throw new ApiFailure(`invalid flag "${String(flag)}"`);
      if (opened.size >= MAX_OPEN) throw new ApiFailure('too many open files', { errno: 1300024 });
      const there = tree.has(filePath);
      if (there && flags.fresh) throw failures.exists('open', filePath);
      // Says what is wrong with a path that is missing or a folder.
      if (there || !flags.creates) tree.read('open', filePath);
      if (flags.empties || !there) tree.write('open', filePath, new Uint8Array());
      const { reads, writes, appends = false } = flags;
      const fd = String(++last);
      opened.set(fd, { path: filePath, reads, writes, appends, at: 0 });
      return { fd };
    },
    close({ fd }: { fd: string }) {
      openOf(fd);
      opened.delete(String(fd));
    },
    read({ fd, arrayBuffer, offset = 0, length, position }: ReadOptions) {
      const file = openOf(fd, 'reads');
      if (!(arrayBuffer instanceof ArrayBuffer)) throw shouldBe('ArrayBuffer', arrayBuffer, 'arrayBuffer');
      const start = within('offset', offset, arrayBuffer.byteLength);
      const room = within('length', length ?? arrayBuffer.byteLength - start, arrayBuffer.byteLength - start);
      const from = position ?? file.at;
      const piece = tree.read('read', file.path).subarray(from, from + room);
      new Uint8Array(arrayBuffer).set(piece, start);
      if (position === undefined || position === null) file.at += piece.length;
      return { bytesRead: piece.length, arrayBuffer };
    },
    write({ fd, data, offset = 0, length, encoding, position }: WriteOptions) {
      const file = openOf(fd, 'writes');
      const given = encode(data, encoding);
      const whole = typeof data === 'string';
      const start = whole ? 0 : within('offset', offset, given.length);
      const count = whole ? given.length : within('length', length ?? given.length - start, given.length - start);
      const before = tree.read('write', file.path);
      const from = file.appends ? before.length : (position ?? file.at);
      const all = resized(before, Math.max(before.length, from + count));
      all.set(given.subarray(start, start + count), from);
      tree.write('write', file.path, all);
      if (!file.appends && (position === undefined || position === null)) file.at += count;
      return { bytesWritten: count };
    },
    fstat({ fd }: { fd: string }) {
      return { stats: tree.stat('fstat', openOf(fd).path) };
    },
    ftruncate({ fd, length = 0 }: { fd: string; length?: number }) {
      const { path } = openOf(fd, 'writes');
      tree.write('ftruncate', path, resized(tree.read('ftruncate', path), within('length', length, 200 << 20)));
    },
    truncate({ filePath, length = 0 }: { filePath: string; length?: number }) {
      const size = within('length', length, 200 << 20);
      tree.write('truncate', filePath, resized(tree.read('truncate', filePath), size));
    },
  };

  const fd = { fd: text() };
  const at = { offset: optional(number()), length: optional(number()), position: optional(number()) };
  const path = { filePath: text() };
  const sync = <O, R>(name: string, run: (options: O) => R) =>
    api.sync(`${name}Sync`, (options?: O) => run((options ?? {}) as O));
  return {
    open: api.async('open', { ...path, flag: optional(text()) }, calls.open),
    openSync: sync('open', (options: OpenOptions) => calls.open(options).fd),
    close: api.async('close', fd, calls.close),
    closeSync: sync('close', calls.close),
    read: api.async('read', { ...fd, arrayBuffer: anything(), ...at }, calls.read),
    readSync: sync('read', calls.read),
    write: api.async('write', { ...fd, data: anything(), ...at }, calls.write),
    writeSync: sync('write', calls.write),
    fstat: api.async('fstat', fd, calls.fstat),
    fstatSync: sync('fstat', (options: { fd: string }) => calls.fstat(options).stats),
    ftruncate: api.async('ftruncate', { ...fd, length: optional(number()) }, calls.ftruncate),
    ftruncateSync: sync('ftruncate', calls.ftruncate),
    truncate: api.async('truncate', { ...path, length: optional(number()) }, calls.truncate),
    truncateSync: sync('truncate', calls.truncate),
  };
}
