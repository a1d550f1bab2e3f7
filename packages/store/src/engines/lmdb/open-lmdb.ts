import { open, type RootDatabase } from 'lmdb';
import { StoreError } from '../../errors.ts';
import { phrase } from '../../phrase.ts';
import { checkLmdbFile } from './check-file.ts';

export interface OpenLmdbOptions {
  file: string;
  readOnly?: boolean;
  /** Processes and threads that may read at once. Default 254. */
  maxReaders?: number;
}

/** Opens the LMDB file of a store. @throws StoreError STORE_CORRUPT */
export function openLmdb({ file, readOnly = false, maxReaders = 254 }: OpenLmdbOptions): RootDatabase<Buffer, Buffer> {
  try {
    checkLmdbFile(file);
    return open<Buffer, Buffer>({
      path: file,
      encoding: 'binary',
      keyEncoding: 'binary',
      // A batch is on the disk when its promise resolves, by LMDB's own two meta pages: segments of the log may go
      // then.
      overlappingSync: false,
      compression: false,
      // We make the batches. lmdb's own leave a promise to nobody, which ends the process when a commit fails.
      eventTurnBatching: false,
      noMemInit: true,
      // Records are read one by one: what the kernel would read ahead of a cold one turns out others that are warm.
      noReadAhead: true,
      maxReaders,
      readOnly,
    } as Parameters<typeof open>[0]) as RootDatabase<Buffer, Buffer>;
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError('STORE_CORRUPT', phrase`${file} cannot be opened: ${(error as Error).message}`, {
      hint: phrase`check that the folder is a store and may be read; else restore a backup`,
      cause: error,
    });
  }
}
