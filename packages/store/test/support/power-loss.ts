import { constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { FileSystem } from '../../src/engines/lmdb/file-layer.ts';

interface Tracked {
  /** What the disk has: as much of the file as was synced, with what was written through since. */
  durable: Buffer;
}

/**
 * A real folder, and what a disk has of it that loses its power: a name is there when the folder was synced after it
 * was made; a file has the bytes that were synced, and what was written with O_DSYNC inside of the length that was
 * synced. (A file system may keep more: who relies on it loses where it does not.)
 */
export function createForgetfulFiles(folder: string): { system: FileSystem; afterPowerLoss(target: string): void } {
  mkdirSync(folder, { recursive: true });
  const files = new Map<string, Tracked>();
  let names = new Map<string, Tracked>();
  const handles = new Map<number, { file: Tracked; path: string; through: boolean }>();
  const tracked = (path: string): Tracked => {
    let file = files.get(basename(path));
    if (!file) files.set(basename(path), (file = { durable: Buffer.alloc(0) }));
    return file;
  };
  const wrote = (fd: number, data: Uint8Array, offset: number, length: number, position: number): void => {
    const handle = handles.get(fd);
    if (!handle?.through) return;
    const kept = Math.min(length, Math.max(0, handle.file.durable.length - position));
    handle.file.durable.set(data.subarray(offset, offset + kept), position);
  };
  const system: FileSystem = {
    readdir,
    readFile,
    async open(path, flags, mode) {
      const handle = await open(path, flags, mode);
      if (path === folder)
        return {
          fd: handle.fd,
          write: handle.write.bind(handle),
          close: () => handle.close(),
          async sync() {
            await handle.sync();
            names = new Map(files);
          },
        };
      const file = tracked(path);
      const through = typeof flags === 'number' && (flags & constants.O_DSYNC) !== 0;
      handles.set(handle.fd, { file, path, through });
      const write = async (data: Uint8Array, offset: number, length: number, position: number) => {
        const result = await handle.write(data, offset, length, position);
        wrote(handle.fd, data, offset, result.bytesWritten, position);
        return result;
      };
      return {
        fd: handle.fd,
        write: write as unknown as typeof handle.write,
        async sync() {
          await handle.sync();
          file.durable = readFileSync(path);
        },
        close() {
          handles.delete(handle.fd);
          return handle.close();
        },
      };
    },
    async rename(from, to) {
      await rename(from, to);
      files.set(basename(to), tracked(from));
      files.delete(basename(from));
    },
    async unlink(path) {
      await unlink(path);
      files.delete(basename(path));
    },
    writeSync(fd, data, offset, length, position) {
      const written = writeSync(fd, data, offset, length, position);
      wrote(fd, data, offset, written, position);
      return written;
    },
  };
  return {
    system,
    afterPowerLoss(target) {
      if (existsSync(target)) rmSync(target, { recursive: true });
      mkdirSync(target, { recursive: true });
      for (const [name, { durable }] of names) writeFileSync(join(target, name), durable);
    },
  };
}
