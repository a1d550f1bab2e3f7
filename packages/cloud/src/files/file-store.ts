import { readdirSync, rmSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type Clock, createId } from '@sparrow/core';
import { chunksOf, drain } from '@sparrow/core/drain';
import type { StoredFile } from '@sparrow/protocol';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { SNIFF_BYTES, sniff } from './sniff.ts';

/** Wafer's default of cos.maxSize. */
export const DEFAULT_MAX_FILE_BYTES = 10 * 1024 * 1024;

export interface FileStore {
  /**
   * Keeps a file. It has its name only when it is whole and on the disk: a kill -9 leaves nothing but a temporary file,
   * which the next start removes.
   *
   * @throws CloudError FILE_TOO_LARGE, FILE_TYPE_REFUSED, BAD_REQUEST (empty).
   */
  put(content: Readable, options: { name: string; types?: readonly string[] }): Promise<Omit<StoredFile, 'url'>>;
  readonly dir: string;
}

/** Names the store gives: nothing else is ever looked up on the disk. */
export const FILE_KEY = /^file_[0-9A-HJKMNP-TV-Z]{26}\.[a-z0-9]{1,5}$/;

/** Uploaded files of one environment of one app, in one folder. */
export function createFileStore(options: { dir: string; clock: Clock; maxBytes?: number | undefined }): FileStore {
  const { dir, clock } = options;
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_FILE_BYTES;
  for (const name of readdirSync(dir)) if (name.endsWith('.tmp')) rmSync(join(dir, name), { force: true });

  return {
    dir,
    async put(content, { name, types }) {
      const id = createId('file', clock.now());
      const temporary = join(dir, `${id}.tmp`);
      const file = await open(temporary, 'wx', 0o600);
      try {
        let head = Buffer.alloc(0);
        let size = 0;
        for await (const chunk of chunksOf(content)) {
          size += chunk.length;
          if (size > maxBytes)
            throw new CloudError('FILE_TOO_LARGE', phrase`the file is larger than ${maxBytes} bytes`, {
              hint: phrase`compress it, or raise the limit`,
            });
          if (head.length < SNIFF_BYTES) head = Buffer.concat([head, chunk.subarray(0, SNIFF_BYTES - head.length)]);
          await file.write(chunk);
        }
        if (size === 0)
          throw new CloudError('BAD_REQUEST', phrase`the file is empty`, { hint: phrase`send its content` });
        const kind = sniff(head);
        if (types && !types.includes(kind.mimeType))
          throw new CloudError(
            'FILE_TYPE_REFUSED',
            phrase`the file is ${kind.mimeType}, accepted are ${types.join(', ')}`,
            {
              hint: phrase`send a file of one of these types`,
            },
          );
        await file.sync();
        await file.close();
        const key = `${id}.${kind.extension}`;
        await rename(temporary, join(dir, key));
        return { key, name, mimeType: kind.mimeType, size };
      } catch (error) {
        await file.close().catch(() => {});
        await rm(temporary, { force: true });
        await drain(content);
        throw error;
      }
    },
  };
}
