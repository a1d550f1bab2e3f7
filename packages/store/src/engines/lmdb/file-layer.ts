import { constants, writeSync } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** What the log asks of the system; a test puts a system in its place that forgets what was not synced. */
export interface FileSystem {
  open(
    path: string,
    flags: string | number,
    mode?: number,
  ): Promise<Pick<FileHandle, 'fd' | 'write' | 'sync' | 'close'>>;
  readdir(path: string): Promise<string[]>;
  readFile(path: string): Promise<Buffer>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  writeSync(fd: number, data: Uint8Array, offset: number, length: number, position: number): number;
}

/** The files of a log, small enough that a test can put a disk that tears in its place. */
export interface FileLayer {
  list(): Promise<string[]>;
  read(name: string): Promise<Buffer>;
  /** A file of `bytes` zeros, its name durable. */
  create(name: string, bytes: number): Promise<LogFile>;
  remove(name: string): Promise<void>;
}

export interface LogFile {
  /** Resolves when the bytes are on the disk. Without that promise any part of them may be there or not. */
  append(bytes: Uint8Array, position: number): Promise<void>;
  /**
   * The same without a thread in between: it returns when the bytes are on the disk, and nothing else runs meanwhile.
   */
  appendNow?(bytes: Uint8Array, position: number): void;
  close(): Promise<void>;
}

const BLANK = Buffer.alloc(1 << 20);

const NODE: FileSystem = { open, readdir, readFile, rename, unlink, writeSync };

/** A folder of the file system. */
export function createFileLayer(folder: string, system: FileSystem = NODE): FileLayer {
  const syncFolder = async (): Promise<void> => {
    const handle = await system.open(folder, 'r');
    await handle.sync();
    await handle.close();
  };
  return {
    async list() {
      try {
        return await system.readdir(folder);
      } catch (error) {
        // A restored store that nobody has written to has none.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw error;
      }
    },
    read: (name) => system.readFile(join(folder, name)),
    async create(name, bytes) {
      const path = join(folder, name);
      const temporary = `${path}.new`;
      // Written once with zeros: an append into it changes no size, so making it durable is one write to the disk.
      const blank = await system.open(temporary, 'w', 0o600);
      try {
        for (let at = 0; at < bytes; at += BLANK.length)
          await blank.write(BLANK, 0, Math.min(BLANK.length, bytes - at), at);
        await blank.sync();
      } catch (error) {
        // Half a segment would keep the room that is missing.
        await system.unlink(temporary).catch(() => {});
        throw error;
      } finally {
        await blank.close();
      }
      await system.rename(temporary, path);
      await syncFolder();
      // O_DSYNC makes a write durable before it returns: one turn in the thread pool instead of two.
      const handle = await system.open(path, constants.O_RDWR | constants.O_DSYNC);
      return {
        async append(data, position) {
          for (let at = 0; at < data.length; ) {
            const { bytesWritten } = await handle.write(data, at, data.length - at, position + at);
            if (bytesWritten === 0) throw Object.assign(new Error('the disk took no bytes'), { code: 'ENOSPC' });
            at += bytesWritten;
          }
        },
        appendNow(data, position) {
          for (let at = 0; at < data.length; ) {
            const written = system.writeSync(handle.fd, data, at, data.length - at, position + at);
            if (written === 0) throw Object.assign(new Error('the disk took no bytes'), { code: 'ENOSPC' });
            at += written;
          }
        },
        close: () => handle.close(),
      };
    },
    remove: (name) => system.unlink(join(folder, name)),
  };
}
