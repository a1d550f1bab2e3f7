import { ApiFailure, shouldBe } from '../../service/wx/api.ts';
import type { WxContext } from '../../service/wx/context.ts';
import { serviceWith, value } from '../../service/wx/define.ts';
import { anything, optional, text as string } from '../schema.ts';
import { readZip, type ZipEntry } from './service-archive.ts';
import { createDescriptors } from './service-descriptors.ts';
import { decode, encode } from './service-encodings.ts';
import { failures, USER_ROOT } from './service-tree.ts';

type Bytes = Uint8Array<ArrayBuffer>;
interface FileOptions {
  filePath: string;
  data?: unknown;
  encoding?: string;
  position?: number;
  length?: number;
}
interface FolderOptions {
  dirPath: string;
  recursive?: boolean;
}

/**
 * wx.getFileSystemManager. Files the program wrote are in the logic layer, so that the sync calls can answer; files of the
 * package and temporary ones come from native and can be read by the asynchronous calls only.
 */
export const filesService = serviceWith(createManager, {
  getFileSystemManager: value((manager) => () => manager),
});

function createManager({ invoke, api, files: tree }: WxContext): Record<string, unknown> {
  let lastSaved = 0;

  /** Bytes of any file the program may read. */
  async function load(call: string, path: string): Promise<Bytes> {
    if (tree.owns(path)) return tree.read(call, path);
    const answer = await invoke('readFile', { path }).catch(() => {
      throw failures.missing(call, path);
    });
    return new Uint8Array(answer.data);
  }
  function loadSync(call: string, path: unknown): Bytes {
    const name = text(path, 'filePath');
    if (!tree.owns(name)) throw failures.missing(call, name);
    return tree.read(call, name);
  }
  const write = (path: unknown, data: unknown, encoding: unknown): void =>
    tree.write('open', text(path, 'filePath'), encode(data, encoding));
  function append(path: unknown, data: unknown, encoding: unknown): void {
    const name = text(path, 'filePath');
    const before = tree.read('open', name);
    const more = encode(data, encoding);
    const all = new Uint8Array(before.length + more.length);
    all.set(before);
    all.set(more, before.length);
    tree.write('open', name, all);
  }
  const target = (path: string, from: string): string =>
    path || `${USER_ROOT}/store_${Date.now()}_${++lastSaved}${/\.\w+$/.exec(from)?.[0] ?? ''}`;
  const savedFiles = (): object[] =>
    tree
      .list('scandir', USER_ROOT)
      .map((name) => `${USER_ROOT}/${name}`)
      .map((filePath) => ({ filePath, stat: tree.stat('stat', filePath) }))
      .filter(({ stat }) => stat.mode === 33_206)
      .map(({ filePath, stat }) => ({ filePath, size: stat.size, createTime: stat.lastModifiedTime }));
  const access = (path: unknown): void => {
    const name = text(path, 'path');
    if (!tree.has(name)) throw failures.missing('access', name);
  };
  const rename = (from: unknown, to: unknown): void =>
    tree.rename('rename', text(from, 'oldPath'), text(to, 'newPath'));
  const folder = { dirPath: string() };
  const file = { filePath: string() };

  const methods: Record<string, unknown> = {
    access: api.async('access', { path: string() }, async (o: { path: string }) => {
      if (tree.owns(o.path)) access(o.path);
      else await load('access', o.path);
    }),
    accessSync: api.sync('accessSync', access),
    readFile: api.async('readFile', file, async (o: FileOptions) => ({
      data: decode(cut(await load('open', o.filePath), o), o.encoding),
    })),
    readFileSync: api.sync('readFileSync', (filePath: string, encoding?: string, position?: number, length?: number) =>
      decode(cut(loadSync('open', filePath), { filePath, ...given({ position, length }) }), encoding),
    ),
    writeFile: api.async('writeFile', file, (o: FileOptions) => write(o.filePath, o.data, o.encoding)),
    writeFileSync: api.sync('writeFileSync', write),
    appendFile: api.async('appendFile', file, (o: FileOptions) => append(o.filePath, o.data, o.encoding)),
    appendFileSync: api.sync('appendFileSync', append),
    unlink: api.async('unlink', file, (o: FileOptions) => tree.remove('unlink', o.filePath)),
    unlinkSync: api.sync('unlinkSync', (path: unknown) => tree.remove('unlink', text(path, 'filePath'))),
    mkdir: api.async('mkdir', folder, (o: FolderOptions) => tree.makeFolder('mkdir', o.dirPath, o.recursive === true)),
    mkdirSync: api.sync('mkdirSync', (path: unknown, recursive?: boolean) =>
      tree.makeFolder('mkdir', text(path, 'dirPath'), recursive === true),
    ),
    rmdir: api.async('rmdir', folder, (o: FolderOptions) =>
      tree.removeFolder('rmdir', o.dirPath, o.recursive === true),
    ),
    rmdirSync: api.sync('rmdirSync', (path: unknown, recursive?: boolean) =>
      tree.removeFolder('rmdir', text(path, 'dirPath'), recursive === true),
    ),
    readdir: api.async('readdir', folder, (o: FolderOptions) => ({ files: tree.list('scandir', o.dirPath) })),
    readdirSync: api.sync('readdirSync', (path: unknown) => tree.list('scandir', text(path, 'dirPath'))),
    stat: api.async('stat', { path: string() }, (o: { path: string }) => ({ stats: tree.stat('stat', o.path) })),
    statSync: api.sync('statSync', (path: unknown) => tree.stat('stat', text(path, 'path'))),
    rename: api.async('rename', { oldPath: string(), newPath: string() }, (o: { oldPath: string; newPath: string }) =>
      rename(o.oldPath, o.newPath),
    ),
    renameSync: api.sync('renameSync', rename),
    copyFile: api.async(
      'copyFile',
      { srcPath: string(), destPath: string() },
      async (o: { srcPath: string; destPath: string }) =>
        tree.write('copyFile', o.destPath, (await load('copyFile', o.srcPath)).slice()),
    ),
    copyFileSync: api.sync('copyFileSync', (from: unknown, to: unknown) =>
      tree.write('copyFile', text(to, 'destPath'), loadSync('copyFile', from).slice()),
    ),
    saveFile: api.async(
      'saveFile',
      { tempFilePath: string(), filePath: optional(string()) },
      async (o: { tempFilePath: string; filePath?: string }) => {
        const savedFilePath = target(o.filePath ?? '', o.tempFilePath);
        tree.write('saveFile', savedFilePath, await load('saveFile', o.tempFilePath));
        return { savedFilePath };
      },
    ),
    getSavedFileList: api.async('getSavedFileList', {}, () => ({ fileList: savedFiles() })),
    removeSavedFile: api.async('removeSavedFile', file, (o: FileOptions) => tree.remove('unlink', o.filePath)),
    getFileInfo: api.async('getFileInfo', file, async (o: FileOptions) => ({
      size: (await load('getFileInfo', o.filePath)).byteLength,
    })),
    ...createDescriptors(tree, api),
    unzip: api.async(
      'unzip',
      { zipFilePath: string(), targetPath: string() },
      async ({ zipFilePath, targetPath }: { zipFilePath: string; targetPath: string }) => {
        const root = targetPath.replace(/\/+$/, '');
        for (const entry of readZip(await load('unzip', zipFilePath))) {
          const path = `${root}/${inside(entry.path)}`;
          const folder = entry.path.endsWith('/') ? path.replace(/\/+$/, '') : path.slice(0, path.lastIndexOf('/'));
          tree.makeFolder('unzip', folder, true);
          if (!entry.path.endsWith('/')) tree.write('unzip', path, await entry.unpack());
        }
      },
    ),
    readZipEntry: api.async(
      'readZipEntry',
      { ...file, entries: anything(), encoding: optional(string()) },
      async ({ filePath, entries, encoding }: { filePath: string; entries: unknown; encoding?: string }) => {
        const found = readZip(await load('open', filePath)).filter(({ path }) => !path.endsWith('/'));
        const wanted = entries === 'all' ? found.map(({ path }): WantedEntry => ({ path, encoding })) : entries;
        if (!Array.isArray(wanted)) throw shouldBe('Array', entries, 'entries');
        const read = wanted.map(async (entry: WantedEntry) => [entry.path, await entryOf(found, entry)] as const);
        return { entries: Object.fromEntries(await Promise.all(read)) };
      },
    ),
  };
  return methods;
}

interface WantedEntry {
  path: string;
  encoding?: string | undefined;
  position?: number;
  length?: number;
}

/** A path of an archive as one below the folder it is unpacked to. @throws ApiFailure when it climbs out */
function inside(path: string): string {
  if (path.split(/[/\\]/).includes('..')) throw failures.denied('unzip', path);
  return path.replace(/^\/+/, '');
}

/** What readZipEntry says of one entry: its own message, and its data. */
async function entryOf(found: readonly ZipEntry[], wanted: WantedEntry): Promise<object> {
  try {
    const entry = found.find(({ path }) => path === wanted.path);
    if (!entry) throw failures.missing('open', wanted.path);
    const { position, length } = wanted;
    const bytes = cut(await entry.unpack(), { filePath: wanted.path, ...given({ position, length }) });
    return { errMsg: 'readZipEntry:ok', data: decode(bytes, wanted.encoding) };
  } catch (error) {
    return { errMsg: `readZipEntry:fail ${(error as Error).message}` };
  }
}

function text(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw shouldBe('String', value, name);
}

const given = (options: { position?: number | undefined; length?: number | undefined }): Partial<FileOptions> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

function cut(bytes: Bytes, { position = 0, length }: FileOptions): Bytes {
  if (position < 0 || position > bytes.length) throw new ApiFailure('the value of "position" is out of range');
  return bytes.subarray(position, length === undefined ? undefined : position + length);
}
